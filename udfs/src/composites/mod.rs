//! Values of composite types that users make: structs, told from other records by what their fields tell.
//!
//! Of which type a struct is stands in the metadata of each of its fields, and so within the type of the
//! values: these keep it through arrays, `CASE`, aggregates and files. The functions here get the labels of
//! enums among the attributes with the type, and so need no catalog.

mod assigned;
mod kind;
mod nulls;
mod order;
mod read;
mod text;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::ScalarUDF;

pub use assigned::ASSIGNED;
pub use kind::{CompositeKind, CompositeType, given_as, uses, without_part};
pub use nulls::{is_not_null, is_null};
pub use order::place;
pub use read::{READ, converted, read};

/// Registers the functions that statements call by name.
///
/// # Errors
/// Those of the registry.
pub fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let functions: [Arc<ScalarUDF>; 1] = [assigned::udf()];
    for function in functions {
        registry.register_udf(function)?;
    }
    Ok(())
}
