//! What is kept of rows that a statement deletes from a keyed table, or changes by hand: their keys and
//! with which version they were there, so that a row of that version or before does not come back; to a
//! history, none of that version alone, for what is earlier was valid until then. Nothing else of them
//! stays. A row that was made by hand stands beside that, and is shown until a later one arrives.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Int64Type, UInt32Type};
use chrono::Utc;
use datafusion::catalog::Session;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use futures::StreamExt as _;

use super::keyed::{Keyed, KeyedColumns};
use super::modification::Modification;
use super::places::Places;
use super::schema::TableSchema;
use super::tombstones;
use super::types::UTC;
use super::writer::Written;
use crate::error::Result;

impl Keyed {
    /// Whether it is known of rows that are deleted or changed by hand that they were. Where versions do not tell which row
    /// is later, nothing needs to be.
    pub(super) fn remembers(&self) -> bool {
        !self.versions.is_empty()
    }
}

impl Modification {
    /// Writes tombstones in the place of rows of the version.
    pub(super) async fn remember(
        &self,
        session: &dyn Session,
        deleted: Places,
    ) -> Result<Option<Written>> {
        let schema = Arc::clone(&self.snapshot.schema);
        let Some(keyed) = schema.keyed.as_ref().filter(|keyed| keyed.remembers()) else {
            return Ok(None);
        };
        if deleted.is_empty() {
            return Ok(None);
        }
        let columns = keyed.columns(&schema.declared)?;
        let plan = self.table_scan()?;
        let plan = plan.known_rows(session, deleted.clone()).await?;
        let rows = execute_stream(plan, session.task_ctx())?;
        let told = Arc::clone(&schema);
        let rows = rows.map(move |batch| Ok(tombstones_of(&batch?, &deleted, &columns, &told)?));
        let declared = Arc::clone(&schema.declared);
        let rows = Box::pin(RecordBatchStreamAdapter::new(declared, rows));
        let written = tombstones::write(&self.table.place, &schema, rows, &self.settings);
        Ok(Some(written.await?))
    }
}

/// The tombstones of those rows of a batch that are deleted: it ends in the columns of places.
fn tombstones_of(
    batch: &RecordBatch,
    deleted: &Places,
    columns: &KeyedColumns,
    schema: &TableSchema,
) -> Result<RecordBatch> {
    let width = schema.declared.fields().len();
    let files = batch.column(width).as_primitive::<UInt32Type>();
    let places = batch.column(width + 1).as_primitive::<Int64Type>();
    let rows = files.values().iter().zip(places.values());
    let wanted: BooleanArray = rows
        .map(|(file, place)| Some(deleted.contains(*file, *place)))
        .collect();
    let found = filter_record_batch(batch, &wanted)?;
    let rows = found.num_rows();
    let values = schema.declared.fields().iter().enumerate();
    let values = values.map(|(index, field)| {
        if columns.key.contains(&index) || columns.versions.contains(&index) {
            return Ok(Arc::clone(found.column(index)));
        }
        if columns.deleted == Some(index) {
            return told(field.data_type(), rows);
        }
        let nothing = match field.is_nullable() {
            true => ScalarValue::try_from(field.data_type())?,
            false => ScalarValue::new_default(field.data_type())?,
        };
        Ok(nothing.to_array_of_size(rows)?)
    });
    let values = values.collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new(Arc::clone(&schema.declared), values)?)
}

/// Values of a column that tells of deletions.
fn told(data_type: &DataType, rows: usize) -> Result<ArrayRef> {
    if *data_type == DataType::Boolean {
        return Ok(Arc::new(BooleanArray::from(vec![true; rows])));
    }
    let now = TimestampMicrosecondArray::from_value(Utc::now().timestamp_micros(), rows);
    Ok(cast(&now.with_timezone(UTC), data_type)?)
}
