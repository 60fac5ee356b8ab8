//! Keeps the rows of all versions of a key, each with the time that it was valid in: slowly changing
//! dimensions of type 2 (Kimball and Ross, "The Data Warehouse Toolkit").
//!
//! A row is valid from its version on, up to the next version of its key, be that a row or a deletion.
//! So what a table holds follows from which versions there are, in whatever order they arrive: one that
//! comes late ends the interval before it and is ended by the one after it. Of several rows that are
//! valid from one moment on the latest stays, as it does in other keyed tables. A deletion is known by
//! its tombstone, and when that is gone, by the end of the row before it.

use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::Ordering as Atomic;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::{interleave, take_record_batch};
use arrow::row::{Row, RowConverter, Rows, SortField};

use super::by_column::{NEW, OLD};
use super::columns::At;
use super::order::{Comparison, Order};
use super::stored::Stored;
use super::unique::Chunk;
use crate::error::{Error, Result};
use crate::warehouse::tombstones::deleted;

/// Rows with what is compared of them.
struct Source {
    rows: RecordBatch,
    /// From when they are valid.
    from: Rows,
    /// Until when they are, as was found before.
    to: Rows,
    deleted: Option<BooleanArray>,
}

/// What has come of the versions of some keys.
#[derive(Default)]
struct Intervals {
    /// Rows, with the end of each that has one.
    living: Vec<(At, Option<End>)>,
    /// The latest of what tells of deletions at some moments.
    deletions: Vec<At>,
    /// Rows that others have taken the place of.
    lost: Vec<At>,
}

/// Where the end of an interval is told.
#[derive(Clone, Copy)]
enum End {
    /// By the beginning of a row.
    From(At),
    /// By the end that a row had before.
    To(At),
}

impl Order {
    /// Leaves of the rows of each key that are valid from one moment on the latest; rows of a key come
    /// one after the other.
    pub(super) fn reduce_history(
        &self,
        rows: RecordBatch,
        hashes: Vec<u128>,
    ) -> Result<(RecordBatch, Vec<u128>, u64)> {
        let source = self.source(rows)?;
        let comparison = self.comparison(&source.rows, &source.rows)?;
        let mut sorted: Vec<(u128, usize)> = hashes.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        let mut keys: Vec<&mut [(u128, usize)]> = sorted.chunk_by_mut(|a, b| a.0 == b.0).collect();
        // The last key stays the last.
        keys.sort_unstable_by_key(|rows| rows.last().map(|(_, row)| *row));
        let (mut kept, mut found) = (Vec::with_capacity(hashes.len()), Vec::new());
        for key in keys {
            key.sort_by(|a, b| source.from.row(a.1).cmp(&source.from.row(b.1)));
            for same in key.chunk_by(|a, b| source.from.row(a.1) == source.from.row(b.1)) {
                let rows = same.iter().map(|(_, row)| *row);
                let latest = rows.reduce(|best, row| match comparison.of(best, row) {
                    Ordering::Greater => best,
                    Ordering::Less | Ordering::Equal => row,
                });
                if let (Some(row), Some((hash, _))) = (latest, same.first()) {
                    kept.push(u32::try_from(row).ok());
                    found.push(*hash);
                }
            }
        }
        let left_out = hashes.len() - found.len();
        let rows = take_record_batch(&source.rows, &UInt32Array::from(kept))?;
        Ok((rows, found, left_out as u64))
    }

    /// The intervals of keys of which nothing else is known.
    pub(super) fn only_intervals(&self, chunk: Chunk) -> Result<RecordBatch> {
        let Chunk { rows, hashes } = chunk;
        let sources = [self.source(rows)?];
        let comparisons = self.comparisons(&sources)?;
        let mut intervals = Intervals::default();
        let numbered: Vec<(u128, usize)> = hashes.into_iter().zip(0..).collect();
        for key in numbered.chunk_by(|a, b| a.0 == b.0) {
            let rows = key.iter().map(|(_, row)| (NEW, *row)).collect();
            intervals.add(&sources, &comparisons, rows);
        }
        self.shown(&sources, &intervals.living, &intervals.deletions)
    }

    /// Rows with their intervals, and rows that tell of deletions.
    fn shown(
        &self,
        sources: &[Source],
        living: &[(At, Option<End>)],
        deletions: &[At],
    ) -> Result<RecordBatch> {
        let (Some(version), Some(history), Some(first)) =
            (self.columns.versions.first(), self.history, sources.first())
        else {
            return Err(Error::internal("a history has no versions"));
        };
        let schema = first.rows.schema();
        let rows: Vec<At> = living
            .iter()
            .map(|(at, _)| *at)
            .chain(deletions.iter().copied())
            .collect();
        let gathered = |index: usize| {
            let arrays = sources.iter().map(|it| it.rows.column(index).as_ref());
            interleave(&arrays.collect::<Vec<_>>(), &rows)
        };
        let mut columns: Vec<ArrayRef> = (0..history).map(gathered).collect::<Result<_, _>>()?;
        columns.push(gathered(*version)?);
        let none = new_null_array(schema.field(history + 1).data_type(), 1);
        let told = sources
            .iter()
            .flat_map(|it| [*version, history + 1].map(|index| it.rows.column(index).as_ref()));
        let told: Vec<&dyn Array> = std::iter::once(none.as_ref()).chain(told).collect();
        let ends = living
            .iter()
            .map(|(_, end)| *end)
            .chain(deletions.iter().map(|_| None));
        let ends = ends.map(|end| match end {
            None => (0, 0),
            Some(End::From((source, row))) => (1 + 2 * source, row),
            Some(End::To((source, row))) => (2 + 2 * source, row),
        });
        columns.push(interleave(&told, &ends.collect::<Vec<_>>())?);
        let is_current = living.iter().map(|(_, end)| Some(end.is_none()));
        let is_current = is_current.chain(deletions.iter().map(|_| None));
        columns.push(Arc::new(is_current.collect::<BooleanArray>()));
        Ok(RecordBatch::try_new(schema, columns)?)
    }

    fn source(&self, rows: RecordBatch) -> Result<Source> {
        let (Some(from), Some(history)) = (self.columns.versions.first(), self.history) else {
            return Err(Error::internal("a history has no versions"));
        };
        let data_type = rows.column(*from).data_type().clone();
        let converter = RowConverter::new(vec![SortField::new(data_type)])?;
        let column = |index: usize| converter.convert_columns(&[Arc::clone(rows.column(index))]);
        let told = self.columns.deleted.map(|column| deleted(&rows, column));
        Ok(Source {
            from: column(*from)?,
            to: column(history + 1)?,
            deleted: told.transpose()?,
            rows,
        })
    }

    /// Compares rows of each source with those of each.
    fn comparisons(&self, sources: &[Source]) -> Result<Vec<Vec<Comparison>>> {
        let of = |left: &Source| {
            let with = sources.iter();
            let with = with.map(|right| self.comparison(&left.rows, &right.rows));
            with.collect::<Result<Vec<_>>>()
        };
        sources.iter().map(of).collect()
    }
}

impl Intervals {
    /// Adds those of the rows of a key.
    fn add(&mut self, sources: &[Source], comparisons: &[Vec<Comparison>], mut rows: Vec<At>) {
        let mut ends: Vec<At> = rows
            .iter()
            .copied()
            .filter(|at| ends(sources, *at))
            .collect();
        ends.sort_by(|a, b| to(sources, *a).cmp(&to(sources, *b)));
        // What the table has comes first.
        rows.sort_by(|a, b| {
            let order = from(sources, *a).cmp(&from(sources, *b));
            order.then(b.0.cmp(&a.0))
        });
        let mut latest: Vec<At> = Vec::with_capacity(rows.len());
        for at in rows {
            match latest.last_mut() {
                Some(known) if from(sources, *known) == from(sources, at) => {
                    let comparison = comparisons.get(known.0).and_then(|it| it.get(at.0));
                    // Of one version a deletion counts as later, also where no column tells of it.
                    let deleted = [*known, at].map(|at| is_deletion(sources, at));
                    let is_later = comparison.is_some_and(|it| {
                        let order = it.of_versions(known.1, at.1);
                        let order = order.then(deleted[0].cmp(&deleted[1]));
                        order.then_with(|| it.of(known.1, at.1)).is_lt()
                    });
                    let loser = if is_later {
                        std::mem::replace(known, at)
                    } else {
                        at
                    };
                    self.lost.push(loser);
                }
                _ => latest.push(at),
            }
        }
        let mut ends = ends.into_iter().peekable();
        for (number, at) in latest.iter().copied().enumerate() {
            if is_deletion(sources, at) {
                self.deletions.push(at);
                continue;
            }
            while ends
                .next_if(|end| to(sources, *end) <= from(sources, at))
                .is_some()
            {}
            let next = latest.get(number + 1).copied();
            let end = match (next, ends.peek().copied()) {
                (Some(next), Some(end)) if to(sources, end) < from(sources, next) => {
                    Some(End::To(end))
                }
                (Some(next), _) => Some(End::From(next)),
                (None, end) => end.map(End::To),
            };
            self.living.push((at, end));
        }
    }
}

fn from(sources: &[Source], (source, row): At) -> Option<Row<'_>> {
    Some(sources.get(source)?.from.row(row))
}

fn to(sources: &[Source], (source, row): At) -> Option<Row<'_>> {
    Some(sources.get(source)?.to.row(row))
}

/// Whether the interval of a row had an end.
fn ends(sources: &[Source], (source, row): At) -> bool {
    sources.get(source).is_some_and(|it| {
        let ends = it.rows.columns().iter().rev().nth(1);
        ends.is_some_and(|ends| ends.is_valid(row))
    })
}

fn is_deletion(sources: &[Source], (source, row): At) -> bool {
    let deleted = sources.get(source).and_then(|it| it.deleted.as_ref());
    deleted.is_some_and(|it| it.value(row))
}

impl Stored {
    /// The rows of a chunk with their intervals, and those that the table has whose intervals are others
    /// now, which are added to what is gone.
    pub(super) async fn with_history(&self, chunk: Chunk) -> Result<RecordBatch> {
        let Chunk { rows, hashes } = chunk;
        let mut keys = hashes.clone();
        keys.dedup();
        let known = self.known(keys).await?;
        let all: Vec<usize> = (0..known.len()).collect();
        let (old, memory) = self.read(&known, &all).await?;
        let is_tombstone = known.iter().map(|row| Some(self.is_tombstone(row)));
        let old = Source {
            deleted: Some(is_tombstone.collect()),
            ..self.order.source(old)?
        };
        let sources = [self.order.source(rows)?, old];
        let numbered: Vec<(u128, usize)> = hashes.into_iter().zip(0..).collect();
        let mut old = known.iter().zip(0..).peekable();
        let comparisons = self.order.comparisons(&sources)?;
        let mut found = Intervals::default();
        for (number, key) in numbered.chunk_by(|a, b| a.0 == b.0).enumerate() {
            let mut rows: Vec<At> = key.iter().map(|(_, row)| (NEW, *row)).collect();
            while let Some((_, row)) = old.next_if(|(row, _)| row.key == number) {
                rows.push((OLD, row));
            }
            found.add(&sources, &comparisons, rows);
        }
        let is_as_it_was = |at: At, end: Option<End>| match end {
            _ if at.0 == NEW => false,
            None => !ends(&sources, at),
            Some(End::From(end)) => ends(&sources, at) && from(&sources, end) == to(&sources, at),
            Some(End::To(end)) => ends(&sources, at) && to(&sources, end) == to(&sources, at),
        };
        found.living.retain(|(at, end)| !is_as_it_was(*at, *end));
        found.deletions.retain(|(source, _)| *source == NEW);
        let stale = found
            .lost
            .iter()
            .filter(|(source, _)| *source == NEW)
            .count();
        self.stale.fetch_add(stale as u64, Atomic::Relaxed);
        let living = found.living.iter();
        let anew = living.filter(|((source, _), _)| *source == OLD).count();
        self.anew.fetch_add(anew as u64, Atomic::Relaxed);
        let replaced = found.living.iter().map(|(at, _)| *at);
        let replaced = replaced.chain(found.lost.iter().copied());
        {
            let mut gone = self.gone.lock();
            for (_, row) in replaced.filter(|(source, _)| *source == OLD) {
                if let Some(row) = known.get(row)
                    && !self.is_tombstone(row)
                {
                    gone.insert(row.file, i64::from(row.place));
                }
            }
        }
        let rows = self.order.shown(&sources, &found.living, &found.deletions);
        drop(memory);
        rows
    }
}

#[cfg(test)]
mod tests;
