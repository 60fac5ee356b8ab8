//! Rows of COPY in each format, however their bytes are cut into pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary::sql::copy::{CopyFormat, Forced, Header};
use tributary::wire::{CopyDecoder, CopyRow};

fn format(choice: u8) -> CopyFormat {
    let header = match choice & 20 {
        0 => Header::None,
        4 => Header::Line,
        _ => Header::Match,
    };
    match choice % 3 {
        0 => CopyFormat::Text {
            delimiter: b'\t',
            null: "\\N".to_owned(),
            header,
        },
        1 => CopyFormat::Csv {
            delimiter: b',',
            null: String::new(),
            header,
            quote: b'"',
            escape: if choice & 8 == 0 { b'"' } else { b'\\' },
            forced: match choice & 32 {
                0 => Forced::default(),
                _ => Forced {
                    not_null: vec!["a".to_owned()],
                    null: vec!["b".to_owned()],
                    ..Forced::default()
                },
            },
        },
        _ => CopyFormat::Binary,
    }
}

/// The rows, up to what is wrong.
fn rows(choice: u8, bytes: &[u8], piece: usize) -> (Vec<CopyRow>, Option<String>) {
    let columns = vec!["a".to_owned(), "b".to_owned()];
    let mut decoder = CopyDecoder::new(format(choice), "t", columns);
    let mut all = Vec::new();
    for bytes in bytes.chunks(piece) {
        match decoder.push(bytes) {
            Ok(rows) => all.extend(rows),
            // The rows before it in the same piece are not given.
            Err(error) => return (Vec::new(), Some(error.to_string())),
        }
    }
    match decoder.finish() {
        Ok(row) => {
            all.extend(row);
            (all, None)
        }
        Err(error) => (Vec::new(), Some(error.to_string())),
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Some(([choice, piece], bytes)) = bytes.split_first_chunk() {
        let whole = rows(*choice, bytes, bytes.len().max(1));
        assert_eq!(rows(*choice, bytes, usize::from(*piece) + 1), whole);
        let fields = whole.0.iter().flat_map(|row| row.fields.iter().flatten());
        let taken: usize = fields.map(|field| field.len()).sum();
        assert!(taken <= bytes.len(), "{taken} bytes of {}", bytes.len());
    }
});
