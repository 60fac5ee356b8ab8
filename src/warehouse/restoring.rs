//! Having a table be again what it was at a version.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::entry::CommitInfo;
use super::participant::Participant;
use super::snapshot::Snapshot;
use super::table::{Change, Table};
use super::table_id::TableId;
use super::{At, Commit, Warehouse};
use crate::error::{Error, Result};

/// What a table was at a version.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The version.
    pub version: i64,
    /// The columns that it had.
    pub columns: SchemaRef,
    /// What it was declared as, in the words of who declared it ([`CommitInfo::definition`]); none where
    /// it is declared the same now.
    pub definition: Option<String>,
}

impl Warehouse {
    /// What a table was at a version, to which it may be restored.
    ///
    /// # Errors
    /// 22023 for a version that the table does not have, or no longer; 0A000 where it had another
    /// definition that its log does not tell.
    pub async fn earlier(&self, table: &TableId, at: At) -> Result<Earlier> {
        let table = self.read(table);
        let version = table.snapshot(at).await?;
        table.check_there(&version).await?;
        let definition = definition_of(&table, &version).await?;
        Ok(Earlier {
            version: i64::try_from(version.version).unwrap_or(i64::MAX),
            columns: Arc::clone(&version.schema.declared),
            definition,
        })
    }

    /// Puts what a version of the table holds in the place of what it holds now.
    ///
    /// # Errors
    /// Those of [`Self::earlier`]; 40001 for a version in which the table was declared in another way.
    pub async fn restore(&self, table: &TableId, at: At, commit: CommitInfo) -> Result<Commit> {
        self.restore_with(table, at, commit, None, false).await
    }

    /// [`Self::restore`], and a participant changes with it. What the table is declared as comes back
    /// too, if it `redefines` the table.
    ///
    /// # Errors
    /// Those of [`Self::restore`], and what the participant says.
    pub async fn restore_with(
        &self,
        table: &TableId,
        at: At,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
        redefines: bool,
    ) -> Result<Commit> {
        let table = self.table(table);
        let version = table.snapshot(at).await?;
        table.check_there(&version).await?;
        let change = Change::Restore { version, redefines };
        table
            .commit(change, commit, None, participant, &self.settings)
            .await
    }
}

/// What a table was declared as, where that is not what it is declared as now.
async fn definition_of(table: &Table, version: &Snapshot) -> Result<Option<String>> {
    let latest = table.latest().await?;
    let is_same = version.schema.is_declared_as(&latest.schema);
    if is_same && version.schema.definition.is_some() {
        return Ok(None);
    }
    if let Some(definition) = &version.schema.definition {
        return Ok(Some(definition.clone()));
    }
    let later = table.defined_since(version.version).await?;
    if is_same && later.is_none() {
        return Ok(None);
    }
    let (id, number) = (table.called(), version.version);
    let error = Error::unsupported(format!("RESTORE to version {number} of table {id}"));
    let error = match later {
        Some(later) => error.with_detail(format!(
            "Version {later} has another definition, and the log does not tell the one before."
        )),
        None => error.with_detail("The log does not tell what it was defined as."),
    };
    Err(error.with_hint(format!(
        "Put its rows into the table as it is now: BEGIN; TRUNCATE {id}; INSERT INTO {id} SELECT * FROM {id} VERSION AS OF {number}; COMMIT;"
    )))
}
