//! Columns of rows that are put together: of `VALUES` and `UNION`, the keys of joins, and the rows that a
//! value is looked for among.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::expr::InSubquery;
use datafusion::logical_expr::{
    Cast, Expr, ExprSchemable, Join, LogicalPlan, LogicalPlanBuilder, Union, Values,
};

use super::types::{common, common_moment, is_cast};

/// `VALUES` has made decimals of its floats already.
pub(super) fn of_values(values: Values) -> Result<Transformed<LogicalPlan>> {
    let Values { schema, mut values } = values;
    let none = DFSchema::empty();
    let mut fields: Vec<_> = schema.iter().map(|(_, field)| Arc::clone(field)).collect();
    let mut transformed = false;
    for (column, field) in fields.iter_mut().enumerate() {
        let float = values
            .iter()
            .filter_map(|row| row.get(column))
            .find_map(|value| {
                let Expr::Cast(cast) = value else { return None };
                let from = cast.expr.get_type(&none).ok()?;
                (cast.field.data_type().is_decimal() && from.is_floating()).then_some(from)
            });
        let Some(float) = float else { continue };
        for value in values.iter_mut().filter_map(|row| row.get_mut(column)) {
            let own = match std::mem::take(value) {
                Expr::Cast(cast) if cast.field.data_type().is_decimal() => *cast.expr,
                other => other,
            };
            *value = Expr::Cast(Cast::new(Box::new(own), float.clone()));
        }
        *field = Arc::new(field.as_ref().clone().with_data_type(float));
        transformed = true;
    }
    let schema = match transformed {
        true => DFSchemaRef::new(DFSchema::from_unqualified_fields(
            fields.into(),
            HashMap::new(),
        )?),
        false => schema,
    };
    let values = LogicalPlan::Values(Values { schema, values });
    Ok(Transformed::new_transformed(values, transformed))
}

pub(super) fn of_union(union: Union) -> Result<Transformed<LogicalPlan>> {
    let columns = union.schema.fields().len();
    let commons: Vec<Option<DataType>> = (0..columns)
        .map(|column| {
            let types = union.inputs.iter().filter_map(|input| {
                let fields = input.schema().fields();
                fields.get(column).map(|field| field.data_type())
            });
            common(types)
        })
        .collect();
    if commons.iter().all(Option::is_none) {
        return Ok(Transformed::no(LogicalPlan::Union(union)));
    }
    let inputs = union
        .inputs
        .into_iter()
        .map(|input| {
            let mut columns = input.schema().fields().iter().zip(&commons);
            let is_other = columns.any(|(field, common)| {
                common
                    .as_ref()
                    .is_some_and(|common| is_cast(field.data_type(), common))
            });
            match is_other {
                true => with_commons(Arc::unwrap_or_clone(input), &commons).map(Arc::new),
                false => Ok(input),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    // Its columns had the types of the first input.
    let union = Union::try_new_with_loose_types(inputs)?;
    Ok(Transformed::yes(LogicalPlan::Union(union)))
}

/// The keys of a join that are compared, where they are a moment and a date.
pub(super) fn of_keys(mut join: Join) -> Transformed<Join> {
    let mut transformed = false;
    for (left, right) in &mut join.on {
        let own = |key: &Expr, input: &LogicalPlan| key.get_type(input.schema()).ok();
        let types = [own(left, &join.left), own(right, &join.right)];
        let Some(moment) = common_moment(types.iter().flatten()) else {
            continue;
        };
        for (key, own) in [left, right].into_iter().zip(types) {
            if own.is_some_and(|own| is_cast(&own, &moment)) {
                *key = Expr::Cast(Cast::new(Box::new(std::mem::take(key)), moment.clone()));
            }
        }
        transformed = true;
    }
    Transformed::new_transformed(join, transformed)
}

/// A value and the rows that it is looked for among.
pub(super) fn of_subquery(
    mut within: InSubquery,
    schema: &DFSchema,
) -> Result<Transformed<InSubquery>> {
    let of_rows = within.subquery.subquery.schema().fields().first();
    let types = [
        within.expr.get_type(schema).ok(),
        of_rows.map(|field| field.data_type().clone()),
    ];
    let Some(moment) = common_moment(types.iter().flatten()) else {
        return Ok(Transformed::no(within));
    };
    let [own, of_rows] = types;
    if own.is_some_and(|own| is_cast(&own, &moment)) {
        within.expr = Box::new(Expr::Cast(Cast::new(within.expr, moment.clone())));
    }
    if of_rows.is_some_and(|own| is_cast(&own, &moment)) {
        let rows = Arc::unwrap_or_clone(Arc::clone(&within.subquery.subquery));
        let rows = with_commons(rows, &[Some(moment)])?;
        within.subquery = within.subquery.with_plan(Arc::new(rows));
    }
    Ok(Transformed::yes(within))
}

fn with_commons(input: LogicalPlan, commons: &[Option<DataType>]) -> Result<LogicalPlan> {
    let schema = Arc::clone(input.schema());
    let columns = schema.iter().zip(commons);
    let columns = columns.map(|((relation, field), common)| {
        let column = Expr::from((relation, field));
        match common {
            Some(common) if is_cast(field.data_type(), common) => {
                let cast = Expr::Cast(Cast::new(Box::new(column), common.clone()));
                cast.alias_qualified(relation.cloned(), field.name())
            }
            _ => column,
        }
    });
    LogicalPlanBuilder::from(input).project(columns)?.build()
}
