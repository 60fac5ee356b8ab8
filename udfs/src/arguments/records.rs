//! Records as answers: a struct with a field for each part of what was read or computed.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::call::Call;
use super::strings::Strings;
use crate::{FunctionError, interrupt};

/// The longest text that is taken apart, in bytes. No name, address or URL of a person is longer,
/// and a whole document in its place is a mistake.
const LONGEST: usize = 1 << 16;

/// The type of the answer: one text a field.
pub(crate) fn record(fields: &[&str]) -> DataType {
    DataType::Struct(text_fields(fields))
}

fn text_fields(fields: &[&str]) -> Fields {
    let fields = fields.iter();
    fields
        .map(|name| Field::new(*name, DataType::Utf8, true))
        .collect()
}

/// The type of the answer: one double precision number a field.
pub(crate) fn number_record(fields: &[&str]) -> DataType {
    DataType::Struct(number_fields(fields))
}

fn number_fields(fields: &[&str]) -> Fields {
    let fields = fields.iter();
    fields
        .map(|name| Field::new(*name, DataType::Float64, true))
        .collect()
}

/// The parts of one text; what is not set is NULL.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// The parts one behind the other.
    text: &'a mut String,
    /// Where each field's part stands; nowhere is NULL.
    parts: &'a mut [Range<usize>],
}

impl Record<'_> {
    /// Sets the field at a position, counted from 0; no text and empty text leave it NULL.
    pub(crate) fn set<'t>(&mut self, field: usize, text: impl Into<Option<&'t str>>) {
        if let Some(text) = text.into() {
            self.write(field, |part| part.push_str(text));
        }
    }

    /// As [`Self::set`], to what is written behind the text that is handed over.
    pub(crate) fn write(&mut self, field: usize, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(self.text);
        if let Some(part) = self.parts.get_mut(field) {
            *part = start..self.text.len();
        }
    }
}

/// An error (54000) for a text that is too long to be taken apart.
pub(crate) fn check_length(function: &str, text: &str) -> Result<(), FunctionError> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    Err(FunctionError {
        sqlstate: "54000",
        message: format!(
            "{function}: the text has {} bytes, more than {LONGEST}",
            text.len()
        ),
        hint: Some("Give the part of the text that is meant, or left(text, 1000).".to_owned()),
    })
}

impl Call<'_> {
    /// A record out of the text argument at position 0; `function` gives false for NULL. It is also
    /// told the row, of which it may ask the other arguments. NULL in gives NULL out. A text longer
    /// than 64 kB is an error (54000). A dictionary's values are computed once each where the other
    /// arguments are constants.
    pub(crate) fn text_to_record(
        &self,
        name: &str,
        fields: &[&str],
        mut function: impl FnMut(&str, usize, &mut Record<'_>) -> Result<bool>,
    ) -> Result<ColumnarValue> {
        let texts = self.text(0)?;
        let mut compute = |texts: &Strings<'_>, rows: usize| -> Result<ArrayRef> {
            let builder = || StringBuilder::with_capacity(rows, 0);
            let mut columns: Vec<StringBuilder> = fields.iter().map(|_| builder()).collect();
            let mut written = String::new();
            let mut parts = vec![0..0; fields.len()];
            let mut valid = Vec::with_capacity(rows);
            let listener = interrupt::listen();
            for row in 0..rows {
                listener.check()?;
                written.clear();
                parts.fill(0..0);
                let given = match texts.get(row) {
                    Some(text) => {
                        check_length(name, text)?;
                        let (text_of_parts, parts) = (&mut written, &mut parts[..]);
                        let mut record = Record {
                            text: text_of_parts,
                            parts,
                        };
                        function(text, row, &mut record)?
                    }
                    None => false,
                };
                valid.push(given);
                for (column, part) in columns.iter_mut().zip(&parts) {
                    let part = written.get(part.clone());
                    column.append_option(part.filter(|part| given && !part.is_empty()));
                }
            }
            let columns = columns.iter_mut();
            let columns = columns.map(|column| Arc::new(column.finish()) as ArrayRef);
            let nulls = Some(NullBuffer::from(valid));
            let records = StructArray::try_new(text_fields(fields), columns.collect(), nulls)?;
            Ok(Arc::new(records))
        };
        // A value that no row has must not be the error of a call.
        let fits = |values: &Strings<'_>| {
            let lengths = values.lengths(values.len());
            lengths.iter().all(|length| *length as usize <= LONGEST)
        };
        match &texts {
            Strings::Dictionary { values, .. } if self.rest_is_constant()? && fits(values) => {
                self.over_distinct(&texts, compute)
            }
            _ => self.answer(compute(&texts, self.rows())?),
        }
    }

    /// Whether each argument but the first is the same in all rows.
    fn rest_is_constant(&self) -> Result<bool> {
        for position in 1..self.count() {
            if let ColumnarValue::Array(_) = self.argument(position)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A record of numbers out of any arguments, row by row, each with as many numbers as there are
    /// fields; `None` is NULL.
    pub(crate) fn rows_to_number_record<const N: usize>(
        &self,
        fields: &[&str; N],
        mut function: impl FnMut(usize) -> Result<Option<[f64; N]>>,
    ) -> Result<ColumnarValue> {
        let mut columns = [(); N].map(|()| Vec::with_capacity(self.rows()));
        let mut valid = Vec::with_capacity(self.rows());
        for row in 0..self.rows() {
            let answer = function(row)?;
            valid.push(answer.is_some());
            for (field, column) in columns.iter_mut().enumerate() {
                column.push(answer.map(|answer| answer[field]));
            }
        }
        let columns = columns
            .into_iter()
            .map(|column| Arc::new(Float64Array::from(column)) as ArrayRef)
            .collect();
        let nulls = Some(NullBuffer::from(valid));
        let records = StructArray::try_new(number_fields(fields), columns, nulls)?;
        self.answer(Arc::new(records))
    }
}
