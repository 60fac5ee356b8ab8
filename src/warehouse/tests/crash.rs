//! A process that is killed leaves each table at a version that it committed or was committing.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use rand::{RngExt as _, SeedableRng as _};

use super::killed::{run_until_killed, tell};
use super::*;

const FOLDER: &str = "TRIBUTARY_CRASH_TEST_FOLDER";
const KILLS: usize = 20;
/// Each version of the table holds this many rows, all of the version's number.
const ROWS: usize = 5_000;

/// Replaces a table again and again, and tells each version, until it is killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs as the process that is killed"]
async fn child() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let settings = WarehouseSettings {
        file_bytes: 1 << 14,
        ..WarehouseSettings::default()
    };
    let warehouse = open(FilePath::new(&folder), settings);
    let id = TableId::new(42, "shop", "customer");
    let mut next = match warehouse.version(&id).await {
        Ok(version) => version + 1,
        Err(_) => 0,
    };
    loop {
        let rows = stream((0..ROWS / 500).map(|_| ids([next; 500])).collect());
        let info = CommitInfo::new("REFRESH");
        let commit = warehouse.replace(&id, rows, info).await.unwrap();
        assert_eq!(commit.version, next);
        tell(next.unsigned_abs());
        next += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_leaves_whole_versions() {
    let fixture = Fixture::new();
    let mut random = rand_pcg::Pcg64::seed_from_u64(20);
    let mut told = -1;
    for _ in 0..KILLS {
        let environment = [(FOLDER, fixture.folder.path().display().to_string())];
        let numbers = random.random_range(0..4);
        let child = "warehouse::tests::crash::child";
        let last = run_until_killed(child, &environment, numbers, &mut random);
        told = last.unwrap().cast_signed();

        let warehouse = fixture.reopened();
        let version = warehouse.version(&fixture.id).await.unwrap();
        assert!(
            version >= told,
            "version {told} was told, {version} is there"
        );
        let rows = collect(warehouse.scan(&fixture.id, At::Latest).await.unwrap()).await;
        let rows = rows.column(0).as_primitive::<Int64Type>();
        assert_eq!(rows.len(), ROWS);
        assert!(rows.values().iter().all(|value| *value == version));
        warehouse.remove_orphans(&fixture.id).await.unwrap();
        let first = warehouse.scan(&fixture.id, At::Version(0)).await.unwrap();
        assert_eq!(collect(first).await.num_rows(), ROWS);
        assert_eq!(warehouse.remove_orphans(&fixture.id).await.unwrap(), 0);
    }
    assert!(told > 0);
}
