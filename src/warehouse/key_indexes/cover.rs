//! Adds the files of a version to an index.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::catalog::Session;
use datafusion::common::runtime::SpawnedTask;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tributary_udfs::postgres::comparable;

use super::TableIndex;
use super::covered::{Covered, KnownFiles};
use crate::error::{Error, Result};
use crate::warehouse::key_index::{KeyIndex, version_prefixes};
use crate::warehouse::scan::TableScan;
use crate::warehouse::snapshot::DataFile;

/// Batches that wait for the one who adds them.
const QUEUE: usize = 4;

/// How often files are added that others have forgotten meanwhile.
const ATTEMPTS: usize = 5;

/// What is sent to the one who adds files.
enum Message {
    Rows(RecordBatch),
    /// All rows were sent.
    End,
}

impl TableIndex {
    /// The index with what it covers of a version, after all files of it were added that were not
    /// covered. Others may forget files meanwhile, where they see another version.
    ///
    /// # Errors
    /// What reading the files says; 53200 without memory; what the disk says.
    pub async fn cover(&self, session: &dyn Session, scan: &TableScan) -> Result<Covered> {
        let mut attempt = 1;
        loop {
            let covered = self.covered(scan).await?;
            if covered.is_complete() || attempt == ATTEMPTS {
                return Ok(covered);
            }
            let _alone = self.covering.lock().await;
            // Who had the lock before may have added them.
            let covered = self.covered(scan).await?;
            let files = covered.uncovered_files();
            self.add(session, scan, files).await?;
            attempt += 1;
        }
    }

    /// What the index covers of a version.
    ///
    /// # Errors
    /// What opening it says.
    pub async fn covered(&self, scan: &TableScan) -> Result<Covered> {
        self.covered_as_known(scan, None).await
    }

    /// [`Self::covered`], of a scan of whose files this was known before.
    ///
    /// # Errors
    /// What opening it says.
    pub async fn covered_as_known(
        &self,
        scan: &TableScan,
        known: Option<Arc<KnownFiles>>,
    ) -> Result<Covered> {
        Ok(Covered::new(self.open().await?, scan, known))
    }

    async fn add(
        &self,
        session: &dyn Session,
        scan: &TableScan,
        files: Vec<(u32, Arc<DataFile>)>,
    ) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let index = Arc::clone(self.open().await?);
        let schema = &scan.snapshot().schema.scanned;
        let columns = self.key.iter().chain(&self.versions);
        let columns = columns.map(|name| schema.index_of(name));
        let columns = columns.collect::<std::result::Result<Vec<usize>, _>>()?;
        let plan = scan.all_rows_of(session, &files, &columns).await?;
        let mut rows = execute_stream(plan, session.task_ctx())?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        let key = self.key.len();
        let adding = SpawnedTask::spawn_blocking(move || add_rows(&index, &files, key, receiver));
        while let Some(batch) = rows.next().await {
            if sender.send(Message::Rows(batch?)).await.is_err() {
                break;
            }
        }
        // Who does not listen any more has met an error.
        let _ = sender.send(Message::End).await;
        let added = adding.await;
        added.map_err(|error| Error::internal(format!("building an index was cut off: {error}")))?
    }
}

/// Adds the rows that are received, unless their end is missing.
fn add_rows(
    index: &Arc<KeyIndex>,
    files: &[(u32, Arc<DataFile>)],
    key: usize,
    mut receiver: mpsc::Receiver<Message>,
) -> Result<()> {
    let mut build = index.build();
    let mut numbers = HashMap::new();
    for (number, file) in files {
        numbers.insert(*number, build.file(&file.path)?);
    }
    while let Some(message) = receiver.blocking_recv() {
        let batch = match message {
            Message::Rows(batch) => batch,
            Message::End => return build.finish(),
        };
        let (columns, places) = batch.columns().split_at(batch.num_columns() - 2);
        let (key, versions) = columns.split_at(key);
        let key: Vec<ArrayRef> = key.iter().map(comparable).collect::<Result<_, _>>()?;
        let hashes = index.hash_keys(&key)?;
        let versions = version_prefixes(batch.num_rows(), versions)?;
        let (files, rows) = (
            places[0].as_primitive::<UInt32Type>().values(),
            places[1].as_primitive::<Int64Type>().values(),
        );
        let mut start = 0;
        while start < rows.len() {
            // Rows that stand in one file, one after the other.
            let mut end = start + 1;
            while end < rows.len() && files[end] == files[start] && rows[end] == rows[end - 1] + 1 {
                end += 1;
            }
            let file = numbers.get(&files[start]);
            let file = file.ok_or_else(|| Error::internal("rows of another file were read"))?;
            let first = u32::try_from(rows[start])
                .map_err(|_| Error::internal("a file has more than four billion rows"))?;
            build.push(*file, first, &hashes[start..end], &versions[start..end])?;
            start = end;
        }
    }
    Ok(())
}
