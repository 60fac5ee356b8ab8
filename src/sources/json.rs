//! JSON: an object a line.
//!
//! Runs of lines are decoded at once; where that fails, halves of the run are tried, down to the
//! lines at fault. Keys match columns exactly, letter case included. Numbers and booleans may stand
//! for text; a key that is missing is NULL. Where keys that are no columns are left out, runs are
//! decoded as if they were not until one is found, so that to tell of it costs files without nothing.

mod extra;
mod integers;
mod lines;
mod shape;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::ReaderBuilder;
use serde_json::Value;

use self::integers::{Integers, may_have_fractions};
use self::lines::{Line, LineReader};
use self::shape::{MAX_FIELDS, Shape};
use super::input::{BadRow, Decoded, Decoder, Numbering, Rows, Window};
use super::matching::Differences;
use super::rejected::{cut, shorten};
use super::remarks::Remark;
use super::type_name;
use crate::error::{Error, Result, SqlState};

/// Decodes one file of JSON lines.
pub(super) struct JsonDecoder {
    schema: SchemaRef,
    differences: Differences,
    /// Whether keys that are no columns are an error: they are till the first ones are told of.
    is_strict: bool,
    batch_size: usize,
    lines: LineReader,
    decoder: Option<arrow::json::reader::Decoder>,
    integers: Option<Integers>,
    remarks: Vec<Remark>,
}

impl JsonDecoder {
    pub fn new(schema: SchemaRef, differences: Differences, batch_size: usize) -> Self {
        Self {
            integers: Integers::of(&schema),
            schema,
            differences,
            is_strict: true,
            batch_size,
            lines: LineReader::new(),
            decoder: None,
            remarks: Vec::new(),
        }
    }

    fn build(
        &self,
        schema: SchemaRef,
        rows: usize,
    ) -> Result<arrow::json::reader::Decoder, ArrowError> {
        ReaderBuilder::new(schema)
            .with_batch_size(rows)
            .with_coerce_primitive(true)
            .with_strict_mode(self.is_strict)
            .build_decoder()
    }

    /// Decodes lines that are all good, or fails.
    fn decode_run(&mut self, lines: &[Line<'_>]) -> Result<RecordBatch, ArrowError> {
        let has_fractions = || lines.iter().any(|line| may_have_fractions(line.text));
        if let Some(integers) = self.integers.as_ref().filter(|_| has_fractions()) {
            let mut decoder = self.build(Arc::clone(&integers.schema), lines.len())?;
            let batch = feed(&mut decoder, lines.iter().map(|line| line.text))?;
            return integers.restore(&batch, &self.schema);
        }
        // What a failed decoder holds is lost with it.
        let mut decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => self.build(Arc::clone(&self.schema), self.batch_size.max(1))?,
        };
        let batch = feed(&mut decoder, lines.iter().map(|line| line.text))?;
        self.decoder = Some(decoder);
        Ok(batch)
    }

    /// Looks for keys that are no columns and are left out; from then on they are no error.
    fn leaves_out(&mut self, lines: &[Line<'_>]) -> bool {
        if !self.is_strict || !self.differences.leaves_out() {
            return false;
        }
        let mut found = Vec::new();
        for line in lines {
            if let Ok(Value::Object(object)) = serde_json::from_slice(line.text) {
                extra::find(self.schema.fields(), &object, "", &mut found);
            }
        }
        self.is_strict = found.is_empty();
        let remarks = found.into_iter();
        let remarks = remarks.map(|path| Remark::LeftOut(path, self.differences.extra));
        self.remarks.extend(remarks);
        !self.is_strict
    }

    /// Decodes the good ones among the lines.
    fn decode_lines(
        &mut self,
        lines: &[Line<'_>],
        batches: &mut Vec<RecordBatch>,
        numbers: &mut Vec<i64>,
        bad: &mut Vec<BadRow>,
    ) {
        match (self.decode_run(lines), lines) {
            (Ok(batch), _) => {
                batches.push(batch);
                numbers.extend(lines.iter().map(|line| line.number));
            }
            (Err(_), lines) if self.leaves_out(lines) => {
                self.decode_lines(lines, batches, numbers, bad);
            }
            (Err(error), [line]) => bad.push(self.diagnose(*line, &error)),
            (Err(_), lines) => {
                let (left, right) = lines.split_at(lines.len() / 2);
                self.decode_lines(left, batches, numbers, bad);
                self.decode_lines(right, batches, numbers, bad);
            }
        }
    }

    /// Says what is wrong with a line that could not be decoded.
    fn diagnose(&self, line: Line<'_>, error: &ArrowError) -> BadRow {
        let bad = |column: Option<&str>, value: Option<String>, reason: String, sqlstate| BadRow {
            line: line.number,
            numbering: Numbering::Lines,
            column: column.map(str::to_owned),
            value,
            reason,
            sqlstate,
            record: cut(line.text),
            remedy: None,
        };
        let Ok(text) = std::str::from_utf8(line.text) else {
            return bad(
                None,
                None,
                "invalid byte sequence for encoding \"UTF8\"".to_owned(),
                SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            );
        };
        let object = match serde_json::from_str(text) {
            Ok(Value::Object(object)) => object,
            Ok(other) => {
                let reason = format!("expected an object, found {}", kind_of(&other));
                return bad(None, None, reason, SqlState::BAD_COPY_FILE_FORMAT);
            }
            Err(error) => {
                let message = error.to_string();
                let message = message.replace(" at line 1 column ", " at character ");
                let reason = format!("invalid JSON: {message}");
                return bad(None, None, reason, SqlState::INVALID_TEXT_REPRESENTATION);
            }
        };
        let mut extra = Vec::new();
        extra::find(self.schema.fields(), &object, "", &mut extra);
        if let Some(path) = extra.first().filter(|_| self.is_strict) {
            let value = object.get(path);
            let value = value.map(|value| cut(display(value).as_bytes()));
            let reason = "the table has no such column".to_owned();
            return BadRow {
                remedy: Some(self.differences.hint_of_extra().to_owned()),
                ..bad(Some(path), value, reason, SqlState::BAD_COPY_FILE_FORMAT)
            };
        }
        for field in self.schema.fields() {
            let value = object.get(field.name()).unwrap_or(&Value::Null);
            if let Some((reason, sqlstate)) = self.fault(field, value) {
                let shown = cut(display(value).as_bytes());
                return bad(Some(field.name()), Some(shown), reason, sqlstate);
            }
        }
        bad(None, None, reason_of(error), SqlState::BAD_COPY_FILE_FORMAT)
    }

    /// What is wrong with one value.
    fn fault(&self, field: &FieldRef, value: &Value) -> Option<(String, SqlState)> {
        if value.is_null() {
            return (!field.is_nullable()).then(|| {
                (
                    format!(
                        "null value in column \"{}\" violates not-null constraint",
                        field.name()
                    ),
                    SqlState::NOT_NULL_VIOLATION,
                )
            });
        }
        let object = serde_json::json!({ field.name(): value }).to_string();
        let schema = Arc::new(Schema::new(vec![Arc::clone(field)]));
        let decode = |schema: &SchemaRef| {
            let mut decoder = self.build(Arc::clone(schema), 1)?;
            feed(&mut decoder, std::iter::once(object.as_bytes()))
        };
        let decoded = match Integers::of(&schema) {
            Some(integers) if may_have_fractions(object.as_bytes()) => {
                let read = decode(&integers.schema);
                read.and_then(|batch| integers.restore(&batch, &schema))
            }
            _ => decode(&schema),
        };
        let error = decoded.err()?;
        let data_type = field.data_type();
        let reason = if data_type.is_nested() && (value.is_object() || value.is_array()) {
            reason_of(&error)
        } else {
            let shown = shorten(&display(value));
            if data_type.is_integer() && value.is_number() {
                let is_whole = value.as_f64().is_none_or(|value| value.fract() == 0.0);
                let lacks = match is_whole {
                    true => "is out of range for type",
                    false => "cannot be kept in type",
                };
                return Some((
                    format!("value \"{shown}\" {lacks} {}", type_name(data_type)),
                    SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                ));
            }
            format!(
                "invalid input syntax for type {}: \"{shown}\"",
                type_name(data_type)
            )
        };
        Some((reason, SqlState::INVALID_TEXT_REPRESENTATION))
    }
}

/// Decodes one record from each of `lines`.
fn feed<'a>(
    decoder: &mut arrow::json::reader::Decoder,
    lines: impl Iterator<Item = &'a [u8]>,
) -> Result<RecordBatch, ArrowError> {
    let mut count = 0;
    for line in lines {
        let used = decoder.decode(line)?;
        count += 1;
        if used != line.len() || decoder.has_partial_record() || decoder.len() != count {
            return Err(ArrowError::JsonError(
                "expected one object a line".to_owned(),
            ));
        }
    }
    decoder
        .flush()?
        .filter(|batch| batch.num_rows() == count)
        .ok_or_else(|| ArrowError::JsonError("expected one object a line".to_owned()))
}

fn reason_of(error: &ArrowError) -> String {
    let text = error.to_string();
    text.strip_prefix("Json error: ")
        .unwrap_or(&text)
        .to_owned()
}

fn display(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

impl Decoder for JsonDecoder {
    fn decode(&mut self, bytes: &[u8], window: Window) -> Result<Decoded> {
        let (lines, consumed, too_long) = self.lines.read(bytes, window, self.batch_size.max(1));
        let mut batches = Vec::new();
        let mut numbers = Vec::with_capacity(lines.len());
        let mut bad = Vec::new();
        if !lines.is_empty() {
            self.decode_lines(&lines, &mut batches, &mut numbers, &mut bad);
        }
        bad.extend(too_long);
        let rows = match batches.len() {
            0 => None,
            _ => Some(Rows {
                batch: concat_batches(&self.schema, &batches)?,
                numbers: Int64Array::from(numbers),
            }),
        };
        Ok(Decoded {
            consumed,
            rows,
            bad,
            remarks: std::mem::take(&mut self.remarks),
        })
    }
}

/// Learns the columns of files of JSON lines from their first rows.
pub(super) struct JsonSampler {
    lines: LineReader,
    shape: Shape,
    wanted: usize,
    rows: usize,
}

impl JsonSampler {
    /// Samples up to `wanted` rows.
    pub fn new(wanted: usize) -> Self {
        Self {
            lines: LineReader::new(),
            shape: Shape::NULL,
            wanted,
            rows: 0,
        }
    }

    /// Goes on with another file.
    pub fn next_file(&mut self) {
        self.lines = LineReader::new();
    }

    pub fn is_done(&self) -> bool {
        self.rows >= self.wanted
    }

    /// The columns; `None` where no object was found.
    pub fn schema(&self) -> Option<SchemaRef> {
        let fields = self.shape.fields()?;
        // An object without fields holds nothing that a table of files could keep.
        let fields = fields.iter().map(|field| match field.data_type() {
            DataType::Struct(inner) if inner.is_empty() => {
                Arc::new(Field::new(field.name(), DataType::Utf8, true))
            }
            _ => Arc::clone(field),
        });
        Some(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
    }
}

impl Decoder for JsonSampler {
    fn decode(&mut self, bytes: &[u8], window: Window) -> Result<Decoded> {
        let limit = (self.wanted - self.rows).clamp(1, 8192);
        let (lines, consumed, _) = self.lines.read(bytes, window, limit);
        for line in lines {
            // Lines that are no objects are told of when the table is read.
            if let Ok(shape @ Shape::Object(_)) = serde_json::from_slice(line.text) {
                self.shape = std::mem::replace(&mut self.shape, Shape::NULL).merge(shape);
                self.rows += 1;
            }
            if self.shape.is_too_wide() {
                return Err(Error::new(
                    SqlState::PROGRAM_LIMIT_EXCEEDED,
                    format!("an object has more than {MAX_FIELDS} different keys"),
                )
                .with_hint("Declare the columns that you need."));
            }
        }
        Ok(Decoded {
            consumed,
            ..Decoded::default()
        })
    }
}
