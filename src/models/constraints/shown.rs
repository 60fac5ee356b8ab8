//! Values of rows, as errors show them.

use arrow::array::ArrayRef;
use arrow::datatypes::FieldRef;
use datafusion::execution::SessionState;
use tributary_udfs::SessionTimeZone;

use crate::error::Result;
use crate::wire;

/// So many bytes of a value are shown where all of a row are, as in Postgres.
const FIELD_BYTES: usize = 64;

/// How a statement's errors show values.
#[derive(Clone)]
pub struct Shown {
    time_zone: String,
}

impl Shown {
    /// As the session shows them.
    pub fn new(state: &SessionState) -> Self {
        let zone = state
            .config_options()
            .extensions
            .get::<SessionTimeZone>()
            .cloned()
            .unwrap_or_default();
        Self {
            time_zone: zone.time_zone,
        }
    }

    /// A whole row, of which long values are cut.
    pub(super) fn row(
        &self,
        fields: &[FieldRef],
        columns: &[ArrayRef],
        row: usize,
    ) -> Result<String> {
        let values = self.values(fields, columns, row)?.into_iter();
        let cut = values.map(|mut value| {
            if value.len() > FIELD_BYTES {
                value.truncate(value.floor_char_boundary(FIELD_BYTES));
                value.push_str("...");
            }
            value
        });
        Ok(cut.collect::<Vec<_>>().join(", "))
    }

    /// The values of a key.
    ///
    /// # Errors
    /// Those of the types that cannot be shown.
    pub fn key(&self, fields: &[FieldRef], columns: &[ArrayRef], row: usize) -> Result<String> {
        Ok(self.values(fields, columns, row)?.join(", "))
    }

    fn values(&self, fields: &[FieldRef], columns: &[ArrayRef], row: usize) -> Result<Vec<String>> {
        let values = fields.iter().zip(columns).map(|(field, column)| {
            let text = wire::text_of(field, column.as_ref(), row, &self.time_zone)?;
            Ok(text.unwrap_or_else(|| "null".to_owned()))
        });
        values.collect()
    }
}
