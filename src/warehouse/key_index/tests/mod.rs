//! The index as its users see it.

mod damage;
mod hashing;
mod replay;
mod sharing;
mod sizes;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::execution::memory_pool::UnboundedMemoryPool;
use tempfile::TempDir;

use super::*;

/// Limits that a few hundred entries reach.
const SMALL: Limits = Limits {
    memory_entries: 300,
    memory_run_entries: 100,
    chunk_entries: 250,
    spilled_runs: 3,
    runs: 5,
};

/// The path of a row's file, its place there and its version.
type Row<'a> = (&'a str, u32, u64);

/// An index in a folder that goes away with it, and what it should hold.
struct Fixture {
    folder: TempDir,
    index: Arc<KeyIndex>,
    /// Hashes and versions of the rows of each data file.
    files: BTreeMap<String, Vec<(u128, u64)>>,
    /// The files that there have ever been.
    written: usize,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let index = open(folder.path(), SMALL);
        Self {
            folder,
            index,
            files: BTreeMap::new(),
            written: 0,
        }
    }

    /// A data file with these rows, which the index does not have yet.
    fn write(&mut self, hashes: impl IntoIterator<Item = u128>) -> String {
        let path = format!("part-{}.parquet", self.written);
        self.written += 1;
        let rows = hashes.into_iter().zip(1000..).collect();
        self.files.insert(path.clone(), rows);
        path
    }

    /// Adds the files that the index does not cover, as one build.
    fn cover(&self) {
        let mut build = self.index.build();
        for (path, rows) in &self.files {
            if !self.index.covers(path) {
                let (hashes, versions): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
                let file = build.file(path).unwrap();
                // The later half first, for the order does not matter.
                let half = rows.len() / 2;
                let row = u32::try_from(half).unwrap();
                build
                    .push(file, row, &hashes[half..], &versions[half..])
                    .unwrap();
                build
                    .push(file, 0, &hashes[..half], &versions[..half])
                    .unwrap();
            }
        }
        build.finish().unwrap();
    }

    /// As after a restart of the process.
    fn reopen(&mut self) {
        self.index = open(self.folder.path(), SMALL);
    }

    /// Looks up these hashes, and holds what is found against the data files.
    fn check(&self, asked: &[u128]) {
        let found = self.find(asked).unwrap();
        let mut expected: BTreeMap<u128, Vec<Row<'_>>> = BTreeMap::new();
        for (path, rows) in &self.files {
            for ((hash, version), row) in rows.iter().zip(0..) {
                expected
                    .entry(*hash)
                    .or_default()
                    .push((path, row, *version));
            }
        }
        for (hash, found) in asked.iter().zip(found) {
            let expected = expected.get(hash).cloned().unwrap_or_default();
            assert_eq!(found, expected, "{hash:032x}");
        }
    }

    /// For each hash the paths, rows and versions that are found.
    fn find(&self, asked: &[u128]) -> Result<Vec<Vec<Row<'_>>>> {
        let reader = self.index.reader();
        let numbers: BTreeMap<u32, &str> = self
            .files
            .keys()
            .map(|path| (reader.file_number(path).unwrap(), path.as_str()))
            .collect();
        let wanted = |location: Location| numbers.contains_key(&location.file);
        let candidates = reader.candidates(asked, wanted)?;
        assert_eq!(candidates.iter().len(), asked.len());
        let rows = candidates.iter().map(|locations| {
            let mut rows: Vec<_> = locations
                .iter()
                .map(|found| (numbers[&found.file], found.row, found.version))
                .collect();
            rows.sort_unstable();
            rows
        });
        Ok(rows.collect())
    }

    /// The names of the runs' files.
    fn run_files(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "run"))
            .collect()
    }
}

fn open(folder: &std::path::Path, limits: Limits) -> Arc<KeyIndex> {
    let pool = Arc::new(UnboundedMemoryPool::default());
    let blocks = Arc::new(blocks_up_to(0));
    KeyIndex::open_with(folder, &key(DataType::Int64), pool, blocks, limits).unwrap()
}

fn key(data_type: DataType) -> Vec<FieldRef> {
    vec![Arc::new(Field::new("id", data_type, true))]
}

/// Hashes that are spread as those of keys are.
fn spread(number: u64) -> u128 {
    let odd = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
    (u128::from(number) + 1).wrapping_mul(odd)
}
