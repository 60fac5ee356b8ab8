//! Where the rows of keys stand: an index over the data files of a table.
//!
//! A data file never changes, so that in its row 7 stands the key `k` is a fact for all time, and
//! the index is a cache of such facts: for the hash of a key, in which files and rows it stands. It
//! knows nothing of versions of the table. Whoever looks up keys for a version first adds the files
//! of that version that the index does not cover, and then keeps, of what is found, the rows whose
//! file is in the version and which no deletion vector takes out of it; of a unique key that is one
//! row at most. Hence no crash can make the index wrong: what it has lost is read from the data
//! files again, and what is too much is not looked at. The folder may be deleted at any time that
//! nobody has it open.
//!
//! The entries lie in runs, sorted by hash, as in a log-structured merge tree (O'Neil and others,
//! 1996). What is added lies in memory first, and in files when it is more; runs are merged so that
//! there are few, and entries of files that the table no longer has are left out then. All files
//! have checksums. When something is wrong with them, the index warns, forgets all, and covers
//! nothing.
//!
//! All functions but [`KeyIndex::covers`] and [`KeyIndex::size`] may read or write files, or sort:
//! they are to be called where blocking is allowed, such as in `spawn_blocking`.

mod block;
mod block_cache;
mod build;
mod candidates;
mod entry;
mod filter;
mod hash;
mod limits;
mod lookup;
mod manifest;
mod memory_run;
mod merge;
mod open;
mod reader;
mod run_file;
mod run_writer;
mod state;
mod version_prefix;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use arrow::array::ArrayRef;
use datafusion::execution::memory_pool::MemoryPool;
use parking_lot::{Mutex, MutexGuard, RwLock};

pub(super) use block_cache::{BlockCache, blocks_up_to};
pub use build::Build;
pub use candidates::Candidates;
pub use entry::Location;
pub(super) use hash::KeyHasher;
pub use reader::{KeyIndexReader, KnownFilesMark};
pub use version_prefix::version_prefixes;

use crate::error::{Error, Result, SqlState};
use build::{Built, BuiltRun};
use limits::Limits;
use manifest::Manifest;
use memory_run::MemoryRun;
use merge::Merge;
use run_file::RunFile;
use state::State;

/// The index of one table by one key. To be opened by one process at a time, and once.
#[derive(Debug)]
pub struct KeyIndex {
    folder: PathBuf,
    /// The columns of the key, and their types.
    key: String,
    hasher: KeyHasher,
    pool: Arc<dyn MemoryPool>,
    /// What is kept of runs in files.
    blocks: Arc<BlockCache>,
    limits: Limits,
    next_file: AtomicU32,
    state: RwLock<Arc<State>>,
    /// Held by the one who makes the next state.
    changing: Mutex<()>,
    /// Held by the one who merges files.
    merging: Mutex<()>,
    /// Something was wrong with a file.
    lost: AtomicBool,
    stopped: AtomicBool,
}

/// How much an index holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyIndexSize {
    /// The data files that it covers.
    pub files: usize,
    /// The rows that it has an entry of, with those of files that are gone.
    pub entries: u64,
    /// The runs that are files.
    pub runs: usize,
    /// The bytes of entries, filters and the like that are in memory all the time.
    pub memory_bytes: usize,
    /// The bytes on disk.
    pub disk_bytes: u64,
}

impl KeyIndex {
    /// The hash of each row's key, for this index alone. The columns must have the types that the
    /// index was opened with. NULL counts as a value.
    ///
    /// # Errors
    /// Columns of other types.
    pub fn hash_keys(&self, columns: &[ArrayRef]) -> Result<Vec<u128>> {
        self.hasher.hash(columns)
    }

    /// Whether all rows of the data file have entries.
    pub fn covers(&self, path: &str) -> bool {
        !self.lost.load(Ordering::Acquire) && self.current().files.number(path).is_some()
    }

    /// What the index holds now, for lookups: it stays as it is whatever is added or merged.
    pub fn reader(self: &Arc<Self>) -> KeyIndexReader {
        if self.lost.load(Ordering::Acquire) {
            self.reset(&self.changing.lock());
        }
        KeyIndexReader::new(self, self.current())
    }

    /// Begins to add data files.
    pub fn build(self: &Arc<Self>) -> Build {
        Build::new(self)
    }

    /// Adds one data file, given the hashes of its keys and its versions, in the order of its rows.
    ///
    /// # Errors
    /// Those of [`Build::push`] and [`Build::finish`].
    pub fn add_file(self: &Arc<Self>, path: &str, hashes: &[u128], versions: &[u64]) -> Result<()> {
        let mut build = self.build();
        let file = build.file(path)?;
        build.push(file, 0, hashes, versions)?;
        build.finish()
    }

    /// Forgets the data files that are not to be kept. Their entries go when runs are merged.
    pub fn retain(&self, keep: impl Fn(&str) -> bool) {
        let _alone = self.changing.lock();
        let mut next = State::clone(&self.current());
        if Arc::make_mut(&mut next.files).retain(keep) {
            *self.state.write() = Arc::new(next);
        }
    }

    /// Merges some runs, if that is due; tells whether it was. To be called after files were
    /// added, in the background, until it says no. Where another call is at it, this one says no.
    ///
    /// # Errors
    /// What the disk says, 53200 without memory; 57P01 where the index was stopped. The index is
    /// as it was.
    pub fn merge(&self) -> Result<bool> {
        match self.merging.try_lock() {
            Some(merging) => self.merge_alone(&merging),
            None => Ok(false),
        }
    }

    /// Ends merges and builds that run, with an error, for the process is to end.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// How much the index holds.
    pub fn size(&self) -> KeyIndexSize {
        let state = self.current();
        let in_runs: u64 = state.runs.iter().map(|run| run.entries).sum();
        let of_runs: usize = state.runs.iter().map(|run| run.memory_bytes()).sum();
        let of_memory: usize = state.memory.iter().map(|run| run.bytes()).sum();
        KeyIndexSize {
            files: state.files.iter().count(),
            entries: in_runs + state.memory_entries() as u64,
            runs: state.runs.len(),
            memory_bytes: of_runs + of_memory,
            disk_bytes: state.runs.iter().map(|run| run.disk_bytes()).sum(),
        }
    }

    fn current(&self) -> Arc<State> {
        Arc::clone(&self.state.read())
    }

    fn next_file(&self) -> Result<u32> {
        let next = |number: u32| number.checked_add(1);
        self.next_file
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .map_err(|_| Error::internal("a key index has no number left for a file"))
    }

    /// Makes what was built part of the index.
    fn install(&self, built: Built) -> Result<()> {
        while self.current().runs.len() >= self.limits.runs
            && self.merge_alone(&self.merging.lock())?
        {}
        let changing = self.changing.lock();
        if self.lost.load(Ordering::Acquire) {
            self.reset(&changing);
        }
        let current = self.current();
        let mut next = State::clone(&current);
        let on_disk = matches!(built.entries, BuiltRun::File(_));
        for (number, mut file) in built.files {
            file.on_disk = on_disk;
            Arc::make_mut(&mut next.files).insert(number, file);
        }
        match built.entries {
            BuiltRun::Memory(run) => self.add_memory_run(&mut next, run)?,
            BuiltRun::File(run) => next.runs.push(Arc::new(run)),
        }
        self.replace(&current, next)
    }

    /// Adds a run to those in memory, of which each is kept larger than the one after it; and
    /// writes all of them to a file when they are too much.
    fn add_memory_run(&self, next: &mut State, run: MemoryRun) -> Result<()> {
        next.memory.push(Arc::new(run));
        if next.memory_entries() > self.limits.memory_entries {
            return self.flush(next);
        }
        while let [.., older, newer] = next.memory.as_slice()
            && older.entries.len() <= newer.entries.len()
        {
            let Ok(merged) = older.merge(newer, &self.pool) else {
                return self.flush(next);
            };
            next.memory.truncate(next.memory.len() - 2);
            next.memory.push(Arc::new(merged));
        }
        Ok(())
    }

    fn flush(&self, next: &mut State) -> Result<()> {
        let run = Merge::new(&self.pool).memory(&next.memory).write(
            &self.folder,
            Some(&next.files.numbers()),
            &self.stopped,
        )?;
        Arc::make_mut(&mut next.files).all_on_disk();
        next.memory.clear();
        if run.entries > 0 {
            next.runs.push(Arc::new(run));
        }
        Ok(())
    }

    fn merge_alone(&self, _merging: &MutexGuard<'_, ()>) -> Result<bool> {
        let start = self.current();
        let due = start.due(self.limits.runs);
        if due.is_empty() || self.lost.load(Ordering::Acquire) {
            return Ok(false);
        }
        let wanted = start.files.numbers();
        let merged = Merge::new(&self.pool)
            .files(&due)
            .and_then(|merge| merge.write(&self.folder, Some(&wanted), &self.stopped))
            .inspect_err(|error| self.look_at(error))?;
        let _alone = self.changing.lock();
        let current = self.current();
        let mut next = State::clone(&current);
        let is_due = |run: &Arc<RunFile>| due.iter().any(|due| Arc::ptr_eq(run, due));
        next.runs.retain(|run| !is_due(run));
        // All was lost meanwhile.
        if next.runs.len() + due.len() != current.runs.len() {
            return Ok(false);
        }
        if merged.entries > 0 {
            next.runs.push(Arc::new(merged));
        }
        self.replace(&current, next)?;
        Ok(true)
    }

    /// Puts the next state in the place of the current one, on disk and in memory.
    fn replace(&self, current: &State, next: State) -> Result<()> {
        let same = current.runs.len() == next.runs.len()
            && current
                .runs
                .iter()
                .zip(&next.runs)
                .all(|(a, b)| Arc::ptr_eq(a, b));
        if !same {
            let next_file = self.next_file.load(Ordering::Relaxed);
            Manifest::of(&next, &self.key, self.hasher.secret(), next_file).write(&self.folder)?;
            current.runs.iter().for_each(|run| run.keep(false));
            next.runs.iter().for_each(|run| run.keep(true));
        }
        *self.state.write() = Arc::new(next);
        Ok(())
    }

    /// Sees whether an error tells that files are not as they were written.
    fn look_at(&self, error: &Error) {
        let of_files = [
            SqlState::DATA_CORRUPTED,
            SqlState::UNDEFINED_FILE,
            SqlState::IO_ERROR,
        ];
        if of_files.contains(&error.sqlstate()) {
            self.lost.store(true, Ordering::Release);
        }
    }

    /// Forgets everything.
    fn reset(&self, _changing: &MutexGuard<'_, ()>) {
        if !self.lost.swap(false, Ordering::AcqRel) {
            return;
        }
        let folder = self.folder.display();
        tracing::warn!(%folder, "a key index is damaged, and is built anew");
        if let Err(error) = Manifest::remove(&self.folder) {
            tracing::warn!(%folder, %error, "the manifest of a damaged key index stays behind");
        }
        self.current().runs.iter().for_each(|run| run.keep(false));
        *self.state.write() = Arc::default();
    }
}

#[cfg(test)]
mod tests;
