//! `pg_database`: there is one.

use super::OWNER;
use super::table::{Rows, Value, row};

/// The number of the one database; PostgreSQL's for `postgres`.
const DATABASE: i64 = 5;
/// The number of `pg_database`.
const DATABASES: i64 = 1262;
/// PostgreSQL's number of UTF-8.
const UTF8: i64 = 6;

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
            0,
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
    make: |_| {
        let comment = "the warehouse";
        Ok(vec![row![DATABASE, DATABASES, comment]])
    },
};
