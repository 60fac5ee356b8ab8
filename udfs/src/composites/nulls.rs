//! `IS NULL` and `IS NOT NULL` of values of composite types, which look at the attributes.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

static IS_NULL: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| udf("tributary_row_is_null", true));
static IS_NOT_NULL: LazyLock<Arc<ScalarUDF>> =
    LazyLock::new(|| udf("tributary_row_is_not_null", false));

fn udf(name: &'static str, wants_null: bool) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(NullsOfRow {
        name,
        wants_null,
        signature: Signature::any(1, Volatility::Immutable),
    }))
}

/// Whether a row is NULL, or all that it has is.
pub fn is_null(row: Expr) -> Expr {
    IS_NULL.call(vec![row])
}

/// Whether nothing that a row has is NULL, nor the row itself.
pub fn is_not_null(row: Expr) -> Expr {
    IS_NOT_NULL.call(vec![row])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct NullsOfRow {
    name: &'static str,
    wants_null: bool,
    signature: Signature,
}

impl ScalarUDFImpl for NullsOfRow {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [rows] = args.args.as_slice() else {
            return exec_err!("{} has one argument", self.name);
        };
        let is_scalar = matches!(rows, ColumnarValue::Scalar(_));
        let rows = rows.to_array(if is_scalar { 1 } else { args.number_rows })?;
        let Some(rows) = rows.as_struct_opt() else {
            return exec_err!("{} is called without a row", self.name);
        };
        let holds = (0..rows.len()).map(|row| {
            let mut columns = rows.columns().iter();
            match self.wants_null {
                true => rows.is_null(row) || columns.all(|column| column.is_null(row)),
                false => rows.is_valid(row) && columns.all(|column| column.is_valid(row)),
            }
        });
        let holds: BooleanArray = holds.map(Some).collect();
        Ok(match is_scalar {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&holds, 0)?),
            false => ColumnarValue::Array(Arc::new(holds)),
        })
    }
}
