//! Rows in the order of a Z-curve lie near those with similar values in each column.

use datafusion::scalar::ScalarValue;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::*;
use crate::error::SqlState;

const ROWS: i64 = 20_000;

fn batch(rows: &[(i64, i64)]) -> RecordBatch {
    let column = |of: fn(&(i64, i64)) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(rows.iter().map(of)))
    };
    let (a, b) = (column(|row| row.0), column(|row| row.1));
    RecordBatch::try_from_iter([("a", a), ("b", b)]).unwrap()
}

/// The share of files that may hold this value of a column.
async fn read_for(fixture: &Fixture, column: usize, value: i64) -> f64 {
    let latest = fixture.warehouse.table(&fixture.id).latest().await.unwrap();
    let value = ScalarValue::from(value);
    let may_hold = latest.files.iter().filter(|file| {
        let bounds = &file.bounds.columns[column];
        bounds.min.as_ref() <= Some(&value) && Some(&value) <= bounds.max.as_ref()
    });
    let all = u32::try_from(latest.files.len()).unwrap();
    f64::from(u32::try_from(may_hold.count()).unwrap()) / f64::from(all)
}

async fn z_order(fixture: &Fixture, columns: &[&str]) -> Option<Compaction> {
    let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    // A file ends with a batch.
    let config = SessionConfig::new().with_batch_size(256);
    let state = SessionContext::new_with_config(config).state();
    let (warehouse, id) = (&fixture.warehouse, &fixture.id);
    warehouse.z_order(id, &state, &columns).await.unwrap()
}

async fn sorted_rows(fixture: &Fixture) -> Vec<(i64, i64)> {
    use arrow::array::AsArray as _;
    use arrow::datatypes::Int64Type;
    let rows = fixture.rows(At::Latest).await;
    let column = |at: usize| {
        rows.column(at)
            .as_primitive::<Int64Type>()
            .values()
            .to_vec()
    };
    let mut rows: Vec<_> = column(0).into_iter().zip(column(1)).collect();
    rows.sort_unstable();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn each_column_alone_tells_which_files_to_read() {
    let fixture = Fixture::with(WarehouseSettings {
        file_bytes: 1 << 12,
        row_group_rows: 256,
        ..WarehouseSettings::default()
    });
    let mut random = Pcg64::seed_from_u64(5);
    let mut rows: Vec<(i64, i64)> = (0..ROWS)
        .map(|a| (a, random.random_range(0..ROWS)))
        .collect();
    rows.shuffle(&mut random);
    let batches = rows.chunks(500).map(batch).collect();
    let info = CommitInfo::new("REFRESH");
    let replaced = fixture
        .warehouse
        .replace(&fixture.id, stream(batches), info);
    assert!(replaced.await.unwrap().files > 16);
    rows.sort_unstable();
    assert!(read_for(&fixture, 0, ROWS / 3).await > 0.9);
    assert!(read_for(&fixture, 1, ROWS / 3).await > 0.9);

    let copy = z_order(&fixture, &["a", "b"]).await.unwrap();
    copy.commit().await.unwrap();
    assert_eq!(sorted_rows(&fixture).await, rows);
    assert!(read_for(&fixture, 0, ROWS / 3).await < 0.5);
    assert!(read_for(&fixture, 1, ROWS / 3).await < 0.5);

    let copy = z_order(&fixture, &["b"]).await.unwrap();
    copy.commit().await.unwrap();
    assert_eq!(sorted_rows(&fixture).await, rows);
    assert!(read_for(&fixture, 0, ROWS / 3).await > 0.9);
    assert!(read_for(&fixture, 1, ROWS / 3).await < 0.2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_went_meanwhile_stays_gone() {
    let fixture = modifications::marking();
    fixture.replace(ids((0..100).rev())).await;
    let copy = z_order(&fixture, &["id"]).await.unwrap();
    fixture.append(ids([100])).await;
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    modifications::change(modification, &[7], []).await.unwrap();
    let refused = copy.commit().await.unwrap_err();
    assert_eq!(refused.sqlstate(), SqlState::SERIALIZATION_FAILURE);
    let copy = z_order(&fixture, &["id"]).await.unwrap();
    // What is added meanwhile is in nobody's way.
    fixture.append(ids([101])).await;
    copy.commit().await.unwrap();
    let expected: Vec<i64> = (0..102).filter(|id| *id != 7).collect();
    assert_eq!(modifications::sorted(&fixture).await, expected);
}
