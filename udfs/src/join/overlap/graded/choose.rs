//! Chooses grades, by trying some with a sample.

use hashbrown::HashMap;

use super::grades::{Grades, MOST_COMBINED, Prefix};
use super::reach::{Reach, Sizes};
use crate::join::overlap::measure::Measure;
use crate::join::overlap::records::{Records, Token};

/// Up to so many pairs, it is not worth while to think about them.
const FEW_PAIRS: usize = 100_000;

/// Tokens of the first grade are in no more than one of so many texts.
const RARE: [u32; 5] = [1 << 14, 1 << 12, 1 << 10, 1 << 8, 1 << 6];

/// How many times as frequent as those of one grade those of the next are.
const STEPS: [u64; 2] = [4, 16];

/// How many records are sampled: one of so many, and no less and no more than that.
const PROBES: (usize, usize, usize) = (512, 64, 256);
const TEXTS: (usize, usize, usize) = (64, 512, 4096);

/// The most bytes of postings that a text may have, on average.
const MOST_BYTES: f64 = 800.0;
const POSTING_BYTES: f64 = 24.0;

/// What each step costs, about, in nanoseconds: a key that is put into postings or looked up, a
/// posting that is looked at there, a record that is looked at because it or the probe has no keys.
const KEY: f64 = 20.0;
const CANDIDATE: f64 = 1.2;
const SCANNED: f64 = 0.7;

/// What grades are chosen for.
pub(crate) struct Setting<'a, M: Measure> {
    pub(crate) measure: &'a M,
    pub(crate) records: &'a Records<M::Detail>,
    pub(crate) sizes: &'a Sizes,
    pub(crate) self_join: bool,
    /// How many texts will be searched for.
    pub(crate) probes: usize,
}

/// What was chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) grades: Grades,
    /// How many keys all records have, about.
    pub(crate) keys: f64,
}

/// A probe of the sample.
struct Probe {
    record: u32,
    place: usize,
    reach: Reach,
}

impl<M: Measure> Setting<'_, M> {
    /// The grades that take the least time; `None` where few pairs or weak bounds make other ways
    /// better.
    pub(crate) fn choose(&self) -> Option<Choice> {
        let texts = self.records.len();
        if self.probes.saturating_mul(texts) <= FEW_PAIRS {
            return None;
        }
        let probes: Vec<Probe> = every(texts, PROBES)
            .filter_map(|place| self.probe(place))
            .collect();
        let pairs: f64 = probes
            .iter()
            .map(|probe| probe.reach.places.len() as f64)
            .sum();
        let mut best = (pairs * SCANNED * self.probes_each(&probes), None);
        for grades in self.grades() {
            let (cost, keys) = self.cost(grades, &probes);
            if cost < best.0 && keys * POSTING_BYTES <= texts as f64 * MOST_BYTES {
                best = (cost, Some(Choice { grades, keys }));
            }
        }
        best.1
    }

    fn probe(&self, place: usize) -> Option<Probe> {
        let record = self.records.order[place];
        let size = self.records.size(record);
        let mut reach = self.sizes.reach(self.measure, size, self.self_join)?;
        if self.self_join {
            reach.places.end = place;
        }
        Some(Probe {
            record,
            place,
            reach,
        })
    }

    /// For how many probes each one of the sample stands.
    fn probes_each(&self, probes: &[Probe]) -> f64 {
        self.probes as f64 / probes.len().max(1) as f64
    }

    /// What there is to choose from.
    fn grades(&self) -> Vec<Grades> {
        let frequencies = self.frequencies();
        let texts = self.records.len() as u64;
        let last = |most: u64| -> Token {
            frequencies.partition_point(|frequency| u64::from(*frequency) <= most) as Token
        };
        let mut all = Vec::new();
        for rare in RARE {
            for step in STEPS {
                let mut most = texts / u64::from(rare);
                let mut grades = Grades {
                    last: [0; MOST_COMBINED - 1],
                };
                for last_of_grade in &mut grades.last {
                    *last_of_grade = last(most);
                    most = most.max(1).saturating_mul(step);
                }
                if !all.contains(&grades) {
                    all.push(grades);
                }
            }
        }
        all
    }

    /// In how many texts each token is, the rarest first.
    fn frequencies(&self) -> Vec<u32> {
        let most = self.records.tokens.iter().copied().max().unwrap_or(0);
        let mut frequencies = vec![0; most as usize];
        for token in &self.records.tokens {
            if let Some(frequency) = (*token as usize)
                .checked_sub(1)
                .and_then(|rank| frequencies.get_mut(rank))
            {
                *frequency += 1;
            }
        }
        frequencies
    }

    /// What grades cost, and how many keys there would be.
    fn cost(&self, grades: Grades, probes: &[Probe]) -> (f64, f64) {
        let records = self.records;
        let missing = self.sizes.missing(self.measure, self.self_join);
        let mut prefix = Prefix::default();
        let mut probes_of: HashMap<u64, Vec<u32>> = HashMap::new();
        let (mut probe_keys, mut scanned) = (0.0, 0.0);
        for (number, probe) in probes.iter().enumerate() {
            let tokens = records.tokens(probe.record);
            if !grades.keys(tokens, probe.reach.missing, &mut prefix) {
                scanned += probe.reach.places.len() as f64;
                continue;
            }
            probe_keys += prefix.count();
            prefix.keys(|key| probes_of.entry(key).or_default().push(number as u32));
        }
        let (mut text_keys, mut candidates, mut sampled) = (0.0, 0_u64, 0.0);
        for place in every(records.len(), TEXTS) {
            sampled += 1.0;
            let Some(missing) = missing[self.sizes.at(place)] else {
                continue;
            };
            let tokens = records.tokens(records.order[place]);
            if !grades.keys(tokens, missing, &mut prefix) {
                // Each probe looks at it.
                candidates += probes.len() as u64;
                continue;
            }
            text_keys += prefix.count();
            prefix.keys(|key| {
                let probes_of = probes_of.get(&key).map_or(&[][..], Vec::as_slice);
                let within = |number: &&u32| {
                    let probe = &probes[**number as usize];
                    probe.reach.places.contains(&place) && probe.place != place
                };
                candidates += probes_of.iter().filter(within).count() as u64;
            });
        }
        let probes_each = self.probes_each(probes);
        let texts_each = records.len() as f64 / f64::max(sampled, 1.0);
        let keys = text_keys * texts_each;
        let cost = (probe_keys * probes_each + keys) * KEY
            + candidates as f64 * probes_each * texts_each * CANDIDATE
            + scanned * probes_each * SCANNED;
        (cost, keys)
    }
}

/// Some of so many places, evenly spread.
fn every(
    places: usize,
    (one_of, least, most): (usize, usize, usize),
) -> impl Iterator<Item = usize> {
    let count = (places / one_of).clamp(least, most);
    (0..places).step_by(places.div_ceil(count).max(1))
}
