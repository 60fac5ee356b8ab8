//! `pg_stat_activity`: the connections, and the refreshes that the scheduler runs.

use std::collections::BTreeSet;

use super::OWNER;
use super::table::{Rows, Value, row};

/// The number of the one database.
pub(super) const DATABASE: i64 = 5;

pub static TABLE: Rows = Rows {
    of: "pg_stat_activity",
    make: |sources| {
        let locks = sources.relation_locks().into_iter();
        let waiting = locks.filter(|lock| lock.waits_since.is_some());
        let waiting: BTreeSet<i32> = waiting.map(|lock| lock.process).collect();
        let sessions = sources.sessions().into_iter();
        let rows = sessions.map(|session| {
            let address = session.client.as_deref();
            let (host, port) = match address.and_then(|address| address.rsplit_once(':')) {
                Some((host, port)) => {
                    let host = host.trim_matches(['[', ']']).to_owned();
                    (Some(host), port.parse::<i64>().ok())
                }
                None => (None, None),
            };
            let waits = session.is_shown && waiting.contains(&session.pid);
            row![
                DATABASE,
                session.database,
                i64::from(session.pid),
                Value::Null,
                OWNER,
                session.user,
                session.application_name,
                host,
                Value::Null,
                port,
                session.connected_at,
                session.transaction_started_at,
                session.query_started_at,
                Value::Null,
                waits.then_some("Lock"),
                waits.then_some("relation"),
                session.state,
                Value::Null,
                Value::Null,
                Value::Null,
                session.query,
                session.backend_type,
            ]
        });
        Ok(rows.collect())
    },
};
