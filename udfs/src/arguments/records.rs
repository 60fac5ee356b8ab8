//! Records as answers: a struct with a field for each part of what was read or computed.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::call::Call;
use crate::FunctionError;

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
pub(crate) struct Record<'a>(&'a mut [Option<String>]);

impl Record<'_> {
    /// Sets the field at a position, counted from 0; no text and empty text leave it NULL.
    pub(crate) fn set<'t>(&mut self, field: usize, text: impl Into<Option<&'t str>>) {
        if let (Some(place), Some(text)) = (self.0.get_mut(field), text.into()) {
            *place = Some(text.to_owned()).filter(|text| !text.is_empty());
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
    /// told the row. NULL in gives NULL out. A text longer than 64 kB is an error (54000).
    pub(crate) fn text_to_record(
        &self,
        name: &str,
        fields: &[&str],
        mut function: impl FnMut(&str, usize, &mut Record<'_>) -> Result<bool>,
    ) -> Result<ColumnarValue> {
        let texts = self.text(0)?;
        let mut columns: Vec<StringBuilder> = fields.iter().map(|_| StringBuilder::new()).collect();
        let mut parts: Vec<Option<String>> = vec![None; fields.len()];
        let mut valid = Vec::with_capacity(self.rows());
        for row in 0..self.rows() {
            parts.fill(None);
            let given = match texts.get(row) {
                Some(text) => {
                    check_length(name, text)?;
                    function(text, row, &mut Record(&mut parts))?
                }
                None => false,
            };
            valid.push(given);
            for (column, part) in columns.iter_mut().zip(&parts) {
                column.append_option(part.as_deref().filter(|_| given));
            }
        }
        let columns: Vec<ArrayRef> = columns
            .iter_mut()
            .map(|column| Arc::new(column.finish()) as ArrayRef)
            .collect();
        let nulls = Some(NullBuffer::from(valid));
        let records = StructArray::try_new(text_fields(fields), columns, nulls)?;
        self.answer(Arc::new(records))
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
