//! What was done: refreshes, checks, and where each materialized view stands.
//!
//! Records are appended with numbers of their own and kept up to a limit, the oldest going first.
//! Each call is durable when it returns, and blocks on the disk.

mod check_result;
mod log;
mod model_state;
mod refresh;
mod unwritten;

#[cfg(test)]
mod tests;

pub use check_result::{CheckResult, CheckStatus};
pub use model_state::ModelState;
pub use refresh::{ExpectationCount, RefreshRecord, RefreshStatus, RefreshWarning, StageTime};

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use redb::{ReadableTable, WriteTransaction};

use super::record::{from_json, to_json};
use super::store::{MODEL_STATES, SOURCE_FILES, Store};
use super::{Oid, time};
use crate::error::{Error, Result, SqlState};
use crate::sources::Known;
use log::{CHECK_RESULTS, Log, REFRESHES};
use unwritten::{End, Unwritten};

/// How many bytes of rows a check result keeps as its sample.
const SAMPLE_BYTES: usize = 64 << 10;
/// How many bytes of an error's message a record keeps.
const MESSAGE_BYTES: usize = 16 << 10;

/// The durable journal of refreshes and checks.
#[derive(Clone, Debug)]
pub struct Journal {
    store: Arc<Store>,
    retention: u64,
    /// How refreshes ended whose transaction has not.
    held: Option<Arc<Mutex<Vec<End>>>>,
    unwritten: Arc<Unwritten>,
}

impl Journal {
    pub(super) fn open(store: Arc<Store>, retention: u64) -> Result<Self> {
        let journal = Self {
            store,
            retention,
            held: None,
            unwritten: Arc::default(),
        };
        journal.interrupt_running()?;
        Ok(journal)
    }

    /// Appends a refresh and gives it its number.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn add_refresh(&self, record: &mut RefreshRecord) -> Result<()> {
        cut_message(&mut record.error);
        record.id = self.write(|write| {
            self.log(write, REFRESHES).append(|id| {
                record.id = id;
                to_json(record)
            })
        })?;
        Ok(())
    }

    /// The journal as a transaction writes it: refreshes that succeed have done so when it commits.
    #[must_use]
    pub fn begin_transaction(&self) -> Self {
        Self {
            held: Some(Arc::default()),
            ..self.clone()
        }
    }

    /// How many refreshes of a transaction wait for its end.
    pub fn mark(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.lock().len())
    }

    /// Writes that the refreshes of a transaction since then are taken back, and answers these.
    pub fn roll_back_to(&self, mark: usize) -> Vec<RefreshRecord> {
        let held = self.held.as_ref();
        let taken_back = held.map(|held| held.lock().split_off(mark));
        let mut ended = Vec::new();
        for (mut record, _) in taken_back.into_iter().flatten() {
            record.fail(&Error::new(
                SqlState::TRANSACTION_ROLLBACK,
                "the transaction was rolled back",
            ));
            self.write_end(&record, None);
            ended.push(record);
        }
        ended
    }

    /// Writes how the refreshes of a transaction ended, which is committed, and answers these;
    /// `version` is the one that the commit made of a table.
    pub fn commit(&self, version: impl Fn(Oid) -> Option<i64>) -> Vec<RefreshRecord> {
        let mut ended = Vec::new();
        let held = self
            .held
            .as_ref()
            .map(|held| std::mem::take(&mut *held.lock()));
        for (mut record, mut state) in held.into_iter().flatten() {
            let version = version(record.oid);
            record.version = version;
            if let Some(state) = &mut state {
                state.version = version;
            }
            self.write_end(&record, state.as_ref());
            ended.push(record);
        }
        ended
    }

    /// Writes how a refresh ended, and what that makes of its materialized view, in one step; or
    /// holds it until its transaction ends. Tells whether it has ended. Where the disk has no room, the
    /// journal tells it all the same, and writes it when there is some.
    pub fn finish_refresh(&self, record: &RefreshRecord, state: Option<&ModelState>) -> bool {
        match &self.held {
            Some(held) if record.status == RefreshStatus::Succeeded => {
                held.lock().push((record.clone(), state.cloned()));
                false
            }
            _ => {
                self.write_end(record, state);
                true
            }
        }
    }

    fn write_end(&self, record: &RefreshRecord, state: Option<&ModelState>) {
        let mut record = record.clone();
        cut_message(&mut record.error);
        let written = self.write(|write| self.put_end(write, &record, state));
        if let Err(error) = written {
            tracing::warn!(
                "how a refresh of {} ended is to be recorded later: {error}",
                record.object
            );
            self.unwritten.add((record, state.cloned()));
        }
    }

    fn put_end(
        &self,
        write: &WriteTransaction,
        record: &RefreshRecord,
        state: Option<&ModelState>,
    ) -> Result<()> {
        self.log(write, REFRESHES)
            .replace(record.id, &to_json(record)?)?;
        match state {
            Some(state) => self.put_state(write, record.oid, state),
            None => Ok(()),
        }
    }

    /// Changes the file, and tells it before of refreshes whose end it had no room for. Others that
    /// change it wait meanwhile, so that what came later stays.
    fn write<T>(&self, change: impl FnOnce(&WriteTransaction) -> Result<T>) -> Result<T> {
        let mut written = Vec::new();
        let answer = self.store.write(|write| {
            for (record, state) in self.unwritten.all() {
                self.put_end(write, &record, state.as_ref())?;
                written.push(record.id);
            }
            change(write)
        })?;
        self.unwritten.remove(&written);
        Ok(answer)
    }

    /// The refreshes kept, the latest first, at most `limit`.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn refreshes(&self, limit: usize) -> Result<Vec<RefreshRecord>> {
        let records = log::latest(&self.store, REFRESHES, limit)?;
        let records = records.into_iter();
        Ok(records.map(|record| self.unwritten.over(record)).collect())
    }

    /// A refresh, unless it is no longer kept.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn refresh(&self, id: u64) -> Result<Option<RefreshRecord>> {
        let record = log::record(&self.store, REFRESHES, id)?;
        Ok(record.map(|record| self.unwritten.over(record)))
    }

    /// Appends what a check found and gives it its number. A sample that is too long is cut.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn add_check_result(&self, result: &mut CheckResult) -> Result<()> {
        cut_message(&mut result.error);
        result.cut_sample(SAMPLE_BYTES)?;
        result.id = self.write(|write| {
            self.log(write, CHECK_RESULTS).append(|id| {
                result.id = id;
                to_json(result)
            })
        })?;
        Ok(())
    }

    /// The check results kept, the latest first, at most `limit`.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn check_results(&self, limit: usize) -> Result<Vec<CheckResult>> {
        log::latest(&self.store, CHECK_RESULTS, limit)
    }

    /// Where a materialized view stands; `None` where it was never refreshed.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn model_state(&self, oid: Oid) -> Result<Option<ModelState>> {
        if let Some(held) = &self.held {
            let held = held.lock();
            let own = held.iter().rev().find(|(record, _)| record.oid == oid);
            if let Some((_, state)) = own {
                return Ok(state.clone());
            }
        }
        if let Some(state) = self.unwritten.state(oid) {
            return Ok(Some(state));
        }
        self.store.read(|read| {
            let states = read.open_table(MODEL_STATES).map_err(self.store.failed())?;
            let state = states.get(oid).map_err(self.store.failed())?;
            state.map(|bytes| from_json(bytes.value())).transpose()
        })
    }

    /// Where each materialized view stands, by its number.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn model_states(&self) -> Result<BTreeMap<Oid, ModelState>> {
        self.store.read(|read| {
            let states = read.open_table(MODEL_STATES).map_err(self.store.failed())?;
            let mut found = BTreeMap::new();
            for entry in states.iter().map_err(self.store.failed())? {
                let (oid, bytes) = entry.map_err(self.store.failed())?;
                found.insert(oid.value(), from_json(bytes.value())?);
            }
            found.extend(self.unwritten.states());
            Ok(found)
        })
    }

    /// Writes where a materialized view stands. It goes when the view is dropped.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn put_model_state(&self, oid: Oid, state: &ModelState) -> Result<()> {
        self.write(|write| self.put_state(write, oid, state))
    }

    /// What the files of an external table were found to have; `None` where none were looked at.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn source_files(&self, oid: Oid) -> Result<Option<Known>> {
        self.store.read(|read| {
            let known = read.open_table(SOURCE_FILES).map_err(self.store.failed())?;
            let known = known.get(oid).map_err(self.store.failed())?;
            known.map(|bytes| from_json(bytes.value())).transpose()
        })
    }

    /// Writes what the files of an external table were found to have. It goes when the table is dropped.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn put_source_files(&self, oid: Oid, known: &Known) -> Result<()> {
        self.write(|write| {
            let mut table = write
                .open_table(SOURCE_FILES)
                .map_err(self.store.failed())?;
            table
                .insert(oid, to_json(known)?.as_slice())
                .map_err(self.store.failed())?;
            Ok(())
        })
    }

    fn log<'a>(&'a self, write: &'a WriteTransaction, table: log::Table) -> Log<'a> {
        Log::new(&self.store, write, table, self.retention)
    }

    fn put_state(&self, write: &WriteTransaction, oid: Oid, state: &ModelState) -> Result<()> {
        let mut state = state.clone();
        cut_message(&mut state.error);
        let mut states = write
            .open_table(MODEL_STATES)
            .map_err(self.store.failed())?;
        states
            .insert(oid, to_json(&state)?.as_slice())
            .map_err(self.store.failed())?;
        Ok(())
    }

    /// What the last process left running has stopped with it.
    fn interrupt_running(&self) -> Result<()> {
        let states = self.store.write(|write| {
            // Makes the tables of a new file as well.
            let mut refreshes = self.log(write, REFRESHES);
            let _ = self.log(write, CHECK_RESULTS).len()?;
            let mut interrupted = Vec::new();
            for mut record in refreshes.records::<RefreshRecord>()? {
                if record.status != RefreshStatus::Running {
                    continue;
                }
                record.status = RefreshStatus::Interrupted;
                record.finished_at = Some(time::now());
                record.sqlstate = Some(SqlState::CRASH_SHUTDOWN.to_string());
                record.error = Some("the server stopped while the refresh ran".to_owned());
                refreshes.replace(record.id, &to_json(&record)?)?;
                interrupted.push(record);
            }
            Ok(interrupted)
        })?;
        for record in states {
            if let Some(state) = self.model_state(record.oid)? {
                self.put_model_state(record.oid, &state.after_failure(&record))?;
            }
        }
        Ok(())
    }
}

/// Messages can quote whole rows.
fn cut_message(message: &mut Option<String>) {
    if let Some(message) = message
        && message.len() > MESSAGE_BYTES
    {
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES));
        message.push_str(" ...");
    }
}
