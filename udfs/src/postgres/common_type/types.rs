//! Which type several have in common, and how expressions are brought to it.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable};
use datafusion::scalar::ScalarValue;

/// Casts what is a literal or a date beside a moment.
pub(super) fn as_moments(expressions: Vec<Expr>, schema: &DFSchema) -> Transformed<Vec<Expr>> {
    let types = types_of(&expressions, schema);
    match common_moment(types.iter().flatten()) {
        Some(moment) => Transformed::yes(cast_all(expressions, types, &moment)),
        None => Transformed::no(expressions),
    }
}

fn types_of(expressions: &[Expr], schema: &DFSchema) -> Vec<Option<DataType>> {
    let types = expressions.iter().map(|each| each.get_type(schema).ok());
    types.collect()
}

fn cast_all(expressions: Vec<Expr>, types: Vec<Option<DataType>>, to: &DataType) -> Vec<Expr> {
    let cast = expressions.into_iter().zip(types).map(|(expression, own)| {
        if own.is_some_and(|own| is_cast(&own, to)) {
            return Expr::Cast(Cast::new(Box::new(expression), to.clone()));
        }
        expression
    });
    cast.collect()
}

/// Casts what is numeric, where one of the expressions is a float, and what is a literal or a date, where
/// one is a moment.
pub(super) fn unify(expressions: Vec<Expr>, schema: &DFSchema) -> Transformed<Vec<Expr>> {
    let types = types_of(&expressions, schema);
    let is_read = |own: &&DataType| matches!(own, DataType::Interval(_) | DataType::List(_));
    if let Some(beside) = types.iter().flatten().find(is_read) {
        return with_literals(expressions, beside);
    }
    match common(types.iter().flatten()) {
        Some(common) => Transformed::yes(cast_all(expressions, types, &common)),
        None => Transformed::no(expressions),
    }
}

/// Reads literals that a value, the last of these, is compared with as it is: an interval or an array.
pub(super) fn as_the_last(expressions: Vec<Expr>, schema: &DFSchema) -> Transformed<Vec<Expr>> {
    let last = expressions.last();
    match last.and_then(|value| value.get_type(schema).ok()) {
        Some(own @ (DataType::Interval(_) | DataType::List(_))) => with_literals(expressions, &own),
        _ => Transformed::no(expressions),
    }
}

/// Reads literals beside an interval or an array as what stands beside them.
fn with_literals(expressions: Vec<Expr>, beside: &DataType) -> Transformed<Vec<Expr>> {
    let is_text = |expression: &Expr| matches!(expression, Expr::Literal(ScalarValue::Utf8(_), _));
    let is_changed = expressions.iter().any(is_text);
    let read = expressions.into_iter().map(|expression| {
        if !is_text(&expression) {
            return expression;
        }
        Expr::Cast(Cast::new(Box::new(expression), beside.clone()))
    });
    Transformed::new_transformed(read.collect(), is_changed)
}

/// The type that several have in common, where DataFusion would take another.
pub(super) fn common<'a>(types: impl Iterator<Item = &'a DataType> + Clone) -> Option<DataType> {
    common_float(types.clone()).or_else(|| common_moment(types))
}

/// Whether a value of a type is cast to the one that it has in common with others.
pub(super) fn is_cast(own: &DataType, common: &DataType) -> bool {
    match common {
        DataType::Timestamp(..) => own != common && !own.is_null(),
        _ => own.is_decimal(),
    }
}

/// A moment in microseconds, where one of several types is a moment and another a text or a date.
/// Nanoseconds, which files have, stay with what DataFusion makes of them.
pub(super) fn common_moment<'a>(
    types: impl Iterator<Item = &'a DataType> + Clone,
) -> Option<DataType> {
    let is_other = |own: &DataType| own.is_string() || matches!(own, DataType::Date32);
    let is_finer = |own: &DataType| matches!(own, DataType::Timestamp(TimeUnit::Nanosecond, _));
    if !types.clone().any(is_other) || types.clone().any(is_finer) {
        return None;
    }
    let zones = types.filter_map(|own| match own {
        DataType::Timestamp(_, zone) => Some(zone.clone()),
        _ => None,
    });
    // A zone comes before none.
    zones
        .max_by_key(Option::is_some)
        .map(|zone| DataType::Timestamp(TimeUnit::Microsecond, zone))
}

/// The widest float of several types, where one of the others is numeric.
fn common_float<'a>(types: impl Iterator<Item = &'a DataType> + Clone) -> Option<DataType> {
    if !types.clone().any(DataType::is_decimal) {
        return None;
    }
    types
        .filter(|data_type| data_type.is_floating())
        .max_by_key(|data_type| data_type.primitive_width())
        .cloned()
}
