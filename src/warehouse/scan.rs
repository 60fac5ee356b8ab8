//! Scans one version of a table: plain Parquet scans, planned from the statistics in the log.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, ScalarValue, Statistics, project_schema};
use datafusion::datasource::TableType;
use datafusion::datasource::file_format::FileFormat as _;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, FileSource as _, ParquetSource,
};
use datafusion::datasource::table_schema::TableSchema as ScannedSchema;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::parquet::arrow::RowNumber;
use datafusion::physical_expr::expressions::Column as PhysicalColumn;
use datafusion::physical_expr::projection::{ProjectionExpr, ProjectionExprs};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use object_store::ObjectMeta;

use super::deletion_vector::selection;
use super::file_stats::ColumnBounds;
use super::place::Place;
use super::places::{FILE_COLUMN, PLACE_COLUMN};
use super::snapshot::{DataFile, Snapshot};
use super::table_id::TableId;
use crate::error::Error;

/// A version of a table, for queries.
pub(super) struct TableScan {
    id: TableId,
    place: Place,
    store_url: ObjectStoreUrl,
    snapshot: Arc<Snapshot>,
    /// The columns of the rows' places, where the scan has them.
    places: Option<SchemaRef>,
}

/// A file of a version, and its number.
type NumberedFile<'a> = (u32, &'a Arc<DataFile>);

impl TableScan {
    pub fn new(id: TableId, place: Place, snapshot: Arc<Snapshot>) -> crate::error::Result<Self> {
        Ok(Self {
            id,
            store_url: store_url(&place)?,
            place,
            snapshot,
            places: None,
        })
    }

    /// The scan with two more columns: [`FILE_COLUMN`] and [`PLACE_COLUMN`].
    pub fn with_places(mut self) -> Self {
        let declared = &self.snapshot.schema.declared;
        let places = place_columns().map(Arc::new);
        let fields = declared.fields().iter().cloned().chain(places);
        self.places = Some(Arc::new(Schema::new(fields.collect::<Vec<_>>())));
        self
    }

    /// Reads all rows of these files, one after the other.
    pub async fn in_order(
        &self,
        state: &dyn Session,
        files: &[(u32, Arc<DataFile>)],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = files.iter().map(|(number, file)| (*number, file)).collect();
        self.scan_files(state, files, None, None, 1).await
    }

    /// Reads all rows of these files, with their places.
    pub async fn with_places_of(
        &self,
        state: &dyn Session,
        files: &[(u32, Arc<DataFile>)],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let scan = Self::new(
            self.id.clone(),
            self.place.clone(),
            Arc::clone(&self.snapshot),
        )?;
        let files = files.iter().map(|(number, file)| (*number, file)).collect();
        scan.with_places()
            .scan_files(state, files, None, None, partitions(state))
            .await
    }

    /// The files that may hold rows that pass the filters.
    fn files(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<NumberedFile<'_>>> {
        let files = (0..).zip(&self.snapshot.files);
        let Some(filter) = conjunction(filters.iter().cloned()) else {
            return Ok(files.collect());
        };
        let schema = &self.schema();
        let df_schema = DFSchema::try_from(Arc::clone(schema))?;
        let predicate = state.create_physical_expr(filter, &df_schema)?;
        let predicate = PruningPredicateBuilder::new()
            .with_file_schema(Arc::clone(schema))
            .try_build(predicate);
        // What cannot be decided from bounds is decided row by row.
        let Ok(predicate) = predicate else {
            return Ok(files.collect());
        };
        let Ok(keep) = predicate.prune(&FileStatistics(&self.snapshot)) else {
            return Ok(files.collect());
        };
        let kept = files.zip(keep).filter(|(_, keep)| *keep);
        Ok(kept.map(|(file, _)| file).collect())
    }

    async fn partitioned_file(&self, (number, file): NumberedFile<'_>) -> Result<PartitionedFile> {
        let mut listed = PartitionedFile::new_from_meta(ObjectMeta {
            location: self.place.file(&file.path),
            last_modified: file.modified,
            size: file.bytes,
            e_tag: None,
            version: None,
        });
        if let Some(gone) = &file.gone {
            let Some(rows) = file.bounds.rows else {
                return Err(
                    Error::internal("a file that lost rows does not tell how many it has").into(),
                );
            };
            let gone = gone.rows(&self.place).await?;
            listed = listed.with_extension(ParquetRowSelection::new(selection(gone, rows)));
        }
        Ok(match self.places {
            None => listed.with_statistics(Arc::clone(&file.statistics)),
            Some(_) => listed.with_partition_values(vec![ScalarValue::from(number)]),
        })
    }
}

/// What runtimes know the store by.
pub(super) fn store_url(place: &Place) -> crate::error::Result<ObjectStoreUrl> {
    let mut root = place.url.clone();
    root.set_path("/");
    ObjectStoreUrl::parse(root.as_str()).map_err(Error::from)
}

/// How many partitions a query wants.
pub(super) fn partitions(state: &dyn Session) -> usize {
    state.config().target_partitions().max(1)
}

/// The columns by which rows are known again: the number of the file, and the place in it.
fn place_columns() -> [Field; 2] {
    [
        Field::new(FILE_COLUMN, DataType::UInt32, false),
        Field::new(PLACE_COLUMN, DataType::Int64, false),
    ]
}

impl fmt::Debug for TableScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} version {}", self.id, self.snapshot.version)
    }
}

#[async_trait]
impl TableProvider for TableScan {
    fn schema(&self) -> SchemaRef {
        let declared = &self.snapshot.schema.declared;
        Arc::clone(self.places.as_ref().unwrap_or(declared))
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        self.places
            .is_none()
            .then(|| self.snapshot.statistics.clone())
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.files(state, filters)?;
        self.scan_files(state, files, projection, limit, partitions(state))
            .await
    }
}

impl TableScan {
    async fn scan_files(
        &self,
        state: &dyn Session,
        files: Vec<NumberedFile<'_>>,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
        partitions: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut read = Vec::with_capacity(files.len());
        for file in files {
            read.push(self.partitioned_file(file).await?);
        }
        let scan = FilesScan {
            place: &self.place,
            store_url: &self.store_url,
            scanned: self.scanned(),
            shown: self.schema(),
            has_statistics: self.places.is_none(),
        };
        scan.plan(state, &read, projection, limit, partitions).await
    }
}

/// A scan of some files of a table.
pub(super) struct FilesScan<'a> {
    pub place: &'a Place,
    pub store_url: &'a ObjectStoreUrl,
    /// What is read of each file, and what is added to its rows.
    pub scanned: ScannedSchema,
    /// The same columns under the names of the table.
    pub shown: SchemaRef,
    /// Whether the files tell statistics of these columns.
    pub has_statistics: bool,
}

impl FilesScan<'_> {
    pub async fn plan(
        &self,
        state: &dyn Session,
        files: &[PartitionedFile],
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
        partitions: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let runtime = state.runtime_env();
        if runtime.object_store(self.store_url).is_err() {
            runtime.register_object_store(self.store_url.as_ref(), Arc::clone(&self.place.store));
        }
        if files.is_empty() {
            let projected = project_schema(&self.shown, projection)?;
            return Ok(Arc::new(EmptyExec::new(projected)));
        }
        let table = &self.scanned;
        let merge = |files: &[PartitionedFile]| {
            let known = files.iter().filter_map(|file| file.statistics.as_deref());
            match self.has_statistics {
                true => Statistics::try_merge_iter(known, table.table_schema()),
                false => Ok(Statistics::new_unknown(table.table_schema())),
            }
        };
        let statistics = merge(files)?;
        // In their order, so that few partitions read the rows as they were written.
        let per_group = files.len().div_ceil(partitions);
        let groups = files
            .chunks(per_group)
            .map(|group| {
                let statistics = merge(group)?;
                Ok(FileGroup::new(group.to_vec()).with_statistics(Arc::new(statistics)))
            })
            .collect::<Result<Vec<_>>>()?;

        let options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let source = ParquetSource::new(table.clone()).with_table_parquet_options(options.clone());
        let indices: Vec<usize> = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.shown.fields().len()).collect(),
        };
        let columns = indices.into_iter().map(|index| {
            let column = PhysicalColumn::new(table.table_schema().field(index).name(), index);
            ProjectionExpr::new(Arc::new(column), self.shown.field(index).name())
        });
        let source = source
            .try_pushdown_projection(&ProjectionExprs::new(columns))?
            .ok_or_else(|| Error::internal("a Parquet scan takes no projection"))?;
        let config = FileScanConfigBuilder::new(self.store_url.clone(), source)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_limit(limit)
            .build();
        ParquetFormat::new()
            .with_options(options)
            .create_physical_plan(state, config)
            .await
    }
}

impl TableScan {
    /// What is read: the columns of the files, and those of the rows' places.
    fn scanned(&self) -> ScannedSchema {
        let files = Arc::clone(&self.snapshot.schema.scanned);
        let table = ScannedSchema::builder(files);
        if self.places.is_none() {
            return table.build();
        }
        let [file, place] = place_columns();
        table
            .with_table_partition_cols(vec![Arc::new(file)])
            .with_virtual_columns(vec![Arc::new(place.with_extension_type(RowNumber))])
            .build()
    }
}

/// The bounds of the files of a version, for pruning. Unlike statistics for the optimizer, they
/// need not be values that occur.
struct FileStatistics<'a>(&'a Snapshot);

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
