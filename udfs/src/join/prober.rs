//! Finds the partners of a probe side's rows, a batch of output at a time.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use datafusion::common::JoinSide;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;

use super::bitmap::Bitmap;
use super::blocks::Blocks;
use super::built::Built;
use super::cancellation::Cancellation;
use super::definition::{Join, RowPairs};
use super::expansion::Expansion;
use super::metrics::Counts;
use super::probe::{Probe, settled_side};
use super::searcher::{Found, Kept, Searcher};
use super::width;

/// A search by one thread. What it keeps is bounded, whatever the number of pairs.
pub(super) struct Prober {
    join: Arc<Join>,
    built: Arc<Built>,
    probe: Arc<Probe>,
    blocks: Arc<Blocks>,
    cancellation: Cancellation,
    counts: Counts,
    /// The memory that all of what is below takes.
    reservation: MemoryReservation,
    kept: Kept,
    searcher: Option<Searcher>,
    found: Found,
    next_found: usize,
    expansion: Option<Expansion>,
    /// Pairs of rows that are to be given out.
    pending: RowPairs,
    /// How many rows are given out at once.
    rows: usize,
}

impl Prober {
    pub(super) fn new(
        join: Arc<Join>,
        built: Arc<Built>,
        probe: Arc<Probe>,
        blocks: Arc<Blocks>,
        cancellation: Cancellation,
        counts: Counts,
        reservation: MemoryReservation,
    ) -> Self {
        let width = width::widest(&built.side.rows) + width::widest(&probe.side.rows);
        Self {
            rows: width::rows(join.batch_size, width),
            join,
            built,
            probe,
            blocks,
            cancellation,
            counts,
            reservation,
            kept: Kept::default(),
            searcher: None,
            found: Found::default(),
            next_found: 0,
            expansion: None,
            pending: RowPairs::default(),
        }
    }

    /// The next rows; `None` once all blocks are done. A join that gives out no pairs has none.
    pub(super) fn step(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            self.cancellation.check()?;
            if self.pending.len() >= self.rows {
                return self.give_out().map(Some);
            }
            if self.next_found < self.found.left.len() {
                self.expand()?;
            } else if !self.search()? {
                if self.pending.len() > 0 {
                    return self.give_out().map(Some);
                }
                return Ok(None);
            }
        }
    }

    fn give_out(&mut self) -> Result<RecordBatch> {
        let pairs = self.pending.take_first(self.rows);
        let (left, right) = (&self.built.side.rows, &self.probe.side.rows);
        self.join.pairs(left, right, pairs)
    }

    /// Looks for more pairs of entries; whether there was a block left.
    fn search(&mut self) -> Result<bool> {
        let searcher = match &mut self.searcher {
            Some(searcher) => searcher,
            None => match self.blocks.take() {
                Some(block) => {
                    let searcher =
                        Searcher::new(&self.built, &self.probe, block, &self.cancellation)?;
                    self.searcher.insert(searcher)
                }
                None => return Ok(false),
            },
        };
        let found = searcher.next(
            &self.join,
            &self.built,
            &self.probe,
            &mut self.kept,
            &self.cancellation,
        )?;
        match found {
            None => self.searcher = None,
            Some(found) => {
                self.counts.add(&found);
                self.found = found;
                self.next_found = 0;
                self.reserve()?;
            }
        }
        Ok(true)
    }

    /// Reserves what the buffers have grown to.
    fn reserve(&mut self) -> Result<()> {
        let (built, probe) = (&self.built.side.texts, &self.probe.side.texts);
        // Two texts are compared as characters, of which there may be many in one.
        let compared = (built.longest() as usize + probe.longest() as usize) * size_of::<char>();
        // As many pairs of rows are looked at as are given out at once.
        let rows = (self.pending.len() + self.rows) * 2 * size_of::<u32>();
        let buffers = self.kept.size(&self.built)
            + self.searcher.as_ref().map_or(0, Searcher::size)
            + self.found.size();
        self.reservation.try_resize(compared + rows + buffers)
    }

    /// Looks at the rows of the next pairs of entries.
    fn expand(&mut self) -> Result<()> {
        if self.join.filter.is_none() && !self.join.gives_pairs() {
            self.mark_entries();
            return Ok(());
        }
        let (built, probe) = (&self.built, &self.probe);
        let settled_side = settled_side(self.join.join_type);
        let settled = |row| match settled_side {
            Some(JoinSide::Left) => built.visited.get(row),
            Some(_) => probe.matched.get(row),
            None => false,
        };
        let mut pairs = RowPairs::default();
        while self.next_found < self.found.left.len() && pairs.len() < self.rows {
            let left = built.side.rows_of(self.found.left[self.next_found]);
            let right = probe.side.rows_of(self.found.right[self.next_found]);
            let expansion = self.expansion.get_or_insert_with(|| match settled_side {
                None => Expansion::all(),
                Some(JoinSide::Left) => Expansion::until_settled(JoinSide::Left, left, settled),
                Some(side) => Expansion::until_settled(side, right, settled),
            });
            if !expansion.fill(left, right, &mut pairs, self.rows, settled) {
                self.expansion = None;
                self.next_found += 1;
            }
        }
        let pairs = self
            .join
            .filter(&built.side.rows, &probe.side.rows, pairs)?;
        if self.join.marks(JoinSide::Left) {
            pairs.left.iter().for_each(|row| built.visited.set(*row));
        }
        if self.join.marks(JoinSide::Right) {
            pairs.right.iter().for_each(|row| probe.matched.set(*row));
        }
        if self.join.gives_pairs() {
            self.pending.append(pairs);
        }
        Ok(())
    }

    /// Marks all rows of the entries found: where there is no filter, what holds for one of an
    /// entry's rows holds for all of them.
    fn mark_entries(&mut self) {
        let mark = |bitmap: &Bitmap, rows: &[u32]| {
            if rows.first().is_some_and(|row| !bitmap.get(*row)) {
                // The first row last: until it is set, others may come and do the same.
                rows.iter().rev().for_each(|row| bitmap.set(*row));
            }
        };
        for place in self.next_found..self.found.left.len() {
            if self.join.marks(JoinSide::Left) {
                let rows = self.built.side.rows_of(self.found.left[place]);
                mark(&self.built.visited, rows);
            }
            if self.join.marks(JoinSide::Right) {
                let rows = self.probe.side.rows_of(self.found.right[place]);
                mark(&self.probe.matched, rows);
            }
        }
        self.next_found = self.found.left.len();
    }
}
