//! The catalog: the objects, their persistence and what stands on what.
//!
//! Everything is in one transactional file, `catalog.redb`, apart from the tables of the warehouse.
//! Readers hold an immutable [`Snapshot`] and wait for nobody; writers go through
//! [`Catalog::write`], one at a time, and what they did is on disk before it can be seen.

pub mod default_privileges;
pub mod journal;
pub mod object;
pub mod pg_catalog;
pub mod predefined_roles;
pub mod privilege;
pub mod system;

mod dependency;
mod known_rows;
mod name;
mod new_object;
mod part_comments;
mod publication;
mod record;
mod referencing;
mod replacement;
mod sequences;
mod snapshot;
mod staged;
mod store;
mod time;
mod transaction;

#[cfg(test)]
mod kill_test;
#[cfg(test)]
mod tests;

pub use journal::Journal;
pub use name::{
    OWN_TEMPORARY, USER_SCHEMA, check_schema_name, check_writable, is_system_schema,
    is_temporary_schema, meant_path, meant_schema, temporary_schema, with_temporary,
};
pub use new_object::NewObject;
pub use object::{KeptLiterals, Kind, Object, Oid};
pub use part_comments::{Part, PartComments};
pub use referencing::{Reference, has_key, is_key_of, no_key, references_of};
pub use replacement::PreparedReplacement;
pub use snapshot::{Schema, Snapshot};
pub use staged::StagedCatalog;
pub use store::is_in_use;
pub use transaction::Transaction;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use crate::error::Result;
use crate::sql::identity::Identity;
use sequences::Sequences;
use staged::Staged;
use store::Store;

/// The persistent catalog of one data directory.
#[derive(Debug)]
pub struct Catalog {
    store: Arc<Store>,
    sequences: Arc<Sequences>,
    /// Taken for the whole of a change: there is one writer at a time.
    writer: Mutex<()>,
    /// How often the file had been opened again when it was last read.
    read_at: AtomicU64,
    /// Replacements that are done and not on disk yet, each with its commit.
    unsaved: Mutex<Vec<(Oid, String)>>,
    /// Held only as long as it takes to copy or swap the pointer.
    current: RwLock<Arc<Snapshot>>,
    /// The changes of the transaction whose catalog this is.
    staged: Option<Mutex<Staged>>,
    /// Told of each change that can be seen.
    changes: watch::Sender<()>,
}

impl Catalog {
    /// Opens the catalog in the file `path`, which is created where it does not exist.
    ///
    /// # Errors
    /// 55006 where another process has it open, XX001 where the file is damaged or was written by a
    /// newer version, 58030 and the like where it cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        Self::of(Store::open(path)?)
    }

    /// A copy of the catalog in the file `path`, empty where there is no file. It is in memory: what
    /// is done to it stays there, and nothing is locked.
    ///
    /// # Errors
    /// XX001 and 58030 as [`Self::open`], 54000 for a file that is too large to be copied.
    pub fn copy(path: &Path) -> Result<Self> {
        Self::of(Store::copy(path)?)
    }

    fn of(store: Store) -> Result<Self> {
        let current = RwLock::new(Arc::new(store.load()?));
        Ok(Self {
            store: Arc::new(store),
            sequences: Arc::default(),
            writer: Mutex::new(()),
            read_at: AtomicU64::new(0),
            unsaved: Mutex::default(),
            current,
            staged: None,
            changes: watch::Sender::new(()),
        })
    }

    fn with_staged(&self, staged: Staged, current: Arc<Snapshot>) -> Self {
        Self {
            store: Arc::clone(&self.store),
            sequences: Arc::clone(&self.sequences),
            writer: Mutex::new(()),
            read_at: AtomicU64::new(0),
            unsaved: Mutex::default(),
            current: RwLock::new(current),
            staged: Some(Mutex::new(staged)),
            changes: watch::Sender::new(()),
        }
    }

    /// The catalog as it is now; it never changes under its holder.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read())
    }

    /// Tells of the changes from now on.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Runs `change` alone, makes what it did durable, and then shows it to readers; what it did to a
    /// transaction's catalog stays there. Where it returns an error nothing of it stays.
    ///
    /// It blocks on other writers and on the disk: from async code call it on a blocking thread.
    ///
    /// # Errors
    /// That of `change`, or of the disk.
    pub fn write<T>(&self, change: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        let _alone = self.writer.lock();
        if let Some(staged) = &self.staged {
            let mut transaction = Transaction::new(&self.store, &self.snapshot());
            let answer = change(&mut transaction)?;
            *self.current.write() = Arc::new(transaction.stage(&mut staged.lock()));
            return Ok(answer);
        }
        self.reread()?;
        let mut transaction = Transaction::new(&self.store, &self.snapshot());
        let answer = change(&mut transaction)?;
        self.commit(transaction)?;
        Ok(answer)
    }

    /// Shows what all share as it is from now on. Sessions may hold on to how it was for long, by plans that
    /// they keep: what is made again of it goes at once.
    fn show(&self, next: Snapshot) {
        let before = std::mem::replace(&mut *self.current.write(), Arc::new(next));
        before.known_rows().end();
    }

    /// Makes a change durable and shows it. To be called by the writer.
    fn commit(&self, transaction: Transaction<'_>) -> Result<()> {
        let dropped = transaction.dropped();
        if let Some(next) = transaction.commit()? {
            self.show(next);
            self.changes.send_replace(());
            self.sequences.forget(&dropped);
        }
        Ok(())
    }

    /// Reads the file again where it was opened again: of a write that failed nobody knows whether
    /// it is on disk. Replacements that were done meanwhile stay done.
    fn reread(&self) -> Result<()> {
        self.store.mend()?;
        let reopened = self.store.reopened();
        if self.read_at.load(Ordering::Acquire) != reopened {
            let stored = self.store.load()?;
            let mut unsaved = self.unsaved.lock();
            let mut transaction = Transaction::new(&self.store, &stored);
            for (oid, commit_id) in unsaved.iter() {
                transaction.finish_replace(*oid, commit_id);
            }
            let (next, saved) = match unsaved.is_empty() {
                true => (stored, Ok(())),
                false => transaction.save(),
            };
            self.show(next);
            self.read_at.store(reopened, Ordering::Release);
            saved?;
            unsaved.clear();
        }
        Ok(())
    }

    /// What the catalog would be after `change`, which stays undone, and its answer.
    ///
    /// # Errors
    /// That of `change`.
    pub fn preview<T>(
        &self,
        change: impl FnOnce(&mut Transaction<'_>) -> Result<T>,
    ) -> Result<(T, Snapshot)> {
        let mut transaction = Transaction::new(&self.store, &self.snapshot());
        let answer = change(&mut transaction)?;
        Ok((answer, transaction.snapshot().clone()))
    }

    /// Does the replacement of an object that was prepared with the commit of this id, since that
    /// commit was made. Where the disk fails it is done nonetheless, and the next write or start does
    /// it again: what was prepared is on disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn finish_replace(&self, oid: Oid, commit_id: &str) -> Result<()> {
        if self.is_staged() {
            return self.write(|transaction| {
                transaction.finish_replace(oid, commit_id);
                Ok(())
            });
        }
        let _alone = self.writer.lock();
        // Where this fails, saving does too, and tells.
        let _ = self.reread();
        let mut transaction = Transaction::new(&self.store, &self.snapshot());
        if !transaction.finish_replace(oid, commit_id) {
            return Ok(());
        }
        let (next, saved) = transaction.save();
        if saved.is_err() {
            self.unsaved.lock().push((oid, commit_id.to_owned()));
        }
        self.show(next);
        self.changes.send_replace(());
        saved
    }

    /// A number for an object to come, so that its data can be written before it is created. It is
    /// never given out again, whether or not the object comes to be.
    ///
    /// # Errors
    /// 54000 where all numbers are used up, or those of the disk.
    pub fn reserve_oid(&self) -> Result<Oid> {
        self.store.next_oid()
    }

    /// The next numbers of an identity column, so many, which are never given out again.
    ///
    /// # Errors
    /// 2200H where there are no more; those of the disk.
    pub fn next_numbers(
        &self,
        table: Oid,
        column: &str,
        identity: &Identity,
        count: usize,
    ) -> Result<Vec<i64>> {
        self.sequences
            .take(&self.store, table, column, identity, count)
    }

    /// The next number of an identity column or a sequence, which stays to be given.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn next_number(&self, table: Oid, column: &str, identity: &Identity) -> Result<i128> {
        self.sequences.next(&self.store, table, column, identity)
    }

    /// The next numbers that are not set aside of a table's identity columns, by what they are kept under,
    /// of those that a column of this one has had.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn numbers_like(&self, table: Oid, key: &str) -> Result<Vec<(String, i128)>> {
        let mut all = sequences::stored(&self.store, table)?;
        all.retain(|(other, _)| object::sequence_column(other) == object::sequence_column(key));
        Ok(all)
    }

    /// Has the numbers of an identity column or a sequence go on with this one.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn set_next_number(&self, table: Oid, column: &str, next: i128) -> Result<()> {
        self.sequences.set_next(&self.store, table, column, next)
    }

    /// Begins the numbers of a table's identity columns, or of a sequence, anew.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn restart_numbers(&self, table: Oid) -> Result<()> {
        self.sequences.restart(&self.store, table)
    }

    /// Of how many sequences some numbers are set aside in memory.
    #[cfg(test)]
    pub fn known_sequences(&self) -> usize {
        self.sequences.len()
    }

    /// The journal of refreshes and checks, in the same file. It keeps the last
    /// `retention` records of each kind. What the last process left running is marked interrupted.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn journal(&self, retention: u64) -> Result<Journal> {
        Journal::open(Arc::clone(&self.store), retention)
    }
}
