use proptest::prelude::*;

use super::*;
use crate::error::SqlState;
use crate::sql::copy::{Forced, Header, Quoting};

fn text() -> CopyFormat {
    CopyFormat::Text {
        delimiter: b'\t',
        null: "\\N".to_owned(),
        header: Header::None,
    }
}

fn csv() -> CopyFormat {
    CopyFormat::Csv {
        delimiter: b',',
        null: String::new(),
        header: Header::Line,
        quote: b'"',
        escape: b'"',
        forced: Forced::default(),
    }
}

fn decode(format: CopyFormat, bytes: &[u8], piece: usize) -> Result<Vec<CopyFields>> {
    let columns = vec!["a".to_owned(), "b".to_owned()];
    let mut decoder = CopyDecoder::new(format, "t", columns);
    let mut rows = Vec::new();
    for bytes in bytes.chunks(piece) {
        rows.extend(decoder.push(bytes)?);
    }
    rows.extend(decoder.finish()?);
    Ok(rows.into_iter().map(|row| row.fields).collect())
}

fn row(a: Option<&str>, b: Option<&str>) -> CopyFields {
    let field = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    vec![a.map(field), b.map(field)]
}

#[test]
fn text_is_unescaped_and_ends_at_its_mark() {
    let bytes = b"1\ta\\tb\\\\\n\\N\t\\x41\\101\\\nz\n\t\\.\n\\.\nignored\n";
    for piece in 1..bytes.len() {
        let rows = decode(text(), bytes, piece).expect("rows");
        assert_eq!(
            rows,
            [
                row(Some("1"), Some("a\tb\\")),
                row(None, Some("AA\nz")),
                row(Some(""), Some(".")),
            ]
        );
    }
}

#[test]
fn csv_keeps_lines_within_quotes_and_tells_null_from_empty() {
    let bytes = b"a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n,\"\"\r\nlast,one";
    for piece in 1..bytes.len() {
        let rows = decode(csv(), bytes, piece).expect("rows");
        assert_eq!(
            rows,
            [
                row(Some("1"), Some("x, \"y\"\nz")),
                row(None, Some("")),
                row(Some("last"), Some("one")),
            ]
        );
    }
}

#[test]
fn columns_may_have_null_in_quotes_or_nowhere() {
    let forced = |not_null: &[&str], null: &[&str]| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        CopyFormat::Csv {
            delimiter: b',',
            null: "-".to_owned(),
            header: Header::None,
            quote: b'"',
            escape: b'"',
            forced: Forced {
                quote: Quoting::default(),
                not_null: names(not_null),
                null: names(null),
            },
        }
    };
    let bytes = b"-,\"-\"\n\"-\",-\nx,\n";
    let dash = Some("-");
    let last = row(Some("x"), Some(""));
    for (not_null, null, rows) in [
        (
            &[] as &[&str],
            &[] as &[&str],
            [row(None, dash), row(dash, None)],
        ),
        (&["a"], &[], [row(dash, dash), row(dash, None)]),
        (&[], &["a", "b"], [row(None, None), row(None, None)]),
        (&["a", "b"], &["a"], [row(dash, dash), row(None, dash)]),
    ] {
        for piece in 1..bytes.len() {
            let decoded = decode(forced(not_null, null), bytes, piece).expect("rows");
            let wanted = [rows.as_slice(), std::slice::from_ref(&last)].concat();
            assert_eq!(decoded, wanted, "{not_null:?}, {null:?}");
        }
    }
}

#[test]
fn a_header_that_must_match_names_the_columns() {
    let text = || CopyFormat::Text {
        delimiter: b'\t',
        null: "\\N".to_owned(),
        header: Header::Match,
    };
    for bytes in [
        &b"a\tb\n1\t2\n"[..],
        b"a\tb\n1\t2",
        b"\\a\t\\x62\r1\t2\r\\.\r",
    ] {
        for piece in 1..=bytes.len() {
            let rows = decode(text(), bytes, piece).expect("rows");
            assert_eq!(rows, [row(Some("1"), Some("2"))]);
        }
    }
    assert_eq!(
        decode(text(), b"a\tb", 1).expect("no rows"),
        [] as [CopyFields; 0]
    );
    for (bytes, message) in [
        (
            &b"a\tB\n1\t2\n"[..],
            "column name mismatch in header line field 2: got \"B\", expected \"b\"",
        ),
        (
            b"\\N\tb",
            "column name mismatch in header line field 1: got null value (\"\\N\"), expected \"a\"",
        ),
        (
            b"a\n",
            "wrong number of fields in header line: got 1, expected 2",
        ),
        (
            b"a\tb\tc\n",
            "wrong number of fields in header line: got 3, expected 2",
        ),
        (
            b"",
            "wrong number of fields in header line: got 1, expected 2",
        ),
        (
            b"\\.\n",
            "wrong number of fields in header line: got 1, expected 2",
        ),
        (
            b"\\.",
            "wrong number of fields in header line: got 1, expected 2",
        ),
    ] {
        for piece in 1..=bytes.len().max(1) {
            let error = decode(text(), bytes, piece).expect_err(message);
            assert_eq!(error.sqlstate(), SqlState::BAD_COPY_FILE_FORMAT);
            assert_eq!(error.message(), message);
        }
    }
}

#[test]
fn an_error_names_table_and_line() {
    let message = |format, bytes: &[u8]| {
        let error = decode(format, bytes, 3).expect_err("error");
        assert_eq!(error.sqlstate(), SqlState::BAD_COPY_FILE_FORMAT);
        format!("{}: {}", error.context().unwrap(), error.message())
    };
    assert_eq!(
        message(text(), b"1\t2\n3\t4\n5\t6\t7\n"),
        "COPY t, line 3: \"5\t6\t7\": extra data after last expected column"
    );
    assert_eq!(
        message(csv(), b"a,b\n1,\"2\n\"\n3\n"),
        "COPY t, line 4: \"3\": missing data for column \"b\""
    );
    assert_eq!(
        message(csv(), b"a,b\n1,\"2\n"),
        "COPY t, line 2: \"1,\"2\n\": unterminated CSV quoted field"
    );
}

#[test]
fn lines_end_as_the_first_one_does() {
    let rows = [row(Some("1"), Some("x")), row(Some("2"), Some("y"))];
    for end in ["\n", "\r", "\r\n"] {
        for last in [end, ""] {
            for (format, data) in [
                (text(), format!("1\tx{end}2\ty{last}")),
                (csv(), format!("a,b{end}1,x{end}2,y{last}")),
                (text(), format!("1\tx{end}2\ty{end}\\.{end}3\tz{end}")),
            ] {
                for piece in 1..data.len() {
                    let decoded = decode(format.clone(), data.as_bytes(), piece).expect("rows");
                    assert_eq!(decoded, rows, "{data:?} in pieces of {piece}");
                }
            }
        }
    }
}

#[test]
fn other_line_ends_are_refused() {
    let refused = |format: CopyFormat, bytes: &[u8]| {
        let mut told = (1..=bytes.len()).map(|piece| {
            let error = decode(format.clone(), bytes, piece).expect_err("mixed");
            assert_eq!(error.sqlstate(), SqlState::BAD_COPY_FILE_FORMAT);
            let (context, hint) = (error.context(), error.hint());
            let hint = hint.unwrap_or_default();
            format!("{}: {}; {hint}", context.unwrap(), error.message())
        });
        let first = told.next().unwrap();
        assert!(told.all(|other| other == first));
        first
    };
    for (bytes, wanted) in [
        (
            &b"1\t2\n3\t4\r\n"[..],
            "COPY t, line 2: literal carriage return found in data; \
             Use \"\\r\" to represent carriage return.",
        ),
        (
            b"1\t2\r\n3\t4\r5\t6",
            "COPY t, line 2: literal carriage return found in data; \
             Use \"\\r\" to represent carriage return.",
        ),
        (
            b"1\t2\r3\t4\n",
            "COPY t, line 2: literal newline found in data; Use \"\\n\" to represent newline.",
        ),
        (
            b"1\t2\n\\.\r\n",
            "COPY t, line 2: end-of-copy marker does not match previous newline style; ",
        ),
    ] {
        assert_eq!(refused(text(), bytes), wanted);
    }
    assert_eq!(
        refused(csv(), b"a,b\n1,\"x\r\"\n3,4\r\n"),
        "COPY t, line 3: unquoted carriage return found in data; \
         Use quoted CSV field to represent carriage return."
    );
    assert_eq!(
        refused(csv(), b"a,b\r1,2\n"),
        "COPY t, line 2: unquoted newline found in data; \
         Use quoted CSV field to represent newline."
    );
}

#[test]
fn texts_have_no_zero_bytes() {
    for (format, bytes) in [
        (text(), &b"1\t2\na\\0b\t\n"[..]),
        (text(), b"1\t2\n\\x00\t\n"),
        (text(), b"1\t2\n\0\t\n"),
        (csv(), b"a,b\na\0b,\n"),
    ] {
        let error = decode(format, bytes, 4).expect_err("zero");
        assert_eq!(error.sqlstate(), SqlState::CHARACTER_NOT_IN_REPERTOIRE);
        assert_eq!(
            error.message(),
            "invalid byte sequence for encoding \"UTF8\": 0x00"
        );
        assert_eq!(error.context(), Some("COPY t, line 2"));
    }
}

proptest! {
    #[test]
    fn pieces_do_not_matter(bytes in "[ab,\"\\\\\t\n\r.N]{0,60}", piece in 1..9_usize) {
        for format in [text(), csv()] {
            let whole = decode(format.clone(), bytes.as_bytes(), bytes.len().max(1));
            let cut = decode(format, bytes.as_bytes(), piece);
            prop_assert_eq!(
                whole.map_err(|error| format!("{error:?}")),
                cut.map_err(|error| format!("{error:?}"))
            );
        }
    }
}

/// The header of the binary format, then what the rows are given by.
fn binary(rows: &[u8]) -> Vec<u8> {
    [b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\x02xy", rows].concat()
}

const TWO_ROWS: &[u8] = b"\0\x02\0\0\0\x01a\xff\xff\xff\xff\0\x02\0\0\0\0\0\0\0\x02bc\xff\xff";

#[test]
fn binary_rows_end_where_their_lengths_say() {
    let bytes = binary(TWO_ROWS);
    for piece in 1..=bytes.len() {
        let rows = decode(CopyFormat::Binary, &bytes, piece).expect("rows");
        assert_eq!(
            rows,
            [row(Some("a"), None), row(Some(""), Some("bc"))],
            "in pieces of {piece}"
        );
    }
}

#[test]
fn binary_data_that_is_none_is_refused() {
    let bytes = binary(TWO_ROWS);
    for (bytes, message) in [
        (b"1\tone\n".to_vec(), "COPY file signature not recognized"),
        (Vec::new(), "COPY file signature not recognized"),
        (binary(b"\0\x03"), "row field count is 3, expected 2"),
        (
            bytes[..bytes.len() - 4].to_vec(),
            "unexpected EOF in COPY data",
        ),
        (
            [bytes.as_slice(), b"\0"].concat(),
            "received copy data after EOF marker",
        ),
        (binary(b"\0\x02\xff\xff\xff\xfe"), "invalid field size"),
        (
            b"PGCOPY\n\xff\r\n\0\0\x01\0\0\0\0\0\0".to_vec(),
            "unrecognized critical flags in COPY file header",
        ),
    ] {
        let error = decode(CopyFormat::Binary, &bytes, 5).expect_err(message);
        assert_eq!(error.message(), message);
        assert_eq!(error.sqlstate(), SqlState::BAD_COPY_FILE_FORMAT);
    }
    let error = decode(CopyFormat::Binary, &binary(b"\0\x02\x7f\xff\xff\xff"), 5);
    let error = error.expect_err("a row of two gigabytes");
    assert_eq!(error.sqlstate(), SqlState::PROGRAM_LIMIT_EXCEEDED);
}

proptest! {
    #[test]
    fn binary_data_of_any_bytes_does_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), piece in 1..50_usize) {
        let _ = decode(CopyFormat::Binary, &binary(&bytes), piece);
        let _ = decode(CopyFormat::Binary, &bytes, piece);
    }
}
