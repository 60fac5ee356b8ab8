//! An index over the tokens of texts.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

use super::class::{Class, classes};
use super::combination::{self, Combinations};
use super::measure::{Measure, Pair, Side};
use super::memory::{Budget, Reservation};
use super::plan::{MOST_KEYS, Plan, Sample, Setting, Unit};
use super::records::{Prefix, Records, TEXTS_BETWEEN_CHECKS};
use super::shared::{Scope, Shared};
use super::table::{Lookups, Table};
use crate::join::cancellation::Cancellation;
use crate::join::index::{Index, Scratch, Search};
use crate::join::pairs::Pairs;
use crate::join::texts::Texts;

/// How many bytes of tables a text may take, and all texts together at least.
const TABLES_PER_TEXT: usize = 1024;
const TABLES_AT_LEAST: usize = 1 << 20;

/// The most keys of a text in a table that cannot be dropped before the search is through, as
/// texts are not searched for by size.
const MOST_KEPT_KEYS: f64 = 50.0;

/// How many texts are searched for at once.
const FEWEST_PROBES: u32 = 16;
const MOST_PROBES: u32 = 4096;

/// How many pairs are worked off between two looks whether the query was cancelled.
const PAIRS_BETWEEN_CHECKS: usize = 4096;

/// Finds the texts that share enough tokens.
#[derive(Debug)]
pub(crate) struct OverlapIndex<M: Measure> {
    measure: M,
    texts: Arc<Texts>,
    records: Records<M::Detail>,
    classes: Vec<(Class, Range<usize>)>,
    /// Whether the larger of two records is the later one.
    by_size: bool,
    plans: Mutex<HashMap<(Class, bool), Arc<Plan>>>,
    /// The tables that plans use.
    tables: Mutex<HashMap<Scope, Weak<Shared>>>,
    budget: Budget,
    /// How many tokens are combined wherever as many are needed.
    #[cfg(test)]
    combined: Option<usize>,
}

/// The bytes of memory that tables may take.
pub(crate) fn tables_size(texts: usize) -> usize {
    (texts * TABLES_PER_TEXT).max(TABLES_AT_LEAST)
}

/// What a thread keeps between searches.
struct Buffers<M: Measure> {
    block: u32,
    records: Records<M::Detail>,
    combinations: Combinations,
    lookups: Lookups,
    /// The number of the last probe that each place was found for.
    stamps: Vec<u32>,
    stamp: u32,
    survivors: Vec<u32>,
    measure: M::Scratch,
}

impl<M: Measure> OverlapIndex<M> {
    /// An index over texts.
    pub(crate) fn new(measure: M, texts: Arc<Texts>, cancellation: &Cancellation) -> Result<Self> {
        let prefixes = measure.longest_prefix() > 0;
        let mut records = Records::with_capacity(texts.len(), texts.buffer().len(), prefixes);
        for id in texts.ids() {
            if (id as usize).is_multiple_of(TEXTS_BETWEEN_CHECKS) {
                cancellation.check()?;
            }
            measure.append(texts.get(id), &mut records);
        }
        Ok(Self::over_records(measure, texts, records))
    }

    /// An index over records of all the texts.
    pub(crate) fn over_records(
        measure: M,
        texts: Arc<Texts>,
        mut records: Records<M::Detail>,
    ) -> Self {
        records.sort();
        let sizes = records.order.iter().map(|record| records.size(*record));
        Self {
            classes: classes(sizes),
            by_size: records.sizes.is_sorted(),
            plans: Mutex::default(),
            tables: Mutex::default(),
            budget: Budget::new(tables_size(texts.len())),
            #[cfg(test)]
            combined: None,
            measure,
            texts,
            records,
        }
    }

    /// The same index, which combines so many tokens wherever as many are needed.
    #[cfg(test)]
    pub(crate) fn with_combined(mut self, combined: Option<usize>) -> Self {
        self.combined = combined;
        self
    }

    fn plans(&self) -> MutexGuard<'_, HashMap<(Class, bool), Arc<Plan>>> {
        // A plan is put in whole: what a panic left is good.
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plan for probes of a class.
    fn plan(
        &self,
        class: Class,
        probes: &Records<M::Detail>,
        run: &[u32],
        search: &Search<'_>,
    ) -> Result<Arc<Plan>> {
        let mut plans = self.plans();
        let mut seen = run.len();
        if let Some(plan) = plans.get(&(class, search.self_join)) {
            seen += plan.seen.fetch_add(seen, Ordering::Relaxed);
            if search.self_join || seen <= 2 * plan.expected {
                return Ok(Arc::clone(plan));
            }
        }
        let own = self.classes.iter().find(|(own, _)| *own == class);
        let own = own.map_or(0..0, |(_, places)| places.clone());
        let sample = if own.is_empty() {
            Sample {
                records: probes,
                records_at: run,
            }
        } else {
            Sample {
                records: &self.records,
                records_at: &self.records.order[own.clone()],
            }
        };
        let expected = if search.self_join {
            own.len()
        } else {
            let share = own.len() as f64 / self.records.len() as f64;
            seen.max((search.texts.len() as f64 * share) as usize)
        };
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let larger = search.self_join && self.by_size;
        let mut units = Vec::new();
        for (build, places) in &self.classes {
            if larger && build.lowest > class.highest {
                break;
            }
            search.cancellation.check()?;
            for mut unit in Unit::of_classes(&self.measure, class, *build, places) {
                unit.choose(&Setting {
                    measure: &self.measure,
                    index: &self.records,
                    sample: &sample,
                    expected,
                    shared: !self.by_size,
                    most_keys: if self.by_size {
                        MOST_KEYS
                    } else {
                        MOST_KEPT_KEYS
                    },
                    exists: &|scope| {
                        tables
                            .get(scope)
                            .is_some_and(|table| table.strong_count() > 0)
                    },
                });
                #[cfg(test)]
                if let Some(combined) = self.combined {
                    unit.combined = combined.min(unit.most_combined(&self.measure));
                }
                if unit.combined > 0 {
                    let table = tables.entry(unit.scope(!self.by_size)).or_default();
                    unit.table = table.upgrade().or_else(|| {
                        let shared = Arc::default();
                        *table = Arc::downgrade(&shared);
                        Some(shared)
                    });
                }
                units.push(unit);
            }
        }
        let plan = Arc::new(Plan {
            units,
            expected,
            seen: AtomicUsize::new(seen),
        });
        plans.insert((class, search.self_join), Arc::clone(&plan));
        Ok(plan)
    }

    /// The table of a unit; `None` where all pairs are looked at, or there is no memory.
    #[inline]
    fn table<'a>(&self, unit: &'a Unit, search: &Search<'_>) -> Result<Option<&'a Table>> {
        match &unit.table {
            None => Ok(None),
            Some(shared) => shared.get(|| self.make_table(unit, search)),
        }
    }

    fn make_table(&self, unit: &Unit, search: &Search<'_>) -> Result<Option<(Table, Reservation)>> {
        let scope = unit.scope(!self.by_size);
        let first = scope.first(&self.measure, unit.class.highest);
        let entries = combination::count(first, unit.combined) * unit.places.len() as f64;
        let bytes = Table::memory(entries) as usize;
        let mut reservation = self.budget.reserve(bytes);
        if reservation.is_none() {
            // Those that nobody is at.
            self.plans().retain(|_, plan| Arc::strong_count(plan) > 1);
            reservation = self.budget.reserve(bytes);
        }
        let Some(mut reservation) = reservation else {
            return Ok(None);
        };
        let mut combinations = Combinations::default();
        let mut keys = Vec::new();
        for place in unit.places.clone() {
            if place.is_multiple_of(TEXTS_BETWEEN_CHECKS) {
                search.cancellation.check()?;
            }
            let (records, record) = (&self.records, self.records.order[place]);
            let measure = &self.measure;
            scope.keys(measure, records, record, &mut combinations, |key| {
                keys.push((key, place as u32));
            });
        }
        let Some(table) = Table::new(&keys) else {
            return Ok(None);
        };
        reservation.shrink(table.size());
        Ok(Some((table, reservation)))
    }

    /// Searches for a block of texts.
    fn search_block(
        &self,
        search: &Search<'_>,
        ids: Range<u32>,
        buffers: &mut Buffers<M>,
        pairs: &mut Pairs,
    ) -> Result<()> {
        let mut probes = std::mem::take(&mut buffers.records);
        probes.clear();
        for id in ids.clone() {
            self.measure.append(search.texts.get(id), &mut probes);
        }
        probes.sort();
        let sizes = probes.order.iter().map(|record| probes.size(*record));
        for (class, run) in classes(sizes) {
            let plan = self.plan(class, &probes, &probes.order[run.clone()], search)?;
            for unit in &plan.units {
                let mut visit = Visit {
                    index: self,
                    search,
                    first: ids.start,
                    probes: &probes,
                    unit,
                    sharing: None,
                };
                for place in run.clone() {
                    visit.probe(place, buffers, pairs)?;
                }
            }
        }
        buffers.records = probes;
        Ok(())
    }
}

/// The search for probes of one class in one unit.
struct Visit<'a, M: Measure> {
    index: &'a OverlapIndex<M>,
    search: &'a Search<'a>,
    /// The id of the first probe.
    first: u32,
    probes: &'a Records<M::Detail>,
    unit: &'a Unit,
    /// The places of the texts that begin as the last probe does.
    sharing: Option<(Prefix, Range<usize>)>,
}

impl<M: Measure> Visit<'_, M> {
    /// Searches for the probe at a place.
    fn probe(&mut self, place: usize, buffers: &mut Buffers<M>, pairs: &mut Pairs) -> Result<()> {
        let record = self.probes.order[place];
        let places = self.places(record);
        if places.is_empty() {
            return Ok(());
        }
        self.search.cancellation.check()?;
        let signature = self.probes.signatures[place];
        let difference = self.unit.difference;
        let signatures = &self.index.records.signatures;
        buffers.survivors.clear();
        let survivors = &mut buffers.survivors;
        if let Some(table) = self.index.table(self.unit, self.search)? {
            if buffers.stamp == u32::MAX {
                buffers.stamps.fill(0);
                buffers.stamp = 0;
            }
            buffers.stamp += 1;
            let (stamps, stamp) = (&mut buffers.stamps, buffers.stamp);
            let combinations = &mut buffers.combinations;
            let (unit, probes) = (self.unit, self.probes);
            let lookups = &mut buffers.lookups;
            lookups.keys.clear();
            unit.keys(probes, record, combinations, |key| {
                lookups.keys.push(key);
            });
            table.find(lookups, unit.within(), |found| {
                pairs.candidates += 1;
                let at = found as usize;
                if signatures[at].difference(signature) <= difference
                    && places.contains(&at)
                    && stamps[at] != stamp
                {
                    stamps[at] = stamp;
                    survivors.push(found);
                }
            });
        } else {
            let places = self.beginning_alike(record, places);
            pairs.candidates += places.len() as u64;
            for (place, other) in places.clone().zip(&signatures[places]) {
                if other.difference(signature) <= difference {
                    survivors.push(place as u32);
                }
            }
        }
        self.verify(record, buffers, pairs)
    }

    /// The places of the texts that a probe is compared with.
    fn places(&self, record: u32) -> Range<usize> {
        let places = self.unit.places.clone();
        if !self.search.self_join || !self.unit.class.is_exact() {
            return places;
        }
        let id = self.first + record;
        if self.index.by_size {
            let end = (id as usize + 1).clamp(places.start, places.end);
            return places.start..end;
        }
        let order = &self.index.records.order[places.clone()];
        let before = order.partition_point(|other| *other <= id);
        places.start..places.start + before
    }

    /// Of the places, those of texts that begin with the characters that the unit is about.
    fn beginning_alike(&mut self, record: u32, places: Range<usize>) -> Range<usize> {
        let length = self.unit.skipped();
        if length == 0 {
            return places;
        }
        let prefix = self.probes.prefix(record, length);
        let sharing = match &self.sharing {
            Some((last, sharing)) if *last == prefix => sharing.clone(),
            _ => {
                let records = &self.index.records;
                let order = &records.order[self.unit.places.clone()];
                let start = order.partition_point(|other| records.prefix(*other, length) < prefix);
                let alike = order[start..]
                    .partition_point(|other| records.prefix(*other, length) == prefix);
                let start = start + self.unit.places.start;
                self.sharing = Some((prefix, start..start + alike));
                start..start + alike
            }
        };
        sharing.start..sharing.end.min(places.end).max(sharing.start)
    }

    fn verify(&self, record: u32, buffers: &mut Buffers<M>, pairs: &mut Pairs) -> Result<()> {
        if buffers.survivors.is_empty() {
            return Ok(());
        }
        let records = &self.index.records;
        let id = self.first + record;
        let probe = Side {
            texts: self.search.texts,
            id,
            records: self.probes,
            record,
        };
        self.index.measure.prepare(&probe, &mut buffers.measure);
        for (count, place) in buffers.survivors.iter().enumerate() {
            if (count + 1).is_multiple_of(PAIRS_BETWEEN_CHECKS) {
                self.search.cancellation.check()?;
            }
            let build = records.order[*place as usize];
            let prefix = self.probes.common_prefix(record, records, build);
            if !self.unit.prefixes.contains(&prefix) || self.search.self_join && build > id {
                continue;
            }
            pairs.verified += 1;
            let pair = Pair {
                probe: &probe,
                build: Side {
                    texts: &self.index.texts,
                    id: build,
                    records,
                    record: build,
                },
                prefix,
            };
            if self.index.measure.is_similar(&pair, &mut buffers.measure) {
                pairs.push(id, build);
            }
        }
        Ok(())
    }
}

impl<M: Measure> Index for OverlapIndex<M> {
    fn scratch(&self) -> Scratch {
        Box::new(Buffers::<M> {
            block: FEWEST_PROBES,
            records: Records::default(),
            combinations: Combinations::default(),
            lookups: Lookups::default(),
            stamps: vec![0; self.records.len()],
            stamp: 0,
            survivors: Vec::new(),
            measure: M::Scratch::default(),
        })
    }

    fn search(&self, search: &Search<'_>, scratch: &mut Scratch, pairs: &mut Pairs) -> Result<u32> {
        let Some(buffers) = scratch.downcast_mut::<Buffers<M>>() else {
            return Err(exec_datafusion_err!("the scratch is that of another index"));
        };
        let mut ids = search.ids.clone();
        while !ids.is_empty() && !pairs.is_full() {
            search.cancellation.check()?;
            let before = pairs.len();
            let end = ids.end.min(ids.start + buffers.block);
            self.search_block(search, ids.start..end, buffers, pairs)?;
            ids.start = end;
            // So many more as the pairs leave room for.
            let found = (pairs.len() - before).max(1);
            let factor = pairs.room() as f64 / 2.0 / found as f64;
            let block = f64::from(buffers.block) * factor.min(2.0);
            buffers.block = (block as u32).clamp(FEWEST_PROBES, MOST_PROBES);
        }
        Ok(ids.start)
    }

    fn size(&self) -> usize {
        size_of::<Self>()
            + self.measure.memory()
            + self.records.memory()
            + tables_size(self.texts.len())
    }

    fn strategy(&self) -> &'static str {
        self.measure.strategy()
    }
}
