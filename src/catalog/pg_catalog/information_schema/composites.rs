//! `information_schema.user_defined_types` and `information_schema.attributes`: composite types.

use std::sync::Arc;

use arrow::datatypes::Field;

use super::super::pg_attribute::type_of;
use super::super::relation::{Relation, relations};
use super::super::table::{Row, Rows, Value, row};
use super::columns::type_names;
use super::type_figures::Figures;
use crate::catalog::system::SystemSources;

pub static TABLE: Rows = Rows {
    of: "user_defined_types",
    make: |sources| {
        let database = sources.database();
        let types = types(sources).map(|of| {
            let mut row = row![
                database.as_str(),
                of.schema.as_str(),
                of.name.as_str(),
                "STRUCTURED",
                "YES",
            ];
            // What the standard knows of types that are ordered, or made of others.
            row.extend((0..24).map(|_| Value::Null));
            row
        });
        Ok(types.collect())
    },
};

pub static ATTRIBUTES: Rows = Rows {
    of: "attributes",
    make: |sources| {
        let database = sources.database();
        let rows = types(sources).flat_map(|of| {
            let fields = of.columns.fields().iter().zip(1..);
            let rows =
                fields.map(|(field, number)| attribute(sources, &database, &of, field, number));
            rows.collect::<Vec<_>>()
        });
        Ok(rows.collect())
    },
};

fn types(sources: &dyn SystemSources) -> impl Iterator<Item = Arc<Relation>> {
    let all = relations(sources).into_iter();
    all.filter(|relation| relation.kind == "c")
}

fn attribute(
    sources: &dyn SystemSources,
    database: &str,
    of: &Relation,
    field: &Field,
    number: i64,
) -> Row {
    let (oid, modifier) = type_of(of, field);
    let names = type_names(sources, oid);
    let figures = Figures::of(oid, modifier);
    row![
        database,
        of.schema.as_str(),
        of.name.as_str(),
        field.name().as_str(),
        number,
        Value::Null,
        "YES",
        names.data_type,
        figures.characters,
        figures.octets,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        figures.precision,
        figures.radix,
        figures.scale,
        figures.datetime,
        Value::Null,
        Value::Null,
        database,
        names.schema,
        names.name,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        number.to_string(),
        "NO",
    ]
}
