//! `pg_database`: there is one.

use super::OWNER;
use super::table::{PgTable, Value, column, row};
use crate::catalog::system::ColumnType::{Bigint, Boolean, Integer, Oid, Text, TextArray};

/// The number of the one database; PostgreSQL's for `postgres`.
const DATABASE: i64 = 5;
/// PostgreSQL's number of UTF-8.
const UTF8: i64 = 6;

pub static TABLE: PgTable = PgTable {
    name: "pg_database",
    oid: 1262,
    columns: &[
        column("oid", Oid),
        column("datname", Text),
        column("datdba", Oid),
        column("encoding", Integer),
        column("datlocprovider", Text),
        column("datistemplate", Boolean),
        column("datallowconn", Boolean),
        column("datconnlimit", Integer),
        column("datfrozenxid", Bigint),
        column("datminmxid", Bigint),
        column("dattablespace", Oid),
        column("datcollate", Text),
        column("datctype", Text),
        column("daticulocale", Text),
        column("datcollversion", Text),
        column("datacl", TextArray),
    ],
    rows: Some(|sources| {
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
    }),
};

/// `pg_shdescription`: comments on databases and roles.
pub static SHARED_DESCRIPTION: PgTable = PgTable {
    name: "pg_shdescription",
    oid: 2396,
    columns: &[
        column("objoid", Oid),
        column("classoid", Oid),
        column("description", Text),
    ],
    rows: Some(|_| {
        let comment = "the warehouse";
        Ok(vec![row![DATABASE, TABLE.oid, comment]])
    }),
};
