//! The value of a subquery that must not give more than one row.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::error::{Error, SqlState};

/// The function: of a list, its one element; NULL for none.
pub static FUNCTION: LazyLock<ScalarUDF> = LazyLock::new(|| of(Volatility::Immutable));

/// [`FUNCTION`] of a value that stands in several expressions. As if it were another one each time, it
/// is not computed before these, where there may be no row that is asked about.
pub static IN_PLACE: LazyLock<ScalarUDF> = LazyLock::new(|| of(Volatility::Volatile));

fn of(volatility: Volatility) -> ScalarUDF {
    ScalarUDF::new_from_impl(OnlyRow {
        signature: Signature::any(1, volatility),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OnlyRow {
    signature: Signature,
}

impl ScalarUDFImpl for OnlyRow {
    fn name(&self) -> &str {
        "tributary_only_row"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [DataType::List(element)] => Ok(element.data_type().clone()),
            _ => datafusion::common::plan_err!("the rows of a subquery are no list"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let lists = ColumnarValue::values_to_arrays(&arguments.args)?;
        let Some(lists) = lists.first().and_then(|lists| lists.as_list_opt::<i32>()) else {
            return datafusion::common::exec_err!("the rows of a subquery are no list");
        };
        let mut places = Vec::with_capacity(lists.len());
        for row in 0..lists.len() {
            let count = if lists.is_null(row) {
                0
            } else {
                lists.value_length(row)
            };
            places.push(match count {
                0 => None,
                1 => u64::try_from(lists.value_offsets()[row]).ok(),
                _ => return Err(more_than_one_row()),
            });
        }
        let values: ArrayRef = take(lists.values(), &UInt64Array::from(places), None)?;
        Ok(ColumnarValue::Array(Arc::clone(&values)))
    }
}

fn more_than_one_row() -> DataFusionError {
    Error::new(
        SqlState::CARDINALITY_VIOLATION,
        "more than one row returned by a subquery used as an expression",
    )
    .into()
}
