//! Scans the rows that commits brought and took.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::table_schema::TableSchema as ScannedSchema;
use datafusion::error::Result as QueryResult;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use object_store::ObjectMeta;
use roaring::RoaringBitmap;

use super::deletion_vector::selection;
use super::files_scan::{FilesScan, partitions, store_url};
use super::place::Place;
use super::schema::TableSchema;
use super::table::Table;
use super::types::UTC;
use crate::error::Result;

/// The column of a feed with the version that a commit made: Int64.
pub const COMMIT_VERSION: &str = "_commit_version";

/// The column of a feed with the time of the commit.
pub const COMMIT_TIMESTAMP: &str = "_commit_timestamp";

/// The column of a feed that is 1 for rows that came and -1 for rows that went: Int64.
pub const CHANGE_SIGN: &str = "tributary:sign";

/// The type of [`COMMIT_TIMESTAMP`].
pub fn commit_timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))
}

/// Rows of a file that a commit brought or took.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub path: String,
    pub bytes: u64,
    pub modified: DateTime<Utc>,
    pub rows: PartRows,
    pub version: i64,
    /// In milliseconds of the epoch.
    pub time: i64,
    pub sign: i64,
}

/// Which rows of a file.
#[derive(Clone, Debug)]
pub(super) enum PartRows {
    All,
    /// Those that a deletion vector leaves, of so many.
    AllBut(Arc<RoaringBitmap>, u64),
    /// These, of so many.
    Only(RoaringBitmap, u64),
}

/// Reads the rows of parts.
pub(super) struct ChangeScan {
    table: String,
    place: Place,
    store_url: ObjectStoreUrl,
    schema: Arc<TableSchema>,
    shown: SchemaRef,
    parts: Vec<Part>,
}

impl ChangeScan {
    pub fn new(table: &Table, schema: &Arc<TableSchema>, parts: Vec<Part>) -> Result<Self> {
        let fields = schema.declared.fields().iter().cloned();
        let shown = fields.chain(commit_columns().map(Arc::new));
        Ok(Self {
            table: table.id.to_string(),
            place: table.place.clone(),
            store_url: store_url(&table.place)?,
            schema: Arc::clone(schema),
            shown: Arc::new(Schema::new(shown.collect::<Vec<_>>())),
            parts,
        })
    }

    fn file(&self, part: &Part) -> PartitionedFile {
        let file = PartitionedFile::new_from_meta(ObjectMeta {
            location: self.place.file(&part.path),
            last_modified: part.modified,
            size: part.bytes,
            e_tag: None,
            version: None,
        });
        let read = match &part.rows {
            PartRows::All => None,
            PartRows::AllBut(gone, rows) => Some(selection(gone, *rows)),
            PartRows::Only(wanted, rows) => {
                let mut others = RoaringBitmap::new();
                others.insert_range(0..u32::try_from(*rows).unwrap_or(u32::MAX));
                others -= wanted;
                Some(selection(&others, *rows))
            }
        };
        let file = match read {
            Some(read) => file.with_extension(ParquetRowSelection::new(read)),
            None => file,
        };
        let time = Some(part.time.saturating_mul(1000));
        file.with_partition_values(vec![
            ScalarValue::from(part.version),
            ScalarValue::TimestampMicrosecond(time, Some(UTC.into())),
            ScalarValue::from(part.sign),
        ])
    }
}

/// The columns that a feed has beside those of the table.
fn commit_columns() -> [Field; 3] {
    [
        Field::new(COMMIT_VERSION, DataType::Int64, false),
        Field::new(COMMIT_TIMESTAMP, commit_timestamp_type(), false),
        Field::new(CHANGE_SIGN, DataType::Int64, false),
    ]
}

impl fmt::Debug for ChangeScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "changes of {}", self.table)
    }
}

#[async_trait]
impl TableProvider for ChangeScan {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.shown)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> QueryResult<Arc<dyn ExecutionPlan>> {
        let files: Vec<_> = self.parts.iter().map(|part| self.file(part)).collect();
        let scanned = ScannedSchema::builder(Arc::clone(&self.schema.scanned));
        let scan = FilesScan {
            place: &self.place,
            store_url: &self.store_url,
            // Files that have gone since may be of any version before.
            version: 0,
            scanned: scanned
                .with_table_partition_cols(commit_columns().map(Arc::new).to_vec())
                .build(),
            shown: Arc::clone(&self.shown),
            has_statistics: false,
            rows: None,
            reads_few: false,
        };
        scan.plan(state, &files, projection, limit, partitions(state))
    }
}
