use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, TimeUnit};
use arrow::util::display::array_value_to_string;
use proptest::prelude::*;

use super::*;
use crate::error::SqlState;
use crate::sources::input::MAX_RECORD;

fn schema(columns: &[(&str, DataType)]) -> SchemaRef {
    let fields = columns
        .iter()
        .map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn texts(names: &[&str]) -> SchemaRef {
    let columns: Vec<_> = names.iter().map(|name| (*name, DataType::Utf8)).collect();
    schema(&columns)
}

type Read = (Vec<Vec<Option<String>>>, Vec<i64>, Vec<BadRow>);

/// Decodes `bytes` as they would come in chunks of `chunk` bytes.
fn try_read(
    bytes: &[u8],
    schema: &SchemaRef,
    options: &CsvOptions,
    chunk: usize,
    batch_size: usize,
) -> Result<Read> {
    let mut decoder = CsvDecoder::new(options, Arc::clone(schema), Differences::NONE, batch_size);
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
        let decoded = decoder.decode(&bytes[start..end], window)?;
        assert!(decoded.consumed > 0 || window == Window::Open);
        start += decoded.consumed;
        if decoded.consumed == 0 || start == end {
            end = (end + chunk).min(bytes.len());
        }
        bad.extend(decoded.bad);
        let Some(found) = decoded.rows else { continue };
        assert!(found.batch.num_rows() <= batch_size);
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
    Ok((rows, lines, bad))
}

fn read(text: &str, schema: &SchemaRef, options: &CsvOptions) -> Read {
    let whole = try_read(text.as_bytes(), schema, options, usize::MAX / 2, 8192).unwrap();
    let bytewise = try_read(text.as_bytes(), schema, options, 1, 2).unwrap();
    assert_eq!(whole, bytewise, "chunks change what is read");
    whole
}

fn some(values: &[&str]) -> Vec<Option<String>> {
    values
        .iter()
        .map(|value| Some((*value).to_owned()))
        .collect()
}

#[test]
fn records_are_split_as_rfc_4180_says() {
    let table = texts(&["a", "b"]);
    let options = CsvOptions::default();
    for (text, expected) in [
        ("a,b\n1,2\n", vec![["1", "2"]]),
        ("a,b\r\n1,2\r\n", vec![["1", "2"]]),
        ("a,b\n1,2", vec![["1", "2"]]),
        ("\u{feff}a,b\n1,2", vec![["1", "2"]]),
        ("a,b\n\"1\",\"2\"", vec![["1", "2"]]),
        (
            "a,b\n\"1,5\",\"x\ny\"\n3,4\n",
            vec![["1,5", "x\ny"], ["3", "4"]],
        ),
        ("a,b\n\"a \"\"b\"\"\",\"\"\"\"\n", vec![["a \"b\"", "\""]]),
        ("a,b\n5\" pipe,x\"y\"\n", vec![["5\" pipe", "x\"y\""]]),
        ("a,b\n\n1,2\n\r\n3,4\n\n", vec![["1", "2"], ["3", "4"]]),
        ("a,b\n\"1\" ,\"2\"\t\n", vec![["1", "2"]]),
        ("a,b\n 1 , 2 \n", vec![[" 1 ", " 2 "]]),
        (" a , b\n1,2\n", vec![["1", "2"]]),
        ("b,a\n2,1\n", vec![["1", "2"]]),
        ("A,B\n1,2\n", vec![["1", "2"]]),
        ("a,b\n", vec![]),
        ("", vec![]),
        ("\u{feff}", vec![]),
        ("\n\n", vec![]),
    ] {
        let (rows, _, bad) = read(text, &table, &options);
        let expected: Vec<_> = expected.iter().map(|row| some(row)).collect();
        assert_eq!(rows, expected, "{text:?}");
        assert_eq!(bad, vec![], "{text:?}");
    }
}

#[test]
fn null_is_what_copy_takes_for_null() {
    let table = texts(&["a", "b"]);
    let options = CsvOptions::default();
    let (rows, _, _) = read("a,b\n,\"\"\n", &table, &options);
    assert_eq!(rows, vec![vec![None, Some(String::new())]]);

    let forced = CsvOptions {
        force_null: true,
        ..CsvOptions::default()
    };
    assert_eq!(
        read("a,b\n,\"\"\n", &table, &forced).0,
        vec![vec![None, None]]
    );

    let null = CsvOptions {
        null_value: "NA".to_owned(),
        ..CsvOptions::default()
    };
    let (rows, _, _) = read("a,b\nNA,\"NA\"\n,x\n", &table, &null);
    assert_eq!(
        rows,
        vec![
            vec![None, Some("NA".to_owned())],
            vec![Some(String::new()), Some("x".to_owned())],
        ]
    );
}

#[test]
fn options_change_the_grammar() {
    let table = texts(&["a", "b"]);
    let default = CsvOptions::default;
    for (options, text, expected) in [
        (
            CsvOptions {
                delimiter: b';',
                ..default()
            },
            "a;b\n1,5;2\n",
            vec![["1,5", "2"]],
        ),
        (
            CsvOptions {
                delimiter: b'\t',
                ..default()
            },
            "a\tb\n1\t\"2\"\n",
            vec![["1", "2"]],
        ),
        (
            CsvOptions {
                quote: Some(b'\''),
                ..default()
            },
            "a,b\n'x,y','it''s'\n",
            vec![["x,y", "it's"]],
        ),
        (
            CsvOptions {
                quote: None,
                ..default()
            },
            "a,b\n\"x,y\"\n",
            vec![["\"x", "y\""]],
        ),
        (
            CsvOptions {
                escape: Some(b'\\'),
                ..default()
            },
            "a,b\n\"x\\\"y\",\"c:\\dir\\\\\"\n\"p\"\"q\",r\\s\n",
            vec![["x\"y", "c:\\dir\\"], ["p\"q", "r\\s"]],
        ),
        (
            CsvOptions {
                comment: Some(b'#'),
                ..default()
            },
            "# made by hand\na,b\n#1,2\n3,#4\n# end",
            vec![["3", "#4"]],
        ),
        (
            CsvOptions {
                trim: true,
                ..default()
            },
            "a,b\n x ,  \" y,z \" \n",
            vec![["x", "y,z"]],
        ),
        (
            CsvOptions {
                header: false,
                ..default()
            },
            "a,b\n1,2\n",
            vec![["a", "b"], ["1", "2"]],
        ),
    ] {
        let (rows, _, bad) = read(text, &table, &options);
        let expected: Vec<_> = expected.iter().map(|row| some(row)).collect();
        assert_eq!(rows, expected, "{text:?}");
        assert_eq!(bad, vec![], "{text:?}");
    }
}

#[test]
fn bad_values_name_line_column_and_value() {
    let table = schema(&[
        ("id", DataType::Int64),
        ("small", DataType::Int16),
        ("total", DataType::Float64),
        ("active", DataType::Boolean),
        ("born", DataType::Date32),
        ("seen", DataType::Timestamp(TimeUnit::Microsecond, None)),
        ("price", DataType::Decimal128(6, 2)),
    ]);
    let header = "id,small,total,active,born,seen,price\n";
    let good = "1,2,3.5,yes,2024-02-29,2024-02-29 10:11:12.5,12.34";
    for (place, value, reason, sqlstate) in [
        (
            0,
            "x",
            "invalid input syntax for type bigint: \"x\"",
            "22P02",
        ),
        (
            0,
            "1.5",
            "invalid input syntax for type bigint: \"1.5\"",
            "22P02",
        ),
        (
            0,
            "9223372036854775808",
            "value \"9223372036854775808\" is out of range for type bigint",
            "22003",
        ),
        (
            1,
            "40000",
            "value \"40000\" is out of range for type smallint",
            "22003",
        ),
        (
            2,
            "\"12,50\"",
            "invalid input syntax for type double precision: \"12,50\"",
            "22P02",
        ),
        (
            2,
            "1e999",
            "value \"1e999\" is out of range for type double precision",
            "22003",
        ),
        (
            2,
            "\"\"",
            "invalid input syntax for type double precision: \"\"",
            "22P02",
        ),
        (
            3,
            "maybe",
            "invalid input syntax for type boolean: \"maybe\"",
            "22P02",
        ),
        (
            4,
            "2023-02-29",
            "date/time field value out of range: \"2023-02-29\"",
            "22008",
        ),
        (
            4,
            "29.02.2024",
            "invalid input syntax for type date: \"29.02.2024\"",
            "22P02",
        ),
        (
            5,
            "yesterday",
            "invalid input syntax for type timestamp: \"yesterday\"",
            "22P02",
        ),
        (
            6,
            "12345.00",
            "value \"12345.00\" is out of range for type numeric(6,2)",
            "22003",
        ),
        (
            6,
            "1.2.3",
            "invalid input syntax for type numeric(6,2): \"1.2.3\"",
            "22P02",
        ),
    ] {
        let mut fields: Vec<_> = good.split(',').collect();
        fields[place] = value;
        let text = format!("{header}{good}\n{}\n{good}\n", fields.join(","));
        let (rows, lines, bad) = read(&text, &table, &CsvOptions::default());
        assert_eq!(lines, [2, 4], "{value}");
        assert_eq!(rows[0], rows[1]);
        let [bad] = bad.as_slice() else {
            panic!("{value}: {bad:?}")
        };
        assert_eq!(bad.line, 3);
        assert_eq!(
            bad.column.as_deref(),
            Some(table.field(place).name().as_str())
        );
        assert_eq!(bad.value.as_deref(), Some(value.trim_matches('"')));
        assert_eq!(bad.reason, reason);
        assert_eq!(bad.sqlstate.0, sqlstate);
        assert_eq!(bad.record, fields.join(","));
    }
}

#[test]
fn the_first_faulty_column_is_the_one_named() {
    let table = schema(&[("a", DataType::Int64), ("b", DataType::Int64)]);
    let (_, _, bad) = read("b,a\nx,y\n", &table, &CsvOptions::default());
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].column.as_deref(), Some("a"));
}

#[test]
fn lines_count_from_where_a_record_begins() {
    let table = texts(&["a", "b"]);
    let text = "a,b\n1,\"x\ny\nz\"\n\n2,3\nonly\n4,5\n";
    let (_, lines, bad) = read(text, &table, &CsvOptions::default());
    assert_eq!(lines, [2, 6, 8]);
    assert_eq!(bad[0].line, 7);
    assert_eq!(bad[0].reason, "expected 2 fields, found 1");
    assert_eq!(bad[0].sqlstate.0, "22P04");
}

#[test]
fn a_stray_quote_costs_one_line() {
    let table = texts(&["a", "b"]);
    for (text, reason) in [
        ("a,b\n1,2\n\"3,4\n5,6\n", "unterminated quoted value"),
        (
            "a,b\n1,2\n\"3\"x,4\n5,6\n",
            "unexpected text after a quoted value",
        ),
        (
            "a,b\n1,2\n3,\"4\n5,\"6\n",
            "unexpected text after a quoted value",
        ),
    ] {
        let (rows, lines, bad) = read(text, &table, &CsvOptions::default());
        assert_eq!(lines[0], 2, "{text:?}");
        assert_eq!(rows[0], some(&["1", "2"]));
        assert_eq!(bad[0].line, 3, "{text:?}");
        assert_eq!(bad[0].reason, reason, "{text:?}");
        assert_eq!(rows.len() + bad.len(), 3, "{text:?}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_a_bad_value() {
    let table = texts(&["a"]);
    let (rows, _, bad) = try_read(
        b"a\nx\n\xff\xfe\ny\n",
        &table,
        &CsvOptions::default(),
        usize::MAX / 2,
        10,
    )
    .unwrap();
    assert_eq!(rows, vec![some(&["x"]), some(&["y"])]);
    assert_eq!(bad[0].sqlstate, SqlState::CHARACTER_NOT_IN_REPERTOIRE);
    assert_eq!(bad[0].line, 3);
    let error = try_read(b"\xff\xfea\0", &table, &CsvOptions::default(), 99, 10).unwrap_err();
    assert_eq!(error.message(), "the file is encoded in UTF-16");
}

#[test]
fn null_in_a_not_null_column_is_a_bad_row() {
    let table = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, false)]));
    let options = CsvOptions {
        null_value: "-".to_owned(),
        ..CsvOptions::default()
    };
    let (rows, _, bad) = read("a\n1\n-\n2\n", &table, &options);
    assert_eq!(rows, vec![some(&["1"]), some(&["2"])]);
    assert_eq!(bad[0].sqlstate, SqlState::NOT_NULL_VIOLATION);
}

#[test]
fn headers_that_do_not_fit_fail_the_file() {
    let options = CsvOptions::default();
    for (text, sqlstate, message, hint) in [
        (
            "id,e_mail\n",
            "42703",
            "the file has no column \"email\"",
            "Perhaps you meant the column \"e_mail\". The option on_missing_columns 'null' reads NULL \
             for it.",
        ),
        (
            "id,email,age\n",
            "22P04",
            "the file has a column \"age\" that the table lacks",
            "Declare the column, or set the option on_extra_columns 'ignore' to leave it out.",
        ),
        (
            "id,email,id\n",
            "42701",
            "the header names \"id\" twice, as columns 1 and 3",
            "Rename one of them, or read the file with the option header 'false' and declared \
             columns.",
        ),
        (
            "id,EMAIL,Email\n",
            "42702",
            "column \"email\" fits the file's columns \"EMAIL\" and \"Email\"",
            "Write the column's name in double quotes, as the file has it.",
        ),
    ] {
        let table = texts(&["id", "email"]);
        let error = try_read(text.as_bytes(), &table, &options, 999, 10).unwrap_err();
        assert_eq!(error.sqlstate().0, sqlstate, "{text}");
        assert_eq!(error.message(), message);
        assert_eq!(error.hint(), Some(hint));
    }
}

#[test]
fn a_record_beyond_the_limit_is_a_bad_row() {
    let table = texts(&["a", "b"]);
    let mut text = b"a,b\n1,\"".to_vec();
    text.resize(MAX_RECORD * 2, b'x');
    text.extend_from_slice(b"\n2,3\n");
    let (rows, lines, bad) = try_read(&text, &table, &CsvOptions::default(), 1 << 20, 10).unwrap();
    assert_eq!(rows, vec![some(&["2", "3"])]);
    assert_eq!(lines, [3]);
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].line, 2);
    assert!(bad[0].record.len() <= 8192);
}

#[test]
fn columns_are_inferred_from_a_sample() {
    let options = CsvOptions::default();
    let mut sampler = CsvSampler::new(&options, 3);
    let text =
        b"id, zip ,amount,,day\n1,01234,1,,2024-01-01\n2,99,\"2.5\",,\n3,,,,2024-01-02\nx,y,z,,\n";
    let mut position = 0;
    while !sampler.is_done() {
        position += sampler
            .decode(&text[position..], Window::Last)
            .unwrap()
            .consumed;
    }
    let columns = sampler.columns().unwrap();
    let expected = [
        ("id", Inferred::BigInt),
        ("zip", Inferred::Text),
        ("amount", Inferred::Double),
        ("column_4", Inferred::Null),
        ("day", Inferred::Date),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, inferred)| ((*name).to_owned(), *inferred))
        .collect();
    assert_eq!(columns, expected);
}

/// Writes a value, quoted where it must be or the coin says so.
fn write_value(value: Option<&str>, coin: bool) -> String {
    match value {
        None => String::new(),
        Some(text) => {
            let must = text.is_empty() || text.contains(['"', ',', '\n', '\r']);
            if must || coin {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        }
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(
        table in prop::collection::vec(
            prop::collection::vec((prop::option::of("[a-c,\"\n\r é]{0,6}"), any::<bool>()), 3),
            0..20,
        ),
        line_break in prop::sample::select(vec!["\n", "\r\n"]),
        chunk in 1usize..40,
        batch_size in 1usize..8,
    ) {
        let names = texts(&["x", "y", "z"]);
        let mut text = format!("x,y,z{line_break}");
        for row in &table {
            let values: Vec<_> = row
                .iter()
                .map(|(value, coin)| write_value(value.as_deref(), *coin))
                .collect();
            text.push_str(&values.join(","));
            text.push_str(line_break);
        }
        let read = try_read(text.as_bytes(), &names, &CsvOptions::default(), chunk, batch_size);
        let (rows, _, bad) = read.unwrap();
        let written: Vec<Vec<_>> = table
            .into_iter()
            .map(|row| row.into_iter().map(|(value, _)| value).collect())
            .collect();
        prop_assert_eq!(bad, vec![]);
        prop_assert_eq!(rows, written);
    }

    #[test]
    fn no_bytes_panic_and_chunks_change_nothing(
        text in prop::collection::vec(prop::sample::select(b"ab1-,,\"\"\n\n\r \\#\xc3\xa9".to_vec()), 0..80),
        chunk in 1usize..20,
        trim in any::<bool>(),
        escape in prop::sample::select(vec![None, Some(b'\\')]),
        comment in prop::sample::select(vec![None, Some(b'#')]),
    ) {
        let table = schema(&[("a", DataType::Utf8), ("b", DataType::Int64)]);
        let mut bytes = b"a,b\n".to_vec();
        bytes.extend_from_slice(&text);
        let options = CsvOptions { trim, escape, comment, ..CsvOptions::default() };
        let whole = try_read(&bytes, &table, &options, usize::MAX / 2, 8192).unwrap();
        let chunked = try_read(&bytes, &table, &options, chunk, 3).unwrap();
        prop_assert_eq!(&whole, &chunked);
        // Nothing vanishes: each line that is no comment and not blank is in a row or rejected.
        let (_, lines, bad) = whole;
        let mut seen: Vec<i64> = lines.iter().copied().chain(bad.iter().map(|bad| bad.line)).collect();
        seen.sort_unstable();
        prop_assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

#[test]
fn numbers_are_read_exactly() {
    let table = schema(&[("a", DataType::Int64)]);
    let mut decoder = CsvDecoder::new(&CsvOptions::default(), table, Differences::NONE, 10);
    let text = b"a\n-9223372036854775808\n 7 \n";
    let header = decoder.decode(text, Window::Last).unwrap().consumed;
    let rows = decoder
        .decode(&text[header..], Window::Last)
        .unwrap()
        .rows
        .unwrap();
    let values = rows.batch.column(0).as_primitive::<Int64Type>();
    assert_eq!(values.values(), &[i64::MIN, 7]);
}
