//! Checkpoints of a log, so that who opens a table has few entries to read.

use std::num::NonZeroU64;
use std::sync::Arc;

use deltalake_core::{DeltaTable, checkpoints};
use object_store::ObjectStoreExt as _;
use tokio::sync::OwnedRwLockReadGuard;

use super::Table;
use crate::error::Result;

/// The file of a log that tells of its last checkpoint.
pub(in crate::warehouse) const LAST_CHECKPOINT: &str = "_last_checkpoint";

/// So many actions of a checkpoint may be written for each commit since the one before. To write them
/// takes a fraction of what a commit does; a reader has so many fewer entries to read.
const CHECKPOINT_ACTIONS_A_COMMIT: u64 = 256;

impl Table {
    /// Every so many commits, reads the log up to this version, so that who must read it on has few
    /// entries to read, and writes a checkpoint where one is due. Nobody waits for that, but for
    /// another one who does the same, and the end of the server, for as long as it is `running`.
    pub(super) fn keep_log(
        self: &Arc<Self>,
        version: i64,
        checkpoint_interval: NonZeroU64,
        running: OwnedRwLockReadGuard<()>,
    ) {
        let version = version.unsigned_abs();
        if !(version + 1).is_multiple_of(checkpoint_interval.get()) {
            return;
        }
        let table = Arc::clone(self);
        tokio::spawn(async move {
            let _running = running;
            let _alone = table.keeping_log.lock().await;
            if let Err(error) = table.read_and_checkpoint(version).await {
                tracing::warn!(table = %table.id, %error, "no checkpoint was written");
            }
        });
    }

    pub(super) async fn read_and_checkpoint(&self, version: u64) -> Result<()> {
        let Some(known) = self.latest.read().clone() else {
            return Ok(());
        };
        let log = match known.log.version() < Some(version) {
            true => Arc::new(self.read_on(&known.log, Some(version)).await?),
            false => known.log,
        };
        if let Some(latest) = &mut *self.latest.write()
            && latest.log.version() < log.version()
        {
            latest.log = Arc::clone(&log);
        }
        let version = log.version().unwrap_or(version);
        match self.is_checkpoint_due(version + 1).await {
            true => self.checkpoint(&log, version).await,
            false => Ok(()),
        }
    }

    /// Whether a checkpoint pays, after so many commits. It is as large as what it tells of: the files,
    /// and those that have gone lately, which where rows are changed all the time are many more.
    pub(super) async fn is_checkpoint_due(&self, commits: u64) -> bool {
        let path = self.place.log().join(LAST_CHECKPOINT);
        let Ok(found) = self.place.store.get(&path).await else {
            return true;
        };
        let Ok(bytes) = found.bytes().await else {
            return true;
        };
        let told: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        match (told["version"].as_u64(), told["size"].as_u64()) {
            (Some(version), Some(size)) => {
                commits.saturating_sub(version + 1) >= size / CHECKPOINT_ACTIONS_A_COMMIT
            }
            _ => true,
        }
    }

    pub(super) async fn checkpoint(&self, log: &DeltaTable, version: u64) -> Result<()> {
        checkpoints::create_checkpoint(log, None)
            .await
            .map_err(|error| self.failed(error))?;
        let name = format!("{version:020}.checkpoint.parquet");
        self.place
            .sync_log(vec![name, LAST_CHECKPOINT.to_owned()])
            .await
    }
}
