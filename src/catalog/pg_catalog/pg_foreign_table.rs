//! `pg_foreign_table` and `pg_foreign_server`: external tables, and their formats as servers.

use std::collections::BTreeSet;

use super::OWNER;
use super::relation::{Relation, relations};
use super::table::{PgTable, Value, column, row};
use crate::catalog::system::ColumnType::{Oid, Text, TextArray};
use crate::catalog::system::SystemSources;
use crate::sql::Statement;

/// The formats get numbers from here in the order of their names.
const FIRST_SERVER: i64 = 12200;

pub static TABLE: PgTable = PgTable {
    name: "pg_foreign_table",
    oid: 3118,
    columns: &[
        column("ftrelid", Oid),
        column("ftserver", Oid),
        column("ftoptions", TextArray),
    ],
    rows: Some(|sources| {
        let servers = servers(sources);
        Ok(relations(sources)
            .iter()
            .filter_map(|relation| {
                let format = format(relation)?;
                let (oid, _) = servers.iter().find(|(_, server)| *server == format)?;
                Some(row![relation.oid, *oid, Value::Null])
            })
            .collect())
    }),
};

pub static SERVER: PgTable = PgTable {
    name: "pg_foreign_server",
    oid: 1417,
    columns: &[
        column("oid", Oid),
        column("srvname", Text),
        column("srvowner", Oid),
        column("srvfdw", Oid),
        column("srvtype", Text),
        column("srvversion", Text),
        column("srvacl", TextArray),
        column("srvoptions", TextArray),
    ],
    rows: Some(|sources| {
        Ok(servers(sources)
            .into_iter()
            .map(|(oid, name)| {
                row![
                    oid,
                    name,
                    OWNER,
                    0,
                    Value::Null,
                    Value::Null,
                    Value::Null,
                    Value::Null,
                ]
            })
            .collect())
    }),
};

fn servers(sources: &dyn SystemSources) -> Vec<(i64, String)> {
    let formats: BTreeSet<String> = relations(sources).iter().filter_map(format).collect();
    (FIRST_SERVER..).zip(formats).collect()
}

fn format(relation: &Relation) -> Option<String> {
    match &relation.object.as_ref()?.definition {
        Statement::CreateExternalTable(create) => Some(create.format.to_lowercase()),
        _ => None,
    }
}
