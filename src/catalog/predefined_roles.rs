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

/// All of them, with the numbers that they have in each PostgreSQL. What members of the others may do, all may
/// here.
const ALL: [(&str, Oid); 8] = [
    (MONITORS, 3373),
    ("pg_read_all_settings", 3374),
    (SEES_SESSIONS, 3375),
    ("pg_stat_scan_tables", 3377),
    (SIGNALS, 4200),
    ("pg_checkpoint", 4544),
    (READS_ALL, 6181),
    (WRITES_ALL, 6182),
];

/// The number of a role that is there without being made.
pub fn predefined(name: &str) -> Option<Oid> {
    let role = ALL.iter().find(|(of, _)| *of == name);
    role.map(|(_, number)| *number)
}

impl Snapshot {
    /// Those that have not been granted, which are shown beside the roles of the catalog.
    pub fn ungranted_roles(&self) -> impl Iterator<Item = (&'static str, Oid)> {
        ALL.into_iter()
            .filter(|(name, _)| self.role(name).is_none())
    }

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
