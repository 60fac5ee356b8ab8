//! `pg_class`: relations.

use super::OWNER;
use super::pg_am::HEAP;
use super::relation::{Relation, relations};
use super::table::{PgTable, Row, Value, column, row};
use crate::catalog::system::ColumnType::{
    Bigint, Boolean, Integer, Oid, Real, Smallint, Text, TextArray,
};
use crate::catalog::system::SystemSources;

pub static TABLE: PgTable = PgTable {
    name: "pg_class",
    oid: 1259,
    columns: &[
        column("oid", Oid),
        column("relname", Text),
        column("relnamespace", Oid),
        column("reltype", Oid),
        column("reloftype", Oid),
        column("relowner", Oid),
        column("relam", Oid),
        column("relfilenode", Oid),
        column("reltablespace", Oid),
        column("relpages", Integer),
        column("reltuples", Real),
        column("relallvisible", Integer),
        column("reltoastrelid", Oid),
        column("relhasindex", Boolean),
        column("relisshared", Boolean),
        column("relpersistence", Text),
        column("relkind", Text),
        column("relnatts", Smallint),
        column("relchecks", Smallint),
        column("relhasrules", Boolean),
        column("relhastriggers", Boolean),
        column("relhassubclass", Boolean),
        column("relrowsecurity", Boolean),
        column("relforcerowsecurity", Boolean),
        column("relispopulated", Boolean),
        column("relreplident", Text),
        column("relispartition", Boolean),
        column("relrewrite", Oid),
        column("relfrozenxid", Bigint),
        column("relminmxid", Bigint),
        column("relacl", TextArray),
        column("reloptions", TextArray),
        column("relpartbound", Text),
    ],
    rows: Some(|sources| {
        let states = sources.journal().model_states()?;
        let all = relations(sources);
        let version = |relation: &Relation| {
            let state = states.get(&relation.object.as_ref()?.oid)?;
            Some((state.version?, state.rows))
        };
        Ok(all
            .iter()
            .map(|relation| class(sources, relation, version(relation)))
            .collect())
    }),
};

/// The row of a relation; `version` is that of a materialized view with its rows.
fn class(
    sources: &dyn SystemSources,
    relation: &Relation,
    version: Option<(i64, Option<u64>)>,
) -> Row {
    let rows = match (&relation.object, relation.kind) {
        (Some(object), "r") => sources
            .table_statistics(object)
            .and_then(|statistics| statistics.rows),
        _ => version.and_then(|(_, rows)| rows),
    };
    // PostgreSQL says -1 where it does not know.
    let rows = rows.map_or(-1, |rows| i64::try_from(rows).unwrap_or(i64::MAX));
    let is_populated = relation.kind != "m" || version.is_some();
    let method = if matches!(relation.kind, "r" | "m") {
        HEAP
    } else {
        0
    };
    let columns = i64::try_from(relation.columns.fields().len()).unwrap_or(i64::MAX);
    row![
        relation.oid,
        relation.name.as_str(),
        relation.namespace,
        0,
        0,
        OWNER,
        method,
        0,
        0,
        0,
        rows,
        0,
        0,
        false,
        false,
        "p",
        relation.kind,
        columns,
        0,
        false,
        false,
        false,
        false,
        false,
        is_populated,
        "n",
        false,
        0,
        0,
        0,
        Value::Null,
        Value::Null,
        Value::Null,
    ]
}
