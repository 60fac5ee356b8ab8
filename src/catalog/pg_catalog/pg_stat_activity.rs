//! `pg_stat_activity`: the connections, and the refreshes that the scheduler runs.

use super::OWNER;
use super::table::{Rows, Value, row};

/// The number of the one database.
const DATABASE: i64 = 5;

pub static TABLE: Rows = Rows {
    of: "pg_stat_activity",
    make: |sources| {
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
                Value::Null,
                session.query_started_at,
                Value::Null,
                Value::Null,
                Value::Null,
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
