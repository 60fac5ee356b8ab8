//! Keys of all types: one hash for one key, others for others.

use std::collections::HashSet;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array, LargeStringArray, ListArray,
    StringArray, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Float64Type, Int32Type};

use super::*;

const SECRET: [u64; 2] = [3, 4];

fn hash_all(columns: &[ArrayRef]) -> Vec<u128> {
    let fields: Vec<FieldRef> = columns
        .iter()
        .map(|column| Arc::new(Field::new("k", column.data_type().clone(), true)))
        .map(|field| field as FieldRef)
        .collect();
    KeyHasher::new(&fields, SECRET).hash(columns).unwrap()
}

/// The rows of the columns are keys that all differ.
fn check_distinct(columns: &[ArrayRef]) {
    let hashes = hash_all(columns);
    assert_eq!(hashes.len(), columns[0].len());
    let distinct: HashSet<_> = hashes.iter().collect();
    assert_eq!(distinct.len(), hashes.len(), "{columns:?}");
    // Row by row they have the hashes that they have together.
    for (row, hash) in hashes.iter().enumerate() {
        let alone: Vec<ArrayRef> = columns.iter().map(|column| column.slice(row, 1)).collect();
        assert_eq!(hash_all(&alone), [*hash]);
    }
}

#[test]
fn keys_of_each_type_differ() {
    let columns: [ArrayRef; 10] = [
        Arc::new(Int64Array::from(vec![
            None,
            Some(0),
            Some(1),
            Some(-1),
            Some(i64::MIN),
        ])),
        Arc::new(Int32Array::from(vec![
            None,
            Some(0),
            Some(1),
            Some(256),
            Some(i32::MAX),
        ])),
        Arc::new(BooleanArray::from(vec![None, Some(false), Some(true)])),
        Arc::new(StringArray::from(vec![
            None,
            Some(""),
            Some("a"),
            Some("A"),
            Some("a "),
            Some("a\0"),
        ])),
        Arc::new(BinaryArray::from(vec![
            None,
            Some(&b""[..]),
            Some(&b"\0"[..]),
            Some(&b"\0\0"[..]),
        ])),
        Arc::new(Date32Array::from(vec![
            None,
            Some(0),
            Some(20_000),
            Some(-1),
        ])),
        Arc::new(
            TimestampMicrosecondArray::from(vec![None, Some(0), Some(1)]).with_timezone("UTC"),
        ),
        Arc::new(
            Decimal128Array::from(vec![
                None,
                Some(0),
                Some(100),
                Some(-100),
                Some(10_i128.pow(37)),
            ])
            .with_precision_and_scale(38, 2)
            .unwrap(),
        ),
        Arc::new(
            FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                [None, Some([0_u8; 16]), Some([1; 16])].into_iter(),
                16,
            )
            .unwrap(),
        ),
        Arc::new(Float64Array::from(vec![
            None,
            Some(0.0),
            Some(0.5),
            Some(f64::NAN),
            Some(f64::INFINITY),
        ])),
    ];
    for column in columns {
        check_distinct(&[column]);
    }
}

#[test]
fn several_columns_are_kept_apart() {
    let first = StringArray::from(vec![
        Some("a"),
        Some("ab"),
        Some(""),
        None,
        Some("abc"),
        None,
    ]);
    let second = StringArray::from(vec![
        Some("bc"),
        Some("c"),
        Some("abc"),
        Some("abc"),
        None,
        None,
    ]);
    check_distinct(&[Arc::new(first), Arc::new(second)]);
}

#[test]
fn many_rows_have_the_hashes_of_each() {
    let column = Int64Array::from_iter((0..5000).map(|row| (row % 7 != 0).then_some(row / 2)));
    let whole = hash_all(&[Arc::new(column.clone())]);
    for row in [0, 1, 2047, 2048, 2049, 4999] {
        assert_eq!(hash_all(&[Arc::new(column.slice(row, 1))]), [whole[row]]);
    }
}

#[test]
fn the_layout_of_text_does_not_matter() {
    let texts = [
        Some("a"),
        None,
        Some(""),
        Some("a text that no view has within itself"),
    ];
    let plain = hash_all(&[Arc::new(StringArray::from(texts.to_vec()))]);
    let view: ArrayRef = Arc::new(StringViewArray::from(texts.to_vec()));
    let large: ArrayRef = Arc::new(LargeStringArray::from(texts.to_vec()));
    let dictionary: ArrayRef = Arc::new(texts.into_iter().collect::<DictionaryArray<Int32Type>>());
    let text = KeyHasher::new(&key(DataType::Utf8), SECRET);
    for column in [view, large, dictionary] {
        assert_eq!(text.hash(&[column]).unwrap(), plain);
    }
}

#[test]
fn equal_numbers_have_one_hash() {
    let negative_nan = f64::from_bits(f64::NAN.to_bits() | 1 << 63 | 1);
    let column = Float64Array::from(vec![0.0, -0.0, f64::NAN, negative_nan]);
    let hashes = hash_all(&[Arc::new(column)]);
    assert_eq!(hashes[0], hashes[1]);
    assert_eq!(hashes[2], hashes[3]);
    assert_ne!(hashes[0], hashes[2]);
}

#[test]
fn each_index_has_hashes_of_its_own() {
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let (one, other) = (Fixture::new(), Fixture::new());
    let of = |fixture: &Fixture| {
        fixture
            .index
            .hash_keys(std::slice::from_ref(&column))
            .unwrap()
    };
    assert_ne!(of(&one), of(&other));
    assert_eq!(of(&one), of(&one));
}

#[test]
fn other_types_are_refused() {
    let fixture = Fixture::new();
    let column: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    assert!(fixture.index.hash_keys(&[Arc::clone(&column)]).is_err());
    assert!(fixture.index.hash_keys(&[]).is_err());
    assert!(
        fixture
            .index
            .hash_keys(&[Arc::clone(&column), column])
            .is_err()
    );
}

#[test]
fn arrays_of_equal_elements_are_one_key() {
    let arrays = [
        vec![Some(0.0)],
        vec![Some(-0.0)],
        vec![Some(1.0)],
        vec![None],
    ];
    let arrays = ListArray::from_iter_primitive::<Float64Type, _, _>(arrays.map(Some));
    let hashes = hash_all(&[Arc::new(arrays)]);
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[0], hashes[2]);
    assert_ne!(hashes[0], hashes[3]);
}
