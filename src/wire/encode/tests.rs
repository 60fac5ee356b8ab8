//! Literals as PostgreSQL 15 writes them, in text and, through its send functions, in binary.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::*;
use bytes::BytesMut;

use super::{Column, Style};
use crate::error::Result;

fn text_in(array: &dyn Array, field: &Field, zone: &str) -> Vec<String> {
    let column = Column::new(field, array, Style::new(Some(zone))).expect("column");
    (0..array.len())
        .map(|row| {
            if column.is_null(row) {
                return "NULL".to_owned();
            }
            let mut out = BytesMut::new();
            column.text(row, &mut out).expect("text");
            String::from_utf8(out.to_vec()).expect("utf8")
        })
        .collect()
}

fn text(array: impl Array) -> Vec<String> {
    let field = Field::new("c", array.data_type().clone(), true);
    text_in(&array, &field, "UTC")
}

fn try_binary(array: impl Array) -> Result<Vec<String>> {
    let field = Field::new("c", array.data_type().clone(), true);
    let column = Column::new(&field, &array, Style::new(None))?;
    (0..array.len())
        .map(|row| {
            let mut out = BytesMut::new();
            column.binary_field(row, &mut out)?;
            let body = out.get(4..).unwrap_or_default();
            assert_eq!(
                out[..4],
                if column.is_null(row) {
                    (-1_i32).to_be_bytes()
                } else {
                    (body.len() as i32).to_be_bytes()
                }
            );
            Ok(body.iter().map(|byte| format!("{byte:02x}")).collect())
        })
        .collect()
}

fn binary(array: impl Array) -> Vec<String> {
    try_binary(array).expect("binary")
}

#[test]
fn truth_and_integers() {
    let array = BooleanArray::from(vec![Some(true), Some(false), None]);
    assert_eq!(text(array.clone()), ["t", "f", "NULL"]);
    assert_eq!(binary(array), ["01", "00", ""]);
    assert_eq!(text(Int8Array::from(vec![i8::MIN, 7])), ["-128", "7"]);
    assert_eq!(binary(Int8Array::from(vec![-2])), ["fffe"]);
    assert_eq!(text(Int16Array::from(vec![i16::MIN])), ["-32768"]);
    assert_eq!(text(Int32Array::from(vec![i32::MIN])), ["-2147483648"]);
    assert_eq!(
        text(Int64Array::from(vec![i64::MIN, 0, i64::MAX])),
        ["-9223372036854775808", "0", "9223372036854775807"]
    );
    assert_eq!(binary(Int64Array::from(vec![258])), ["0000000000000102"]);
    assert_eq!(binary(UInt8Array::from(vec![255])), ["00ff"]);
    assert_eq!(binary(UInt16Array::from(vec![65_535])), ["0000ffff"]);
    assert_eq!(
        binary(UInt32Array::from(vec![u32::MAX])),
        ["00000000ffffffff"]
    );
    assert_eq!(
        text(UInt64Array::from(vec![0, u64::MAX])),
        ["0", "18446744073709551615"]
    );
    assert_eq!(
        binary(UInt64Array::from(vec![u64::MAX])),
        ["000500040000000007341a5802e103bb064f"]
    );
}

#[test]
fn doubles() {
    let literals = [
        "1e+15",
        "100000000000000",
        "1.2345678901234568e+17",
        "0.0001",
        "1e-05",
        "0.1",
        "-0",
        "1.7976931348623157e+308",
        "5e-324",
        "NaN",
        "-Infinity",
        "Infinity",
        "1e+100",
        "999999999999999",
        "-12.5",
        "0",
    ];
    let values: Vec<f64> = literals
        .iter()
        .map(|literal| literal.parse().expect("double"))
        .collect();
    assert_eq!(text(Float64Array::from(values)), literals);
    assert_eq!(binary(Float64Array::from(vec![1.5])), ["3ff8000000000000"]);
}

#[test]
fn singles_and_halves() {
    let literals = [
        "1e+06",
        "100000",
        "123456.7",
        "1.6777216e+07",
        "0.0001",
        "1e-05",
        "0.1",
        "3.4028235e+38",
        "999999",
        "65504",
        "NaN",
    ];
    let values: Vec<f32> = literals
        .iter()
        .map(|literal| literal.parse().expect("single"))
        .collect();
    assert_eq!(text(Float32Array::from(values)), literals);
    assert_eq!(binary(Float32Array::from(vec![1.5])), ["3fc00000"]);
    let half = Float32Array::from(vec![65_504.0, 0.5, f32::NEG_INFINITY]);
    let half = arrow::compute::cast(&half, &DataType::Float16).expect("half");
    assert_eq!(text(Arc::clone(&half)), ["65504", "0.5", "-Infinity"]);
    assert_eq!(binary(half)[1], "3f000000");
}

#[test]
fn numerics() {
    let array = Decimal128Array::from(vec![Some(0), Some(-5), Some(110), None])
        .with_precision_and_scale(10, 2)
        .expect("decimal");
    assert_eq!(text(array.clone()), ["0.00", "-0.05", "1.10", "NULL"]);
    assert_eq!(
        binary(array),
        [
            "0000000000000002",
            "0001ffff4000000201f4",
            "0002000000000002000103e8",
            ""
        ]
    );
    let array = Decimal128Array::from(vec![12_345_678_901_234_567_890_123])
        .with_precision_and_scale(30, 3)
        .expect("decimal");
    assert_eq!(text(array.clone()), ["12345678901234567890.123"]);
    assert_eq!(binary(array), ["000600040000000304d2162e23340d801ed204ce"]);
    let array = Decimal64Array::from(vec![10_000])
        .with_precision_and_scale(10, 0)
        .expect("decimal");
    assert_eq!(binary(array), ["00010001000000000001"]);
    let array = Decimal32Array::from(vec![12])
        .with_precision_and_scale(5, -2)
        .expect("decimal");
    assert_eq!(text(array), ["1200"]);
    let array = Decimal256Array::from(vec![i256::from(10_000)])
        .with_precision_and_scale(50, 8)
        .expect("decimal");
    assert_eq!(text(array.clone()), ["0.00010000"]);
    assert_eq!(binary(array), ["0001ffff000000080001"]);
}

#[test]
fn texts_bytes_and_uuids() {
    assert_eq!(text(StringArray::from(vec!["é", ""])), ["é", ""]);
    assert_eq!(text(LargeStringArray::from(vec!["x"])), ["x"]);
    assert_eq!(binary(StringViewArray::from(vec!["ab"])), ["6162"]);
    let bytes: &[u8] = &[0, 255, 16];
    assert_eq!(text(BinaryArray::from(vec![bytes])), ["\\x00ff10"]);
    assert_eq!(text(LargeBinaryArray::from(vec![bytes])), ["\\x00ff10"]);
    assert_eq!(binary(BinaryViewArray::from(vec![bytes])), ["00ff10"]);
    let uuid = uuid::uuid!("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    let array = FixedSizeBinaryArray::try_from_iter([uuid.as_bytes()].into_iter()).expect("array");
    assert_eq!(text(array.clone()), ["\\xa0eebc999c0b4ef8bb6d6bb9bd380a11"]);
    let field = Field::new("c", DataType::FixedSizeBinary(16), true)
        .with_metadata([("ARROW:extension:name".to_owned(), "arrow.uuid".to_owned())].into());
    assert_eq!(
        text_in(&array, &field, "UTC"),
        ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]
    );
}

#[test]
fn dates_and_times() {
    let array = Date32Array::from(vec![19_782, -735_160, 3_789_391, -719_162, -719_163]);
    assert_eq!(
        text(array.clone()),
        [
            "2024-02-29",
            "0044-03-15 BC",
            "12345-01-01",
            "0001-01-01",
            "0001-12-31 BC"
        ]
    );
    assert_eq!(binary(array)[0], "00002279");
    assert_eq!(
        text(Date64Array::from(vec![19_782 * 86_400_000, -1])),
        ["2024-02-29", "1969-12-31"]
    );
    assert_eq!(
        text(Time32MillisecondArray::from(vec![3_723_004])),
        ["01:02:03.004"]
    );
    assert_eq!(text(Time32SecondArray::from(vec![86_400])), ["24:00:00"]);
    assert_eq!(
        text(Time64NanosecondArray::from(vec![3_723_004_000_999])),
        ["01:02:03.004"]
    );
    assert_eq!(
        binary(Time64MicrosecondArray::from(vec![3_723_004_000])),
        ["00000000dde88860"]
    );
    assert_eq!(binary(Date32Array::from(vec![i32::MIN])), ["80000000"]);
    let extreme = try_binary(Date32Array::from(vec![i32::MIN + 1]));
    assert_eq!(extreme.expect_err("error").message(), "date out of range");
    text(Date32Array::from(vec![i32::MIN, i32::MAX]));
}

#[test]
fn timestamps() {
    let micros = vec![1_709_251_199_500_000, -1];
    let array = TimestampMicrosecondArray::from(micros);
    assert_eq!(
        text(array.clone()),
        ["2024-02-29 23:59:59.5", "1969-12-31 23:59:59.999999"]
    );
    assert_eq!(binary(array)[0], "0002b58cd35c1ee0");
    assert_eq!(
        text(TimestampSecondArray::from(vec![
            327_403_382_400,
            -63_517_780_800
        ])),
        ["12345-01-01 00:00:00", "0044-03-15 12:00:00 BC"]
    );
    assert_eq!(
        text(TimestampMillisecondArray::from(vec![1])),
        ["1970-01-01 00:00:00.001"]
    );
    assert_eq!(
        text(TimestampNanosecondArray::from(vec![-1])),
        ["1969-12-31 23:59:59.999999"]
    );
    let extreme = try_binary(TimestampSecondArray::from(vec![i64::MAX]));
    assert_eq!(
        extreme.expect_err("error").message(),
        "timestamp out of range"
    );
    text(TimestampMicrosecondArray::from(vec![i64::MIN, i64::MAX]));
}

#[test]
fn timestamps_are_shown_in_the_zone_of_the_session() {
    let moments = vec![1_719_792_000, -2_840_140_800, -63_517_780_800];
    let array = TimestampSecondArray::from(moments).with_timezone("America/New_York");
    let field = Field::new("c", array.data_type().clone(), true);
    assert_eq!(
        text_in(&array, &field, "Europe/Berlin"),
        [
            "2024-07-01 02:00:00+02",
            "1880-01-01 00:53:28+00:53:28",
            "0044-03-15 12:53:28+00:53:28 BC"
        ]
    );
    assert_eq!(text_in(&array, &field, "UTC")[0], "2024-07-01 00:00:00+00");
    assert_eq!(
        text_in(&array, &field, "<-03:30>+03:30")[0],
        "2024-06-30 20:30:00-03:30"
    );
}

#[test]
fn intervals() {
    const SECOND: i64 = 1_000_000_000;
    let value = |months, days, nanos| IntervalMonthDayNano::new(months, days, nanos);
    let array = IntervalMonthDayNanoArray::from(vec![
        value(14, 3, 14_706 * SECOND + 700_000_000),
        value(-13, 3, -14_706 * SECOND),
        value(0, 0, 0),
        value(0, 1, 0),
        value(0, -1, SECOND),
        value(0, 0, 27 * 3_600 * SECOND),
        value(1, -1, 1_000),
        value(-1, 2, 0),
        value(0, 0, -SECOND / 2),
        value(0, 0, 200 * 3_600 * SECOND),
    ]);
    assert_eq!(
        text(array.clone()),
        [
            "1 year 2 mons 3 days 04:05:06.7",
            "-1 years -1 mons +3 days -04:05:06",
            "00:00:00",
            "1 day",
            "-1 days +00:00:01",
            "27:00:00",
            "1 mon -1 days +00:00:00.000001",
            "-1 mons +2 days",
            "-00:00:00.5",
            "200:00:00"
        ]
    );
    assert_eq!(binary(array)[0], "000000036c966ee0000000030000000e");
    assert_eq!(
        text(IntervalYearMonthArray::from(vec![14])),
        ["1 year 2 mons"]
    );
    let days = IntervalDayTime::new(2, 1_500);
    assert_eq!(
        text(IntervalDayTimeArray::from(vec![days])),
        ["2 days 00:00:01.5"]
    );
    assert_eq!(text(DurationSecondArray::from(vec![97_200])), ["27:00:00"]);
    assert_eq!(
        text(DurationNanosecondArray::from(vec![-1_500])),
        ["-00:00:00.000001"]
    );
    assert_eq!(
        text(DurationMillisecondArray::from(vec![1])),
        ["00:00:00.001"]
    );
    assert_eq!(text(DurationMicrosecondArray::from(vec![0])), ["00:00:00"]);
}

fn strings(values: Vec<Option<&str>>) -> ListArray {
    let field = Arc::new(Field::new_list_field(DataType::Utf8, true));
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    ListArray::new(field, offsets, Arc::new(StringArray::from(values)), None)
}

#[test]
fn arrays() {
    let array = strings(vec![
        Some("a b"),
        Some(""),
        None,
        Some("NULL"),
        Some("x\"y"),
        Some("c\\d"),
        Some("{"),
        Some("plain"),
        Some("a,b"),
        Some("t\tb"),
        Some("é"),
    ]);
    assert_eq!(
        text(array),
        ["{\"a b\",\"\",NULL,\"NULL\",\"x\\\"y\",\"c\\\\d\",\"{\",plain,\"a,b\",\"t\tb\",é}"]
    );
    let array = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(1), None, Some(3)]),
        Some(vec![]),
        None,
    ]);
    assert_eq!(text(array.clone()), ["{1,NULL,3}", "{}", "NULL"]);
    assert_eq!(
        binary(array),
        [
            "00000001000000010000001700000003000000010000000400000001ffffffff0000000400000003",
            "000000000000000000000017",
            ""
        ]
    );
    let field = Arc::new(Field::new_list_field(DataType::Int32, true));
    let values = Arc::new(Int32Array::from(vec![1, 2, 3]));
    let view = ListViewArray::new(
        Arc::clone(&field),
        ScalarBuffer::from(vec![1, 0]),
        ScalarBuffer::from(vec![2, 1]),
        values,
        None,
    );
    assert_eq!(text(view), ["{2,3}", "{1}"]);
    let values = Arc::new(Int32Array::from(vec![1, 2, 3, 4]));
    let fixed = FixedSizeListArray::new(field, 2, values, None);
    assert_eq!(text(fixed.slice(1, 1)), ["{3,4}"]);
}

fn matrix(lengths: [usize; 2]) -> ListArray {
    let inner = Arc::new(Field::new_list_field(DataType::Int32, true));
    let values = Int32Array::from_iter_values(1..=(lengths[0] + lengths[1]) as i32);
    let rows = ListArray::new(
        Arc::clone(&inner),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(values),
        None,
    );
    let outer = Arc::new(Field::new_list_field(DataType::List(inner), true));
    ListArray::new(outer, OffsetBuffer::from_lengths([2]), Arc::new(rows), None)
}

#[test]
fn arrays_of_arrays() {
    assert_eq!(text(matrix([2, 2])), ["{{1,2},{3,4}}"]);
    assert_eq!(
        binary(matrix([2, 2])),
        [
            "000000020000000000000017000000020000000100000002000000010000000400000001000000040000000200000004000000030000000400000004"
        ]
    );
    assert_eq!(text(matrix([2, 1])), ["{{1,2},{3}}"]);
    let error = try_binary(matrix([2, 1])).expect_err("ragged");
    assert_eq!(error.sqlstate().0, "2202E");
}

#[test]
fn records() {
    let number: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let one = |value: Option<&str>| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    let truth: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
    let words: ArrayRef = Arc::new(strings(vec![Some("x y")]));
    let array = StructArray::try_from(vec![
        ("a", Arc::clone(&number)),
        ("b", one(Some("a b"))),
        ("c", one(None)),
        ("d", one(Some(""))),
        ("e", one(Some("x\"y"))),
        ("f", one(Some("c\\d"))),
        ("g", one(Some("(p)"))),
        ("h", truth),
        ("i", words),
    ])
    .expect("struct");
    assert_eq!(
        text(array),
        ["(1,\"a b\",,\"\",\"x\"\"y\",\"c\\\\d\",\"(p)\",t,\"{\"\"x y\"\"}\")"]
    );
    let array = StructArray::try_from(vec![("a", number), ("b", one(Some("a"))), ("c", one(None))])
        .expect("struct");
    assert_eq!(
        binary(array),
        ["0000000300000017000000040000000100000019000000016100000019ffffffff"]
    );
}

#[test]
fn maps_are_json_objects() {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), Float64Builder::new());
    builder.keys().append_value("a\"\n");
    builder.values().append_value(1.5);
    builder.keys().append_value("b");
    builder.values().append_null();
    builder.keys().append_value("c");
    builder.values().append_value(f64::NAN);
    builder.append(true).expect("map");
    builder.append(false).expect("map");
    assert_eq!(
        text(builder.finish()),
        ["{\"a\\\"\\n\":1.5,\"b\":null,\"c\":\"NaN\"}", "NULL"]
    );
}

#[test]
fn arrays_that_stand_for_others() {
    let dictionary: DictionaryArray<Int8Type> = [Some("x"), None, Some("y"), Some("x")]
        .into_iter()
        .collect();
    assert_eq!(text(dictionary), ["x", "NULL", "y", "x"]);
    let none: DictionaryArray<Int8Type> = [None::<&str>, None].into_iter().collect();
    assert_eq!(text(none), ["NULL", "NULL"]);
    let run_ends = Int32Array::from(vec![2, 3, 4]);
    let values = StringArray::from(vec![Some("x"), None, Some("y")]);
    let runs = RunArray::try_new(&run_ends, &values).expect("runs");
    assert_eq!(text(runs.clone()), ["x", "x", "NULL", "y"]);
    assert_eq!(text(runs.slice(1, 3)), ["x", "NULL", "y"]);
    assert_eq!(text(NullArray::new(2)), ["NULL", "NULL"]);
}

#[test]
fn unions_are_text() {
    let fields = UnionFields::try_new(
        [1, 3],
        [
            Field::new("number", DataType::Int32, true),
            Field::new("word", DataType::Utf8, true),
        ],
    )
    .expect("fields");
    let union = UnionArray::try_new(
        fields,
        ScalarBuffer::from(vec![1_i8, 3, 1]),
        Some(ScalarBuffer::from(vec![0, 0, 1])),
        vec![
            Arc::new(Int32Array::from(vec![Some(5), None])),
            Arc::new(StringArray::from(vec!["w"])),
        ],
    )
    .expect("union");
    assert_eq!(text(union), ["5", "w", "NULL"]);
}

#[test]
fn a_sliced_array_gives_its_own_rows() {
    let buffer = Buffer::from_slice_ref([1_i32, 2, 3, 4]);
    let array = Int32Array::new(ScalarBuffer::new(buffer, 1, 3), None);
    assert_eq!(text(array), ["2", "3", "4"]);
    let array = strings(vec![Some("a")]);
    assert_eq!(text(array.slice(0, 1)), ["{a}"]);
}
