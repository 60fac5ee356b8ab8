//! The system views: schema `tributary`, what the server knows of itself, as tables.
//!
//! One file a view. A view declares its columns with their documentation, from which the reference
//! page is made, and its rows from [`SystemSources`] alone.

mod advisory_lock;
mod check_results;
mod checks;
mod column;
mod lineage;
mod models;
mod provider;
mod reference;
mod refreshes;
mod rejected_rows;
mod relation_lock;
mod sessions;
mod settings;
mod sources;

#[cfg(test)]
mod tests;

pub use advisory_lock::{AdvisoryKey, AdvisoryLock};
pub use column::{Column, ColumnType, NUMERIC_DIGITS, timestamptz};
pub use lineage::LineageEdge;
pub use models::name_columns;
pub use provider::SystemTable;
pub use reference::reference;
pub use rejected_rows::{REJECTED_ROWS, rejected_rows_schema};
pub use relation_lock::{RelationLock, RelationLockMode, blocking};
pub use sessions::SessionInfo;
pub use settings::SettingInfo;

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::journal::Journal;
use super::privilege::Rights;
use chrono::{DateTime, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::models::progress::RunningRefresh;
use crate::models::schedule::Standing;
use crate::session::{Cursor, PreparedStatement};
use crate::sql::name::DEFAULT_SCHEMA;

/// The schema of the system views.
pub const SYSTEM_SCHEMA: &str = "tributary";

fn no_session() -> Error {
    Error::unsupported("an advisory lock without a session")
}

/// What the system views are made of; the server's instance, seen from a session.
pub trait SystemSources: Debug + Send + Sync {
    /// The catalog now.
    fn snapshot(&self) -> Arc<Snapshot>;

    /// The number of the relation that is asked for alone, where there is one.
    fn wanted_relation(&self) -> Option<i64> {
        None
    }

    /// The same, asked for one relation alone; none where that cannot be.
    fn for_relation(&self, _oid: i64) -> Option<Arc<dyn SystemSources>> {
        None
    }

    /// Whether an object is asked for; rows of others may be left out.
    fn wants(&self, _object: &Object) -> bool {
        true
    }

    /// Whether the definitions of objects are asked for; what is not asked for may be anything.
    fn wants_definitions(&self) -> bool {
        true
    }

    /// Whether something was asked that may be another for another session, or at another moment, though
    /// the catalog, the settings and the role are the same.
    fn has_told_more(&self) -> bool {
        false
    }

    /// Notes that more is told than follows from the catalog, the settings and the role, by who asks the
    /// clock or the disk for it.
    fn tell_more(&self) {}

    /// The journal.
    fn journal(&self) -> &Journal;

    /// Whether `run` would refresh a materialized view, from what is known without reading its
    /// inputs; `None` where that does not tell.
    fn is_stale(&self, object: &Object) -> Option<bool>;

    /// The current version of a table of the warehouse.
    fn table_statistics(&self, object: &Object) -> Option<TableStatistics>;

    /// Where an object stands that the scheduler looks after.
    fn standing(&self, _object: &Object) -> Option<Standing> {
        None
    }

    /// How far the refresh of this number is; none of one that does not run.
    fn progress(&self, _refresh: u64) -> Option<RunningRefresh> {
        None
    }

    /// Which columns the columns of views and materialized views come from.
    ///
    /// # Errors
    /// What planning a view says.
    fn lineage(&self) -> Result<Vec<LineageEdge>>;

    /// The settings, with the session's own values.
    fn settings(&self) -> Vec<SettingInfo>;

    /// The connections.
    fn sessions(&self) -> Vec<SessionInfo>;

    /// The locks of relations that connections have and wait for.
    fn relation_locks(&self) -> Vec<RelationLock> {
        Vec::new()
    }

    /// Stops what a connection runs; false where there is none of this number.
    ///
    /// # Errors
    /// 42501 for a connection of a role that who asks is no member of.
    fn cancel(&self, _pid: i32) -> Result<bool> {
        Ok(false)
    }

    /// Reads the access rules and certificates again; whether they are good.
    ///
    /// # Errors
    /// 42501 for who is no superuser.
    fn reload(&self) -> Result<bool> {
        Ok(false)
    }

    /// When the configuration was read last.
    fn loaded_at(&self) -> DateTime<Utc> {
        self.started_at()
    }

    /// Ends a connection; false where there is none of this number.
    ///
    /// # Errors
    /// 42501 for one of a role that who asks is no member of.
    fn terminate(&self, _pid: i32) -> Result<bool> {
        Ok(false)
    }

    /// Takes a lock for the session that asks, and waits for it.
    ///
    /// # Errors
    /// 40P01 where who has it waits for this session; 0A000 without a session.
    fn take_advisory_lock(&self, _lock: AdvisoryLock) -> BoxFuture<'_, Result<()>> {
        futures::future::ready(Err(no_session())).boxed()
    }

    /// Takes a lock for the session that asks, if it is free; whether it did.
    ///
    /// # Errors
    /// 0A000 without a session.
    fn try_advisory_lock(&self, _lock: AdvisoryLock) -> Result<bool> {
        Err(no_session())
    }

    /// Frees a lock that the session has taken; whether it had it.
    fn free_advisory_lock(&self, _lock: AdvisoryLock) -> bool {
        false
    }

    /// Frees all locks that the session has taken, but for those of its transaction.
    fn free_advisory_locks(&self) {}

    /// The number of the session that asks; 0 for the server itself.
    fn process(&self) -> i32 {
        0
    }

    /// What that session has prepared, by name.
    fn prepared_statements(&self) -> Vec<(String, PreparedStatement)> {
        Vec::new()
    }

    /// The cursors of that session, by name.
    fn cursors(&self) -> Vec<(String, Arc<Cursor>)> {
        Vec::new()
    }

    /// The number of the transaction that asks, which stays as long as it does.
    fn transaction_id(&self) -> i64 {
        0
    }

    /// When the server started.
    fn started_at(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    /// The next numbers of a sequence, so many.
    ///
    /// # Errors
    /// 42P01 where there is none of that name.
    fn next_values(&self, sequence: &str, _count: usize) -> Result<Vec<i64>> {
        Err(Error::new(
            SqlState::UNDEFINED_TABLE,
            format!("relation \"{sequence}\" does not exist"),
        ))
    }

    /// Has a sequence go on behind a value, or with it where it does not count as given.
    ///
    /// # Errors
    /// 42P01 where there is none of that name, 22003 for a value that it cannot have.
    fn set_value(&self, sequence: &str, _value: i64, _is_called: bool) -> Result<()> {
        self.next_values(sequence, 0).map(drop)
    }

    /// The last value that a sequence has given to the session.
    ///
    /// # Errors
    /// 42P01 where there is none of that name, 55000 where it has given none.
    fn current_value(&self, sequence: &str) -> Result<i64> {
        self.next_values(sequence, 0)?;
        self.last_value()
    }

    /// The last value that any sequence has given to the session.
    ///
    /// # Errors
    /// 55000 where none has given any.
    fn last_value(&self) -> Result<i64> {
        let message = "lastval is not yet defined in this session";
        Err(Error::new(
            SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            message,
        ))
    }

    /// Gives the next random numbers of the session, if it has said what they follow from; whether it has.
    fn random(&self, _numbers: &mut [f64]) -> bool {
        false
    }

    /// Has the random numbers of the session follow from a seed.
    fn set_seed(&self, _seed: f64) {}

    /// The last value of a sequence, or of that of an identity column, or the first one where it has given none, and whether it has.
    ///
    /// # Errors
    /// Those of the disk.
    fn sequence_state(&self, object: &Object, column: &str) -> Result<(i64, bool)> {
        Err(Error::unsupported(format!(
            "the state of {} {column}",
            object.described()
        )))
    }

    /// A setting of the session or of the server, as `SHOW` shows it.
    fn setting(&self, _name: &str) -> Option<String> {
        None
    }

    /// Gives a setting of the session a value, as `SET` does; with `None` the one it began with. Answers
    /// the value as it is shown.
    ///
    /// # Errors
    /// Those of `SET`.
    fn set(&self, name: &str, _value: Option<&str>, _local: bool) -> Result<String> {
        Err(Error::unsupported(format!(
            "setting {name} without a session"
        )))
    }

    /// Tells who listens on a channel, when the transaction commits.
    ///
    /// # Errors
    /// Those of `NOTIFY`.
    fn notify(&self, _channel: &str, _payload: &str) -> Result<()> {
        Err(Error::unsupported("NOTIFY without a session"))
    }

    /// The channels that the session listens on.
    fn listening_channels(&self) -> Vec<String> {
        Vec::new()
    }

    /// Which part of the room for notifications is taken.
    fn notification_queue_usage(&self) -> f64 {
        0.0
    }

    /// The bytes that the latest rows of an object take; 0 where it keeps none.
    fn size(&self, _oid: Oid) -> BoxFuture<'_, Result<u64>> {
        futures::future::ready(Ok(0)).boxed()
    }

    /// The name of the one database.
    fn database(&self) -> String {
        SYSTEM_SCHEMA.to_owned()
    }

    /// The role that asks.
    fn user(&self) -> String {
        self.owner()
    }

    /// The rights of the role that asks.
    fn rights<'a>(&self, snapshot: &'a Snapshot) -> Rights<'a> {
        let role = snapshot.role_of(&self.user(), &self.first_user());
        Rights::of(snapshot, role)
    }

    /// Whom the session is of.
    fn session_user(&self) -> String {
        self.user()
    }

    /// The role that owns what nobody else does.
    fn owner(&self) -> String {
        SYSTEM_SCHEMA.to_owned()
    }

    /// The name by which the configuration knows that role.
    fn first_user(&self) -> String {
        self.owner()
    }

    /// The schemas in which the session looks for names without one.
    fn search_path(&self) -> Vec<String> {
        vec![DEFAULT_SCHEMA.to_owned()]
    }
}

/// What is known of the current version of a table of the warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableStatistics {
    /// Its version.
    pub version: i64,
    /// Its rows, where its files say.
    pub rows: Option<u64>,
}

/// A system view.
pub trait SystemView: Debug + Send + Sync {
    /// Its name in the schema `tributary`.
    fn name(&self) -> &'static str;

    /// What its rows are, in Markdown.
    fn description(&self) -> &'static str;

    /// Its columns, with what they mean.
    fn columns(&self) -> &[Column];

    /// The columns that have the number of the relation which a row tells of: where they are bound to
    /// one, [`SystemSources::wanted_relation`] has it, and other rows may be left out.
    fn relation_columns(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether its rows are made as they are read; else they are of what was found out as the query was
    /// planned.
    fn is_made_as_read(&self) -> bool {
        true
    }

    /// Its rows now, a column each.
    ///
    /// # Errors
    /// Those of what it is made of.
    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>>;

    /// Its columns as Arrow has them.
    fn schema(&self) -> SchemaRef {
        let fields: Vec<_> = self.columns().iter().map(Column::field).collect();
        Arc::new(Schema::new(fields))
    }

    /// Its rows, a column each, if they are at hand: nothing is made or waited for then. They may be more
    /// than are wanted.
    fn arrays_at_hand(&self, _sources: &dyn SystemSources) -> Option<Vec<ArrayRef>> {
        None
    }

    /// Its rows now.
    ///
    /// # Errors
    /// Those of what it is made of.
    fn rows(&self, sources: &dyn SystemSources) -> Result<RecordBatch> {
        self.batch(self.arrays(sources)?)
    }

    /// Columns of its rows as a batch.
    ///
    /// # Errors
    /// Columns of other types than it has.
    fn batch(&self, arrays: Vec<ArrayRef>) -> Result<RecordBatch> {
        let rows = arrays.first().map_or(0, |array| array.len());
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(
            self.schema(),
            arrays,
            &options,
        )?)
    }
}

/// All system views that are computed, by name.
pub static VIEWS: [&dyn SystemView; 8] = [
    &check_results::CheckResults,
    &checks::Checks,
    &lineage::Lineage,
    &models::Models,
    &refreshes::Refreshes,
    &sessions::Sessions,
    &settings::Settings,
    &sources::Sources,
];

/// The names of all system views.
pub fn names() -> impl Iterator<Item = &'static str> {
    VIEWS.iter().map(|view| view.name()).chain([REJECTED_ROWS])
}

/// Whether a system view shows who asks what of objects it may read, and nothing of others.
pub fn is_filtered(name: &str) -> bool {
    matches!(name, "check_results" | "lineage" | "models" | "refreshes")
}

/// Whether who asks may see what was met in an object; of what is gone, a superuser alone.
fn may_read(snapshot: &Snapshot, rights: &Rights<'_>, oid: Oid) -> bool {
    match snapshot.object(oid) {
        Some(object) => rights.may_read(object),
        None => rights.is_superuser(),
    }
}

/// Whether there is a system view of this name.
pub fn exists(name: &str) -> bool {
    names().any(|view| view == name)
}

/// A computed system view by name.
pub fn view(name: &str) -> Option<&'static dyn SystemView> {
    VIEWS.iter().copied().find(|view| view.name() == name)
}
