//! Imputations against plain counting and sorting.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array,
    Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float64Type, Int8Type, TimestampMicrosecondType,
};
use datafusion::prelude::SessionContext;
use proptest::prelude::*;

use super::impute_median::fill_gaps as fill_median;
use super::impute_mode::fill_gaps as fill_mode;

proptest! {
    #[test]
    fn median_equals_sorting(values in prop::collection::vec(prop::option::of(-50_i64..50), 0..40)) {
        let mut known: Vec<f64> = values.iter().flatten().map(|value| *value as f64).collect();
        known.sort_by(f64::total_cmp);
        let middle = known.len() / 2;
        let median = match known.len() {
            0 => None,
            length if length % 2 == 1 => Some(known[middle]),
            _ => Some((known[middle - 1] + known[middle]) / 2.0),
        };
        let expected: Float64Array = values
            .iter()
            .map(|value| value.map(|value| value as f64).or(median))
            .collect();
        let array: ArrayRef = Arc::new(Int64Array::from(values));
        let filled = fill_median(&array).unwrap();
        prop_assert_eq!(filled.as_primitive::<Float64Type>(), &expected);
    }

    #[test]
    fn mode_equals_counting(values in prop::collection::vec(prop::option::of("[a-d]"), 0..30)) {
        let mut counts: BTreeMap<&str, i32> = BTreeMap::new();
        for value in values.iter().flatten() {
            *counts.entry(value).or_default() += 1;
        }
        let mut mode: Option<(&str, i32)> = None;
        for (value, count) in counts {
            if mode.is_none_or(|(_, best)| count > best) {
                mode = Some((value, count));
            }
        }
        let expected: StringArray = values
            .iter()
            .map(|value| value.as_deref().or(mode.map(|(value, _)| value)))
            .collect();
        let array: ArrayRef = Arc::new(StringArray::from(values.clone()));
        let filled = fill_mode(&array).unwrap();
        prop_assert_eq!(filled.as_string::<i32>(), &expected);

        let encoded: DictionaryArray<Int8Type> = values.iter().map(Option::as_deref).collect();
        let encoded: ArrayRef = Arc::new(encoded);
        let filled = fill_mode(&encoded).unwrap();
        let filled = arrow::compute::cast(&filled, expected.data_type()).unwrap();
        prop_assert_eq!(filled.as_string::<i32>(), &expected);
    }
}

#[test]
fn the_median_keeps_dates_and_decimals() {
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![Some(-4), None, Some(-1)]));
    let filled = fill_median(&dates).unwrap();
    assert_eq!(filled.as_primitive::<Date32Type>().value(1), -3);

    let times = TimestampMicrosecondArray::from(vec![Some(1), None, Some(i64::MAX)]);
    let times: ArrayRef = Arc::new(times.with_timezone("+02:00"));
    let filled = fill_median(&times).unwrap();
    assert_eq!(filled.data_type(), times.data_type());
    let middle = filled.as_primitive::<TimestampMicrosecondType>().value(1);
    assert_eq!(middle, 1 << 62);

    let money = Decimal128Array::from(vec![Some(100), None, Some(103)]);
    let money: ArrayRef = Arc::new(money.with_precision_and_scale(9, 2).unwrap());
    let filled = fill_median(&money).unwrap();
    assert_eq!(filled.data_type(), money.data_type());
    assert_eq!(filled.as_primitive::<Decimal128Type>().value(1), 101);
}

#[test]
fn the_median_of_great_floats_does_not_overflow() {
    for (lower, upper, middle) in [
        (f64::MAX, f64::MAX, f64::MAX),
        (-f64::MAX, f64::MAX, 0.0),
        (f64::INFINITY, f64::INFINITY, f64::INFINITY),
        (1.0, f64::INFINITY, f64::INFINITY),
    ] {
        let values: ArrayRef = Arc::new(Float64Array::from(vec![Some(upper), None, Some(lower)]));
        let filled = fill_median(&values).unwrap();
        assert_eq!(filled.as_primitive::<Float64Type>().value(1), middle);
    }
}

#[tokio::test]
async fn types_without_a_median_are_refused_with_a_hint() {
    let mut context = SessionContext::new();
    crate::register_all(&mut context).unwrap();
    let error = context
        .sql("SELECT impute_median('a') OVER ()")
        .await
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("impute_median takes a number, date, time or duration, not Utf8"),
        "{message}"
    );
}
