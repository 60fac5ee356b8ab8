//! Rows as JSON, in which their values can be told.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, make_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Float64Type};
use arrow::error::ArrowError;
use arrow::json::writer::{LineDelimited, NullableEncoder, make_encoder};
use arrow::json::{Encoder, EncoderFactory, EncoderOptions, WriterBuilder};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::Value;
use tributary_udfs::SessionTimeZone;
use tributary_udfs::postgres::as_text;

use crate::error::Result;

/// What Arrow writes in the place of a moment that it has no form for.
const LOST: &str = "ERROR: Cast error: Failed to convert ";

/// How Arrow writes what it has a form for.
static PLAIN: LazyLock<EncoderOptions> = LazyLock::new(EncoderOptions::default);

/// A row as a JSON object by column.
///
/// # Errors
/// For a type that JSON has no form for.
pub fn row_as_json(batch: &RecordBatch, row: usize) -> Result<String> {
    let writer = WriterBuilder::new().with_encoder_factory(Arc::new(InWords));
    let mut writer = writer.build::<_, LineDelimited>(Vec::new());
    writer.write(&batch.slice(row, 1))?;
    writer.finish()?;
    let bytes = writer.into_inner();
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

/// Whether the value was lost as it was written: earlier programs did so with what Arrow has no form for.
/// Floats that are no numbers were `null`, and NULL is left out.
pub(super) fn is_lost(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.starts_with(LOST))
}

/// Writes values as PostgreSQL's texts where Arrow has no form for one of them: `infinity`, `24:00:00`,
/// `NaN`.
#[derive(Debug)]
struct InWords;

impl EncoderFactory for InWords {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        _: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        if matches!(array.data_type(), DataType::Float32 | DataType::Float64) {
            return floats(field, array);
        }
        let is_moment = matches!(
            array.data_type(),
            DataType::Date32 | DataType::Time64(_) | DataType::Timestamp(..)
        );
        if !is_moment {
            return Ok(None);
        }
        let formatter = ArrayFormatter::try_new(array, &FormatOptions::new())?;
        let has_form = |row: usize| formatter.value(row).try_to_string().is_ok();
        if (0..array.len()).all(|row| array.is_null(row) || has_form(row)) {
            return Ok(None);
        }
        let moments = make_array(array.to_data());
        let encoder = Box::new(Moments { formatter, moments });
        Ok(Some(NullableEncoder::new(encoder, array.nulls().cloned())))
    }
}

fn floats<'a>(
    field: &'a FieldRef,
    array: &'a dyn Array,
) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
    let values = cast(array, &DataType::Float64)?;
    let values = values.as_primitive::<Float64Type>().clone();
    if values.iter().flatten().all(f64::is_finite) {
        return Ok(None);
    }
    let plain = make_encoder(field, array, &PLAIN)?;
    let encoder = Box::new(Floats { plain, values });
    Ok(Some(NullableEncoder::new(encoder, array.nulls().cloned())))
}

/// Floats of which some are no numbers of JSON.
struct Floats<'a> {
    plain: NullableEncoder<'a>,
    values: Float64Array,
}

impl Encoder for Floats<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let value = self.values.value(row);
        if value.is_finite() {
            return self.plain.encode(row, out);
        }
        let word = if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        out.extend_from_slice(Value::from(word).to_string().as_bytes());
    }
}

/// Moments of which Arrow has no form for some.
struct Moments<'a> {
    formatter: ArrayFormatter<'a>,
    moments: ArrayRef,
}

impl Encoder for Moments<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let text = match self.formatter.value(row).try_to_string() {
            Ok(text) => text,
            Err(error) => self.words(row).unwrap_or_else(|| format!("ERROR: {error}")),
        };
        out.extend_from_slice(Value::String(text).to_string().as_bytes());
    }
}

impl Moments<'_> {
    fn words(&self, row: usize) -> Option<String> {
        let moment = self.moments.slice(row, 1);
        let words = as_text(&moment, &SessionTimeZone::new("UTC")).ok()?;
        Some(words.as_string_opt::<i32>()?.value(0).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Date32Array, Int32Array, Time64NanosecondArray, TimestampMicrosecondArray};

    use super::*;

    #[test]
    fn moments_without_a_form_are_told_in_words() {
        let at = |at: i64| -> ArrayRef {
            Arc::new(TimestampMicrosecondArray::from(vec![at]).with_timezone("UTC"))
        };
        let day = |day: i32| -> ArrayRef { Arc::new(Date32Array::from(vec![day])) };
        let time = |time: i64| -> ArrayRef { Arc::new(Time64NanosecondArray::from(vec![time])) };
        let number: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let row = |columns: Vec<(&str, ArrayRef)>| {
            row_as_json(&RecordBatch::try_from_iter(columns).unwrap(), 0).unwrap()
        };
        assert_eq!(
            row(vec![
                ("a", at(i64::MAX)),
                ("b", at(i64::MIN)),
                ("c", day(i32::MAX)),
                ("d", day(i32::MIN)),
                ("e", time(86_400_000_000_000)),
                ("f", number),
            ]),
            r#"{"a":"infinity","b":"-infinity","c":"infinity","d":"-infinity","e":"24:00:00","f":1}"#
        );
        assert_eq!(
            row(vec![("a", at(0)), ("c", day(0)), ("e", time(0))]),
            r#"{"a":"1970-01-01T00:00:00Z","c":"1970-01-01","e":"00:00:00"}"#
        );
    }

    #[test]
    fn floats_that_are_no_numbers_are_told_in_words() {
        let float = |value: f64| -> ArrayRef { Arc::new(Float64Array::from(vec![Some(value)])) };
        let columns = vec![
            ("a", float(f64::NAN)),
            ("b", float(f64::INFINITY)),
            ("c", float(f64::NEG_INFINITY)),
            ("d", float(1.5)),
        ];
        assert_eq!(
            row_as_json(&RecordBatch::try_from_iter(columns).unwrap(), 0).unwrap(),
            r#"{"a":"NaN","b":"Infinity","c":"-Infinity","d":1.5}"#
        );
    }

    #[test]
    fn what_was_lost_is_known() {
        let lost = "ERROR: Cast error: Failed to convert 2147483647 to temporal for Date32";
        assert!(is_lost(&Value::from(lost)));
        assert!(is_lost(&Value::Null));
        assert!(!is_lost(&Value::from("infinity")));
    }
}
