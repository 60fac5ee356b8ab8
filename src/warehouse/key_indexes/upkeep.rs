//! What is done for indexes in the background, after commits.

use std::sync::Arc;

use datafusion::catalog::Session;

use super::{IndexedKey, KeyIndexes, TableIndex};
use crate::error::{Error, Result};
use crate::warehouse::place::blocking;
use crate::warehouse::scan::TableScan;

impl KeyIndexes {
    /// The index of a version's table by a key, where one is there or pays.
    pub fn paying(&self, scan: &TableScan, key: &IndexedKey) -> Option<Arc<TableIndex>> {
        let snapshot = scan.snapshot();
        let is_small = snapshot
            .rows()
            .is_some_and(|rows| rows < self.smallest_table);
        // A selection of rows tells how many there are.
        let all_told = snapshot.files.iter().all(|file| file.bounds.rows.is_some());
        let index = self.get(scan.id(), &snapshot.schema, key)?;
        (all_told && (!is_small || index.exists())).then_some(index)
    }

    /// Brings the indexes of a table to its latest version: those by these keys cover it, others
    /// are deleted.
    ///
    /// # Errors
    /// What reading the files says; 53200 without memory; what the disk says.
    pub async fn keep(
        &self,
        session: &dyn Session,
        scan: &TableScan,
        keys: &[IndexedKey],
    ) -> Result<()> {
        let snapshot = scan.snapshot();
        self.forget_others(scan.id(), &snapshot.schema, keys)
            .await?;
        for key in keys {
            let Some(index) = self.paying(scan, key) else {
                continue;
            };
            index.cover(session, scan).await?;
            let (index, snapshot) = (Arc::clone(index.open().await?), Arc::clone(snapshot));
            blocking(move || {
                let paths = snapshot.by_path();
                index.retain(|path| paths.contains_key(path));
                while index.merge()? {}
                Ok::<_, Error>(())
            })
            .await??;
        }
        Ok(())
    }
}
