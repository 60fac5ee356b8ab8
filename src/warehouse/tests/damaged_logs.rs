//! Logs of which a file is missing or damaged are neither read nor written to.

use std::path::PathBuf;

use super::*;
use crate::error::{Error, SqlState};

/// A table whose log has these many entries, each of which adds a row, and that nobody has open.
async fn table(entries: i64) -> Fixture {
    let fixture = Fixture::new();
    fixture.replace(ids([0])).await;
    for id in 1..entries {
        fixture.append(ids([id])).await;
    }
    // Nobody waits for checkpoints.
    fixture.warehouse.finish_commits().await;
    fixture
}

impl Fixture {
    fn entry(&self, version: u64) -> PathBuf {
        let name = format!("{version:020}.json");
        self.table_folder().join("_delta_log").join(name)
    }

    /// The names of the files of the log.
    fn log_files(&self) -> BTreeSet<String> {
        std::fs::read_dir(self.table_folder().join("_delta_log"))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

/// That the log is damaged is said by reads and by writes, which leave it as it is.
async fn check(fixture: &Fixture, message: &str) -> Error {
    let fresh = fixture.reopened();
    let before = fixture.log_files();
    let info = || CommitInfo::new("INSERT");
    let rows = || stream(vec![ids([100])]);
    let read = fresh.scan(&fixture.id, At::Latest).await.err().unwrap();
    let appended = fresh.append(&fixture.id, rows(), info()).await.unwrap_err();
    let replaced = fresh
        .replace(&fixture.id, rows(), info())
        .await
        .unwrap_err();
    for error in [&read, &appended, &replaced] {
        assert_eq!(error.sqlstate(), SqlState::DATA_CORRUPTED, "{error}");
        assert_eq!(error.message(), message);
        assert!(error.hint().is_some());
    }
    assert_eq!(fixture.log_files(), before);
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_a_gap_is_neither_read_nor_filled() {
    for version in [0, 1, 2] {
        let fixture = table(4).await;
        let entry = std::fs::read(fixture.entry(version)).unwrap();
        std::fs::remove_file(fixture.entry(version)).unwrap();
        let message = format!("table shop.customer: {version:020}.json is missing from its log");
        let error = check(&fixture, &message).await;
        let detail = error.detail().unwrap();
        assert!(detail.contains("goes on to version 3"), "{detail}");
        // The table is what it was once the file is back.
        std::fs::write(fixture.entry(version), entry).unwrap();
        let latest = fixture.reopened().scan(&fixture.id, At::Latest).await;
        assert_eq!(collect(latest.unwrap()).await, ids(0..4));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_counts_from_the_last_checkpoint_on() {
    let fixture = table(25).await;
    let checkpoint = fixture
        .table_folder()
        .join("_delta_log/00000000000000000019.checkpoint.parquet");
    assert!(checkpoint.exists());
    std::fs::remove_file(fixture.entry(5)).unwrap();
    let fresh = fixture.reopened();
    for (at, rows) in [(At::Latest, 25), (At::Version(12), 13), (At::Version(4), 5)] {
        let found = fresh.scan(&fixture.id, at).await.unwrap();
        assert_eq!(collect(found).await, ids(0..rows));
    }
    let error = fresh.scan(&fixture.id, At::Version(7)).await.err().unwrap();
    assert_eq!(error.sqlstate(), SqlState::DATA_CORRUPTED, "{error}");
    let message = "table shop.customer: 00000000000000000005.json is missing from its log";
    assert_eq!(error.message(), message);
    std::fs::remove_file(fixture.entry(22)).unwrap();
    let message = "table shop.customer: 00000000000000000022.json is missing from its log";
    check(&fixture, message).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_empty_or_cut_off_is_named() {
    let fixture = table(3).await;
    let entry = std::fs::read(fixture.entry(2)).unwrap();
    std::fs::write(fixture.entry(2), "").unwrap();
    let message = "table shop.customer: 00000000000000000002.json of its log is empty";
    check(&fixture, message).await;
    std::fs::write(fixture.entry(2), &entry[..entry.len() / 2]).unwrap();
    let message = "table shop.customer: 00000000000000000002.json of its log is damaged";
    let error = check(&fixture, message).await;
    assert!(error.detail().unwrap().starts_with("Line "), "{error:?}");
}
