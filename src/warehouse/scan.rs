//! Scans one version of a table: plain Parquet scans, planned from the statistics in the log.

mod by_key;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::table_schema::TableSchema as ScannedSchema;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::parquet::arrow::RowNumber;
use datafusion::parquet::arrow::arrow_reader::RowSelection;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use object_store::ObjectMeta;
use tributary_udfs::postgres::with_plain_casts;

use self::by_key::Keys;
use super::deletion_vector::{selection, selection_of};
use super::file_pruning::FileStatistics;
use super::files_scan::{FilesScan, partitions, store_url};
use super::key_lookup;
use super::place::Place;
use super::places::{FILE_COLUMN, PLACE_COLUMN, Places};
use super::readers::Reader;
use super::schema::TableSchema;
use super::snapshot::{DataFile, Snapshot};
use super::table_id::TableId;
use crate::boxed::scan_by;
use crate::error::Error;

/// A version of a table, for queries.
pub(super) struct TableScan {
    id: TableId,
    place: Arc<Place>,
    store_url: ObjectStoreUrl,
    snapshot: Arc<Snapshot>,
    /// What is read of its files.
    schema: Arc<TableSchema>,
    /// The columns of the rows' places, where the scan has them.
    places: Option<SchemaRef>,
    pub(super) wanted: Wanted,
    pub(super) keys: Option<Keys>,
    /// Whether the version was the latest when the scan was made.
    is_latest: bool,
}

/// Which rows of files are read.
pub(super) enum Wanted {
    /// Those that are not gone.
    Living,
    /// Those that are gone too.
    All,
    /// Those that stand at these places, gone or not; all of a file that does not tell how many rows
    /// it has.
    Known(Places),
    /// Those that are not gone and stand at these places; of the files of these numbers, all that
    /// are not gone.
    Only(Places, Vec<u32>),
}

/// A file of a version, and its number.
type NumberedFile<'a> = (u32, &'a Arc<DataFile>);

impl TableScan {
    pub fn new(
        id: TableId,
        place: impl Into<Arc<Place>>,
        snapshot: Arc<Snapshot>,
    ) -> crate::error::Result<Self> {
        let place = place.into();
        Ok(Self {
            id,
            store_url: store_url(&place)?,
            place,
            schema: Arc::clone(&snapshot.schema),
            snapshot,
            places: None,
            wanted: Wanted::Living,
            keys: None,
            is_latest: false,
        })
    }

    /// The scan, of all that the files have, to be written to others or to be merged: the versions of
    /// columns too.
    pub fn with_column_versions(mut self) -> crate::error::Result<Self> {
        self.schema = self.snapshot.schema.with_column_versions()?;
        Ok(self)
    }

    /// The scan, of a version that is the latest.
    pub fn of_latest(mut self) -> Self {
        self.is_latest = true;
        self
    }

    /// The table and the version, where that is the latest.
    pub fn latest(&self) -> Option<(TableId, i64)> {
        let version = i64::try_from(self.snapshot.version).ok()?;
        self.is_latest.then(|| (self.id.clone(), version))
    }

    /// Keeps the version's files as long as the answer is there.
    pub fn hold(&self) -> Reader {
        self.place.readers.begin(self.snapshot.version)
    }

    pub fn id(&self) -> &TableId {
        &self.id
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    /// [`Self::place`], for who keeps it.
    pub fn shared_place(&self) -> &Arc<Place> {
        &self.place
    }

    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// Reads these columns of the rows that stand at these places, gone or not, in their order.
    pub async fn columns_at(
        &self,
        state: &dyn Session,
        places: Places,
        columns: &[usize],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut scan = self.again()?;
        scan.wanted = Wanted::Known(places);
        let files = scan.files(state, &[])?;
        scan.scan_files(state, files, Some(&columns.to_vec()), None, 1)
            .await
    }

    /// The scan of the rows that stand at these places.
    pub fn only(mut self, places: Places) -> Self {
        self.wanted = Wanted::Only(places, Vec::new());
        self
    }

    /// Reads the rows that stand at these places, gone or not, with their places. A file that does not
    /// tell how many rows it has is read whole.
    pub async fn known_rows(
        &self,
        state: &dyn Session,
        places: Places,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut scan = self.again()?.with_places();
        scan.wanted = Wanted::Known(places);
        let files = scan.files(state, &[])?;
        scan.scan_files(state, files, None, None, partitions(state))
            .await
    }

    /// The same version, to be read in another way.
    pub(super) fn again(&self) -> crate::error::Result<Self> {
        let (id, place) = (self.id.clone(), Arc::clone(&self.place));
        let mut scan = Self::new(id, place, Arc::clone(&self.snapshot))?;
        scan.schema = Arc::clone(&self.schema);
        Ok(scan)
    }

    /// Reads these columns of all rows of these files, of those that are gone too, and their places.
    pub async fn all_rows_of(
        &self,
        state: &dyn Session,
        files: &[(u32, Arc<DataFile>)],
        columns: &[usize],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut scan = self.again()?.with_places();
        scan.wanted = Wanted::All;
        let width = self.schema.declared.fields().len();
        let columns: Vec<usize> = columns.iter().copied().chain([width, width + 1]).collect();
        let files = files.iter().map(|(number, file)| (*number, file)).collect();
        scan.scan_files(state, files, Some(&columns), None, partitions(state))
            .await
    }

    /// The scan with two more columns: [`FILE_COLUMN`] and [`PLACE_COLUMN`].
    pub fn with_places(mut self) -> Self {
        let declared = &self.schema.declared;
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

    /// Reads these columns of all rows of these files, or all columns, in no order.
    pub async fn rows_of(
        &self,
        state: &dyn Session,
        files: &[(u32, Arc<DataFile>)],
        columns: Option<&Vec<usize>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = files.iter().map(|(number, file)| (*number, file)).collect();
        self.scan_files(state, files, columns, None, partitions(state))
            .await
    }

    /// Reads all rows of these files, with their places.
    pub async fn with_places_of(
        &self,
        state: &dyn Session,
        files: &[(u32, Arc<DataFile>)],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = files.iter().map(|(number, file)| (*number, file)).collect();
        self.again()?
            .with_places()
            .scan_files(state, files, None, None, partitions(state))
            .await
    }

    /// The files that may hold rows that pass the filters.
    fn files(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<NumberedFile<'_>>> {
        let files = (0..).zip(&self.snapshot.files);
        let files = files.filter(|(number, _)| self.wants(*number));
        // What an index has found is there.
        let found = match &self.wanted {
            Wanted::Only(_, whole) => whole.is_empty(),
            Wanted::Known(_) => true,
            Wanted::Living | Wanted::All => false,
        };
        if found {
            return Ok(files.collect());
        }
        let Some(filter) = conjunction(filters.iter().cloned()) else {
            return Ok(files.collect());
        };
        let schema = &self.schema();
        let df_schema = DFSchema::try_from(Arc::clone(schema))?;
        let predicate = state.create_physical_expr(with_plain_casts(filter)?, &df_schema)?;
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
        let kept = files.filter(|(number, _)| keep.get(*number as usize).is_none_or(|keep| *keep));
        Ok(kept.collect())
    }

    /// The rows of a file that are read, where these are not all.
    pub(super) async fn selected(
        &self,
        number: u32,
        file: &DataFile,
    ) -> Result<Option<RowSelection>> {
        let gone = match (&self.wanted, &file.gone) {
            (Wanted::All | Wanted::Known(_), _) | (_, None) => None,
            (_, Some(gone)) => Some(gone.rows(&self.place).await?),
        };
        let only = match &self.wanted {
            Wanted::Only(places, whole) if !whole.contains(&number) => Some(places.of(number)),
            Wanted::Known(places) if file.bounds.rows.is_some() => Some(places.of(number)),
            _ => None,
        };
        if gone.is_none() && only.is_none() {
            return Ok(None);
        }
        let Some(rows) = file.bounds.rows else {
            return Err(Error::internal("a file does not tell how many rows it has").into());
        };
        Ok(Some(match (gone, only) {
            (Some(gone), Some(only)) => selection_of(&(only - gone.as_ref()), rows),
            (None, Some(only)) => selection_of(&only, rows),
            (Some(gone), None) => selection(gone, rows),
            (None, None) => return Ok(None),
        }))
    }

    async fn partitioned_file(&self, (number, file): NumberedFile<'_>) -> Result<PartitionedFile> {
        let mut listed = PartitionedFile::new_from_meta(ObjectMeta {
            location: self.place.file(&file.path),
            last_modified: file.modified,
            size: file.bytes,
            e_tag: None,
            version: None,
        });
        if let Some(selected) = self.selected(number, file).await? {
            listed = listed.with_extension(ParquetRowSelection::new(selected));
        }
        Ok(match self.places {
            None if self.has_statistics() => listed.with_statistics(Arc::clone(&file.statistics)),
            None => listed,
            Some(_) => listed.with_partition_values(vec![ScalarValue::from(number)]),
        })
    }
}

impl TableScan {
    /// Whether the statistics in the log are those of the rows that are read.
    fn has_statistics(&self) -> bool {
        self.places.is_none()
            && Arc::ptr_eq(&self.schema, &self.snapshot.schema)
            && matches!(self.wanted, Wanted::Living)
    }

    /// About how many rows are read, where these are chosen by their places: joins build on the side of
    /// fewer.
    fn rows_selected(&self) -> Option<u64> {
        match &self.wanted {
            Wanted::Living | Wanted::All => None,
            Wanted::Known(places) => Some(places.len()),
            Wanted::Only(places, whole) => {
                let files = whole.iter().map(|number| {
                    let file = self.snapshot.files.get(*number as usize);
                    file.and_then(|file| file.bounds.rows)
                });
                let whole: Option<u64> = files.sum();
                whole.map(|rows| rows + places.len())
            }
        }
    }

    /// Whether a file has rows that are wanted.
    pub(super) fn wants(&self, number: u32) -> bool {
        match &self.wanted {
            Wanted::Living | Wanted::All => true,
            Wanted::Only(places, whole) => whole.contains(&number) || places.has_file(number),
            Wanted::Known(places) => places.has_file(number),
        }
    }
}

/// The columns by which rows are known again: the number of the file, and the place in it.
fn place_columns() -> [Field; 2] {
    [
        Field::new(FILE_COLUMN, DataType::UInt32, false),
        Field::new(PLACE_COLUMN, DataType::Int64, false),
    ]
}

impl TableScan {
    /// What is read of the table's files.
    pub fn table_schema(&self) -> &TableSchema {
        &self.schema
    }

    /// The columns that queries see.
    pub fn shown(&self) -> SchemaRef {
        let declared = &self.schema.declared;
        Arc::clone(self.places.as_ref().unwrap_or(declared))
    }
}

impl fmt::Debug for TableScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} version {}", self.id, self.snapshot.version)
    }
}

impl TableProvider for TableScan {
    fn schema(&self) -> SchemaRef {
        self.shown()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        self.has_statistics()
            .then(|| self.snapshot.statistics.clone())
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    scan_by!(TableScan, scan_rows);
}

impl TableScan {
    async fn scan_rows(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let found = self.found_by_key(filters, &[]).await;
        let _held = self.hold();
        if let Some(rows) = self.read_found(state, projection, found.as_ref()).await? {
            let schema = rows.schema();
            return Ok(MemorySourceConfig::try_new_exec(
                &[vec![rows]],
                schema,
                None,
            )?);
        }
        if let Some(wanted) = found {
            let mut scan = self.again()?;
            scan.places.clone_from(&self.places);
            scan.wanted = wanted;
            let files = scan.files(state, filters)?;
            return scan
                .scan_files(state, files, projection, limit, partitions(state))
                .await;
        }
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
        let to_look_up = self.to_look_up()?;
        for (number, file) in files {
            let listed = self.partitioned_file((number, file)).await?;
            read.push(match &to_look_up {
                Some(scan) => listed.with_extension(key_lookup::OfScan::new(scan, number)),
                None => listed,
            });
        }
        let scan = FilesScan {
            place: &self.place,
            store_url: &self.store_url,
            version: self.snapshot.version,
            scanned: self.scanned(),
            shown: self.schema(),
            has_statistics: self.has_statistics(),
            rows: self.rows_selected(),
            reads_few: matches!(self.wanted, Wanted::Only(..) | Wanted::Known(_)),
        };
        scan.plan(state, &read, projection, limit, partitions)
    }
}

impl TableScan {
    /// What is read: the columns of the files, and those of the rows' places.
    fn scanned(&self) -> ScannedSchema {
        let files = Arc::clone(&self.schema.scanned);
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
