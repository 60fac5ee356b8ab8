use arrow::datatypes::{DataType, IntervalMonthDayNano, TimeUnit};
use bytes::Bytes;
use datafusion::scalar::ScalarValue;
use proptest::prelude::*;

use super::*;

fn from_text(text: &str, postgres_type: PostgresType, target: &DataType) -> Result<ScalarValue> {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    decode(Some(&bytes), postgres_type.oid, Format::Text, target, None)
}

fn from_hex(hex: &str, oid: u32, target: &DataType) -> Result<ScalarValue> {
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
        .collect();
    decode(Some(&Bytes::from(bytes)), oid, Format::Binary, target, None)
}

fn sqlstate(outcome: Result<ScalarValue>) -> &'static str {
    outcome.expect_err("an error").sqlstate().0
}

#[test]
fn null_has_the_type_of_the_parameter() {
    let value = decode(None, 23, Format::Text, &DataType::Int64, None).expect("null");
    assert_eq!(value, ScalarValue::Int64(None));
}

#[test]
fn text_is_read_as_postgres_reads_it() {
    let boolean = |text| from_text(text, PostgresType::BOOL, &DataType::Boolean);
    for text in ["t", "TRUE", " yes ", "on", "1", "y"] {
        assert_eq!(boolean(text).expect(text), ScalarValue::Boolean(Some(true)));
    }
    for text in ["f", "no", "of", "0"] {
        assert_eq!(
            boolean(text).expect(text),
            ScalarValue::Boolean(Some(false))
        );
    }
    assert_eq!(sqlstate(boolean("o")), "22P02");
    let integer = |text| from_text(text, PostgresType::INT4, &DataType::Int32);
    assert_eq!(integer(" -7 ").expect("int"), ScalarValue::Int32(Some(-7)));
    assert_eq!(sqlstate(integer("7.5")), "22P02");
    assert_eq!(sqlstate(integer("3000000000")), "22003");
    let double = |text| from_text(text, PostgresType::FLOAT8, &DataType::Float64);
    assert_eq!(
        double("-Infinity").expect("double"),
        ScalarValue::Float64(Some(f64::NEG_INFINITY))
    );
    assert_eq!(sqlstate(double("1e999")), "22003");
    let bytea = |text| from_text(text, PostgresType::BYTEA, &DataType::Binary);
    let bytes = ScalarValue::Binary(Some(vec![0, 255, 92, 65]));
    assert_eq!(bytea("\\x00fF5c41").expect("hex"), bytes);
    assert_eq!(bytea("\\000\\377\\\\A").expect("escape"), bytes);
    assert_eq!(sqlstate(bytea("\\x0")), "22023");
    let uuid = |text| from_text(text, PostgresType::UUID, &DataType::Utf8);
    assert_eq!(
        uuid("{A0EEBC999C0B4EF8BB6D6BB9BD380A11}").expect("uuid"),
        ScalarValue::from("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
    );
    assert_eq!(sqlstate(uuid("zz")), "22P02");
}

#[test]
fn numbers_become_what_the_statement_wants() {
    let decimal = DataType::Decimal128(10, 2);
    let numeric = |text| from_text(text, PostgresType::NUMERIC, &decimal);
    for (text, value) in [
        ("1.5", 150),
        ("-12e-1", -120),
        ("2E3", 200_000),
        ("+.25", 25),
    ] {
        assert_eq!(
            numeric(text).expect(text),
            ScalarValue::Decimal128(Some(value), 10, 2)
        );
    }
    assert_eq!(sqlstate(numeric("1e")), "22P02");
    assert_eq!(sqlstate(numeric("")), "22P02");
    assert_eq!(sqlstate(numeric("1e2000000000")), "22003");
    let unsigned = from_hex(
        "000500040000000007341a5802e103bb064f",
        PostgresType::NUMERIC.oid,
        &DataType::UInt64,
    );
    assert_eq!(
        unsigned.expect("numeric"),
        ScalarValue::UInt64(Some(u64::MAX))
    );
    for (hex, value) in [
        ("0000000000000002", 0),
        ("0001ffff4000000201f4", -5),
        ("0002000000000002000103e8", 110),
        ("00010001000000000001", 1_000_000),
    ] {
        let parsed = from_hex(hex, PostgresType::NUMERIC.oid, &decimal);
        assert_eq!(
            parsed.expect(hex),
            ScalarValue::Decimal128(Some(value), 10, 2)
        );
    }
}

#[test]
fn dates_and_times() {
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    let moment = ScalarValue::TimestampMicrosecond(Some(1_709_251_199_500_000), None);
    let text = from_text("2024-02-29 23:59:59.5", PostgresType::TIMESTAMP, &micros);
    assert_eq!(text.expect("timestamp"), moment);
    let binary = from_hex("0002b58cd35c1ee0", PostgresType::TIMESTAMP.oid, &micros);
    assert_eq!(binary.expect("timestamp"), moment);
    let date = from_hex("00002279", PostgresType::DATE.oid, &DataType::Date32);
    assert_eq!(date.expect("date"), ScalarValue::Date32(Some(19_782)));
    let infinity = from_hex("7fffffff", PostgresType::DATE.oid, &DataType::Date32);
    assert_eq!(sqlstate(infinity), "22008");
    let interval = DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano);
    let parsed = from_hex(
        "000000036c966ee0000000030000000e",
        PostgresType::INTERVAL.oid,
        &interval,
    );
    let value = IntervalMonthDayNano::new(14, 3, 14_706_700_000_000);
    assert_eq!(
        parsed.expect("interval"),
        ScalarValue::IntervalMonthDayNano(Some(value))
    );
    let wrong = from_text("soon", PostgresType::TIMESTAMP, &micros);
    assert_eq!(sqlstate(wrong), "22007");
    let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    let bytes = Bytes::from_static(b"2024-07-01 02:00:00");
    let zone = "Europe/Berlin".parse().ok();
    let oid = PostgresType::TIMESTAMPTZ.oid;
    let value = decode(Some(&bytes), oid, Format::Text, &zoned, zone).expect("timestamptz");
    assert_eq!(
        value,
        ScalarValue::TimestampMicrosecond(Some(1_719_792_000_000_000), Some("+00:00".into()))
    );
}

#[test]
fn arrays() {
    let target = DataType::new_list(DataType::Int64, true);
    let wanted = [Some(1), None, Some(3)].map(ScalarValue::Int64);
    let wanted = ScalarValue::List(ScalarValue::new_list(&wanted, &DataType::Int64, true));
    let array_of = |element: PostgresType| element.array_oid;
    let text = Bytes::from_static(b"{1, NULL ,\"3\"}");
    let oid = array_of(PostgresType::INT4);
    let parsed = decode(Some(&text), oid, Format::Text, &target, None);
    assert_eq!(parsed.expect("text"), wanted);
    let parsed = from_hex(
        "00000001000000010000001700000003000000010000000400000001ffffffff0000000400000003",
        oid,
        &target,
    );
    assert_eq!(parsed.expect("binary"), wanted);
    let words = DataType::new_list(DataType::Utf8, true);
    let text = Bytes::from_static(b"{a b,\"x\\\"y\",\"NULL\",\"\"}");
    let oid = array_of(PostgresType::TEXT);
    let parsed = decode(Some(&text), oid, Format::Text, &words, None).expect("words");
    let wanted = ["a b", "x\"y", "NULL", ""].map(ScalarValue::from);
    let wanted = ScalarValue::List(ScalarValue::new_list(&wanted, &DataType::Utf8, true));
    assert_eq!(parsed, wanted);
    for malformed in ["{", "1,2", "{1,}", "{\"a}", "{a\"b\"}"] {
        let text = Bytes::copy_from_slice(malformed.as_bytes());
        let parsed = decode(Some(&text), oid, Format::Text, &words, None);
        assert_eq!(sqlstate(parsed), "22P02", "{malformed}");
    }
}

#[test]
fn arrays_of_two_dimensions() {
    let row = DataType::new_list(DataType::Int64, true);
    let target = DataType::new_list(row.clone(), true);
    let list = |elements: &[ScalarValue], of: &DataType| {
        ScalarValue::List(ScalarValue::new_list(elements, of, true))
    };
    let rows = [[Some(1), None], [Some(3), Some(4)]];
    let rows = rows.map(|row| list(&row.map(ScalarValue::Int64), &DataType::Int64));
    let wanted = list(&rows, &row);
    let oid = PostgresType::INT4.array_oid;
    let from_text = |text: &str, target: &DataType| {
        let text = Bytes::copy_from_slice(text.as_bytes());
        decode(Some(&text), oid, Format::Text, target, None)
    };
    assert_eq!(
        from_text("{{1,NULL},{3,4}}", &target).expect("text"),
        wanted
    );
    assert_eq!(from_text("{}", &target).expect("text"), list(&[], &row));
    let binary = "000000020000000100000017000000020000000100000002000000010000000400000001ffffffff\
                  00000004000000030000000400000004";
    let binary: String = binary.split_whitespace().collect();
    assert_eq!(from_hex(&binary, oid, &target).expect("binary"), wanted);
    let empty = from_hex("000000000000000000000017", oid, &target);
    assert_eq!(empty.expect("binary"), list(&[], &row));
    for (text, expected) in [("{{1,2},{3}}", "22P02"), ("{1,2}", "0A000")] {
        assert_eq!(sqlstate(from_text(text, &target)), expected, "{text}");
    }
    assert_eq!(sqlstate(from_hex(&binary, oid, &row)), "0A000");
    // So many elements as no bytes could have, and fewer than none.
    for lengths in [
        "7fffffff000000017fffffff00000001",
        "ffffffff0000000100000001ffffffff",
    ] {
        let binary = format!("000000020000000000000017{lengths}");
        assert!(from_hex(&binary, oid, &target).is_err(), "{lengths}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
        oid in prop::sample::select(vec![
            16_u32, 17, 20, 21, 23, 25, 26, 114, 700, 701, 1082, 1083, 1114, 1184, 1186, 1700,
            2950, 3802, 1000, 1005, 1007, 1009, 1016, 1022, 1115, 1182, 1231, 2249, 99_999,
        ]),
        is_binary in any::<bool>(),
    ) {
        let format = if is_binary { Format::Binary } else { Format::Text };
        let bytes = Bytes::from(bytes);
        let natural = crate::wire::types::parameter_type(oid).ok().flatten();
        for target in natural.into_iter().chain([DataType::Utf8, DataType::Decimal128(10, 2)]) {
            let _ = decode(Some(&bytes), oid, format, &target, None);
        }
    }

    #[test]
    fn numerics_survive_both_ways(value in any::<i64>(), scale in 0..18_i8) {
        use arrow::array::Decimal128Array;
        use arrow::datatypes::Field;
        use crate::wire::encode::{Column, Style};

        let target = DataType::Decimal128(38, scale);
        let array = Decimal128Array::from(vec![i128::from(value)])
            .with_data_type(target.clone());
        let field = Field::new("c", target.clone(), true);
        let column = Column::new(&field, &array, Style::new(None)).expect("column");
        let wanted = ScalarValue::Decimal128(Some(i128::from(value)), 38, scale);
        let oid = PostgresType::NUMERIC.oid;

        let mut out = bytes::BytesMut::new();
        column.binary_field(0, &mut out).expect("binary");
        let bytes = out.split_off(4).freeze();
        let decoded = decode(Some(&bytes), oid, Format::Binary, &target, None);
        prop_assert_eq!(decoded.expect("binary"), wanted.clone());

        let mut out = bytes::BytesMut::new();
        column.text(0, &mut out).expect("text");
        let decoded = decode(Some(&out.freeze()), oid, Format::Text, &target, None);
        prop_assert_eq!(decoded.expect("text"), wanted);
    }
}
