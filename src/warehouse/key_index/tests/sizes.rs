//! Bounds: of memory, of runs, of what is read.

use datafusion::execution::memory_pool::GreedyMemoryPool;

use super::*;

fn with_pool(bytes: usize, limits: Limits) -> (TempDir, Arc<dyn MemoryPool>, Arc<KeyIndex>) {
    let folder = tempfile::tempdir().unwrap();
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(bytes));
    let columns = key(DataType::Int64);
    let blocks = Arc::new(blocks_up_to(0));
    let index =
        KeyIndex::open_with(folder.path(), &columns, Arc::clone(&pool), blocks, limits).unwrap();
    (folder, pool, index)
}

/// A build of 200,000 entries, 6 MB, in a pool of 4 MB: it spills, and gives all back.
#[test]
fn a_build_needs_no_more_memory_than_there_is() {
    let limits = Limits {
        spilled_runs: 4,
        ..Limits::default()
    };
    let (_folder, pool, index) = with_pool(4 << 20, limits);
    let hashes: Vec<u128> = (0..200_000).map(spread).collect();
    index
        .add_file("large", &hashes, &vec![7; hashes.len()])
        .unwrap();
    assert_eq!(pool.reserved(), index.size().memory_bytes);
    let asked: Vec<u128> = (0..200_000).step_by(13).map(spread).collect();
    let found = index.reader().candidates(&asked, |_| true).unwrap();
    for (found, row) in found.iter().zip((0..).step_by(13)) {
        assert_eq!(
            found,
            [Location {
                version: 7,
                file: 0,
                row
            }]
        );
    }
    drop(found);
    assert_eq!(pool.reserved(), index.size().memory_bytes);
}

#[test]
fn without_memory_an_error_says_so() {
    let (_folder, pool, index) = with_pool(100 << 10, Limits::default());
    let hashes: Vec<u128> = (0..200_000).map(spread).collect();
    let error = index
        .add_file("large", &hashes, &vec![7; hashes.len()])
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::OUT_OF_MEMORY);
    assert!(!index.covers("large"));
    index
        .add_file("small", &hashes[..1000], &vec![7; 1000])
        .unwrap();
    let error = index.reader().candidates(&hashes, |_| true).unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::OUT_OF_MEMORY);
    assert!(index.covers("small"));
    assert_eq!(pool.reserved(), index.size().memory_bytes);
}

/// However many small files are added, the runs stay few.
#[test]
fn runs_grow_with_the_logarithm_of_the_entries() {
    let fixture = Fixture::new();
    for file in 0..500_u64 {
        let hashes: Vec<u128> = (file * 50..file * 50 + 50).map(spread).collect();
        fixture
            .index
            .add_file(&format!("{file}"), &hashes, &[0; 50])
            .unwrap();
        while fixture.index.merge().unwrap() {}
        let size = fixture.index.size();
        let flushes = size.entries.div_ceil(SMALL.memory_entries as u64);
        assert!(
            size.runs as u64 <= u64::from(flushes.ilog2()) + 1,
            "{size:?}"
        );
        assert_eq!(size.entries, 50 * (file + 1));
    }
}

/// Nobody calls for merges: whoever adds does it.
#[test]
fn runs_have_a_limit_without_a_call_to_merge() {
    let fixture = Fixture::new();
    for file in 0..200_u64 {
        let hashes: Vec<u128> = (file * 150..file * 150 + 150).map(spread).collect();
        fixture
            .index
            .add_file(&format!("{file}"), &hashes, &[0; 150])
            .unwrap();
        assert!(fixture.index.size().runs <= SMALL.runs);
    }
}

/// The filter keeps blocks from being read, and never hides a hash.
#[test]
fn a_filter_passes_few_others() {
    let lines = filter::Filter::lines_for(10_000);
    let mut filter = filter::Filter::new(lines);
    (0..10_000).map(spread).for_each(|hash| filter.insert(hash));
    assert!((0..10_000).map(spread).all(|hash| filter.may_have(hash)));
    let others = (10_000..110_000).map(spread);
    let passed = others.filter(|hash| filter.may_have(*hash)).count();
    assert!(passed < 3000, "{passed} of 100000");
}

#[test]
fn a_stopped_index_merges_no_more() {
    let fixture = Fixture::new();
    let hashes: Vec<u128> = (0..70_000).map(spread).collect();
    for file in ["a", "b"] {
        fixture
            .index
            .add_file(file, &hashes, &vec![0; hashes.len()])
            .unwrap();
    }
    fixture.index.stop();
    let error = fixture.index.merge().unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::ADMIN_SHUTDOWN);
    assert_eq!(fixture.run_files().len(), 2);
    assert!(fixture.index.covers("a") && fixture.index.covers("b"));
}

/// What single keys were looked up in stays, within its bytes, and is not read again.
#[test]
fn blocks_that_were_looked_into_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(16 << 20));
    let blocks = Arc::new(blocks_up_to(20_000));
    blocks.account_to(&pool, "blocks");
    let columns = key(DataType::Int64);
    let kept = Arc::clone(&blocks);
    let index = KeyIndex::open_with(folder.path(), &columns, Arc::clone(&pool), kept, SMALL);
    let index = index.unwrap();
    let hashes: Vec<u128> = (0..2000).map(spread).collect();
    let versions = vec![7; hashes.len()];
    index.add_file("part", &hashes, &versions).unwrap();
    assert_eq!(index.size().runs, 1);
    let find = |hash: u128| {
        let found = index.reader().candidates(&[hash], |_| true)?;
        Ok::<_, Error>(found.of(0).to_vec())
    };
    for (row, hash) in (0..).zip(&hashes) {
        let found = find(*hash).unwrap();
        assert_eq!(found.iter().map(|it| it.row).collect::<Vec<_>>(), [row]);
        assert!((1..=20_000).contains(&blocks.bytes()), "{blocks:?}");
    }
    // The block of the last key is at hand, whatever becomes of the file.
    let run = std::fs::read_dir(folder.path()).unwrap();
    let run = run.map(|file| file.unwrap().path());
    let run = run.filter(|path| path.extension().is_some_and(|end| end == "run"));
    let run: Vec<PathBuf> = run.collect();
    let file = std::fs::File::options().write(true).open(&run[0]).unwrap();
    file.set_len(0).unwrap();
    let last = hashes[hashes.len() - 1];
    assert_eq!(find(last).unwrap().len(), 1);
    let used = pool.reserved();
    assert!(blocks.release());
    assert!(pool.reserved() < used);
    let error = find(last).unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::DATA_CORRUPTED);
}
