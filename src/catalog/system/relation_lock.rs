//! Locks of relations, as `pg_locks` shows them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::catalog::Oid;

/// What a lock of a relation keeps from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationLockMode {
    /// To take it away, or to change what it is.
    RowExclusive,
    /// To change its rows.
    Share,
    /// To change its rows, or to have them stay.
    Exclusive,
    /// All that changes it.
    AccessExclusive,
}

impl RelationLockMode {
    /// PostgreSQL's name of a lock that keeps most of it from others.
    pub fn name(self) -> &'static str {
        match self {
            Self::RowExclusive => "RowExclusiveLock",
            Self::Share => "ShareLock",
            Self::Exclusive => "ExclusiveLock",
            Self::AccessExclusive => "AccessExclusiveLock",
        }
    }

    /// Whether another session waits for one in this mode that wants one in that.
    fn keeps_from(self, wanted: Self) -> bool {
        match (self, wanted) {
            (Self::AccessExclusive, _) | (_, Self::AccessExclusive) => true,
            (Self::RowExclusive, _) | (_, Self::RowExclusive) => false,
            (Self::Share, Self::Share) => false,
            (Self::Share | Self::Exclusive, _) => true,
        }
    }
}

/// A lock of a relation that a session has, or waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationLock {
    /// The number of the session.
    pub process: i32,
    /// The relation.
    pub relation: Oid,
    /// What it keeps from others.
    pub mode: RelationLockMode,
    /// Since when it is waited for; none once the session has it.
    pub waits_since: Option<DateTime<Utc>>,
}

impl RelationLock {
    /// Whether who wants another lock waits for this one: it was given, or is waited for longer.
    fn is_before(&self, other: &Self) -> bool {
        self.process != other.process
            && self.relation == other.relation
            && self.mode.keeps_from(other.mode)
            && self.waits_since < other.waits_since
    }
}

/// The sessions that keep one from the lock that it waits for.
pub fn blocking(locks: &[RelationLock], process: i32) -> Vec<i32> {
    let waiting = locks.iter();
    let waiting = waiting.filter(|it| it.process == process && it.waits_since.is_some());
    let before = waiting.flat_map(|own| locks.iter().filter(|other| other.is_before(own)));
    let processes: BTreeSet<i32> = before.map(|other| other.process).collect();
    processes.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::RelationLockMode::{AccessExclusive, Exclusive, RowExclusive, Share};
    use super::*;

    #[test]
    fn those_that_have_it_or_came_before_are_in_the_way() {
        let lock = |process, relation, mode, waits: Option<i64>| RelationLock {
            process,
            relation,
            mode,
            waits_since: waits.map(|second| DateTime::from_timestamp(second, 0).unwrap()),
        };
        let locks = [
            lock(1, 7, RowExclusive, None),
            lock(2, 7, Share, None),
            lock(3, 7, Share, None),
            lock(4, 7, Exclusive, Some(10)),
            lock(5, 7, AccessExclusive, Some(20)),
            lock(6, 8, Exclusive, None),
            lock(6, 7, Share, Some(30)),
        ];
        // One that has a lock waits for nobody.
        assert!(blocking(&locks, 1).is_empty());
        assert!(blocking(&locks, 2).is_empty());
        assert_eq!(blocking(&locks, 4), [2, 3]);
        assert_eq!(blocking(&locks, 5), [1, 2, 3, 4]);
        assert_eq!(blocking(&locks, 6), [4, 5]);
        assert!(blocking(&locks, 9).is_empty());
    }
}
