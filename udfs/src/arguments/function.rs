//! A scalar function as a table of what it is, and what DataFusion makes of it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use super::call::Call;
use super::effort;
use super::form::{Form, Kind};
use crate::interrupt;

/// All there is to say of a scalar function: one static of a file, named `FUNCTION`.
pub(crate) struct Function {
    /// Its name, and how it may be called.
    pub(crate) form: Form,
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
        aliases: &[],
        volatility: Volatility::Immutable,
        answer: |_| Ok(DataType::Utf8View),
        invoke: |call| call.argument(0).cloned(),
        documentation: || None,
    };
}

/// The functions for DataFusion's registry.
pub(crate) fn declare(functions: &[&'static Function]) -> Vec<Arc<ScalarUDF>> {
    let declared = functions.iter().map(|function| {
        Arc::new(ScalarUDF::from(Declared {
            signature: Form::signature(function.volatility),
            aliases: function.aliases.iter().map(ToString::to_string).collect(),
            function,
        }))
    });
    declared.collect()
}

/// How a function is called, for who has called it otherwise.
pub(crate) fn forms(documentation: &Documentation) -> String {
    let mut forms = vec![documentation.syntax_example.as_str()];
    let others = documentation.alternative_syntax.iter().flatten();
    forms.extend(others.map(String::as_str));
    format!("Call it as {}.", forms.join(" or "))
}

struct Declared {
    function: &'static Function,
    signature: Signature,
    aliases: Vec<String>,
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.function.form.name)
    }
}

/// A name is one function, which a test holds.
impl PartialEq for Declared {
    fn eq(&self, other: &Self) -> bool {
        self.function.form.name == other.function.form.name
    }
}

impl Eq for Declared {}

impl Hash for Declared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.form.name.hash(state);
    }
}

impl ScalarUDFImpl for Declared {
    fn name(&self) -> &str {
        self.function.form.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.function
            .form
            .check(given)
            .map_err(|error| match (self.function.documentation)() {
                Some(documentation) if error.hint.is_none() => {
                    error.with_hint(forms(documentation))
                }
                _ => error,
            })?;
        (self.function.answer)(given)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let call = Call::new(&args);
        interrupt::call(
            || effort::is_long(&args.args, call.rows()),
            || (self.function.invoke)(&call),
        )
    }

    fn documentation(&self) -> Option<&Documentation> {
        (self.function.documentation)()
    }
}
