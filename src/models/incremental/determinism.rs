//! Whether a query gives the same rows of the same inputs whenever it runs.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};

use super::delta::Obstacle;

/// Functions that depend on the session's settings, and on nothing else that changes: a refresh under
/// other settings is a full one.
const BY_SETTINGS: &[&str] = &[
    "convert",
    "pg_typeof",
    "show_limit",
    "similarity_op",
    "strict_word_similarity_op",
    "timezone",
    "to_char",
    "to_date",
    "to_timestamp",
    "word_similarity_op",
];

/// What makes a query depend on more than its inputs; to be asked of a plan that was not optimized
/// yet, which computes such functions.
///
/// # Errors
/// A plan that cannot be walked.
pub fn obstacle(plan: &LogicalPlan) -> QueryResult<Option<Obstacle>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                found = found.take().or_else(|| of_expression(expression));
                Ok(match found {
                    Some(_) => TreeNodeRecursion::Stop,
                    None => TreeNodeRecursion::Continue,
                })
            })
        })
    })?;
    Ok(found)
}

fn of_expression(expression: &Expr) -> Option<Obstacle> {
    let Expr::ScalarFunction(call) = expression else {
        return None;
    };
    let name = call.func.name();
    match call.func.signature().volatility {
        Volatility::Immutable => None,
        Volatility::Stable if BY_SETTINGS.contains(&name) => None,
        Volatility::Stable => Some(Obstacle::new(
            format!("{name}()"),
            "it depends on when, or by whom, the query is run",
        )),
        Volatility::Volatile => Some(Obstacle::new(
            format!("{name}()"),
            "it gives another value each time",
        )),
    }
}
