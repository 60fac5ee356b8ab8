//! A process that is killed leaves a keyed table at what it committed or was committing, and the same
//! changes once more bring it to where it should be: nothing is lost, nothing is there twice.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::keyed::{Row, batch, change, create, put, replayed, rows_of, session, settings};
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

fn opened(folder: &FilePath) -> Warehouse {
    open(folder, settings(folder, &mut Pcg64::seed_from_u64(7)))
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
        println!("\nbatch {number}");
        std::io::stdout().flush().unwrap();
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
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "--nocapture",
                "warehouse::tests::keyed_crash::child",
            ])
            .env(FOLDER, folder.path())
            // What was committed already is put in once more.
            .env(FIRST, told.unwrap_or(0_u64).saturating_sub(3).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut batches = lines.map_while(Result::ok).filter_map(|line| {
            line.strip_prefix("batch ")
                .map(|number| number.parse::<u64>().unwrap())
        });
        told = batches.nth(random.random_range(0..25)).or(told);
        // How far the next batch gets is up to how long this machine takes for this.
        let spin: u64 = (0..random.random_range(0..20_000_000_u64)).fold(0, |a, b| a ^ b);
        assert!(spin < u64::MAX);
        child.kill().unwrap();
        child.wait().unwrap();

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
