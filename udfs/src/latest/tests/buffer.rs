//! What is kept of many groups, where it changes often, and where a filter has NULLs.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::Int64Type;
use datafusion::logical_expr::EmitTo;

use super::aggregate::Aggregate;
use crate::latest::greatest_rows::GreatestRows;

#[test]
fn rows_outlive_the_waste_between_them() {
    let groups = 7;
    let row = |group: usize, length: usize| vec![group as u8; length];
    let mut kept = GreatestRows::default();
    kept.resize(groups);
    for length in 1..=1000 {
        for group in 0..groups {
            kept.offer(group, &row(group, length));
        }
    }
    for group in 0..groups {
        assert_eq!(kept.get(group), Some(&row(group, 1000)[..]), "{group}");
    }
    // All rows that were offered have three megabytes.
    assert!(kept.size() < 1 << 19, "{}", kept.size());
    let first = kept.emit(EmitTo::First(3), |rows| rows.iter().flatten().count());
    assert_eq!(first, 3);
    for group in 3..groups {
        assert_eq!(kept.get(group - 3), Some(&row(group, 1000)[..]), "{group}");
    }
}

/// What stands behind a NULL of a filter is anything.
#[test]
fn a_filter_that_is_null_lets_nothing_through() {
    let values: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let columns = [Arc::clone(&values), values];
    let known = NullBuffer::from(vec![true, false]);
    let filter = BooleanArray::new(BooleanBuffer::new_set(2), Some(known));
    for name in ["latest_by", "most_frequent"] {
        let aggregate = Aggregate::new(name, &columns);
        let answers = aggregate.whole(&columns, &[0, 0], &filter, 1, 0);
        let answer = answers[0].to_array().unwrap();
        assert_eq!(answer.as_primitive::<Int64Type>().value(0), 1, "{name}");
    }
}
