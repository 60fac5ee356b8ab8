//! `COPY ... TO STDOUT`: rows as lines of text or CSV or in binary, one CopyData message each.

use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use bytes::{BufMut, BytesMut};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use pgwire::messages::copy::{CopyDone, CopyOutResponse};

use super::client_encoding::Encoding;
use super::copy_decoder::{END, SIGNATURE};
use super::copy_in::refuse_binary;
use super::encode::{Column, Style, is_plain};
use super::failure::Step;
use super::frame::FrameWriter;
use super::pieces::{self, Messages};
use super::row_description::column_count;
use super::rows::{columns, write_message};
use crate::error::Result;
use crate::sql::copy::{CopyFormat, Header, Quoting};

const COPY_DATA: u8 = b'd';
/// A line of this alone ends the data in the text format, and must be quoted in CSV.
const END_OF_DATA: &[u8] = b"\\.";

/// Sends all rows; tells how many.
pub(super) async fn send(
    writer: &mut FrameWriter,
    format: &CopyFormat,
    encoding: Option<&'static str>,
    mut stream: SendableRecordBatchStream,
    style: Style,
) -> Step<u64> {
    let schema = stream.schema();
    let count = column_count(&schema)?;
    let encoding = match encoding {
        Some(name) => Encoding::named(name),
        None => writer.encoding.clone(),
    };
    refuse_binary(*format == CopyFormat::Binary, encoding.as_ref())?;
    let overall = i8::from(*format == CopyFormat::Binary);
    let formats = vec![i16::from(overall); schema.fields().len()];
    writer.message(&CopyOutResponse::new(overall, count, formats))?;
    let messages = Arc::new(CopyRows {
        format: format.clone(),
        count,
        encoding,
        style,
    });
    // Drivers look for the header of the binary format in the message of the first row.
    let mut is_begun = *format != CopyFormat::Binary;
    if has_header(format) {
        write_message(COPY_DATA, &mut writer.buffer, |out| {
            let start = out.len();
            write_header(&schema, format, out);
            messages.rewrite(out, start)
        })?;
    }
    let mut sent = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let mut rows = 0..batch.num_rows();
        if !is_begun && rows.next().is_some() {
            is_begun = true;
            let columns = columns(&batch, style)?;
            write_message(COPY_DATA, &mut writer.buffer, |out| {
                begin(out);
                write_tuple(count, &columns, 0, out)
            })?;
        }
        pieces::send(&messages, &batch, rows, writer).await?;
        sent += batch.num_rows() as u64;
    }
    if *format == CopyFormat::Binary {
        write_message(COPY_DATA, &mut writer.buffer, |out| {
            if !is_begun {
                begin(out);
            }
            out.put_i16(END);
            Ok(())
        })?;
    }
    writer.message(&CopyDone::new())?;
    Ok(sent)
}

/// A CopyData message for each row.
struct CopyRows {
    format: CopyFormat,
    count: i16,
    encoding: Option<Arc<Encoding>>,
    style: Style,
}

impl Messages for CopyRows {
    fn write(&self, batch: &RecordBatch, out: &mut BytesMut) -> Result<usize> {
        let columns = columns(batch, self.style)?;
        let rows = batch.num_rows();
        if self.format == CopyFormat::Binary {
            return pieces::fill(rows, out, |row, out| {
                write_message(COPY_DATA, out, |out| {
                    write_tuple(self.count, &columns, row, out)
                })
            });
        }
        let lines = Lines::new(&columns, &self.format, batch.schema_ref());
        pieces::fill(rows, out, |row, out| {
            write_message(COPY_DATA, out, |out| {
                let start = out.len();
                lines.write(row, out)?;
                self.rewrite(out, start)
            })
        })
    }
}

impl CopyRows {
    /// Writes what stands from `start` on in the encoding of the client.
    fn rewrite(&self, out: &mut BytesMut, start: usize) -> Result<()> {
        match &self.encoding {
            Some(encoding) => encoding.rewrite(out, start),
            None => Ok(()),
        }
    }
}

fn has_header(format: &CopyFormat) -> bool {
    match format {
        CopyFormat::Text { header, .. } | CopyFormat::Csv { header, .. } => *header != Header::None,
        CopyFormat::Binary => false,
    }
}

/// Writes the header of the binary format.
fn begin(out: &mut BytesMut) {
    out.put_slice(SIGNATURE);
    // No flags, and nothing more in the header.
    out.put_slice(&[0; 8]);
}

fn write_tuple(count: i16, columns: &[Column<'_>], row: usize, out: &mut BytesMut) -> Result<()> {
    out.put_i16(count);
    columns
        .iter()
        .try_for_each(|column| column.binary_field(row, out))
}

fn write_header(schema: &Schema, format: &CopyFormat, out: &mut BytesMut) {
    let is_single = schema.fields().len() == 1;
    for (index, field) in schema.fields().iter().enumerate() {
        if index > 0 {
            out.put_u8(delimiter(format));
        }
        let start = out.len();
        out.put_slice(field.name().as_bytes());
        escape(format, is_single, start, out);
    }
    out.put_u8(b'\n');
}

/// Writes rows as lines.
struct Lines<'a> {
    format: &'a CopyFormat,
    columns: Vec<(&'a Column<'a>, Marks)>,
}

/// Whether what a column holds is escaped or quoted.
#[derive(Clone, Copy)]
enum Marks {
    /// It never needs that.
    Never,
    /// Where it needs that.
    Needed,
    /// It is quoted, whatever it is.
    Always,
}

impl<'a> Lines<'a> {
    fn new(columns: &'a [Column<'a>], format: &'a CopyFormat, schema: &Schema) -> Self {
        let marks_nothing_plain = match format {
            CopyFormat::Binary => false,
            CopyFormat::Text { delimiter, .. } => !is_plain(*delimiter),
            // A value that looks like NULL is quoted.
            CopyFormat::Csv {
                delimiter,
                null,
                quote,
                ..
            } => {
                let is_other = null.is_empty() || !null.bytes().all(is_plain);
                is_other && ![*delimiter, *quote].into_iter().any(is_plain)
            }
        };
        let has_no_marks = |column: &Column<'_>| match format {
            CopyFormat::Text { delimiter, .. } => column
                .texts()
                .is_some_and(|texts| !has_any(texts, is_escaped(*delimiter))),
            CopyFormat::Csv { .. } | CopyFormat::Binary => false,
        };
        let columns = columns.iter().map(|column| {
            let is_as_it_is = marks_nothing_plain && column.is_plain() || has_no_marks(column);
            let marks = if is_as_it_is {
                Marks::Never
            } else {
                Marks::Needed
            };
            (column, marks)
        });
        let mut columns: Vec<_> = columns.collect();
        match format.forced().map(|forced| &forced.quote) {
            None => {}
            Some(Quoting::All) => {
                for (_, marks) in &mut columns {
                    *marks = Marks::Always;
                }
            }
            // Of several columns of a name the first is meant.
            Some(Quoting::Columns(names)) => {
                for name in names {
                    let place = schema.fields().iter().position(|it| it.name() == name);
                    if let Some((_, marks)) = place.and_then(|place| columns.get_mut(place)) {
                        *marks = Marks::Always;
                    }
                }
            }
        }
        Self { format, columns }
    }

    fn write(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        for (index, (column, marks)) in self.columns.iter().enumerate() {
            if index > 0 {
                out.put_u8(delimiter(self.format));
            }
            if column.is_null(row) {
                out.put_slice(null_mark(self.format));
                continue;
            }
            let start = out.len();
            column.text(row, out)?;
            match (marks, self.format) {
                (Marks::Never, _) => {}
                (Marks::Always, CopyFormat::Csv { quote, escape, .. }) => {
                    quote_csv(*quote, *escape, start, out);
                }
                _ => escape(self.format, self.columns.len() == 1, start, out),
            }
        }
        out.put_u8(b'\n');
        Ok(())
    }
}

fn delimiter(format: &CopyFormat) -> u8 {
    match format {
        CopyFormat::Text { delimiter, .. } | CopyFormat::Csv { delimiter, .. } => *delimiter,
        CopyFormat::Binary => b'\t',
    }
}

fn null_mark(format: &CopyFormat) -> &[u8] {
    match format {
        CopyFormat::Text { null, .. } | CopyFormat::Csv { null, .. } => null.as_bytes(),
        CopyFormat::Binary => &[],
    }
}

/// Escapes or quotes the field that begins at `start`.
fn escape(format: &CopyFormat, is_single: bool, start: usize, out: &mut BytesMut) {
    match format {
        CopyFormat::Binary => {}
        CopyFormat::Text { delimiter, .. } => escape_text(*delimiter, start, out),
        CopyFormat::Csv {
            delimiter,
            null,
            quote,
            escape,
            ..
        } => {
            let field = &out[start..];
            let (delimiter, quote) = (*delimiter, *quote);
            let is_special = |byte: u8| {
                (byte == delimiter) | (byte == quote) | (byte == b'\n') | (byte == b'\r')
            };
            let needs_quotes = field == null.as_bytes()
                || (is_single && field == END_OF_DATA)
                || has_any(field, is_special);
            if needs_quotes {
                quote_csv(quote, *escape, start, out);
            }
        }
    }
}

/// Whether there is such a byte. All are looked at, many at once, which takes less than to stop at the
/// first.
fn has_any(field: &[u8], is_special: impl Fn(u8) -> bool) -> bool {
    let found = |found, byte: &u8| found | is_special(*byte);
    field.iter().fold(false, found)
}

/// Whether a byte of a field is escaped in the text format.
fn is_escaped(delimiter: u8) -> impl Fn(u8) -> bool {
    // From backspace, 8, to carriage return, 13.
    move |byte| (byte == delimiter) | (byte == b'\\') | (byte.wrapping_sub(8) < 6)
}

fn escape_text(delimiter: u8, start: usize, out: &mut BytesMut) {
    if !has_any(&out[start..], is_escaped(delimiter)) {
        return;
    }
    let field = out.split_off(start);
    for byte in field {
        let escaped = match byte {
            8 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            11 => b'v',
            12 => b'f',
            b'\r' => b'r',
            b'\\' => b'\\',
            other if other == delimiter => other,
            other => {
                out.put_u8(other);
                continue;
            }
        };
        out.put_slice(&[b'\\', escaped]);
    }
}

fn quote_csv(quote: u8, escape: u8, start: usize, out: &mut BytesMut) {
    let field = out.split_off(start);
    out.put_u8(quote);
    for byte in field {
        if byte == quote || byte == escape {
            out.put_u8(escape);
        }
        out.put_u8(byte);
    }
    out.put_u8(quote);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Date32Array, Float64Array, Int32Array, StringArray};
    use arrow::record_batch::RecordBatch;

    use super::*;
    use crate::sql::copy::Forced;

    fn lines(format: &CopyFormat) -> String {
        let name: ArrayRef = Arc::new(StringArray::from(vec![
            Some("a\tb\\c\nd"),
            None,
            Some(""),
            Some("say \"x\", y"),
        ]));
        let id: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), Some(2), None, Some(4)]));
        let batch = RecordBatch::try_from_iter([("id", id), ("the, name", name)]).expect("batch");
        let mut out = BytesMut::new();
        write_header(&batch.schema(), format, &mut out);
        let columns = columns(&batch, Style::new(None)).expect("columns");
        let lines = Lines::new(&columns, format, &batch.schema());
        for row in 0..batch.num_rows() {
            lines.write(row, &mut out).expect("line");
        }
        String::from_utf8(out.to_vec()).expect("utf8")
    }

    #[test]
    fn text_escapes_what_would_end_a_field() {
        let format = CopyFormat::Text {
            delimiter: b'\t',
            null: "\\N".to_owned(),
            header: Header::Line,
        };
        assert_eq!(
            lines(&format),
            "id\tthe, name\n1\ta\\tb\\\\c\\nd\n2\t\\N\n\\N\t\n4\tsay \"x\", y\n"
        );
    }

    #[test]
    fn csv_quotes_what_would_end_a_field_or_look_like_null() {
        let format = CopyFormat::Csv {
            delimiter: b',',
            null: String::new(),
            header: Header::Line,
            quote: b'"',
            escape: b'"',
            forced: Forced::default(),
        };
        assert_eq!(
            lines(&format),
            "id,\"the, name\"\n1,\"a\tb\\c\nd\"\n2,\n,\"\"\n4,\"say \"\"x\"\", y\"\n"
        );
    }

    /// The line of the number 7, half of it, and a day.
    fn numbers(format: &CopyFormat) -> String {
        let values: [(&str, ArrayRef); 3] = [
            ("a", Arc::new(Int32Array::from(vec![7]))),
            ("b", Arc::new(Float64Array::from(vec![-3.5]))),
            ("c", Arc::new(Date32Array::from(vec![20_512]))),
        ];
        let batch = RecordBatch::try_from_iter(values).expect("batch");
        let columns = columns(&batch, Style::new(None)).expect("columns");
        let mut out = BytesMut::new();
        let lines = Lines::new(&columns, format, &batch.schema());
        lines.write(0, &mut out).expect("line");
        String::from_utf8(out.to_vec()).expect("utf8")
    }

    #[test]
    fn numbers_and_days_are_escaped_where_a_mark_is_of_their_characters() {
        let text = |delimiter| CopyFormat::Text {
            delimiter,
            null: "\\N".to_owned(),
            header: Header::None,
        };
        assert_eq!(numbers(&text(b'|')), "7|-3.5|2026-02-28\n");
        assert_eq!(numbers(&text(b'-')), "7-\\-3.5-2026\\-02\\-28\n");
        let csv = |delimiter, quote, null: &str| CopyFormat::Csv {
            delimiter,
            null: null.to_owned(),
            header: Header::None,
            quote,
            escape: quote,
            forced: Forced::default(),
        };
        assert_eq!(numbers(&csv(b',', b'"', "")), "7,-3.5,2026-02-28\n");
        assert_eq!(numbers(&csv(b'.', b'"', "")), "7.\"-3.5\".2026-02-28\n");
        assert_eq!(numbers(&csv(b',', b'"', "7")), "\"7\",-3.5,2026-02-28\n");
        let dashes = "7,---3.5-,-2026--02--28-\n";
        assert_eq!(numbers(&csv(b',', b'-', "")), dashes);
    }
}
