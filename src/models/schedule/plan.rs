//! What is to be refreshed at a moment, and when to look again: no clock and no disk.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::freshness::{Freshness, delta};
use super::standing::Standing;
use crate::catalog::{Kind, Object, Oid, Snapshot};

/// The wait after the first failure; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait, and that of an object whose retries are used up.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// An object that the scheduler looks after.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// When it is to be refreshed.
    pub freshness: Freshness,
    /// What it reads that the scheduler looks after too, directly or through others.
    pub upstream: BTreeSet<Oid>,
    /// Whether sources are among what it reads: they tell nobody that they change.
    pub reads_sources: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// What the scheduler looks after: all that says when to refresh it, and is not suspended.
pub fn scheduled(snapshot: &Snapshot) -> BTreeMap<Oid, Scheduled> {
    let own: BTreeMap<Oid, Freshness> = snapshot
        .objects()
        .filter(|object| object.kind.is_refreshed() && !object.suspended)
        .filter_map(|object| Some((object.oid, Freshness::of(&object.definition).ok()??)))
        .collect();
    let of = |oid: &Oid, freshness: &Freshness| {
        let object = snapshot.object(*oid)?;
        let read = read_by(snapshot, object);
        Some(Scheduled {
            freshness: freshness.clone(),
            upstream: read
                .keys()
                .copied()
                .filter(|read| own.contains_key(read))
                .collect(),
            reads_sources: read.values().any(|kind| *kind == Kind::ExternalTable),
            created_at: object.created_at,
        })
    };
    own.iter()
        .filter_map(|(oid, freshness)| Some((*oid, of(oid, freshness)?)))
        .collect()
}

/// What an object reads, directly or through others.
fn read_by(snapshot: &Snapshot, object: &Object) -> BTreeMap<Oid, Kind> {
    let mut found = BTreeMap::new();
    let mut open: Vec<Oid> = object.depends_on.iter().copied().collect();
    while let Some(oid) = open.pop() {
        if let Some(read) = snapshot.object(oid)
            && found.insert(oid, read.kind).is_none()
        {
            open.extend(&read.depends_on);
        }
    }
    found
}

impl Scheduled {
    /// When it is due by itself; none where only something else brings it about.
    pub fn due(&self, standing: &Standing, retries: u32) -> Option<DateTime<Utc>> {
        let retry = standing.failed_at.map(|failed| {
            let wait = if standing.failures <= retries {
                let doubled = FIRST_WAIT.saturating_mul(1 << (standing.failures - 1).min(16));
                doubled.min(LONGEST_WAIT)
            } else {
                LONGEST_WAIT
            };
            failed + delta(wait)
        });
        match &self.freshness {
            Freshness::Downstream => None,
            Freshness::Within(lag) => Some(retry.unwrap_or_else(|| match standing.fresh_at {
                Some(fresh) => {
                    // A refresh takes time too, and may take some more than the last one did.
                    let ahead = standing.took * 5 / 4;
                    fresh + delta(*lag) - ahead.min(delta(*lag) / 2)
                }
                None => self.created_at,
            })),
            Freshness::Continuous(lag) => {
                let polled = || Some(standing.fresh_at? + delta(*lag));
                let due = match standing.changed_at {
                    Some(changed) => Some(changed),
                    None if self.reads_sources || standing.tells_time => polled(),
                    None => None,
                };
                // What has failed may succeed though nothing has changed.
                match retry {
                    Some(retry) => Some(due.map_or(retry, |due| due.max(retry))),
                    None => due,
                }
            }
            Freshness::At(schedule) => {
                let last = standing.tried_at.unwrap_or(self.created_at);
                let regular = schedule.after(last);
                let retry = retry.filter(|_| standing.failures <= retries);
                retry.into_iter().chain(regular).min()
            }
        }
    }
}

/// What can begin now, and when the next one is due.
pub fn next(
    scheduled: &BTreeMap<Oid, Scheduled>,
    standings: &BTreeMap<Oid, Standing>,
    running: &BTreeSet<Oid>,
    retries: u32,
    now: DateTime<Utc>,
) -> (Vec<Oid>, Option<DateTime<Utc>>) {
    let none = Standing::default();
    let standing = |oid: &Oid| standings.get(oid).unwrap_or(&none);
    let mut needed: BTreeMap<Oid, DateTime<Utc>> = BTreeMap::new();
    let mut wake = None;
    for (oid, object) in scheduled {
        match object.due(standing(oid), retries) {
            Some(due) if due <= now => drop(needed.insert(*oid, due)),
            Some(due) => wake = Some(wake.map_or(due, |wake: DateTime<Utc>| wake.min(due))),
            None => {}
        }
    }
    // What is due is to hold what its inputs hold at that moment.
    let due: Vec<(Oid, DateTime<Utc>)> = needed.iter().map(|(oid, due)| (*oid, *due)).collect();
    for (oid, due) in due {
        for upstream in scheduled
            .get(&oid)
            .into_iter()
            .flat_map(|object| &object.upstream)
        {
            let is_pulled = scheduled
                .get(upstream)
                .is_some_and(|object| object.freshness.is_pulled());
            if is_pulled && standing(upstream).tried_at.is_none_or(|tried| tried < due) {
                needed.entry(*upstream).or_insert(due);
            }
        }
    }
    let can_begin = |oid: &&Oid| {
        let waits_for =
            |upstream: &Oid| needed.contains_key(upstream) || running.contains(upstream);
        !running.contains(oid)
            && scheduled
                .get(oid)
                .is_some_and(|object| !object.upstream.iter().any(waits_for))
    };
    (needed.keys().filter(can_begin).copied().collect(), wake)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many seconds after the beginning.
    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(seconds)
    }

    fn object(option: &str, upstream: &[Oid]) -> Scheduled {
        Scheduled {
            freshness: match option.parse() {
                Ok(lag) => lag,
                Err(_) => Freshness::At(option.parse().unwrap()),
            },
            upstream: upstream.iter().copied().collect(),
            reads_sources: false,
            created_at: at(0),
        }
    }

    fn fresh(seconds: i64) -> Standing {
        let mut standing = Standing::default();
        standing.succeed(at(seconds));
        standing
    }

    #[test]
    fn a_refresh_begins_so_early_that_the_lag_is_kept() {
        let object = object("10 minutes", &[]);
        let mut standing = fresh(100);
        assert_eq!(object.due(&standing, 5), Some(at(700)));
        standing.took = chrono::TimeDelta::seconds(80);
        assert_eq!(object.due(&standing, 5), Some(at(600)));
        // One that takes longer than its lag does not run all the time.
        standing.took = chrono::TimeDelta::seconds(3000);
        assert_eq!(object.due(&standing, 5), Some(at(400)));
        assert_eq!(object.due(&Standing::default(), 5), Some(at(0)));
    }

    #[test]
    fn missed_runs_are_caught_up_once() {
        let object = object("USING CRON 0 * * * *", &[]);
        let mut standing = fresh(1800);
        // The server was away for five hours.
        let now = at(5 * 3600 + 60);
        assert!(object.due(&standing, 5).unwrap() <= now);
        standing.succeed(now);
        assert_eq!(object.due(&standing, 5), Some(at(6 * 3600)));
    }

    #[test]
    fn failures_wait_twice_as_long_each_time_up_to_a_limit() {
        let view = object("10 seconds", &[]);
        let daily = object("USING CRON 0 0 * * *", &[]);
        let mut standing = fresh(0);
        let mut waits = Vec::new();
        for _ in 0..6 {
            standing.fail(at(100), at(100));
            let due = view.due(&standing, 5).unwrap();
            waits.push((due - at(100)).num_seconds());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 3600]);
        // A schedule goes on with its next run when the retries are used up.
        assert_eq!(daily.due(&standing, 5), Some(at(86_400)));
        assert_eq!(daily.due(&standing, 6), Some(at(132)));
        standing.succeed(at(200));
        assert_eq!(view.due(&standing, 5), Some(at(210)));
    }

    #[test]
    fn upstream_comes_first_and_once() {
        // 1 <- 2 <- 3, of which the last alone has a lag.
        let scheduled: BTreeMap<Oid, Scheduled> = [
            (1, object("DOWNSTREAM", &[])),
            (2, object("1 hour", &[1])),
            (3, object("1 minute", &[1, 2])),
            (4, object("DOWNSTREAM", &[])),
        ]
        .into();
        let mut standings: BTreeMap<Oid, Standing> = (1..5).map(|oid| (oid, fresh(0))).collect();
        let mut running = BTreeSet::new();
        let begin = |standings: &BTreeMap<Oid, Standing>, running: &BTreeSet<Oid>, seconds| {
            next(&scheduled, standings, running, 5, at(seconds))
        };
        assert_eq!(begin(&standings, &running, 59), (vec![], Some(at(60))));
        assert_eq!(begin(&standings, &running, 61).0, [1]);
        running.insert(1);
        assert!(begin(&standings, &running, 62).0.is_empty());
        running.clear();
        standings.insert(1, fresh(61));
        assert_eq!(begin(&standings, &running, 63).0, [2]);
        // What fails does not keep others from what there is.
        standings.entry(2).or_default().fail(at(63), at(63));
        assert_eq!(begin(&standings, &running, 63).0, [3]);
        standings.insert(3, fresh(63));
        assert_eq!(begin(&standings, &running, 63), (vec![], Some(at(64))));
    }

    #[test]
    fn below_a_second_changes_are_waited_for() {
        let mut object = object("500 ms", &[]);
        let mut standing = fresh(10);
        assert_eq!(object.due(&standing, 5), None);
        standing.changed_at = Some(at(20));
        assert_eq!(object.due(&standing, 5), Some(at(20)));
        standing.succeed(at(19));
        assert_eq!(object.due(&standing, 5), Some(at(20)), "changed since");
        standing.succeed(at(21));
        assert_eq!(object.due(&standing, 5), None);
        object.reads_sources = true;
        assert!(object.due(&standing, 5).unwrap() < at(22));
    }
}
