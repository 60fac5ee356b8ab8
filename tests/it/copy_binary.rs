//! `COPY` in binary, beside PostgreSQL: its bytes are ours, and each reads the other's.

use std::path::Path;

use crate::postgres::Postgres;
use crate::psql::psql_script_as;
use crate::server::Server;

/// A table of every type that a column can have here.
const TABLE: &str = "CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TYPE place AS (street TEXT, number INTEGER, since DATE);
CREATE TABLE every_type (
    whole BIGINT, small SMALLINT, middle INTEGER, ok BOOLEAN, single REAL, double DOUBLE PRECISION,
    price NUMERIC(12, 3), note TEXT, short VARCHAR(5), day DATE, clock TIME, local TIMESTAMP,
    moment TIMESTAMPTZ, span INTERVAL, bytes BYTEA, numbers INTEGER[], words TEXT[],
    prices NUMERIC(6, 2)[], days DATE[], key UUID, code CHAR(3), tag NAME, doc JSON, tree JSONB,
    felt mood, home place
);
INSERT INTO every_type VALUES
    (1, 2, 3, true, 1.5, -2.25, 12345.678, 'it''s', 'abc', '2026-02-28', '12:34:56.789', '1999-12-31 23:59:59.999999',
     '2026-07-01 12:00:00+02', '1 year 2 months 3 days 4 hours 5 minutes 6 seconds', '\\x00ff10', ARRAY[1, NULL, 3], ARRAY['a', 'b c', NULL], ARRAY[1.25, -3], ARRAY[DATE '1970-01-01'],
     '000000a0-0000-4000-8000-0000000000ff', 'abc', 'tag', '{\"a\":  1}', '{\"a\":  1}', 'sad', '(\"a b\",1,2020-02-29)'),
    (-9223372036854775807, -32768, -2147483648, false, -0.1, 1e300, -0.001, '', 'ä€', '0001-01-01', '00:00:00', '0001-01-01 00:00:00',
     '1970-01-01 00:00:00+00', '-1 days -1 seconds', '', ARRAY[7], ARRAY[''], ARRAY[0.5], ARRAY[DATE '2000-01-01', NULL],
     'ffffffff-ffff-ffff-ffff-ffffffffffff', 'ä€x', '', 'null', '[]', 'glad', '(,2,)'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, NULL, NULL, NULL, NULL, NULL);";

fn run(name: &str, port: u16, script: &str) -> String {
    let printed = psql_script_as(name, port, &format!("\\pset format unaligned\n{script}"));
    assert!(!printed.contains("ERROR"), "{name}: {printed}");
    printed
}

fn copied(name: &str, port: u16, file: &Path) -> Vec<u8> {
    let copy = format!(
        "\\copy (SELECT * FROM every_type ORDER BY whole NULLS LAST) to '{}' with (format binary)",
        file.display()
    );
    run(name, port, &copy);
    std::fs::read(file).unwrap()
}

#[test]
fn binary_rows_are_those_of_postgres_and_go_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let postgres = Postgres::start(&[]);
    let both = [("tributary", server.port), ("postgres", postgres.port)];
    for (name, port) in both {
        run(name, port, TABLE);
    }
    let files = ["ours", "theirs"].map(|name| folder.path().join(name));
    let ours = copied("tributary", server.port, &files[0]);
    let theirs = copied("postgres", postgres.port, &files[1]);
    assert_eq!(ours, theirs);
    let rows = |name, port| {
        run(
            name,
            port,
            "SET TIME ZONE 'UTC'; SELECT * FROM every_type ORDER BY whole NULLS LAST, middle;",
        )
    };
    let before = rows("tributary", server.port);
    // What one has written, the other reads, in today's form and in that of old.
    let taken = run(
        "tributary",
        server.port,
        &format!(
            "TRUNCATE every_type;\n\\copy every_type from '{}' with (format binary)",
            files[1].display()
        ),
    );
    assert!(taken.contains("COPY 3"), "{taken}");
    assert_eq!(rows("tributary", server.port), before);
    run(
        "postgres",
        postgres.port,
        &format!(
            "TRUNCATE every_type;\n\\copy every_type from '{}' with binary",
            files[0].display()
        ),
    );
    assert_eq!(copied("postgres", postgres.port, &files[1]), ours);
}

#[test]
fn what_is_no_binary_row_of_the_table_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let copy = |setup: &str, query: &str, into: &str| {
        let file = folder.path().join("rows");
        let script = format!(
            "{setup}\n\\copy ({query}) to '{file}' with (format binary)\n\\copy {into} from '{file}' with (format binary)\n",
            file = file.display()
        );
        psql_script_as("tributary", server.port, &script)
    };
    let setup = "CREATE TABLE t (id INTEGER NOT NULL, note VARCHAR(3));";
    for (query, message) in [
        (
            "SELECT 1",
            "ERROR:  row field count is 1, expected 2\nCONTEXT:  COPY t, line 1",
        ),
        (
            "SELECT 1::BIGINT, 'abc'",
            "ERROR:  incorrect binary data format\nCONTEXT:  COPY t, line 1, column id",
        ),
        (
            "SELECT 1::INTEGER, 'abc' UNION ALL SELECT 2::INTEGER, 'abcd' ORDER BY 1",
            "ERROR:  value too long for type character varying(3)\nCONTEXT:  COPY t, line 2, column note",
        ),
        (
            "SELECT NULL::INTEGER, 'abc'",
            "ERROR:  null value in column \"id\" of relation \"t\" violates not-null constraint",
        ),
    ] {
        let printed = copy(setup, query, "t");
        assert!(printed.contains(message), "{query}: {printed}");
    }
    let left = psql_script_as("tributary", server.port, "SELECT count(*) FROM t;");
    assert!(left.contains("     0\n"), "{left}");
    for (options, message) in [
        ("binary, header", "cannot specify HEADER in BINARY mode"),
        (
            "binary, delimiter ','",
            "cannot specify DELIMITER in BINARY mode",
        ),
        ("xml", "COPY format \"xml\" not recognized"),
    ] {
        let copy = format!("COPY t TO STDOUT WITH (FORMAT {options});");
        let printed = psql_script_as("tributary", server.port, &copy);
        assert!(printed.contains(message), "{options}: {printed}");
    }
}
