//! Checks of rows that are merged column by column: each value came with a row that satisfied them, and
//! what they come to may not.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::{cast, filter_record_batch, not};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt as _;

use super::Constraints;
use crate::catalog::Object;
use crate::error::Result;
use crate::models::keyed;
use crate::warehouse::{Keyed, Merge, Seen};

impl Constraints {
    /// What sees the rows that go into a keyed table: `then`, once the checks are seen to hold of what
    /// rows are merged to, where a table merges columns and has any.
    ///
    /// # Errors
    /// What planning a check says.
    pub fn of_merged(
        state: &SessionState,
        object: &Arc<Object>,
        then: Option<Seen>,
    ) -> Result<Option<Seen>> {
        let merging = |keyed: &Keyed| keyed.merge == Merge::Column;
        let Some(keyed) = keyed::of(object)?.filter(merging) else {
            return Ok(then);
        };
        let constraints = Self::without_keys(state, object)?;
        if constraints.checks.is_empty() {
            return Ok(then);
        }
        let checked = move |rows: SendableRecordBatchStream| {
            let schema = rows.schema();
            let rows = rows.map(move |batch| {
                let batch = batch?;
                constraints.check_merged(&keyed, &batch)?;
                Ok::<_, DataFusionError>(batch)
            });
            let rows: SendableRecordBatchStream =
                Box::pin(RecordBatchStreamAdapter::new(schema, rows));
            match then {
                Some(then) => then(rows),
                None => rows,
            }
        };
        Ok(Some(Box::new(checked)))
    }

    /// Checks rows of files, which may have more columns than the table, but for those that tell of a
    /// deletion.
    fn check_merged(&self, keyed: &Keyed, batch: &RecordBatch) -> QueryResult<()> {
        let schema = &self.object.schema;
        let values = schema.fields().iter().zip(batch.columns());
        let values = values.map(
            |(field, values)| match values.data_type() == field.data_type() {
                true => Ok(Arc::clone(values)),
                false => cast(values, field.data_type()),
            },
        );
        let rows = RecordBatch::try_new(Arc::clone(schema), values.collect::<Result<_, _>>()?)?;
        match keyed.deletions(&rows)? {
            Some(deleted) => self.check_conditions(&filter_record_batch(&rows, &not(&deleted)?)?),
            None => self.check_conditions(&rows),
        }
    }
}
