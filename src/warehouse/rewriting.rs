//! Giving a table other columns while its rows stay: they are written anew, or read by another schema.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::Result as QueryResult;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use tokio::sync::OwnedMutexGuard;

use super::column_versions::{VersionedColumn, assembled, versioned_columns};
use super::entry::CommitInfo;
use super::keyed::Keyed;
use super::participant::Participant;
use super::scan::TableScan;
use super::schema::TableSchema;
use super::snapshot::{DataFile, Snapshot};
use super::table::Change;
use super::table_id::TableId;
use super::{At, Commit, Warehouse, tombstones, writer};
use crate::error::Result;

/// Keeps others from committing to a table, until it is dropped.
pub struct Alone(OwnedMutexGuard<()>);

/// The rows of a table in other columns.
pub struct Rewriting {
    /// Since the version was the latest. Who commits often would else always be faster.
    pub alone: Alone,
    /// The version that they are those of, which is the latest.
    pub version: i64,
    /// The rows.
    pub rows: SendableRecordBatchStream,
    /// The columns whose values may have versions of their own, which stand behind the rows: for each
    /// whether it has one, and that version.
    pub versioned: Vec<String>,
    /// Those that tell of deletions, in the same columns, where [`Warehouse::tombstones`] gives some.
    pub tombstones: Option<SendableRecordBatchStream>,
    /// What makes the table keyed by its new columns.
    pub keyed: Option<Keyed>,
    /// The columns that its files are divided by.
    pub partitions: Vec<String>,
}

impl Warehouse {
    /// Puts rows, and their schema, in the place of those that they were made of.
    ///
    /// # Errors
    /// Those of [`Self::replace_with`] and of [`Keyed::check`]; 40001 where the version is not the
    /// latest any more.
    pub async fn rewrite(
        &self,
        table: &TableId,
        rewriting: Rewriting,
        commit: CommitInfo,
        participant: Arc<dyn Participant>,
    ) -> Result<Commit> {
        let table = self.table(table);
        let before = table.snapshot(At::Version(rewriting.version)).await?;
        let parts = rewriting
            .keyed
            .as_ref()
            .map_or(0, |keyed| keyed.versions.len());
        let given = rewriting.rows.schema();
        let behind = rewriting.versioned.len() * (1 + parts);
        let own: Vec<usize> = (0..given.fields().len().saturating_sub(behind)).collect();
        let schema = TableSchema::declare(&given.project(&own)?, before.schema.mapped)?;
        let schema = schema.partitioned_by(&rewriting.partitions)?;
        let schema = Arc::new(schema.keyed_by(rewriting.keyed)?);
        let files = schema.with_column_versions()?;
        let rows = match Arc::ptr_eq(&schema, &files) {
            true => rewriting.rows,
            false => assembled(rewriting.rows, &schema, &files, &rewriting.versioned)?,
        };
        let (place, settings) = (&table.place, &self.settings);
        let mut written = writer::write(place, &files, rows, settings).await?;
        if let Some(rows) = rewriting.tombstones {
            let mut found = tombstones::write(place, &schema, rows, settings).await?;
            // They are forgotten in their time, as the youngest of them would have been.
            let times = tombstones_of(&before).map(|(_, file)| file.modified.timestamp_millis());
            let since = times.max();
            for file in &mut found.files {
                file.since = since;
            }
            written.take_in(found);
        }
        let change = Change::Rewrite(schema, before.version);
        let participant = Some(participant);
        table
            .commit_alone(
                change,
                commit,
                Some(written),
                participant,
                settings,
                Some(rewriting.alone.0),
            )
            .await
    }

    /// The rows of a version with the columns that hold the versions of single values, and which of the
    /// table's columns these are of.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub async fn scan_with_column_versions(
        &self,
        table: &TableId,
        version: i64,
    ) -> Result<(Arc<dyn TableProvider>, Vec<VersionedColumn>)> {
        let handle = self.read(table);
        let snapshot = handle.snapshot(At::Version(version)).await?;
        let schema = Arc::clone(&snapshot.schema);
        let files = schema.with_column_versions()?;
        let columns = versioned_columns(&schema, &files)?;
        let scan = TableScan::new(table.clone(), handle.place.clone(), snapshot)?;
        Ok((Arc::new(scan.with_column_versions()?), columns))
    }

    /// Waits until nobody commits to a table, and keeps others from it.
    pub async fn alone(&self, table: &TableId) -> Alone {
        let handle = self.table(table);
        let alone = Alone(handle.alone().await);
        // What is written in the place of all comes after the version that is the latest then.
        if let Err(error) = handle.settle().await {
            tracing::debug!(%table, %error, "changes of a table could not be folded");
        }
        alone
    }

    /// Whether [`Self::reshape`] can give the table these columns: its files have the names of those that
    /// they hold.
    ///
    /// # Errors
    /// As [`Self::scan`], and those of [`Self::create`].
    pub async fn can_reshape(&self, table: &TableId, columns: &SchemaRef) -> Result<bool> {
        let current = &self.table(table).latest().await?.schema;
        Ok(current.begins(&TableSchema::declare(columns, current.mapped)?))
    }

    /// Whether the latest version has no files: of rows, or of what is remembered of rows that are gone.
    ///
    /// # Errors
    /// What the store says.
    pub async fn is_empty(&self, table: &TableId) -> Result<bool> {
        Ok(self.read(table).latest().await?.files.is_empty())
    }

    /// Gives the table these columns: those that it has, and behind them more that its rows have no
    /// values for. No row is written.
    ///
    /// # Errors
    /// Those of [`Self::create`] and of [`Keyed::check`], and what the participant says.
    pub async fn reshape(
        &self,
        table: &TableId,
        columns: &SchemaRef,
        keyed: Option<Keyed>,
        commit: CommitInfo,
        participant: Arc<dyn Participant>,
    ) -> Result<Commit> {
        let table = self.table(table);
        let current = Arc::clone(&table.latest().await?.schema);
        let schema = TableSchema::declare(columns, current.mapped)?.keyed_by(keyed)?;
        let schema = schema.partitioned_by(&current.partitions)?;
        let change = Change::Reshape(Arc::new(schema));
        table
            .commit(change, commit, None, Some(participant), &self.settings)
            .await
    }

    /// The rows of a version that tell of deletions, in the columns of the table; none where it has
    /// none.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub async fn tombstones(
        &self,
        table: &TableId,
        version: i64,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        let handle = self.read(table);
        let snapshot = handle.snapshot(At::Version(version)).await?;
        if tombstones_of(&snapshot).next().is_none() {
            return Ok(None);
        }
        let scan = TableScan::new(table.clone(), handle.place.clone(), snapshot)?;
        Ok(Some(Arc::new(Tombstones(scan))))
    }
}

/// The files of tombstones of a version, with their numbers.
fn tombstones_of(snapshot: &Snapshot) -> impl Iterator<Item = (u32, &Arc<DataFile>)> {
    let files = (0..).zip(&snapshot.files);
    files.filter(|(_, file)| file.is_tombstones())
}

/// The tombstones of a version as a relation.
struct Tombstones(TableScan);

impl fmt::Debug for Tombstones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tombstones of {:?}", self.0)
    }
}

#[async_trait]
impl TableProvider for Tombstones {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> QueryResult<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.schema().fields().len()).collect(),
        };
        let files: Vec<_> = tombstones_of(self.0.snapshot())
            .map(|(number, file)| (number, Arc::clone(file)))
            .collect();
        let rows = self.0.all_rows_of(state, &files, &columns).await?;
        // Their places are nobody's concern.
        let own = rows.schema();
        let wanted = own.fields().iter().take(columns.len()).enumerate();
        let wanted = wanted.map(|(place, field)| {
            let column = Column::new(field.name(), place);
            ProjectionExpr::new(Arc::new(column), field.name().clone())
        });
        Ok(Arc::new(ProjectionExec::try_new(
            wanted.collect::<Vec<_>>(),
            rows,
        )?))
    }
}
