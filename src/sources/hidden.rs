//! The columns that `*` does not show, as fields.

use arrow::datatypes::{DataType, Field, Fields, Schema};

use crate::sql::hidden_columns::{FILE, ROW};

const HIDDEN: &str = "tributary.hidden";

/// Whether `*` leaves the column out.
pub fn is_hidden(field: &Field) -> bool {
    field.metadata().contains_key(HIDDEN)
}

/// A source's columns and, after them, `_file` and `_row`, unless it has columns so named itself.
pub fn with_hidden_columns(schema: &Schema) -> Schema {
    let mut fields = schema.fields().to_vec();
    for (name, data_type) in [(FILE, DataType::Utf8), (ROW, DataType::Int64)] {
        if schema.column_with_name(name).is_none() {
            let metadata = [(HIDDEN.to_owned(), "true".to_owned())];
            let field = Field::new(name, data_type, false).with_metadata(metadata.into());
            fields.push(field.into());
        }
    }
    Schema::new(Fields::from(fields))
}
