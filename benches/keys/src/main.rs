//! How long a table's key index takes: to build it, to look up keys, to add batches.
//!
//! `tributary-bench-keys FOLDER [KEYS]` builds an index of so many keys, 10 million without a
//! number, in a folder that is made and deleted, and prints what each step takes.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use tributary::warehouse::key_index::KeyIndex;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows of a data file of the table.
const FILE_ROWS: i64 = 2_000_000;

/// Rows that are read of it at a time.
const BATCH_ROWS: i64 = 8192;

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// How often each size is looked up and added; the middle one is told.
const ROUNDS: usize = 9;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .ok_or("tributary-bench-keys FOLDER [KEYS]")?;
    let keys = arguments
        .next()
        .map_or(Ok(10_000_000), |keys| keys.parse())?;
    let folder = Path::new(&folder);
    std::fs::create_dir(folder)?;
    let measured = measure(folder, keys);
    std::fs::remove_dir_all(folder)?;
    measured
}

fn measure(folder: &Path, keys: i64) -> Result<(), Box<dyn Error>> {
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(1 << 30));
    let column: Vec<FieldRef> = vec![Arc::new(Field::new("id", DataType::Int64, false))];
    let open = || KeyIndex::open(folder, &column, Arc::clone(&pool));

    let index = open()?;
    build(&index, keys)?;
    let start = Instant::now();
    while index.merge()? {}
    tell(&index, &format!("merged in {:.2?}", start.elapsed()));
    drop(index);
    let start = Instant::now();
    let index = open()?;
    tell(&index, &format!("opened in {:.2?}", start.elapsed()));

    let mut random = Pcg64Mcg::seed_from_u64(7);
    println!("one run:");
    look_up_all(&index, keys, &mut random)?;
    let mut newest = keys;
    for size in SIZES {
        let (mut adding, mut merging) = (Vec::new(), Duration::ZERO);
        for round in 0..ROUNDS {
            // Four of five are keys that the table has, one is new.
            let new = (size / 5) as i64;
            let batch: Vec<i64> = (0..size as i64)
                .map(|row| match row {
                    row if row < new => newest + row,
                    _ => random.random_range(0..keys),
                })
                .collect();
            newest += new;
            let hashes = index.hash_keys(&[Arc::new(Int64Array::from(batch)) as ArrayRef])?;
            let versions = vec![round as u64; size];
            let start = Instant::now();
            index.add_file(&format!("batch-{size}-{round}.parquet"), &hashes, &versions)?;
            adding.push(start.elapsed());
            let start = Instant::now();
            while index.merge()? {}
            merging += start.elapsed();
        }
        println!(
            "add {size}: {:.2?}; merges after {ROUNDS} of them: {merging:.2?}",
            middle(&mut adding)
        );
    }
    tell(&index, "after all batches");
    look_up_all(&index, keys, &mut random)?;

    // Files of the table that compaction has taken out of it.
    index.retain(|path| path.starts_with("batch-"));
    let start = Instant::now();
    while index.merge()? {}
    tell(
        &index,
        &format!("most forgotten, merged in {:.2?}", start.elapsed()),
    );
    Ok(())
}

/// Builds the index of a table whose files have their keys in any order.
fn build(index: &Arc<KeyIndex>, keys: i64) -> Result<(), Box<dyn Error>> {
    let (mut hashing, start) = (Duration::ZERO, Instant::now());
    let mut build = index.build();
    for first in (0..keys).step_by(FILE_ROWS as usize) {
        let file = build.file(&format!("part-{first}.parquet"))?;
        let rows = FILE_ROWS.min(keys - first);
        for row in (0..rows).step_by(BATCH_ROWS as usize) {
            let batch = first + row..first + rows.min(row + BATCH_ROWS);
            let hashed = Instant::now();
            let hashes =
                index.hash_keys(&[Arc::new(Int64Array::from_iter_values(batch)) as ArrayRef])?;
            hashing += hashed.elapsed();
            build.push(file, row as u32, &hashes, &vec![0; hashes.len()])?;
        }
    }
    build.finish()?;
    let took = start.elapsed();
    tell(
        index,
        &format!("built in {took:.2?}, {hashing:.2?} of it for hashes"),
    );
    Ok(())
}

fn look_up_all(
    index: &Arc<KeyIndex>,
    keys: i64,
    random: &mut Pcg64Mcg,
) -> Result<(), Box<dyn Error>> {
    for size in SIZES {
        let (mut hashing, mut looking) = (Vec::new(), Vec::new());
        let mut found = 0;
        for _ in 0..ROUNDS {
            let asked = (0..size).map(|_| random.random_range(0..keys + keys / 4));
            let asked: ArrayRef = Arc::new(Int64Array::from_iter_values(asked));
            let start = Instant::now();
            let hashes = index.hash_keys(&[asked])?;
            hashing.push(start.elapsed());
            let start = Instant::now();
            let candidates = index.reader().candidates(&hashes, |_| true)?;
            looking.push(start.elapsed());
            found = candidates.locations().len();
        }
        println!(
            "look up {size}: {:.2?}, and {:.2?} for hashes; {found} found",
            middle(&mut looking),
            middle(&mut hashing)
        );
    }
    Ok(())
}

fn middle(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn tell(index: &KeyIndex, what: &str) {
    let size = index.size();
    println!(
        "{what}: {} entries of {} files in {} runs; {} MB on disk, {} MB in memory; the process has {} MB, at most {} MB",
        size.entries,
        size.files,
        size.runs,
        size.disk_bytes >> 20,
        size.memory_bytes >> 20,
        memory("VmRSS"),
        memory("VmHWM"),
    );
}

/// Memory of the process, in MB.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) >> 10
}
