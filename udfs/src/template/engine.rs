//! MiniJinja as campaigns need it: strict, limited, and printing what SQL prints.

use std::sync::Arc;

use datafusion::common::HashMap;
use minijinja::value::ValueKind;
use minijinja::{
    AutoEscape, Environment, Error, Output, State, Template, UndefinedBehavior, Value,
    escape_formatter,
};

use super::column::Printed;
use crate::postgres;

/// What one rendering may take: an instruction takes one, as do 64 bytes of text or list. So it
/// bounds the memory of a rendering, too, to some 32 MB.
pub(super) const FUEL: u64 = 500_000;
/// How many compiled templates are kept.
const MOST_TEMPLATES: usize = 64;

/// What a template's values are made safe for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Escaping {
    /// `<`, `>`, `&`, `'`, `"` and `/` become entities.
    Html,
    /// Nothing is changed.
    Text,
}

impl Escaping {
    /// The escaping of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "html" => Some(Self::Html),
            "text" => Some(Self::Text),
            _ => None,
        }
    }

    /// What templates of this escaping are called in the environment.
    fn template_name(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Text => "text",
        }
    }
}

/// An environment that finds the text of numbers in `printed`.
pub(super) fn environment<'source>(printed: &Arc<Printed>) -> Environment<'source> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Which variable is undefined is told in debug mode alone.
    environment.set_debug(true);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|name| match Escaping::named(name) {
        Some(Escaping::Html) => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    // It would print what templates are made of.
    environment.remove_global("debug");
    let printed = Arc::clone(printed);
    environment.set_formatter(move |output, state, value| print(output, state, value, &printed));
    environment
}

/// Prints a value as its cast to text does; NULL prints nothing.
fn print(
    output: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
    printed: &Printed,
) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => Ok(()),
        ValueKind::Bool => Ok(output.write_str(if value.is_true() { "true" } else { "false" })?),
        ValueKind::Number if !value.is_integer() => {
            let number = f64::try_from(value.clone())?;
            let text = printed.get(number);
            let text = text.unwrap_or_else(|| postgres::double_precision(number));
            Ok(output.write_str(&text)?)
        }
        _ => escape_formatter(output, state, value),
    }
}

/// The templates of some rows, each compiled once as long as there are not too many.
pub(super) struct Templates<'env, 'source> {
    environment: &'env Environment<'source>,
    compiled: HashMap<(&'source str, Escaping), Template<'env, 'source>>,
}

impl<'env, 'source> Templates<'env, 'source> {
    /// None yet.
    pub(super) fn new(environment: &'env Environment<'source>) -> Self {
        Self {
            environment,
            compiled: HashMap::new(),
        }
    }

    /// A template, compiled.
    pub(super) fn get(
        &mut self,
        source: &'source str,
        escaping: Escaping,
    ) -> Result<&Template<'env, 'source>, Error> {
        let key = (source, escaping);
        if !self.compiled.contains_key(&key) {
            if self.compiled.len() == MOST_TEMPLATES {
                self.compiled.clear();
            }
            let name = escaping.template_name();
            let template = self.environment.template_from_named_str(name, source)?;
            return Ok(self.compiled.entry(key).or_insert(template));
        }
        Ok(&self.compiled[&key])
    }
}
