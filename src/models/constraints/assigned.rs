//! Assigning values to the columns of a table: how they are kept.

use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::{self, JsonKind};

use super::assignable::check_assignable;
use super::fitted::fitted;
use super::generated;
use crate::catalog::Object;
use crate::error::Result;
use crate::session::enums;

/// A plan whose columns, from the `first` one on, are a table's: of its types, texts as long as it
/// keeps them. What comes behind them stays.
///
/// # Errors
/// 42804 for a value whose type is none of the column's.
pub fn assigned(
    plan: LogicalPlan,
    object: &Object,
    first: usize,
    state: &SessionState,
) -> Result<LogicalPlan> {
    let own = plan.schema().columns();
    let mut values = Vec::with_capacity(own.len());
    for (index, column) in own.into_iter().enumerate() {
        let name = column.name.clone();
        let fields = object.schema.fields();
        let Some(field) = index.checked_sub(first).and_then(|index| fields.get(index)) else {
            values.push(Expr::Column(column).alias(name));
            continue;
        };
        let given = plan.schema().field(index).data_type();
        check_assignable(field, given)?;
        let mut value = Expr::Column(column);
        if EnumKind::of_field(field).is_some() {
            value = enums::assigned(value, field);
        } else if let Some(kind) = JsonKind::of_field(field) {
            value = json::assigned(value, kind, plan.schema())?;
        } else if given != field.data_type() {
            value = cast(value, field.data_type().clone());
        }
        values.push(fitted(value, object, field.name()).alias(field.name()));
    }
    let given = LogicalPlanBuilder::from(plan).project(values)?.build()?;
    computed(given, object, first, state)
}

/// A plan whose columns from the `first` one on are those of a table, with those computed that are
/// computed from others.
fn computed(
    plan: LogicalPlan,
    object: &Object,
    first: usize,
    state: &SessionState,
) -> Result<LogicalPlan> {
    let generated = generated::values(object, state)?;
    if generated.is_empty() {
        return Ok(plan);
    }
    let own = plan.schema().columns();
    let column_of = |name: &str| {
        let place = object.schema.index_of(name).ok()?;
        own.get(first + place).cloned()
    };
    let mut values: Vec<Expr> = own.iter().cloned().map(Expr::Column).collect();
    for (place, value) in generated {
        let value = value.transform(|part| {
            Ok(match part {
                Expr::Column(column) => match column_of(&column.name) {
                    Some(own) => Transformed::yes(Expr::Column(own)),
                    None => Transformed::no(Expr::Column(column)),
                },
                part => Transformed::no(part),
            })
        });
        let name = object.schema.field(place).name();
        if let Some(column) = values.get_mut(first + place) {
            *column = value.data()?.alias(name);
        }
    }
    Ok(LogicalPlanBuilder::from(plan).project(values)?.build()?)
}
