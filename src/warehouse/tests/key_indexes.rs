//! Rows by their keys, through indexes.

use std::ops::Range;
use std::path::PathBuf;

use datafusion::execution::SessionState;
use datafusion::physical_plan::{collect as run, displayable};
use datafusion::prelude::{col, lit};
use proptest::collection::vec;
use proptest::prelude::*;

use super::modifications::change;
use super::*;

fn state() -> SessionState {
    SessionContext::new().state()
}

fn settings(folder: &FilePath) -> WarehouseSettings {
    WarehouseSettings {
        deletion_vector_bytes: 0,
        row_group_rows: 4,
        key_indexes: Some(folder.to_owned()),
        smallest_indexed_table: 0,
        ..WarehouseSettings::default()
    }
}

/// A warehouse with indexes of tables of any size, and their folder.
fn indexing() -> (Fixture, TempDir) {
    let keys = tempfile::tempdir().unwrap();
    (Fixture::with(settings(keys.path())), keys)
}

fn key() -> IndexedKey {
    IndexedKey::of(&["id".to_owned()])
}

async fn covered(fixture: &Fixture) -> Covered {
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    let covered = modification.covered(&state(), &key()).await.unwrap();
    covered.unwrap()
}

/// Adds rows that the index is told of.
async fn append_keyed(fixture: &Fixture, rows: RecordBatch) {
    let (keys, rows, info) = ([key()], stream(vec![rows]), CommitInfo::new("INSERT"));
    let added = fixture
        .warehouse
        .append_keyed(&fixture.id, &keys, rows, info, None);
    added.await.unwrap();
}

/// The rows with an id in a version, as a query that binds the key finds them.
async fn select(fixture: &Fixture, at: At, asked: &[i64]) -> Vec<i64> {
    let keys = [key()];
    let scan = fixture.warehouse.scan_version(&fixture.id, at, &keys);
    let provider = scan.await.unwrap().1;
    let list = asked.iter().map(|id| lit(*id)).collect();
    let context = SessionContext::new();
    let frame = context.read_table(provider).unwrap();
    let frame = frame.filter(col("id").in_list(list, false)).unwrap();
    let mut found = Vec::new();
    for batch in frame.collect().await.unwrap() {
        found.extend(ids_of(&batch));
    }
    found.sort_unstable();
    found
}

fn ids_of(batch: &RecordBatch) -> Vec<i64> {
    use arrow::array::AsArray as _;
    let column = batch
        .column(0)
        .as_primitive::<arrow::datatypes::Int64Type>();
    column.values().to_vec()
}

/// Holds what the index finds for these ids against the rows of the table.
async fn check(fixture: &Fixture, asked: &[i64]) {
    let covered = covered(fixture).await;
    assert!(covered.is_complete());
    let column: ArrayRef = Arc::new(Int64Array::from(asked.to_vec()));
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    let all = collect(modification.rows().unwrap()).await;
    let expected: Vec<i64> = ids_of(&all);
    let mut expected: Vec<i64> = expected
        .into_iter()
        .filter(|id| asked.contains(id))
        .collect();
    expected.sort_unstable();
    let places = covered.places(std::slice::from_ref(&column)).await.unwrap();
    let mut found = ids_of(&collect(modification.rows_at(places).unwrap()).await);
    found.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(select(fixture, At::Latest, asked).await, expected);
    // As many as there may be, and one more.
    let count = covered
        .find(covered.hash_keys(std::slice::from_ref(&column)).unwrap())
        .await
        .unwrap()
        .len();
    if count > 0 {
        let fewer = covered.places_of_few(std::slice::from_ref(&column), count - 1);
        assert!(fewer.await.unwrap().is_none());
    }
    let hashes = covered.hash_keys(&[column]).unwrap();
    let rows = covered.find(hashes).await.unwrap();
    let mut keys: Vec<i64> = rows.iter().map(|row| asked[row.key]).collect();
    keys.sort_unstable();
    assert_eq!(keys, expected);
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<i64>),
    AppendKeyed(Vec<i64>),
    Change(Vec<usize>, Vec<i64>),
    Compact,
    Keep,
    Restore(u8),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ids = || vec(0_i64..60, 0..12);
    let step = prop_oneof![
        2 => ids().prop_map(Step::Append),
        2 => ids().prop_map(Step::AppendKeyed),
        3 => (vec(0_usize..40, 0..8), ids()).prop_map(|(gone, new)| Step::Change(gone, new)),
        1 => Just(Step::Compact),
        1 => Just(Step::Keep),
        1 => any::<u8>().prop_map(Step::Restore),
        1 => Just(Step::Reopen),
    ];
    vec(step, 1..12)
}

async fn take(fixture: &mut Fixture, keys: &FilePath, step: Step) {
    let table = fixture.id.clone();
    match step {
        Step::Append(new) => {
            fixture.append(ids(new)).await;
        }
        Step::AppendKeyed(new) => append_keyed(fixture, ids(new)).await,
        Step::Change(gone, new) => {
            let modification = fixture.warehouse.modify(&table).await.unwrap();
            let rows = ids_of(&collect(modification.rows().unwrap()).await);
            // Those alone that are there once, for rows go by their ids here.
            let once = |id: &i64| rows.iter().filter(|other| *other == id).count() == 1;
            let mut gone: Vec<i64> = gone
                .iter()
                .filter_map(|row| rows.get(*row))
                .copied()
                .collect();
            gone.retain(once);
            gone.sort_unstable();
            gone.dedup();
            change(modification, &gone, new).await.unwrap();
        }
        Step::Compact => {
            let (state, extent) = (state(), CompactionExtent::Full);
            let compaction = fixture.warehouse.compact(&table, &state, extent).await;
            if let Some(compaction) = compaction.unwrap() {
                compaction.commit().await.unwrap();
            }
        }
        Step::Keep => {
            let (state, keys) = (state(), [key()]);
            let kept = fixture.warehouse.keep_indexes(&table, &state, &keys);
            kept.await.unwrap();
        }
        Step::Restore(number) => {
            let version = fixture.warehouse.version(&table).await.unwrap();
            let at = At::Version(i64::from(number) % (version + 1));
            let info = CommitInfo::new("RESTORE");
            fixture.warehouse.restore(&table, at, info).await.unwrap();
        }
        Step::Reopen => fixture.warehouse = open(fixture.folder.path(), settings(keys)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever becomes of a table, its rows are found by their keys as by reading all of it.
    #[test]
    fn an_index_finds_what_the_table_has(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut fixture, keys) = indexing();
            fixture.replace(ids(0..30)).await;
            for step in steps {
                take(&mut fixture, keys.path(), step).await;
                check(&fixture, &[0, 3, 7, 11, 29, 30, 41, 59, 60, 61]).await;
            }
            // A version of before is read as it was.
            prop_assert_eq!(select(&fixture, At::Version(0), &[7, 59]).await, vec![7]);
            Ok(())
        })?;
    }
}

/// The rows that a scan reads from files, as its plan tells.
async fn rows_read(fixture: &Fixture, asked: Range<i64>) -> String {
    let (warehouse, keys) = (&fixture.warehouse, [key()]);
    let scan = warehouse.scan_version(&fixture.id, At::Latest, &keys);
    let (_, provider) = scan.await.unwrap();
    let state = state();
    let filters = [col("id").in_list(asked.map(lit).collect(), false)];
    let plan = provider.scan(&state, None, &filters, None);
    let plan = plan.await.unwrap();
    let rows = run(Arc::clone(&plan), state.task_ctx()).await;
    let rows: usize = rows.unwrap().iter().map(RecordBatch::num_rows).sum();
    let shown = displayable(plan.as_ref()).indent(false).to_string();
    let files = shown.matches(".parquet").count();
    format!("{rows} rows of {files} files")
}

#[tokio::test]
async fn rows_are_read_by_their_places() {
    let (fixture, _keys) = indexing();
    fixture.replace(ids((0..140).rev())).await;
    for _ in 0..3 {
        fixture.append(ids((0..70).map(|id| id * 2 + 200))).await;
    }
    covered(&fixture).await;
    assert_eq!(rows_read(&fixture, 7..77).await, "70 rows of 1 files");
    assert_eq!(rows_read(&fixture, 200..250).await, "75 rows of 3 files");
    // A few are read as the query is planned.
    assert_eq!(rows_read(&fixture, 7..8).await, "1 rows of 0 files");
    assert_eq!(rows_read(&fixture, 210..211).await, "3 rows of 0 files");
    assert_eq!(rows_read(&fixture, 211..212).await, "0 rows of 0 files");
    // What the index does not cover yet is read whole.
    fixture.append(ids(5..8)).await;
    assert_eq!(rows_read(&fixture, 7..8).await, "4 rows of 2 files");
}

#[tokio::test]
async fn an_index_is_told_of_rows_that_are_added_by_their_keys() {
    let (fixture, _keys) = indexing();
    fixture.replace(ids(0..30)).await;
    covered(&fixture).await;
    append_keyed(&fixture, ids(30..33)).await;
    assert_eq!(rows_read(&fixture, 31..32).await, "1 rows of 0 files");
    check(&fixture, &[0, 30, 32, 33]).await;
}

/// A row of a long table is found among those that are kept of its file, and those that go.
#[tokio::test]
async fn rows_of_long_files_are_found_again_and_again() {
    const ROWS: i64 = 5000;
    let keys = tempfile::tempdir().unwrap();
    let fixture = Fixture::with(WarehouseSettings {
        row_group_rows: 3000,
        ..settings(keys.path())
    });
    fixture.replace(ids((0..ROWS).rev())).await;
    let asked = [0, 1, 902, 903, 904, 2951, 2952, 2953, 4999];
    for gone in [None, Some(903), Some(2952), Some(0)] {
        if let Some(gone) = gone {
            let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
            change(modification, &[gone], vec![]).await.unwrap();
        }
        for _ in 0..2 {
            check(&fixture, &asked).await;
        }
    }
    assert_eq!(rows_read(&fixture, 900..906).await, "5 rows of 0 files");
}

#[tokio::test]
async fn a_small_table_has_no_index() {
    let keys = tempfile::tempdir().unwrap();
    let fixture = Fixture::with(WarehouseSettings {
        smallest_indexed_table: 31,
        ..settings(keys.path())
    });
    fixture.replace(ids(0..30)).await;
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    let covered = modification.covered(&state(), &key()).await.unwrap();
    assert!(covered.is_none());
    assert_eq!(rows_read(&fixture, 7..8).await, "30 rows of 1 files");
    fixture.append(ids(30..31)).await;
    check(&fixture, &[7, 30, 31]).await;
}

/// The folders of indexes.
fn indexes(keys: &FilePath) -> Vec<PathBuf> {
    let table = keys.join("shop").join("customer-42");
    let entries = std::fs::read_dir(table).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn an_index_goes_with_its_key_and_its_table() {
    let (fixture, keys) = indexing();
    let names: ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["a", "b"]));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let columns = [("id", numbers), ("name", names)];
    fixture
        .replace(RecordBatch::try_from_iter(columns).unwrap())
        .await;
    let both = [key(), IndexedKey::of(&["name".to_owned()])];
    let keep = async |kept: &[IndexedKey]| {
        let (warehouse, state) = (&fixture.warehouse, state());
        let kept = warehouse.keep_indexes(&fixture.id, &state, kept);
        kept.await.unwrap();
        indexes(keys.path()).len()
    };
    assert_eq!(keep(&both).await, 2);
    assert_eq!(keep(&both[..1]).await, 1);
    // Keys of columns that are not there are no keys.
    assert_eq!(keep(&[IndexedKey::of(&["age".to_owned()])]).await, 0);
    assert_eq!(keep(&both).await, 2);
    fixture.warehouse.remove(&fixture.id).await.unwrap();
    assert_eq!(indexes(keys.path()).len(), 0);
}

#[tokio::test]
async fn indexes_of_unknown_tables_are_removed() {
    let (fixture, keys) = indexing();
    fixture.replace(ids(0..30)).await;
    covered(&fixture).await;
    let clean = async |kept: u32| {
        fixture
            .warehouse
            .clean(&HashSet::from([kept]))
            .await
            .unwrap();
        indexes(keys.path()).len()
    };
    assert_eq!(clean(42).await, 1);
    assert_eq!(clean(41).await, 0);
}
