//! `pg_type`: types, and the type of arrays of each.

use super::OWNER;
use super::table::{PgTable, Row, Value, column, row};
use super::types::{TYPES, Type};
use crate::catalog::system::ColumnType::{Boolean, Integer, Oid, Smallint, Text, TextArray};

/// PostgreSQL's number of `pg_catalog`.
const NAMESPACE: i64 = 11;

pub static TABLE: PgTable = PgTable {
    name: "pg_type",
    oid: 1247,
    columns: &[
        column("oid", Oid),
        column("typname", Text),
        column("typnamespace", Oid),
        column("typowner", Oid),
        column("typlen", Smallint),
        column("typbyval", Boolean),
        column("typtype", Text),
        column("typcategory", Text),
        column("typispreferred", Boolean),
        column("typisdefined", Boolean),
        column("typdelim", Text),
        column("typrelid", Oid),
        column("typelem", Oid),
        column("typarray", Oid),
        column("typalign", Text),
        column("typstorage", Text),
        column("typnotnull", Boolean),
        column("typbasetype", Oid),
        column("typtypmod", Integer),
        column("typndims", Integer),
        column("typcollation", Oid),
        column("typdefault", Text),
        column("typacl", TextArray),
    ],
    rows: Some(|_| {
        let arrays = TYPES.iter().map(|element| {
            let name = format!("_{}", element.name);
            let of = Type::of(element.array_oid);
            row_of(
                element.array_oid,
                name,
                of,
                element.oid,
                0,
                element.collation(),
            )
        });
        let scalars = TYPES.iter().map(|of| {
            let name = of.name.to_owned();
            row_of(of.oid, name, of, 0, of.array_oid, of.collation())
        });
        Ok(scalars.chain(arrays).collect())
    }),
};

fn row_of(oid: u32, name: String, of: &Type, element: u32, array: u32, collation: i64) -> Row {
    // A pseudo-type, such as `record`, is no type of a column of a table.
    let kind = if of.category == "P" { "p" } else { "b" };
    let is_preferred = matches!(
        name.as_str(),
        "text" | "bool" | "float8" | "oid" | "timestamptz"
    );
    row![
        i64::from(oid),
        name,
        NAMESPACE,
        OWNER,
        of.length(),
        of.by_value(),
        kind,
        of.category,
        is_preferred,
        true,
        ",",
        0,
        i64::from(element),
        i64::from(array),
        of.align(),
        of.storage(),
        false,
        0,
        -1,
        0,
        collation,
        Value::Null,
        Value::Null,
    ]
}
