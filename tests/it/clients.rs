//! Clients of the Python Package Index, each by its script in `tests/clients`: what they are answered
//! is what they are answered by PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::postgres::Postgres;
use crate::psql::psql_script_as;
use crate::server::Server;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// The Python that has the clients.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let install = Command::new(folder().join("install"))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(install.status.success(), "tests/clients/install failed");
        PathBuf::from(String::from_utf8(install.stdout).unwrap().trim())
    })
}

/// The lines that a script prints.
fn run(script: &str, port: u16) -> Vec<String> {
    let output = Command::new(python())
        .arg(folder().join(script))
        .args(["127.0.0.1", &port.to_string(), "tributary", "tributary"])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {printed}\n{told}");
    printed.lines().map(str::to_owned).collect()
}

/// That a client finds here what it finds in a PostgreSQL.
fn finds_the_same(script: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let postgres = Postgres::start(&[]);
    let named = "CREATE ROLE tributary SUPERUSER LOGIN; CREATE DATABASE tributary;";
    psql_script_as("postgres", postgres.port, &named.replace("; ", ";\n"));
    let theirs = run(script, postgres.port);
    let ours = run(script, server.port);
    assert_eq!(ours, theirs, "{script}");
}

#[test]
fn asyncpg_finds_the_same() {
    finds_the_same("asyncpg_client.py");
}

#[test]
fn dbt_builds_the_same() {
    finds_the_same("dbt_client.py");
}

#[test]
fn pg8000_finds_the_same() {
    finds_the_same("pg8000_client.py");
}

#[test]
fn psycopg_finds_the_same() {
    finds_the_same("psycopg_client.py");
}

#[test]
fn sqlalchemy_and_pandas_find_the_same() {
    finds_the_same("sqlalchemy_client.py");
}
