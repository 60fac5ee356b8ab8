//! Searches for the entries of the probe side, block by block.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use datafusion::error::Result;

use super::built::{Built, Group};
use super::cancellation::Cancellation;
use super::definition::Join;
use super::index::{Scratch, Search};
use super::pairs::Pairs;
use super::probe::{Block, Probe};
use super::texts::Texts;

/// After how many pairs of texts a search pauses, for their rows to be given out.
const PAIRS: usize = 1 << 16;

/// How many pairs of texts are compared at once, and after how many bytes of them fewer are.
const COMPARED: usize = 4096;
const COMPARED_BYTES: usize = 4 << 20;

/// A block that is being searched for.
#[derive(Debug)]
pub(super) struct Searcher {
    block: Block,
    /// The next entry to search for.
    next: u32,
    /// The texts of the entries' group, for an index; ids count from the group's first entry.
    texts: Option<Arc<Texts>>,
}

/// What a thread keeps from search to search.
#[derive(Default)]
pub(super) struct Kept {
    /// The group whose index the scratch is of.
    group: Option<usize>,
    scratch: Option<Scratch>,
}

/// Pairs of entries.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) left: Vec<u32>,
    pub(super) right: Vec<u32>,
    pub(super) candidates: u64,
    pub(super) verified: u64,
    pub(super) matched: u64,
}

impl Found {
    fn push(&mut self, left: u32, right: u32, mirrored: bool) {
        self.matched += 1;
        self.left.push(left);
        self.right.push(right);
        if mirrored && left != right {
            self.left.push(right);
            self.right.push(left);
        }
    }
}

impl Searcher {
    pub(super) fn new(built: &Built, probe: &Probe, block: Block) -> Self {
        let texts = match &built.groups[block.group] {
            Group::Listed => None,
            Group::Indexed { texts, .. } if probe.mirrored => Some(Arc::clone(texts)),
            Group::Indexed { .. } if built.keys.is_none() => Some(Arc::clone(&probe.side.texts)),
            Group::Indexed { .. } => {
                let texts = block.entries.clone().map(|entry| probe.side.text(entry));
                Some(Arc::new(Texts::from_sorted(texts)))
            }
        };
        let own = texts.is_some() && built.keys.is_some() && !probe.mirrored;
        let first = if own {
            block.entries.start
        } else {
            block.first
        };
        Self {
            next: block.entries.start,
            block: Block { first, ..block },
            texts,
        }
    }

    /// The next pairs, at most about [`PAIRS`]; `None` once all entries were searched for.
    pub(super) fn next(
        &mut self,
        join: &Join,
        built: &Built,
        probe: &Probe,
        kept: &mut Kept,
        cancellation: &Cancellation,
    ) -> Result<Option<Found>> {
        if self.next >= self.block.entries.end {
            return Ok(None);
        }
        let found = match (&built.groups[self.block.group], &self.texts) {
            (Group::Indexed { index, .. }, Some(texts)) => {
                if kept.group != Some(self.block.group) {
                    kept.group = Some(self.block.group);
                    kept.scratch = None;
                }
                let scratch = kept.scratch.get_or_insert_with(|| index.scratch());
                let first = self.block.first;
                let search = Search {
                    texts,
                    ids: self.next - first..self.block.entries.end - first,
                    self_join: probe.mirrored,
                    cancellation,
                };
                let mut pairs = Pairs::with_limit(PAIRS);
                self.next = first + index.search(&search, scratch, &mut pairs)?;
                let first_built = built.side.entries_at(self.block.group).start;
                let mut found = Found {
                    candidates: pairs.candidates,
                    verified: pairs.verified,
                    ..Found::default()
                };
                for (probed, build) in pairs.probe.iter().zip(&pairs.build) {
                    found.push(first_built + build, first + probed, probe.mirrored);
                }
                found
            }
            _ => self.compare(join, built, probe, cancellation)?,
        };
        Ok(Some(found))
    }

    /// Compares the entries with each of the group.
    fn compare(
        &mut self,
        join: &Join,
        built: &Built,
        probe: &Probe,
        cancellation: &Cancellation,
    ) -> Result<Found> {
        let mut found = Found::default();
        let mut candidates = Candidates::default();
        let predicate = &join.similarity.predicate;
        while self.next < self.block.entries.end && found.left.len() < PAIRS {
            let entry = self.next;
            self.next += 1;
            let length = probe.side.texts.length(probe.side.text_id(entry));
            for other in built.side.entries_at(self.block.group) {
                if probe.mirrored && other > entry {
                    break;
                }
                let other_length = built.side.texts.length(built.side.text_id(other));
                if !predicate.may_hold(other_length, length) {
                    continue;
                }
                candidates.push(built, probe, other, entry);
                if candidates.is_full() {
                    cancellation.check()?;
                    candidates.compare(join, probe.mirrored, &mut found)?;
                }
            }
        }
        candidates.compare(join, probe.mirrored, &mut found)?;
        Ok(found)
    }
}

/// Pairs of entries to be compared.
#[derive(Debug, Default)]
struct Candidates {
    left: Vec<u32>,
    right: Vec<u32>,
    left_texts: StringBuilder,
    right_texts: StringBuilder,
    bytes: usize,
}

impl Candidates {
    fn push(&mut self, built: &Built, probe: &Probe, left: u32, right: u32) {
        let (left_text, right_text) = (built.side.text(left), probe.side.text(right));
        self.left.push(left);
        self.right.push(right);
        self.left_texts.append_value(left_text);
        self.right_texts.append_value(right_text);
        self.bytes += left_text.len() + right_text.len();
    }

    fn is_full(&self) -> bool {
        self.left.len() >= COMPARED || self.bytes >= COMPARED_BYTES
    }

    fn compare(&mut self, join: &Join, mirrored: bool, found: &mut Found) -> Result<()> {
        if self.left.is_empty() {
            return Ok(());
        }
        let left: ArrayRef = Arc::new(self.left_texts.finish());
        let right: ArrayRef = Arc::new(self.right_texts.finish());
        let holds = join.similarity.holds(left, right)?;
        found.candidates += holds.len() as u64;
        found.verified += holds.len() as u64;
        for ((left, right), holds) in self.left.drain(..).zip(self.right.drain(..)).zip(holds) {
            if holds {
                found.push(left, right, mirrored);
            }
        }
        self.bytes = 0;
        Ok(())
    }
}
