//! What is to be refreshed at a moment, and when to look again: no clock and no disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::clock;
use super::freshness::{Freshness, delta};
use super::standing::Standing;
use crate::catalog::{Kind, Object, Oid, Snapshot};

/// The wait after the first failure; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait, and that of an object whose retries are used up.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// The longest wait where a table that it reads has changed since: that may have mended it.
const LONGEST_WAIT_AFTER_CHANGE: Duration = Duration::from_secs(60);

/// An object that the scheduler looks after.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// When it is to be refreshed.
    pub freshness: Freshness,
    /// What it reads, directly or through others.
    pub reads: BTreeSet<Oid>,
    /// What of it the scheduler looks after too.
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
        let read = snapshot.read_by(object);
        let oids = || read.iter().map(|object| object.oid);
        Some(Scheduled {
            freshness: freshness.clone(),
            upstream: oids().filter(|read| own.contains_key(read)).collect(),
            reads_sources: read.iter().any(|object| object.kind == Kind::ExternalTable),
            reads: oids().collect(),
            created_at: object.created_at,
        })
    };
    own.iter()
        .filter_map(|(oid, freshness)| Some((*oid, of(oid, freshness)?)))
        .collect()
}

/// The objects that have another definition than before, or none before.
pub fn redefined(before: &Snapshot, now: &Snapshot) -> BTreeSet<Oid> {
    let is_same = |object: &&Arc<Object>| {
        before
            .object(object.oid)
            .is_some_and(|old| Arc::ptr_eq(old, object) || old.definition == object.definition)
    };
    let others = now.objects().filter(|object| !is_same(object));
    others.map(|object| object.oid).collect()
}

impl Scheduled {
    /// Takes it for old where it is said to be created at a time that is yet to come: else nothing is due
    /// until then.
    pub fn doubt_creation(&mut self, now: DateTime<Utc>) {
        self.created_at = clock::past(self.created_at, now).unwrap_or(DateTime::UNIX_EPOCH);
    }

    /// When a refresh that failed is repeated; none where the last one did not.
    fn retry(&self, standing: &Standing, retries: u32) -> Option<DateTime<Utc>> {
        let failed = standing.failed_at?;
        let wait = if standing.failures <= retries {
            let doublings = standing.failures.saturating_sub(1).min(16);
            FIRST_WAIT.saturating_mul(1 << doublings)
        } else {
            LONGEST_WAIT
        };
        let longest = match standing.changed_at {
            Some(_) => LONGEST_WAIT_AFTER_CHANGE,
            None => LONGEST_WAIT,
        };
        Some(failed + delta(wait.min(longest)))
    }

    /// When it is due by itself; none where only something else brings it about.
    pub fn due(&self, standing: &Standing, retries: u32) -> Option<DateTime<Utc>> {
        let retry = self.retry(standing, retries);
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

/// That an object is to be looked at.
#[derive(Clone, Copy)]
struct Need {
    /// Since when.
    since: DateTime<Utc>,
    /// What it is to hold: what its inputs held at this moment, or later.
    as_of: DateTime<Utc>,
}

/// What the scheduler has in hand.
#[derive(Clone, Debug, Default)]
pub struct InHand {
    /// What it looks at now.
    pub running: BTreeSet<Oid>,
    /// What somebody else changes, who may take long.
    pub locked: BTreeSet<Oid>,
}

/// What can begin now, what has waited longest first, and when the next one is due.
///
/// What is due is to hold what its inputs held at that moment. So it pulls what it reads that was not
/// looked at since then, and waits for it. What was, it does not wait for, though that may be due
/// again: under a steady stream of changes it always is.
pub fn next(
    scheduled: &BTreeMap<Oid, Scheduled>,
    standings: &BTreeMap<Oid, Standing>,
    in_hand: &InHand,
    retries: u32,
    now: DateTime<Utc>,
) -> (Vec<Oid>, Option<DateTime<Utc>>) {
    let none = Standing::default();
    let standing = |oid: &Oid| standings.get(oid).unwrap_or(&none);
    let mut needed: BTreeMap<Oid, Need> = BTreeMap::new();
    let mut wake = None;
    for (oid, object) in scheduled {
        match object.due(standing(oid), retries) {
            Some(since) if since <= now => {
                let as_of = since;
                needed.insert(*oid, Need { since, as_of });
            }
            Some(due) => wake = Some(wake.map_or(due, |wake: DateTime<Utc>| wake.min(due))),
            None => {}
        }
    }
    let is_outdated =
        |oid: &Oid, as_of: DateTime<Utc>| standing(oid).tried_at.is_none_or(|tried| tried < as_of);
    let is_pulled = |oid: &Oid| {
        scheduled.get(oid).is_some_and(|object| {
            let retry = object.retry(standing(oid), retries);
            object.freshness.is_pulled() && retry.is_none_or(|retry| retry <= now)
        })
    };
    let due: Vec<(Oid, Need)> = needed.iter().map(|(oid, need)| (*oid, *need)).collect();
    for (oid, Need { since, as_of }) in due {
        let object = scheduled.get(&oid);
        for upstream in object.into_iter().flat_map(|object| &object.upstream) {
            if is_outdated(upstream, as_of) && is_pulled(upstream) {
                let need = needed.entry(*upstream).or_insert(Need { since, as_of });
                need.since = need.since.min(since);
                need.as_of = need.as_of.max(as_of);
            }
        }
    }
    let can_begin = |oid: &Oid, need: &Need| {
        let waits_for = |upstream: &Oid| {
            let comes = needed.contains_key(upstream) && !in_hand.locked.contains(upstream);
            (comes || in_hand.running.contains(upstream)) && is_outdated(upstream, need.as_of)
        };
        !in_hand.running.contains(oid)
            && !in_hand.locked.contains(oid)
            && scheduled
                .get(oid)
                .is_some_and(|object| !object.upstream.iter().any(waits_for))
    };
    let ready = needed.iter().filter(|(oid, need)| can_begin(oid, need));
    let mut ready: Vec<(DateTime<Utc>, Oid)> =
        ready.map(|(oid, need)| (need.since, *oid)).collect();
    ready.sort_unstable();
    (ready.into_iter().map(|(_, oid)| oid).collect(), wake)
}

/// When an object that begins is to be looked at once more, though nothing changes: where it does not
/// wait for what it reads to be looked at after the last change, and nothing else has that done.
pub fn again(
    oid: Oid,
    scheduled: &BTreeMap<Oid, Scheduled>,
    standings: &BTreeMap<Oid, Standing>,
    in_hand: &InHand,
    retries: u32,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let object = scheduled.get(&oid)?;
    if !matches!(object.freshness, Freshness::Continuous(_)) {
        return None;
    }
    let last = standings.get(&oid)?.last_change?;
    let outdated = object.upstream.iter().filter_map(|upstream| {
        let (read, standing) = (scheduled.get(upstream)?, standings.get(upstream)?);
        let is_continuous = matches!(read.freshness, Freshness::Continuous(_));
        if is_continuous || !read.freshness.is_pulled() || standing.tried_at >= Some(last) {
            return None;
        }
        let free = in_hand
            .locked
            .contains(upstream)
            .then(|| now + delta(FIRST_WAIT));
        let retry = read.retry(standing, retries);
        [Some(last), free, retry].into_iter().max().flatten()
    });
    outdated.min()
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
            reads: upstream.iter().copied().collect(),
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
    fn what_was_created_in_the_future_is_looked_at_once() {
        for option in ["10 minutes", "5 minutes", "USING CRON 0 * * * *"] {
            let mut object = match option {
                "5 minutes" => Scheduled {
                    freshness: Freshness::At(option.parse().unwrap()),
                    ..object("DOWNSTREAM", &[])
                },
                option => object(option, &[]),
            };
            let now = at(7200);
            object.created_at = at(9000);
            object.doubt_creation(now);
            let mut standing = Standing::default();
            assert!(object.due(&standing, 5).unwrap() <= now, "{option}");
            standing.succeed(now);
            assert!(object.due(&standing, 5).unwrap() > now, "{option}");
            // What was created a moment ago by a clock that runs fast is not old.
            object.created_at = at(7201);
            object.doubt_creation(now);
            assert_eq!(object.created_at, at(7201));
        }
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
        let mut in_hand = InHand::default();
        let begin = |standings: &BTreeMap<Oid, Standing>, in_hand: &InHand, seconds| {
            next(&scheduled, standings, in_hand, 5, at(seconds))
        };
        assert_eq!(begin(&standings, &in_hand, 59), (vec![], Some(at(60))));
        assert_eq!(begin(&standings, &in_hand, 61).0, [1]);
        in_hand.running.insert(1);
        assert!(begin(&standings, &in_hand, 62).0.is_empty());
        in_hand.running.clear();
        standings.insert(1, fresh(61));
        assert_eq!(begin(&standings, &in_hand, 63).0, [2]);
        // What fails does not keep others from what there is.
        standings.entry(2).or_default().fail(at(63), at(63));
        assert_eq!(begin(&standings, &in_hand, 63).0, [3]);
        standings.insert(3, fresh(63));
        assert_eq!(begin(&standings, &in_hand, 63), (vec![], Some(at(64))));
    }

    #[test]
    fn upstream_that_is_due_again_and_again_keeps_nothing_from_its_turn() {
        let scheduled = [
            (1, object("100 ms", &[])),
            (2, object("100 ms", &[1])),
            (3, object("1 hour", &[1, 2])),
        ]
        .into();
        let mut standings: BTreeMap<Oid, Standing> = (1..4).map(|oid| (oid, fresh(0))).collect();
        let mut in_hand = InHand::default();
        let change = |standings: &mut BTreeMap<Oid, Standing>, seconds| {
            for oid in [1, 2] {
                standings.entry(oid).or_default().change(at(seconds));
            }
        };
        change(&mut standings, 10);
        // The first is looked at, and changes come meanwhile, and ever again.
        assert_eq!(next(&scheduled, &standings, &in_hand, 5, at(11)).0, [1]);
        standings.entry(1).or_default().begin(None);
        in_hand.running.insert(1);
        change(&mut standings, 12);
        assert!(
            next(&scheduled, &standings, &in_hand, 5, at(12))
                .0
                .is_empty()
        );
        standings.entry(1).or_default().succeed(at(11));
        in_hand.running.clear();
        change(&mut standings, 13);
        // The second has waited since the first change, and the first since the second one.
        assert_eq!(next(&scheduled, &standings, &in_hand, 5, at(13)).0, [2, 1]);
        standings.entry(1).or_default().begin(None);
        in_hand.running.insert(1);
        assert_eq!(next(&scheduled, &standings, &in_hand, 5, at(14)).0, [2]);
        // What is due by the clock waits for looks that began after that, and for no more.
        standings.entry(2).or_default().begin(None);
        in_hand.running.insert(2);
        change(&mut standings, 3601);
        assert!(
            next(&scheduled, &standings, &in_hand, 5, at(3601))
                .0
                .is_empty()
        );
        for oid in [1, 2] {
            standings.entry(oid).or_default().succeed(at(3601));
        }
        assert_eq!(next(&scheduled, &standings, &in_hand, 5, at(3602)).0, [3]);
    }

    #[test]
    fn a_change_that_upstream_has_not_seen_is_seen_at_last() {
        let scheduled = [
            (1, object("100 ms", &[])),
            (2, object("DOWNSTREAM", &[1])),
            (3, object("200 ms", &[1, 2])),
        ]
        .into();
        let mut standings: BTreeMap<Oid, Standing> = (1..4).map(|oid| (oid, fresh(0))).collect();
        let mut in_hand = InHand::default();
        // A change, which the second one sees, and another one, which the third does not wait for.
        for oid in [2, 3] {
            standings.entry(oid).or_default().change(at(10));
        }
        standings.entry(2).or_default().begin(None);
        standings.entry(2).or_default().succeed(at(11));
        for oid in [2, 3] {
            standings.entry(oid).or_default().change(at(12));
        }
        standings.entry(1).or_default().succeed(at(12));
        assert_eq!(next(&scheduled, &standings, &in_hand, 5, at(13)).0, [3]);
        let once_more =
            |standings: &_, in_hand: &_| again(3, &scheduled, standings, in_hand, 5, at(13));
        assert_eq!(once_more(&standings, &in_hand), Some(at(12)));
        in_hand.locked.insert(2);
        assert_eq!(once_more(&standings, &in_hand), Some(at(14)));
        in_hand.locked.clear();
        standings.entry(3).or_default().begin(Some(at(12)));
        standings.entry(3).or_default().succeed(at(13));
        assert_eq!(next(&scheduled, &standings, &in_hand, 5, at(14)).0, [2]);
        standings.entry(2).or_default().begin(None);
        standings.entry(2).or_default().succeed(at(14));
        assert_eq!(next(&scheduled, &standings, &in_hand, 5, at(15)).0, [3]);
        assert_eq!(once_more(&standings, &in_hand), None);
    }

    #[test]
    fn what_has_waited_longest_comes_first() {
        let scheduled = (1..=3).map(|oid| (oid, object("50 ms", &[]))).collect();
        let mut standings: BTreeMap<Oid, Standing> = (1..4).map(|oid| (oid, fresh(0))).collect();
        for (oid, seconds) in [(1, 30), (2, 10), (3, 20), (2, 40)] {
            standings.entry(oid).or_default().change(at(seconds));
        }
        let begin = |in_hand| next(&scheduled, &standings, &in_hand, 5, at(50)).0;
        assert_eq!(begin(InHand::default()), [2, 3, 1]);
        let locked = InHand {
            running: [3].into(),
            locked: [2].into(),
        };
        assert_eq!(begin(locked), [1]);
    }

    #[test]
    fn what_somebody_else_changes_is_not_waited_for() {
        let scheduled = [
            (1, object("DOWNSTREAM", &[])),
            (2, object("1 minute", &[1])),
        ]
        .into();
        let standings = (1..3).map(|oid| (oid, fresh(0))).collect();
        let mut in_hand = InHand::default();
        assert_eq!(next(&scheduled, &standings, &in_hand, 5, at(61)).0, [1]);
        in_hand.locked.insert(1);
        assert_eq!(next(&scheduled, &standings, &in_hand, 5, at(61)).0, [2]);
    }

    #[test]
    fn upstream_that_fails_is_not_pulled_before_its_retry() {
        let scheduled = [(1, object("DOWNSTREAM", &[])), (2, object("100 ms", &[1]))].into();
        let mut standings: BTreeMap<Oid, Standing> = (1..3).map(|oid| (oid, fresh(0))).collect();
        for _ in 0..3 {
            standings.entry(1).or_default().fail(at(10), at(10));
        }
        standings.entry(2).or_default().change(at(11));
        let begin = |seconds| next(&scheduled, &standings, &InHand::default(), 5, at(seconds)).0;
        assert_eq!(begin(13), [2]);
        assert_eq!(begin(14), [1]);
    }

    #[test]
    fn a_change_shortens_the_wait_of_what_has_used_up_its_retries() {
        for option in ["10 seconds", "100 ms"] {
            let view = object(option, &[]);
            let mut standing = fresh(0);
            for _ in 0..6 {
                standing.fail(at(100), at(100));
            }
            assert_eq!(view.due(&standing, 5), Some(at(3700)), "{option}");
            standing.change(at(110));
            standing.change(at(120));
            assert_eq!(view.due(&standing, 5), Some(at(160)), "{option}");
            // It has changed what it reads: whatever failed before says nothing of it.
            standing.begin_anew(at(130));
            assert!(view.due(&standing, 5).unwrap() <= at(130), "{option}");
        }
    }

    #[test]
    fn below_a_second_changes_are_waited_for() {
        let mut object = object("500 ms", &[]);
        let mut standing = fresh(10);
        assert_eq!(object.due(&standing, 5), None);
        assert!(standing.change(at(20)));
        assert!(!standing.change(at(30)), "it is known already");
        assert_eq!(object.due(&standing, 5), Some(at(20)));
        standing.succeed(at(19));
        assert_eq!(object.due(&standing, 5), Some(at(20)), "changed since");
        assert_eq!(standing.begin(None), Some(at(20)));
        standing.succeed(at(21));
        assert_eq!(object.due(&standing, 5), None);
        object.reads_sources = true;
        assert!(object.due(&standing, 5).unwrap() < at(22));
    }
}
