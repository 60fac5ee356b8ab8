//! What is left over goes away, and nothing else.

use super::*;
use crate::error::SqlState;

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_table_is_gone_and_takes_no_writes() {
    let fixture = Fixture::new();
    fixture.replace(ids([1])).await;
    fixture.warehouse.remove(&fixture.id).await.unwrap();
    assert!(!fixture.table_folder().exists());
    let info = CommitInfo::new("REFRESH");
    let error = fixture
        .warehouse
        .replace(&fixture.id, stream(vec![ids([2])]), info)
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::UNDEFINED_TABLE);
    fixture
        .warehouse
        .scan(&fixture.id, At::Latest)
        .await
        .unwrap_err();
    fixture.warehouse.remove(&fixture.id).await.unwrap();
    // The same name in a table of another number is another table.
    let again = TableId::new(43, "shop", "customer");
    fixture
        .warehouse
        .create(&again, ids([]).schema())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_the_catalog_does_not_know_are_removed() {
    let fixture = Fixture::new();
    for oid in 1..=4 {
        let id = TableId::new(oid, format!("schema {}", oid % 2), "t");
        fixture
            .warehouse
            .create(&id, ids([]).schema())
            .await
            .unwrap();
    }
    let other = fixture.folder.path().join("schema_0").join("notes");
    std::fs::create_dir(&other).unwrap();
    let fresh = fixture.reopened();
    assert_eq!(fresh.clean(&HashSet::from([1, 4])).await.unwrap(), 2);
    assert_eq!(fresh.clean(&HashSet::from([1, 4])).await.unwrap(), 0);
    let exists = |path: &str| fixture.folder.path().join(path).exists();
    assert!(exists("schema_1/t-1") && exists("schema_0/t-4") && other.exists());
    assert!(!exists("schema_0/t-2") && !exists("schema_1/t-3"));
    let empty = tempfile::tempdir().unwrap();
    let none = open(
        &empty.path().join("not there"),
        WarehouseSettings::default(),
    );
    assert_eq!(none.clean(&HashSet::new()).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn orphans_are_files_of_no_version() {
    let fixture = Fixture::new();
    fixture.replace(ids([1])).await;
    fixture.replace(ids([2])).await;
    let known = fixture.data_files();
    let folder = fixture.table_folder();
    for orphan in [
        "part-00000-x.parquet",
        "part-00000-y.parquet#1",
        "tombstones-00000-x.parquet",
        "deletion_vector_x.bin",
        "_delta_log/.z.tmp",
    ] {
        std::fs::write(folder.join(orphan), "half").unwrap();
    }
    std::fs::write(folder.join("README.txt"), "kept").unwrap();
    // To this warehouse they may be of a write that still runs.
    assert_eq!(
        fixture.warehouse.remove_orphans(&fixture.id).await.unwrap(),
        0
    );
    assert_eq!(
        fixture
            .reopened()
            .remove_orphans(&fixture.id)
            .await
            .unwrap(),
        5
    );
    std::fs::remove_file(folder.join("README.txt")).unwrap();
    assert_eq!(fixture.data_files(), known);
    assert_eq!(fixture.rows(At::Version(0)).await, ids([1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_runs_is_none_of_the_past_where_the_clock_was_set_back() {
    let mut fixture = Fixture::new();
    fixture.replace(ids([1])).await;
    // It told two hours more when the warehouse was opened.
    fixture.warehouse.opened_at += chrono::TimeDelta::hours(2);
    let running = fixture.table_folder().join("part-00000-x.parquet");
    std::fs::write(&running, "half").unwrap();
    let removed = fixture.warehouse.remove_orphans(&fixture.id).await;
    assert_eq!(removed.unwrap(), 0);
    let (now, kept) = (Utc::now(), BTreeSet::new());
    let dead = fixture.warehouse.find_dead(&fixture.id, now, &kept).await;
    assert!(dead.unwrap().would_be().dead.is_empty());
    assert!(running.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_tables_are_forgotten_and_those_in_use_stay() {
    let fixture = Fixture::with(WarehouseSettings {
        idle_tables: 3,
        ..WarehouseSettings::default()
    });
    let id = |oid| TableId::new(oid, "shop", "customer");
    let create = async |oid| {
        let id = id(oid);
        let created = fixture.warehouse.create(&id, ids([]).schema()).await;
        assert_eq!(created.unwrap().version, 0);
    };
    create(1).await;
    let used = fixture.warehouse.table(&id(1));
    for oid in 2..10 {
        create(oid).await;
        assert!(fixture.warehouse.tables.lock().len() <= 3);
    }
    // Whoever else writes to it waits in the same queue.
    assert!(Arc::ptr_eq(&used, &fixture.warehouse.table(&id(1))));
    // A commit holds its table for a moment longer than its caller waits.
    for oid in 8..10 {
        let table = fixture.warehouse.table(&id(oid));
        while Arc::strong_count(&table) > 2 {
            tokio::task::yield_now().await;
        }
    }
    // One that was used since stays rather than one that was not.
    let recent = Arc::downgrade(&fixture.warehouse.table(&id(8)));
    fixture.warehouse.exists(&id(2)).await.unwrap();
    assert!(recent.upgrade().is_some());
    assert_eq!(fixture.warehouse.version(&id(9)).await.unwrap(), 0);
    drop(used);
    for oid in 2..10 {
        assert_eq!(fixture.warehouse.version(&id(oid)).await.unwrap(), 0);
    }
    assert!(fixture.warehouse.tables.lock().len() <= 3);
}
