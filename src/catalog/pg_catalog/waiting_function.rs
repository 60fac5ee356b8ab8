//! A function that waits for something outside, such as a table's log, without keeping its thread.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::DataType;
use async_trait::async_trait;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use futures::future::BoxFuture;

use crate::catalog::system::SystemSources;

/// What a function answers for one row; its arguments are of one of its declared lists of types.
type Call = fn(
    Arc<dyn SystemSources>,
    Vec<ScalarValue>,
) -> BoxFuture<'static, crate::error::Result<ScalarValue>>;

/// A function of the catalog that waits.
pub struct WaitingFunction {
    name: &'static str,
    signature: Signature,
    answer: DataType,
    call: Call,
    sources: Arc<dyn SystemSources>,
}

impl WaitingFunction {
    /// A function that takes any of these lists of types.
    pub fn udf(
        sources: &Arc<dyn SystemSources>,
        name: &'static str,
        arguments: &[&[DataType]],
        answer: DataType,
        call: Call,
    ) -> ScalarUDF {
        let lists = arguments
            .iter()
            .map(|types| TypeSignature::Exact(types.to_vec()));
        // Only what is volatile is left to be computed as the query runs.
        let function = Self {
            name,
            signature: Signature::one_of(lists.collect(), Volatility::Volatile),
            answer,
            call,
            sources: Arc::clone(sources),
        };
        AsyncScalarUDF::new(Arc::new(function)).into_scalar_udf()
    }
}

impl fmt::Debug for WaitingFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WaitingFunction({})", self.name)
    }
}

impl PartialEq for WaitingFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.sources, &other.sources)
    }
}

impl Eq for WaitingFunction {}

impl Hash for WaitingFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for WaitingFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.answer.clone())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let message = format!("{} here", self.name);
        Err(crate::error::Error::unsupported(message)
            .with_hint("Call it in the list of columns, or in WHERE.")
            .into())
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for WaitingFunction {
    async fn invoke_async_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let given = arguments.args.iter();
        let columns = given.map(|argument| argument.to_array(rows));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut answers = Vec::with_capacity(rows);
        for row in 0..rows {
            let values = columns
                .iter()
                .map(|column| ScalarValue::try_from_array(column, row))
                .collect::<Result<Vec<_>>>()?;
            let answer = (self.call)(Arc::clone(&self.sources), values).await?;
            answers.push(answer.cast_to(&self.answer)?);
        }
        Ok(ColumnarValue::Array(match answers.is_empty() {
            true => arrow::array::new_empty_array(&self.answer),
            false => ScalarValue::iter_to_array(answers)?,
        }))
    }
}
