//! Parquet, through DataFusion's reader: pruned by statistics, columns read as they are needed.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, RecordBatchOptions};
use arrow::compute::kernels::numeric::add;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{FileRange, PartitionedFile};
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchemaBuilder;
use datafusion::execution::TaskContext;
use datafusion::execution::context::SessionState;
use datafusion::parquet::arrow::RowNumber;
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::ObjectStore;

use super::input::Rows;
use super::location::SourceFile;
use super::scan::ScanSource;
use super::types::without_views;
use crate::error::{Error, Result, SqlState};

/// The name of the row number while it is read: no column of a file is called so.
const ROW_NUMBER: &str = "\u{1}row";

/// The columns of all files together.
pub(super) async fn infer_schema(
    files: &[SourceFile],
    store: &Arc<dyn ObjectStore>,
    state: &SessionState,
) -> Result<SchemaRef> {
    let format = ParquetFormat::default().with_force_view_types(false);
    let mut merged = Schema::empty();
    for file in files {
        let schema = format
            .infer_schema(state, store, std::slice::from_ref(&file.meta))
            .await
            .map_err(|error| damaged(Error::from(error), &file.name))?;
        merged = merge(merged, &schema, file)?;
    }
    Ok(Arc::new(merged))
}

/// The columns of files so far and those of one more; a column must have one type.
pub(super) fn merge(merged: Schema, schema: &Schema, file: &SourceFile) -> Result<Schema> {
    Schema::try_merge([merged, without_views(schema)]).map_err(|error| {
        Error::from(error)
            .within(&file.name)
            .with_hint("Declare the columns, with types that fit all files.")
    })
}

/// A file that its reader cannot read is damaged, whatever the reader calls it.
pub(super) fn damaged(error: Error, file: &str) -> Error {
    let is_store_failure = matches!(
        error.sqlstate(),
        SqlState::UNDEFINED_FILE
            | SqlState::IO_ERROR
            | SqlState::FEATURE_NOT_SUPPORTED
            | SqlState::INSUFFICIENT_PRIVILEGE
            | SqlState::SERIALIZATION_FAILURE
            | SqlState::OUT_OF_MEMORY
            | SqlState::DISK_FULL
            | SqlState::QUERY_CANCELED
            | SqlState::DATATYPE_MISMATCH
    );
    if is_store_failure {
        return error.within(file);
    }
    Error::new(SqlState::DATA_CORRUPTED, error.message())
        .within(format!("{file}: the file cannot be read"))
        .with_hint("Check that the file is complete and has the format of the table.")
}

pub(super) fn open(
    source: &ScanSource,
    file: &SourceFile,
    range: Option<FileRange>,
    columns: Vec<usize>,
    numbered: bool,
    context: &Arc<TaskContext>,
) -> Result<BoxStream<'static, Result<Rows>>> {
    let mut builder = TableSchemaBuilder::new(Arc::clone(&source.visible));
    let mut projection = columns;
    if numbered {
        let number = Field::new(ROW_NUMBER, DataType::Int64, false).with_extension_type(RowNumber);
        builder = builder.with_virtual_columns(vec![Arc::new(number)]);
        projection.push(source.visible.fields().len());
    }
    let mut reader = ParquetSource::new(builder.build());
    if let Some(predicate) = &source.predicate {
        reader = reader.with_predicate(Arc::clone(predicate));
    }
    let mut part = PartitionedFile::from(file.meta.clone());
    part.range = range;
    let config = FileScanConfigBuilder::new(source.store_url.clone(), Arc::new(reader))
        .with_file(part)
        .with_projection_indices(Some(projection))?
        .build();
    let name = file.name.clone();
    let table = Arc::clone(&source.name);
    let batches = DataSourceExec::from_data_source(config).execute(0, Arc::clone(context))?;
    Ok(batches
        .map(move |batch| {
            let batch = batch.map_err(|error| damaged(Error::from(error), &name).within(&table))?;
            split_numbers(&batch, numbered)
        })
        .boxed())
}

/// Takes the row number, which counts from 0, from the end of a batch.
fn split_numbers(batch: &RecordBatch, numbered: bool) -> Result<Rows> {
    if !numbered {
        return Ok(Rows {
            numbers: Int64Array::new_null(batch.num_rows()),
            batch: batch.clone(),
        });
    }
    let last = batch.num_columns().saturating_sub(1);
    let numbers = add(batch.column(last), &Int64Array::new_scalar(1))?;
    let columns: Vec<usize> = (0..last).collect();
    let schema = Arc::new(batch.schema().project(&columns)?);
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(Rows {
        numbers: numbers.as_primitive::<Int64Type>().clone(),
        batch: RecordBatch::try_new_with_options(
            schema,
            batch.columns().get(..last).unwrap_or_default().to_vec(),
            &options,
        )?,
    })
}
