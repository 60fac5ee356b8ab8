//! `pg_namespace`: schemas.

use super::OWNER;
use super::relation::namespaces;
use super::table::{PgTable, Value, column, row};
use crate::catalog::system::ColumnType::{Oid, Text, TextArray};

pub static TABLE: PgTable = PgTable {
    name: "pg_namespace",
    oid: 2615,
    columns: &[
        column("oid", Oid),
        column("nspname", Text),
        column("nspowner", Oid),
        column("nspacl", TextArray),
    ],
    rows: Some(|sources| {
        let all = namespaces(&sources.snapshot());
        Ok(all
            .into_iter()
            .map(|schema| row![schema.oid, schema.name, OWNER, Value::Null])
            .collect())
    }),
};
