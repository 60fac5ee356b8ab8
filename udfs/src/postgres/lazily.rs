//! What can fail is computed for the rows that come so far: in a branch of `CASE` for those that take it,
//! behind `AND`, `OR` and within `coalesce` for those that are not decided yet, and in an aggregate for those
//! that its `FILTER` takes.
//!
//! DataFusion makes `AND` and `OR` of a `CASE` that says true or false, and computes both sides of these
//! for all rows unless few of them need the second. So what can fail behind them becomes a branch of
//! `CASE`, and such a `CASE` compares its conditions with TRUE, a form that DataFusion leaves as it is.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, Case, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::{conjunction, disjunction, merge_schema};
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable as _, Filter, LogicalPlan, Operator, lit,
};
use datafusion::optimizer::AnalyzerRule;

use super::conditions::{are_of_same_rows, can_be_repeated, known_of};
use super::failing::{cost, may_fail, refuses_values};

/// The most conditions that are looked at again before what can fail.
const MAX_CONDITIONS: usize = 32;

/// The rule. It comes after [`super::PostgresSemantics`], which puts what can fail in a plan.
#[derive(Debug, Default)]
pub struct ComputeLazily;

impl AnalyzerRule for ComputeLazily {
    fn name(&self) -> &str {
        "compute_lazily"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| {
            let schema = merge_schema(&plan.inputs());
            let rewritten = match plan {
                LogicalPlan::Filter(filter) => of_filter(filter, &schema),
                LogicalPlan::Join(mut join) => {
                    let filter = join.filter.take();
                    let filter = filter.map(|filter| of_conditions(filter, Vec::new(), &schema));
                    let is_changed = filter.as_ref().is_some_and(|it| it.transformed);
                    join.filter = filter.map(|filter| filter.data);
                    return Ok(Transformed::new_transformed(
                        LogicalPlan::Join(join),
                        is_changed,
                    ));
                }
                plan => of_expressions(plan, &schema),
            }?;
            match rewritten.transformed {
                true => rewritten.map_data(LogicalPlan::recompute_schema),
                false => Ok(rewritten),
            }
        })
        .data()
    }
}

fn of_expressions(plan: LogicalPlan, schema: &DFSchema) -> Result<Transformed<LogicalPlan>> {
    let names = NamePreserver::new(&plan);
    plan.map_expressions(|expression| {
        let name = names.save(&expression);
        let rewritten = of_expression(expression, schema);
        Ok(match rewritten.transformed {
            true => rewritten.update_data(|expression| name.restore(expression)),
            false => rewritten,
        })
    })
}

/// A filter, whose conditions come after those of the filters below it.
fn of_filter(mut filter: Filter, schema: &DFSchema) -> Result<Transformed<LogicalPlan>> {
    let known = match refuses_values(&filter.predicate, schema) {
        true => known_of(&filter.input)?,
        false => Vec::new(),
    };
    let rewritten = of_conditions(filter.predicate, known, schema);
    filter.predicate = rewritten.data;
    Ok(Transformed::new_transformed(
        LogicalPlan::Filter(filter),
        rewritten.transformed,
    ))
}

/// The conditions of a filter or a join, each of which is pushed to the rows that it is about: what is
/// known of these alone comes before it. Conditions that refuse nothing come first, and those that cost
/// little before the others, in the order of PostgreSQL's planner (`order_qual_clauses`).
fn of_conditions(conditions: Expr, mut known: Vec<Expr>, schema: &DFSchema) -> Transformed<Expr> {
    let mut is_changed = false;
    let mut all = Vec::new();
    let mut later = Vec::new();
    for condition in operands(conditions, Operator::And) {
        let condition = of_expression(condition, schema);
        is_changed |= condition.transformed;
        let condition = condition.data;
        if refuses_values(&condition, schema) && can_be_repeated(&condition) {
            later.push(condition);
        } else {
            known.push(condition.clone());
            all.push(condition);
        }
    }
    later.sort_by_key(cost);
    for condition in later {
        let before = known.iter().filter(|it| are_of_same_rows(it, &condition));
        let before: Vec<Expr> = before.cloned().collect();
        is_changed |= !before.is_empty();
        known.push(condition.clone());
        all.push(after(Operator::And, &before, condition, schema));
    }
    let all = conjunction(all).unwrap_or_else(|| lit(true));
    Transformed::new_transformed(all, is_changed)
}

/// An expression, of which each part is computed where it is decided that it must be.
fn of_expression(expression: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let rewritten = expression.clone().transform_down(|part| {
        Ok(match part {
            Expr::BinaryExpr(both) if is_junction(both.op) => {
                let rewritten = of_junction(both, schema);
                Transformed::new(
                    rewritten.data,
                    rewritten.transformed,
                    TreeNodeRecursion::Jump,
                )
            }
            Expr::Case(case) => of_case(case, schema),
            Expr::AggregateFunction(function) => of_aggregate(function, schema),
            Expr::ScalarFunction(call) if call.name() == "coalesce" => of_coalesce(call, schema),
            // Their plans are rewritten as such.
            part if has_subquery(&part) => Transformed::new(part, false, TreeNodeRecursion::Jump),
            part => Transformed::no(part),
        })
    });
    rewritten.unwrap_or_else(|_| Transformed::no(expression))
}

fn has_subquery(part: &Expr) -> bool {
    matches!(part, Expr::ScalarSubquery(_) | Expr::Exists(_))
}

fn is_junction(operator: Operator) -> bool {
    matches!(operator, Operator::And | Operator::Or)
}

fn of_junction(both: BinaryExpr, schema: &DFSchema) -> Transformed<Expr> {
    let operator = both.op;
    let mut is_changed = false;
    let mut known: Vec<Expr> = Vec::new();
    let mut all: Vec<Expr> = Vec::new();
    for operand in operands(Expr::BinaryExpr(both), operator) {
        let operand = of_expression(operand, schema);
        is_changed |= operand.transformed;
        let operand = operand.data;
        let is_later = refuses_values(&operand, schema)
            && can_be_repeated(&operand)
            && known.iter().any(can_be_repeated);
        known.push(operand.clone());
        if !is_later {
            all.push(operand);
            continue;
        }
        let before = known.iter().take(known.len() - 1);
        let before: Vec<Expr> = before.filter(|it| can_be_repeated(it)).cloned().collect();
        all.push(after(operator, &before, operand, schema));
        is_changed = true;
    }
    let all = match operator {
        Operator::And => conjunction(all),
        _ => disjunction(all),
    };
    Transformed::new_transformed(all.unwrap_or_else(|| lit(true)), is_changed)
}

/// The operands of a chain of one operator, from the left.
fn operands(chain: Expr, operator: Operator) -> Vec<Expr> {
    match chain {
        Expr::BinaryExpr(both) if both.op == operator => {
            let mut all = operands(*both.left, operator);
            all.extend(operands(*both.right, operator));
            all
        }
        operand => vec![operand],
    }
}

/// An operand of `AND` or `OR` where those before it have not decided; false elsewhere, which changes
/// nothing of what they say.
fn after(operator: Operator, before: &[Expr], operand: Expr, schema: &DFSchema) -> Expr {
    let before = before.get(..MAX_CONDITIONS).unwrap_or(before);
    // What can fail itself comes after those before it.
    let steps =
        before.chunk_by(|one, next| !refuses_values(one, schema) && !refuses_values(next, schema));
    let steps: Vec<&[Expr]> = steps.collect();
    steps.into_iter().rev().fold(operand, |rest, step| {
        let step = step.iter().cloned();
        let is_open = match operator {
            Operator::And => conjunction(step).map(|it| Expr::IsNotFalse(Box::new(it))),
            _ => disjunction(step).map(|it| Expr::IsNotTrue(Box::new(it))),
        };
        match is_open {
            Some(is_open) => chosen(vec![(is_open, rest)], Some(lit(false))),
            None => rest,
        }
    })
}

/// The value of the first of these whose condition is true, in a form that is not taken for one of
/// `AND` and `OR`.
fn chosen(branches: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
    let branches = branches.into_iter();
    Expr::Case(Case {
        expr: Some(Box::new(lit(true))),
        when_then_expr: branches
            .map(|(when, then)| (Box::new(when), Box::new(then)))
            .collect(),
        else_expr: otherwise.map(Box::new),
    })
}

fn of_case(mut case: Case, schema: &DFSchema) -> Transformed<Expr> {
    let answers = case.when_then_expr.iter().map(|(_, then)| then);
    let mut later = case.when_then_expr.iter().skip(1).map(|(when, _)| when);
    let is_rewritten = case.expr.is_none()
        && answers.clone().any(|answer| is_boolean(answer, schema))
        && (answers.chain(&case.else_expr).any(|it| may_fail(it)) || later.any(|it| may_fail(it)));
    if is_rewritten {
        case.expr = Some(Box::new(lit(true)));
    }
    Transformed::new_transformed(Expr::Case(case), is_rewritten)
}

/// An aggregate, whose arguments and keys are computed for the rows that its filter takes. DataFusion computes
/// them for all rows of a batch.
fn of_aggregate(mut function: AggregateFunction, schema: &DFSchema) -> Transformed<Expr> {
    let filter = function.params.filter.as_deref();
    let Some(filter) = filter.filter(|it| can_be_repeated(it)).cloned() else {
        return Transformed::no(Expr::AggregateFunction(function));
    };
    let mut is_changed = false;
    let keys = function.params.order_by.iter_mut();
    let keys = keys.map(|key| &mut key.expr);
    for value in function.params.args.iter_mut().chain(keys) {
        if refuses_values(value, schema) && is_plain(value, schema) && !is_behind(value, &filter) {
            let taken = std::mem::replace(value, lit(true));
            *value = chosen(vec![(filter.clone(), taken)], None);
            is_changed = true;
        }
    }
    Transformed::new_transformed(Expr::AggregateFunction(function), is_changed)
}

/// Whether an expression is computed where a condition is true, and nowhere else.
fn is_behind(value: &Expr, condition: &Expr) -> bool {
    let Expr::Case(case) = value else {
        return false;
    };
    let mut conditions = case.when_then_expr.iter().map(|(when, _)| when);
    conditions.any(|when| when.as_ref() == condition)
}

/// Whether all that is known of a value is its type, which a `CASE` has too.
fn is_plain(value: &Expr, schema: &DFSchema) -> bool {
    let field = value.to_field(schema);
    field.is_ok_and(|(_, field)| field.metadata().is_empty())
}

/// `coalesce`, which DataFusion takes for a `CASE`.
fn of_coalesce(call: ScalarFunction, schema: &DFSchema) -> Transformed<Expr> {
    let mut later = call.args.iter().skip(1);
    let is_rewritten = later.any(may_fail)
        && call.args.iter().any(|value| is_boolean(value, schema))
        && call.args.iter().all(can_be_repeated);
    if !is_rewritten {
        return Transformed::no(Expr::ScalarFunction(call));
    }
    let mut values = call.args;
    let last = values.pop();
    let branches = values.into_iter();
    let branches = branches.map(|value| (value.clone().is_not_null(), value));
    Transformed::yes(chosen(branches.collect(), last))
}

fn is_boolean(value: &Expr, schema: &DFSchema) -> bool {
    matches!(value.get_type(schema), Ok(DataType::Boolean))
}
