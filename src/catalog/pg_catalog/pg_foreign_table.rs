//! `pg_foreign_table`, `pg_foreign_server` and `pg_foreign_data_wrapper`: external tables, their
//! formats as servers, and the one way that all of them are read by, if there are any: a dump makes all
//! wrappers anew.

use std::collections::BTreeSet;

use super::OWNER;
use super::relation::{Relation, relations};
use super::table::{Rows, Value, row};
use crate::catalog::system::SystemSources;
use crate::sql::Statement;

/// The formats get numbers from here in the order of their names.
const FIRST_SERVER: i64 = 15_200;
/// The number of the wrapper.
const FILES: i64 = 15_100;

pub static TABLE: Rows = Rows {
    of: "pg_foreign_table",
    make: |sources| {
        let servers = servers(sources);
        Ok(relations(sources)
            .iter()
            .filter_map(|relation| {
                let format = format(relation)?;
                let (oid, _) = servers.iter().find(|(_, server)| *server == format)?;
                Some(row![relation.oid, *oid, Value::Null])
            })
            .collect())
    },
};

pub static SERVER: Rows = Rows {
    of: "pg_foreign_server",
    make: |sources| {
        Ok(servers(sources)
            .into_iter()
            .map(|(oid, name)| {
                row![
                    oid,
                    name,
                    OWNER,
                    FILES,
                    Value::Null,
                    Value::Null,
                    Value::Null,
                    Value::Null,
                ]
            })
            .collect())
    },
};

pub static WRAPPER: Rows = Rows {
    of: "pg_foreign_data_wrapper",
    make: |sources| {
        let is_used = !servers(sources).is_empty();
        let name = "files";
        let wrapper = || row![FILES, name, OWNER, 0, 0, Value::Null, Value::Null];
        Ok(is_used.then(wrapper).into_iter().collect())
    },
};

fn servers(sources: &dyn SystemSources) -> Vec<(i64, String)> {
    let all = relations(sources);
    let formats: BTreeSet<String> = all.iter().filter_map(|it| format(it)).collect();
    (FIRST_SERVER..).zip(formats).collect()
}

fn format(relation: &Relation) -> Option<String> {
    match &relation.object.as_ref()?.definition {
        Statement::CreateExternalTable(create) => Some(create.format.to_lowercase()),
        _ => None,
    }
}
