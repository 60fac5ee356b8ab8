//! `pg_locks`: the locks of relations that sessions have and wait for.

use super::pg_stat_activity::DATABASE;
use super::table::{Rows, Value, row};

pub static TABLE: Rows = Rows {
    of: "pg_locks",
    make: |sources| {
        let locks = sources.relation_locks().into_iter();
        let rows = locks.map(|lock| {
            row![
                "relation",
                DATABASE,
                i64::from(lock.relation),
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                format!("{}/0", lock.process),
                i64::from(lock.process),
                lock.mode.name(),
                lock.waits_since.is_none(),
                false,
                lock.waits_since,
            ]
        });
        Ok(rows.collect())
    },
};
