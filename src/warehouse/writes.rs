//! What writes to tables: new ones, new rows, others in the place of those that were there.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt as _;
use futures::future::join;

use super::key_indexes::NewRows;
use super::scan::TableScan;
use super::schema::TableSchema;
use super::table::Change;
use super::{
    Commit, CommitInfo, IndexedKey, Latest, Modification, Participant, TableId, Upserted,
    Warehouse, WarehouseSettings, tombstones, upsert, writer,
};
use crate::error::Result;

/// How the rows of a table are told apart and divided among files.
#[derive(Default)]
struct Layout<'a> {
    latest: Option<Latest>,
    partitions: &'a [String],
}

/// Rows that indexes are told of as they pass.
fn telling(rows: SendableRecordBatchStream, told: Vec<Arc<NewRows>>) -> SendableRecordBatchStream {
    let schema = rows.schema();
    let rows = rows.map(move |batch| {
        let batch = batch?;
        for new_rows in &told {
            new_rows.push(&batch)?;
        }
        Ok::<_, DataFusionError>(batch)
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

impl Warehouse {
    /// Makes an empty table, as version 0. It is durable on return.
    ///
    /// # Errors
    /// 42P17 without columns, 42701 for a name that is there twice, 0A000 for a type that a table
    /// cannot hold, and what the store says.
    pub async fn create(&self, table: &TableId, schema: SchemaRef) -> Result<Commit> {
        let schema = Arc::new(TableSchema::declare(&schema, false)?);
        let info = CommitInfo::new("CREATE TABLE");
        self.table(table)
            .commit(Change::Create(schema), info, None, None, &self.settings)
            .await
    }

    /// Puts these rows, and their schema, in the place of all that the table holds, and creates it
    /// where it does not exist. Readers see the table before or after; on an error nothing has
    /// changed. A future that is dropped leaves it before, or, once the commit has begun, after.
    ///
    /// # Errors
    /// As [`Self::create`], and what the rows say.
    pub async fn replace(
        &self,
        table: &TableId,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
    ) -> Result<Commit> {
        self.replace_with(table, rows, commit, None).await
    }

    /// [`Self::replace`], and a participant changes with it.
    ///
    /// # Errors
    /// Those of [`Self::replace`], and what the participant says.
    pub async fn replace_with(
        &self,
        table: &TableId,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Commit> {
        let replaced = self.replace_as(table, None, &[], rows, commit, participant);
        Ok(replaced.await?.0)
    }

    /// [`Self::replace`], with rows that are searched by no other columns than these.
    ///
    /// # Errors
    /// Those of [`Self::replace`].
    pub async fn replace_searched_by(
        &self,
        columns: Vec<String>,
        table: &TableId,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
    ) -> Result<Commit> {
        let settings = WarehouseSettings {
            searched_by: Some(columns),
            ..self.settings.clone()
        };
        let replaced = self.replace_by(&settings, table, Layout::default(), rows, commit, None);
        Ok(replaced.await?.0)
    }

    /// [`Self::replace_with`] for a table whose rows are divided among files by these columns.
    ///
    /// # Errors
    /// Those of [`Self::replace_with`]; 42703, 42701, 42804 and 42P16 for columns that it cannot be
    /// partitioned by, 22023 and 54000 for such values.
    pub async fn replace_partitioned(
        &self,
        table: &TableId,
        partitions: &[String],
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Commit> {
        let replaced = self.replace_as(table, None, partitions, rows, commit, participant);
        Ok(replaced.await?.0)
    }

    /// [`Self::replace_with`] for a keyed table: of the rows of each key the latest stays. No key may
    /// be NULL.
    ///
    /// # Errors
    /// Those of [`Self::replace_with`]; those of [`super::Keyed::check`].
    pub async fn replace_keyed(
        &self,
        table: &TableId,
        latest: Latest,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Upserted> {
        let (commit, stale) = self
            .replace_as(table, Some(latest), &[], rows, commit, participant)
            .await?;
        Ok(Upserted {
            commit: Some(commit),
            rows: commit.rows,
            stale,
        })
    }

    async fn replace_as(
        &self,
        table: &TableId,
        latest: Option<Latest>,
        partitions: &[String],
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<(Commit, u64)> {
        let (settings, layout) = (&self.settings, Layout { latest, partitions });
        self.replace_by(settings, table, layout, rows, commit, participant)
            .await
    }

    async fn replace_by(
        &self,
        settings: &WarehouseSettings,
        table: &TableId,
        Layout { latest, partitions }: Layout<'_>,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<(Commit, u64)> {
        let table = self.table(table);
        let mapped = table.exists().await? && table.latest().await?.schema.mapped;
        let columns = match &latest {
            Some(latest) => latest.keyed.shown(&rows.schema())?,
            None => rows.schema(),
        };
        let schema = TableSchema::declare(&columns, mapped)?;
        let keyed = latest.as_ref().map(|latest| latest.keyed.clone());
        let schema = Arc::new(schema.keyed_by(keyed)?.partitioned_by(partitions)?);
        let files = schema.with_column_versions()?;
        let (rows, stale) = match latest {
            Some(Latest {
                arrival, session, ..
            }) => {
                let (context, most) = (session.task_ctx(), settings.upsert_rows);
                upsert::latest(rows, &files, context, most, arrival)?
            }
            None => (rows, Arc::default()),
        };
        let place = &table.place;
        let (rows, tombstones) = tombstones::divide(rows, place, &files, settings)?;
        let mut written = writer::write(place, &files, rows, settings).await?;
        tombstones.join(&mut written);
        let commit = table
            .commit(
                Change::Replace(schema),
                commit,
                Some(written),
                participant,
                settings,
            )
            .await?;
        Ok((commit, stale.load(Ordering::Relaxed)))
    }

    /// Adds these rows to the table, column by column in its order. On an error, or when the
    /// future is dropped, nothing has changed.
    ///
    /// # Errors
    /// 42804 for rows of another width, 23502 for NULL in a column that has none, 40001 when the
    /// table got another schema meanwhile, and what the rows or the store say.
    pub async fn append(
        &self,
        table: &TableId,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
    ) -> Result<Commit> {
        self.append_with(table, rows, commit, None).await
    }

    /// [`Self::append`], and a participant changes with it.
    ///
    /// # Errors
    /// Those of [`Self::append`], and what the participant says.
    pub async fn append_with(
        &self,
        table: &TableId,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Commit> {
        self.append_keyed(table, &[], rows, commit, participant)
            .await
    }

    /// [`Self::append_with`], which tells the indexes by these keys of the rows, where there are some: who
    /// looks for keys next need not read the rows again.
    ///
    /// # Errors
    /// Those of [`Self::append_with`].
    pub async fn append_keyed(
        &self,
        table: &TableId,
        keys: &[IndexedKey],
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Commit> {
        let table = self.table(table);
        let snapshot = table.latest().await?;
        let schema = Arc::clone(&snapshot.schema);
        let told = match keys {
            [] => Vec::new(),
            keys => {
                let scan = TableScan::new(table.id.clone(), table.place.clone(), snapshot)?;
                self.indexes.told(&scan, keys).await
            }
        };
        let rows = match told.is_empty() {
            true => rows,
            false => telling(rows, told.clone()),
        };
        let written = writer::write(&table.place, &schema, rows, &self.settings).await?;
        let files = written.files.clone();
        let change = Change::Append(schema);
        let committing = table.commit(change, commit, Some(written), participant, &self.settings);
        // An index may know of files that no version has: they are forgotten by who keeps it.
        let adding = async {
            for new_rows in &told {
                new_rows.add_to(&table.id, &files).await;
            }
        };
        join(committing, adding).await.0
    }

    /// Begins to change rows of the latest version.
    ///
    /// # Errors
    /// What the store says.
    pub async fn modify(&self, table: &TableId) -> Result<Modification> {
        let table = self.table(table);
        let snapshot = table.latest().await?;
        Ok(Modification {
            table,
            snapshot,
            settings: self.settings.clone(),
            indexes: Arc::clone(&self.indexes),
            keys: Vec::new(),
            changed: Arc::clone(&self.changed),
            deleted: Arc::default(),
            keeps_files: false,
        })
    }
}
