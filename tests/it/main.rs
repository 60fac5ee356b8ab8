//! Tests of the whole program: a server process, real clients, real files.

mod cli;
mod crash;
mod docs;
mod server;
mod slt;
mod wire;
