//! `pg_am`: access methods. Relations have the one of PostgreSQL's own tables, by name alone.

use super::table::{PgTable, column, row};
use crate::catalog::system::ColumnType::{Oid, Text};

/// PostgreSQL's number of `heap`.
pub const HEAP: i64 = 2;

pub static TABLE: PgTable = PgTable {
    name: "pg_am",
    oid: 2601,
    columns: &[
        column("oid", Oid),
        column("amname", Text),
        column("amhandler", Oid),
        column("amtype", Text),
    ],
    rows: Some(|_| Ok(vec![row![HEAP, "heap", 0, "t"]])),
};
