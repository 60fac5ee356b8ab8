//! The catalog: the objects, their persistence and what stands on what.

pub mod object;

pub use object::{Kind, Object, Oid};
