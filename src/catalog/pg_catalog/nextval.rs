//! `nextval`: the next number of an identity column's sequence, which is named
//! `table_column_seq`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::function::StatementCatalog;

/// The function.
pub fn function() -> ScalarUDF {
    ScalarUDF::new_from_impl(NextValue {
        signature: Signature::exact(vec![DataType::Utf8], Volatility::Volatile),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct NextValue {
    signature: Signature,
}

impl ScalarUDFImpl for NextValue {
    fn name(&self) -> &str {
        "nextval"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let sources = StatementCatalog::of(&arguments.config_options)?;
        let numbers: Int64Array = match arguments.args.first() {
            // Numbers are taken for all rows at once.
            Some(ColumnarValue::Scalar(name)) => match name.try_as_str().flatten() {
                Some(name) => sources.next_values(name, rows)?.into(),
                None => Int64Array::new_null(rows),
            },
            Some(ColumnarValue::Array(names)) => {
                let names = names.as_string::<i32>();
                let mut numbers = Vec::with_capacity(names.len());
                for name in names {
                    let taken = name.map(|name| sources.next_values(name, 1));
                    numbers.push(taken.transpose()?.and_then(|taken| taken.first().copied()));
                }
                numbers.into()
            }
            None => return datafusion::common::exec_err!("nextval takes the name of a sequence"),
        };
        Ok(ColumnarValue::Array(Arc::new(numbers) as ArrayRef))
    }
}
