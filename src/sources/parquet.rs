//! Parquet, through DataFusion's reader: pruned by statistics, columns read as they are needed.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, RecordBatchOptions};
use arrow::compute::kernels::numeric::add;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::datasource::listing::{FileRange, PartitionedFile};
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchemaBuilder;
use datafusion::execution::TaskContext;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::cache::default_cache::DefaultCache;
use datafusion::parquet::arrow::RowNumber;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::ObjectStore;

use super::conforming::{Conforming, Origin};
use super::conversion::Conversion;
use super::input::{self, Rows};
use super::location::SourceFile;
use super::scan::ScanSource;
use crate::error::{Error, Result, SqlState};

/// The name of the row number while it is read: no column of a file is called so.
const ROW_NUMBER: &str = "\u{1}row";

/// A footer that is larger is read twice.
const MAX_FOOTER: usize = 64 << 20;

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

/// The columns that a file has, with their types; what was read for that stays in `cache`.
pub(super) async fn schema_of(
    file: &SourceFile,
    store: &Arc<dyn ObjectStore>,
    cache: Option<Arc<FileMetadataCache>>,
) -> Result<Schema> {
    DFParquetMetadata::new(store.as_ref(), &file.meta)
        .with_file_metadata_cache(cache)
        .fetch_schema()
        .await
        .map_err(|error| damaged(Error::from(error), &file.name))
}

pub(super) async fn open(
    source: &ScanSource,
    file: &SourceFile,
    range: Option<FileRange>,
    columns: Vec<usize>,
    numbered: bool,
    context: &Arc<TaskContext>,
) -> Result<BoxStream<'static, Result<Rows>>> {
    // The server's cache knows files by their paths alone, which several stores may have.
    let footer: Arc<FileMetadataCache> = Arc::new(DefaultCache::new(MAX_FOOTER));
    let schema = schema_of(file, &source.store, Some(Arc::clone(&footer))).await?;
    let layout = Layout::of(source, file, &schema, columns)?;
    let numbered = numbered || layout.is_checked;
    let mut builder = TableSchemaBuilder::new(Arc::new(layout.schema));
    let mut projection = layout.columns;
    if numbered {
        let number = Field::new(ROW_NUMBER, DataType::Int64, false).with_extension_type(RowNumber);
        builder = builder.with_virtual_columns(vec![Arc::new(number)]);
        projection.push(source.visible.fields().len());
    }
    let files = CachedParquetFileReaderFactory::new(Arc::clone(&source.store), footer);
    let mut reader =
        ParquetSource::new(builder.build()).with_parquet_file_reader_factory(Arc::new(files));
    if let Some(predicate) = source.predicate.as_ref().filter(|_| layout.may_be_pruned) {
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
    let conforming = layout.conforming;
    let batches = DataSourceExec::from_data_source(config).execute(0, Arc::clone(context))?;
    let conformed = batches.map(move |batch| {
        let read = batch.map_err(Error::from).and_then(|batch| {
            let rows = split_numbers(&batch, numbered)?;
            conforming.conform(&rows.batch, rows.numbers)
        });
        read.map_err(|error| damaged(error, &name).within(&table))
    });
    let rejections = source.rejections(file);
    Ok(input::set_aside(
        conformed.boxed(),
        file.name.clone(),
        rejections,
    ))
}

/// How a file is read: what loses nothing is cast as it is read, so that its statistics tell which row
/// groups a query needs; the rest comes as the file has it.
struct Layout {
    /// For each column of the table, what is asked of the reader.
    schema: Schema,
    /// The columns to read: those that are wanted, and those that may have bad rows.
    columns: Vec<usize>,
    conforming: Conforming,
    is_checked: bool,
    /// Whether the predicate, which is of the table's columns, can be asked of the file's.
    may_be_pruned: bool,
}

impl Layout {
    fn of(
        source: &ScanSource,
        file: &SourceFile,
        schema: &Schema,
        mut columns: Vec<usize>,
    ) -> Result<Self> {
        let origins = source.origins(file, schema)?;
        let mut fields = Vec::with_capacity(origins.len());
        let mut differing = BTreeSet::new();
        for (index, origin) in origins.iter().enumerate() {
            let field = &origin.field;
            let found = origin.source.as_ref();
            let found = found.and_then(|(place, how)| Some((schema.fields().get(*place)?, how)));
            fields.push(match found {
                None => Arc::clone(field),
                Some((of_file, Conversion::Same | Conversion::Widened))
                    if of_file.name() == field.name() && !field.data_type().is_nested() =>
                {
                    let is_nullable = of_file.is_nullable() || field.is_nullable();
                    Arc::new(field.as_ref().clone().with_nullable(is_nullable))
                }
                Some((of_file, _)) => {
                    differing.insert(index);
                    Arc::clone(of_file)
                }
            });
        }
        let checked = origins.iter().enumerate();
        let checked = checked.filter(|(_, origin)| origin.is_checked(schema));
        let checked: Vec<usize> = checked.map(|(index, _)| index).collect();
        let is_checked = !checked.is_empty();
        columns.extend(checked);
        columns.sort_unstable();
        columns.dedup();
        let may_be_pruned = source.predicate.as_ref().is_none_or(|predicate| {
            let used = collect_columns(predicate);
            used.iter()
                .all(|column| !differing.contains(&column.index()))
        });
        // What is read stands in this order, as the file has it or as the table does.
        let read = columns.iter().enumerate().filter_map(|(place, index)| {
            let Origin { field, source } = origins.get(*index)?;
            let how = match source {
                Some((_, how)) if differing.contains(index) => how.clone(),
                _ => Conversion::Same,
            };
            Some(Origin {
                field: Arc::clone(field),
                source: Some((place, how)),
            })
        });
        Ok(Self {
            conforming: Conforming::new(read.collect()),
            schema: Schema::new(fields),
            columns,
            is_checked,
            may_be_pruned,
        })
    }
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
