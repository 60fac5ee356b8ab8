//! `latest_by` against a plain sort, however the input is split.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::prelude::{SessionConfig, SessionContext};
use proptest::prelude::*;

use super::accumulator::{Latest, LatestInWindow};
use super::groups::LatestOfGroups;

const GROUPS: usize = 4;

/// A row: its group, whether a filter keeps it, its value and two orders.
#[derive(Clone, Debug)]
struct Record {
    group: usize,
    kept: Option<bool>,
    value: Option<String>,
    first: Option<i32>,
    second: Option<String>,
}

fn record() -> impl Strategy<Value = Record> {
    (
        0..GROUPS,
        prop_oneof![9 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)],
        prop::option::weighted(0.8, prop_oneof!["[ab]{0,2}", "[a-c]{30,40}"]),
        prop::option::weighted(0.8, 0..3_i32),
        prop::option::weighted(0.8, "[xy]{0,2}"),
    )
        .prop_map(|(group, kept, value, first, second)| Record {
            group,
            kept,
            value,
            first,
            second,
        })
}

fn columns(records: &[Record]) -> Vec<ArrayRef> {
    let values: StringArray = records.iter().map(|record| record.value.clone()).collect();
    let firsts: Int32Array = records.iter().map(|record| record.first).collect();
    let seconds: StringArray = records.iter().map(|record| record.second.clone()).collect();
    vec![Arc::new(values), Arc::new(firsts), Arc::new(seconds)]
}

fn types() -> Vec<DataType> {
    vec![DataType::Utf8, DataType::Int32, DataType::Utf8]
}

/// The answer by its definition.
fn latest<'a>(records: impl Iterator<Item = &'a Record>) -> Option<String> {
    records
        .filter(|record| record.value.is_some())
        .max_by_key(|record| (record.first, record.second.clone(), record.value.clone()))
        .and_then(|record| record.value.clone())
}

fn kept_of_group(records: &[Record], group: usize) -> Option<String> {
    let of_group = |record: &&Record| record.group == group && record.kept == Some(true);
    latest(records.iter().filter(of_group))
}

fn update(groups: &mut LatestOfGroups, records: &[Record]) {
    let indices: Vec<usize> = records.iter().map(|record| record.group).collect();
    let filter: BooleanArray = records.iter().map(|record| record.kept).collect();
    groups
        .update_batch(&columns(records), &indices, Some(&filter), GROUPS)
        .unwrap();
}

fn answers(array: &ArrayRef) -> Vec<Option<String>> {
    let texts = array.as_string::<i32>().iter();
    texts.map(|text| text.map(str::to_string)).collect()
}

proptest! {
    #[test]
    fn any_split_gives_the_answer_of_the_definition(
        records in prop::collection::vec(record(), 0..60),
        batch in 1_usize..20,
        first in 0_usize..=GROUPS,
    ) {
        let expected: Vec<_> = (0..GROUPS).map(|group| kept_of_group(&records, group)).collect();

        let mut whole = LatestOfGroups::new(&types()).unwrap();
        let mut merged = LatestOfGroups::new(&types()).unwrap();
        let mut skipped = LatestOfGroups::new(&types()).unwrap();
        for part in records.chunks(batch) {
            update(&mut whole, part);

            let mut partial = LatestOfGroups::new(&types()).unwrap();
            update(&mut partial, part);
            let state = partial.state(EmitTo::All).unwrap();
            merged.merge_batch(&state, &[0, 1, 2, 3], GROUPS).unwrap();

            let filter: BooleanArray = part.iter().map(|record| record.kept).collect();
            let state = partial.convert_to_state(&columns(part), Some(&filter)).unwrap();
            let indices: Vec<usize> = part.iter().map(|record| record.group).collect();
            skipped.merge_batch(&state, &indices, GROUPS).unwrap();
        }
        if !records.is_empty() {
            prop_assert_eq!(&answers(&merged.evaluate(EmitTo::All).unwrap()), &expected);
            prop_assert_eq!(&answers(&skipped.evaluate(EmitTo::All).unwrap()), &expected);
            let mut emitted = answers(&whole.evaluate(EmitTo::First(first)).unwrap());
            emitted.extend(answers(&whole.evaluate(EmitTo::All).unwrap()));
            prop_assert_eq!(&emitted, &expected);
        }
    }

    #[test]
    fn one_group_gives_the_answer_of_the_definition(
        records in prop::collection::vec(record(), 0..40),
        batch in 1_usize..20,
    ) {
        let mut whole = Latest::new(&types()).unwrap();
        let mut merged = Latest::new(&types()).unwrap();
        for part in records.chunks(batch) {
            whole.update_batch(&columns(part)).unwrap();
            let mut partial = Latest::new(&types()).unwrap();
            partial.update_batch(&columns(part)).unwrap();
            let state = partial.state().unwrap();
            let state: Vec<ArrayRef> = state.iter().map(|scalar| scalar.to_array().unwrap()).collect();
            merged.merge_batch(&state).unwrap();
        }
        let expected = latest(records.iter());
        for mut accumulator in [whole, merged] {
            let answer = accumulator.evaluate().unwrap();
            prop_assert_eq!(answer.try_as_str().flatten(), expected.as_deref());
        }
    }

    #[test]
    fn a_moving_window_gives_the_answer_of_the_definition(
        records in prop::collection::vec(record(), 1..30),
        width in 1_usize..6,
    ) {
        let mut window = LatestInWindow::new(&types()).unwrap();
        for end in 1..=records.len() {
            let start = end.saturating_sub(width);
            window.update_batch(&columns(&records[end - 1..end])).unwrap();
            if end > width {
                window.retract_batch(&columns(&records[start - 1..start])).unwrap();
            }
            let answer = window.evaluate().unwrap();
            let expected = latest(records[start..end].iter());
            prop_assert_eq!(answer.try_as_str().flatten(), expected.as_deref());
        }
    }
}

/// A context with a table `t(g, v, o)` of many rows in several partitions, `v` being encoded as a
/// dictionary: the value of row `n` is `n`, its order a shuffle of `n`, its group `n % 1000`.
fn context() -> SessionContext {
    let mut context =
        SessionContext::new_with_config(SessionConfig::new().with_target_partitions(3));
    crate::register_all(&mut context).unwrap();
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let schema = Arc::new(Schema::new(vec![
        Field::new("g", DataType::Int32, false),
        Field::new("v", dictionary.clone(), true),
        Field::new("o", DataType::Int32, false),
    ]));
    let part = |part: i32| -> RecordBatch {
        let rows = part * 10_000..(part + 1) * 10_000;
        let groups: Int32Array = rows.clone().map(|row| row % 1_000).collect();
        let values: StringArray = rows.clone().map(|row| Some(row.to_string())).collect();
        let orders: Int32Array = rows.map(|row| (row * 7_919) % 30_011).collect();
        let values = cast(&values, &dictionary).unwrap();
        let columns: Vec<ArrayRef> = vec![Arc::new(groups), values, Arc::new(orders)];
        RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()
    };
    let partitions = (0..3).map(|number| vec![part(number)]).collect();
    let table = MemTable::try_new(Arc::clone(&schema), partitions).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    context
}

#[tokio::test]
async fn two_phases_over_partitions_agree_with_a_window() {
    let context = context();
    let statement = "SELECT count(*) AS groups, count(*) FILTER (WHERE a.latest = b.v) AS equal
        FROM (SELECT g, latest_by(v, o) AS latest FROM t GROUP BY g) AS a
        JOIN (SELECT g, v, row_number() OVER (PARTITION BY g ORDER BY o DESC) AS n FROM t) AS b
          ON a.g = b.g AND b.n = 1";
    let batches = context
        .sql(statement)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let output = pretty_format_batches(&batches).unwrap().to_string();
    assert!(output.contains("| 1000   | 1000  |"), "{output}");
}

#[tokio::test]
async fn any_frame_works() {
    let context = context();
    let statement = "SELECT o, latest_by(o, v, g) OVER (ORDER BY o ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS moving,
          latest_by(o, o) OVER (ORDER BY o) AS growing
        FROM t WHERE o < 3 ORDER BY o";
    let batches = context
        .sql(statement)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let growing: Vec<i32> = batches
        .iter()
        .flat_map(|batch| {
            batch
                .column(2)
                .as_primitive::<Int32Type>()
                .values()
                .to_vec()
        })
        .collect();
    assert_eq!(growing, (0..growing.len() as i32).collect::<Vec<_>>());
    assert!(
        batches
            .iter()
            .all(|batch| batch.column(1).null_count() == 0)
    );
}

#[tokio::test]
async fn one_argument_is_refused() {
    let error = context()
        .sql("SELECT latest_by(o) FROM t")
        .await
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("latest_by takes at least 2 arguments, not 1"),
        "{message}"
    );
}
