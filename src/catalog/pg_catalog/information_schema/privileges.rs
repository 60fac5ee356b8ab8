//! `information_schema.table_privileges` and `role_table_grants`: the one role may do everything.

use super::super::table::{Row, Rows, row};
use super::{shown, yes_or_no};
use crate::catalog::system::SystemSources;
use crate::error::Result;

/// What may be granted on a relation.
const PRIVILEGES: [&str; 7] = [
    "INSERT",
    "SELECT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "REFERENCES",
    "TRIGGER",
];

pub static TABLE: Rows = Rows {
    of: "table_privileges",
    make: rows,
};

pub static GRANTS: Rows = Rows {
    of: "role_table_grants",
    make: rows,
};

fn rows(sources: &dyn SystemSources) -> Result<Vec<Row>> {
    let (database, owner) = (sources.database(), sources.owner());
    let mut rows = Vec::new();
    for relation in shown(sources).filter(|relation| relation.object.is_some()) {
        rows.extend(PRIVILEGES.map(|privilege| {
            row![
                owner.as_str(),
                owner.as_str(),
                database.as_str(),
                relation.schema.as_str(),
                relation.name.as_str(),
                privilege,
                "YES",
                yes_or_no(privilege == "SELECT"),
            ]
        }));
    }
    Ok(rows)
}
