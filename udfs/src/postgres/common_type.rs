//! The type that several expressions have in common, where one is a float and another is numeric, or
//! one is a moment, an interval or an array and another a literal or a date; and that of what `date_trunc`
//! cuts.
//!
//! PostgreSQL says the float: a numeric becomes one without being asked, and not the other way
//! round. DataFusion says the decimal, which has no NaN and no infinity, and rounds. Of a moment and a
//! literal or a date it makes moments in nanoseconds, which end in 2262; PostgreSQL's go on. What cannot be
//! matched or compared is told first (`matched_types.rs`, `compared_texts.rs`).

mod rows;
mod types;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::error::Result;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Between, BinaryExpr, Case, Cast, Expr, ExprSchemable, LogicalPlan, Operator,
};
use datafusion::optimizer::AnalyzerRule;

use self::rows::{of_keys, of_subquery, of_union, of_values};
use self::types::{as_moments, as_the_last, unify};
use super::matched_types::Matching;
use super::of_elements::array_and_elements;
use super::rule::is_comparison;
use super::truths::{read_truths, refuse_truths};
use crate::FunctionError;
use crate::node_expressions::rewrite_parts;

/// Functions whose arguments and answer are of one type.
const FUNCTIONS: [&str; 5] = ["coalesce", "greatest", "least", "make_array", "nullif"];

/// Casts numerics to floats, and literals and dates to moments, wherever they must be of one type with
/// such: in `CASE`, `coalesce` and the like, `IN`, `BETWEEN`, `VALUES` and `UNION`, and moments where they
/// are compared. It comes before DataFusion's own rule that finds common types.
#[derive(Debug, Default)]
pub struct CommonTypes;

impl AnalyzerRule for CommonTypes {
    fn name(&self) -> &str {
        "common_types"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        // Whether a type may have changed below.
        let mut is_changed = false;
        let matching = Matching::within(&plan)?;
        plan.transform_up_with_subqueries(|plan| {
            let rewritten = match plan {
                LogicalPlan::Union(union) => matching.columns(union)?.transform_data(of_union)?,
                LogicalPlan::Values(values) => of_values(values)?,
                LogicalPlan::Join(join) => {
                    let keys = matching
                        .rows(join)?
                        .transform_data(|join| Ok(of_keys(join)))?;
                    keys.transform_data(|join| of_expressions(LogicalPlan::Join(join), matching))?
                }
                plan => of_expressions(plan, matching)?,
            };
            is_changed |= rewritten.transformed;
            match is_changed {
                true => rewritten.map_data(LogicalPlan::recompute_schema),
                false => Ok(rewritten),
            }
        })
        .data()
    }
}

fn of_expressions(plan: LogicalPlan, matching: Matching) -> Result<Transformed<LogicalPlan>> {
    let schema = merge_schema(&plan.inputs());
    rewrite_parts(plan, |part| of_expression(part, &schema, matching))
}

fn of_expression(
    expression: Expr,
    schema: &DFSchema,
    matching: Matching,
) -> Result<Transformed<Expr>> {
    Ok(match expression {
        Expr::Case(Case {
            mut expr,
            when_then_expr,
            else_expr,
        }) => {
            let (conditions, mut answers): (Vec<_>, Vec<_>) = when_then_expr.into_iter().unzip();
            let mut compared: Vec<Expr> = conditions.into_iter().map(|each| *each).collect();
            let mut is_compared = false;
            if expr.is_none() {
                for each in &compared {
                    matching.condition("CASE/WHEN", each, schema)?;
                }
            }
            // The values that the one behind CASE is compared with.
            if let Some(value) = expr.take() {
                compared.push(*value);
                let truths = read_truths(compared, schema);
                if let Some((value, others)) = truths.data.split_last() {
                    for each in others {
                        matching.comparison(value, Operator::Eq, each, schema)?;
                    }
                }
                let read = as_the_last(truths.data, schema);
                let moments = as_moments(read.data, schema);
                is_compared = truths.transformed || read.transformed || moments.transformed;
                compared = moments.data;
                expr = compared.pop().map(Box::new);
            }
            let has_else = else_expr.is_some();
            // PostgreSQL looks at that of ELSE first.
            answers.splice(0..0, else_expr);
            let answers: Vec<Expr> = answers.into_iter().map(|answer| *answer).collect();
            let answers = matching.expressions("CASE", answers, schema)?;
            let answers = answers.transform_data(|answers| Ok(unify(answers, schema)))?;
            let transformed = answers.transformed || is_compared;
            let mut answers = answers.data.into_iter();
            let otherwise = match has_else {
                true => answers.next(),
                false => None,
            };
            let branches = compared
                .into_iter()
                .map(Box::new)
                .zip(answers.map(Box::new));
            let case = Expr::Case(Case {
                expr,
                when_then_expr: branches.collect(),
                else_expr: otherwise.map(Box::new),
            });
            Transformed::new_transformed(case, transformed)
        }
        Expr::ScalarFunction(function)
            if array_and_elements(function.name(), &function.args).is_some() =>
        {
            matching.elements(&function, schema)?;
            Transformed::no(Expr::ScalarFunction(function))
        }
        Expr::ScalarFunction(mut function) if FUNCTIONS.contains(&function.func.name()) => {
            if let ("nullif", [value, other]) = (function.func.name(), function.args.as_slice()) {
                matching.comparison(value, Operator::Eq, other, schema)?;
            }
            let arguments = match construct_of(function.func.name()) {
                Some(construct) => matching.expressions(construct, function.args, schema)?,
                None => Transformed::no(function.args),
            };
            let arguments = arguments.transform_data(|arguments| Ok(unify(arguments, schema)))?;
            function.args = arguments.data;
            Transformed::new_transformed(Expr::ScalarFunction(function), arguments.transformed)
        }
        Expr::ScalarFunction(mut function)
            if function.func.name() == "date_trunc"
                && function
                    .args
                    .get(1)
                    .is_some_and(|value| is_date(value, schema)) =>
        {
            let date = Box::new(std::mem::take(&mut function.args[1]));
            let moment = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
            function.args[1] = Expr::Cast(Cast::new(date, moment));
            Transformed::yes(Expr::ScalarFunction(function))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
            matching.comparison(&left, op, &right, schema)?;
            let sides = as_moments(vec![*left, *right], schema);
            sides.update_data(|sides| {
                let mut sides = sides.into_iter().map(Box::new);
                Expr::BinaryExpr(BinaryExpr {
                    left: sides.next().unwrap_or_default(),
                    op,
                    right: sides.next().unwrap_or_default(),
                })
            })
        }
        Expr::InList(InList {
            expr,
            list,
            negated,
        }) => {
            let operator = match negated {
                true => Operator::NotEq,
                false => Operator::Eq,
            };
            let all = std::iter::once(*expr).chain(list).collect();
            let truths = read_truths(all, schema);
            if let Some((expr, list)) = truths.data.split_first() {
                for each in list {
                    matching.comparison(expr, operator, each, schema)?;
                }
            }
            let all = unify(truths.data, schema);
            let transformed = truths.transformed || all.transformed;
            let mut all = all.data.into_iter();
            let expr = Box::new(all.next().unwrap_or_default());
            let list = Expr::InList(InList {
                expr,
                list: all.collect(),
                negated,
            });
            Transformed::new_transformed(list, transformed)
        }
        Expr::Between(Between {
            expr,
            negated,
            low,
            high,
        }) => {
            let (from, to) = match negated {
                true => (Operator::Lt, Operator::Gt),
                false => (Operator::GtEq, Operator::LtEq),
            };
            let truths = read_truths(vec![*expr, *low, *high], schema);
            if let [expr, low, high] = truths.data.as_slice() {
                matching.comparison(expr, from, low, schema)?;
                matching.comparison(expr, to, high, schema)?;
            }
            let all = unify(truths.data, schema);
            let transformed = truths.transformed || all.transformed;
            let mut all = all.data.into_iter();
            let mut next = || Box::new(all.next().unwrap_or_default());
            let between = Expr::Between(Between {
                expr: next(),
                negated,
                low: next(),
                high: next(),
            });
            Transformed::new_transformed(between, transformed)
        }
        Expr::AggregateFunction(call) => {
            if let Some(condition) = &call.params.filter {
                matching.condition("FILTER", condition, schema)?;
            }
            refuse_truths(call.func.name(), &call.params.args, schema)?;
            refuse_bytes(call.func.name(), &call.params.args, schema)?;
            Transformed::no(Expr::AggregateFunction(call))
        }
        Expr::WindowFunction(call) => {
            if let Some(condition) = &call.params.filter {
                matching.condition("FILTER", condition, schema)?;
            }
            refuse_truths(call.fun.name(), &call.params.args, schema)?;
            refuse_bytes(call.fun.name(), &call.params.args, schema)?;
            Transformed::no(Expr::WindowFunction(call))
        }
        Expr::InSubquery(within) => of_subquery(within, schema)?.update_data(Expr::InSubquery),
        other => Transformed::no(other),
    })
}

/// DataFusion's `string_agg` would make texts of bytes.
///
/// # Errors
/// 0A000 for `string_agg` of bytes.
fn refuse_bytes(function: &str, arguments: &[Expr], schema: &DFSchema) -> Result<()> {
    let is_bytes = |value: &Expr| {
        matches!(
            value.get_type(schema),
            Ok(DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
        )
    };
    if function != "string_agg" || !arguments.first().is_some_and(is_bytes) {
        return Ok(());
    }
    let error = FunctionError::unsupported("string_agg of bytea is not supported").with_hint(
        "Write decode(string_agg(encode(value, 'hex'), encode(delimiter, 'hex')), 'hex').",
    );
    Err(error.into())
}

/// How a function whose arguments are matched is called in messages.
fn construct_of(function: &str) -> Option<&'static str> {
    match function {
        "coalesce" => Some("COALESCE"),
        "greatest" => Some("GREATEST"),
        "least" => Some("LEAST"),
        "make_array" => Some("ARRAY"),
        _ => None,
    }
}

/// Whether a value is a date, of which PostgreSQL makes a moment of the session's zone where it takes
/// either kind of moment.
fn is_date(value: &Expr, schema: &DFSchema) -> bool {
    matches!(
        value.get_type(schema),
        Ok(DataType::Date32 | DataType::Date64)
    )
}
