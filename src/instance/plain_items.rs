//! Aggregate and window functions get arrays of plain items.
//!
//! That the items of an array are values of an enum, or documents, is told by the metadata of their field,
//! which DataFusion forgets as soon as it holds an array as a single value. A function that holds some, as
//! `first_value` and `lag` do and whatever is made of `DISTINCT ON`, would have arrays of two types, and
//! fail. So its arguments are arrays without that, and a projection says again of which type its answers
//! are.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result;
use datafusion::logical_expr::{
    Aggregate, Cast, Expr, ExprSchemable as _, LogicalPlan, Projection, Window, lit,
};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::scalar::ScalarValue;
use tributary_udfs::enums::{self, EnumKind};

/// Takes the types of items away from what such functions are given.
#[derive(Debug)]
pub(super) struct PlainItems;

impl OptimizerRule for PlainItems {
    fn name(&self) -> &str {
        "plain_items"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let (input, calls) = match &plan {
            LogicalPlan::Aggregate(aggregate) => (&aggregate.input, &aggregate.aggr_expr),
            LogicalPlan::Window(window) => (&window.input, &window.window_expr),
            _ => return Ok(Transformed::no(plan)),
        };
        let mut is_changed = false;
        let mut plain = Vec::with_capacity(calls.len());
        for call in calls {
            let call = with_plain_arguments(call, input.schema())?;
            is_changed |= call.transformed;
            plain.push(call.data);
        }
        if !is_changed {
            return Ok(Transformed::no(plan));
        }
        let input = Arc::clone(input);
        let node = match &plan {
            LogicalPlan::Aggregate(aggregate) => {
                let groups = aggregate.group_expr.clone();
                LogicalPlan::Aggregate(Aggregate::try_new(input, groups, plain)?)
            }
            _ => LogicalPlan::Window(Window::try_new(plain, input)?),
        };
        let columns = plan.schema().iter().zip(node.schema().iter());
        let columns = columns.map(|((relation, wanted), own)| {
            let column = Expr::Column(Column::from(own));
            match wanted.data_type() == own.1.data_type() {
                true => column,
                false => typed(column, wanted).alias_qualified(relation.cloned(), wanted.name()),
            }
        });
        let columns: Vec<Expr> = columns.collect();
        let schema = Arc::clone(plan.schema());
        let projection = Projection::try_new_with_schema(columns, Arc::new(node), schema)?;
        Ok(Transformed::yes(LogicalPlan::Projection(projection)))
    }
}

/// A call of the same name whose arguments are arrays of plain items.
fn with_plain_arguments(call: &Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let (relation, name) = call.qualified_name();
    let mut plain = call.clone().unalias();
    let arguments: Vec<&mut Expr> = match &mut plain {
        Expr::AggregateFunction(call) => {
            // It holds what it puts them in order by, too.
            let keys = call.params.order_by.iter_mut().map(|key| &mut key.expr);
            call.params.args.iter_mut().chain(keys).collect()
        }
        Expr::WindowFunction(call) => call.params.args.iter_mut().collect(),
        _ => return Ok(Transformed::no(call.clone())),
    };
    let mut is_changed = false;
    for argument in arguments {
        let own = argument.get_type(schema)?;
        let Some(wanted) = of_plain_items(&own) else {
            continue;
        };
        let value = std::mem::replace(argument, lit(ScalarValue::Null));
        *argument = untyped(value, &own, wanted)?;
        is_changed = true;
    }
    Ok(match is_changed {
        true => Transformed::yes(plain.alias_qualified(relation, name)),
        false => Transformed::no(call.clone()),
    })
}

/// The type of such arrays of plain items; none where they are.
fn of_plain_items(data_type: &DataType) -> Option<DataType> {
    let DataType::List(item) = data_type else {
        return None;
    };
    let inner = of_plain_items(item.data_type());
    if inner.is_none() && item.metadata().is_empty() {
        return None;
    }
    let inner = inner.unwrap_or_else(|| item.data_type().clone());
    let plain = Field::new(item.name(), inner, item.is_nullable());
    Some(DataType::List(Arc::new(plain)))
}

/// Arrays without the types of their items. What must be a literal, as the value that `lag` gives beyond
/// the first row, stays one.
fn untyped(value: Expr, own: &DataType, wanted: DataType) -> Result<Expr> {
    Ok(match value {
        Expr::Literal(value, _) => Expr::Literal(value.cast_to(&wanted)?, None),
        value => match EnumKind::of_field(&Field::new("", own.clone(), true)) {
            Some(_) => enums::text(value),
            None => Expr::Cast(Cast::new(Box::new(value), wanted)),
        },
    })
}

/// Arrays whose items have the types that a field has.
fn typed(value: Expr, wanted: &Field) -> Expr {
    match EnumKind::of_field(wanted) {
        Some(kind) => enums::declared(value, kind.of),
        None => Expr::Cast(Cast::new(Box::new(value), wanted.data_type().clone())),
    }
}
