//! Scans some files of a table: a Parquet scan in the order of the files.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::config::TableParquetOptions;
use datafusion::common::stats::Precision;
use datafusion::common::{Statistics, project_schema};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetFileReaderFactory,
};
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, FileSource as _, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema as ScannedSchema;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_expr::expressions::Column as PhysicalColumn;
use datafusion::physical_expr::projection::{ProjectionExpr, ProjectionExprs};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

use super::page_index::WithPageIndex;
use super::place::Place;
use super::readers::Held;
use crate::error::Error;

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

/// A scan of some files of a table.
pub(super) struct FilesScan<'a> {
    pub place: &'a Place,
    pub store_url: &'a ObjectStoreUrl,
    /// The oldest version that has the files.
    pub version: u64,
    /// What is read of each file, and what is added to its rows.
    pub scanned: ScannedSchema,
    /// The same columns under the names of the table.
    pub shown: SchemaRef,
    /// Whether the files tell statistics of these columns.
    pub has_statistics: bool,
    /// How many rows are read, where these are chosen one by one.
    pub rows: Option<u64>,
    /// Whether few rows of the files are read, so that it pays to read the pages alone that have them.
    pub reads_few: bool,
}

impl FilesScan<'_> {
    pub fn plan(
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
        let mut statistics = merge(files)?;
        if let Some(rows) = self.rows.and_then(|rows| usize::try_from(rows).ok()) {
            statistics.num_rows = Precision::Inexact(rows);
        }
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
        let size_hint = options.global.metadata_size_hint;
        let mut source = ParquetSource::new(table.clone()).with_table_parquet_options(options);
        let cache = runtime.cache_manager.get_file_metadata_cache();
        let store = runtime.object_store(self.store_url)?;
        let cached = CachedParquetFileReaderFactory::new(store, cache);
        let files: Arc<dyn ParquetFileReaderFactory> = match (self.reads_few, size_hint) {
            (true, _) => Arc::new(WithPageIndex(Arc::new(cached))),
            (false, Some(bytes)) => {
                source = source.with_metadata_size_hint(bytes);
                Arc::new(cached)
            }
            (false, None) => Arc::new(cached),
        };
        let reader = self.place.readers.begin(self.version);
        source = source.with_parquet_file_reader_factory(Arc::new(Held::new(files, reader)));
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
        Ok(DataSourceExec::from_data_source(config))
    }
}
