//! `now()`: a moment, in microseconds. DataFusion's is one without time zone unless its configuration
//! names one, which other functions would take for theirs.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

/// The time at which the transaction began, `now()` and `current_timestamp`. It is that of the session's
/// state, at which DataFusion takes its statements to begin.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Now {
    signature: Signature,
    aliases: Vec<String>,
}

impl Now {
    /// The function.
    pub fn udf() -> ScalarUDF {
        ScalarUDF::new_from_impl(Self {
            signature: Signature::nullary(Volatility::Stable),
            aliases: vec!["current_timestamp".to_owned()],
        })
    }
}

impl ScalarUDFImpl for Now {
    fn name(&self) -> &str {
        "now"
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        let utc = Some("UTC".into());
        Ok(DataType::Timestamp(TimeUnit::Microsecond, utc))
    }

    fn simplify(&self, args: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let Some(began) = context.query_execution_start_time() else {
            return Ok(ExprSimplifyResult::Original(args));
        };
        let moment =
            ScalarValue::TimestampMicrosecond(Some(began.timestamp_micros()), Some("UTC".into()));
        Ok(ExprSimplifyResult::Simplified(Expr::Literal(moment, None)))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("now() is known when a statement is planned")
    }
}
