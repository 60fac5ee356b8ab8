//! Names of domains: the types that they are over in their places.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, ColumnDef, DataType, Expr, TableFactor, TypedString, Value, VisitorMut,
};
use tributary_udfs::postgres::CHARACTER_LENGTH;

use super::{DOMAIN, DomainKind, base_type, definition};
use crate::catalog::Snapshot;
use crate::error::{Error, Result};
use crate::session::enums::meant;
use crate::sql::moment_precision::MOMENT_PRECISION;
use crate::sql::walk::{VisitMut, ended};
use crate::sql::{character_length, domain_casts, moment_precision, type_names};

/// Says casts to domains as they are planned.
///
/// # Errors
/// Those of [`replace`].
pub fn number(node: &mut impl VisitMut, snapshot: &Snapshot, path: &[String]) -> Result<()> {
    struct Casts<'a> {
        snapshot: &'a Snapshot,
        path: &'a [String],
    }

    impl VisitorMut for Casts<'_> {
        type Break = Error;

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
            let data_type = match expr {
                Expr::Cast { data_type, .. } | Expr::TypedString(TypedString { data_type, .. }) => {
                    data_type
                }
                _ => return ControlFlow::Continue(()),
            };
            match replace(data_type, self.snapshot, self.path) {
                Ok(None) => ControlFlow::Continue(()),
                Ok(Some((kind, name))) => {
                    let value = std::mem::replace(expr, Expr::value(Value::Null));
                    *expr = domain_casts::cast(value, kind.key(), name);
                    ControlFlow::Continue(())
                }
                Err(error) => ControlFlow::Break(error),
            }
        }

        fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
            for data_type in type_names::of_columns(factor) {
                match replace(data_type, self.snapshot, self.path) {
                    Ok(None) => {}
                    Ok(Some((_, name))) => {
                        let what = format!("a column of {name}, which is a domain, of a function");
                        return ControlFlow::Break(Error::unsupported(what).with_hint(
                            "Name the type that the domain is over, and cast the column to the domain.",
                        ));
                    }
                    Err(error) => return ControlFlow::Break(error),
                }
            }
            ControlFlow::Continue(())
        }
    }

    ended(node.visit(&mut Casts { snapshot, path }))
}

/// Puts the type that a domain is over in the place of its name; answers which domain it is, and its name.
///
/// # Errors
/// 0A000 for arrays of a domain over arrays.
pub fn replace(
    data_type: &mut DataType,
    snapshot: &Snapshot,
    path: &[String],
) -> Result<Option<(DomainKind, String)>> {
    let is_array = matches!(data_type, DataType::Array(_));
    let name = type_names::named(data_type);
    let Some(object) = name.and_then(|name| meant(name, snapshot, path)) else {
        return Ok(None);
    };
    let (Some(create), Some(base)) = (definition(&object), base_type(snapshot, object.oid)) else {
        return Ok(None);
    };
    if is_array && matches!(base, DataType::Array(_)) {
        let what = format!("an array of {}, which is a domain over arrays", object.name);
        return Err(Error::unsupported(what));
    }
    put(data_type, base);
    let kind = DomainKind {
        oid: object.oid,
        array_oid: create.array_oid,
        is_array,
    };
    Ok(Some((kind, object.name.name.clone())))
}

/// Puts a type in the place of the name that a type, or the items of its arrays, has.
fn put(data_type: &mut DataType, base: DataType) {
    match data_type {
        DataType::Array(
            ArrayElemTypeDef::SquareBracket(item, _)
            | ArrayElemTypeDef::AngleBracket(item)
            | ArrayElemTypeDef::Parenthesis(item),
        ) => put(item, base),
        other => *other = base,
    }
}

/// That columns can be of the domains that they are declared by.
///
/// # Errors
/// Those of [`replace`].
pub fn check(declared: &[ColumnDef], snapshot: &Snapshot, path: &[String]) -> Result<()> {
    for column in declared {
        replace(&mut column.data_type.clone(), snapshot, path)?;
    }
    Ok(())
}

/// Columns as they are planned, with the domains told that they are declared by.
///
/// # Errors
/// Those of [`replace`].
pub fn mark(
    planned: &SchemaRef,
    declared: &[ColumnDef],
    snapshot: &Snapshot,
    path: &[String],
) -> Result<SchemaRef> {
    let mut fields = Vec::with_capacity(planned.fields().len());
    for (field, column) in planned.fields().iter().zip(declared) {
        let mut data_type = column.data_type.clone();
        let Some((kind, _)) = replace(&mut data_type, snapshot, path)? else {
            fields.push(Arc::clone(field));
            continue;
        };
        let field = with_limits(field, &data_type);
        let mut metadata = field.metadata().clone();
        metadata.insert(DOMAIN.to_owned(), kind.key());
        fields.push(Arc::new(field.as_ref().clone().with_metadata(metadata)));
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// A field that tells how its type limits values: texts by a length, moments by digits.
pub fn with_limits(field: &FieldRef, data_type: &DataType) -> FieldRef {
    let mut metadata: HashMap<String, String> = field.metadata().clone();
    if let Some(length) = character_length::of(data_type) {
        metadata.insert(CHARACTER_LENGTH.to_owned(), length.to_metadata());
    }
    if let Some(digits) = moment_precision::of(data_type) {
        metadata.insert(MOMENT_PRECISION.to_owned(), digits.to_string());
    }
    Arc::new(field.as_ref().clone().with_metadata(metadata))
}
