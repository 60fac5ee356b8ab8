//! The Postgres wire protocol: accept loop, connections, portals, COPY, cancel, and the encoding of
//! rows. It knows of the server behind it only what [`Backend`] says.
//!
//! A connection is one task: [`listener`] accepts it, [`startup`] greets the client,
//! `authentication` asks for what the rules want of it, `connection` takes its messages one
//! by one and hands them to `simple` or `extended`. Frontend messages are decoded here, with every
//! length checked before it is used; the messages of the server are encoded by pgwire, except for
//! rows, which go from Arrow arrays straight into the output buffer.
//!
//! Whatever a client sends, memory stays bounded: frames grow only as their bytes arrive, rows are
//! written in pieces of about 64 kB and wait for the client to read them, and the number of statements,
//! portals and connections is limited by [`Limits`].

mod authentication;
mod backend;
mod cancel;
mod certificate;
mod cipher;
mod client_encoding;
mod client_settings;
mod connection;
pub mod copy_decoder;
mod copy_in;
mod copy_out;
mod encode;
mod encryption;
mod error_response;
mod extended;
mod failed_logins;
mod failure;
mod frame;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod interrupt;
pub mod listener;
mod message;
mod parameters;
mod passwords;
mod pieces;
mod portal;
mod reader;
mod row_description;
mod rows;
mod scram;
mod server_certificate;
mod simple;
mod sockets;
pub mod startup;
mod startup_message;
#[cfg(test)]
mod tests;
pub mod types;

use std::time::Duration;

use crate::session::MAX_PREPARED_STATEMENTS;

pub use authentication::Authentication;
pub use backend::{Backend, BackendSession, Client};
pub use copy_decoder::{CopyDecoder, CopyRow, shown};
pub use encode::text_of;
pub use listener::serve;
pub use parameters::column_from_binary;
pub use reader::utf8;
pub use scram::verifier_of;
pub use server_certificate::{CertificateFiles, Encryption};

/// What one client, and all clients together, may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Sessions at once; one more is refused with 53300.
    pub max_connections: usize,
    /// So many of them are kept for superusers.
    pub reserved_connections: usize,
    /// How long a client may take from connecting to being ready for queries.
    pub startup_timeout: Duration,
    /// How long a client waits to hear for the first time that its user or password is wrong; then
    /// it is twice as long each time, up to 32 times.
    pub failed_login_delay: Duration,
    /// The largest message of a client, in bytes; a larger one ends the connection with 54000.
    pub max_message_bytes: usize,
    /// Prepared statements of one connection; one more is refused with 53400.
    pub max_prepared_statements: usize,
    /// Portals of one connection; one more is refused with 53400.
    pub max_portals: usize,
    /// How long running statements may go on once the server stops: short ones end by themselves.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 100,
            reserved_connections: 0,
            startup_timeout: Duration::from_secs(60),
            failed_login_delay: Duration::from_secs(1),
            max_message_bytes: 256 << 20,
            max_prepared_statements: MAX_PREPARED_STATEMENTS,
            max_portals: 10_000,
            shutdown_grace: Duration::from_millis(500),
        }
    }
}
