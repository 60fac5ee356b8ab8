//! A scalar function as a table of what it is, and what DataFusion makes of it.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use super::call::Call;
use super::declaration::{Declared, Definition};
use super::effort;
use super::form::{Form, Kind};
use crate::interrupt;

/// All there is to say of a scalar function: one static of a file, named `FUNCTION`.
pub(crate) struct Function {
    /// Its name, and how it may be called.
    pub(crate) form: Form,
    /// Whether the last parameter may be given any number of times.
    pub(crate) repeating: bool,
    /// Other names of the same function.
    pub(crate) aliases: &'static [&'static str],
    /// Whether equal arguments always give equal answers.
    pub(crate) volatility: Volatility,
    /// The type of the answer to arguments of these types, which fit the form.
    pub(crate) answer: fn(&[DataType]) -> Result<DataType>,
    /// Computes the answer.
    pub(crate) invoke: fn(&Call<'_>) -> Result<ColumnarValue>,
    /// What its `#[user_doc]` says.
    pub(crate) documentation: fn() -> Option<&'static Documentation>,
}

impl Function {
    /// What most functions have in common; the rest a file says itself.
    pub(crate) const IMMUTABLE: Self = Self {
        form: Form {
            name: "",
            parameters: &[Kind::Text],
            counts: &[1],
        },
        repeating: false,
        aliases: &[],
        volatility: Volatility::Immutable,
        answer: |_| Ok(DataType::Utf8View),
        invoke: |call| call.argument(0).cloned(),
        documentation: || None,
    };
}

/// The functions for DataFusion's registry.
pub(crate) fn declare(functions: &[&'static Function]) -> Vec<Arc<ScalarUDF>> {
    let declared = functions
        .iter()
        .map(|function| Arc::new(ScalarUDF::from(Declared::new(*function))));
    declared.collect()
}

impl Definition for Function {
    fn form(&self) -> &Form {
        &self.form
    }

    fn documentation(&self) -> Option<&'static Documentation> {
        (self.documentation)()
    }

    fn repeating(&self) -> bool {
        self.repeating
    }

    fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    fn volatility(&self) -> Volatility {
        self.volatility
    }
}

impl ScalarUDFImpl for Declared<Function> {
    fn name(&self) -> &str {
        self.name()
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.check(given)?;
        (self.definition.answer)(given)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let call = Call::new(&args);
        interrupt::call(
            || effort::is_long(&args.args, call.rows()),
            || (self.definition.invoke)(&call),
        )
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.definition.documentation()
    }
}
