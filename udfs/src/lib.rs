//! SQL functions for customer data, usable in any DataFusion program.
//!
//! [`register_all`] gives a `SessionContext` (or any other [`FunctionRegistry`]) the whole
//! library. One folder is one domain, one file is one function, and the file has the function's
//! SQL name. What a function does is said once, in the `#[user_doc]` above it, from which
//! [`reference()`] writes the reference page.

mod arguments;
mod arrays;
mod calendar;
mod completeness;
pub mod composites;
pub mod enums;
mod error;
mod formatting;
mod impute;
pub mod interrupt;
mod join;
pub mod json;
mod lanes;
mod latest;
mod node_expressions;
mod normalize;
mod numbers;
mod phonetic;
pub mod postgres;
mod reference;
pub mod resolve;
mod settings;
mod similarity;
mod statistics;
mod template;
#[cfg(test)]
mod tests;
mod trigram;
mod wording;

use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::optimizer::OptimizerRule;

pub use error::{DetailedError, FunctionError};
pub use formatting::{SessionTimeZone, posix_offset, posix_zone, time_zone, told_moment};
pub use join::{TributaryCodec, TributaryOptions, with_similarity_joins};
pub use node_expressions::rewrite_parts;
pub use reference::reference;
pub use settings::SettingsOfSession;
pub use trigram::TrigramThresholds;
pub use wording::type_name;

/// Functions of DataFusion that this library replaces on purpose by PostgreSQL's: `levenshtein` is
/// an integer whatever the string type, and has optional costs; `percentile_cont` takes arrays of
/// fractions; the templates of `to_char`, `to_date` and `to_timestamp` are `YYYY-MM-DD`, not `%Y-%m-%d`.
pub const OVERRIDES: [&str; 6] = [
    "levenshtein",
    "percentile_cont",
    "quantile_cont",
    "to_char",
    "to_date",
    "to_timestamp",
];

/// Every scalar function, as `SessionStateBuilder::with_scalar_functions` takes them.
///
/// That method replaces DataFusion's own functions unless they are given too: prefer
/// [`register_all`] on the finished state, or chain the two lists, this one last.
pub fn all_scalar_functions() -> Vec<Arc<ScalarUDF>> {
    [
        similarity::functions(),
        phonetic::functions(),
        trigram::functions(),
        normalize::functions(),
        impute::scalar_functions(),
        formatting::functions(),
        numbers::functions(),
        arrays::functions(),
        completeness::scalar_functions(),
        statistics::functions(),
        template::functions(),
    ]
    .concat()
}

/// Every aggregate function; all of them work as window functions too.
pub fn all_aggregate_functions() -> Vec<Arc<AggregateUDF>> {
    [
        latest::functions(),
        completeness::functions(),
        similarity::aggregates(),
        statistics::aggregate_functions(),
    ]
    .concat()
}

/// Every function that needs an `OVER` clause.
pub fn all_window_functions() -> Vec<Arc<WindowUDF>> {
    [impute::functions(), statistics::window_functions()].concat()
}

/// What plans the operators that SQL itself does not have, those of PostgreSQL's `pg_trgm`, and
/// what refuses the clauses of calls and of `OVER` that a function would silently not follow.
pub fn all_expr_planners() -> Vec<Arc<dyn ExprPlanner>> {
    vec![
        Arc::new(trigram::TrigramOperators::new()),
        Arc::new(arguments::Clauses),
    ]
}

/// The rules that make queries with these functions faster, without another answer: to be added
/// to the optimizer's own, behind them.
pub fn optimizer_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    vec![Arc::new(similarity::BoundComparisons)]
}

/// Registers every operator, and every function under its name and aliases, replacing those of the same name.
pub fn register_all(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for name in OVERRIDES {
        // Its aliases go too: who copies a registry, as sessions do, would register the function
        // that is behind them again.
        match registry.deregister_udf(name) {
            Err(DataFusionError::NotImplemented(_)) => {}
            other => drop(other?),
        }
    }
    for function in all_scalar_functions() {
        registry.register_udf(function)?;
    }
    for function in all_aggregate_functions() {
        registry.register_udaf(function)?;
    }
    for function in all_window_functions() {
        registry.register_udwf(function)?;
    }
    for planner in all_expr_planners() {
        match registry.register_expr_planner(planner) {
            // A registry that plans nothing, such as MemoryFunctionRegistry, has no operators.
            Err(DataFusionError::NotImplemented(_)) => {}
            other => other?,
        }
    }
    Ok(())
}
