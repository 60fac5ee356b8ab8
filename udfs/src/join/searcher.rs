//! Searches for the entries of the probe side, block by block.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use datafusion::common::internal_err;
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
    /// The group whose index is searched; without one, each text is compared.
    indexed: Option<Indexed>,
    /// The entries that are yet to be searched for.
    entries: Range<u32>,
}

/// How a group that has an index is searched.
#[derive(Debug)]
struct Indexed {
    /// The place of the group in the build side's groups.
    group: usize,
    /// The entry that the texts' ids count from.
    first: u32,
    /// The texts of the entries.
    texts: Arc<Texts>,
    /// The bytes of memory that these take, where they are the block's own.
    size: usize,
}

/// What a thread keeps from search to search.
#[derive(Default)]
pub(super) struct Kept {
    /// The group whose index the scratch is of, and the scratch.
    scratch: Option<(usize, Scratch)>,
}

impl Kept {
    /// The bytes of memory that this takes.
    pub(super) fn size(&self, built: &Built) -> usize {
        match &self.scratch {
            Some((group, scratch)) => match &built.groups[*group] {
                Group::Indexed { index, .. } => index.scratch_size(scratch),
                Group::Listed => 0,
            },
            None => 0,
        }
    }
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

    /// The bytes of memory that this takes.
    pub(super) fn size(&self) -> usize {
        (self.left.capacity() + self.right.capacity()) * size_of::<u32>()
    }
}

impl Searcher {
    pub(super) fn new(
        built: &Built,
        probe: &Probe,
        block: Block,
        cancellation: &Cancellation,
    ) -> Result<Self> {
        let (group, first, entries) = match block {
            Block::Listed(entries) => {
                return Ok(Self {
                    indexed: None,
                    entries,
                });
            }
            Block::Indexed {
                group,
                first,
                entries,
            } => (group, first, entries),
        };
        let whole = match &built.groups[group] {
            Group::Indexed { texts, .. } if probe.mirrored => Some(texts),
            _ if built.keys.is_none() => Some(&probe.side.texts),
            _ => None,
        };
        let (first, texts, size) = match whole {
            Some(texts) => (first, Arc::clone(texts), 0),
            None => {
                let texts = entries.clone().map(|entry| probe.side.text(entry));
                let texts = Texts::from_sorted(texts, cancellation)?;
                let size = texts.size();
                (entries.start, Arc::new(texts), size)
            }
        };
        Ok(Self {
            indexed: Some(Indexed {
                group,
                first,
                texts,
                size,
            }),
            entries,
        })
    }

    /// The bytes of memory that this takes.
    pub(super) fn size(&self) -> usize {
        self.indexed.as_ref().map_or(0, |indexed| indexed.size)
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
        if self.entries.is_empty() {
            return Ok(None);
        }
        let Some(Indexed {
            group,
            first,
            texts,
            ..
        }) = &self.indexed
        else {
            return self.compare(join, built, probe, cancellation).map(Some);
        };
        let Group::Indexed { index, .. } = &built.groups[*group] else {
            return internal_err!("similarity join: the group {group} has no index");
        };
        let scratch = match kept.scratch.take() {
            Some((of, scratch)) if of == *group => scratch,
            _ => index.scratch(),
        };
        let (_, scratch) = kept.scratch.insert((*group, scratch));
        let search = Search {
            texts,
            ids: self.entries.start - first..self.entries.end - first,
            self_join: probe.mirrored,
            cancellation,
        };
        let mut pairs = Pairs::with_limit(PAIRS);
        self.entries.start = first + index.search(&search, scratch, &mut pairs)?;
        let first_built = built.side.entries_at(*group).start;
        let mut found = Found {
            candidates: pairs.candidates,
            verified: pairs.verified,
            ..Found::default()
        };
        for (probed, build) in pairs.probe.iter().zip(&pairs.build) {
            found.push(first_built + build, first + probed, probe.mirrored);
        }
        Ok(Some(found))
    }

    /// Compares the entries with each of their group.
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
        let mut place = probe.side.place_of(self.entries.start);
        let mut group = 0..0;
        let mut partners = 0..0;
        while !self.entries.is_empty() && found.left.len() < PAIRS {
            let entry = self.entries.start;
            self.entries.start += 1;
            while !group.contains(&entry) {
                group = probe.side.entries_at(place);
                partners = built.listed(probe.side.groups()[place]);
                place += 1;
            }
            let length = probe.side.texts.length(probe.side.text_id(entry));
            for other in partners.clone() {
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
        cancellation.check()?;
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
