//! Literals and records that are put into columns of composite types, in statements that are planned as text.

use arrow::datatypes::{DataType, FieldRef, Fields};
use datafusion::sql::sqlparser::ast::{
    self, ArrayElemTypeDef, CastKind, Expr, Query, SetExpr, Value,
};
use tributary_udfs::composites::CompositeType;
use tributary_udfs::type_name;

use crate::sql::type_names;

/// The type of values that are kept like this as a cast names it; none for what is of no composite type,
/// nor arrays of one.
pub fn named(data_type: &DataType) -> Option<ast::DataType> {
    if let DataType::List(item) = data_type {
        let item = Box::new(named(item.data_type())?);
        let array = ArrayElemTypeDef::SquareBracket(item, None);
        return Some(ast::DataType::Array(array));
    }
    let of = CompositeType::of(data_type)?;
    let name = type_names::numbered_as(of.oid, of.array_oid, data_type);
    Some(ast::DataType::Custom(name, Vec::new()))
}

/// A type as a cast names it.
pub fn cast_name(data_type: &DataType) -> String {
    match named(data_type) {
        Some(own) => own.to_string(),
        None => type_name(data_type),
    }
}

/// Has the rows of `VALUES` cast what is of no type yet to those of the columns that it is for: all of
/// `fields`, or those that are named.
pub fn cast_values(source: &mut Query, columns: &[String], fields: &Fields) {
    let SetExpr::Values(values) = source.body.as_mut() else {
        return;
    };
    let given: Vec<Option<&FieldRef>> = match columns {
        [] => fields.iter().map(Some).collect(),
        named => {
            let found = named.iter().map(|name| fields.find(name));
            found.map(|found| found.map(|(_, field)| field)).collect()
        }
    };
    let types: Vec<Option<ast::DataType>> = given
        .into_iter()
        .map(|field| field.and_then(|field| named(field.data_type())))
        .collect();
    for row in &mut values.rows {
        for (value, data_type) in row.content.iter_mut().zip(&types) {
            if let Some(data_type) = data_type
                && is_open(value)
            {
                let null = Expr::value(Value::Null);
                *value = Expr::Cast {
                    kind: CastKind::Cast,
                    expr: Box::new(std::mem::replace(value, null)),
                    data_type: data_type.clone(),
                    array: false,
                    format: None,
                };
            }
        }
    }
}

/// Whether a value is of the type that it is used as.
pub fn is_open(value: &Expr) -> bool {
    match value {
        Expr::Value(value) => !matches!(value.value, Value::Number(..) | Value::Boolean(_)),
        Expr::Tuple(_) => true,
        Expr::Function(call) => call.name.to_string().eq_ignore_ascii_case("row"),
        Expr::Nested(value) => is_open(value),
        _ => false,
    }
}
