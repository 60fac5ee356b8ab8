//! `pg_database`: there is one.

use super::OWNER;
use super::table::{Rows, Value, row};
use crate::catalog::system::SystemSources;
use crate::catalog::{Kind, Snapshot};

/// The number of the one database; PostgreSQL's for `postgres`.
const DATABASE: i64 = 5;
/// The number of `pg_database`.
const DATABASES: i64 = 1262;
/// PostgreSQL's number of UTF-8.
const UTF8: i64 = 6;
/// The number of `pg_authid`.
const ROLES: i64 = 1260;
/// The number of the tablespace `pg_default`.
const DEFAULT_TABLESPACE: i64 = 1663;
/// What the database is, until something else is said of it.
const COMMENT: &str = "the warehouse";

pub static TABLE: Rows = Rows {
    of: "pg_database",
    make: |sources| {
        Ok(vec![row![
            DATABASE,
            sources.database(),
            OWNER,
            UTF8,
            "c",
            false,
            true,
            -1,
            0,
            0,
            DEFAULT_TABLESPACE,
            "C.UTF-8",
            "C.UTF-8",
            Value::Null,
            Value::Null,
            Value::Null,
        ]])
    },
};

/// `pg_shdescription`: comments on databases and roles.
pub static SHARED_DESCRIPTION: Rows = Rows {
    of: "pg_shdescription",
    make: |sources| {
        let snapshot = sources.snapshot();
        let mut rows = Vec::new();
        if let Some(comment) = database_comment(&snapshot) {
            rows.push(row![DATABASE, DATABASES, comment]);
        }
        for (role, _) in snapshot.roles() {
            if let Some(comment) = &role.comment {
                rows.push(row![i64::from(role.oid), ROLES, comment.as_str()]);
            }
        }
        Ok(rows)
    },
};

/// The comment on a database or a role, by the number of the table that lists it and its own.
pub fn shared_comment(sources: &dyn SystemSources, class: i64, oid: i64) -> Option<String> {
    match (class, oid) {
        (DATABASES, DATABASE) => database_comment(&sources.snapshot()).map(str::to_owned),
        (ROLES, oid) => {
            let snapshot = sources.snapshot();
            let role = snapshot.object(u32::try_from(oid).ok()?)?;
            (role.kind == Kind::Role).then(|| role.comment.clone())?
        }
        _ => None,
    }
}

/// The comment on the database.
fn database_comment(snapshot: &Snapshot) -> Option<&str> {
    let comment = snapshot.database_comment().unwrap_or(COMMENT);
    (!comment.is_empty()).then_some(comment)
}
