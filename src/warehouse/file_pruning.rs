//! Which files of a version filters leave out, by what the log tells of their columns.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};

use super::file_stats::ColumnBounds;
use super::snapshot::Snapshot;

/// The bounds of the files of a version, for pruning. Unlike statistics for the optimizer, they
/// need not be values that occur.
pub(super) struct FileStatistics<'a>(pub &'a Snapshot);

impl FileStatistics<'_> {
    fn index(&self, column: &Column) -> Option<usize> {
        self.0.schema.declared.index_of(column.name()).ok()
    }

    fn bounds(
        &self,
        column: &Column,
        bound: fn(&ColumnBounds) -> &Option<ScalarValue>,
    ) -> Option<ArrayRef> {
        let index = self.index(column)?;
        let unknown =
            ScalarValue::try_from(self.0.schema.declared.field(index).data_type()).ok()?;
        let values = self.0.files.iter().map(|file| {
            let bounds = file.bounds.columns.get(index);
            let value = bounds.and_then(|bounds| bound(bounds).clone());
            value.unwrap_or_else(|| unknown.clone())
        });
        ScalarValue::iter_to_array(values).ok()
    }
}

impl PruningStatistics for FileStatistics<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |bounds| &bounds.min)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |bounds| &bounds.max)
    }

    fn num_containers(&self) -> usize {
        self.0.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let index = self.index(column)?;
        let files = self.0.files.iter();
        let counts = files.map(|file| file.bounds.columns.get(index)?.nulls);
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let counts = self.0.files.iter().map(|file| file.bounds.rows);
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
