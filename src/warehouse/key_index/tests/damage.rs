//! Files that are not as they were written, and processes that were killed.

use std::fs;

use super::*;

/// An index with a run of 2000 keys in a file.
fn on_disk() -> (Fixture, Vec<u128>) {
    let mut fixture = Fixture::new();
    let hashes: Vec<u128> = (0..2000).map(spread).collect();
    fixture.write(hashes.clone());
    fixture.cover();
    assert_eq!(fixture.index.size().runs, 1);
    (fixture, hashes)
}

/// The index covers nothing, and works when the files have been added again.
fn check_rebuilt(fixture: &Fixture, hashes: &[u128]) {
    assert_eq!(fixture.index.size().files, 0);
    fixture.cover();
    fixture.check(hashes);
    assert_eq!(fixture.run_files().len(), fixture.index.size().runs);
}

#[test]
fn what_is_in_files_is_there_after_a_restart() {
    let (mut fixture, hashes) = on_disk();
    fixture.reopen();
    assert!(fixture.index.covers("part-0.parquet"));
    fixture.check(&hashes);
    // The number of the next file must not be that of one before.
    fixture.write([spread(1), spread(5000)]);
    fixture.cover();
    fixture.check(&hashes);
}

#[test]
fn what_is_in_memory_is_not_covered_after_a_restart() {
    let (mut fixture, hashes) = on_disk();
    fixture.write([spread(1), spread(5000)]);
    fixture.cover();
    fixture.reopen();
    assert!(fixture.index.covers("part-0.parquet"));
    assert!(!fixture.index.covers("part-1.parquet"));
    fixture.cover();
    fixture.check(&hashes);
}

#[test]
fn a_torn_run_is_recognised() {
    let (fixture, _) = on_disk();
    let length = fs::metadata(&fixture.run_files()[0]).unwrap().len();
    for left in [0, 10, 47, 4096, length / 2, length - 4096, length - 1] {
        let (mut fixture, hashes) = on_disk();
        let file = fs::File::options()
            .write(true)
            .open(&fixture.run_files()[0]);
        file.unwrap().set_len(left).unwrap();
        fixture.reopen();
        check_rebuilt(&fixture, &hashes);
    }
}

/// A file whose bytes never came to the disk: its length is right, and it has zeros.
#[test]
fn zeros_are_recognised() {
    let (mut fixture, hashes) = on_disk();
    let run = &fixture.run_files()[0];
    let mut bytes = fs::read(run).unwrap();
    let length = bytes.len();
    bytes[4096..8192].fill(0);
    fs::write(run, &bytes).unwrap();
    fixture.reopen();
    assert!(fixture.find(&hashes).is_err());
    check_rebuilt_after_reader(&fixture, &hashes);

    let (mut fixture, hashes) = on_disk();
    fs::write(&fixture.run_files()[0], vec![0; length]).unwrap();
    fixture.reopen();
    check_rebuilt(&fixture, &hashes);
}

fn check_rebuilt_after_reader(fixture: &Fixture, hashes: &[u128]) {
    assert!(!fixture.index.covers("part-0.parquet"));
    drop(fixture.index.reader());
    check_rebuilt(fixture, hashes);
}

/// Wherever a bit of a run is flipped, at rest or while it is open, nothing wrong is found.
#[test]
fn a_flipped_bit_is_recognised() {
    let (fixture, _) = on_disk();
    let length = fs::read(&fixture.run_files()[0]).unwrap().len();
    for place in (0..length).step_by(509).chain(length - 60..length) {
        let (mut fixture, hashes) = on_disk();
        let run = fixture.run_files().remove(0);
        let mut bytes = fs::read(&run).unwrap();
        bytes[place] ^= 1 << (place % 8);
        fs::write(&run, &bytes).unwrap();
        fixture.reopen();
        match fixture.index.covers("part-0.parquet") {
            true => {
                let error = fixture.find(&hashes).unwrap_err();
                assert_eq!(error.sqlstate(), SqlState::DATA_CORRUPTED);
                check_rebuilt_after_reader(&fixture, &hashes);
            }
            false => check_rebuilt(&fixture, &hashes),
        }
    }
}

#[test]
fn a_merge_finds_damage_too() {
    let (mut fixture, mut hashes) = on_disk();
    let run = fixture.run_files().remove(0);
    hashes.extend((5000..7000).map(spread));
    fixture.write(hashes[2000..].iter().copied());
    fixture.cover();
    let mut bytes = fs::read(&run).unwrap();
    bytes[100] ^= 1;
    fs::write(&run, &bytes).unwrap();
    let error = fixture.index.merge().unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::DATA_CORRUPTED);
    check_rebuilt_after_reader(&fixture, &hashes);
}

#[test]
fn a_damaged_manifest_is_recognised() {
    for place in 0.. {
        let (mut fixture, hashes) = on_disk();
        let manifest = fixture.folder.path().join("manifest");
        let mut bytes = fs::read(&manifest).unwrap();
        // No two manifests have the same length, for they have numbers of chance.
        if place >= bytes.len() {
            break;
        }
        match place % 2 {
            0 => bytes.truncate(place),
            _ => bytes[place] ^= 2,
        }
        fs::write(&manifest, &bytes).unwrap();
        fixture.reopen();
        check_rebuilt(&fixture, &hashes);
    }
}

#[test]
fn a_run_of_another_index_is_recognised() {
    let (mut fixture, hashes) = on_disk();
    let (other, _) = on_disk();
    fs::copy(&other.run_files()[0], &fixture.run_files()[0]).unwrap();
    fixture.reopen();
    check_rebuilt(&fixture, &hashes);
}

#[test]
fn the_folder_may_be_deleted() {
    let (mut fixture, hashes) = on_disk();
    fs::remove_dir_all(fixture.folder.path()).unwrap();
    fixture.reopen();
    check_rebuilt(&fixture, &hashes);
}

#[test]
fn what_a_killed_process_leaves_goes() {
    let (mut fixture, hashes) = on_disk();
    let left =
        ["00000000000000aa.run", "manifest.new"].map(|name| fixture.folder.path().join(name));
    left.iter()
        .for_each(|path| fs::write(path, "some").unwrap());
    fixture.reopen();
    assert!(left.iter().all(|path| !path.exists()));
    assert!(fixture.index.covers("part-0.parquet"));
    fixture.check(&hashes);
}

#[test]
fn an_index_of_another_key_is_not_taken() {
    let (fixture, _) = on_disk();
    let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
    let other = KeyIndex::open(fixture.folder.path(), &key(DataType::Utf8), pool).unwrap();
    assert!(!other.covers("part-0.parquet"));
}

/// Builds that come to nothing leave nothing behind.
#[test]
fn an_abandoned_build_leaves_no_file() {
    let (fixture, hashes) = on_disk();
    let mut build = fixture.index.build();
    let file = build.file("part-9.parquet").unwrap();
    let more: Vec<u128> = (0..1000).map(spread).collect();
    build.push(file, 0, &more, &vec![0; 1000]).unwrap();
    assert!(fixture.run_files().len() > 1);
    drop(build);
    assert_eq!(fixture.run_files().len(), 1);
    assert!(!fixture.index.covers("part-9.parquet"));
    fixture.check(&hashes);
}
