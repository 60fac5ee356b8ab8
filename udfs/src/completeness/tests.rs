//! Shares against counting, however the input is split.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::Float64Type;
use arrow::util::pretty::pretty_format_batches;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::prelude::SessionContext;
use proptest::prelude::*;

use super::counts::{Counts, CountsOfGroups};
use super::share::Counted;

const GROUPS: usize = 3;

/// A row: its group, whether a filter keeps it, and which of two values are there.
type Record = (usize, Option<bool>, bool, bool);

fn records() -> impl Strategy<Value = Vec<Record>> {
    let kept = prop_oneof![8 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)];
    prop::collection::vec((0..GROUPS, kept, any::<bool>(), any::<bool>()), 0..50)
}

fn columns(records: &[Record]) -> Vec<ArrayRef> {
    let texts: StringArray = records.iter().map(|row| row.2.then_some("")).collect();
    let numbers: Int64Array = records.iter().map(|row| row.3.then_some(0)).collect();
    vec![Arc::new(texts), Arc::new(numbers)]
}

/// The share by its definition.
fn expected<'a>(which: Counted, rows: impl Iterator<Item = &'a Record>) -> Option<f64> {
    let values: Vec<bool> = rows.flat_map(|row| [row.2, row.3]).collect();
    let wanted = which == Counted::Present;
    let counted = values.iter().filter(|present| **present == wanted).count();
    (!values.is_empty()).then(|| counted as f64 / values.len() as f64)
}

fn shares(array: &ArrayRef) -> Vec<Option<f64>> {
    array.as_primitive::<Float64Type>().iter().collect()
}

proptest! {
    #[test]
    fn any_split_gives_the_share_of_the_definition(
        records in records(),
        batch in 1_usize..20,
        first in 0_usize..=GROUPS,
    ) {
        for which in [Counted::Present, Counted::Missing] {
            let expected: Vec<_> = (0..GROUPS)
                .map(|group| {
                    let kept = |row: &&Record| row.0 == group && row.1 == Some(true);
                    expected(which, records.iter().filter(kept))
                })
                .collect();
            let mut whole = CountsOfGroups::new(which);
            let mut merged = CountsOfGroups::new(which);
            let mut skipped = CountsOfGroups::new(which);
            for part in records.chunks(batch) {
                let groups: Vec<usize> = part.iter().map(|row| row.0).collect();
                let filter: BooleanArray = part.iter().map(|row| row.1).collect();
                whole.update_batch(&columns(part), &groups, Some(&filter), GROUPS).unwrap();
                let mut partial = CountsOfGroups::new(which);
                partial.update_batch(&columns(part), &groups, Some(&filter), GROUPS).unwrap();
                let state = partial.state(EmitTo::All).unwrap();
                merged.merge_batch(&state, &[0, 1, 2], GROUPS).unwrap();
                let state = partial.convert_to_state(&columns(part), Some(&filter)).unwrap();
                skipped.merge_batch(&state, &groups, GROUPS).unwrap();
            }
            if !records.is_empty() {
                prop_assert_eq!(&shares(&merged.evaluate(EmitTo::All).unwrap()), &expected);
                prop_assert_eq!(&shares(&skipped.evaluate(EmitTo::All).unwrap()), &expected);
                let mut emitted = shares(&whole.evaluate(EmitTo::First(first)).unwrap());
                emitted.extend(shares(&whole.evaluate(EmitTo::All).unwrap()));
                prop_assert_eq!(&emitted, &expected);
            }
        }
    }

    #[test]
    fn a_moving_window_gives_the_share_of_the_definition(
        records in records(),
        width in 1_usize..6,
    ) {
        for which in [Counted::Present, Counted::Missing] {
            let mut window = Counts::new(which);
            for end in 1..=records.len() {
                let start = end.saturating_sub(width);
                window.update_batch(&columns(&records[end - 1..end])).unwrap();
                if end > width {
                    window.retract_batch(&columns(&records[start - 1..start])).unwrap();
                }
                let mut merged = Counts::new(which);
                let state = window.state().unwrap();
                let state: Vec<_> = state.iter().map(|state| state.to_array().unwrap()).collect();
                merged.merge_batch(&state).unwrap();
                let expected = ScalarValue::Float64(expected(which, records[start..end].iter()));
                prop_assert_eq!(window.evaluate().unwrap(), expected.clone());
                prop_assert_eq!(merged.evaluate().unwrap(), expected);
            }
        }
    }
}

async fn answer(statement: &str) -> Result<String, String> {
    let mut context = SessionContext::new();
    crate::register_all(&mut context).unwrap();
    let frame = context
        .sql(statement)
        .await
        .map_err(|error| error.to_string())?;
    let batches = frame.collect().await.map_err(|error| error.to_string())?;
    Ok(pretty_format_batches(&batches).unwrap().to_string())
}

#[tokio::test]
async fn distinct_is_refused() {
    for call in [
        "missing_rate(DISTINCT v)",
        "completeness(DISTINCT v, 1)",
        "missing_rate(DISTINCT v) OVER ()",
    ] {
        let error = answer(&format!("SELECT {call} FROM (VALUES (1)) AS t(v)"))
            .await
            .unwrap_err();
        assert!(
            error.contains("counts rows and takes no DISTINCT"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn untyped_nulls_and_no_rows_have_answers() {
    let output = answer(
        "SELECT missing_rate(NULL) AS one, missing_rate(v) FILTER (WHERE v > 5) AS none,
           completeness(v, NULL) AS half
         FROM (VALUES (1), (2)) AS t(v)",
    )
    .await
    .unwrap();
    assert!(output.contains("| 1.0 |      | 0.5  |"), "{output}");
}

/// What stands behind a NULL of a filter is anything.
#[test]
fn a_filter_that_is_null_lets_nothing_through() {
    let filter = BooleanArray::new(
        BooleanBuffer::new_set(2),
        Some(NullBuffer::from(vec![true, false])),
    );
    let values = columns(&[(0, None, true, true), (0, None, false, false)]);
    let mut counts = CountsOfGroups::new(Counted::Present);
    counts
        .update_batch(&values, &[0, 0], Some(&filter), 1)
        .unwrap();
    let state = counts.convert_to_state(&values, Some(&filter)).unwrap();
    counts.merge_batch(&state, &[0, 0], 1).unwrap();
    assert_eq!(shares(&counts.evaluate(EmitTo::All).unwrap()), [Some(1.0)]);
}
