//! A version that is made of the one before and its entry is the one that reading the log gives.

use datafusion::execution::SessionState;

use super::modifications::change;
use super::partitions;
use super::*;
use crate::warehouse::snapshot::Snapshot;

/// Holds the latest version against that of a warehouse that reads the log.
async fn check(fixture: &Fixture) {
    let read = fixture.reopened().table(&fixture.id);
    let read = read.latest().await.unwrap();
    let own = fixture.warehouse.table(&fixture.id).latest().await.unwrap();
    assert!(read.time.is_none());
    assert_eq!(told(&own), told(&read));
}

fn told(version: &Snapshot) -> Vec<String> {
    let files = version.files.iter().map(|file| {
        let gone = file.gone.as_ref().map(|gone| &gone.descriptor);
        let (stats, statistics) = (&file.stats, &file.statistics);
        format!(
            "{} {} {} {:?} {stats:?} {gone:?} {statistics:?} {:?}",
            file.path, file.bytes, file.modified, file.bounds, file.partition
        )
    });
    let all = format!(
        "{} {} {} {:?} {:?}",
        version.version, version.id, version.schema.delta, version.features, version.statistics
    );
    files.chain([all]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_the_same_taken_in_and_read() {
    // The smallest files get deletion vectors, too.
    let fixture = Fixture::with(WarehouseSettings {
        deletion_vector_bytes: 0,
        ..WarehouseSettings::default()
    });
    fixture.replace(ids(0..100)).await;
    check(&fixture).await;
    for first in [100, 200, 300] {
        fixture.append(ids(first..first + 100)).await;
        let time = fixture.warehouse.table(&fixture.id).latest().await.unwrap();
        assert!(time.time.is_some(), "the entry was read from the log");
        check(&fixture).await;
    }
    // The first vector gives the table a feature, which is read from the log; the second does not.
    for gone in [[3, 205], [4, 206]] {
        let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
        change(modification, &gone, [-gone[0]]).await.unwrap();
        check(&fixture).await;
    }
    let latest = fixture.warehouse.table(&fixture.id).latest().await.unwrap();
    assert!(latest.time.is_some(), "the entry was read from the log");
    let session: SessionState = SessionContext::new().state();
    let compaction = fixture
        .warehouse
        .compact(&fixture.id, &session, CompactionExtent::Full)
        .await
        .unwrap();
    compaction.unwrap().commit().await.unwrap();
    check(&fixture).await;
    let info = CommitInfo::new("RESTORE");
    let restored = fixture
        .warehouse
        .restore(&fixture.id, At::Version(5), info)
        .await;
    restored.unwrap();
    check(&fixture).await;
    // What another process writes is read, from where the log was read to.
    let other = fixture.reopened();
    for id in 1000..1003 {
        let info = CommitInfo::new("INSERT");
        let appended = other.append(&fixture.id, stream(vec![ids([id])]), info);
        appended.await.unwrap();
        check(&fixture).await;
        fixture.append(ids([id + 10])).await;
        check(&fixture).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_of_partitions_is_the_same_taken_in_and_read() {
    let fixture = Fixture::with(WarehouseSettings {
        deletion_vector_bytes: 0,
        ..WarehouseSettings::default()
    });
    let by = ["part".to_owned()];
    let info = CommitInfo::new("CREATE TABLE AS");
    let rows = stream(vec![partitions::rows(0..20)]);
    let created = fixture
        .warehouse
        .replace_partitioned(&fixture.id, &by, rows, info, None);
    created.await.unwrap();
    check(&fixture).await;
    // The first vector gives the table a feature.
    partitions::lose(&fixture, &BTreeSet::from([1])).await;
    for first in [20, 40, 60] {
        fixture.append(partitions::rows(first..first + 20)).await;
        let latest = fixture.warehouse.table(&fixture.id).latest().await.unwrap();
        assert!(latest.time.is_some(), "the entry was read from the log");
        check(&fixture).await;
        partitions::lose(&fixture, &BTreeSet::from([first - 10, first + 3])).await;
        let latest = fixture.warehouse.table(&fixture.id).latest().await.unwrap();
        assert!(latest.time.is_some(), "the entry was read from the log");
        check(&fixture).await;
    }
}
