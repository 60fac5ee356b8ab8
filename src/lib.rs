//! Tributary: a SQL-first customer-data warehouse that speaks the Postgres wire protocol.
//!
//! ARCHITECTURE.md is the map of this crate.

pub mod catalog;
pub mod error;
pub mod generate;
pub mod models;
pub mod session;
pub mod sources;
pub mod sql;
pub mod warehouse;
pub mod wire;
