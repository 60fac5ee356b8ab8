//! Tributary: a SQL-first customer-data warehouse that speaks the Postgres wire protocol.
//!
//! ARCHITECTURE.md is the map of this crate.

mod boxed;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod error;
pub mod execute;
pub mod generate;
pub mod instance;
pub mod models;
pub mod session;
pub mod sources;
pub mod sql;
pub mod storage;
#[cfg(test)]
mod test_server;
mod unary;
pub mod warehouse;
pub mod wire;

/// The version that clients are told: that of the PostgreSQL they may take this server for.
pub const SERVER_VERSION: &str = concat!("15.0 (Tributary ", env!("CARGO_PKG_VERSION"), ")");
