//! Clients whose texts are not UTF-8, held against PostgreSQL: psql sends and prints the same bytes on both.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::postgres::Postgres;
use crate::server::Server;

/// The bytes that psql prints of a script in an encoding.
fn printed(name: &str, port: u16, encoding: &str, script: &[u8]) -> Vec<u8> {
    let mut child = Command::new("psql")
        .env("PGCLIENTENCODING", encoding)
        .args(["-X", "-At", "-h", "127.0.0.1", "-p", &port.to_string()])
        .args(["-U", name, name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(script).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    [output.stdout, output.stderr].concat()
}

/// That both print the same of a script in an encoding.
fn prints_the_same(encoding: &str, script: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let postgres = Postgres::start(&[]);
    let script = [b"\\set VERBOSITY sqlstate\n", script].concat();
    let ours = printed("tributary", server.port, encoding, &script);
    let theirs = printed("postgres", postgres.port, encoding, &script);
    assert_eq!(
        ours.escape_ascii().to_string(),
        theirs.escape_ascii().to_string(),
        "{encoding}"
    );
}

#[test]
fn latin1_is_written_and_read() {
    prints_the_same(
        "LATIN1",
        b"SHOW client_encoding;
CREATE TABLE t\xe9 (\xe0 text);
INSERT INTO t\xe9 VALUES ('caf\xe9'), (E'\\u00fc'), ('plain');
SELECT \xe0, octet_length(\xe0), length(\xe0) FROM t\xe9 ORDER BY \xe0;
COPY t\xe9 FROM STDIN;
\xf1and\xfa
\\.
COPY (SELECT \xe0 FROM t\xe9 ORDER BY \xe0) TO STDOUT (FORMAT csv, HEADER);
COPY (SELECT \xe0 FROM t\xe9 ORDER BY \xe0) TO STDOUT (ENCODING 'UTF8');
COPY (SELECT \xe0 FROM t\xe9 ORDER BY \xe0) TO STDOUT (ENCODING 'WIN1252');
COPY t\xe9 FROM STDIN (ENCODING 'UTF8');
\xe2\x82\xac
\\.
SELECT count(*) FROM t\xe9;
SELECT \xe0 FROM t\xe9 WHERE length(\xe0) = 1 ORDER BY 1;
SELECT E'\\u20ac';
SELECT 1;
SET client_encoding = 'utf-8'; SELECT E'\\u00e9';
SET client_encoding = 'iso-8859-15';
SHOW client_encoding;
SELECT '\xa4', octet_length('\xa4');
SET client_encoding = 'nothing';
RESET client_encoding;
SHOW client_encoding;
SET client_encoding = SQL_ASCII;
SELECT E'\\u00e9';
",
    );
}

#[test]
fn code_pages_are_written_and_read() {
    prints_the_same(
        "WIN1252",
        b"SELECT '\x80', octet_length('\x80'), '\x9f\xff';
SELECT '\x81';
SELECT E'\\u0436';
SELECT 1;
SELECT 1 AS \"\x80\";
",
    );
    prints_the_same(
        "WIN1251",
        b"SELECT '\xe6\xf3\xea', octet_length('\xe6\xf3\xea');
SELECT E'\\u00e9';
COPY (VALUES ('\xff')) TO STDOUT;
",
    );
    prints_the_same("KOI8R", b"SELECT '\xd6', octet_length('\xd6'), '\xa3';\n");
    prints_the_same(
        "WIN1250",
        b"SELECT '\xf8\x9e', octet_length('\xf8\x9e');\nSELECT '\x81';\n",
    );
    prints_the_same("LATIN2", b"SELECT '\xb1\xe6', octet_length('\xb1\xe6');\n");
    prints_the_same("LATIN5", b"SELECT '\xf0\xfd', octet_length('\xf0\xfd');\n");
}
