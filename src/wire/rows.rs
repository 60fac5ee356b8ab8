//! Rows on their way to the client: encoded batch by batch, as fast as the client takes them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use bytes::{BufMut, BytesMut};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use super::client_encoding::Encoding;
use super::encode::{Column, Style, too_large};
use super::failure::Step;
use super::frame::FrameWriter;
use super::message::Format;
use super::pieces::{self, Messages};
use super::row_description::column_count;
use super::types::PostgresType;
use crate::error::{Error, Result};

const DATA_ROW: u8 = b'D';

/// Whether a portal has more to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// All rows were sent.
    Complete,
    /// The limit was reached first.
    Suspended,
}

/// The rows of a portal, from the first that was not sent yet.
pub(super) struct Rows {
    stream: SendableRecordBatchStream,
    messages: DataRows,
    batch: Option<RecordBatch>,
    next_row: usize,
}

impl Rows {
    /// Sends the rows of `stream` with each column in its format.
    ///
    /// # Errors
    /// 54000 for more columns than a row can count.
    pub(super) fn new(
        stream: SendableRecordBatchStream,
        formats: Vec<Format>,
        style: Style,
    ) -> Result<Self> {
        let messages = DataRows {
            column_count: column_count(&stream.schema())?,
            formats,
            style,
            encoding: None,
        };
        Ok(Self {
            stream,
            messages,
            batch: None,
            next_row: 0,
        })
    }

    /// Sends rows until there are no more, or `max_rows` were sent; tells how many were.
    pub(super) async fn send(
        &mut self,
        writer: &mut FrameWriter,
        max_rows: Option<u64>,
    ) -> Step<(u64, Progress)> {
        let messages = Arc::new(DataRows {
            encoding: writer.encoding.clone(),
            ..self.messages.clone()
        });
        let mut sent = 0;
        loop {
            let left = max_rows.map(|max_rows| max_rows - sent);
            if left == Some(0) {
                return Ok((sent, Progress::Suspended));
            }
            let Some(batch) = self.batch.take() else {
                match self.stream.next().await {
                    Some(batch) => {
                        self.batch = Some(batch?);
                        self.next_row = 0;
                        continue;
                    }
                    None => return Ok((sent, Progress::Complete)),
                }
            };
            let rows = batch.num_rows() - self.next_row;
            let rows = left.map_or(rows, |left| {
                rows.min(usize::try_from(left).unwrap_or(usize::MAX))
            });
            let end = self.next_row + rows;
            pieces::send(&messages, &batch, self.next_row..end, writer).await?;
            self.next_row = end;
            sent += rows as u64;
            if end < batch.num_rows() {
                self.batch = Some(batch);
            }
        }
    }
}

/// A DataRow message for each row.
#[derive(Clone)]
struct DataRows {
    column_count: i16,
    formats: Vec<Format>,
    style: Style,
    encoding: Option<Arc<Encoding>>,
}

impl Messages for DataRows {
    fn write(&self, batch: &RecordBatch, out: &mut BytesMut) -> Result<usize> {
        let columns = columns(batch, self.style)?;
        pieces::fill(batch.num_rows(), out, |row, out| {
            self.write_row(batch, &columns, row, out)
        })
    }
}

impl DataRows {
    fn write_row(
        &self,
        batch: &RecordBatch,
        columns: &[Column<'_>],
        row: usize,
        out: &mut BytesMut,
    ) -> Result<()> {
        write_message(DATA_ROW, out, |out| {
            out.put_i16(self.column_count);
            for (index, column) in columns.iter().enumerate() {
                let start = out.len();
                match self.formats.get(index) {
                    Some(Format::Binary) => column.binary_field(row, out)?,
                    _ => column.text_field(row, out)?,
                }
                if let Some(encoding) = &self.encoding {
                    self.rewrite(encoding, batch.schema_ref(), index, out, start)?;
                }
            }
            Ok(())
        })
    }

    /// Writes a value in another encoding, which stands in UTF-8 from `start` on. What is no text as a
    /// whole, and has texts within, is not written so.
    fn rewrite(
        &self,
        encoding: &Encoding,
        schema: &Schema,
        index: usize,
        out: &mut BytesMut,
        start: usize,
    ) -> Result<()> {
        let field = schema.fields().get(index);
        let is_binary = self.formats.get(index) == Some(&Format::Binary);
        match field.filter(|_| is_binary) {
            Some(field) if has_texts(field) => Err(Error::unsupported(
                "arrays, records and jsonb in binary with a client_encoding other than UTF8",
            )
            .with_hint("Ask for them as text, or set client_encoding to UTF8.")),
            Some(field) if !is_text(field) => Ok(()),
            _ => encoding.rewrite_value(out, start),
        }
    }
}

/// Whether values of a column are texts in binary as they are as text.
fn is_text(field: &Field) -> bool {
    let oid = PostgresType::of_field(field).oid;
    field.data_type().is_string() && oid != PostgresType::UUID.oid && !is_headed(oid)
}

/// Whether a number comes before the text of a value in binary.
fn is_headed(oid: u32) -> bool {
    oid == PostgresType::JSONB.oid || oid == PostgresType::JSONPATH.oid
}

/// Whether values of a column have texts within what they are in binary.
fn has_texts(field: &Field) -> bool {
    match field.data_type() {
        DataType::Struct(_) | DataType::Map(..) => true,
        DataType::List(element) => element.data_type().is_string() || has_texts(element),
        _ => is_headed(PostgresType::of_field(field).oid),
    }
}

/// The columns of a batch, ready to be written.
pub(super) fn columns(batch: &RecordBatch, style: Style) -> Result<Vec<Column<'_>>> {
    batch
        .schema_ref()
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, array)| Column::new(field, array.as_ref(), style))
        .collect()
}

/// Appends a message whose length is known once it is written; on error, nothing.
pub(super) fn write_message(
    kind: u8,
    out: &mut BytesMut,
    write: impl FnOnce(&mut BytesMut) -> Result<()>,
) -> Result<()> {
    let start = out.len();
    out.put_u8(kind);
    out.put_i32(0);
    if let Err(error) = write(out) {
        out.truncate(start);
        return Err(error);
    }
    let length = out.len() - start - 1;
    let Ok(length_word) = i32::try_from(length) else {
        out.truncate(start);
        return Err(too_large(length));
    };
    out[start + 1..start + 5].copy_from_slice(&length_word.to_be_bytes());
    Ok(())
}

/// The command tag: the first words of most commands that give rows are followed by their count.
pub(super) fn command_tag(tag: &str, rows: u64) -> String {
    match tag {
        "SELECT" | "FETCH" | "MOVE" | "COPY" | "UPDATE" | "DELETE" | "MERGE" => {
            format!("{tag} {rows}")
        }
        "INSERT" => format!("INSERT 0 {rows}"),
        other => other.to_owned(),
    }
}
