//! Records as text: `(1,"a b",)`, where NULL is nothing (`record_out` of PostgreSQL's `rowtypes.c`).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use datafusion::error::Result;

use super::conversion::as_sent;
use crate::formatting::SessionTimeZone;

/// Casts records to texts, moments among their fields in `zone`.
pub(super) fn to_texts(from: &ArrayRef, zone: &SessionTimeZone) -> Result<ArrayRef> {
    let records = from.as_struct();
    let fields = records.columns().iter().map(|field| as_sent(field, zone));
    let fields = fields.collect::<Result<Vec<_>>>()?;
    let shown = (0..records.len()).map(|row| {
        if records.is_null(row) {
            return None;
        }
        let values = fields.iter().map(|field| {
            let field = field.as_string::<i32>();
            match field.is_null(row) {
                true => String::new(),
                false => quoted(field.value(row)),
            }
        });
        Some(format!("({})", values.collect::<Vec<_>>().join(",")))
    });
    Ok(Arc::new(shown.collect::<StringArray>()))
}

fn quoted(value: &str) -> String {
    let is_special =
        |character: char| "\"\\(),".contains(character) || character.is_ascii_whitespace();
    match value.is_empty() || value.contains(is_special) {
        true => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\"\"")),
        false => value.to_owned(),
    }
}
