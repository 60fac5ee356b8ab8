//! Lookups in what the index holds at one time.

use std::sync::{Arc, Weak};
use std::thread;

use super::KeyIndex;
use super::candidates::{Candidates, Found, by_key};
use super::entry::Location;
use super::lookup::{FEW_QUERIES, FileSearch, Query, search_memory};
use super::run_file::reserve;
use super::state::{CoveredFiles, State};
use crate::error::{Error, Result};

/// Fewer keys than this for a thread do not pay for it.
const KEYS_OF_THREAD: usize = 2048;

/// Tells which files an index covers, as long as it covers no others.
#[derive(Debug)]
pub struct KnownFilesMark(Weak<CoveredFiles>);

/// What an index holds at one time.
pub struct KeyIndexReader {
    index: Arc<KeyIndex>,
    state: Arc<State>,
}

impl KeyIndexReader {
    pub(super) fn new(index: &Arc<KeyIndex>, state: Arc<State>) -> Self {
        Self {
            index: Arc::clone(index),
            state,
        }
    }

    /// The number of a data file in [`Location::file`]; none where the file is not covered. It is
    /// for this reader.
    pub fn file_number(&self, path: &str) -> Option<u32> {
        self.state.files.number(path)
    }

    /// Tells the files that are covered from others.
    pub fn files_mark(&self) -> KnownFilesMark {
        KnownFilesMark(Arc::downgrade(&self.state.files))
    }

    /// Whether the files that are covered, and their numbers, are those of a mark.
    pub fn has_files_of(&self, mark: &KnownFilesMark) -> bool {
        std::ptr::eq(mark.0.as_ptr(), Arc::as_ptr(&self.state.files))
    }

    /// Where rows with these keys stand: locations that `keep` says yes to, for each of the keys.
    /// There are locations of files that are gone, too, with numbers that no file has: `keep` must
    /// ask whether the number is of a file that is wanted.
    ///
    /// # Errors
    /// 53200 without memory for the keys and what is found. Where the index is found damaged, what
    /// was wrong; then it covers nothing from now on, and another reader can be asked when the
    /// files have been added again.
    pub fn candidates(
        &self,
        hashes: &[u128],
        keep: impl Fn(Location) -> bool + Sync,
    ) -> Result<Candidates> {
        let keys = u32::try_from(hashes.len())
            .map_err(|_| Error::internal("more than four billion keys are looked up at once"))?;
        let memory = (hashes.len() > FEW_QUERIES).then(|| reserve(&self.index.pool));
        if let Some(memory) = &memory {
            memory.try_grow(hashes.len() * size_of::<Query>())?;
        }
        let queries = hashes.iter().zip(0..keys);
        let mut queries: Vec<Query> = queries
            .map(|(hash, key)| Query { hash: *hash, key })
            .collect();
        queries.sort_unstable_by_key(|query| query.hash);
        let found = self
            .search(&queries, &keep)
            .inspect_err(|error| self.index.look_at(error))?;
        by_key(&found, hashes.len(), &self.index.pool)
    }

    /// Searches all runs for sorted keys, on all processors.
    fn search<'a>(
        &'a self,
        queries: &[Query],
        keep: &'a (dyn Fn(Location) -> bool + Sync),
    ) -> Result<Vec<Found<'a>>> {
        // To ask how many processors there are takes more than to look up a few keys.
        let threads = match queries.len() / KEYS_OF_THREAD {
            0 | 1 => 1,
            most => thread::available_parallelism()
                .map_or(1, usize::from)
                .min(most),
        };
        if threads == 1 {
            return Ok(vec![self.search_part(queries, keep)?]);
        }
        let parts = queries.chunks(queries.len().div_ceil(threads));
        thread::scope(|scope| {
            let threads: Vec<_> = parts
                .map(|part| scope.spawn(move || self.search_part(part, keep)))
                .collect();
            let ended = threads.into_iter().map(|thread| {
                let found = thread.join();
                found.map_err(|_| Error::internal("a thread that looked up keys has failed"))?
            });
            ended.collect()
        })
    }

    fn search_part<'a>(
        &'a self,
        queries: &[Query],
        keep: &'a (dyn Fn(Location) -> bool + Sync),
    ) -> Result<Found<'a>> {
        let mut found = Found::new(keep, &self.index.pool);
        for run in &self.state.memory {
            search_memory(run, queries, &mut found)?;
        }
        let (pool, blocks) = (&self.index.pool, &self.index.blocks);
        let mut files = FileSearch::new(pool, blocks, queries.len())?;
        for run in &self.state.runs {
            files.search(run, queries, &mut found)?;
        }
        Ok(found)
    }
}
