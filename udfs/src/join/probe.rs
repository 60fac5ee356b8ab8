//! The probe side of a join, or a batch of it.

use std::ops::Range;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use datafusion::common::{JoinSide, JoinType};
use datafusion::error::Result;

use super::bitmap::Bitmap;
use super::built::Built;
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
    pub(super) fn new(join: &Join, built: &Built, rows: RecordBatch, whole: bool) -> Result<Self> {
        let text = join.text(&rows, JoinSide::Right)?;
        let groups = match &built.keys {
            None => None,
            Some(keys) => Some(keys.find(&join.keys(&rows, JoinSide::Right)?)?),
        };
        // What comes in pieces is searched for by several threads already.
        let threads = if whole { built.threads } else { 1 };
        let side = Side::new(rows, &text, groups.as_deref(), threads)?;
        Ok(Self {
            matched: Arc::new(Bitmap::new(side.rows.num_rows())),
            mirrored: whole && side.has_entries_of(&built.side),
            side,
        })
    }

    /// The rows by blocks of entries, each within one group, with the place of that in the build
    /// side's groups. Entries whose group has none there are left out.
    pub(super) fn blocks(&self, built: &Built) -> Vec<Block> {
        let most = (self.side.entries() / BLOCKS).clamp(FEWEST, MOST) as u32;
        let mut blocks = Vec::new();
        for (at, group) in self.side.groups().iter().enumerate() {
            let Ok(place) = built.side.groups().binary_search(group) else {
                continue;
            };
            let entries = self.side.entries_at(at);
            for start in entries.clone().step_by(most as usize) {
                blocks.push(Block {
                    group: place,
                    first: entries.start,
                    entries: start..entries.end.min(start + most),
                });
            }
        }
        blocks
    }

    /// The bytes of memory that this takes, the rows included.
    pub(super) fn size(&self) -> usize {
        let rows = &self.side.rows;
        super::width::size(rows) + self.side.size() + Bitmap::size(rows.num_rows())
    }
}

/// Entries of the probe side, of one group.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The place of the group in the build side's groups.
    pub(super) group: usize,
    /// The first entry of the group.
    pub(super) first: u32,
    pub(super) entries: Range<u32>,
}

/// The side whose rows are settled by their first partner.
pub(super) fn settled_side(join_type: JoinType) -> Option<JoinSide> {
    match join_type {
        JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => Some(JoinSide::Left),
        JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => Some(JoinSide::Right),
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => None,
    }
}
