//! A history has, in whatever order, batches and repetitions its versions arrive, the rows of all of
//! them with the intervals that they are valid in.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::keyed::{Row, batch, change, compact, put, session, settings};
use super::*;

/// A row, the versions that it is valid from and to, and whether it still is.
type Valid = (Row, Option<i64>, Option<i64>, bool);

fn keyed() -> Keyed {
    Keyed {
        merge: Merge::History,
        ..keyed::keyed()
    }
}

fn rows_of(found: &RecordBatch) -> Vec<Valid> {
    let number = |column: usize, row: usize| {
        let column = found.column(column).as_primitive::<Int64Type>();
        column.is_valid(row).then(|| column.value(row))
    };
    let own = found.project(&[0, 1, 2, 3, 4]).unwrap();
    let mut rows: Vec<Valid> = (0..found.num_rows())
        .map(|row| {
            let own = keyed::rows_of(&own.slice(row, 1)).remove(0);
            let current = found.column(7).as_boolean().value(row);
            (own, number(5, row), number(6, row), current)
        })
        .collect();
    rows.sort();
    rows
}

fn replayed(changes: &[Row]) -> Vec<Valid> {
    let mut versions: BTreeMap<(i64, Option<i64>), &Row> = BTreeMap::new();
    for change in changes {
        let known = versions.entry((change.id, change.at)).or_insert(change);
        *known = (*known).max(change);
    }
    let rows: Vec<&Row> = versions.into_values().collect();
    let valid = rows.iter().enumerate().filter(|(_, row)| !row.gone);
    let valid = valid.map(|(number, row)| {
        let next = rows.get(number + 1).filter(|next| next.id == row.id);
        (
            (*row).clone(),
            row.at,
            next.and_then(|next| next.at),
            next.is_none(),
        )
    });
    valid.collect()
}

async fn create(warehouse: &Warehouse, id: &TableId, rows: &[Row]) {
    let info = CommitInfo::new("CREATE TABLE AS");
    let rows = stream(vec![batch(rows)]);
    let replaced = warehouse.replace_keyed(id, Latest::of(keyed(), session()), rows, info, None);
    replaced.await.unwrap();
}

async fn arrives(seed: u64) {
    let mut random = Pcg64::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let keys = random.random_range(1..40);
    let log: Vec<Row> = (0..random.random_range(1..300))
        .map(|_| Row {
            // Enough versions for intervals.
            at: random.random_bool(0.95).then(|| random.random_range(0..20)),
            ..change(&mut random, keys)
        })
        .collect();
    let mut arriving = log.clone();
    arriving.extend((0..log.len() / 2).map(|_| log[random.random_range(0..log.len())].clone()));
    arriving.shuffle(&mut random);
    let mut warehouse = open(folder.path(), settings(folder.path(), &mut random));
    let first = random.random_range(0..=arriving.len());
    create(&warehouse, &id, &arriving[..first]).await;
    let mut arrived = first;
    while arrived < arriving.len() {
        let end = (arrived + random.random_range(1..100)).min(arriving.len());
        let parts = arriving[arrived..end].chunks(random.random_range(1..40));
        put(&warehouse, &id, parts.map(batch).collect()).await;
        arrived = end;
        match random.random_range(0..8) {
            0 => compact(&warehouse, &id, CompactionExtent::Full).await,
            1 => compact(&warehouse, &id, CompactionExtent::Due).await,
            2 => warehouse = open(folder.path(), settings(folder.path(), &mut random)),
            3 => create(&warehouse, &id, &arriving[..arrived]).await,
            _ => {}
        }
        let found = collect(warehouse.scan(&id, At::Latest).await.unwrap()).await;
        assert_eq!(
            rows_of(&found),
            replayed(&arriving[..arrived]),
            "seed {seed}, after {arrived}"
        );
    }
    let again = put(&warehouse, &id, vec![batch(&arriving)]).await;
    assert_eq!(again.rows, 0, "seed {seed}");
    assert_eq!(again.commit, None, "seed {seed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_of_arrival_gives_the_same_history() {
    for seed in 0..60 {
        arrives(seed).await;
    }
}

/// Where a tombstone is gone, the end of the row before it tells of the deletion.
#[tokio::test(flavor = "multi_thread")]
async fn an_interval_stays_closed_without_its_tombstone() {
    let mut random = Pcg64::seed_from_u64(1);
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let warehouse = open(folder.path(), settings(folder.path(), &mut random));
    let row = |at, gone| Row {
        id: 1,
        at: Some(at),
        sequence: 0,
        gone,
        note: None,
    };
    let forgetful = Keyed {
        tombstone_retention_seconds: 0,
        ..keyed()
    };
    let rows = stream(vec![batch(&[row(1, false), row(5, true)])]);
    let info = CommitInfo::new("CREATE TABLE AS");
    let created = warehouse.replace_keyed(&id, Latest::of(forgetful, session()), rows, info, None);
    created.await.unwrap();
    compact(&warehouse, &id, CompactionExtent::Full).await;
    put(
        &warehouse,
        &id,
        vec![batch(&[row(3, false), row(8, false)])],
    )
    .await;
    let found = collect(warehouse.scan(&id, At::Latest).await.unwrap()).await;
    let intervals: Vec<_> = rows_of(&found)
        .into_iter()
        .map(|(_, from, to, is_current)| (from, to, is_current))
        .collect();
    assert_eq!(
        intervals,
        [
            (Some(1), Some(3), false),
            (Some(3), Some(5), false),
            (Some(8), None, true)
        ]
    );
}
