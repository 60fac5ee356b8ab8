//! `pg_stat_ssl` and `pg_stat_gssapi`: what encrypts connections. As in PostgreSQL, each sees those that
//! it may see the statements of.

use super::table::{Rows, Value, row};
use crate::catalog::system::{SessionInfo, SystemSources};

fn shown(sources: &dyn SystemSources) -> impl Iterator<Item = SessionInfo> {
    let sessions = sources.sessions().into_iter();
    sessions.filter(|session| session.is_shown && session.client.is_some())
}

pub static TABLE: Rows = Rows {
    of: "pg_stat_ssl",
    make: |sources| {
        let rows = shown(sources).map(|session| {
            let pid = i64::from(session.pid);
            let Some(encryption) = session.encryption else {
                let mut row = row![pid, false];
                row.resize(COLUMNS, Value::Null);
                return row;
            };
            row![
                pid,
                true,
                encryption.version,
                encryption.cipher,
                i64::from(encryption.bits),
                encryption.client_dn.clone(),
                encryption.client_serial.clone(),
                encryption.issuer_dn.clone(),
            ]
        });
        Ok(rows.collect())
    },
};

/// So many columns `pg_stat_ssl` has.
const COLUMNS: usize = 8;

pub static GSSAPI: Rows = Rows {
    of: "pg_stat_gssapi",
    make: |sources| {
        let rows =
            shown(sources).map(|session| row![i64::from(session.pid), false, Value::Null, false]);
        Ok(rows.collect())
    },
};
