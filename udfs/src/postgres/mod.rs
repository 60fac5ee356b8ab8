//! What PostgreSQL computes where DataFusion computes something else: arithmetic that overflows is
//! an error, numbers are rounded on their way to an integer, `bytea` is read and shown as
//! hexadecimal, `varchar(n)` cuts.
//!
//! [`PostgresSemantics`] puts these in a plan in the place of DataFusion's own operators. They are
//! no functions that a user calls, and keep the names of what they stand for.

mod arithmetic;
mod bytes;
mod character_length;
mod conversion;
mod range;
mod rounding;
mod rule;
mod sum;
#[cfg(test)]
mod tests;
mod text;

pub use bytes::parse as parse_bytea;
pub use character_length::{CHARACTER_LENGTH, CharacterLength};
pub(crate) use conversion::as_text;
pub use rule::PostgresSemantics;
pub(crate) use text::double_precision;
