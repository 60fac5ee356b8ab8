//! `pg_tables`: tables, as a view for people.

use super::relation::relations;
use super::table::{PgTable, Value, column, row};
use crate::catalog::system::ColumnType::{Boolean, Text};

pub static TABLE: PgTable = PgTable {
    name: "pg_tables",
    oid: 12102,
    columns: &[
        column("schemaname", Text),
        column("tablename", Text),
        column("tableowner", Text),
        column("tablespace", Text),
        column("hasindexes", Boolean),
        column("hasrules", Boolean),
        column("hastriggers", Boolean),
        column("rowsecurity", Boolean),
    ],
    rows: Some(|sources| {
        Ok(relations(sources)
            .into_iter()
            .filter(|relation| relation.kind == "r")
            .map(|relation| {
                row![
                    relation.schema,
                    relation.name,
                    sources.owner(),
                    Value::Null,
                    false,
                    false,
                    false,
                    false,
                ]
            })
            .collect())
    }),
};
