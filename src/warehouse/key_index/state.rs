//! What the index holds at one time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::memory_run::MemoryRun;
use super::run_file::RunFile;

/// The data files that are covered, and the runs that have the entries of their rows. A state never
/// changes; who reads one goes on with it while the next is made.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub files: Arc<CoveredFiles>,
    pub memory: Vec<Arc<MemoryRun>>,
    pub runs: Vec<Arc<RunFile>>,
}

impl State {
    /// The runs that should become one now; none or at least one.
    ///
    /// The runs are merged whenever the smaller ones together have as many entries as the next
    /// larger one. So each is larger than all smaller ones together, their number grows with the
    /// logarithm of the entries, and so does the number of times that an entry is written. Where
    /// most entries are of files that are gone, all are merged, which leaves those entries out; where
    /// there are as many runs as there may be, the two smallest ones are.
    pub fn due(&self, most: usize) -> Vec<Arc<RunFile>> {
        let mut runs = self.runs.clone();
        runs.sort_by_key(|run| run.entries);
        let entries: u64 = runs.iter().map(|run| run.entries).sum();
        if entries > 2 * self.files.rows_on_disk() {
            return runs;
        }
        let (mut sum, mut due) = (0, 0);
        for (index, run) in runs.iter().enumerate() {
            if index > 0 && sum >= run.entries {
                due = index + 1;
            }
            sum += run.entries;
        }
        if due == 0 && runs.len() >= most {
            due = 2;
        }
        runs.truncate(due);
        runs
    }

    /// The entries in memory.
    pub fn memory_entries(&self) -> usize {
        self.memory.iter().map(|run| run.entries.len()).sum()
    }
}

/// A data file all of whose rows have entries.
#[derive(Clone, Debug)]
pub(super) struct CoveredFile {
    pub path: Arc<str>,
    pub rows: u64,
    /// Whether all its entries are in runs that are files.
    pub on_disk: bool,
}

/// The data files that are covered, by their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct CoveredFiles {
    files: BTreeMap<u32, CoveredFile>,
    numbers: HashMap<Arc<str>, u32>,
}

impl CoveredFiles {
    /// Takes in a file; not where its path is known already, by another number.
    pub fn insert(&mut self, number: u32, file: CoveredFile) {
        if !self.numbers.contains_key(&file.path) {
            self.numbers.insert(Arc::clone(&file.path), number);
            self.files.insert(number, file);
        }
    }

    pub fn number(&self, path: &str) -> Option<u32> {
        self.numbers.get(path).copied()
    }

    /// The numbers of all files.
    pub fn numbers(&self) -> RoaringBitmap {
        self.files.keys().collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &CoveredFile)> {
        self.files.iter().map(|(number, file)| (*number, file))
    }

    /// Forgets the files that are not to be kept; tells whether there was one.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) -> bool {
        let before = self.files.len();
        self.files.retain(|_, file| keep(&file.path));
        self.numbers.retain(|path, _| keep(path));
        self.files.len() < before
    }

    /// All entries have been written to files.
    pub fn all_on_disk(&mut self) {
        self.files.values_mut().for_each(|file| file.on_disk = true);
    }

    fn rows_on_disk(&self) -> u64 {
        let on_disk = self.files.values().filter(|file| file.on_disk);
        on_disk.map(|file| file.rows).sum()
    }
}
