//! The versions of single columns, where a keyed table keeps the latest value of each
//! ([`Merge::Column`]).
//!
//! A row tells in its version columns which version it is of as a whole. Values that are older have
//! theirs in columns beside those of the table, one for each: a struct of the version columns, NULL
//! where the value is of the row's version, or is none. These columns stand in data files alone. The
//! table's schema in the log does not have them, so that no engine shows them: readers take the columns
//! of the schema out of files, which may have more, as they have after a column was dropped. Another
//! engine that rewrites the table forgets them; then each value is of its row's version, as it is when
//! a row is changed by hand.

use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt as _;

use super::keyed::{KeyedColumns, Merge};
use super::schema::TableSchema;
use super::types::stored_type;
use crate::error::Result;

/// What the names of these columns begin with; the name of the value's column in files follows.
const PREFIX: &str = "_tributary_version_of_";

impl TableSchema {
    /// The schema of a table's files with the versions of its columns, which come last: one for each
    /// column that is neither of the key nor of the version, in their order.
    ///
    /// # Errors
    /// Version columns of types that cannot be stored.
    pub fn with_column_versions(self: &Arc<Self>) -> Result<Arc<Self>> {
        let Some(keyed) = &self.keyed else {
            return Ok(Arc::clone(self));
        };
        if keyed.merge != Merge::Column || keyed.versions.is_empty() {
            return Ok(Arc::clone(self));
        }
        let columns = keyed.columns(&self.declared)?;
        let declared = DataType::Struct(columns.version(&self.declared));
        let stored = stored_type(&declared)?;
        let named = |data_type: &DataType| {
            let of_columns = columns.others(self.stored.fields().len()).map(|index| {
                let name = format!("{PREFIX}{}", self.stored.field(index).name());
                Field::new(name, data_type.clone(), true)
            });
            of_columns.map(Arc::new).collect::<Vec<_>>()
        };
        let wider = |schema: &SchemaRef, data_type: &DataType| {
            let own = schema.fields().iter().cloned();
            Arc::new(Schema::new(own.chain(named(data_type)).collect::<Vec<_>>()))
        };
        Ok(Arc::new(Self {
            declared: wider(&self.declared, &declared),
            scanned: wider(&self.scanned, &declared),
            stored: wider(&self.stored, &stored),
            ..self.as_ref().clone()
        }))
    }
}

impl KeyedColumns {
    /// The columns of a version, as a struct has them.
    pub fn version(&self, schema: &Schema) -> Fields {
        let fields = self.versions.iter().map(|index| schema.field(*index));
        let fields = fields.map(|field| Field::new(field.name(), field.data_type().clone(), true));
        fields.collect()
    }
}

/// Rows of a table as rows of its files: values without versions of their own are of that of their row.
pub(super) fn with_column_versions(
    rows: SendableRecordBatchStream,
    files: &TableSchema,
) -> SendableRecordBatchStream {
    let missing = files.declared.fields().iter();
    let missing: Vec<_> = missing
        .skip(rows.schema().fields().len())
        .cloned()
        .collect();
    if missing.is_empty() {
        return rows;
    }
    // Whether a column may be NULL is looked at when it is written.
    let own = rows.schema();
    let own = own.fields().iter();
    let own = own.map(|field| Arc::new(field.as_ref().clone().with_nullable(true)));
    let fields = own.chain(missing.iter().cloned());
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let wide = Arc::clone(&schema);
    let rows = rows.map(move |batch| {
        let batch = batch?;
        let none = missing
            .iter()
            .map(|field| new_null_array(field.data_type(), batch.num_rows()));
        let columns = batch.columns().iter().cloned().chain(none).collect();
        Ok(RecordBatch::try_new(Arc::clone(&wide), columns)?)
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}
