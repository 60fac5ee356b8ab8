//! Versions, time travel and history.

use arrow::array::{AsArray, StringArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, TimeDelta};
use futures::StreamExt as _;

use super::*;
use crate::error::SqlState;

#[tokio::test]
async fn each_commit_makes_a_version_that_stays() {
    let fixture = Fixture::new();
    let created = fixture
        .warehouse
        .create(&fixture.id, ids([]).schema())
        .await
        .unwrap();
    assert_eq!((created.version, created.rows, created.files), (0, 0, 0));
    assert_eq!(fixture.append(ids([1, 2])).await.version, 1);
    assert_eq!(fixture.append(ids([3])).await.version, 2);
    let names: ArrayRef = Arc::new(StringArray::from(vec!["ann"]));
    let named = RecordBatch::try_from_iter([("name", names)]).unwrap();
    assert_eq!(fixture.replace(named.clone()).await.version, 3);

    assert_eq!(fixture.rows(At::Version(0)).await, ids([]));
    assert_eq!(fixture.rows(At::Version(1)).await, ids([1, 2]));
    assert_eq!(fixture.rows(At::Version(2)).await, ids([1, 2, 3]));
    assert_eq!(fixture.rows(At::Latest).await, named);
    let size = fixture
        .reopened()
        .size(&fixture.id, At::Version(2))
        .await
        .unwrap();
    assert_eq!((size.version, size.rows, size.files), (2, Some(3), 2));

    for version in [-1, 4, i64::MAX] {
        let error = fixture
            .warehouse
            .scan(&fixture.id, At::Version(version))
            .await
            .unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::INVALID_PARAMETER_VALUE);
        assert_eq!(error.detail(), Some("It has versions 0 to 3."));
    }
}

#[tokio::test]
async fn a_time_names_the_last_version_of_then() {
    let fixture = Fixture::new();
    for id in 0..5 {
        fixture.replace(ids([id])).await;
    }
    let history = fixture
        .warehouse
        .history(&fixture.id, usize::MAX)
        .await
        .unwrap();
    let times = history.column(1).as_primitive::<TimestampMicrosecondType>();
    for (row, id) in (0..5).rev().enumerate() {
        let time = DateTime::from_timestamp_micros(times.value(row)).unwrap();
        assert_eq!(fixture.rows(At::Timestamp(time)).await, ids([id]));
    }
    // What has not changed since is what it was then; what will be is not known.
    let latest = DateTime::from_timestamp_micros(times.value(0)).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let after = latest + TimeDelta::milliseconds(1);
    assert_eq!(fixture.rows(At::Timestamp(after)).await, ids([4]));
    let error = fixture
        .warehouse
        .scan(&fixture.id, At::Timestamp(DateTime::<Utc>::MAX_UTC))
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::INVALID_PARAMETER_VALUE);
    assert_eq!(error.detail(), Some("That time is yet to come."));
    let before = DateTime::from_timestamp_micros(times.value(4) - 1_000).unwrap();
    let error = fixture
        .warehouse
        .scan(&fixture.id, At::Timestamp(before))
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::INVALID_PARAMETER_VALUE);
}

#[tokio::test]
async fn history_tells_what_happened() {
    let fixture = Fixture::new();
    fixture
        .warehouse
        .create(&fixture.id, ids([]).schema())
        .await
        .unwrap();
    let info = CommitInfo {
        operation: "REFRESH".into(),
        parameters: [("mode".to_owned(), "full".to_owned())].into(),
        refresh_id: Some("17".into()),
        user_metadata: Some("by hand".into()),
        ..CommitInfo::default()
    };
    let rows = stream(vec![ids([1, 2]), ids([3])]);
    let commit = fixture
        .warehouse
        .replace(&fixture.id, rows, info)
        .await
        .unwrap();

    let history = fixture
        .warehouse
        .history(&fixture.id, usize::MAX)
        .await
        .unwrap();
    let text = |name: &str, row| {
        history
            .column_by_name(name)
            .unwrap()
            .as_string::<i32>()
            .value(row)
            .to_owned()
    };
    let number = |name: &str, row| {
        history
            .column_by_name(name)
            .unwrap()
            .as_primitive::<Int64Type>()
            .value(row)
    };
    assert_eq!(history.num_rows(), 2);
    assert_eq!((number("version", 0), number("version", 1)), (1, 0));
    assert_eq!(
        (text("operation", 0), text("operation", 1)),
        ("REFRESH".into(), "CREATE TABLE".into())
    );
    assert_eq!(text("parameters", 0), r#"{"mode":"full"}"#);
    assert_eq!((number("rows", 0), number("files", 0)), (3, 1));
    assert_eq!(number("bytes", 0), commit.bytes as i64);
    assert_eq!(
        (text("refresh_id", 0), text("user_metadata", 0)),
        ("17".into(), "by hand".into())
    );
    assert!(history.column_by_name("refresh_id").unwrap().is_null(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_keeps_the_version_it_began_with() {
    let fixture = Fixture::with(WarehouseSettings {
        file_bytes: 1,
        ..WarehouseSettings::default()
    });
    let rows = stream((0..10).map(|id| ids([id])).collect());
    let commit = fixture
        .warehouse
        .replace(&fixture.id, rows, CommitInfo::new("REFRESH"))
        .await;
    assert_eq!(commit.unwrap().files, 10);
    let provider = fixture
        .warehouse
        .scan(&fixture.id, At::Latest)
        .await
        .unwrap();
    let context = SessionContext::new();
    let reading = context.read_table(Arc::clone(&provider)).unwrap();
    let mut reading = reading.execute_stream().await.unwrap();
    let mut seen = reading.next().await.unwrap().unwrap().num_rows();

    fixture.replace(ids([100, 101])).await;
    fixture.append(ids([102])).await;

    while let Some(batch) = reading.next().await {
        seen += batch.unwrap().num_rows();
    }
    assert_eq!(seen, 10);
    assert_eq!(collect(provider).await, ids(0..10));
    assert_eq!(fixture.rows(At::Latest).await, ids([100, 101, 102]));
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_the_same_time_all_get_their_version() {
    let fixture = Arc::new(Fixture::new());
    fixture
        .warehouse
        .create(&fixture.id, ids([]).schema())
        .await
        .unwrap();
    let writers = (0..8).map(|id| {
        let fixture = Arc::clone(&fixture);
        tokio::spawn(async move { fixture.append(ids([id])).await.version })
    });
    let mut versions = Vec::new();
    for version in futures::future::join_all(writers).await {
        versions.push(version.unwrap());
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=8).collect::<Vec<_>>());
    assert_eq!(fixture.rows(At::Latest).await.num_rows(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_versions_are_read_through_checkpoints() {
    let fixture = Fixture::new();
    for id in 0..25 {
        match id {
            0 => fixture.replace(ids([id])).await,
            _ => fixture.append(ids([id])).await,
        };
    }
    // Nobody waits for checkpoints.
    fixture.warehouse.finish_commits().await;
    let log = fixture.table_folder().join("_delta_log");
    assert!(log.join("00000000000000000019.checkpoint.parquet").exists());
    let fresh = fixture.reopened();
    let latest = fresh.scan(&fixture.id, At::Latest).await.unwrap();
    assert_eq!(collect(latest).await, ids(0..25));
    let past = fresh.scan(&fixture.id, At::Version(21)).await.unwrap();
    assert_eq!(collect(past).await, ids(0..22));
    let size = fresh.size(&fixture.id, At::Latest).await.unwrap();
    assert_eq!(size.rows, Some(25));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_is_seen_and_met() {
    let fixture = Fixture::new();
    fixture.replace(ids([1])).await;
    let other = fixture.reopened();
    let info = || CommitInfo::new("INSERT");
    other
        .append(&fixture.id, stream(vec![ids([2])]), info())
        .await
        .unwrap();
    assert_eq!(fixture.rows(At::Latest).await, ids([1, 2]));
    // The schema changes between the beginning and the commit of an append.
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let rows = futures::stream::once(async move {
        wait.await.unwrap();
        Ok(ids([3]))
    });
    let rows = Box::pin(RecordBatchStreamAdapter::new(ids([]).schema(), rows));
    let appending = fixture.warehouse.append(&fixture.id, rows, info());
    let changing = async {
        let names: ArrayRef = Arc::new(StringArray::from(vec!["ann"]));
        let named = RecordBatch::try_from_iter([("name", names)]).unwrap();
        other
            .replace(&fixture.id, stream(vec![named]), info())
            .await
            .unwrap();
        go.send(()).unwrap();
    };
    let (appended, ()) = tokio::join!(appending, changing);
    assert_eq!(
        appended.unwrap_err().sqlstate(),
        SqlState::SERIALIZATION_FAILURE
    );
}

#[tokio::test]
async fn whether_a_version_is_the_latest_is_known_as_soon_as_another_is_committed() {
    let fixture = Fixture::new();
    fixture.replace(ids([0])).await;
    for version in 0..50 {
        // The first look holds for the second.
        for _ in 0..2 {
            let (warehouse, id) = (&fixture.warehouse, &fixture.id);
            assert!(warehouse.is_latest(id, version).await.unwrap());
            assert!(!warehouse.is_latest(id, version - 1).await.unwrap());
        }
        fixture.append(ids([version + 1])).await;
    }
    // What another process commits is seen before long.
    assert!(fixture.warehouse.is_latest(&fixture.id, 50).await.unwrap());
    let other = fixture.reopened();
    let info = CommitInfo::new("INSERT");
    let added = other.append(&fixture.id, stream(vec![ids([51])]), info);
    assert_eq!(added.await.unwrap().version, 51);
    while fixture.warehouse.is_latest(&fixture.id, 50).await.unwrap() {
        tokio::task::yield_now().await;
    }
    assert!(fixture.warehouse.is_latest(&fixture.id, 51).await.unwrap());
}

#[tokio::test]
async fn a_clock_that_was_set_back_hides_no_version() {
    let fixture = Fixture::new();
    fixture.replace(ids([0])).await;
    fixture.append(ids([1])).await;
    fixture.warehouse.finish_commits().await;
    // The clock was two hours ahead of what it is now.
    let log = fixture.table_folder().join("_delta_log");
    let mut times = Vec::new();
    for version in 0..2 {
        let path = log.join(format!("{version:020}.json"));
        let entry = std::fs::read_to_string(&path).unwrap();
        let (before, after) = entry.split_once("\"timestamp\":").unwrap();
        let end = after.find(|it: char| !it.is_ascii_digit()).unwrap();
        let (time, after) = after.split_at(end);
        let time = time.parse::<i64>().unwrap() + 7_200_000;
        std::fs::write(&path, format!("{before}\"timestamp\":{time}{after}")).unwrap();
        times.push(DateTime::from_timestamp_millis(time).unwrap());
    }
    let warehouse = fixture.reopened();
    let at = |time| warehouse.scan(&fixture.id, At::Timestamp(time));
    assert_eq!(collect(at(Utc::now()).await.unwrap()).await, ids([0, 1]));
    assert_eq!(collect(at(times[0]).await.unwrap()).await, ids([0]));
    assert_eq!(collect(at(times[1]).await.unwrap()).await, ids([0, 1]));
    let later = times[1] + TimeDelta::milliseconds(1);
    let error = at(later).await.unwrap_err();
    assert_eq!(error.detail(), Some("That time is yet to come."));
    assert!(at(Utc::now() - TimeDelta::hours(1)).await.is_err());
    // Times of commits go on from there.
    let info = CommitInfo::new("INSERT");
    warehouse
        .append(&fixture.id, stream(vec![ids([2])]), info)
        .await
        .unwrap();
    let (latest, changed) = (At::Timestamp(Utc::now()), At::Version(1));
    let rows = warehouse.scan(&fixture.id, latest).await.unwrap();
    assert_eq!(collect(rows).await, ids([0, 1, 2]));
    assert_eq!(collect(at(times[1]).await.unwrap()).await, ids([0, 1]));
    let changes = warehouse.changes(&fixture.id, changed, latest).await;
    assert!(changes.is_ok());
}
