//! Walks over queries: the relations they read, and versions of tables.

use crate::sql::time_travel::{Version, decode, rewrite};
use crate::sql::{Statement, parse_one, relations};

fn reads(sql: &str) -> Vec<String> {
    let statement = parse_one(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let names = relations(&statement).unwrap();
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn relations_are_those_read() {
    let cases: &[(&str, &[&str])] = &[
        ("SELECT 1", &[]),
        ("SELECT * FROM b, a.b, A, tributary.a.b", &["b", "a.b", "a"]),
        (
            "SELECT * FROM a JOIN (SELECT * FROM b) x ON x.i IN (SELECT i FROM c)",
            &["a", "b", "c"],
        ),
        (
            "SELECT (SELECT max(x) FROM d), EXISTS (SELECT 1 FROM e) FROM f(1), LATERAL g(2)",
            &["d", "e"],
        ),
        (
            "WITH x AS (SELECT * FROM a) SELECT * FROM x, X, \"X\"",
            &["a", "\"X\""],
        ),
        // A name of WITH does not hide a relation with a schema, nor itself unless recursive.
        (
            "WITH x AS (SELECT * FROM x) SELECT * FROM x, s.x",
            &["x", "s.x"],
        ),
        (
            "WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT * FROM x) SELECT * FROM x",
            &[],
        ),
        (
            "WITH x AS (SELECT * FROM y), y AS (SELECT * FROM x) SELECT * FROM x, y",
            &["y"],
        ),
        (
            "SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x) q, x",
            &["x"],
        ),
        (
            "WITH x AS (SELECT 1) SELECT * FROM (WITH z AS (SELECT * FROM x) SELECT * FROM z) q",
            &[],
        ),
        (
            "SELECT * FROM a UNION SELECT * FROM b EXCEPT (SELECT * FROM c)",
            &["a", "b", "c"],
        ),
        (
            "SELECT * FROM (a JOIN b USING (i)) JOIN c VERSION AS OF 3 USING (i)",
            &["a", "b", "c"],
        ),
        ("TABLE a", &["a"]),
        // Functions on models read what their literals name.
        (
            "SELECT * FROM entity_clusters('m') JOIN ENTITY_evaluate('s.M', 'x.\"T\"') e ON true",
            &["m", "s.m", "x.\"T\""],
        ),
        (
            "CREATE MODEL m OPTIONS (must_link = 'same', cannot_link = 's.other') AS SELECT * FROM a",
            &["same", "s.other", "a"],
        ),
        ("CREATE VIEW v AS SELECT * FROM a", &["a"]),
        (
            "CREATE MATERIALIZED VIEW m (CONSTRAINT c EXPECT (x IN (SELECT x FROM b))) AS SELECT * FROM a",
            &["b", "a"],
        ),
        ("CREATE TABLE t AS SELECT * FROM a", &["a"]),
        ("CREATE TABLE t (a INT)", &[]),
        ("CREATE CHECK c AS SELECT * FROM a", &["a"]),
        ("INSERT INTO t SELECT * FROM a", &["a"]),
        ("COPY a TO STDOUT", &["a"]),
        ("COPY a FROM STDIN", &[]),
        ("COPY (SELECT * FROM a) TO STDOUT", &["a"]),
        ("EXPLAIN SELECT * FROM a", &["a"]),
        (
            "WITH a AS (SELECT * FROM b) UPDATE t SET x = (SELECT 1 FROM c) FROM a, s.a WHERE true",
            &["t", "s.a", "c", "b"],
        ),
        (
            "WITH a AS (SELECT * FROM b) DELETE FROM a USING a AS x",
            &["a", "b"],
        ),
        (
            "SELECT a FROM t ORDER BY (SELECT 1 FROM o) LIMIT (SELECT 1 FROM l)",
            &["t", "o", "l"],
        ),
        (
            "SELECT sum(a) FILTER (WHERE a IN (SELECT 1 FROM f)) OVER (PARTITION BY (SELECT 1 FROM w)) FROM t",
            &["f", "w", "t"],
        ),
    ];
    for (sql, expected) in cases {
        let mut found = reads(sql);
        let mut expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{sql}");
    }
    let foreign = parse_one("SELECT * FROM other.a.b").unwrap();
    assert_eq!(relations(&foreign).unwrap_err().sqlstate().0, "0A000");
}

fn rewritten(sql: &str) -> Result<String, crate::error::Error> {
    let Statement::Query(mut query) = parse_one(sql)? else {
        panic!("{sql} is no query");
    };
    rewrite(&mut query)?;
    Ok(query.to_string())
}

#[test]
fn versions_are_put_into_names() {
    let cases = [
        (
            "SELECT * FROM t VERSION AS OF 3",
            "SELECT * FROM \"t@version=3\" AS t",
        ),
        (
            "SELECT * FROM S.T VERSION AS OF 3 AS x",
            "SELECT * FROM S.\"t@version=3\" AS x",
        ),
        (
            "SELECT * FROM \"T\" VERSION AS OF 0 y",
            "SELECT * FROM \"T@version=0\" y",
        ),
        (
            "SELECT * FROM t TIMESTAMP AS OF '2026-01-02T03:04:05.500+02:00'",
            "SELECT * FROM \"t@timestamp=2026-01-02T01:04:05.500Z\" AS t",
        ),
        (
            "SELECT * FROM t FOR SYSTEM_TIME AS OF '2026-01-02T03:04:00Z'",
            "SELECT * FROM \"t@timestamp=2026-01-02T03:04:00Z\" AS t",
        ),
        (
            "WITH a AS (SELECT * FROM t VERSION AS OF 1) SELECT * FROM a JOIN t VERSION AS OF 2 AS b USING (i) WHERE x IN (SELECT x FROM t VERSION AS OF 3)",
            "WITH a AS (SELECT * FROM \"t@version=1\" AS t) SELECT * FROM a JOIN \"t@version=2\" AS b USING(i) WHERE x IN (SELECT x FROM \"t@version=3\" AS t)",
        ),
        ("SELECT * FROM t", "SELECT * FROM t"),
    ];
    for (sql, expected) in cases {
        let found = rewritten(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(found, expected, "{sql}");
        assert!(!found.contains(" AS OF"), "{sql}");
    }
}

#[test]
fn versions_that_are_none_are_refused() {
    let cases = [
        ("SELECT * FROM t VERSION AS OF 1.5", "22023"),
        (
            "SELECT * FROM t VERSION AS OF 99999999999999999999",
            "22023",
        ),
        ("SELECT * FROM t VERSION AS OF 'x'", "42601"),
        ("SELECT * FROM t TIMESTAMP AS OF now()", "0A000"),
        // A session computes what moment it is first.
        ("SELECT * FROM t TIMESTAMP AS OF '2026-01-01'", "0A000"),
        // `at` is a name for the relation here.
        ("SELECT * FROM t AT (TIMESTAMP => '2026-01-01')", "42601"),
        ("SELECT * FROM t BEFORE (VERSION => 3)", "0A000"),
        (
            "SELECT * FROM t CHANGES (INFORMATION => DEFAULT) AT (VERSION => 3)",
            "0A000",
        ),
        (
            "WITH t AS (SELECT 1) SELECT * FROM t VERSION AS OF 3",
            "42809",
        ),
        ("SELECT * FROM \"t@version=3\"", "42602"),
        (
            "SELECT * FROM s.\"t@timestamp=2026-01-01T00:00:00Z\"",
            "42602",
        ),
    ];
    for (sql, sqlstate) in cases {
        let error = rewritten(sql).expect_err(sql);
        assert_eq!(error.sqlstate().0, sqlstate, "{sql}: {error}");
    }
}

#[test]
fn names_are_decoded() {
    assert_eq!(decode("t@version=3"), Some(("t", Version::Number(3))));
    let Some(("t", Version::Timestamp(time))) = decode("t@timestamp=2026-01-02T01:04:05.500Z")
    else {
        panic!("not decoded");
    };
    assert_eq!(time.timestamp_millis(), 1_767_315_845_500);
    assert_eq!(decode("t"), None);
    assert_eq!(decode("t@version=x"), None);
}
