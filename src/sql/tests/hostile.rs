//! No text makes the parser panic, overflow the stack or take long.

use proptest::prelude::*;

use crate::sql::time_travel::rewrite;
use crate::sql::{Statement, parse, relations};

/// Does with a text all that is done before planning.
fn read(sql: &str) {
    match parse(sql) {
        Ok(statements) => {
            for statement in statements {
                let _ = relations(&statement);
                let shown = statement.to_string();
                if is_definition(&statement) {
                    assert_eq!(parse(&shown).ok(), Some(vec![statement.clone()]), "{shown}");
                }
                if let Statement::Query(mut query) = statement {
                    let _ = rewrite(&mut query);
                }
            }
        }
        Err(error) => {
            assert!(!error.message().is_empty());
            assert!(error.position().unwrap_or(1) <= sql.chars().count() + 1);
        }
    }
}

fn is_definition(statement: &Statement) -> bool {
    statement.to_string().starts_with("CREATE")
}

#[test]
fn deep_and_long_statements_are_refused_or_read() {
    let thread = std::thread::Builder::new().stack_size(16 << 20);
    let read_all = thread.spawn(read_deep_and_long).unwrap();
    read_all.join().unwrap();
}

fn read_deep_and_long() {
    let nested = [
        ("SELECT ", "(", "1", ")"),
        ("SELECT ", "NOT ", "1", ""),
        ("SELECT ", "- ", "1", ""),
        ("SELECT ", "f(", "1", ")"),
        ("SELECT ", "f(a => ", "1", ")"),
        ("SELECT ", "CASE WHEN a THEN ", "1", " END"),
        ("SELECT ", "CAST(", "1", " AS INT)"),
        ("SELECT ", "EXTRACT(year FROM ", "1", ")"),
        ("SELECT ", "ARRAY[", "1", "]"),
        ("SELECT ", "INTERVAL ", "'1 day'", ""),
        ("SELECT ", "EXISTS (SELECT ", "1", ")"),
        ("SELECT ", "a IN (SELECT ", "1", ")"),
        ("SELECT ", "a IN (", "1", ")"),
        ("SELECT ", "a[", "1", "]"),
        ("SELECT ", "(a, ", "1", ")"),
        ("SELECT ", "date ", "'x'", ""),
        ("SELECT 1 FROM t GROUP BY ", "ROLLUP((", "a", "))"),
        ("SELECT * FROM ", "(", "t", ")"),
        ("SELECT * FROM ", "(t JOIN ", "t", " USING (a))"),
        ("SELECT * FROM ", "(SELECT * FROM ", "t", ") x"),
        ("SELECT * FROM ", "LATERAL (SELECT * FROM ", "t", ") x"),
        ("SELECT * FROM ", "f(TABLE(", "t", "))"),
        ("", "WITH x AS (", "SELECT 1", ") SELECT 1"),
        ("", "(", "SELECT 1", ")"),
        ("EXPLAIN ", "(", "SELECT 1", ")"),
        ("CREATE TABLE t (a ", "ARRAY<", "INT", ">"),
        ("CREATE TABLE t (a ", "STRUCT<a ", "INT", ">"),
        ("CREATE TABLE t (a ", "TABLE(a ", "INT", ")"),
        (
            "SELECT JSON_TABLE(x, '$' COLUMNS(",
            "NESTED PATH '$' COLUMNS(",
            "a INT PATH '$'",
            ")",
        ),
        ("", "/*", "", "*/"),
    ];
    let repeated = [
        ("SELECT 1", " + 1"),
        ("SELECT 1", " + CASE WHEN a THEN b END"),
        ("SELECT 1", " + f() WITHIN GROUP (ORDER BY a)"),
        ("SELECT a", " OR a"),
        ("SELECT a", " BETWEEN b AND c"),
        ("SELECT a", " IS DISTINCT FROM a"),
        ("SELECT a", "::int"),
        ("SELECT a", "[1]"),
        ("SELECT a", " IS NULL"),
        ("SELECT a", " NOT IN (1, 2)"),
        ("SELECT a", " COLLATE x"),
        ("SELECT a", " AT TIME ZONE 'x'"),
        ("SELECT a", " OPERATOR(pg_catalog.+) a"),
        ("SELECT a", ".b"),
        ("SELECT (a)", ".b"),
        ("SELECT 1", " UNION SELECT 1"),
        ("SELECT * FROM t", " JOIN t USING (a)"),
        ("SELECT * FROM t", " PIVOT (sum(a) FOR b IN (1))"),
        ("SELECT * FROM t", ", t"),
        ("SELECT 1", ", 1"),
        ("SELECT a IN (1", ", 1"),
        ("CREATE TABLE t (a INT", "[]"),
        ("", "SELECT 1;"),
        ("", ";"),
        ("", "'"),
        ("", "\""),
        ("", "$a$"),
        ("", "\n"),
    ];
    for length in [10, 30, 60, 90, 240, 490, 1_100, 10_000] {
        let nested_here = nested.iter().filter(|_| length < 10_000);
        for (start, open, middle, close) in nested_here {
            let (open, close) = (open.repeat(length), close.repeat(length));
            // Whole, and broken off where it is deepest.
            read(&format!("{start}{open}{middle}{close}"));
            read(&format!("{start}{open}{middle}"));
            read(&format!("{start}{open}"));
        }
        for (start, part) in repeated {
            read(&format!("{start}{}", part.repeat(length)));
        }
    }
}

const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "t",
    "a",
    "1",
    "'x'",
    "(",
    ")",
    ",",
    ";",
    ".",
    "*",
    "=",
    "CREATE",
    "TABLE",
    "VIEW",
    "MATERIALIZED",
    "EXTERNAL",
    "CHECK",
    "AS",
    "WITH",
    "OPTIONS",
    "STORED",
    "LOCATION",
    "VERSION",
    "TIMESTAMP",
    "OF",
    "AT",
    "FOR",
    "SYSTEM_TIME",
    "COPY",
    "STDIN",
    "TO",
    "SET",
    "SHOW",
    "RESET",
    "TIME",
    "ZONE",
    "ON",
    "COMMENT",
    "COLUMN",
    "IS",
    "NULL",
    "NOT",
    "INSERT",
    "INTO",
    "VALUES",
    "DROP",
    "SCHEMA",
    "IF",
    "EXISTS",
    "REFRESH",
    "FULL",
    "DESCRIBE",
    "HISTORY",
    "EXPLAIN",
    "ANALYZE",
    "JOIN",
    "LATERAL",
    "UNION",
    "ALL",
    "GROUP",
    "BY",
    "ORDER",
    "LIMIT",
    "CASE",
    "WHEN",
    "END",
    "CONSTRAINT",
    "EXPECT",
    "VIOLATION",
    "ROW",
    "BEGIN",
    "PREPARE",
    "EXECUTE",
    "DECLARE",
    "CURSOR",
    "FETCH",
    "ABSOLUTE",
    "INT",
    "ARRAY",
    "[",
    "]",
    "::",
    "=>",
    "-",
    "'",
    "\"",
    "$1",
    "$$",
    "--",
    "/*",
    "*/",
    "E'",
    "\\",
    "é",
    "INTERVAL",
    "EXTRACT",
    "CAST",
    "DATE",
    "UNNEST",
    "CHANGES",
    "WINDOW",
    "OVER",
    "PARTITION",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_read_or_refused(sql in "\\PC{0,60}") {
        read(&sql);
    }

    #[test]
    fn any_words_are_read_or_refused(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..24),
        start in prop::sample::select(&["", "SELECT ", "CREATE ", "SELECT * FROM t ", "COPY t ", "SET "][..]),
    ) {
        read(&format!("{start}{}", words.join(" ")));
    }

    #[test]
    fn any_damage_is_read_or_refused(
        sql in prop::sample::select(&[
            "CREATE MATERIALIZED VIEW m (a, CONSTRAINT ok EXPECT (a > 0) ON VIOLATION DROP ROW) WITH (unique_key = 'a') AS SELECT a::int, count(*) OVER (PARTITION BY b) FROM t VERSION AS OF 3 JOIN u USING (id) WHERE c IN (SELECT 1) WITH NO DATA",
            "CREATE EXTERNAL TABLE IF NOT EXISTS c (id BIGINT NOT NULL) STORED AS CSV LOCATION 'x' OPTIONS (a 'b', 'c.d' 5)",
            "COPY t (a, b) FROM STDIN WITH (FORMAT csv, HEADER true, DELIMITER ';')",
            "SELECT CASE WHEN a THEN INTERVAL '1 day' ELSE NULL END, EXTRACT(year FROM b), ARRAY[1, 2][1] FROM t x, LATERAL (SELECT 1) y ORDER BY 1 NULLS LAST LIMIT 5 OFFSET 2",
        ][..]),
        at in 0_usize..250,
        length in 0_usize..8,
        with in prop::sample::select(WORDS),
    ) {
        let chars: Vec<char> = sql.chars().collect();
        let at = at.min(chars.len());
        let end = (at + length).min(chars.len());
        let damaged: String = chars[..at].iter().chain(&chars[end..]).collect();
        read(&damaged);
        let replaced: String = chars[..at].iter().copied().chain(with.chars()).chain(chars[end..].iter().copied()).collect();
        read(&replaced);
    }
}
