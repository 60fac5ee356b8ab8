//! SQL functions for customer data, usable in any DataFusion program.

mod error;

pub use error::FunctionError;
