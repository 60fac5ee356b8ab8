//! The rows that a join gives out.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatchOptions, UInt32Array, new_null_array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::{JoinSide, JoinType};
use datafusion::error::Result;
use datafusion::physical_plan::joins::utils::ColumnIndex;

use super::bitmap::Bitmap;

/// Which rows of a side a column is taken from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rows<'a> {
    /// These.
    Taken(&'a RecordBatch, &'a UInt32Array),
    /// None: the columns are NULL.
    Absent,
}

/// What a join gives out.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub(super) schema: SchemaRef,
    /// Where each column comes from; the mark of a mark join comes from no side.
    pub(super) columns: Vec<ColumnIndex>,
}

impl Output {
    /// Puts rows of both sides together.
    pub(super) fn batch(
        &self,
        left: Rows<'_>,
        right: Rows<'_>,
        mark: Option<&ArrayRef>,
        count: usize,
    ) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (column, field) in self.columns.iter().zip(self.schema.fields()) {
            let rows = match column.side {
                JoinSide::Left => left,
                JoinSide::Right => right,
                JoinSide::None => Rows::Absent,
            };
            columns.push(match (rows, column.side, mark) {
                (_, JoinSide::None, Some(mark)) => Arc::clone(mark),
                (Rows::Taken(batch, indices), ..) => {
                    take(batch.column(column.index), indices, None)?
                }
                (Rows::Absent, ..) => new_null_array(field.data_type(), count),
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let schema = Arc::clone(&self.schema);
        Ok(RecordBatch::try_new_with_options(
            schema, columns, &options,
        )?)
    }

    /// The rows of one side that are given out once all partners are known, `count` of them at a
    /// time, as an iterator.
    pub(super) fn remaining<'a>(
        &'a self,
        join_type: JoinType,
        side: JoinSide,
        rows: &'a RecordBatch,
        matched: &'a Bitmap,
        count: usize,
    ) -> impl Iterator<Item = Result<RecordBatch>> + 'a {
        let mut next = 0;
        let end = rows.num_rows() as u32;
        let remaining = Remaining::of(join_type, side);
        std::iter::from_fn(move || {
            let remaining = remaining?;
            let mut indices = Vec::new();
            while next < end && indices.len() < count {
                if remaining.takes(matched.get(next)) {
                    indices.push(next);
                }
                next += 1;
            }
            if indices.is_empty() {
                return None;
            }
            let mark = (remaining == Remaining::Marked).then(|| {
                let marks = indices.iter().map(|row| Some(matched.get(*row)));
                Arc::new(marks.collect::<BooleanArray>()) as ArrayRef
            });
            let count = indices.len();
            let indices = UInt32Array::from(indices);
            let taken = Rows::Taken(rows, &indices);
            Some(match side {
                JoinSide::Left => self.batch(taken, Rows::Absent, mark.as_ref(), count),
                _ => self.batch(Rows::Absent, taken, mark.as_ref(), count),
            })
        })
    }
}

/// Which rows of a side are given out once all partners are known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Remaining {
    Unmatched,
    Matched,
    Marked,
}

impl Remaining {
    /// For a side of a join; `None` where only pairs are given out.
    pub(super) fn of(join_type: JoinType, side: JoinSide) -> Option<Self> {
        match (join_type, side) {
            (JoinType::Full, _)
            | (JoinType::Left | JoinType::LeftAnti, JoinSide::Left)
            | (JoinType::Right | JoinType::RightAnti, JoinSide::Right) => Some(Self::Unmatched),
            (JoinType::LeftSemi, JoinSide::Left) | (JoinType::RightSemi, JoinSide::Right) => {
                Some(Self::Matched)
            }
            (JoinType::LeftMark, JoinSide::Left) | (JoinType::RightMark, JoinSide::Right) => {
                Some(Self::Marked)
            }
            _ => None,
        }
    }

    fn takes(self, matched: bool) -> bool {
        match self {
            Self::Unmatched => !matched,
            Self::Matched => matched,
            Self::Marked => true,
        }
    }
}

/// Whether a join gives out pairs of rows.
pub(super) fn gives_pairs(join_type: JoinType) -> bool {
    matches!(
        join_type,
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full
    )
}
