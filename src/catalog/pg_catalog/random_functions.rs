//! `random()`, and `setseed(seed)`, from which the numbers of a session follow from then on. They are
//! PostgreSQL's, in the order in which they are asked for.

use std::sync::Arc;

use arrow::array::Float64Array;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use super::function::{Call, CatalogFunction, StatementCatalog};
use super::functions::{TEXT, text};
use crate::error::{Error, SqlState};

/// The functions.
pub fn functions() -> [ScalarUDF; 2] {
    let inner = datafusion::functions::math::random();
    let seed: &[&[DataType]] = &[&[DataType::Float64]];
    [
        ScalarUDF::new_from_impl(Random { inner }),
        CatalogFunction::udf(
            "setseed",
            seed,
            TEXT,
            Call::Act(|sources, values| {
                let Some(ScalarValue::Float64(Some(seed))) = values.first() else {
                    return Ok(ScalarValue::Utf8(None));
                };
                if !(-1.0..=1.0).contains(seed) {
                    let message =
                        format!("setseed parameter {seed} is out of allowed range [-1,1]");
                    return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
                }
                sources.set_seed(*seed);
                Ok(text(Some("")))
            }),
        ),
    ]
}

/// The function, which without a seed is DataFusion's.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Random {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Random {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.inner.return_type(given)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        // Without a session there is nothing to follow from.
        let Ok(sources) = StatementCatalog::of(&arguments.config_options) else {
            return self.inner.invoke_with_args(arguments);
        };
        let mut numbers = vec![0.0; arguments.number_rows];
        match sources.random(&mut numbers) {
            true => Ok(ColumnarValue::Array(Arc::new(Float64Array::from(numbers)))),
            false => self.inner.invoke_with_args(arguments),
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}
