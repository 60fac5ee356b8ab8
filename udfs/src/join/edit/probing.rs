//! Looks texts up in the tables of an index.

use std::ops::ControlFlow;

use datafusion::error::Result;

use super::super::predicate::Metric;
use super::hashed::{LeftOver, Masked, Segmented};
use super::plan::Key;
use super::search::{Buffered, Round, Searcher};
use super::segments::Places;
use super::table::Table;

impl Searcher<'_> {
    /// Candidates by what is left after deletions or masking.
    pub(super) fn left_over(
        &self,
        round: &Round,
        buffered: &mut Buffered,
    ) -> Result<ControlFlow<()>> {
        let key = Key::Deletions {
            longer: round.longer,
        };
        let Some(table) = self.index.tables.get(&key) else {
            return Ok(ControlFlow::Continue(()));
        };
        let (texts, buffers) = (self.search.texts, &mut buffered.buffers);
        let (candidates, lookup) = (&mut buffered.candidates, &mut buffered.lookup);
        let self_join = self.search.self_join;
        let add = |probe: u32, build: u32| {
            if round.builds.contains(&build) {
                return candidates.add(&round.probes, probe, build);
            }
            ControlFlow::Continue(())
        };
        let probes = round.probes.clone();
        let cancellation = self.search.cancellation;
        if self.index.metric == Metric::Hamming {
            let masks = round.edits;
            let mut hashes = Masked {
                texts,
                buffers,
                masks,
            };
            return table.look_up(probes, &mut hashes, lookup, cancellation, self_join, add);
        }
        let left = self.index.distances.shortest(round.longer).unwrap_or(0);
        let mut hashes = LeftOver {
            texts,
            buffers,
            left,
        };
        table.look_up(probes, &mut hashes, lookup, cancellation, self_join, add)
    }

    /// Candidates by unchanged segments.
    pub(super) fn segments(
        &self,
        round: &Round,
        together: u32,
        buffered: &mut Buffered,
    ) -> Result<ControlFlow<()>> {
        let planner = self.index.planner();
        let shortest = self.index.texts.length(round.builds.start);
        let longest = self.index.texts.length(round.builds.end - 1);
        for length in shortest..=longest {
            let edits = round.edits;
            let key = Key::Segments {
                length,
                edits,
                together,
            };
            let table = self.index.tables.get(&key);
            let cut = planner.cut(length, edits, together);
            let (Some(table), Some(cut)) = (table, cut) else {
                continue;
            };
            let places = planner.places(&cut, together, round.length, usize::MAX);
            let flow = self.look_up_segments(round, table, &places, buffered)?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn look_up_segments(
        &self,
        round: &Round,
        table: &Table,
        places: &Places,
        buffered: &mut Buffered,
    ) -> Result<ControlFlow<()>> {
        let mut hashes = Segmented {
            texts: self.search.texts,
            buffers: &mut buffered.buffers,
            places,
        };
        let (candidates, letters) = (&mut buffered.candidates, &buffered.letters);
        let self_join = self.search.self_join;
        let add = |probe: u32, build: u32| {
            let own = letters[(probe - round.probes.start) as usize];
            if !own.allow(self.index.letters[build as usize], round.edits) {
                return ControlFlow::Continue(());
            }
            candidates.add(&round.probes, probe, build)
        };
        let probes = round.probes.clone();
        let cancellation = self.search.cancellation;
        table.look_up(
            probes,
            &mut hashes,
            &mut buffered.lookup,
            cancellation,
            self_join,
            add,
        )
    }
}
