//! A function that looks things up in the catalog, row by row.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};

use crate::catalog::system::SystemSources;

/// What a function answers for one row; its arguments are of one of its declared lists of types.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Always.
    Answer(fn(&dyn SystemSources, &[ScalarValue]) -> ScalarValue),
    /// Or an error, where arguments are of nothing.
    Look(fn(&dyn SystemSources, &[ScalarValue]) -> crate::error::Result<ScalarValue>),
    /// As [`Self::Look`], and each call does something.
    Act(fn(&dyn SystemSources, &[ScalarValue]) -> crate::error::Result<ScalarValue>),
}

/// A function of the catalog.
#[derive(Debug)]
pub struct CatalogFunction {
    name: &'static str,
    signature: Signature,
    answer: DataType,
    call: Call,
    sources: Arc<dyn SystemSources>,
}

impl CatalogFunction {
    /// A function that takes any of these lists of types.
    pub fn udf(
        sources: &Arc<dyn SystemSources>,
        name: &'static str,
        arguments: &[&[DataType]],
        answer: DataType,
        call: Call,
    ) -> ScalarUDF {
        let lists = arguments.iter().map(|types| match types {
            [] => TypeSignature::Nullary,
            types => TypeSignature::Exact(types.to_vec()),
        });
        let volatility = match call {
            Call::Act(_) => Volatility::Volatile,
            Call::Answer(_) | Call::Look(_) => Volatility::Stable,
        };
        ScalarUDF::new_from_impl(Self {
            name,
            signature: Signature::one_of(lists.collect(), volatility),
            answer,
            call,
            sources: Arc::clone(sources),
        })
    }
}

impl PartialEq for CatalogFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.sources, &other.sources)
    }
}

impl Eq for CatalogFunction {}

impl Hash for CatalogFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for CatalogFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.answer.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = !matches!(self.call, Call::Act(_))
            && arguments
                .args
                .iter()
                .all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if is_constant {
            1
        } else {
            arguments.number_rows
        };
        let columns: Vec<ArrayRef> = match is_constant {
            true => ColumnarValue::values_to_arrays(&arguments.args)?,
            false => {
                let given = arguments.args.iter();
                let arrays = given.map(|argument| argument.to_array(rows));
                arrays.collect::<Result<_>>()?
            }
        };
        let mut answers = Vec::with_capacity(rows);
        for row in 0..rows {
            let values = columns
                .iter()
                .map(|column| ScalarValue::try_from_array(column, row))
                .collect::<Result<Vec<_>>>()?;
            let answer = match self.call {
                Call::Answer(call) => call(&*self.sources, &values),
                Call::Look(call) | Call::Act(call) => call(&*self.sources, &values)?,
            };
            answers.push(answer.cast_to(&self.answer)?);
        }
        if is_constant && let Some(answer) = answers.pop() {
            return Ok(ColumnarValue::Scalar(answer));
        }
        if answers.is_empty() {
            return Ok(ColumnarValue::Array(arrow::array::new_empty_array(
                &self.answer,
            )));
        }
        Ok(ColumnarValue::Array(ScalarValue::iter_to_array(answers)?))
    }
}
