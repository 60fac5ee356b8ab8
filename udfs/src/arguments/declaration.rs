//! What every function is declared by, whatever it computes, and what its registry holds of it.

use std::fmt;
use std::hash::{Hash, Hasher};

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Documentation, Signature, Volatility};

use super::form::Form;
use crate::FunctionError;

/// All there is to say of a function: one static of a file, named `FUNCTION`.
pub(crate) trait Definition: Send + Sync + 'static {
    /// Its name, and how it may be called.
    fn form(&self) -> &Form;

    /// What its `#[user_doc]` says.
    fn documentation(&self) -> Option<&'static Documentation>;

    /// Whether the last parameter may be given any number of times.
    fn repeating(&self) -> bool {
        false
    }

    /// Other names of the same function.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether equal arguments always give equal answers.
    fn volatility(&self) -> Volatility {
        Volatility::Immutable
    }
}

/// A definition with what DataFusion asks for.
pub(crate) struct Declared<D: ?Sized + 'static> {
    /// What was declared.
    pub(super) definition: &'static D,
    /// See [`Form::signature`].
    pub(super) signature: Signature,
    /// The aliases as DataFusion wants them.
    pub(super) aliases: Vec<String>,
}

impl<D: Definition + ?Sized> Declared<D> {
    pub(super) fn new(definition: &'static D) -> Self {
        let aliases = definition.aliases().iter();
        Self {
            definition,
            signature: Form::signature(definition.volatility()),
            aliases: aliases.map(ToString::to_string).collect(),
        }
    }

    /// The SQL name.
    pub(super) fn name(&self) -> &'static str {
        self.definition.form().name
    }

    /// Checks number and types of the arguments.
    pub(super) fn check(&self, given: &[DataType]) -> Result<(), FunctionError> {
        let form = self.definition.form();
        let checked = match self.definition.repeating() {
            true => form.check_repeating(given),
            false => form.check(given),
        };
        checked.map_err(|error| match self.definition.documentation() {
            Some(documentation) if error.hint.is_none() => error.with_hint(forms(documentation)),
            _ => error,
        })
    }
}

/// How a function is called, for who has called it otherwise.
fn forms(documentation: &Documentation) -> String {
    let mut forms = vec![documentation.syntax_example.as_str()];
    let others = documentation.alternative_syntax.iter().flatten();
    forms.extend(others.map(String::as_str));
    format!("Call it as {}.", forms.join(" or "))
}

impl<D: Definition + ?Sized> fmt::Debug for Declared<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name is one function, which a test holds.
impl<D: Definition + ?Sized> PartialEq for Declared<D> {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl<D: Definition + ?Sized> Eq for Declared<D> {}

impl<D: Definition + ?Sized> Hash for Declared<D> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}
