//! Integers of JSON, which has no types of numbers: 10.0 is one, and 10.75 is none. Arrow's reader would
//! cut it off, so numbers with a point or an exponent are read as decimals, and held against the integer
//! that they become.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::sources::conversion::Conversion;

/// What an integer is read as.
const DECIMAL: DataType = DataType::Decimal128(38, 10);

/// The columns of a table as they are read where numbers may have fractions.
pub(super) struct Integers {
    /// With decimals in the place of integers.
    pub schema: SchemaRef,
    conversions: Vec<Conversion>,
}

impl Integers {
    /// Those of these columns; none where there are no integers.
    pub fn of(schema: &Schema) -> Option<Self> {
        let fields: Fields = schema.fields().iter().map(as_read).collect();
        if fields == *schema.fields() {
            return None;
        }
        let pairs = fields.iter().zip(schema.fields());
        let conversions = pairs.map(|(from, to)| {
            Conversion::between(to.name(), from.data_type(), to.data_type(), &mut Vec::new())
        });
        Some(Self {
            conversions: conversions.collect::<Result<_, _>>().ok()?,
            schema: Arc::new(Schema::new(fields)),
        })
    }

    /// The rows in the columns of the table.
    ///
    /// # Errors
    /// For a number that is no integer of its column.
    pub fn restore(
        &self,
        batch: &RecordBatch,
        schema: &SchemaRef,
    ) -> Result<RecordBatch, ArrowError> {
        let columns = batch.columns().iter().zip(&self.conversions);
        let columns = columns
            .zip(schema.fields())
            .map(
                |((column, conversion), field)| match conversion.convert(column, field) {
                    Ok((column, None)) => Ok(column),
                    Ok((_, Some(_))) => Err(ArrowError::JsonError(format!(
                        "a number of \"{}\" is no integer of its type",
                        field.name()
                    ))),
                    Err(error) => Err(ArrowError::JsonError(error.to_string())),
                },
            );
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
    }
}

/// Whether something in a line may be a number with a point or an exponent.
pub(super) fn may_have_fractions(line: &[u8]) -> bool {
    line.windows(2)
        .any(|pair| matches!(pair, [b'0'..=b'9', b'.' | b'e' | b'E']))
}

fn as_read(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        integer if integer.is_integer() => DECIMAL,
        DataType::List(item) => DataType::List(as_read(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(as_read).collect()),
        other => other.clone(),
    };
    let field: &Field = field;
    Arc::new(field.clone().with_data_type(data_type))
}
