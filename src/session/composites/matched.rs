//! Literals among rows of composite types, or arrays of such, where all are of one type: the answers of a `CASE`, the
//! arguments of `coalesce` and the like, and the columns of `UNION`. They are of the type of the rows.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Column;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::{Case, Expr, LogicalPlan, LogicalPlanBuilder, Union, lit};
use datafusion::scalar::ScalarValue;
use tributary_udfs::composites::CompositeKind;

use super::expressions::Expressions;
use crate::error::{Error, SqlState};
use crate::session::enums::retyped::is_written;

/// How a function is called in messages whose arguments are of one type; none for any other.
pub(super) fn construct_of(function: &str) -> Option<&'static str> {
    match function {
        "coalesce" => Some("COALESCE"),
        "greatest" => Some("GREATEST"),
        "least" => Some("LEAST"),
        _ => None,
    }
}

/// Reads the literals among the answers of a `CASE`; whether there are any.
///
/// # Errors
/// Those of [`read`].
pub(super) fn case(case: &mut Case, expressions: &Expressions<'_>) -> Result<bool> {
    // PostgreSQL looks at that of ELSE first.
    let mut answers: Vec<&mut Expr> = case.else_expr.as_deref_mut().into_iter().collect();
    answers.extend(
        case.when_then_expr
            .iter_mut()
            .map(|(_, then)| then.as_mut()),
    );
    read(answers, "CASE", expressions)
}

/// Reads the literals among values that are of one type, where that is a composite one; whether there are any.
///
/// # Errors
/// 42804 for values of other types; what the literals say.
pub(super) fn read(
    values: Vec<&mut Expr>,
    construct: &str,
    expressions: &Expressions<'_>,
) -> Result<bool> {
    let of_rows = values.iter().find_map(|value| {
        let own = expressions.type_of(value)?;
        CompositeKind::of(&own).is_some().then_some(own)
    });
    let Some(of_rows) = of_rows else {
        return Ok(false);
    };
    let mut first: Option<DataType> = None;
    let mut is_changed = false;
    for value in values {
        if is_literal(value) {
            let literal = std::mem::replace(value, lit(ScalarValue::Null));
            *value = expressions.read(literal, field_of(of_rows.clone()))?;
            is_changed = true;
        } else if let Some(own) = expressions.type_of(value).filter(|_| has_type(value)) {
            let first = first.get_or_insert_with(|| own.clone());
            let is_row = |of: &DataType| matches!(of, DataType::Struct(_));
            if own != *first && is_row(&own) != is_row(first) {
                let (first, own) = (expressions.name(first), expressions.name(&own));
                let message = format!("{construct} types {first} and {own} cannot be matched");
                return Err(Error::new(SqlState::DATATYPE_MISMATCH, message).into());
            }
        }
    }
    Ok(is_changed)
}

/// Whether a value has a type by itself: what a query without rows gives has none.
fn has_type(value: &Expr) -> bool {
    match value {
        Expr::Alias(alias) => has_type(&alias.expr),
        Expr::Cast(cast) => has_type(&cast.expr),
        Expr::Placeholder(_) => false,
        Expr::Literal(literal, _) => !literal.is_null(),
        _ => true,
    }
}

fn is_literal(value: &Expr) -> bool {
    matches!(value, Expr::Literal(literal, _) if literal.try_as_str().flatten().is_some())
}

fn field_of(data_type: DataType) -> FieldRef {
    Arc::new(Field::new("", data_type, true))
}

/// Rows of several queries, whose columns of literals are of the composite types of those beside them.
pub(super) fn unite(
    union: Union,
    expressions: &Expressions<'_>,
) -> Result<Transformed<LogicalPlan>> {
    let mut wanted: Vec<Option<DataType>> = vec![None; union.schema.fields().len()];
    for input in &union.inputs {
        for (wanted, field) in wanted.iter_mut().zip(input.schema().fields()) {
            if wanted.is_none() && CompositeKind::of(field.data_type()).is_some() {
                *wanted = Some(field.data_type().clone());
            }
        }
    }
    let reads = |input: &LogicalPlan, place: usize| {
        let own = input.schema().field(place).data_type();
        (own.is_string() && is_written(input, place))
            .then(|| wanted.get(place).cloned().flatten())
            .flatten()
    };
    let mut is_changed = false;
    let mut inputs = Vec::with_capacity(union.inputs.len());
    for input in &union.inputs {
        let columns = input.schema().iter().enumerate();
        let mut values = Vec::with_capacity(wanted.len());
        let mut has_literals = false;
        for (place, (relation, field)) in columns {
            let own = Expr::Column(Column::from((relation, field)));
            values.push(match reads(input, place) {
                Some(of_rows) => {
                    has_literals = true;
                    let read = expressions.read(own, field_of(of_rows))?;
                    read.alias_qualified(relation.cloned(), field.name())
                }
                None => own,
            });
        }
        is_changed |= has_literals;
        inputs.push(match has_literals {
            true => {
                let input = LogicalPlanBuilder::from(input.as_ref().clone());
                Arc::new(input.project(values)?.build()?)
            }
            false => Arc::clone(input),
        });
    }
    match is_changed {
        true => {
            let union = Union::try_new_with_loose_types(inputs)?;
            Ok(Transformed::yes(LogicalPlan::Union(union)))
        }
        false => Ok(Transformed::no(LogicalPlan::Union(union))),
    }
}
