//! The columns of an answer.

use arrow::datatypes::{Field, Schema};
use pgwire::messages::data::{FieldDescription, RowDescription};

use super::error_response::without_zeros;
use super::message::Format;
use super::types::{POSTGRES_COLUMN, POSTGRES_TABLE, PostgresType, field_modifier};
use crate::error::{Error, Result, SqlState};

/// Describes columns in the formats in which they will be sent.
///
/// # Errors
/// 54000 for more columns than the message can count.
pub(super) fn row_description(schema: &Schema, formats: &[Format]) -> Result<RowDescription> {
    column_count(schema)?;
    let fields = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let postgres_type = PostgresType::of_field(field);
            let format = formats.get(index).copied().unwrap_or(Format::Text);
            FieldDescription::new(
                without_zeros(field.name()),
                origin(field, POSTGRES_TABLE),
                i16::try_from(origin(field, POSTGRES_COLUMN)).unwrap_or_default(),
                postgres_type.oid,
                postgres_type.length,
                field_modifier(field),
                i16::from(format == Format::Binary),
            )
        })
        .collect();
    Ok(RowDescription::new(fields))
}

/// A number that tells which column of which relation a column is; 0 where it is none.
fn origin(field: &Field, key: &str) -> i32 {
    let number = field.metadata().get(key);
    let number = number.and_then(|number| number.parse::<u32>().ok());
    // Numbers of objects have all 32 bits.
    number.unwrap_or_default().cast_signed()
}

/// The number of columns, as rows carry it.
///
/// # Errors
/// 54000 for more columns than the message can count.
pub(super) fn column_count(schema: &Schema) -> Result<i16> {
    i16::try_from(schema.fields().len()).map_err(|_| {
        Error::new(
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            format!(
                "an answer of {} columns cannot be sent",
                schema.fields().len()
            ),
        )
        .with_hint("Select fewer columns.")
    })
}
