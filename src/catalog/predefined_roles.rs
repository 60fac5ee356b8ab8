//! Roles that every PostgreSQL has, but those that reach its server's files and programs. One becomes a role of
//! the catalog when it is first granted.

use std::collections::BTreeSet;

use super::privilege::Privilege;
use super::{Oid, Snapshot};

const READS_ALL: &str = "pg_read_all_data";
const WRITES_ALL: &str = "pg_write_all_data";
const MONITORS: &str = "pg_monitor";
const SEES_SESSIONS: &str = "pg_read_all_stats";
const SIGNALS: &str = "pg_signal_backend";

/// What members of the others may do, all may here.
const ALL: [&str; 8] = [
    READS_ALL,
    WRITES_ALL,
    MONITORS,
    SEES_SESSIONS,
    SIGNALS,
    "pg_read_all_settings",
    "pg_stat_scan_tables",
    "pg_checkpoint",
];

/// Whether a role of this name is there without being made.
pub fn is_predefined(name: &str) -> bool {
    ALL.contains(&name)
}

impl Snapshot {
    /// Whether members of these roles have a privilege on all relations.
    pub(super) fn has_on_all(&self, roles: &BTreeSet<Oid>, privilege: Privilege) -> bool {
        match privilege {
            Privilege::Select => self.is_among(roles, READS_ALL),
            Privilege::Insert | Privilege::Update | Privilege::Delete => {
                self.is_among(roles, WRITES_ALL)
            }
            _ => false,
        }
    }

    /// Whether members of these roles are shown what the sessions of others do.
    pub fn sees_sessions(&self, roles: &BTreeSet<Oid>) -> bool {
        self.is_among(roles, SEES_SESSIONS) || self.is_among(roles, MONITORS)
    }

    /// Whether members of these roles may stop what the sessions of others do that are no superusers'.
    pub fn signals_sessions(&self, roles: &BTreeSet<Oid>) -> bool {
        self.is_among(roles, SIGNALS)
    }

    fn is_among(&self, roles: &BTreeSet<Oid>, name: &str) -> bool {
        self.role(name)
            .is_some_and(|role| roles.contains(&role.oid))
    }
}
