//! What PostgreSQL counts of its work: `pg_stat_all_tables`, `pg_stat_user_tables`, `pg_stat_database`,
//! `pg_stat_gssapi`, those of indexes, of blocks, of the background writer and of the archiver, and functions
//! of the same. Here rows of tables are known, and connections; what is not
//! counted is 0, as it is in a PostgreSQL that has just begun to count.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, number};
use super::relation::{Relation, relation, relations};
use super::table::{Row, Rows, Value, row};
use super::table_constraint::indexes_of;
use crate::catalog::system::SystemSources;

/// The number of the one database.
const DATABASE: i64 = 5;

/// Functions of relations that count what is not counted here.
const OF_NOTHING: [&str; 9] = [
    "pg_stat_get_numscans",
    "pg_stat_get_tuples_returned",
    "pg_stat_get_tuples_fetched",
    "pg_stat_get_tuples_inserted",
    "pg_stat_get_tuples_updated",
    "pg_stat_get_tuples_deleted",
    "pg_stat_get_dead_tuples",
    "pg_stat_get_blocks_fetched",
    "pg_stat_get_blocks_hit",
];

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    let udf = |name, call| {
        let arguments: &[&[DataType]] = &[&[BIGINT]];
        CatalogFunction::udf(name, arguments, BIGINT, Call::Answer(call))
    };
    let nothing = |name| {
        udf(name, |_, values| {
            ScalarValue::Int64(number(values, 0).map(|_| 0))
        })
    };
    let mut all: Vec<ScalarUDF> = OF_NOTHING.map(nothing).into();
    all.push(udf("pg_stat_get_live_tuples", |sources, values| {
        ScalarValue::Int64(number(values, 0).map(|oid| {
            let found = relation(sources, oid);
            found.map_or(0, |relation| live_rows(sources, &relation))
        }))
    }));
    all
}

/// The rows of a table, where its log tells them.
fn live_rows(sources: &dyn SystemSources, relation: &Relation) -> i64 {
    let object = relation.object.as_ref().filter(|_| relation.kind == "r");
    let known = object.and_then(|object| sources.table_statistics(object)?.rows);
    known.map_or(0, |rows| i64::try_from(rows).unwrap_or(i64::MAX))
}

pub static ALL_TABLES: Rows = Rows {
    of: "pg_stat_all_tables",
    make: |sources| Ok(tables(sources, |_| true)),
};

pub static USER_TABLES: Rows = Rows {
    of: "pg_stat_user_tables",
    make: |sources| Ok(tables(sources, |relation| relation.object.is_some())),
};

fn tables(sources: &dyn SystemSources, is_wanted: fn(&Relation) -> bool) -> Vec<Row> {
    let all = relations(sources).into_iter();
    let all = all.filter(|relation| matches!(relation.kind, "r" | "m") && is_wanted(relation));
    let rows = all.map(|relation| {
        let live = live_rows(sources, &relation);
        row![
            relation.oid,
            relation.schema.as_str(),
            relation.name.as_str(),
            0,
            0,
            Value::Null,
            Value::Null,
            0,
            0,
            0,
            0,
            live,
            0,
            0,
            0,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            0,
            0,
            0,
            0,
        ]
    });
    rows.collect()
}

pub static ALL_INDEXES: Rows = Rows {
    of: "pg_stat_all_indexes",
    make: |sources| Ok(indexes(sources, 3)),
};

pub static USER_INDEXES: Rows = Rows {
    of: "pg_stat_user_indexes",
    make: |sources| Ok(indexes(sources, 3)),
};

pub static BLOCKS_OF_ALL_INDEXES: Rows = Rows {
    of: "pg_statio_all_indexes",
    make: |sources| Ok(indexes(sources, 2)),
};

pub static BLOCKS_OF_USER_INDEXES: Rows = Rows {
    of: "pg_statio_user_indexes",
    make: |sources| Ok(indexes(sources, 2)),
};

/// The indexes, which are all of users' tables, each with so many counters.
fn indexes(sources: &dyn SystemSources, counters: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for relation in relations(sources) {
        let has_rows = matches!(relation.kind, "r" | "m");
        let object = relation.object.as_deref().filter(|_| has_rows);
        for index in object.into_iter().flat_map(indexes_of) {
            let mut row = row![
                relation.oid,
                index.oid(),
                relation.schema.as_str(),
                relation.name.as_str(),
                index.name(),
            ];
            row.extend((0..counters).map(|_| Value::Number(0)));
            rows.push(row);
        }
    }
    rows
}

pub static BLOCKS_OF_ALL_TABLES: Rows = Rows {
    of: "pg_statio_all_tables",
    make: |sources| Ok(blocks(sources, |_| true)),
};

pub static BLOCKS_OF_USER_TABLES: Rows = Rows {
    of: "pg_statio_user_tables",
    make: |sources| Ok(blocks(sources, |relation| relation.object.is_some())),
};

/// As in PostgreSQL, there are no counters of the indexes that a table does not have, nor of its TOAST table.
fn blocks(sources: &dyn SystemSources, is_wanted: fn(&Relation) -> bool) -> Vec<Row> {
    let all = relations(sources).into_iter();
    let all = all.filter(|relation| matches!(relation.kind, "r" | "m") && is_wanted(relation));
    let rows = all.map(|relation| {
        let object = relation.object.as_deref().into_iter();
        let of_indexes = match object.flat_map(indexes_of).next() {
            Some(_) => Value::Number(0),
            None => Value::Null,
        };
        row![
            relation.oid,
            relation.schema.as_str(),
            relation.name.as_str(),
            0,
            0,
            of_indexes.clone(),
            of_indexes,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
        ]
    });
    rows.collect()
}

pub static ARCHIVER: Rows = Rows {
    of: "pg_stat_archiver",
    make: |sources| {
        Ok(vec![row![
            0,
            Value::Null,
            Value::Null,
            0,
            Value::Null,
            Value::Null,
            sources.started_at(),
        ]])
    },
};

pub static BACKGROUND_WRITER: Rows = Rows {
    of: "pg_stat_bgwriter",
    make: |sources| {
        let mut row = row![0, 0, 0.0, 0.0];
        row.extend((0..6).map(|_| Value::Number(0)));
        row.push(Value::Moment(sources.started_at()));
        Ok(vec![row])
    },
};

pub static OF_DATABASE: Rows = Rows {
    of: "pg_stat_database",
    make: |sources| {
        let connections = i64::try_from(sources.sessions().len()).unwrap_or(i64::MAX);
        let mut row = row![DATABASE, sources.database(), connections];
        // Counters, then those of checksums, which there are none of.
        row.extend((0..13).map(|_| Value::Number(0)));
        row.extend([Value::Null, Value::Null]);
        row.extend((0..5).map(|_| Value::Float(0.0)));
        row.extend((0..4).map(|_| Value::Number(0)));
        row.push(Value::Null);
        Ok(vec![row])
    },
};

pub static GSSAPI: Rows = Rows {
    of: "pg_stat_gssapi",
    make: |sources| {
        let sessions = sources.sessions().into_iter();
        let rows = sessions.map(|session| row![i64::from(session.pid), false, Value::Null, false]);
        Ok(rows.collect())
    },
};
