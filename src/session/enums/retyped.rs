//! Columns that a node answers without the type that their values have: a projection tells it.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable as _, LogicalPlan, LogicalPlanBuilder, Union, Unnest, Window,
    cast,
};
use tributary_udfs::enums::{self, EnumDefinition, EnumKind};
use tributary_udfs::type_name;

use super::expressions::Expressions;
use crate::error::{Error, Result, SqlState};

/// What a column is to be.
pub(super) enum Wanted {
    /// What it is.
    Same,
    /// Of a type.
    Of(EnumKind),
    /// The values at the places that it has.
    At(EnumDefinition),
}

/// What the columns of a node are to be, by its expressions as they were written; none where all of
/// them stay.
pub(super) fn wanted(
    plan: &LogicalPlan,
    expressions: &Expressions<'_>,
) -> Result<Option<Vec<Wanted>>> {
    let columns = match plan {
        LogicalPlan::Aggregate(Aggregate {
            aggr_expr, schema, ..
        }) => of_last(schema, aggr_expr, expressions)?,
        LogicalPlan::Window(Window {
            window_expr,
            schema,
            ..
        }) => of_last(schema, window_expr, expressions)?,
        LogicalPlan::Unnest(unnest) => of_unnested(unnest),
        _ => return Ok(None),
    };
    let changes = |column: &Wanted| !matches!(column, Wanted::Same);
    Ok(columns.iter().any(changes).then_some(columns))
}

/// Of a node whose last columns are what these expressions compute.
fn of_last(
    schema: &DFSchema,
    computed: &[Expr],
    expressions: &Expressions<'_>,
) -> Result<Vec<Wanted>> {
    let before = schema.fields().len().saturating_sub(computed.len());
    let mut columns: Vec<Wanted> = (0..before).map(|_| Wanted::Same).collect();
    for expression in computed {
        let is_told = expression
            .to_field(expressions.schema)
            .is_ok_and(|(_, field)| EnumKind::of_field(&field).is_some());
        let wanted = of_call(expression, expressions)?;
        columns.push(match wanted {
            // The least of arrays is found by places, whatever type it tells.
            Wanted::At(_) => wanted,
            _ if is_told => Wanted::Same,
            _ => wanted,
        });
    }
    Ok(columns)
}

/// What an aggregate or window function answers.
fn of_call(expression: &Expr, expressions: &Expressions<'_>) -> Result<Wanted> {
    let (name, arguments) = match expression {
        Expr::Alias(alias) => return of_call(&alias.expr, expressions),
        Expr::AggregateFunction(call) => (call.func.name(), &call.params.args),
        Expr::WindowFunction(call) => (call.fun.name(), &call.params.args),
        _ => return Ok(Wanted::Same),
    };
    let Some(kind) = arguments.first().and_then(|value| expressions.kind(value)) else {
        return Ok(Wanted::Same);
    };
    Ok(match name {
        "min" | "max" => Wanted::At(expressions.definition(kind.of)?),
        "array_agg" if !kind.is_array => Wanted::Of(EnumKind::array(kind.of)),
        "first_value" | "last_value" | "nth_value" | "lag" | "lead" | "tributary_lag"
        | "tributary_lead" | "any_value" | "mode" => Wanted::Of(kind),
        _ => Wanted::Same,
    })
}

fn of_unnested(unnest: &Unnest) -> Vec<Wanted> {
    let mut columns: Vec<Wanted> = unnest
        .schema
        .fields()
        .iter()
        .map(|_| Wanted::Same)
        .collect();
    for (index, list) in &unnest.list_type_columns {
        let input = unnest.input.schema().fields().get(*index);
        let kind = input.and_then(|field| EnumKind::of_field(field));
        let Some(kind) = kind.filter(|kind| kind.is_array && list.depth == 1) else {
            continue;
        };
        let place = unnest.schema.maybe_index_of_column(&list.output_column);
        if let Some(index) = place
            && EnumKind::of_field(unnest.schema.field(index)).is_none()
            && let Some(column) = columns.get_mut(index)
        {
            *column = Wanted::Of(EnumKind::one(kind.of));
        }
    }
    columns
}

/// A node whose columns are what is wanted.
pub(super) fn project(
    plan: LogicalPlan,
    columns: Option<Vec<Wanted>>,
) -> QueryResult<Transformed<LogicalPlan>> {
    let Some(columns) = columns else {
        return Ok(Transformed::no(plan));
    };
    // Of which columns a group is, is asked of the aggregate itself.
    let values = plan.schema().iter().zip(&columns);
    let values = values.filter(|((_, field), _)| field.name() != Aggregate::INTERNAL_GROUPING_ID);
    let values = values.map(|((relation, field), wanted)| {
        let own = Expr::Column(Column::from((relation, field)));
        let named = |value: Expr| value.alias_qualified(relation.cloned(), field.name());
        match wanted {
            Wanted::Same => own,
            Wanted::Of(kind) => named(enums::declared(own, kind.of)),
            Wanted::At(definition) => named(enums::label(own, definition)),
        }
    });
    let values: Vec<Expr> = values.collect();
    let plan = LogicalPlanBuilder::from(plan).project(values)?.build()?;
    Ok(Transformed::yes(plan))
}

/// Rows of several queries whose columns are of one type.
pub(super) fn unite(
    union: Union,
    expressions: &Expressions<'_>,
) -> QueryResult<Transformed<LogicalPlan>> {
    let kinds = |schema: &DFSchema| -> Vec<Option<EnumKind>> {
        let fields = schema.fields().iter();
        fields.map(|field| EnumKind::of_field(field)).collect()
    };
    let of_inputs: Vec<_> = union
        .inputs
        .iter()
        .map(|input| kinds(input.schema()))
        .collect();
    let mut wanted = vec![None; union.schema.fields().len()];
    for own in &of_inputs {
        for (wanted, own) in wanted.iter_mut().zip(own) {
            *wanted = wanted.or(*own);
        }
    }
    if wanted == kinds(&union.schema) && of_inputs.iter().all(|own| *own == wanted) {
        return Ok(Transformed::no(LogicalPlan::Union(union)));
    }
    let mut inputs = Vec::with_capacity(union.inputs.len());
    for (input, own) in union.inputs.into_iter().zip(of_inputs) {
        match own == wanted {
            true => inputs.push(input),
            false => {
                let read = read_columns(Arc::unwrap_or_clone(input), &wanted, expressions)?;
                inputs.push(Arc::new(read));
            }
        }
    }
    let union = Union::try_new_with_loose_types(inputs)?;
    Ok(Transformed::yes(LogicalPlan::Union(union)))
}

/// Whether a column is one of literals, which have the type of what is beside them.
pub(in crate::session) fn is_written(plan: &LogicalPlan, index: usize) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => match projection.expr.get(index).map(unaliased) {
            Some(Expr::Literal(..) | Expr::Placeholder(_)) => true,
            Some(Expr::Column(column)) => {
                let place = projection.input.schema().maybe_index_of_column(column);
                place.is_some_and(|index| is_written(&projection.input, index))
            }
            _ => false,
        },
        LogicalPlan::Values(values) => values.values.iter().all(|row| {
            let value = row.get(index).map(unaliased);
            matches!(value, Some(Expr::Literal(..) | Expr::Placeholder(_)))
        }),
        LogicalPlan::SubqueryAlias(alias) => is_written(&alias.input, index),
        LogicalPlan::Union(union) => union.inputs.iter().all(|it| is_written(it, index)),
        _ => false,
    }
}

fn unaliased(expression: &Expr) -> &Expr {
    match expression {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}

/// Rows whose texts are read as values of the types that are wanted.
fn read_columns(
    input: LogicalPlan,
    wanted: &[Option<EnumKind>],
    expressions: &Expressions<'_>,
) -> QueryResult<LogicalPlan> {
    let schema = Arc::clone(input.schema());
    let mut values = Vec::with_capacity(wanted.len());
    for ((relation, field), wanted) in schema.iter().zip(wanted) {
        let own = Expr::Column(Column::from((relation, field)));
        let (Some(kind), None) = (wanted, EnumKind::of_field(field)) else {
            values.push(own);
            continue;
        };
        let is_text = field.data_type().is_string() || field.data_type().is_null();
        let is_written = is_written(&input, values.len());
        if !is_text || !is_written {
            let array = if kind.is_array { "[]" } else { "" };
            let message = format!(
                "UNION types {}{array} and {} cannot be matched",
                expressions.definition(kind.of)?.name,
                type_name(field.data_type())
            );
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, message).into());
        }
        let texts = match kind.is_array {
            true => cast(own, DataType::new_list(DataType::Utf8, true)),
            false => own,
        };
        let read = enums::read(texts, &expressions.definition(kind.of)?);
        values.push(read.alias_qualified(relation.cloned(), field.name()));
    }
    LogicalPlanBuilder::from(input).project(values)?.build()
}
