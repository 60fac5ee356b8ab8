//! The machine's clock, and what becomes of moments where it was set back.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use super::freshness::delta;

/// A clock is put right by so much now and then, and nothing is made of it.
const TOLERANCE: TimeDelta = TimeDelta::milliseconds(1000);

/// What the machine's clock told, beside a clock that cannot be set.
#[derive(Debug)]
pub struct Clock {
    told: DateTime<Utc>,
    at: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            told: Utc::now(),
            at: Instant::now(),
        }
    }
}

impl Clock {
    /// How far the clock was set back since it was looked at, where it tells `now` at this instant; none
    /// where it was not.
    pub fn set_back(&mut self, now: DateTime<Utc>, at: Instant) -> Option<TimeDelta> {
        let passed = delta(at.saturating_duration_since(self.at));
        let back = self.told + passed - now;
        // A machine that slept finds more time to have passed than it knows of. Steps that are tolerated
        // add up until they are not.
        if back < TimeDelta::zero() || back > TOLERANCE {
            *self = Self { told: now, at };
        }
        (back > TOLERANCE).then_some(back)
    }
}

/// A moment that was noted, unless it is yet to come: then the clock was, or is, wrong, and nobody knows
/// how long ago it was.
pub fn past(noted: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (noted <= now + TOLERANCE).then_some(noted)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_was_set_back_is_noticed_once() {
        let (told, at) = (DateTime::UNIX_EPOCH, Instant::now());
        let mut clock = Clock { told, at };
        let mut look = |wall: i64, passed: u64| {
            let now = told + TimeDelta::milliseconds(wall);
            clock.set_back(now, at + Duration::from_millis(passed))
        };
        assert_eq!(look(10_000, 10_000), None);
        assert_eq!(
            look(-7_190_000, 10_000),
            Some(TimeDelta::milliseconds(7_200_000))
        );
        assert_eq!(look(-7_180_000, 20_000), None);
        // To the future it is followed without a word.
        assert_eq!(look(20_000, 20_000), None);
        assert_eq!(look(30_000, 30_000), None);
        // Many small steps are a large one.
        assert_eq!(look(30_400, 31_000), None);
        assert_eq!(look(30_800, 32_000), Some(TimeDelta::milliseconds(1_200)));
        assert_eq!(look(31_800, 33_000), None);
    }
}
