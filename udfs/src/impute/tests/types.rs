//! Every type keeps its own, and is rounded by its rule.

use arrow::array::new_null_array;
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};

use super::*;

/// Types that have a mean, and what the middle between 1 and 4 is as text.
fn amounts() -> Vec<(DataType, &'static str)> {
    let zone = Some("+02:00".into());
    vec![
        (DataType::Int8, "3"),
        (DataType::Int16, "3"),
        (DataType::Int32, "3"),
        (DataType::Int64, "3"),
        (DataType::UInt8, "3"),
        (DataType::UInt16, "3"),
        (DataType::UInt32, "3"),
        (DataType::UInt64, "3"),
        (DataType::Float16, "2.5"),
        (DataType::Float32, "2.5"),
        (DataType::Float64, "2.5"),
        (DataType::Decimal32(9, 0), "3"),
        (DataType::Decimal64(18, 1), "2.5"),
        (DataType::Decimal128(38, 2), "2.50"),
        (DataType::Decimal256(76, 0), "3"),
        (DataType::Date32, "1970-01-04"),
        (DataType::Date64, "1970-01-01T00:00:00.003"),
        (DataType::Time32(TimeUnit::Second), "00:00:03"),
        (DataType::Time64(TimeUnit::Microsecond), "00:00:00.000003"),
        (
            DataType::Timestamp(TimeUnit::Second, None),
            "1970-01-01T00:00:03",
        ),
        (
            DataType::Timestamp(TimeUnit::Microsecond, zone),
            "1970-01-01T02:00:00.000003+02:00",
        ),
        (DataType::Duration(TimeUnit::Second), "PT3S"),
    ]
}

/// Integers as another type: as days, seconds and so on where it is no number.
fn typed(values: &[Option<i64>], wanted: &DataType) -> ArrayRef {
    let integers = integers(values);
    match wanted {
        DataType::Date32 | DataType::Time32(_) => {
            cast(&cast(&integers, &DataType::Int32).unwrap(), wanted).unwrap()
        }
        wanted => cast(&integers, wanted).unwrap(),
    }
}

#[test]
fn amounts_keep_their_type() {
    for (wanted, expected) in amounts() {
        let values = typed(&[Some(1), None, Some(4)], &wanted);
        for name in [
            "impute_mean",
            "impute_median",
            "impute_linear",
            "impute_spline",
            "impute_knn",
        ] {
            let mut arguments = vec![Arc::clone(&values)];
            if name == "impute_knn" {
                arguments.push(constant(2, 3));
                arguments.push(integers(&[Some(1), Some(2), Some(3)]));
            }
            let filled = fill(name, &arguments);
            assert_eq!(filled.data_type(), &wanted, "{name}");
            let shown = arrow::util::display::array_value_to_string(&filled, 1).unwrap();
            assert_eq!(shown, expected, "{name} of {wanted}");
        }
    }
}

#[test]
fn halves_go_away_from_zero_and_to_the_later_date() {
    for (values, name, wanted, expected) in [
        ([-1, -4], "impute_mean", DataType::Int64, -3),
        ([-1, -4], "impute_median", DataType::Int64, -3),
        ([-1, -4], "impute_linear", DataType::Int64, -3),
        ([-4, -1], "impute_linear", DataType::Int64, -3),
        ([-1, -4], "impute_spline", DataType::Int64, -3),
        ([-1, 2], "impute_mean", DataType::Int64, 1),
        ([-2, 1], "impute_median", DataType::Int64, -1),
        ([-1, -4], "impute_mean", DataType::Date32, -2),
        ([-1, -4], "impute_median", DataType::Date32, -2),
        ([-1, -4], "impute_linear", DataType::Date32, -2),
        ([-4, -1], "impute_spline", DataType::Date32, -2),
    ] {
        let values = typed(&[Some(values[0]), None, Some(values[1])], &wanted);
        let filled = fill(name, &[values]);
        assert_eq!(
            filled.as_ref(),
            typed_expected(&filled, expected, &wanted).as_ref(),
            "{name}"
        );
    }
}

/// What is filled, with the middle one replaced by what was expected.
fn typed_expected(filled: &ArrayRef, expected: i64, wanted: &DataType) -> ArrayRef {
    let middle = typed(&[Some(expected)], wanted);
    let (first, last) = (filled.slice(0, 1), filled.slice(2, 1));
    arrow::compute::concat(&[&first, &middle, &last]).unwrap()
}

/// Types of which only the order counts, or nothing at all.
#[test]
fn values_keep_their_type() {
    let texts: ArrayRef = Arc::new(arrow::array::StringArray::from(vec![
        Some("1"),
        None,
        Some("1"),
    ]));
    let dictionary = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    for wanted in [
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Binary,
        DataType::Boolean,
        DataType::Int64,
        DataType::Decimal128(9, 2),
        dictionary,
    ] {
        let values = cast(&texts, &wanted).unwrap();
        let times = integers(&[Some(1), Some(2), Some(3)]);
        for (name, more) in [
            ("impute_mode", vec![]),
            ("impute_last", vec![]),
            ("impute_next", vec![]),
            ("impute_knn", vec![constant(1, 3), times]),
            ("impute_hot_deck", vec![constant(1, 3)]),
            ("impute_constant", vec![values.slice(0, 1)]),
        ] {
            let more = more.into_iter().map(|argument| {
                if argument.len() == 3 {
                    argument
                } else {
                    permuted(&[argument], &[0, 0, 0]).remove(0)
                }
            });
            let arguments: Vec<ArrayRef> =
                std::iter::once(Arc::clone(&values)).chain(more).collect();
            let filled = fill(name, &arguments);
            assert_eq!(filled.logical_null_count(), 0, "{name} of {wanted}");
            let shown = cast(&filled, &DataType::Utf8).unwrap();
            let first = cast(&values, &DataType::Utf8).unwrap();
            assert_eq!(
                shown.as_string::<i32>().value(1),
                first.as_string::<i32>().value(0),
                "{name}"
            );
        }
    }
}

#[test]
fn where_nothing_is_known_nothing_is_filled() {
    for wanted in [
        DataType::Null,
        DataType::Float64,
        DataType::Int32,
        DataType::Date32,
    ] {
        let values = new_null_array(&wanted, 3);
        let places = integers(&[Some(1), Some(2), Some(3)]);
        for (name, more) in [
            ("impute_mean", vec![]),
            ("impute_median", vec![]),
            ("impute_mode", vec![]),
            ("impute_last", vec![]),
            ("impute_next", vec![]),
            ("impute_linear", vec![]),
            ("impute_spline", vec![Arc::clone(&places)]),
            ("impute_knn", vec![constant(1, 3), Arc::clone(&places)]),
            ("impute_hot_deck", vec![constant(1, 3), Arc::clone(&places)]),
            ("impute_constant", vec![new_null_array(&DataType::Null, 3)]),
        ] {
            let arguments: Vec<ArrayRef> =
                std::iter::once(Arc::clone(&values)).chain(more).collect();
            assert_eq!(
                fill(name, &arguments).logical_null_count(),
                3,
                "{name} of {wanted}"
            );
        }
    }
}

proptest! {
    /// Whatever floats and integers there are, nothing panics, no known value changes, and what
    /// is filled lies between the least and the greatest known value.
    #[test]
    fn any_numbers_do(
        rows in prop::collection::vec(
            (
                prop::option::weighted(0.6, prop::num::f64::ANY),
                prop::option::weighted(0.6, any::<i64>()),
                prop::option::of(prop::num::f64::ANY),
                prop::option::of(any::<i64>()),
            ),
            1..25,
        ),
    ) {
        let values: Vec<_> = rows.iter().map(|row| row.0).collect();
        let whole: Vec<_> = rows.iter().map(|row| row.1).collect();
        let places = floats(&rows.iter().map(|row| row.2).collect::<Vec<_>>());
        let times = integers(&rows.iter().map(|row| row.3).collect::<Vec<_>>());
        let k = constant(2, rows.len());
        for (name, more) in [
            ("impute_mean", vec![]),
            ("impute_median", vec![]),
            ("impute_mode", vec![]),
            ("impute_linear", vec![]),
            ("impute_linear", vec![Arc::clone(&places)]),
            ("impute_linear", vec![Arc::clone(&times)]),
            ("impute_spline", vec![]),
            ("impute_spline", vec![Arc::clone(&places)]),
            ("impute_spline", vec![Arc::clone(&times)]),
            ("impute_knn", vec![Arc::clone(&k), Arc::clone(&places), Arc::clone(&times)]),
            ("impute_hot_deck", vec![Arc::clone(&k), places, times]),
        ] {
            let filled = |values: ArrayRef| {
                let arguments: Vec<ArrayRef> = std::iter::once(values).chain(more.clone()).collect();
                fill(name, &arguments)
            };
            let (least, most) = (whole.iter().flatten().min(), whole.iter().flatten().max());
            for (known, filled) in whole.iter().zip(of_integers(&filled(integers(&whole)))) {
                prop_assert!(known.is_none() || *known == filled, "{name}");
                prop_assert!(filled.is_none() || (least <= filled.as_ref() && filled.as_ref() <= most), "{name}");
            }
            for (known, filled) in values.iter().zip(of_floats(&filled(floats(&values)))) {
                prop_assert!(known.is_none() || known.map(f64::to_bits) == filled.map(f64::to_bits), "{name}");
            }
        }
    }
}
