//! A process that is killed leaves a keyed table at what it committed or was committing, and the same
//! changes once more bring it to where it should be: nothing is lost, nothing is there twice.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::keyed::{Row, batch, change, create, put, replayed, rows_of, session, settings};
use super::killed::{run_until_killed, tell};
use super::*;

const FOLDER: &str = "TRIBUTARY_KEYED_CRASH_TEST_FOLDER";
/// The batch that the process begins with.
const FIRST: &str = "TRIBUTARY_KEYED_CRASH_TEST_FIRST";
const KILLS: u64 = 10;
const BATCH: usize = 40;

/// The changes of a numbered batch, the same in each process.
fn changes(number: u64) -> Vec<Row> {
    let mut random = Pcg64::seed_from_u64(number);
    let late = |change: Row| Row {
        at: change.at.map(|at| at + number.cast_signed()),
        ..change
    };
    (0..BATCH).map(|_| late(change(&mut random, 200))).collect()
}

/// All kinds of commits come after one another: folds too, while others commit.
fn opened(folder: &FilePath) -> Warehouse {
    let settings = WarehouseSettings {
        deletion_vector_bytes: 0,
        patch_bytes: 0,
        fold_lag: Duration::from_millis(3),
        ..settings(folder, &mut Pcg64::seed_from_u64(7))
    };
    open(folder, settings)
}

/// Puts one batch after the other into a table, and tells of each, until it is killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs as the process that is killed"]
async fn child() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let warehouse = opened(FilePath::new(&folder));
    let id = TableId::new(42, "shop", "customer");
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    for number in first.. {
        put(&warehouse, &id, vec![batch(&changes(number))]).await;
        if number.is_multiple_of(5)
            && let Some(compaction) = warehouse
                .compact(&id, session().as_ref(), CompactionExtent::Due)
                .await
                .unwrap()
        {
            compaction.commit().await.unwrap();
        }
        tell(number);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    create(&opened(folder.path()), &id, &[]).await;
    let mut random = Pcg64::seed_from_u64(21);
    let mut told = None;
    for _ in 0..KILLS {
        // What was committed already is put in once more.
        let first = told.unwrap_or(0_u64).saturating_sub(3);
        let environment = [
            (FOLDER, folder.path().display().to_string()),
            (FIRST, first.to_string()),
        ];
        let numbers = random.random_range(0..25);
        let child = "warehouse::tests::keyed_crash::child";
        told = run_until_killed(child, &environment, numbers, &mut random).or(told);

        let last = told.unwrap();
        let warehouse = opened(folder.path());
        let found = rows_of(&collect(warehouse.scan(&id, At::Latest).await.unwrap()).await);
        // A batch that was not told of is there as a whole, or not at all.
        let mut arrived: Vec<Row> = (0..=last).flat_map(changes).collect();
        let mut is_whole = replayed(&arrived) == found;
        for next in last + 1..last + 60 {
            arrived.extend(changes(next));
            is_whole |= replayed(&arrived) == found;
        }
        assert!(is_whole, "after batch {last}");
        warehouse.remove_orphans(&id).await.unwrap();
        assert_eq!(warehouse.remove_orphans(&id).await.unwrap(), 0);
    }
}
