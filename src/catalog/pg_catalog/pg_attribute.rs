//! `pg_attribute`: columns.

use arrow::datatypes::Field;
use tributary_udfs::postgres::CharacterLength;

use super::relation::relations;
use super::table::{Row, Rows, Value, row};
use super::types::{self, Type};
use crate::wire::types::{PostgresType, type_modifier};

pub static TABLE: Rows = Rows {
    of: "pg_attribute",
    make: |sources| {
        let all = relations(sources);
        Ok(all
            .iter()
            .flat_map(|relation| {
                let fields = relation.columns.fields().iter().zip(1..);
                fields.map(|(field, number)| {
                    let object = relation.object.as_ref();
                    let length = object.and_then(|object| object.character_length(field.name()));
                    attribute(relation.oid, number, field, length)
                })
            })
            .collect())
    },
};

fn attribute(relation: i64, number: i64, field: &Field, length: Option<CharacterLength>) -> Row {
    let (oid, modifier) = match length {
        Some(length) => types::of_length(length),
        None => (
            PostgresType::of_field(field).oid,
            type_modifier(field.data_type()),
        ),
    };
    let of = Type::of(oid);
    let dimensions = i64::from(Type::is_array(oid));
    row![
        relation,
        field.name().as_str(),
        i64::from(oid),
        -1,
        of.length(),
        number,
        dimensions,
        -1,
        i64::from(modifier),
        of.by_value(),
        of.align(),
        of.storage(),
        "",
        !field.is_nullable(),
        false,
        false,
        "",
        "",
        false,
        true,
        0,
        of.collation(),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
    ]
}
