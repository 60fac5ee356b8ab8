//! Composite types that users have made, and those of the rows of relations, in queries (`udfs/src/composites`
//! says how their values are kept).
//!
//! A cast names the type by its numbers and by how its values are kept, which then is the type of its values.
//! A rule has such casts read texts and records, and looks at attributes where a row is compared with NULL
//! (`rule`, `expressions`); what stands beside a row in a comparison is of its type (`operators`), as are literals among
//! rows where all are of one type (`matched`), and what is put into a column of that of the column (`assigned`).

mod assigned;
mod expressions;
mod matched;
mod operators;
mod rule;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, cast};
use datafusion::sql::sqlparser::ast::ColumnDef;
use tributary_udfs::composites::{CompositeKind, CompositeType};
use tributary_udfs::enums::{EnumDefinition, EnumKind};
use tributary_udfs::postgres::{CHARACTER_LENGTH, CharacterKind, CharacterLength};

pub use assigned::{cast_name, cast_values, is_open, named};
pub use operators::CompositeOperators;
pub use rule::CompositeTypes;

use super::{domains, enums};
use crate::catalog::{Kind, Object, Snapshot, pg_catalog};
use crate::error::{Error, Result};
use crate::sql::{Statement, character_length, moment_precision};
use crate::wire::types::POSTGRES_TYPE;

/// A composite type by the object that it is.
pub fn composite_type(object: &Object) -> Option<CompositeType> {
    match &object.definition {
        Statement::CreateComposite(create) => Some(CompositeType {
            oid: object.oid,
            array_oid: create.array_oid,
        }),
        _ => None,
    }
}

/// [`composite_type`], or the type of the rows of a relation.
pub fn row_type(object: &Object) -> Option<CompositeType> {
    let of_relation = || {
        let (oid, array_oid) = pg_catalog::row_type_numbers(object)?;
        Some(CompositeType { oid, array_oid })
    };
    composite_type(object).or_else(of_relation)
}

/// How values of a [`row_type`] are kept; none for another object.
pub fn data_type(object: &Object) -> Option<DataType> {
    let of = row_type(object)?;
    Some(of.data_type(object.schema.fields()))
}

/// That values can be of the type of a relation's rows: none of its columns is of a domain, whose conditions
/// nobody would look at.
///
/// # Errors
/// 0A000.
pub fn check_row_type(relation: &Object) -> Result<()> {
    let of_domain = |field: &&FieldRef| domains::DomainKind::of_field(field).is_some();
    let is_type = relation.kind == Kind::Type;
    match relation.schema.fields().iter().find(of_domain) {
        Some(field) if !is_type => {
            let (name, column) = (&relation.name.name, field.name());
            let what = format!("a value of row type {name}, whose column {column} is of a domain");
            Err(Error::unsupported(what))
        }
        _ => Ok(()),
    }
}

/// That no column is of the type of a relation's rows, which changes with the relation.
///
/// # Errors
/// 0A000.
pub fn refuse_row_types(columns: &Fields, snapshot: &Snapshot) -> Result<()> {
    for field in columns {
        let kind = CompositeKind::of(field.data_type());
        let of = kind.and_then(|kind| relation_of(snapshot, kind));
        if let Some(of) = of {
            let (column, relation) = (field.name(), &of.name.name);
            let what = format!("column \"{column}\" of row type {relation}");
            return Err(Error::unsupported(what).with_hint(
                "CREATE TYPE name AS (column type, ...) makes a type that columns can be of.",
            ));
        }
    }
    Ok(())
}

/// The object that a type is, or whose rows are of it.
pub fn object(snapshot: &Snapshot, kind: CompositeKind) -> Option<&Arc<Object>> {
    let own = snapshot.object(kind.of.oid);
    own.or_else(|| relation_of(snapshot, kind))
}

/// The relation whose rows are of a type.
fn relation_of(snapshot: &Snapshot, kind: CompositeKind) -> Option<&Arc<Object>> {
    let found = pg_catalog::relation_of_rows(snapshot, kind.of.oid.into());
    found.map(|(relation, _)| relation)
}

/// The attributes that are declared like this, as columns whose names are full or on the path.
///
/// # Errors
/// 42704 for a type that does not exist; 0A000 for a domain, and for moments of fewer digits than all.
pub fn attributes(columns: &[ColumnDef], snapshot: &Snapshot, path: &[String]) -> Result<Fields> {
    for column in columns {
        if domains::replace(&mut column.data_type.clone(), snapshot, path)?.is_some() {
            let (name, domain) = (&column.name, &column.data_type);
            let what = format!("an attribute \"{name}\" of type {domain}, which is a domain");
            return Err(Error::unsupported(what));
        }
    }
    let numbered = enums::number_columns(columns, snapshot, path);
    let schema = crate::sources::declared_schema(&numbered)?;
    refuse_row_types(schema.fields(), snapshot)?;
    let fields = schema.fields().iter().zip(columns).map(|(field, column)| {
        if moment_precision::of(&column.data_type).is_some() {
            let name = &column.name;
            let what = format!("an attribute \"{name}\" of type {}", column.data_type);
            return Err(Error::unsupported(what).with_hint("Leave out the digits of a second."));
        }
        // Nothing would look at the items that are put into it.
        let items = character_length::of_items(&column.data_type);
        let items = items.and_then(|told| character_length::of_told_items(&told));
        let is_of_one_form = |length: &CharacterLength| {
            matches!(length.kind, CharacterKind::Uuid | CharacterKind::Fixed)
        };
        if items.as_ref().is_some_and(is_of_one_form) {
            let (name, of) = (&column.name, &column.data_type);
            let what = format!("an attribute \"{name}\" of type {of}");
            return Err(Error::unsupported(what).with_hint("Declare it as text[]."));
        }
        let mut metadata = field.metadata().clone();
        if let Some(length) = character_length::of(&column.data_type) {
            metadata.insert(CHARACTER_LENGTH.to_owned(), length.to_metadata());
            metadata.insert(POSTGRES_TYPE.to_owned(), length.sql());
        }
        Ok(Field::clone(field).with_metadata(metadata))
    });
    fields.collect()
}

/// The enum types that values of a field have within.
///
/// # Errors
/// 42704 for one that was dropped meanwhile.
pub fn enums_within(
    snapshot: &Snapshot,
    path: &[String],
    field: &Field,
) -> Result<Vec<EnumDefinition>> {
    if let Some(kind) = EnumKind::of_field(field) {
        return Ok(vec![enums::definition(snapshot, path, kind.of)?]);
    }
    let mut found = Vec::new();
    match field.data_type() {
        DataType::List(item) => found = enums_within(snapshot, path, item)?,
        DataType::Struct(parts) => {
            for part in parts {
                found.extend(enums_within(snapshot, path, part)?);
            }
        }
        _ => {}
    }
    Ok(found)
}

/// The name of a type as a session with this path sees it.
pub fn shown_name(snapshot: &Snapshot, path: &[String], kind: CompositeKind) -> String {
    let name = object(snapshot, kind).map_or_else(
        || "record".to_owned(),
        |object| enums::shown_name(object, snapshot, path),
    );
    let array = if kind.is_array { "[]" } else { "" };
    format!("{name}{array}")
}

/// A value that is assigned to a column of a composite type, or of arrays of one, read at once.
///
/// # Errors
/// 42846 for a value of another type; 42704 for an enum that was dropped meanwhile.
pub fn read_assigned(
    snapshot: &Snapshot,
    path: &[String],
    value: Expr,
    field: &Field,
    schema: &DFSchema,
) -> Result<Expr> {
    let expressions = expressions::Expressions {
        snapshot,
        path,
        schema,
    };
    let value = cast(value, field.data_type().clone());
    Ok(expressions.rewrite(value)?.data)
}
