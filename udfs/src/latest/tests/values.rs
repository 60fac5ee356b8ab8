//! Values of every type, and what is equal among them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray,
    Float32Array, Float64Array, Int64Array, ListArray, NullArray, StringArray, StringViewArray,
    StructArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type};
use datafusion::common::ScalarValue;

use super::aggregate::Aggregate;

/// Three values of each type, in ascending order, the first of them NULL.
fn every_type() -> Vec<ArrayRef> {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    let texts = StringArray::from(vec![None, Some("a"), Some("b")]);
    let encoded = cast(&texts, &dictionary).unwrap();
    let field = |name, column: &ArrayRef| Field::new(name, column.data_type().clone(), true);
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(1), Some(2)]));
    let fields = vec![field("text", &encoded), field("number", &numbers)];
    let columns = vec![Arc::clone(&encoded), Arc::clone(&numbers)];
    let valid = Some(vec![false, true, true].into());
    let times = || TimestampMicrosecondArray::from(vec![None, Some(-1), Some(1)]);
    vec![
        Arc::new(BooleanArray::from(vec![None, Some(false), Some(true)])),
        numbers,
        Arc::new(Float32Array::from(vec![None, Some(-1.5), Some(f32::NAN)])),
        Arc::new(Float64Array::from(vec![None, Some(-1.5), Some(1.5)])),
        Arc::new(
            Decimal128Array::from(vec![None, Some(-150), Some(150)])
                .with_precision_and_scale(10, 2)
                .unwrap(),
        ),
        Arc::new(Date32Array::from(vec![None, Some(-1), Some(1)])),
        Arc::new(times()),
        Arc::new(times().with_timezone("Europe/Berlin")),
        Arc::new(texts),
        Arc::new(StringViewArray::from(vec![None, Some(""), Some("é")])),
        encoded,
        Arc::new(BinaryArray::from(vec![
            None,
            Some(&b"\x00"[..]),
            Some(b"\xff"),
        ])),
        Arc::new(
            FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                [None, Some([1, 2]), Some([1, 3])].into_iter(),
                2,
            )
            .unwrap(),
        ),
        Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([
            None,
            Some(vec![]),
            Some(vec![None, Some(1)]),
        ])),
        Arc::new(StructArray::new(fields.into(), columns, valid)),
    ]
}

/// The value as it is answered: without dictionaries.
fn answer(values: &ArrayRef, row: usize) -> ScalarValue {
    let plain = super::super::comparable::plain_type(values.data_type());
    ScalarValue::try_from_array(&cast(values, &plain).unwrap(), row).unwrap()
}

#[test]
fn values_and_orders_of_every_type() {
    let places: ArrayRef = Arc::new(Int64Array::from(vec![3, 1, 2]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["null", "small", "great"]));
    for values in every_type() {
        let kind = values.data_type().clone();
        let columns = [Arc::clone(&values), Arc::clone(&places)];
        for (name, expected) in [("latest_by", 2), ("earliest_by", 1), ("most_frequent", 2)] {
            let [whole, merged] = Aggregate::new(name, &columns).of_one_group(&columns, 2);
            assert_eq!(whole, answer(&values, expected), "{name} of {kind}");
            assert_eq!(merged, answer(&values, expected), "{name} of {kind}");
        }
        let columns = [Arc::clone(&texts), values];
        for (name, expected) in [("latest_by", "great"), ("earliest_by", "small")] {
            let [whole, merged] = Aggregate::new(name, &columns).of_one_group(&columns, 2);
            assert_eq!(whole, ScalarValue::from(expected), "{name} by {kind}");
            assert_eq!(merged, ScalarValue::from(expected), "{name} by {kind}");
        }
    }
}

#[test]
fn values_without_a_type_are_null() {
    let columns: [ArrayRef; 2] = [Arc::new(NullArray::new(2)), Arc::new(NullArray::new(2))];
    for name in ["latest_by", "most_frequent", "longest", "most_complete"] {
        let answers = Aggregate::new(name, &columns).of_one_group(&columns, 1);
        assert_eq!(answers, [ScalarValue::Null, ScalarValue::Null], "{name}");
    }
}

/// Of -0, 0 and NaNs there is one each.
#[test]
fn equal_numbers_are_counted_as_one() {
    let cases = [
        (vec![-0.0, 7.0, 0.0], 0.0),
        (vec![f64::NAN, 7.0, -f64::NAN], f64::NAN),
    ];
    for (numbers, expected) in cases {
        let columns: [ArrayRef; 1] = [Arc::new(Float64Array::from(numbers))];
        for answer in Aggregate::new("most_frequent", &columns).of_one_group(&columns, 1) {
            let ScalarValue::Float64(Some(answer)) = answer else {
                panic!("{answer}");
            };
            assert_eq!(answer.to_bits(), expected.to_bits());
        }
        let field = Field::new_list_field(DataType::Float64, true);
        let [numbers] = columns;
        let field = Arc::new(Field::new("number", field.data_type().clone(), true));
        let records: ArrayRef = Arc::new(StructArray::from(vec![(field, numbers)]));
        let [whole, merged] =
            Aggregate::new("most_frequent", &[Arc::clone(&records)]).of_one_group(&[records], 1);
        assert_eq!(whole, merged);
        assert!(!whole.to_string().contains('7'), "{whole}");
    }
}

#[test]
fn lengths_of_bytes_and_lists() {
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![
        Some(&b"\xff"[..]),
        Some(b"ab"),
        None,
    ]));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([
        Some(vec![Some(9)]),
        Some(vec![None, None]),
        None,
    ]));
    let fixed = DataType::FixedSizeList(Arc::new(Field::new_list_field(DataType::Int32, true)), 1);
    let wide = [DataType::LargeBinary, DataType::BinaryView];
    let wide = wide.iter().map(|wide| cast(&bytes, wide).unwrap());
    let ones = ListArray::from_iter_primitive::<Int32Type, _, _>([
        Some(vec![Some(1)]),
        Some(vec![Some(2)]),
        None,
    ]);
    let fixed = cast(&ones, &fixed).unwrap();
    for values in wide.chain([Arc::clone(&bytes), lists, fixed]) {
        let columns = [values];
        let [whole, merged] = Aggregate::new("longest", &columns).of_one_group(&columns, 1);
        assert_eq!(whole, answer(&columns[0], 1));
        assert_eq!(merged, whole);
    }
}
