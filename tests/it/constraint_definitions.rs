//! What the catalog tells of keys, checks and defaults, beside what PostgreSQL tells.

use crate::postgres::Postgres;
use crate::psql::psql_script_as;
use crate::server::Server;

/// A table of all that a definition can say.
const TABLE: &str = "CREATE TABLE customer (
    id BIGINT PRIMARY KEY,
    email TEXT UNIQUE,
    country TEXT DEFAULT 'DE',
    spent NUMERIC(10, 2) DEFAULT 1 + 1 CHECK (spent >= 0),
    since DATE NOT NULL DEFAULT DATE '2026-01-01',
    code VARCHAR(10) DEFAULT 'it''s' CHECK (length(code) > 2),
    n SMALLINT DEFAULT -1,
    d DOUBLE PRECISION DEFAULT 1.5,
    at TIMESTAMPTZ DEFAULT now(),
    ok BOOLEAN DEFAULT true,
    whole INTEGER DEFAULT 1 + 1,
    \"Odd Name\" TEXT DEFAULT NULL,
    CONSTRAINT known_country CHECK (country IN ('DE', 'FR')),
    UNIQUE (country, since, spent),
    UNIQUE NULLS NOT DISTINCT (n),
    CONSTRAINT c1 CHECK (id > 0 AND (n < 5 OR d IS NOT NULL)),
    CONSTRAINT c2 CHECK (NOT ok OR code LIKE 'a%'),
    CONSTRAINT c3 CHECK (spent BETWEEN 1 AND 10),
    CONSTRAINT c4 CHECK (n + 1 < 5),
    CONSTRAINT c5 CHECK (since > '2020-01-01'),
    CONSTRAINT c6 CHECK (code IN ('a', 'b')),
    CONSTRAINT c7 CHECK (d > 1),
    CONSTRAINT c8 CHECK (id <> 5 AND id IN (1, 2)),
    CONSTRAINT c9 CHECK (lower(email) = email),
    CONSTRAINT c10 CHECK (code <> ''),
    CONSTRAINT c11 CHECK (n = 3),
    CONSTRAINT c12 CHECK (spent * 2 < 100.5),
    CONSTRAINT c13 CHECK (id * (n + 2) - 1 > 7 - (whole - 1)),
    CONSTRAINT c14 CHECK (NOT (ok AND n IS NULL)),
    CONSTRAINT c15 CHECK (spent NOT BETWEEN -1 AND 3000000000),
    CONSTRAINT c16 CHECK (country NOT IN ('XX', 'YY') OR \"Odd Name\" || 'x' = 'yx'),
    CONSTRAINT c17 CHECK (length(lower(code || email)) > 1)
);";

/// What is asked of the catalog.
const QUESTIONS: [&str; 14] = [
    "SELECT conname, contype, conkey, conindid > 0, convalidated, pg_get_constraintdef(oid), pg_get_constraintdef(oid, true) FROM pg_constraint WHERE conrelid = 'customer'::regclass ORDER BY conname",
    "SELECT conname, pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conrelid = 'customer'::regclass AND contype = 'c' ORDER BY conname",
    "SELECT adnum, pg_get_expr(adbin, adrelid), pg_get_expr(adbin, adrelid, true) FROM pg_attrdef WHERE adrelid = 'customer'::regclass ORDER BY adnum",
    "SELECT attname, atthasdef, attnotnull FROM pg_attribute WHERE attrelid = 'customer'::regclass AND attnum > 0 ORDER BY attnum",
    "SELECT c.relname, indnatts, indnkeyatts, indisunique, indnullsnotdistinct, indisprimary, indimmediate, indisvalid, indkey, indcollation, indclass, indoption, pg_get_indexdef(indexrelid), pg_get_indexdef(indexrelid, 0, true), pg_get_indexdef(indexrelid, 2, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE indrelid = 'customer'::regclass ORDER BY 1",
    "SELECT relname, relkind, relnatts, relhasindex, relchecks FROM pg_class WHERE relname LIKE 'customer%' ORDER BY 1",
    "SELECT attname, attnum, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE attrelid = 'customer_country_since_spent_key'::regclass ORDER BY attnum",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 2",
    "SELECT constraint_schema, constraint_name, table_name, constraint_type, is_deferrable, enforced, nulls_distinct FROM information_schema.table_constraints WHERE table_name = 'customer' AND constraint_name NOT LIKE '%_not_null' ORDER BY 2",
    "SELECT c.check_clause FROM information_schema.check_constraints c JOIN information_schema.table_constraints t USING (constraint_schema, constraint_name) WHERE table_name = 'customer' ORDER BY 1",
    "SELECT constraint_name, table_name, column_name, ordinal_position, position_in_unique_constraint FROM information_schema.key_column_usage WHERE table_name = 'customer' ORDER BY 1, 4",
    "SELECT table_name, column_name, constraint_name FROM information_schema.constraint_column_usage WHERE table_name = 'customer' ORDER BY 3, 2",
    "SELECT column_name, ordinal_position, column_default, is_nullable, data_type, character_maximum_length, character_octet_length, numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision, udt_schema, udt_name, dtd_identifier, is_identity, is_generated, is_updatable FROM information_schema.columns WHERE table_name = 'customer' ORDER BY 2",
    "SELECT table_schema, table_name, table_type, is_insertable_into, is_typed FROM information_schema.tables WHERE table_schema IN ('public', 'pg_catalog') AND table_name IN ('customer', 'pg_class', 'pg_tables') ORDER BY 1, 2",
];

#[test]
fn constraints_and_defaults_are_told_as_postgres_tells_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let postgres = Postgres::start(&[]);
    let ask = |name: &str, port: u16, sql: &str| {
        psql_script_as(name, port, &format!("\\pset format unaligned\n{sql};"))
    };
    for (name, port) in [("tributary", server.port), ("postgres", postgres.port)] {
        let made = ask(name, port, TABLE);
        assert!(made.contains("CREATE TABLE"), "{name}: {made}");
    }
    for question in QUESTIONS {
        let ours = ask("tributary", server.port, question);
        let theirs = ask("postgres", postgres.port, question);
        assert!(!theirs.contains("ERROR"), "{question}\n{theirs}");
        assert_eq!(ours, theirs, "{question}");
    }
}
