//! Searches for texts by their keys.

use std::collections::HashMap;

use datafusion::error::Result;

use super::Graded;
use super::grades::Prefix;
use super::postings::{Lookups, Wanted};
use super::reach::Reach;
use crate::join::index::Search;
use crate::join::overlap::index::{OverlapIndex, PAIRS_BETWEEN_CHECKS};
use crate::join::overlap::measure::{Measure, Pair, Side};
use crate::join::overlap::signature::{Signature, scan};
use crate::join::overlap::visit::Buffers;
use crate::join::pairs::Pairs;

/// What a thread keeps between searches.
#[derive(Debug, Default)]
pub(crate) struct GradedBuffers {
    prefix: Prefix,
    lookups: Lookups,
    /// What probes of each size are compared with.
    reaches: HashMap<usize, Option<Reach>>,
    found: Vec<u32>,
}

impl GradedBuffers {
    /// The bytes of memory that this takes, but for what there is a few of.
    pub(crate) fn memory(&self) -> usize {
        self.lookups.memory() + self.found.capacity() * size_of::<u32>()
    }
}

/// A search in an index.
pub(crate) struct GradedSearch<'a, M: Measure> {
    pub(crate) index: &'a OverlapIndex<M>,
    pub(crate) graded: &'a Graded,
    pub(crate) search: &'a Search<'a>,
}

impl<M: Measure> GradedSearch<'_, M> {
    /// Searches for texts until all are done or `pairs` is full; returns the next id.
    pub(crate) fn run(&self, buffers: &mut Buffers<M>, pairs: &mut Pairs) -> Result<u32> {
        for id in self.search.ids.clone() {
            self.search.cancellation.check()?;
            if self.search.self_join {
                let record = self.graded.order[id as usize];
                let place = self.graded.places[record as usize] as usize;
                let probe = Side {
                    texts: &self.index.texts,
                    id: record,
                    records: &self.index.records,
                    record,
                };
                let signature = self.index.records.signatures[place];
                self.probe(&probe, signature, Some(place), buffers, pairs)?;
            } else {
                let mut records = std::mem::take(&mut buffers.records);
                records.clear();
                self.index
                    .measure
                    .append(self.search.texts.get(id), &mut records);
                let probe = Side {
                    texts: self.search.texts,
                    id,
                    records: &records,
                    record: 0,
                };
                self.probe(&probe, records.signatures[0], None, buffers, pairs)?;
                buffers.records = records;
            }
            if pairs.is_full() {
                return Ok(id + 1);
            }
        }
        Ok(self.search.ids.end)
    }

    /// Searches for a text, which may be the one at a place of the index itself.
    fn probe(
        &self,
        probe: &Side<'_, M::Detail>,
        signature: Signature,
        own: Option<usize>,
        buffers: &mut Buffers<M>,
        pairs: &mut Pairs,
    ) -> Result<()> {
        let Graded { sizes, grades, .. } = self.graded;
        let (measure, self_join) = (&self.index.measure, self.search.self_join);
        let size = probe.size();
        let reaches = &mut buffers.graded.reaches;
        let reach = reaches
            .entry(size)
            .or_insert_with(|| sizes.reach(measure, size, self_join));
        let Some(mut reach) = reach.clone() else {
            return Ok(());
        };
        if let Some(own) = own {
            // Nothing is more similar to it.
            pairs.candidates += 1;
            pairs.push(probe.id, probe.id);
            reach.places.end = own.max(reach.places.start);
        }
        buffers.survivors.clear();
        let prefix = &mut buffers.graded.prefix;
        if grades.keys(probe.tokens(), reach.missing, prefix) {
            self.find(&reach, signature, buffers, pairs);
        } else {
            let signatures = &self.index.records.signatures[reach.places.clone()];
            let (difference, first) = (reach.difference, reach.places.start);
            pairs.candidates += signatures.len() as u64;
            scan(
                signatures,
                signature,
                difference,
                first,
                &mut buffers.survivors,
            );
        }
        self.verify(probe, buffers, pairs)
    }

    /// Finds candidates by keys, and those that have none.
    fn find(
        &self,
        reach: &Reach,
        signature: Signature,
        buffers: &mut Buffers<M>,
        pairs: &mut Pairs,
    ) {
        let postings = &self.graded.postings;
        let own = &mut buffers.graded;
        own.lookups.keys.clear();
        own.prefix.keys(|key| own.lookups.keys.push(key));
        own.found.clear();
        let wanted = Wanted {
            places: reach.places.start as u32..reach.places.end as u32,
            signature: signature.folded(),
            difference: reach.difference,
        };
        pairs.candidates += postings.find(&mut own.lookups, &wanted, &mut own.found);
        let without_keys = postings.without_keys(&wanted.places);
        pairs.candidates += without_keys.len() as u64;
        let signatures = &self.index.records.signatures;
        buffers.stamps.begin();
        for place in own.found.iter().chain(without_keys) {
            let at = *place as usize;
            if signatures[at].difference(signature) <= reach.difference && buffers.stamps.is_new(at)
            {
                buffers.survivors.push(*place);
            }
        }
    }

    fn verify(
        &self,
        probe: &Side<'_, M::Detail>,
        buffers: &mut Buffers<M>,
        pairs: &mut Pairs,
    ) -> Result<()> {
        if buffers.survivors.is_empty() {
            return Ok(());
        }
        let (measure, records) = (&self.index.measure, &self.index.records);
        measure.prepare(probe, &mut buffers.measure);
        for (count, place) in buffers.survivors.iter().enumerate() {
            if (count + 1).is_multiple_of(PAIRS_BETWEEN_CHECKS) {
                self.search.cancellation.check()?;
            }
            let build = records.order[*place as usize];
            let pair = Pair {
                probe,
                build: Side {
                    texts: &self.index.texts,
                    id: build,
                    records,
                    record: build,
                },
                prefix: 0,
            };
            pairs.verified += 1;
            if measure.is_similar(&pair, &mut buffers.measure) {
                if self.search.self_join {
                    pairs.push(probe.id.max(build), probe.id.min(build));
                } else {
                    pairs.push(probe.id, build);
                }
            }
        }
        Ok(())
    }
}
