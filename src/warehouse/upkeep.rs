//! What keeps the files of tables few: compaction, key indexes, and files that no version needs.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use datafusion::catalog::Session;

use super::scan::TableScan;
use super::{
    Compaction, CompactionExtent, DeadFiles, IndexedKey, TableId, Vacuumed, Warehouse, cleanup,
    compaction, vacuum,
};
use crate::error::Result;

impl Warehouse {
    /// Copies the rows of small files, and of files that have lost rows, to larger ones; nothing
    /// where there are none. The copy takes their place by [`Compaction::commit`], until when others
    /// may change the table.
    ///
    /// # Errors
    /// What the store says.
    pub async fn compact(
        &self,
        table: &TableId,
        session: &dyn Session,
        extent: CompactionExtent,
    ) -> Result<Option<Compaction>> {
        let (table, settings) = (self.table(table), self.settings.clone());
        if extent == CompactionExtent::Full {
            table.fold().await?;
        }
        Compaction::begin(table, session, extent, settings).await
    }

    /// Whether [`Self::compact`] has something to copy that is due.
    ///
    /// # Errors
    /// What the store says.
    pub async fn is_compaction_due(&self, table: &TableId) -> Result<bool> {
        let table = self.table(table);
        if !table.exists().await? {
            return Ok(false);
        }
        let latest = table.latest().await?;
        Ok(compaction::is_due(&latest, &self.settings))
    }

    /// Copies all rows of a table to files in which they lie in the order of a Z-curve over these
    /// columns; nothing where there are none. The copy takes their place by [`Compaction::commit`],
    /// unless others have changed the table until then.
    ///
    /// # Errors
    /// 42703, 42804 and 54000 for columns that cannot be sorted by; what the store says.
    pub async fn z_order(
        &self,
        table: &TableId,
        session: &dyn Session,
        columns: &[String],
    ) -> Result<Option<Compaction>> {
        let (table, settings) = (self.table(table), self.settings.clone());
        table.fold().await?;
        Compaction::along_curve(table, session, columns, settings).await
    }

    /// Brings the indexes of a table to its latest version, merges what is due, and deletes those
    /// that are by none of these keys.
    ///
    /// # Errors
    /// What reading files that are not covered says; 53200 without memory; what the disk says.
    pub async fn keep_indexes(
        &self,
        table: &TableId,
        session: &dyn Session,
        keys: &[IndexedKey],
    ) -> Result<()> {
        let handle = self.table(table);
        let snapshot = handle.latest().await?;
        let scan = TableScan::new(table.clone(), handle.place.clone(), snapshot)?;
        self.indexes.keep(session, &scan, keys).await
    }

    /// Deletes the indexes of a table that is gone.
    ///
    /// # Errors
    /// What the disk says.
    pub async fn forget_indexes(&self, table: &TableId) -> Result<()> {
        self.indexes.forget(table).await
    }

    /// A table whose rows have changed since it was last named here; waits for one.
    pub async fn next_changed(&self) -> TableId {
        self.changed.next().await
    }

    /// Has other engines see all that has changed, where they do not yet.
    ///
    /// # Errors
    /// What the store says.
    pub async fn fold(&self, table: &TableId) -> Result<()> {
        self.table(table).fold_patches().await
    }

    /// Finds the files of a table that no version since `horizon` has, nor one of those that are to be
    /// kept.
    ///
    /// # Errors
    /// 22023 for a version to be kept that is not there; what the store says.
    pub async fn find_dead(
        &self,
        table: &TableId,
        horizon: DateTime<Utc>,
        kept: &BTreeSet<i64>,
    ) -> Result<DeadFiles> {
        let table = self.table(table);
        vacuum::find(&table, horizon, kept, self.opened_at()).await
    }

    /// Deletes files of a table that were found dead, but for those that live again. To be called where
    /// nobody restores the table.
    ///
    /// # Errors
    /// What the store says.
    pub async fn delete_dead(&self, table: &TableId, dead: DeadFiles) -> Result<Vacuumed> {
        let table = self.table(table);
        // Other engines read the version that was folded last.
        table.fold().await?;
        vacuum::delete(&table, dead).await
    }

    /// Deletes entries of the log of a table that are older than `horizon`, as far as neither its latest
    /// version nor those that are to be kept need them; tells how many.
    ///
    /// # Errors
    /// What the store says.
    pub async fn shorten_log(
        &self,
        table: &TableId,
        horizon: DateTime<Utc>,
        kept: &BTreeSet<i64>,
    ) -> Result<usize> {
        self.table(table).shorten_log(horizon, kept).await
    }

    /// Deletes the files of the table, after the write that runs has ended, and once nobody reads it
    /// any more, which is not waited for. Writes to it fail from now on, for as long as its handle is
    /// kept. A transaction's own tables go when it commits.
    ///
    /// # Errors
    /// What the store says.
    pub async fn remove(&self, table: &TableId) -> Result<()> {
        let table = self.table(table);
        if let Some(staging) = self.staging() {
            staging.drop_table(&table.id, &table.place);
            self.tables.lock().forget(&table.id);
            return Ok(());
        }
        let files = table.known_files();
        table.retire().await;
        self.changed.forget(&table.id);
        if let Some(footers) = &self.settings.footers {
            files.iter().for_each(|file| drop(footers.remove(file)));
        }
        self.indexes.forget(&table.id).await?;
        if table.place.readers.oldest().is_none() {
            return cleanup::remove_table(&table.place).await;
        }
        // What is still read when the server ends is removed by the next start.
        tokio::spawn(async move {
            table.place.readers.none().await;
            if let Err(error) = cleanup::remove_table(&table.place).await {
                tracing::warn!(
                    "the files of {}, which was dropped, stay behind: {error}",
                    table.id
                );
            }
        });
        Ok(())
    }

    /// Deletes the folders of tables whose number is not in `keep`; tells how many there were. To
    /// be called when the catalog is open and nothing writes.
    ///
    /// # Errors
    /// What the store says.
    pub async fn clean(&self, keep: &HashSet<u32>) -> Result<usize> {
        self.indexes.clean(keep).await?;
        cleanup::remove_unknown(&self.root, keep).await
    }

    /// When this warehouse was opened, by the clock as it is now: where it was set back since, files of
    /// writes that run are older than what it told then.
    fn opened_at(&self) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(self.opened.elapsed()).unwrap_or(TimeDelta::MAX);
        let opened_at = Utc::now().checked_sub_signed(passed);
        self.opened_at
            .min(opened_at.unwrap_or(DateTime::<Utc>::MIN_UTC))
    }

    /// Deletes files that belong to no version of the table and were written before this warehouse
    /// was opened: the rest of writes that a crash cut off. Tells how many there were.
    ///
    /// # Errors
    /// What the store says.
    pub async fn remove_orphans(&self, table: &TableId) -> Result<usize> {
        let table = self.table(table);
        // Where a crash left patches behind, nobody else folds them before the next change.
        table.fold().await?;
        cleanup::remove_orphans(&table, self.opened_at()).await
    }
}
