//! Readers, writers and merges at the same time.

use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;

/// Two threads look up what was there before while one adds files, merges and forgets others.
#[test]
fn readers_see_what_was_there_whatever_is_added_meanwhile() {
    let mut fixture = Fixture::new();
    let hashes: Vec<u128> = (0..3000).map(spread).collect();
    for part in hashes.chunks(1000) {
        fixture.write(part.iter().copied());
    }
    fixture.cover();
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut rounds = 0;
                while !ended.load(Ordering::Acquire) || rounds < 3 {
                    fixture.check(&hashes);
                    rounds += 1;
                }
            });
        }
        for round in 0..40_u64 {
            let rows = if round % 4 == 0 { 700 } else { 60 };
            // Rows of the same keys, in files that the check does not want.
            let more: Vec<u128> = (round * 17..round * 17 + rows).map(spread).collect();
            let versions = vec![round; more.len()];
            let path = format!("other-{round}.parquet");
            fixture.index.add_file(&path, &more, &versions).unwrap();
            while fixture.index.merge().unwrap() {}
            fixture
                .index
                .retain(|path| path.starts_with("part-") || path.ends_with("7.parquet"));
        }
        ended.store(true, Ordering::Release);
    });
    fixture.check(&hashes);
    assert_eq!(fixture.run_files().len(), fixture.index.size().runs);
}

/// A reader goes on with what it has when merges leave out what it still wants.
#[test]
fn a_reader_keeps_what_is_forgotten_meanwhile() {
    let fixture = Fixture::new();
    let hashes: Vec<u128> = (0..1000).map(spread).collect();
    fixture
        .index
        .add_file("old", &hashes, &vec![1; 1000])
        .unwrap();
    let reader = fixture.index.reader();
    let old = reader.file_number("old");
    fixture.index.retain(|_| false);
    assert!(fixture.index.merge().unwrap());
    assert_eq!(fixture.index.size().entries, 0);
    assert!(!fixture.index.covers("old"));
    let found = reader
        .candidates(&hashes, |location| Some(location.file) == old)
        .unwrap();
    assert!(found.iter().all(|locations| locations.len() == 1));
    drop(reader);
    assert!(fixture.run_files().is_empty());
}

#[test]
fn two_who_add_the_same_file_add_it_once() {
    let fixture = Fixture::new();
    let hashes: Vec<u128> = (0..1000).map(spread).collect();
    for _ in 0..2 {
        fixture
            .index
            .add_file("twice", &hashes, &vec![1; 1000])
            .unwrap();
    }
    let reader = fixture.index.reader();
    let number = reader.file_number("twice");
    let found = reader
        .candidates(&hashes, |location| Some(location.file) == number)
        .unwrap();
    assert!(found.iter().all(|locations| locations.len() == 1));
    assert_eq!(fixture.index.size().entries, 2000);
    while fixture.index.merge().unwrap() {}
    assert_eq!(fixture.index.size().entries, 1000);
}
