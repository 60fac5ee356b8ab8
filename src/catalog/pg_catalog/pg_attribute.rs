//! `pg_attribute`: columns.

use arrow::datatypes::Field;
use datafusion::common::utils::list_ndims;

use super::domains::collation_number;
use super::relation::{Relation, wanted_relations};
use super::table::{Row, Rows, Value, row};
use super::table_constraint::defaults_of;
use super::types::{self, Type};
use crate::catalog::{Object, Snapshot, pg_catalog};
use crate::models::constraints;
use crate::session::domains::DomainKind;
use crate::wire::types::{PostgresType, field_modifier};

pub static TABLE: Rows = Rows {
    of: "pg_attribute",
    make: |sources| {
        let all = wanted_relations(sources);
        let snapshot = sources.snapshot();
        Ok(all
            .iter()
            .flat_map(|relation| {
                let fields = relation.columns.fields().iter().zip(1..);
                fields.map(|(field, number)| attribute(&snapshot, relation, number, field))
            })
            .collect())
    },
};

/// The number of a column's type, and its modifier.
pub fn type_of(relation: &Relation, field: &Field) -> (u32, i32) {
    type_among(relation.object.as_deref(), field)
}

/// The number of the type of a column of an object, if it is of one, and its modifier.
pub fn type_among(object: Option<&Object>, field: &Field) -> (u32, i32) {
    if let Some(domain) = DomainKind::of_field(field) {
        return (domain.type_oid(), -1);
    }
    match object.and_then(|object| object.character_length(field.name())) {
        Some(length) => types::of_length(length),
        None => {
            let digits = object.and_then(|object| object.moment_precision(field.name()));
            let modifier = digits.map_or_else(|| field_modifier(field), i32::from);
            (PostgresType::of_field(field).oid, modifier)
        }
    }
}

fn attribute(snapshot: &Snapshot, relation: &Relation, number: i64, field: &Field) -> Row {
    let (oid, modifier) = type_of(relation, field);
    let is_table = relation.kind == "r";
    let object = relation.object.as_deref().filter(|_| is_table);
    let has_default =
        object.is_some_and(|object| defaults_of(object).any(|default| default.column == number));
    let identity = object.and_then(|object| constraints::identity_of(object, field.name()));
    let identity = identity.map(|identity| identity.always);
    let is_generated =
        object.is_some_and(|object| constraints::generated_of(object, field.name()).is_some());
    let catalog = pg_catalog::schema(&relation.schema).and_then(|it| it.get(&relation.name));
    let is_required = !field.is_nullable() || catalog.is_some_and(|it| it.requires(field.name()));
    let of = Type::among(snapshot, oid);
    let granted = relation.object.as_deref().filter(|_| relation.kind != "i");
    let items = granted.and_then(|object| object.access.items(snapshot, &[], Some(field.name())));
    let dimensions = match Type::is_any_array(snapshot, oid) {
        true if DomainKind::of_field(field).is_some() => 1,
        true => list_ndims(field.data_type()).max(1),
        false => 0,
    };
    row![
        relation.oid,
        field.name().as_str(),
        i64::from(oid),
        -1,
        of.length(),
        number,
        i64::try_from(dimensions).unwrap_or(1),
        -1,
        i64::from(modifier),
        of.by_value(),
        of.align(),
        of.storage(),
        "",
        is_required && relation.kind != "i",
        has_default,
        false,
        identity.map_or("", |always| if always { "a" } else { "d" }),
        if is_generated { "s" } else { "" },
        false,
        true,
        0,
        collation_number(snapshot, oid),
        Value::texts(items),
        Value::Null,
        Value::Null,
        Value::Null,
    ]
}
