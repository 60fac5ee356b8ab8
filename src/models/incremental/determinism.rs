//! Whether a query gives the same rows of the same inputs whenever it runs.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result as QueryResult;
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Cast, Expr, LogicalPlan, TryCast, Volatility};

use super::delta::Obstacle;
use crate::sql::time_travel;

/// The function that casts.
const CAST: &str = "postgres_cast";

/// Functions that tell the time.
const CLOCKS: &[&str] = &[
    "age",
    "clock_timestamp",
    "current_date",
    "current_time",
    "now",
    "statement_timestamp",
    "timeofday",
];

/// Words of moments that tell the time: PostgreSQL's special date and time inputs.
const CLOCK_WORDS: &[&str] = &["now", "today", "tomorrow", "yesterday"];

/// Functions that depend on the session's settings, and on nothing else that changes: a refresh under
/// other settings is a full one.
const BY_SETTINGS: &[&str] = &[
    CAST,
    "array_to_json",
    "convert",
    "extract_julian",
    "extract_milliseconds",
    "extract_seconds",
    "extract_whole",
    "format",
    "generate_series_array",
    "json_agg_element",
    "json_agg_member",
    "json_build_array",
    "json_build_array_of",
    "json_build_object",
    "json_build_object_of",
    "jsonb_build_array",
    "jsonb_build_array_of",
    "jsonb_build_object",
    "jsonb_build_object_of",
    "make_timestamptz",
    "overlaps",
    "pg_typeof",
    "quote_literal",
    "quote_nullable",
    "row_to_json",
    "show_limit",
    "similarity_op",
    "strict_word_similarity_op",
    "timestamp_plus",
    "timezone",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_timestamp",
    "word_similarity_op",
];

/// Functions that ask a model in memory, wherever a plan that is optimized still has them, with what they are to who writes a query, and why they give more
/// than their arguments tell: what they compare are the records as the model has them now. Of a row that
/// went they would not say what they said of it.
const OF_MODELS: [(&str, &str, &str); 3] = [
    (
        "entity_explain",
        "entity_explain()",
        "it depends on the records that the model has",
    ),
    (
        "entity_levels",
        "levels of entity_pairs",
        "pairs are compared anew as they are read",
    ),
    (
        "entity_lookup",
        "entity_lookup()",
        "it depends on the records that the model has",
    ),
];

/// Why a query depends on more than its inputs.
#[derive(Clone, Debug)]
pub struct Cause {
    /// What in it does.
    pub obstacle: Obstacle,
    /// Whether it gives other rows as time passes.
    pub tells_time: bool,
}

/// What makes a query depend on more than its inputs, before all what makes it depend on the time; to
/// be asked of a plan that was not optimized yet, which computes such functions.
///
/// A word such as `now` counts where the query itself has it. In the data it stands, as any function of
/// the time would, for the moment at which the row was computed.
///
/// # Errors
/// What analyzing the plan says.
pub fn cause(state: &SessionState, plan: &LogicalPlan) -> QueryResult<Option<Cause>> {
    // Only then a text that is compared with a moment is cast to one.
    let options = state.config().options();
    let plan = state
        .analyzer()
        .execute_and_check(plan.clone(), options, |_, _| {})?;
    let mut found: Option<Cause> = None;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && time_travel::tells_time(scan.table_name.table())
        {
            found = Some(Cause {
                obstacle: Obstacle::new(
                    "the moment of a version",
                    "it depends on when the query is run",
                ),
                tells_time: true,
            });
            return Ok(TreeNodeRecursion::Stop);
        }
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                let tells_time = |cause: &Cause| cause.tells_time;
                if !found.as_ref().is_some_and(tells_time)
                    && let Some(cause) = of_expression(expression)
                    && (found.is_none() || cause.tells_time)
                {
                    found = Some(cause);
                }
                Ok(match found.as_ref().is_some_and(tells_time) {
                    true => TreeNodeRecursion::Stop,
                    false => TreeNodeRecursion::Continue,
                })
            })
        })
    })?;
    Ok(found)
}

/// What a plan that is optimized asks models in memory: what it does not use of their answers, as the
/// levels of pairs, is not there any more.
///
/// # Errors
/// A plan that cannot be walked.
pub fn asks_models(plan: &LogicalPlan) -> QueryResult<Option<Cause>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let Expr::ScalarFunction(call) = expression
                    && let Some((node, reason)) = asks_model(call.func.name())
                {
                    found = Some(Cause {
                        obstacle: Obstacle::new(node, reason),
                        tells_time: false,
                    });
                }
                Ok(match found.is_some() {
                    true => TreeNodeRecursion::Stop,
                    false => TreeNodeRecursion::Continue,
                })
            })
        })
    })?;
    Ok(found)
}

/// What a function that asks a model in memory is to who writes a query, and why it gives more than its
/// arguments tell.
fn asks_model(name: &str) -> Option<(&'static str, &'static str)> {
    let found = OF_MODELS.iter().find(|(function, ..)| *function == name);
    found.map(|(_, node, reason)| (*node, *reason))
}

/// Whether a query gives other rows as time passes.
///
/// # Errors
/// What analyzing the plan says.
pub fn changes_with_time(state: &SessionState, plan: &LogicalPlan) -> QueryResult<bool> {
    Ok(cause(state, plan)?.is_some_and(|cause| cause.tells_time))
}

/// What makes an expression depend on more than the row that it is computed of; to be asked before it is
/// simplified, which computes such functions.
///
/// # Errors
/// What walking it meets.
pub fn cause_in(expression: &Expr) -> QueryResult<Option<Cause>> {
    let mut found = None;
    expression.apply(|part| {
        found = of_expression(part);
        Ok(match found.is_some() {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    })?;
    Ok(found)
}

fn of_expression(expression: &Expr) -> Option<Cause> {
    match expression {
        Expr::ScalarFunction(call) => match call.func.name() {
            CAST => of_cast(call.args.first()?, &converted(call)?),
            _ => of_call(call),
        },
        Expr::Cast(Cast { expr, field }) | Expr::TryCast(TryCast { expr, field }) => {
            of_cast(expr, field.data_type())
        }
        _ => None,
    }
}

fn of_call(call: &ScalarFunction) -> Option<Cause> {
    let name = call.func.name();
    if asks_model(name).is_some() {
        return None;
    }
    // Two moments have an age of their own.
    let tells_time = CLOCKS.contains(&name) && (name != "age" || call.args.len() < 2);
    let reason = match call.func.signature().volatility {
        Volatility::Immutable => return None,
        Volatility::Stable if BY_SETTINGS.contains(&name) => return None,
        Volatility::Stable if name == "age" && !tells_time => return None,
        Volatility::Stable => "it depends on when, or by whom, the query is run",
        Volatility::Volatile => "it gives another value each time",
    };
    Some(Cause {
        obstacle: Obstacle::new(format!("{name}()"), reason),
        tells_time,
    })
}

fn converted(call: &ScalarFunction) -> Option<DataType> {
    literal(call.args.first()?)?;
    call.func.return_type(&[DataType::Utf8]).ok()
}

/// The text of the query that a value is, through whatever casts: `'now'::text` is no moment yet.
fn literal(value: &Expr) -> Option<&str> {
    match value {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        Expr::Cast(Cast { expr, .. }) | Expr::TryCast(TryCast { expr, .. }) => literal(expr),
        Expr::Alias(alias) => literal(&alias.expr),
        Expr::ScalarFunction(call) if call.func.name() == CAST => literal(call.args.first()?),
        _ => None,
    }
}

/// A text of the query that is cast to a moment.
fn of_cast(from: &Expr, to: &DataType) -> Option<Cause> {
    let text = literal(from)?;
    let mut words = text.split(|letter: char| !letter.is_ascii_alphabetic());
    let is_clock = |word: &str| {
        let mut clocks = CLOCK_WORDS.iter();
        clocks.any(|clock| clock.eq_ignore_ascii_case(word))
    };
    if !to.is_temporal() || !words.any(is_clock) {
        return None;
    }
    Some(Cause {
        obstacle: Obstacle::new(format!("'{text}'"), "it depends on when the query is run"),
        tells_time: true,
    })
}
