//! `pg_roles` and `pg_user`: there is one role, which owns everything.

use super::OWNER;
use super::table::{PgTable, Value, column, row};
use crate::catalog::system::ColumnType::{Boolean, Integer, Oid, Text, TextArray, Timestamptz};

pub static TABLE: PgTable = PgTable {
    name: "pg_roles",
    oid: 12100,
    columns: &[
        column("rolname", Text),
        column("rolsuper", Boolean),
        column("rolinherit", Boolean),
        column("rolcreaterole", Boolean),
        column("rolcreatedb", Boolean),
        column("rolcanlogin", Boolean),
        column("rolreplication", Boolean),
        column("rolconnlimit", Integer),
        column("rolpassword", Text),
        column("rolvaliduntil", Timestamptz),
        column("rolbypassrls", Boolean),
        column("rolconfig", TextArray),
        column("oid", Oid),
    ],
    rows: Some(|sources| {
        Ok(vec![row![
            sources.owner(),
            true,
            true,
            false,
            false,
            true,
            false,
            -1,
            "********",
            Value::Null,
            true,
            Value::Null,
            OWNER,
        ]])
    }),
};

pub static USERS: PgTable = PgTable {
    name: "pg_user",
    oid: 12101,
    columns: &[
        column("usename", Text),
        column("usesysid", Oid),
        column("usecreatedb", Boolean),
        column("usesuper", Boolean),
        column("userepl", Boolean),
        column("usebypassrls", Boolean),
        column("passwd", Text),
        column("valuntil", Timestamptz),
        column("useconfig", TextArray),
    ],
    rows: Some(|sources| {
        Ok(vec![row![
            sources.owner(),
            OWNER,
            false,
            true,
            false,
            true,
            "********",
            Value::Null,
            Value::Null,
        ]])
    }),
};
