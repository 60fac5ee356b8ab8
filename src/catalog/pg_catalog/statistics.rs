//! What PostgreSQL counts of its work: `pg_stat_all_tables`, `pg_stat_user_tables`, `pg_stat_database`,
//! `pg_stat_gssapi`, and functions of the same. Here rows of tables are known, and connections; what is not
//! counted is 0, as it is in a PostgreSQL that has just begun to count.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, number};
use super::relation::{Relation, relation, relations};
use super::table::{Row, Rows, Value, row};
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
