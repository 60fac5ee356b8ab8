//! Values of enum types that users make: texts, the labels of the values, told from other texts by the
//! metadata of their fields.
//!
//! So tables keep labels, which other engines read, and equal values are equal texts. What is ordered is
//! the place of a label among those of its type, which whoever plans a query puts in the place of the
//! value: an order can change where no row does. The functions here get the labels as literals, and so
//! need no catalog.

mod functions;
mod kind;
mod support;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;

pub use functions::{check, declared, is_declaration, label, place, read, renamed, text};
pub use kind::{EnumKind, EnumType, keeps_array};

/// An enum type and its labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EnumDefinition {
    /// The type.
    pub of: EnumType,
    /// Its name, as messages have it.
    pub name: String,
    /// Its labels, in their order.
    pub labels: Vec<String>,
}

/// Registers the functions.
///
/// # Errors
/// Those of the registry.
pub fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for function in functions::all() {
        registry.register_udf(function)?;
    }
    for function in support::all() {
        registry.register_udf(function)?;
    }
    Ok(())
}
