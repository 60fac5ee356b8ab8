//! The probe side of a join, or a batch of it.

use std::ops::Range;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use datafusion::common::{JoinSide, JoinType};
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;

use super::bitmap::Bitmap;
use super::built::{Built, Group};
use super::cancellation::Cancellation;
use super::definition::Join;
use super::side::Side;

/// How many texts are searched for in one go, as far as one group has them: the more, the better an
/// index shares the reading of its memory among them, up to some number, but all threads must have
/// some until the end.
const FEWEST: usize = 1 << 10;
const MOST: usize = 1 << 14;
const BLOCKS: usize = 32;

/// Rows to find partners for.
#[derive(Debug)]
pub(super) struct Probe {
    /// The groups of this side are those of the build side.
    pub(super) side: Side,
    /// The rows that found a partner.
    pub(super) matched: Arc<Bitmap>,
    /// Whether the entries are those of the build side.
    pub(super) mirrored: bool,
}

impl Probe {
    /// Gathers the rows. Whether they have the entries of the build side is looked at where these
    /// are all rows.
    pub(super) fn new(
        join: &Join,
        built: &Built,
        rows: RecordBatch,
        whole: bool,
        reservation: &MemoryReservation,
        cancellation: &Cancellation,
    ) -> Result<Self> {
        let text = join.text(&rows, JoinSide::Right, cancellation)?;
        let gathering = Side::build_size(rows.num_rows(), &text, built.keys.is_some());
        reservation.try_grow(gathering + text.get_array_memory_size())?;
        let groups = match &built.keys {
            None => None,
            Some(keys) => {
                let columns = join.keys(&rows, JoinSide::Right, cancellation)?;
                Some(keys.find(&columns, cancellation)?)
            }
        };
        // What comes in pieces is searched for by several threads already.
        let threads = if whole { built.threads } else { 1 };
        let side = Side::new(rows, &text, groups.as_deref(), threads, cancellation)?;
        let probe = Self {
            matched: Arc::new(Bitmap::new(side.rows.num_rows())),
            mirrored: whole && side.has_entries_of(&built.side),
            side,
        };
        reservation.try_resize(probe.size())?;
        Ok(probe)
    }

    /// The rows by blocks of entries. Entries whose group the build side has not are left out,
    /// where that is simple.
    pub(super) fn blocks(&self, built: &Built) -> Vec<Block> {
        let most = (self.side.entries() / BLOCKS).clamp(FEWEST, MOST);
        let steps = |entries: Range<u32>| {
            let (start, end) = (entries.start, entries.end);
            (start..end)
                .step_by(most)
                .map(move |start| start..end.min(start + most as u32))
        };
        let mut blocks = Vec::new();
        let mut listed: Option<Range<u32>> = None;
        for (at, group) in self.side.groups().iter().enumerate() {
            let entries = self.side.entries_at(at);
            let place = built.side.groups().binary_search(group).ok();
            let place = place.filter(|place| matches!(built.groups[*place], Group::Indexed { .. }));
            let Some(group) = place else {
                let start = listed.map_or(entries.start, |listed| listed.start);
                listed = Some(start..entries.end);
                continue;
            };
            blocks.extend(listed.take().into_iter().flat_map(steps).map(Block::Listed));
            let first = entries.start;
            blocks.extend(steps(entries).map(|entries| Block::Indexed {
                group,
                first,
                entries,
            }));
        }
        blocks.extend(listed.into_iter().flat_map(steps).map(Block::Listed));
        blocks
    }

    /// The bytes of memory that this takes, the rows included.
    pub(super) fn size(&self) -> usize {
        let rows = &self.side.rows;
        super::width::size(rows) + self.side.size() + Bitmap::size(rows.num_rows())
    }
}

/// Entries of the probe side that are searched for in one go.
#[derive(Clone, Debug)]
pub(super) enum Block {
    /// Of one group, which the build side has an index for.
    Indexed {
        /// The place of the group in the build side's groups.
        group: usize,
        /// The first entry of the group.
        first: u32,
        entries: Range<u32>,
    },
    /// Of groups of which the build side has few texts, or none.
    Listed(Range<u32>),
}

/// The side whose rows are settled by their first partner.
pub(super) fn settled_side(join_type: JoinType) -> Option<JoinSide> {
    match join_type {
        JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => Some(JoinSide::Left),
        JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => Some(JoinSide::Right),
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => None,
    }
}
