use arrow::array::Array;
use arrow::datatypes::{Fields, TimeUnit};
use arrow::util::display::array_value_to_string;
use proptest::prelude::*;

use super::*;
use crate::sources::input::MAX_RECORD;
use crate::sources::options::ExtraColumns;

fn schema(columns: &[(&str, DataType)]) -> SchemaRef {
    let fields = columns
        .iter()
        .map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

type Read = (Vec<Vec<Option<String>>>, Vec<i64>, Vec<BadRow>);

fn read_with(bytes: &[u8], decoder: &mut JsonDecoder, chunk: usize) -> Read {
    let (mut rows, mut lines, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    let (mut start, mut end) = (0, chunk.min(bytes.len()));
    while start < bytes.len() {
        let window = if end == bytes.len() {
            Window::Last
        } else if end - start >= MAX_RECORD {
            Window::Full
        } else {
            Window::Open
        };
        let decoded = decoder.decode(&bytes[start..end], window).unwrap();
        assert!(decoded.consumed > 0 || window == Window::Open);
        start += decoded.consumed;
        if decoded.consumed == 0 || start == end {
            end = (end + chunk).min(bytes.len());
        }
        bad.extend(decoded.bad);
        let Some(found) = decoded.rows else { continue };
        lines.extend(found.numbers.values().iter().copied());
        for row in 0..found.batch.num_rows() {
            let values = found.batch.columns().iter().map(|column| {
                column
                    .is_valid(row)
                    .then(|| array_value_to_string(column, row).unwrap())
            });
            rows.push(values.collect());
        }
    }
    (rows, lines, bad)
}

fn read(text: &str, schema: &SchemaRef) -> Read {
    let decoder = |batch_size| JsonDecoder::new(Arc::clone(schema), Differences::NONE, batch_size);
    let whole = read_with(text.as_bytes(), &mut decoder(8192), usize::MAX / 2);
    let chunked = read_with(text.as_bytes(), &mut decoder(2), 3);
    assert_eq!(whole, chunked, "chunks change what is read");
    whole
}

#[test]
fn lines_become_rows() {
    let table = schema(&[
        ("id", DataType::Int64),
        ("name", DataType::Utf8),
        ("at", DataType::Timestamp(TimeUnit::Microsecond, None)),
        (
            "address",
            DataType::Struct(Fields::from(vec![Field::new("city", DataType::Utf8, true)])),
        ),
        ("tags", DataType::new_list(DataType::Utf8, true)),
    ]);
    let text = "\u{feff}{\"id\": 1, \"name\": \"Ann\", \"at\": \"2024-01-02T03:04:05\"}\n\
        \r\n  {\"address\": {\"city\": \"Köln\"}, \"tags\": [\"a\", \"b\"], \"name\": 7}  \n\
        {}";
    let (rows, lines, bad) = read(text, &table);
    assert_eq!(bad, vec![]);
    assert_eq!(lines, [1, 3, 4]);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        rows,
        vec![
            vec![
                some("1"),
                some("Ann"),
                some("2024-01-02T03:04:05"),
                None,
                None
            ],
            vec![None, some("7"), None, some("{city: Köln}"), some("[a, b]")],
            vec![None; 5],
        ]
    );
}

#[test]
fn bad_lines_are_told_apart_from_good_ones() {
    let table = schema(&[("id", DataType::Int64), ("ok", DataType::Boolean)]);
    for (line, column, reason, sqlstate) in [
        (
            "{\"id\": \"x\"}",
            Some("id"),
            "invalid input syntax for type bigint: \"x\"",
            "22P02",
        ),
        (
            "{\"id\": 99999999999999999999}",
            Some("id"),
            "value \"1e+20\" is out of range for type bigint",
            "22003",
        ),
        (
            "{\"ok\": 3}",
            Some("ok"),
            "invalid input syntax for type boolean: \"3\"",
            "22P02",
        ),
        ("[1]", None, "expected an object, found an array", "22P04"),
        ("17", None, "expected an object, found a number", "22P04"),
        ("null", None, "expected an object, found null", "22P04"),
        (
            "{\"id\": 1",
            None,
            "invalid JSON: EOF while parsing an object at character 8",
            "22P02",
        ),
        (
            "{\"id\": 1} {\"id\": 2}",
            None,
            "invalid JSON: trailing characters at character 11",
            "22P02",
        ),
        (
            "}",
            None,
            "invalid JSON: expected value at character 1",
            "22P02",
        ),
        (
            "{\"id\": 1, \"extra\": [2]}",
            Some("extra"),
            "the table has no such column",
            "22P04",
        ),
    ] {
        let text = format!("{{\"id\": 1}}\n{{\"id\": 2}}\n{line}\n{{\"id\": 4}}\n");
        let (rows, lines, bad) = read(&text, &table);
        assert_eq!(lines, [1, 2, 4], "{line}");
        assert_eq!(rows.len(), 3);
        let [bad] = bad.as_slice() else {
            panic!("{line}: {bad:?}")
        };
        assert_eq!(bad.line, 3);
        assert_eq!(bad.column.as_deref(), column, "{line}");
        assert_eq!(bad.reason, reason);
        assert_eq!(bad.sqlstate.0, sqlstate, "{line}");
        assert_eq!(bad.record, line);
    }
}

#[test]
fn a_number_is_an_integer_only_where_it_is_whole() {
    let inner = DataType::Struct(Fields::from(vec![Field::new("n", DataType::Int32, true)]));
    let table = schema(&[("id", DataType::Int64), ("s", inner)]);
    let text = "{\"id\": 10.0}\n{\"id\": 10.75}\n{\"id\": 2e3, \"s\": {\"n\": 1.0}}\n{\"s\": {\"n\": 1.5}}\n{\"id\": 9223372036854775807}\n{\"id\": 1e30}\n";
    let (rows, lines, bad) = read(text, &table);
    assert_eq!(lines, [1, 3, 5]);
    let ids: Vec<_> = rows.iter().map(|row| row[0].as_deref().unwrap()).collect();
    assert_eq!(ids, ["10", "2000", "9223372036854775807"]);
    let reasons: Vec<_> = bad.iter().map(|bad| bad.reason.as_str()).collect();
    assert_eq!(reasons[0], "value \"10.75\" cannot be kept in type bigint");
    assert_eq!(
        reasons[2],
        "value \"1e+30\" is out of range for type bigint"
    );
    assert_eq!(bad[1].column.as_deref(), Some("s"));
}

#[test]
fn keys_beyond_the_table_can_be_ignored_and_are_told_once() {
    let inner = DataType::Struct(Fields::from(vec![Field::new("a", DataType::Int64, true)]));
    let table = schema(&[("id", DataType::Int64), ("s", inner)]);
    let left_out = Differences {
        extra: ExtraColumns::Ignore,
        ..Differences::NONE
    };
    let mut decoder = JsonDecoder::new(table, left_out, 10);
    let text = b"{\"id\": 1, \"extra\": {\"a\": 2}}\n{\"id\": \"x\"}\n{\"s\": {\"a\": 3, \"b\": 4}, \"extra\": 5}\n";
    let decoded = decoder.decode(text, Window::Last).unwrap();
    assert_eq!(decoded.rows.unwrap().batch.num_rows(), 2);
    assert_eq!(decoded.bad.len(), 1);
    let told = |path: &str| Remark::LeftOut(path.to_owned(), ExtraColumns::Ignore);
    assert_eq!(decoded.remarks, [told("extra"), told("s.b")]);
    let decoded = decoder.decode(text, Window::Last).unwrap();
    assert_eq!(decoded.remarks, []);
}

#[test]
fn bytes_that_are_not_utf8_are_a_bad_line() {
    let table = schema(&[("a", DataType::Utf8)]);
    let mut decoder = JsonDecoder::new(table, Differences::NONE, 10);
    let (rows, lines, bad) = read_with(
        b"{\"a\":\"x\"}\n{\"a\":\"\xff\"}\n{\"a\":\"y\"}\n",
        &mut decoder,
        99,
    );
    assert_eq!((rows.len(), lines), (2, vec![1, 3]));
    assert_eq!(bad[0].sqlstate, SqlState::CHARACTER_NOT_IN_REPERTOIRE);
}

#[test]
fn a_line_beyond_the_limit_is_bad() {
    let table = schema(&[("a", DataType::Utf8)]);
    let mut text = b"{\"a\":\"".to_vec();
    text.resize(MAX_RECORD * 2, b'x');
    text.extend_from_slice(b"\"}\n{\"a\":\"y\"}\n");
    let mut decoder = JsonDecoder::new(table, Differences::NONE, 10);
    let (rows, lines, bad) = read_with(&text, &mut decoder, 1 << 20);
    assert_eq!((rows.len(), lines), (1, vec![2]));
    assert_eq!((bad.len(), bad[0].line), (1, 1));
}

fn infer(text: &str) -> Option<SchemaRef> {
    let mut sampler = JsonSampler::new(100);
    let mut position = 0;
    while position < text.len() {
        position += sampler
            .decode(&text.as_bytes()[position..], Window::Last)
            .unwrap()
            .consumed;
    }
    sampler.schema()
}

#[test]
fn columns_are_inferred_in_the_order_they_appear() {
    let text = r#"{"z": 1, "a": "0123", "n": null, "at": "2024-01-02T03:04:05Z"}
        {"z": 1.5, "o": {"x": true, "y": [1, 2]}, "m": 1, "at": null}
        not json
        {"o": {"w": "s", "y": [2.5]}, "m": "x", "e": {}, "l": []}"#;
    let schema = infer(text).unwrap();
    let columns: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| format!("{} {}", field.name(), type_name(field.data_type())))
        .collect();
    assert_eq!(
        columns,
        [
            "z double precision",
            "a text",
            "n text",
            "at timestamp with time zone",
            "o record",
            "m text",
            "e text",
            "l text[]",
        ]
    );
    let DataType::Struct(fields) = schema.field(4).data_type() else {
        panic!("not a struct")
    };
    let inner: Vec<_> = fields
        .iter()
        .map(|field| format!("{} {}", field.name(), type_name(field.data_type())))
        .collect();
    assert_eq!(inner, ["x boolean", "y double precision[]", "w text"]);
    assert!(infer("[1]\n").is_none());
}

#[test]
fn objects_with_data_for_keys_are_refused() {
    let keys: Vec<_> = (0..=MAX_FIELDS)
        .map(|key| format!("\"k{key}\": 1"))
        .collect();
    let mut sampler = JsonSampler::new(10);
    let text = format!("{{{}}}", keys.join(","));
    let error = sampler.decode(text.as_bytes(), Window::Last).unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::PROGRAM_LIMIT_EXCEEDED);
}

proptest! {
    #[test]
    fn no_bytes_panic_and_no_line_vanishes(
        lines in prop::collection::vec(
            prop::sample::select(vec![
                "{\"a\": 1}", "{\"a\": \"x\"}", "{\"a\":", "}", "{}", "[{}]", "\"", "{\"a\": \"", "1", "{\"b\": 1}",
                "{\"a\": {\"b\": 1}", "{\"a\":1}{\"a\":2}", "", "  ", "\u{0}", "{\"a\": 1e400}", "\\u12",
            ]),
            0..30,
        ),
        chunk in 1usize..30,
        batch_size in 1usize..9,
    ) {
        let table = schema(&[("a", DataType::Int64)]);
        let text = lines.join("\n");
        let mut decoder = JsonDecoder::new(Arc::clone(&table), Differences::NONE, batch_size);
        let (_, good, bad) = read_with(text.as_bytes(), &mut decoder, chunk);
        let good: Vec<_> = good.into_iter().map(|line| usize::try_from(line).unwrap()).collect();
        let bad: Vec<_> = bad.iter().map(|bad| usize::try_from(bad.line).unwrap()).collect();
        for (index, line) in lines.iter().enumerate() {
            let is_good = matches!(*line, "{\"a\": 1}" | "{}");
            let is_blank = line.trim().is_empty();
            prop_assert_eq!(good.contains(&(index + 1)), is_good, "{}", line);
            prop_assert_eq!(bad.contains(&(index + 1)), !is_good && !is_blank, "{}", line);
        }
    }
}
