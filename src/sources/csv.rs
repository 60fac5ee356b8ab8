//! CSV: RFC 4180 with the options of `COPY`, decoded straight into Arrow arrays.
//!
//! NULL is told as `COPY ... CSV` tells it: an unquoted `null_value` (by default nothing) is NULL,
//! a quoted one is text. Every column is read and checked whatever a query selects, so that which
//! rows are bad never depends on the query.

mod column;
mod reader;
mod record;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::array::{BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::filter;
use arrow::datatypes::SchemaRef;

use self::column::{Column, Faults};
use self::reader::{RecordReader, line_text};
use super::infer::Inferred;
use super::input::{BadRow, Decoded, Decoder, Numbering, Rows, Window};
use super::matching::{self, Differences, Matched, check_duplicates};
use super::options::CsvOptions;
use super::remarks::Remark;
use crate::error::{Error, Result};

/// Decodes one CSV file.
pub(super) struct CsvDecoder {
    options: CsvOptions,
    schema: SchemaRef,
    differences: Differences,
    batch_size: usize,
    reader: RecordReader,
    layout: Option<Layout>,
    /// That records have more values than columns was told.
    told_of_more: bool,
}

/// How the fields of a file's records stand for the table's columns.
struct Layout {
    /// How many fields a record has.
    width: usize,
    /// For each column of the table, its field; `None` where the file has none.
    columns: Vec<Option<usize>>,
}

impl CsvDecoder {
    pub fn new(
        options: &CsvOptions,
        schema: SchemaRef,
        differences: Differences,
        batch_size: usize,
    ) -> Self {
        let allow_more = differences.leaves_out() && !options.header;
        Self {
            reader: RecordReader::new(options, allow_more),
            options: options.clone(),
            schema,
            differences,
            batch_size,
            layout: None,
            told_of_more: false,
        }
    }

    /// Reads what comes before the first record.
    fn read_layout(&mut self, bytes: &[u8], window: Window) -> Result<Decoded> {
        let skipped = RecordReader::start(bytes)?;
        if !self.options.header {
            let width = self.schema.fields().len();
            self.layout = Some(Layout {
                width,
                columns: (0..width).map(Some).collect(),
            });
            if skipped > 0 {
                return Ok(consumed(skipped));
            }
            return self.read_rows(bytes, window);
        }
        let (used, names) = self
            .reader
            .header(bytes.get(skipped..).unwrap_or_default(), window)?;
        let mut decoded = consumed(match window {
            Window::Open if used == 0 => 0,
            _ => skipped + used,
        });
        if let Some(names) = names {
            check_duplicates(&names)?;
            let Matched { columns, remarks } =
                matching::by_name(&self.schema, &names, self.differences)?;
            decoded.remarks = remarks;
            self.layout = Some(Layout {
                width: names.len(),
                columns,
            });
        }
        Ok(decoded)
    }

    fn read_rows(&mut self, bytes: &[u8], window: Window) -> Result<Decoded> {
        let Some(layout) = &self.layout else {
            return Err(Error::internal("the layout of a CSV file is not known"));
        };
        let (consumed, mut bad) = self
            .reader
            .read(bytes, window, layout.width, self.batch_size);
        let records = &self.reader.records;
        if records.len() == 0 {
            return Ok(Decoded {
                consumed,
                bad,
                ..Decoded::default()
            });
        }
        let mut faults = Faults::new();
        let mut arrays = Vec::with_capacity(layout.columns.len());
        for (field, index) in self.schema.fields().iter().zip(&layout.columns) {
            let Some(index) = *index else {
                arrays.push(new_null_array(field.data_type(), records.len()));
                continue;
            };
            let column = Column {
                records,
                bytes,
                index,
                field,
                options: &self.options,
            };
            arrays.push(column.read(&mut faults)?);
        }
        let mut numbers = Int64Array::from_iter_values(records.lines());
        let mut count = records.len();
        if !faults.is_empty() {
            let good: BooleanArray = (0..count)
                .map(|record| Some(!faults.contains_key(&record)))
                .collect();
            for array in &mut arrays {
                *array = filter(array, &good)?;
            }
            numbers = Int64Array::from_iter_values(
                records
                    .lines()
                    .enumerate()
                    .filter(|(record, _)| !faults.contains_key(record))
                    .map(|(_, line)| line),
            );
            count -= faults.len();
            bad.extend(faults.into_iter().filter_map(|(record, fault)| {
                let place = records.place(record)?;
                Some(BadRow {
                    line: place.line,
                    numbering: Numbering::Lines,
                    column: Some(fault.column),
                    value: fault.value,
                    reason: fault.reason,
                    sqlstate: fault.sqlstate,
                    record: line_text(bytes.get(place.start..place.end).unwrap_or_default()),
                    remedy: None,
                })
            }));
            bad.sort_by_key(|row| row.line);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?;
        let tells_of_more = self.reader.found_more && !self.told_of_more;
        self.told_of_more |= tells_of_more;
        Ok(Decoded {
            consumed,
            rows: (count > 0).then_some(Rows { batch, numbers }),
            bad,
            remarks: tells_of_more
                .then_some(Remark::Beyond)
                .into_iter()
                .collect(),
        })
    }
}

impl Decoder for CsvDecoder {
    fn decode(&mut self, bytes: &[u8], window: Window) -> Result<Decoded> {
        if self.layout.is_none() {
            self.read_layout(bytes, window)
        } else {
            self.read_rows(bytes, window)
        }
    }

    fn awaits_header(&self) -> bool {
        self.options.header && self.layout.is_none()
    }
}

fn consumed(consumed: usize) -> Decoded {
    Decoded {
        consumed,
        ..Decoded::default()
    }
}

/// Learns the columns of CSV files from their first rows.
pub(super) struct CsvSampler {
    options: CsvOptions,
    reader: RecordReader,
    names: Option<Vec<String>>,
    /// For each of the names, what was seen.
    types: Vec<Inferred>,
    wanted: usize,
    rows: usize,
}

impl CsvSampler {
    /// Samples up to `wanted` rows.
    pub fn new(options: &CsvOptions, wanted: usize) -> Self {
        Self {
            options: options.clone(),
            reader: RecordReader::new(options, false),
            names: None,
            types: Vec::new(),
            wanted,
            rows: 0,
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn is_done(&self) -> bool {
        self.rows >= self.wanted
    }

    /// Whether it has seen the names of columns.
    pub fn has_names(&self) -> bool {
        self.names.is_some()
    }

    /// The names and types; `None` where not even a header was found.
    pub fn columns(self) -> Option<Vec<(String, Inferred)>> {
        Some(self.names?.into_iter().zip(self.types).collect())
    }

    fn read_names(&mut self, bytes: &[u8], window: Window) -> Result<Decoded> {
        let skipped = RecordReader::start(bytes)?;
        let rest = bytes.get(skipped..).unwrap_or_default();
        let (used, names) = self.reader.header(rest, window)?;
        let Some(names) = names else {
            let is_done = used > 0 || window != Window::Open;
            return Ok(consumed(if is_done { skipped + used } else { 0 }));
        };
        self.types = vec![Inferred::Null; names.len()];
        if self.options.header {
            check_duplicates(&names)?;
            self.names = Some(names);
            return Ok(consumed(skipped + used));
        }
        let numbered = (1..=names.len()).map(|number| format!("column_{number}"));
        self.names = Some(numbered.collect());
        if skipped > 0 {
            return Ok(consumed(skipped));
        }
        // The record that gave the number of columns is data.
        self.reader = RecordReader::new(&self.options, false);
        self.read_values(bytes, window)
    }

    fn read_values(&mut self, bytes: &[u8], window: Window) -> Result<Decoded> {
        let width = self.types.len();
        let limit = (self.wanted - self.rows).clamp(1, 8192);
        let (used, _) = self.reader.read(bytes, window, width, limit);
        let null = self.options.null_value.as_bytes();
        for record in 0..self.reader.records.len() {
            for (column, seen) in self.types.iter_mut().enumerate() {
                let field = self.reader.records.field(bytes, record, column);
                let is_null = field.bytes == null && (!field.quoted || self.options.force_null);
                if is_null || *seen == Inferred::Text {
                    continue;
                }
                let value = String::from_utf8_lossy(field.bytes);
                *seen = seen.merge(Inferred::of(&value));
            }
        }
        self.rows += self.reader.records.len();
        Ok(consumed(used))
    }
}

impl Decoder for CsvSampler {
    fn decode(&mut self, bytes: &[u8], window: Window) -> Result<Decoded> {
        if self.names.is_none() {
            self.read_names(bytes, window)
        } else {
            self.read_values(bytes, window)
        }
    }
}
