//! Searches for many texts at once.

use std::ops::{ControlFlow, Range};

use datafusion::error::Result;

use super::super::index::Search;
use super::super::pairs::Pairs;
use super::super::predicate::Metric;
use super::EditIndex;
use super::candidates::{Candidates, MOST_CANDIDATES};
use super::deletions::ways;
use super::hashed::Buffers;
use super::letters::Letters;
use super::lookup::Lookup;
use super::plan::Strategy;
use super::table::MOST_LOOKED_UP;
use super::verifier::Verifier;

/// How many hashes are looked up at once: enough for each part of a table to have many.
const HASHES_AT_ONCE: u64 = 1 << 21;

/// After how many texts compared by a scan it is checked whether the query was cancelled.
const SCANNED_BETWEEN_CHECKS: usize = 1 << 16;

/// What a thread keeps between searches.
#[derive(Debug)]
pub(super) struct Buffered {
    pub(super) buffers: Buffers,
    pub(super) lookup: Lookup,
    /// The letters of the texts searched for.
    pub(super) letters: Vec<Letters>,
    pub(super) candidates: Candidates,
    verifier: Verifier,
    /// How many texts are searched for at once at most.
    most: u32,
}

impl Buffered {
    pub(super) fn new(metric: Metric) -> Self {
        Self {
            buffers: Buffers::default(),
            lookup: Lookup::default(),
            letters: Vec::new(),
            candidates: Candidates::default(),
            verifier: Verifier::new(metric),
            most: MOST_LOOKED_UP,
        }
    }

    /// The bytes of memory that this takes.
    pub(super) fn size(&self) -> usize {
        self.lookup.size()
            + self.letters.capacity() * size_of::<Letters>()
            + self.candidates.pairs.capacity() * size_of::<u64>()
    }
}

/// A search in an index.
#[derive(Debug)]
pub(super) struct Searcher<'a> {
    pub(super) index: &'a EditIndex,
    pub(super) search: &'a Search<'a>,
}

/// Texts that are searched for, all of one length, among those that pairs can be made with whose
/// longer text has `longer` characters.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) probes: Range<u32>,
    pub(super) length: u32,
    pub(super) longer: u32,
    pub(super) edits: u32,
    /// The texts of the index that pairs can be made with.
    pub(super) builds: Range<u32>,
}

impl<'a> Searcher<'a> {
    pub(super) fn new(index: &'a EditIndex, search: &'a Search<'a>) -> Self {
        Self { index, search }
    }

    /// Searches for the texts, until all are done or `pairs` is full.
    pub(super) fn search(&self, buffered: &mut Buffered, pairs: &mut Pairs) -> Result<u32> {
        let mut next = self.search.ids.start;
        while next < self.search.ids.end && !pairs.is_full() {
            self.search.cancellation.check()?;
            let probes = self.probes_from(next, buffered.most);
            let found = pairs.len();
            let counts = (pairs.candidates, pairs.verified);
            if self.search_for(&probes, buffered, pairs)?.is_continue() {
                next = probes.end;
                if !pairs.is_full() {
                    buffered.most = MOST_LOOKED_UP.min(buffered.most * 2);
                }
            } else {
                // Too much is found at once: less is searched for.
                pairs.probe.truncate(found);
                pairs.build.truncate(found);
                (pairs.candidates, pairs.verified) = counts;
                buffered.most = (probes.len() as u32 / 2).max(1);
            }
        }
        Ok(next)
    }

    /// The texts to search for at once, from an id on: of one length, and not too many.
    fn probes_from(&self, start: u32, most: u32) -> Range<u32> {
        let texts = self.search.texts;
        let length = texts.length(start);
        let same_length = texts.with_lengths(length..=length);
        let hashes = match self.strategy(length) {
            Strategy::Deletions => {
                let edits = self.index.distances.most(length).unwrap_or(0);
                ways(length, edits)
            }
            Strategy::Scan | Strategy::Segments { .. } => 64,
        };
        let at_once = (HASHES_AT_ONCE / hashes.max(1)).clamp(1, u64::from(most)) as u32;
        start
            ..start
                .saturating_add(at_once)
                .min(same_length.end)
                .min(self.search.ids.end)
    }

    fn strategy(&self, longer: u32) -> Strategy {
        self.index
            .strategies
            .get(&longer)
            .copied()
            .unwrap_or(Strategy::Scan)
    }

    /// Finds all pairs of some texts of one length, unless there are too many at once.
    fn search_for(
        &self,
        probes: &Range<u32>,
        buffered: &mut Buffered,
        pairs: &mut Pairs,
    ) -> Result<ControlFlow<()>> {
        let length = self.search.texts.length(probes.start);
        let Some(edits) = self.index.distances.most(length) else {
            return Ok(ControlFlow::Continue(()));
        };
        buffered.letters.clear();
        let letters = probes
            .clone()
            .map(|id| Letters::of(self.search.texts.get(id)));
        buffered.letters.extend(letters);
        if self.search.self_join {
            for id in probes.clone() {
                pairs.push(id, id);
            }
            pairs.candidates += probes.len() as u64;
        }
        let shortest = self.index.distances.shortest(length).unwrap_or(length);
        let mut round = Round {
            probes: probes.clone(),
            length,
            longer: length,
            edits,
            builds: self.index.texts.with_lengths(shortest..=length),
        };
        if self.search.self_join {
            round.builds.end = round.builds.end.min(probes.end);
            return self.find(&round, buffered, pairs);
        }
        loop {
            if self.find(&round, buffered, pairs)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            // On to the next longer texts of the index.
            let next = self.index.texts.with_lengths(0..=round.longer).end;
            if next >= self.index.texts.len() as u32 {
                return Ok(ControlFlow::Continue(()));
            }
            let longer = self.index.texts.length(next);
            match (
                self.index.distances.shortest(longer),
                self.index.distances.most(longer),
            ) {
                (Some(shortest), Some(edits)) if shortest <= length => {
                    round.longer = longer;
                    round.edits = edits;
                    round.builds = self.index.texts.with_lengths(longer..=longer);
                }
                _ => return Ok(ControlFlow::Continue(())),
            }
        }
    }

    /// Finds the pairs of a round.
    fn find(
        &self,
        round: &Round,
        buffered: &mut Buffered,
        pairs: &mut Pairs,
    ) -> Result<ControlFlow<()>> {
        if round.builds.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        buffered.candidates.clear();
        let flow = match self.strategy(round.longer) {
            Strategy::Scan => return self.scan(round, buffered, pairs),
            Strategy::Deletions => self.left_over(round, buffered)?,
            Strategy::Segments { together } => self.segments(round, together, buffered)?,
        };
        if flow.is_break() {
            return Ok(flow);
        }
        buffered.candidates.sort();
        self.verify(round, buffered, pairs)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Compares the candidates.
    fn verify(&self, round: &Round, buffered: &mut Buffered, pairs: &mut Pairs) -> Result<()> {
        pairs.candidates += buffered.candidates.pairs.len() as u64;
        pairs.verified += buffered.candidates.pairs.len() as u64;
        for candidates in buffered.candidates.pairs.chunks(SCANNED_BETWEEN_CHECKS) {
            self.search.cancellation.check()?;
            for candidate in candidates {
                let (probe, build) = ((candidate >> 32) as u32, *candidate as u32);
                let text = self.search.texts.get(probe);
                let other = self.index.texts.get(build);
                if buffered.verifier.within(text, other, round.edits) {
                    pairs.push(probe, build);
                }
            }
        }
        Ok(())
    }

    /// Compares with all texts whose letters allow it.
    fn scan(
        &self,
        round: &Round,
        buffered: &mut Buffered,
        pairs: &mut Pairs,
    ) -> Result<ControlFlow<()>> {
        let start = pairs.len();
        for (id, letters) in round.probes.clone().zip(&buffered.letters) {
            let mut builds = round.builds.clone();
            if self.search.self_join {
                builds.end = builds.end.min(id);
            }
            pairs.candidates += builds.len() as u64;
            let text = self.search.texts.get(id);
            for start in builds.clone().step_by(SCANNED_BETWEEN_CHECKS) {
                self.search.cancellation.check()?;
                for build in start..builds.end.min(start + SCANNED_BETWEEN_CHECKS as u32) {
                    if !letters.allow(self.index.letters[build as usize], round.edits) {
                        continue;
                    }
                    pairs.verified += 1;
                    let other = self.index.texts.get(build);
                    if buffered.verifier.within(text, other, round.edits) {
                        pairs.push(id, build);
                    }
                }
            }
            if pairs.len() - start > MOST_CANDIDATES && round.probes.len() > 1 {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
