//! How long who has given a wrong password waits to hear so: longer each time.
//!
//! It is counted by address and role, and by address alone, lest one password be tried for many roles.
//! A right password is never kept waiting, so that nobody can lock others out by giving wrong ones,
//! and what is remembered has a limit and an end.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::sockets::network;

/// How long a failure counts after the last one.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// So many are remembered.
const MAX_REMEMBERED: usize = 10_000;
/// Of so many the oldest is forgotten when there are too many.
const FORGOTTEN_AT_ONCE: usize = 10;
/// So often the wait doubles.
const MAX_DOUBLINGS: u32 = 5;
/// So many failures of an address are as one of a role from there: there may be many people behind it.
const OF_ADDRESS: u32 = 8;

/// The failures that count.
#[derive(Default)]
pub(super) struct FailedLogins {
    /// By the hashes of whom they are of, which nobody outside can choose: names may be long.
    remembered: Mutex<HashMap<u64, Failures>>,
    hasher: RandomState,
}

struct Failures {
    count: u32,
    last: Instant,
}

impl FailedLogins {
    /// Counts a failure, and tells how long its client waits: the first time so long as is said.
    pub(super) fn note(&self, client: IpAddr, role: &str, first: Duration) -> Duration {
        self.note_at(Instant::now(), client, role, first)
    }

    fn note_at(&self, now: Instant, client: IpAddr, role: &str, first: Duration) -> Duration {
        let network = network(client);
        let mut remembered = self.remembered.lock();
        let of_role = count(&mut remembered, self.hasher.hash_one((network, role)), now);
        let of_address = count(&mut remembered, self.hasher.hash_one(network), now);
        let doublings = (of_role - 1).max((of_address - 1) / OF_ADDRESS);
        first * 2_u32.pow(doublings.min(MAX_DOUBLINGS))
    }

    /// Forgets what a role has failed from an address, since its password was given there.
    pub(super) fn forget(&self, client: IpAddr, role: &str) {
        let key = self.hasher.hash_one((network(client), role));
        self.remembered.lock().remove(&key);
    }
}

/// One more; how many there are.
fn count(remembered: &mut HashMap<u64, Failures>, key: u64, now: Instant) -> u32 {
    let is_over = |failures: &Failures| now.duration_since(failures.last) > MEMORY;
    if remembered.len() >= MAX_REMEMBERED && !remembered.contains_key(&key) {
        remembered.retain(|_, failures| !is_over(failures));
        if remembered.len() >= MAX_REMEMBERED {
            let mut moments: Vec<Instant> = remembered.values().map(|it| it.last).collect();
            let (_, oldest, _) = moments.select_nth_unstable(MAX_REMEMBERED / FORGOTTEN_AT_ONCE);
            let oldest = *oldest;
            remembered.retain(|_, failures| failures.last > oldest);
        }
    }
    let failures = remembered.entry(key).or_insert(Failures {
        count: 0,
        last: now,
    });
    if is_over(failures) {
        failures.count = 0;
    }
    failures.count = failures.count.saturating_add(1);
    failures.last = now;
    failures.count
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(last: u32) -> IpAddr {
        IpAddr::V4((0x0a00_0000 + last).into())
    }

    #[test]
    fn each_failure_waits_longer_until_the_password_is_right() {
        let failed = FailedLogins::default();
        let now = Instant::now();
        let seconds = |now, role: &str| failed.note_at(now, address(1), role, SECOND).as_secs();
        let waits: Vec<u64> = (0..8).map(|_| seconds(now, "jane")).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32, 32]);
        // The same role from elsewhere has done nothing.
        assert_eq!(failed.note_at(now, address(2), "jane", SECOND), SECOND);
        failed.forget(address(1), "jane");
        assert_eq!(seconds(now, "jane"), 2, "the address has failed often");
        assert_eq!(seconds(now + MEMORY + SECOND, "jane"), 1);
    }

    #[test]
    fn many_roles_from_one_address_are_slow_too() {
        let failed = FailedLogins::default();
        let waits = (0..80).map(|role| failed.note(address(1), &format!("r{role}"), SECOND));
        assert_eq!(waits.max(), Some(SECOND * 32));
    }

    #[test]
    fn what_is_remembered_has_a_limit() {
        let failed = FailedLogins::default();
        for client in 0..20_000 {
            failed.note(address(client), "jane", SECOND);
        }
        let remembered = failed.remembered.lock().len();
        assert!((1..=MAX_REMEMBERED).contains(&remembered), "{remembered}");
        assert_eq!(failed.note(address(19_999), "jane", SECOND), SECOND * 2);
    }
}
