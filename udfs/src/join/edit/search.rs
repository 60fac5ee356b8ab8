//! Searches for many texts at once.

use std::ops::{ControlFlow, Range};

use datafusion::error::Result;

use super::super::index::Search;
use super::super::pairs::Pairs;
use super::super::predicate::Metric;
use super::EditIndex;
use super::deletions::ways;
use super::hashed::{Buffers, LeftOver, Masked, Segmented};
use super::letters::Letters;
use super::plan::{Key, Strategy};
use super::table::{Lookup, MOST_LOOKED_UP, Table};
use super::verifier::Verifier;

/// How many hashes are looked up at once: enough for each part of a table to have many.
const HASHES_AT_ONCE: u64 = 1 << 21;

/// How many candidates are kept at most while more than one text is searched for.
const MOST_CANDIDATES: usize = 1 << 21;

/// After how many texts compared by a scan it is checked whether the query was cancelled.
const SCANNED_BETWEEN_CHECKS: usize = 1 << 16;

/// What a thread keeps between searches.
#[derive(Debug)]
pub(super) struct Buffered {
    buffers: Buffers,
    lookup: Lookup,
    /// The letters of the texts searched for.
    letters: Vec<Letters>,
    candidates: Candidates,
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

/// Pairs that are to be compared.
#[derive(Debug, Default)]
struct Candidates {
    /// The text searched for in the upper half, that of the index in the lower.
    pairs: Vec<u64>,
    /// At how many they are looked through for repeated ones.
    most: usize,
}

impl Candidates {
    fn clear(&mut self) {
        self.pairs.clear();
        self.most = MOST_CANDIDATES;
    }

    fn sort(&mut self) {
        self.pairs.sort_unstable();
        self.pairs.dedup();
    }

    /// Adds a pair, unless there are too many for more texts than one.
    #[inline]
    fn add(&mut self, probes: &Range<u32>, probe: u32, build: u32) -> ControlFlow<()> {
        if self.pairs.len() >= self.most {
            self.sort();
            if self.pairs.len() >= MOST_CANDIDATES / 2 && probes.len() > 1 {
                return ControlFlow::Break(());
            }
            self.most = MOST_CANDIDATES.max(2 * self.pairs.len());
        }
        self.pairs.push(u64::from(probe) << 32 | u64::from(build));
        ControlFlow::Continue(())
    }
}

/// A search in an index.
#[derive(Debug)]
pub(super) struct Searcher<'a> {
    index: &'a EditIndex,
    search: &'a Search<'a>,
}

/// Texts that are searched for, all of one length, among those that pairs can be made with whose
/// longer text has `longer` characters.
#[derive(Clone, Debug)]
struct Round {
    probes: Range<u32>,
    length: u32,
    longer: u32,
    edits: u32,
    /// The texts of the index that pairs can be made with.
    builds: Range<u32>,
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

    /// Candidates by what is left after deletions or masking.
    fn left_over(&self, round: &Round, buffered: &mut Buffered) -> Result<ControlFlow<()>> {
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
            if round.builds.contains(&build) && !(self_join && build >= probe) {
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
            return table.look_up(probes, &mut hashes, lookup, cancellation, add);
        }
        let left = self.index.distances.shortest(round.longer).unwrap_or(0);
        let mut hashes = LeftOver {
            texts,
            buffers,
            left,
        };
        table.look_up(probes, &mut hashes, lookup, cancellation, add)
    }

    /// Candidates by unchanged segments.
    fn segments(
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
        places: &super::segments::Places,
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
            if self_join && build >= probe
                || !own.allow(self.index.letters[build as usize], round.edits)
            {
                return ControlFlow::Continue(());
            }
            candidates.add(&round.probes, probe, build)
        };
        let probes = round.probes.clone();
        let cancellation = self.search.cancellation;
        table.look_up(probes, &mut hashes, &mut buffered.lookup, cancellation, add)
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
