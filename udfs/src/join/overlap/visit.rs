//! Searches for texts class by class.

use std::ops::Range;

use datafusion::error::Result;

use super::class::classes;
use super::combination::Combinations;
use super::graded::GradedBuffers;
use super::index::{OverlapIndex, PAIRS_BETWEEN_CHECKS};
use super::measure::{Measure, Pair, Side};
use super::plan::Unit;
use super::records::{Prefix, Records};
use super::signature::scan;
use super::stamps::Stamps;
use super::table::{Lookups, Wanted};
use crate::join::index::Search;
use crate::join::pairs::Pairs;

/// How many texts are searched for at once.
const FEWEST_PROBES: u32 = 16;
const MOST_PROBES: u32 = 4096;

/// What a thread keeps between searches.
pub(crate) struct Buffers<M: Measure> {
    block: u32,
    pub(crate) records: Records<M::Detail>,
    combinations: Combinations,
    lookups: Lookups,
    found: Vec<u32>,
    pub(crate) stamps: Stamps,
    pub(crate) survivors: Vec<u32>,
    pub(crate) graded: GradedBuffers,
    pub(crate) measure: M::Scratch,
}

impl<M: Measure> Buffers<M> {
    /// For an index over so many texts.
    pub(crate) fn new(texts: usize) -> Self {
        Self {
            block: FEWEST_PROBES,
            records: Records::default(),
            combinations: Combinations::default(),
            lookups: Lookups::default(),
            found: Vec::new(),
            stamps: Stamps::new(texts),
            survivors: Vec::new(),
            graded: GradedBuffers::default(),
            measure: M::Scratch::default(),
        }
    }

    /// The bytes of memory that this takes.
    pub(crate) fn memory(&self) -> usize {
        let places = self.found.capacity() + self.survivors.capacity();
        self.records.memory()
            + self.lookups.memory()
            + self.stamps.memory()
            + self.graded.memory()
            + places * size_of::<u32>()
    }
}

impl<M: Measure> OverlapIndex<M> {
    /// Searches for texts, some at once, until all are done or `pairs` is full; returns the next id.
    pub(crate) fn search_blocks(
        &self,
        search: &Search<'_>,
        buffers: &mut Buffers<M>,
        pairs: &mut Pairs,
    ) -> Result<u32> {
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
            let (unit, lookups) = (self.unit, &mut buffers.lookups);
            lookups.keys.clear();
            unit.keys(self.probes, record, &mut buffers.combinations, |key| {
                lookups.keys.push(key);
            });
            let wanted = Wanted {
                within: unit.within(),
                end: places.end,
                signature,
                difference,
            };
            buffers.found.clear();
            pairs.candidates += table.find(lookups, wanted, &mut buffers.found);
            buffers.stamps.begin();
            for place in &buffers.found {
                let at = *place as usize;
                if signatures[at].difference(signature) <= difference && buffers.stamps.is_new(at) {
                    survivors.push(*place);
                }
            }
        } else {
            let places = self.beginning_alike(record, places);
            pairs.candidates += places.len() as u64;
            let first = places.start;
            scan(&signatures[places], signature, difference, first, survivors);
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
