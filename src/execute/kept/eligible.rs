//! Which plans can be kept.

use std::collections::HashSet;
use std::sync::LazyLock;

use arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DFSchema, ExprSchema as _};
use datafusion::datasource::source_as_provider;
use datafusion::error::Result;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable as _, LogicalPlan, Operator, Volatility,
};
use datafusion::scalar::ScalarValue;

use crate::catalog::pg_catalog;
use crate::catalog::system::SystemTable;
use crate::models::resolution::LookedUp;
use crate::warehouse::{self, TableId};
use crate::wire::types::POSTGRES_TYPE;

/// The type of numbers of objects, by its name.
const OID: &str = "oid";

/// Functions that look into the catalog, or at who asks.
static OF_CATALOG: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let functions = pg_catalog::functions();
    functions
        .iter()
        .map(|function| function.name().to_owned())
        .collect()
});

/// Words that stand for a moment, or a day, in a text that is read as one, whatever stands beside them: a
/// time, or other values of an array or a row.
const MOMENTS: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];

/// Whether a plan that is not optimized yet gives the same rows whenever it is run over the same
/// rows, as far as its expressions tell.
pub(super) fn is_steady(plan: &LogicalPlan) -> Result<bool> {
    let mut steady = true;
    plan.apply(|node| {
        steady &= match node {
            LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Aggregate(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Join(_)
            | LogicalPlan::Union(_)
            | LogicalPlan::EmptyRelation(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Values(_)
            | LogicalPlan::Distinct(_) => true,
            LogicalPlan::TableScan(scan) => match scan.source.get_logical_plan() {
                Some(view) => is_steady(&view)?,
                None => true,
            },
            _ => false,
        };
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                steady &= is_steady_alone(expression);
                Ok(go_on(steady))
            })
        })?;
        Ok(go_on(steady))
    })?;
    Ok(steady)
}

fn go_on(steady: bool) -> TreeNodeRecursion {
    match steady {
        true => TreeNodeRecursion::Continue,
        false => TreeNodeRecursion::Stop,
    }
}

fn is_steady_alone(expression: &Expr) -> bool {
    match expression {
        Expr::ScalarFunction(call) => {
            call.func.signature().volatility == Volatility::Immutable
                && !OF_CATALOG.contains(call.func.name())
        }
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => {
            let mut words = text.split(|letter: char| !letter.is_ascii_alphabetic());
            !words.any(|word| MOMENTS.iter().any(|it| word.eq_ignore_ascii_case(it)))
        }
        Expr::Column(_)
        | Expr::Literal(..)
        | Expr::Placeholder(_)
        | Expr::Alias(_)
        | Expr::BinaryExpr(_)
        | Expr::Like(_)
        | Expr::SimilarTo(_)
        | Expr::Not(_)
        | Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Negative(_)
        | Expr::Between(_)
        | Expr::Case(_)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::InList(_)
        | Expr::AggregateFunction(_) => true,
        _ => false,
    }
}

/// Whether a plan that is not optimized yet, or a view that it reads, reads moments from texts that are
/// computed: they may say `now`, which is another moment at each run.
pub(super) fn may_read_now(plan: &LogicalPlan) -> Result<bool> {
    let mut reads = false;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Some(view) = scan.source.get_logical_plan()
        {
            reads |= may_read_now(&view)?;
        }
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                reads |= may_be_now(expression, &schema);
                Ok(go_on(!reads))
            })
        })?;
        Ok(go_on(!reads))
    })?;
    Ok(reads)
}

/// Whether an expression reads a moment from a text. One that the query has as it is tells
/// [whether it is steady](is_steady_alone).
fn may_be_now(expression: &Expr, schema: &DFSchema) -> bool {
    let (from, to) = match expression {
        Expr::Cast(cast) => (&cast.expr, &cast.field),
        Expr::TryCast(cast) => (&cast.expr, &cast.field),
        _ => return false,
    };
    if !has_moments(to.data_type()) || matches!(**from, Expr::Literal(..)) {
        return false;
    }
    let from = from.get_type(schema);
    !from.is_ok_and(|from| from.is_temporal() || from.is_numeric() || from.is_null())
}

/// Whether values of a type are moments, or have such.
fn has_moments(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) => has_moments(item.data_type()),
        DataType::Struct(fields) => {
            let mut fields = fields.iter();
            fields.any(|field| has_moments(field.data_type()))
        }
        DataType::Interval(_) | DataType::Duration(_) => false,
        data_type => data_type.is_temporal(),
    }
}

/// Whether a plan that is not optimized yet gives the same rows whenever it is run for one session over
/// the same rows, those of system views among them, though it calls functions that look into the catalog
/// or has subqueries. What such functions say is computed at each run, or as the plan is optimized: who
/// keeps it has to see to it that nothing was told then that holds for less.
pub(super) fn is_steady_as_asked(plan: &LogicalPlan) -> Result<bool> {
    let mut steady = true;
    plan.apply_with_subqueries(|node| {
        steady &= match node {
            LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::Aggregate(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Join(_)
            | LogicalPlan::Union(_)
            | LogicalPlan::EmptyRelation(_)
            | LogicalPlan::Subquery(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Values(_)
            | LogicalPlan::Distinct(_)
            | LogicalPlan::Unnest(_) => true,
            LogicalPlan::TableScan(scan) => match scan.source.get_logical_plan() {
                Some(view) => is_steady_as_asked(&view)?,
                None => true,
            },
            _ => false,
        };
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                steady &= is_steady_alone(expression) || is_asked_of_catalog(expression);
                Ok(go_on(steady))
            })
        })?;
        Ok(go_on(steady))
    })?;
    Ok(steady)
}

/// Whether an expression calls a function of the catalog that does nothing, or is one that plans may be
/// run by again beside those that are [steady](is_steady_alone).
fn is_asked_of_catalog(expression: &Expr) -> bool {
    match expression {
        Expr::ScalarFunction(call) => {
            call.func.signature().volatility != Volatility::Volatile
                && OF_CATALOG.contains(call.func.name())
        }
        Expr::ScalarSubquery(_)
        | Expr::Exists(_)
        | Expr::InSubquery(_)
        | Expr::OuterReferenceColumn(..)
        | Expr::Unnest(_)
        | Expr::WindowFunction(_) => true,
        _ => false,
    }
}

/// Whether no expression of a plan that is not optimized yet, or of the views that it reads, can take
/// long to compute: calls of functions can, unless all that they take and give has a fixed width.
pub(super) fn is_brief(plan: &LogicalPlan) -> Result<bool> {
    let mut brief = true;
    plan.apply(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Some(view) = scan.source.get_logical_plan()
        {
            brief &= is_brief(&view)?;
        }
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                brief &= is_brief_alone(expression, &schema);
                Ok(go_on(brief))
            })
        })?;
        Ok(go_on(brief))
    })?;
    Ok(brief)
}

fn is_brief_alone(expression: &Expr, schema: &DFSchema) -> bool {
    match expression {
        Expr::ScalarFunction(call) => {
            let mut all = call.args.iter().chain([expression]);
            all.all(|part| part.get_type(schema).is_ok_and(|it| it.is_primitive()))
        }
        Expr::Like(_) | Expr::SimilarTo(_) | Expr::AggregateFunction(_) => false,
        Expr::BinaryExpr(both) => {
            matches!(both.op, Operator::And | Operator::Or) || is_comparison(both.op)
        }
        _ => true,
    }
}

/// The tables that an optimized plan reads, with their versions; none where it reads something else but
/// system views, or other versions than the latest.
pub(super) fn tables(plan: &LogicalPlan) -> Result<Option<Vec<(TableId, i64)>>> {
    let mut tables = Some(Vec::new());
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let provider = source_as_provider(&scan.source)?;
            if SystemTable::of(&provider).is_some() {
                return Ok(TreeNodeRecursion::Continue);
            }
            let table = match LookedUp::of(&provider) {
                Some(lookup) => lookup.table(),
                None => warehouse::latest_of(&provider),
            };
            match (table, &mut tables) {
                (Some(table), Some(tables)) => tables.push(table),
                _ => tables = None,
            }
        }
        Ok(go_on(tables.is_some()))
    })?;
    Ok(tables)
}

/// Whether an optimized plan reads system views.
pub(super) fn reads_system(plan: &LogicalPlan) -> Result<bool> {
    let mut reads = false;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            reads |= SystemTable::of(&source_as_provider(&scan.source)?).is_some();
        }
        Ok(go_on(!reads))
    })?;
    Ok(reads)
}

/// Whether all open parameters of an optimized plan are compared with columns.
pub(super) fn is_open_in_comparisons(plan: &LogicalPlan) -> Result<bool> {
    let (mut all, mut compared) = (0, 0);
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                all += usize::from(matches!(expression, Expr::Placeholder(_)));
                compared += in_comparison(expression);
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(all == compared)
}

/// Whether the parameters of a plan that is not optimized yet stand beside columns of their own types
/// alone, which are no more than these: a value of theirs is then what it would be as a literal.
pub(super) fn are_plain(plan: &LogicalPlan, parameters: &[DataType]) -> Result<bool> {
    let mut plain = true;
    plan.apply_with_subqueries(|node| {
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                plain &= match expression {
                    Expr::BinaryExpr(BinaryExpr { left, right, .. }) => {
                        let sides = [left.as_ref(), right.as_ref()];
                        are_of_one_type(&sides, &schema, parameters)
                    }
                    Expr::InList(list) => {
                        let sides = std::iter::once(list.expr.as_ref()).chain(&list.list);
                        are_of_one_type(&sides.collect::<Vec<_>>(), &schema, parameters)
                    }
                    _ => true,
                };
                Ok(go_on(plain))
            })
        })?;
        Ok(go_on(plain))
    })?;
    Ok(plain)
}

/// Whether the parameters among these have the type of the column beside them.
fn are_of_one_type(sides: &[&Expr], schema: &DFSchema, parameters: &[DataType]) -> bool {
    let mut columns = sides.iter().filter_map(|side| match side {
        Expr::Column(column) => schema.field_from_column(column).ok(),
        _ => None,
    });
    let Some(column) = columns.next() else {
        return sides
            .iter()
            .all(|side| !matches!(side, Expr::Placeholder(_)));
    };
    sides.iter().all(|side| match side {
        Expr::Placeholder(placeholder) => {
            let given = super::index(placeholder).and_then(|index| parameters.get(index));
            given == Some(column.data_type()) && is_plain(column)
        }
        _ => true,
    })
}

/// Whether the values of a column are no more than those of its type, or numbers of objects.
fn is_plain(column: &Field) -> bool {
    let mut known = column.metadata().iter();
    known.all(|(key, value)| key == POSTGRES_TYPE && value == OID)
}

fn is_comparison(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
    )
}

/// How many parameters an expression compares with a column.
fn in_comparison(expression: &Expr) -> usize {
    match expression {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(*op) => {
            match (left.as_ref(), right.as_ref()) {
                (Expr::Column(_), Expr::Placeholder(_))
                | (Expr::Placeholder(_), Expr::Column(_)) => 1,
                _ => 0,
            }
        }
        Expr::InList(list) if matches!(list.expr.as_ref(), Expr::Column(_)) => {
            let values = list.list.iter();
            values
                .filter(|value| matches!(value, Expr::Placeholder(_)))
                .count()
        }
        _ => 0,
    }
}
