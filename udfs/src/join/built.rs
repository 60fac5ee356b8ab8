//! The build side of a join.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;

use super::bitmap::Bitmap;
use super::cancellation::Cancellation;
use super::index::{Build, Index};
use super::keys::Keys;
use super::side::Side;
use super::similarity::Similarity;
use super::texts::Texts;

/// From how many texts on an index is built, rather than each compared: below, comparing takes
/// less than building and searching. Tests try small tables.
const INDEXED_FROM: usize = if cfg!(test) { 8 } else { 64 };

/// The rows of the build side, ready to be searched.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) side: Side,
    pub(super) keys: Option<Keys>,
    /// What each group in `side.groups()` is searched by.
    pub(super) groups: Vec<Group>,
    /// The rows that found a partner.
    pub(super) visited: Bitmap,
    /// How many threads may work on either side.
    pub(super) threads: usize,
    /// How many partitions still search.
    running: AtomicUsize,
    reservation: MemoryReservation,
}

/// The texts of a group.
#[derive(Debug)]
pub(super) enum Group {
    /// So few that each is compared.
    Listed,
    /// With an index over them.
    Indexed {
        texts: Arc<Texts>,
        index: Arc<dyn Index>,
    },
}

impl Built {
    /// Builds the indexes. Each is reserved before it is built; what is reserved already stays so.
    pub(super) fn new(
        similarity: &Similarity,
        side: Side,
        keys: Option<Keys>,
        partitions: usize,
        threads: usize,
        reservation: MemoryReservation,
        cancellation: &Cancellation,
    ) -> Result<Self> {
        reservation.try_grow(Bitmap::size(side.rows.num_rows()))?;
        reservation.try_grow(side.groups().len() * size_of::<Group>())?;
        let mut groups = Vec::with_capacity(side.groups().len());
        let memory = Arc::new(reservation.new_empty());
        let mut steps = cancellation.steps();
        for place in 0..side.groups().len() {
            steps.step(0)?;
            let entries = side.entries_at(place);
            if entries.len() < INDEXED_FROM {
                groups.push(Group::Listed);
                continue;
            }
            let texts = if keys.is_some() {
                let texts = entries.map(|entry| side.text(entry));
                let texts = Texts::from_sorted(texts, cancellation)?;
                reservation.try_grow(texts.size())?;
                Arc::new(texts)
            } else {
                Arc::clone(&side.texts)
            };
            let build = Build {
                predicate: similarity.predicate,
                expression: Arc::clone(&similarity.comparison),
                texts: Arc::clone(&texts),
                threads,
                memory: Arc::clone(&memory),
                cancellation: cancellation.clone(),
            };
            let size = build.size();
            reservation.try_grow(size)?;
            let index = build.index()?;
            reservation.shrink(size.saturating_sub(index.size()));
            groups.push(Group::Indexed { texts, index });
        }
        Ok(Self {
            visited: Bitmap::new(side.rows.num_rows()),
            side,
            keys,
            groups,
            threads,
            running: AtomicUsize::new(partitions),
            reservation,
        })
    }

    /// Gives back memory that was only taken on the way.
    pub(super) fn release(&self, bytes: usize) {
        self.reservation.shrink(bytes);
    }

    /// How the build side is searched, where it has an index.
    pub(super) fn strategy(&self) -> Option<&'static str> {
        self.groups.iter().find_map(|group| match group {
            Group::Indexed { index, .. } => Some(index.strategy()),
            Group::Listed => None,
        })
    }

    /// The entries of a group whose texts are compared each; none of any other.
    pub(super) fn listed(&self, group: u32) -> Range<u32> {
        match self.side.groups().binary_search(&group) {
            Ok(place) if matches!(self.groups[place], Group::Listed) => self.side.entries_at(place),
            _ => 0..0,
        }
    }

    /// Tells that a partition has searched all it had to; whether it was the last.
    pub(super) fn finish_partition(&self) -> bool {
        self.running.fetch_sub(1, Ordering::AcqRel) == 1
    }
}
