//! A function that looks things up in the catalog, row by row.
//!
//! Functions are registered once, for all statements; each statement's configuration carries the
//! catalog that it sees.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, new_empty_array};
use arrow::datatypes::DataType;
use async_trait::async_trait;
use datafusion::common::ScalarValue;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use futures::future::BoxFuture;

use crate::catalog::system::SystemSources;
use crate::error::Error;

/// What a function answers for one row; its arguments are of one of its declared lists of types.
#[derive(Clone, Copy)]
pub enum Call {
    /// Always.
    Answer(fn(&dyn SystemSources, &[ScalarValue]) -> ScalarValue),
    /// Or an error, where arguments are of nothing.
    Look(fn(&dyn SystemSources, &[ScalarValue]) -> crate::error::Result<ScalarValue>),
    /// As [`Self::Look`], and each call does something.
    Act(fn(&dyn SystemSources, &[ScalarValue]) -> crate::error::Result<ScalarValue>),
    /// As [`Self::Act`], and it waits for something outside, such as a table's log, without keeping
    /// its thread.
    Wait(Wait),
}

/// What a function that waits answers for one row.
pub type Wait = fn(
    Arc<dyn SystemSources>,
    Vec<ScalarValue>,
) -> BoxFuture<'static, crate::error::Result<ScalarValue>>;

/// A function of the catalog.
pub struct CatalogFunction {
    name: &'static str,
    signature: Signature,
    answer: DataType,
    call: Call,
}

impl CatalogFunction {
    /// A function that takes any of these lists of types.
    pub fn udf(
        name: &'static str,
        arguments: &[&[DataType]],
        answer: DataType,
        call: Call,
    ) -> ScalarUDF {
        let lists = arguments.iter().map(|types| match types {
            [] => TypeSignature::Nullary,
            types => TypeSignature::Exact(types.to_vec()),
        });
        Self::udf_of(name, lists.collect(), answer, call)
    }

    /// A function that takes what any of these says.
    pub fn udf_of(
        name: &'static str,
        arguments: Vec<TypeSignature>,
        answer: DataType,
        call: Call,
    ) -> ScalarUDF {
        let volatility = match call {
            // Only what is volatile is left to be computed as the query runs.
            Call::Act(_) | Call::Wait(_) => Volatility::Volatile,
            Call::Answer(_) | Call::Look(_) => Volatility::Stable,
        };
        let function = Self {
            name,
            signature: Signature::one_of(arguments, volatility),
            answer,
            call,
        };
        match call {
            Call::Wait(_) => AsyncScalarUDF::new(Arc::new(function)).into_scalar_udf(),
            _ => ScalarUDF::new_from_impl(function),
        }
    }

    /// The answers of rows, as a column.
    fn column(&self, answers: Vec<ScalarValue>) -> Result<ArrayRef> {
        if answers.is_empty() {
            return Ok(new_empty_array(&self.answer));
        }
        let answers = answers.iter().map(|answer| answer.cast_to(&self.answer));
        ScalarValue::iter_to_array(answers.collect::<Result<Vec<_>>>()?)
    }
}

impl fmt::Debug for CatalogFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CatalogFunction({})", self.name)
    }
}

impl PartialEq for CatalogFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
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
        let is_scalar = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Scalar(_));
        let is_constant =
            !matches!(self.call, Call::Act(_)) && arguments.args.iter().all(is_scalar);
        let rows = match is_constant {
            true => 1,
            false => arguments.number_rows,
        };
        let sources = StatementCatalog::of(&arguments.config_options)?;
        let mut answers = Vec::with_capacity(rows);
        for values in rows_of(&arguments.args, rows)? {
            answers.push(match self.call {
                Call::Answer(call) => call(sources, &values),
                Call::Look(call) | Call::Act(call) => call(sources, &values)?,
                Call::Wait(_) => {
                    let message = format!("{} here", self.name);
                    return Err(Error::unsupported(message)
                        .with_hint("Call it in the list of columns, or in WHERE.")
                        .into());
                }
            });
        }
        match answers.as_slice() {
            [answer] if is_constant => Ok(ColumnarValue::Scalar(answer.cast_to(&self.answer)?)),
            _ => Ok(ColumnarValue::Array(self.column(answers)?)),
        }
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for CatalogFunction {
    async fn invoke_async_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Call::Wait(call) = self.call else {
            return self.invoke_with_args(arguments);
        };
        let rows = rows_of(&arguments.args, arguments.number_rows)?;
        let mut answers = Vec::with_capacity(rows.len());
        for values in rows {
            let sources = Arc::clone(&StatementCatalog::find(&arguments.config_options)?.0);
            answers.push(call(sources, values).await?);
        }
        Ok(ColumnarValue::Array(self.column(answers)?))
    }
}

/// Arguments, row by row.
fn rows_of(arguments: &[ColumnarValue], rows: usize) -> Result<Vec<Vec<ScalarValue>>> {
    let arrays = arguments.iter().map(|argument| argument.to_array(rows));
    let arrays = arrays.collect::<Result<Vec<_>>>()?;
    let row = |row| {
        let values = arrays
            .iter()
            .map(|array| ScalarValue::try_from_array(array, row));
        values.collect()
    };
    (0..rows).map(row).collect()
}

/// The catalog as a statement sees it, for the functions that the statement calls.
#[derive(Clone, Debug)]
pub struct StatementCatalog(pub Arc<dyn SystemSources>);

impl StatementCatalog {
    /// That of the statement that runs, for who keeps it.
    ///
    /// # Errors
    /// A configuration that carries none.
    pub fn find(options: &ConfigOptions) -> Result<&Self> {
        let missing = || Error::internal("functions of pg_catalog are called without a catalog");
        let found = options.extensions.get::<Self>();
        Ok(found.ok_or_else(missing)?)
    }

    /// The catalog of the statement that runs.
    ///
    /// # Errors
    /// A configuration that carries none.
    pub fn of(options: &ConfigOptions) -> Result<&dyn SystemSources> {
        Ok(&*Self::find(options)?.0)
    }
}

impl ConfigExtension for StatementCatalog {
    const PREFIX: &'static str = "statement_catalog";
}

impl ExtensionOptions for StatementCatalog {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _value: &str) -> Result<()> {
        Err(DataFusionError::Configuration(format!(
            "there is no setting {}.{key}",
            Self::PREFIX
        )))
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}
