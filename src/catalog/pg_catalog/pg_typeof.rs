//! `pg_typeof(anything)`: the name of its type.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::format_type;
use crate::wire::types::PostgresType;

/// The function.
pub fn function() -> ScalarUDF {
    ScalarUDF::new_from_impl(PgTypeof(Signature::any(1, Volatility::Stable)))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct PgTypeof(Signature);

impl ScalarUDFImpl for PgTypeof {
    fn name(&self) -> &str {
        "pg_typeof"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let name = arguments
            .arg_fields
            .first()
            .map(|field| match field.data_type() {
                DataType::Null => "unknown".to_owned(),
                _ => format_type(PostgresType::of_field(field).oid, -1),
            });
        Ok(ColumnarValue::Scalar(ScalarValue::Utf8(name)))
    }
}
