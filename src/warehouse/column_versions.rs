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

use arrow::array::{ArrayRef, AsArray as _, RecordBatch, StructArray, new_null_array};
use arrow::buffer::NullBuffer;
use arrow::compute::{and, cast, is_not_null};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt as _;

use super::keyed::KeyedColumns;
use super::schema::TableSchema;
use super::types::stored_type;
use crate::error::{Error, Result};

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
        if !keyed.merges_by_version() {
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

/// A column of a table, and the one beside it in files that has the versions of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionedColumn {
    /// The column, by its name in the table.
    pub column: String,
    /// Its versions.
    pub versions: String,
}

/// The columns of a table that have versions beside them, in their order.
pub(super) fn versioned_columns(
    schema: &TableSchema,
    files: &TableSchema,
) -> Result<Vec<VersionedColumn>> {
    let Some(keyed) = &schema.keyed else {
        return Ok(Vec::new());
    };
    let width = schema.declared.fields().len();
    let columns = keyed.columns(&schema.declared)?;
    let versions = files.declared.fields().iter().skip(width);
    let columns = columns.others(width).zip(versions);
    let columns = columns.map(|(index, versions)| VersionedColumn {
        column: schema.declared.field(index).name().clone(),
        versions: versions.name().clone(),
    });
    Ok(columns.collect())
}

/// Rows of a table as rows of its files, where behind the table's columns stand, for some of these, a
/// column that tells whether a value has a version of its own, and one for each part of that.
pub(super) fn assembled(
    rows: SendableRecordBatchStream,
    schema: &Arc<TableSchema>,
    files: &Arc<TableSchema>,
    versioned: &[String],
) -> Result<SendableRecordBatchStream> {
    let width = schema.declared.fields().len();
    let mut sources = Vec::new();
    for field in files.declared.fields().iter().skip(width) {
        let DataType::Struct(parts) = field.data_type() else {
            return Err(Error::internal("the versions of a column are no versions"));
        };
        sources.push((parts.clone(), None::<(usize, usize)>));
    }
    for (column, source) in versioned_columns(schema, files)?.iter().zip(&mut sources) {
        let place = versioned.iter().position(|name| *name == column.column);
        let index = schema.declared.index_of(&column.column)?;
        source.1 = place.map(|place| (index, width + place * (1 + source.0.len())));
    }
    let given = rows.schema();
    let own = given.fields().iter().take(width);
    // Whether a column may be NULL is looked at when it is written.
    let own = own.map(|field| Arc::new(field.as_ref().clone().with_nullable(true)));
    let fields = own.chain(files.declared.fields().iter().skip(width).cloned());
    let wide = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let schema = Arc::clone(&wide);
    let rows = rows.map(move |batch| {
        let batch = batch?;
        let mut columns: Vec<ArrayRef> = batch.columns().iter().take(width).cloned().collect();
        for (parts, source) in &sources {
            columns.push(match *source {
                Some((value, first)) => versions_of(&batch, value, first, parts)?,
                None => new_null_array(&DataType::Struct(parts.clone()), batch.num_rows()),
            });
        }
        Ok(RecordBatch::try_new(Arc::clone(&wide), columns)?)
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
}

/// The versions of the values in a column, of which the columns from `first` on tell; a value that is
/// none has none.
fn versions_of(
    batch: &RecordBatch,
    value: usize,
    first: usize,
    parts: &Fields,
) -> Result<ArrayRef> {
    let is_there = is_not_null(batch.column(value))?;
    let has = and(&is_there, batch.column(first).as_boolean())?;
    let values = batch.columns().iter().skip(first + 1).zip(parts);
    let values = values.map(|(values, part)| cast(values, part.data_type()));
    let values = values.collect::<std::result::Result<Vec<_>, _>>()?;
    let nulls = NullBuffer::new(has.values().clone());
    let versions = StructArray::try_new(parts.clone(), values, Some(nulls))?;
    Ok(Arc::new(versions))
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
