//! How the columns of relations are declared, also of those that came from a query.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::sql::sqlparser::ast::ColumnDef;
use tributary_udfs::composites::CompositeKind;
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::JsonKind;
use tributary_udfs::type_name;

use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result};
use crate::models::{define, keyed};
use crate::session::domains::DomainKind;
use crate::session::{declared, enums, own_types};
use crate::sources::{is_same, plain};
use crate::sql::create_table::CreateTable;
use crate::sql::name::Quoted;
use crate::sql::{Statement, parse_one};

/// The definition of a table with all of its columns declared, also where they came from a query.
pub(in crate::execute) fn declared(object: &Object, snapshot: &Snapshot) -> Result<CreateTable> {
    let Statement::CreateTable(create) = &object.definition else {
        return Err(Error::internal(format!("{} is not a table", object.name)));
    };
    if create.query.is_none() {
        return Ok(create.clone());
    }
    let given = keyed::given(&create.options, &object.schema)?;
    match columns_like(object, &given, snapshot) {
        Some(columns) => Ok(CreateTable {
            columns,
            column_names: Vec::new(),
            query: None,
            ..create.clone()
        }),
        None => Err(Error::unsupported(format!(
            "ALTER TABLE of {}, whose query gives it types that cannot be declared",
            object.name
        ))
        .with_hint("Replace it with CREATE OR REPLACE TABLE ... AS.")),
    }
}

/// The columns of a relation as they would be declared.
///
/// # Errors
/// 0A000 for types that cannot be.
pub fn declared_columns(object: &Object, snapshot: &Snapshot) -> Result<Vec<ColumnDef>> {
    match &object.definition {
        Statement::CreateTable(create) if create.query.is_none() => Ok(create.columns.clone()),
        _ => columns_like(object, &object.schema, snapshot).ok_or_else(|| {
            let what = object.described();
            Error::unsupported(format!("LIKE {what}, whose columns cannot be declared"))
        }),
    }
}

/// Columns of these names and types, declared; none where a type cannot be.
fn columns_like(object: &Object, given: &SchemaRef, snapshot: &Snapshot) -> Option<Vec<ColumnDef>> {
    let columns: Vec<String> = given
        .fields()
        .iter()
        .map(|field| {
            let not_null = if field.is_nullable() { "" } else { " NOT NULL" };
            let name = Quoted(field.name());
            format!(
                "{name} {}{not_null}",
                declared_type(object, field, snapshot)
            )
        })
        .collect();
    let text = format!("CREATE TABLE {} ({})", object.name, columns.join(", "));
    let Ok(Statement::CreateTable(declared)) = parse_one(&text) else {
        return None;
    };
    let numbered = enums::number_columns(&declared.columns, snapshot, &[]);
    let schema = define::declared_columns(&numbered).ok()?;
    let mut pairs = schema.fields().iter().zip(given.fields());
    // How a query keeps texts in memory is nothing that is declared.
    let is_like = |(declared, given): (&Arc<Field>, &Arc<Field>)| {
        declared.name() == given.name()
            && is_same(&plain(declared.data_type()), &plain(given.data_type()))
    };
    (schema.fields().len() == given.fields().len() && pairs.all(is_like))
        .then_some(declared.columns)
}

/// The type by which a column that came from a query would be declared.
fn declared_type(object: &Object, field: &Field, snapshot: &Snapshot) -> String {
    let of_type = EnumKind::of_field(field).map(|kind| kind.oid());
    let of_type = of_type.or_else(|| Some(CompositeKind::of(field.data_type())?.oid()));
    let made = match DomainKind::of_field(field) {
        Some(kind) => Some(kind.type_oid()),
        None => of_type,
    };
    if let Some((of, is_array)) = made.and_then(|oid| own_types::with_oid(snapshot, oid)) {
        let array = if is_array { "[]" } else { "" };
        return format!("{}{array}", of.name);
    }
    if let Some(length) = object.character_length(field.name()) {
        return length.sql();
    }
    if let Some(kind) = JsonKind::of_field(field) {
        return kind.name().to_owned();
    }
    if let DataType::List(item) = field.data_type()
        && let Some(kind) = JsonKind::of_field(item)
    {
        return format!("{}[]", kind.name());
    }
    // Types that are texts or numbers to expressions, and arrays of such.
    if let Some(told) = declared::told(field).filter(|told| is_declarable(told)) {
        return told;
    }
    let digits = object.moment_precision(field.name());
    let limited = digits.and_then(|digits| of_digits(field.data_type(), digits));
    limited.unwrap_or_else(|| type_name(field.data_type()))
}

/// A type of moments, or of arrays of such, with so many digits of a second.
fn of_digits(data_type: &DataType, digits: u8) -> Option<String> {
    Some(match data_type {
        DataType::Timestamp(_, None) => format!("TIMESTAMP({digits})"),
        DataType::Timestamp(_, Some(_)) => format!("TIMESTAMP({digits}) WITH TIME ZONE"),
        DataType::Time64(_) => format!("TIME({digits})"),
        DataType::List(item) => format!("{}[]", of_digits(item.data_type(), digits)?),
        _ => return None,
    })
}

/// Whether a column can be declared by a type that clients are told of.
fn is_declarable(told: &str) -> bool {
    match parse_one(&format!("CREATE TABLE of_told (told {told})")) {
        Ok(Statement::CreateTable(create)) => define::declared_columns(&create.columns).is_ok(),
        _ => false,
    }
}
