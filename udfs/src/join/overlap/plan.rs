//! How the pairs of two classes of sizes are found.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::class::Class;
use super::combination::{self, Combinations, place, without_place};
use super::measure::Measure;
use super::records::{Detail, Records};
use super::shared::{Scope, SharedTable};

/// What is done for probes of one class.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) units: Vec<Unit>,
    /// For how many probes this was planned, and how many there were.
    pub(crate) expected: usize,
    pub(crate) seen: AtomicUsize,
}

/// The pairs of probes of one class and texts of another that begin with so many equal characters.
#[derive(Debug)]
pub(crate) struct Unit {
    /// The class of the probes.
    pub(crate) probes: Class,
    /// The class of the texts of the index, and their places.
    pub(crate) class: Class,
    pub(crate) places: Range<usize>,
    pub(crate) prefixes: RangeInclusive<usize>,
    /// How many tokens both share at least.
    required: usize,
    /// How many tokens only one of both may have.
    pub(crate) difference: u32,
    /// How many tokens a key combines; with 0, all pairs are looked at.
    pub(crate) combined: usize,
    /// The table of those keys.
    pub(crate) table: Option<Arc<SharedTable>>,
}

/// Up to so many pairs, it is not worth while to think about them.
const FEW_PAIRS: f64 = 50_000.0;

/// The most tokens that a key combines, and the most keys of a record.
const MOST_COMBINED: usize = 7;
pub(crate) const MOST_KEYS: f64 = 300.0;

/// How many records of either side are sampled.
const SAMPLED_PROBES: usize = 256;
const SAMPLED_TEXTS: usize = 2048;

/// What each step costs, about, in nanoseconds.
const SCANNED_PAIR: f64 = 0.4;
const CANDIDATE: f64 = 2.0;
const KEY: f64 = 25.0;

impl Unit {
    /// The units of two classes. `places` are those of the texts of the index.
    pub(crate) fn of_classes<M: Measure>(
        measure: &M,
        probes: Class,
        class: Class,
        places: &Range<usize>,
    ) -> Vec<Self> {
        let mut units: Vec<Self> = Vec::new();
        let unit = |prefixes, required: usize| Self {
            probes,
            class,
            places: places.clone(),
            prefixes,
            required,
            difference: u32::try_from(probes.highest + class.highest - 2 * required)
                .unwrap_or(u32::MAX),
            combined: 0,
            table: None,
        };
        let longest = measure.longest_prefix();
        if !probes.is_exact() || !class.is_exact() {
            if Self::can_be_similar(measure, probes, class) {
                let required = least_required(measure, longest, probes.lowest, class.lowest);
                units.push(unit(0..=longest, required));
            }
            return units;
        }
        let (left, right) = (probes.lowest, class.lowest);
        let mut before = None;
        for prefix in 0..=longest.min(left).min(right) {
            let Some(required) = measure.required(prefix, left, right) else {
                continue;
            };
            match units.last_mut() {
                Some(unit) if before == Some(required) => {
                    unit.prefixes = *unit.prefixes.start()..=prefix;
                }
                _ => units.push(unit(prefix..=prefix, required)),
            }
            before = Some(required);
        }
        units
    }

    /// Whether any of the records of two classes can be similar.
    fn can_be_similar<M: Measure>(measure: &M, left: Class, right: Class) -> bool {
        let (left, right) = if left.highest < right.lowest {
            (left.highest, right.lowest)
        } else if right.highest < left.lowest {
            (left.lowest, right.highest)
        } else {
            let both = left.lowest.max(right.lowest);
            (both, both)
        };
        measure
            .required(measure.longest_prefix(), left, right)
            .is_some()
    }

    /// How many tokens records that begin with so many equal characters know to share.
    pub(crate) fn skipped(&self) -> usize {
        *self.prefixes.start()
    }

    /// How many tokens can be combined: no more than similar records share.
    pub(crate) fn most_combined<M: Measure>(&self, measure: &M) -> usize {
        if self.probes.highest.max(self.class.highest) > measure.largest_with_tokens() {
            return 0;
        }
        MOST_COMBINED.min(self.required.saturating_sub(self.skipped()))
    }

    /// Among how many of its rarest tokens a record of this size has a combination with every
    /// similar one.
    fn first(&self, size: usize) -> usize {
        self.combined + size - self.required.min(size)
    }

    /// And a text of the index, whatever its size.
    pub(crate) fn within(&self) -> usize {
        self.first(self.class.highest)
    }

    /// The keys of a probe.
    pub(crate) fn keys<D: Detail>(
        &self,
        records: &Records<D>,
        record: u32,
        combinations: &mut Combinations,
        found: impl FnMut(u64),
    ) {
        let first = self.first(records.size(record));
        let (skipped, combined) = (self.skipped(), self.combined);
        records.keys(record, skipped, first, combined, combinations, found);
    }

    /// What the table is of, which probes of other classes share or not.
    pub(crate) fn scope(&self, shared: bool) -> Scope {
        Scope {
            class: self.class,
            prefixes: (*self.prefixes.start(), *self.prefixes.end()),
            combined: self.combined,
            probes: (!shared).then_some(self.probes),
        }
    }

    /// Chooses how many tokens are combined, by trying with a sample.
    pub(crate) fn choose<M: Measure>(&mut self, setting: &Setting<'_, M>) {
        let Setting {
            measure,
            index,
            sample,
            ..
        } = setting;
        let most = self.most_combined(*measure);
        let (probes, texts) = (setting.expected as f64, self.places.len() as f64);
        if probes * texts <= FEW_PAIRS || most == 0 {
            return;
        }
        let probe_sample = every(sample.records_at, SAMPLED_PROBES);
        let text_sample = every(&index.order[self.places.clone()], SAMPLED_TEXTS);
        let scale = probes / probe_sample.len() as f64 * (texts / text_sample.len() as f64);
        let mut combinations = Combinations::default();
        let mut best = (f64::INFINITY, 0);
        for combined in 0..=most {
            self.combined = combined;
            let scope = self.scope(setting.shared);
            let first = self.first(self.probes.highest);
            let probe_keys = combination::count(first, combined);
            let first = scope.first(*measure, self.class.highest);
            let text_keys = combination::count(first, combined);
            if probe_keys > MOST_KEYS || text_keys > setting.most_keys {
                break;
            }
            let mut keys = 0.0;
            if combined > 0 {
                let made = if (setting.exists)(&scope) {
                    0.0
                } else {
                    text_keys
                };
                keys = (probes * probe_keys + texts * made) * KEY;
            }
            if keys > best.0 {
                break;
            }
            let mut counts: HashMap<u64, u32> = HashMap::new();
            for record in &probe_sample {
                self.keys(sample.records, *record, &mut combinations, |key| {
                    *counts.entry(without_place(key)).or_default() += 1;
                });
            }
            let within = self.within() as u64;
            let mut hits = 0_u64;
            for record in &text_sample {
                scope.keys(*measure, index, *record, &mut combinations, |key| {
                    if place(key) < within || combined == 0 {
                        hits += u64::from(counts.get(&without_place(key)).copied().unwrap_or(0));
                    }
                });
            }
            let pair = if combined == 0 {
                SCANNED_PAIR
            } else {
                CANDIDATE
            };
            let cost = keys + hits as f64 * scale * pair;
            if cost < best.0 {
                best = (cost, combined);
            }
        }
        self.combined = best.1;
    }
}

/// What records of these sizes or larger ones share at least.
pub(crate) fn least_required<M: Measure>(
    measure: &M,
    prefix: usize,
    left: usize,
    right: usize,
) -> usize {
    // Where not even all tokens of the smaller one suffice, larger ones need yet more.
    measure
        .required(prefix, left, right)
        .unwrap_or_else(|| left.min(right))
}

/// The size of the smallest record that can be similar to one of some size.
pub(crate) fn smallest_similar<M: Measure>(measure: &M, prefix: usize, size: usize) -> usize {
    let (mut low, mut high) = (0, size);
    while low < high {
        let middle = low.midpoint(high);
        if measure.required(prefix, middle, size).is_some() {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// What it takes to choose.
pub(crate) struct Setting<'a, M: Measure> {
    pub(crate) measure: &'a M,
    pub(crate) index: &'a Records<M::Detail>,
    pub(crate) sample: &'a Sample<'a, M::Detail>,
    /// How many probes of the class there will be.
    pub(crate) expected: usize,
    /// Whether probes of all classes use the same tables.
    pub(crate) shared: bool,
    /// The most keys that a text may have in a table.
    pub(crate) most_keys: f64,
    /// Whether there is such a table.
    pub(crate) exists: &'a dyn Fn(&Scope) -> bool,
}

/// Records like those that will be searched for.
#[derive(Debug)]
pub(crate) struct Sample<'a, D: Detail> {
    pub(crate) records: &'a Records<D>,
    pub(crate) records_at: &'a [u32],
}

/// So many of them, evenly spread.
fn every(records: &[u32], count: usize) -> Vec<u32> {
    let step = records.len().div_ceil(count).max(1);
    records.iter().step_by(step).copied().collect()
}
