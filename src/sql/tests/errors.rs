//! What is refused: SQLSTATE, message, place and hint.

use crate::error::Error;
use crate::sql::{Options, parse, parse_one, parse_with_text};

fn error(sql: &str) -> Error {
    match parse_one(sql) {
        Ok(statement) => panic!("{sql} was read as {statement:?}"),
        Err(error) => error,
    }
}

#[test]
fn syntax_errors_say_where() {
    // statement, message, position, hint
    let cases: &[(&str, &str, Option<usize>, Option<&str>)] = &[
        (
            "SELCT 1",
            "syntax error at or near \"SELCT\"",
            Some(1),
            Some("SELECT"),
        ),
        (
            "SELECT * FORM t",
            "syntax error at or near \"FORM\"",
            Some(10),
            Some("FROM"),
        ),
        (
            "SELECT a, CONSTRAINT c EXPECT (a)",
            "syntax error at or near \"EXPECT\"",
            Some(24),
            None,
        ),
        (
            "SELECT a FORM t",
            "syntax error at or near \"t\"",
            Some(15),
            Some("FROM"),
        ),
        (
            "SELECT 1 FROM t WHER a = 1",
            "syntax error at or near \"a\"",
            Some(22),
            Some("WHERE"),
        ),
        (
            "SELECT * FROM",
            "syntax error at end of input",
            Some(14),
            None,
        ),
        (
            "CREATE TABEL t (a int)",
            "syntax error at or near \"TABEL\"",
            Some(8),
            Some("TABLE"),
        ),
        (
            "CREATE MATERIALISED VIEW t AS SELECT 1",
            "syntax error at or near \"MATERIALISED\"",
            Some(8),
            Some("MATERIALIZED"),
        ),
        (
            "DROP VEIW v",
            "syntax error at or near \"VEIW\"",
            Some(6),
            Some("VIEW"),
        ),
        ("SELECT 'abc", "unterminated quoted string", Some(8), None),
        (
            "SELECT \"abc",
            "unterminated quoted identifier",
            Some(8),
            None,
        ),
        ("SELECT /* abc", "unterminated /* comment", None, None),
        (
            "SELECT\n 'ä', )",
            "syntax error at or near \")\"",
            Some(14),
            None,
        ),
        (
            "SELECT 1 2",
            "syntax error at or near \"2\"",
            Some(10),
            None,
        ),
        (
            "SELECT 1;\nSELECT x y z",
            "syntax error at or near \"z\"",
            Some(22),
            None,
        ),
        ("COPY t", "syntax error at end of input", Some(7), None),
        ("REFRESH t", "syntax error at or near \"t\"", Some(9), None),
        (
            "CREATE TABLE t (a)",
            "column \"a\" has no data type",
            Some(19),
            None,
        ),
        (
            "CREATE EXTERNAL TABLE t LOCATION 'x'",
            "external table t has no format",
            Some(37),
            None,
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV",
            "external table t has no location",
            Some(38),
            None,
        ),
        (
            "SELECT 1 AS \"\"",
            "zero-length delimited identifier",
            Some(13),
            None,
        ),
    ];
    for (sql, message, position, hint) in cases {
        let error = error(sql);
        assert_eq!(error.message(), *message, "{sql}");
        assert_eq!(error.sqlstate().0, "42601", "{sql}");
        if position.is_some() {
            assert_eq!(error.position(), *position, "{sql}");
        }
        match hint {
            Some(word) => assert_eq!(
                error.hint(),
                Some(format!("Perhaps you meant \"{word}\".").as_str()),
                "{sql}"
            ),
            None => assert!(
                !error.hint().is_some_and(|hint| hint.starts_with("Perhaps")),
                "{sql}: {:?}",
                error.hint()
            ),
        }
    }
}

#[test]
fn what_is_not_supported_is_named() {
    let cases = [
        ("GRANT USAGE ON LANGUAGE sql TO u", "GRANT ON LANGUAGE"),
        ("PREPARE TRANSACTION 'a'", "two-phase commit"),
        ("COMMIT PREPARED 'a'", "two-phase commit"),
        ("SET TRANSACTION SNAPSHOT 'a'", "SET TRANSACTION SNAPSHOT"),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$$$",
            "a language other than SQL",
        ),
        ("COMMENT ON LANGUAGE sql IS 'x'", "COMMENT ON LANGUAGE"),
        ("EXPLAIN TRUNCATE t", "EXPLAIN TRUNCATE"),
        (
            "CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES u (a) MATCH PARTIAL)",
            "MATCH PARTIAL",
        ),
        (
            "CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES u (a) ON DELETE SET NULL (a))",
            "a list of columns behind ON DELETE",
        ),
        (
            "CREATE TABLE t (a INT) PARTITION BY RANGE (a)",
            "PARTITION of a table",
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV PARTITIONED BY (a) LOCATION 'x'",
            "PARTITIONED of an external table",
        ),
        (
            "CREATE VIEW v AS SELECT * FROM t FOR UPDATE",
            "FOR UPDATE or FOR SHARE in a definition",
        ),
        (
            "SELECT * FROM (DELETE FROM t RETURNING *) AS x",
            "DELETE within a query",
        ),
        (
            "SELECT * FROM t TABLESAMPLE BERNOULLI (10) SEED (1)",
            "TABLESAMPLE but BERNOULLI and SYSTEM of a percentage",
        ),
        (
            "COPY t FROM '/etc/passwd'",
            "COPY of a file or program of the server",
        ),
        (
            "COPY t TO PROGRAM 'rm'",
            "COPY of a file or program of the server",
        ),
        ("DESCRIBE t", "DESCRIBE of anything but HISTORY"),
    ];
    for (sql, what) in cases {
        let error = error(sql);
        assert_eq!(error.message(), format!("{what} is not supported"), "{sql}");
        assert_eq!(error.sqlstate().0, "0A000", "{sql}");
    }
}

#[test]
fn other_errors_have_their_sqlstate() {
    let cases = [
        (
            "SELECT * FROM t; DROP TABLE other.s.t",
            "0A000",
            "cross-database references are not implemented: other.s.t",
        ),
        (
            "SELECT * FROM (WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x) AS y",
            "0A000",
            "WITH clause containing a data-modifying statement must be at the top level",
        ),
        (
            "WITH x AS (DELETE FROM t), x AS (SELECT 1) SELECT * FROM x",
            "42712",
            "WITH query name \"x\" specified more than once",
        ),
        (
            "COPY t FROM STDIN (ENCODING 'nothing')",
            "22023",
            "argument to option \"encoding\" must be a valid encoding name",
        ),
        (
            "REFRESH MATERIALIZED VIEW CONCURRENTLY m WITH NO DATA",
            "42601",
            "CONCURRENTLY and WITH NO DATA options cannot be used together",
        ),
        (
            "DROP TABLE a.b.c.d",
            "42601",
            "improper qualified name (too many dotted names): a.b.c.d",
        ),
        (
            "CREATE TABLE t (a INT, A INT)",
            "42701",
            "column \"a\" specified more than once",
        ),
        (
            "CREATE VIEW v (a, a) AS SELECT 1, 2",
            "42701",
            "column \"a\" specified more than once",
        ),
        (
            "CREATE MATERIALIZED VIEW m WITH (a = 1, A = 2) AS SELECT 1",
            "22023",
            "option \"a\" is given twice",
        ),
        (
            "CREATE OR REPLACE VIEW IF NOT EXISTS v AS SELECT 1",
            "42601",
            "OR REPLACE and IF NOT EXISTS cannot be combined",
        ),
        (
            "COPY t FROM STDIN (DELIMITER E'\\n')",
            "22023",
            "COPY delimiter cannot be newline or carriage return",
        ),
        (
            "COPY t FROM STDIN (DELIMITER '\\')",
            "22023",
            "COPY delimiter cannot be \"\\\"",
        ),
        (
            "COPY t FROM STDIN (NULL E'a\\tb')",
            "0A000",
            "COPY delimiter must not appear in the NULL specification",
        ),
        (
            "COPY t FROM STDIN (FORMAT csv, NULL 'a\"b')",
            "0A000",
            "CSV quote character must not appear in the NULL specification",
        ),
        (
            "COPY t FROM STDIN (FORMAT csv, DELIMITER '\"')",
            "22023",
            "COPY delimiter and quote must be different",
        ),
        (
            "COPY t FROM STDIN (QUOTE '\"')",
            "0A000",
            "COPY quote available only in CSV mode",
        ),
        (
            "COPY t FROM STDIN (ESCAPE 'a')",
            "0A000",
            "COPY escape available only in CSV mode",
        ),
        (
            "COPY t FROM STDIN (FORMAT csv, ESCAPE 'ab')",
            "0A000",
            "COPY escape must be a single one-byte character",
        ),
        (
            "COPY t FROM STDIN (FORMAT binary, NULL '')",
            "42601",
            "cannot specify NULL in BINARY mode",
        ),
        (
            "COPY t FROM STDIN (FORMAT binary, HEADER)",
            "0A000",
            "cannot specify HEADER in BINARY mode",
        ),
        (
            "COPY t FROM STDIN (HEADER maybe)",
            "42601",
            "header requires a Boolean value or \"match\"",
        ),
        (
            "COPY t TO STDOUT (FORMAT csv, HEADER match)",
            "0A000",
            "cannot use \"match\" with HEADER in COPY TO",
        ),
        (
            "COPY t TO STDOUT (HEADER, HEADER)",
            "42601",
            "conflicting or redundant options",
        ),
        (
            "COPY BINARY t TO STDOUT CSV",
            "42601",
            "conflicting or redundant options",
        ),
        (
            "COPY t FROM STDIN (FREEZE 2)",
            "42601",
            "freeze requires a Boolean value",
        ),
        (
            "COPY t FROM STDIN (ENCODING)",
            "42601",
            "encoding requires a parameter",
        ),
        (
            "COPY t TO STDOUT (FORMAT text, FORCE_QUOTE *)",
            "0A000",
            "COPY force quote available only in CSV mode",
        ),
        (
            "COPY t FROM STDIN (FORMAT csv, FORCE_QUOTE (a))",
            "0A000",
            "COPY force quote only available using COPY TO",
        ),
        (
            "COPY t TO STDOUT (FORMAT csv, FORCE_QUOTE 'a')",
            "22023",
            "argument to option \"force_quote\" must be a list of column names",
        ),
        (
            "COPY t FROM STDIN (FORMAT text, FORCE_NULL (a))",
            "0A000",
            "COPY force null available only in CSV mode",
        ),
        (
            "COPY t TO STDOUT (FORMAT csv, FORCE_NULL (a))",
            "0A000",
            "COPY force null only available using COPY FROM",
        ),
        (
            "COPY t FROM STDIN (FORMAT csv, FORCE_NULL *)",
            "22023",
            "argument to option \"force_null\" must be a list of column names",
        ),
        (
            "COPY t FROM STDIN FORCE NOT NULL a",
            "0A000",
            "COPY force not null available only in CSV mode",
        ),
        (
            "COPY t TO STDOUT CSV FORCE NOT NULL a",
            "0A000",
            "COPY force not null only available using COPY FROM",
        ),
        (
            "COPY t FROM STDIN (FORMAT xml)",
            "22023",
            "COPY format \"xml\" not recognized",
        ),
        (
            "COPY t FROM STDIN (SPEED 9)",
            "42601",
            "option \"speed\" not recognized",
        ),
        (
            "DROP TABLE \"t@version=3\"",
            "42602",
            "the name \"t@version=3\" is reserved",
        ),
    ];
    for (sql, sqlstate, message) in cases {
        let error = parse(sql).expect_err(sql);
        assert_eq!(error.message(), message, "{sql}");
        assert_eq!(error.sqlstate().0, sqlstate, "{sql}");
        // As in PostgreSQL, what is wrong with the value of an option of COPY is told without its place.
        let is_option = sql.starts_with("COPY t ");
        assert!(is_option || error.position().is_some(), "{sql}");
    }
}

#[test]
fn unknown_options_name_the_nearest() {
    let options = Options(vec![("uniqe_key".to_owned(), "id".to_owned())]);
    let error = options
        .check_known(&["lookback", "unique_key"], "materialized view raw.contact")
        .unwrap_err();
    assert_eq!(
        error.message(),
        "materialized view raw.contact has no option \"uniqe_key\""
    );
    assert_eq!(error.hint(), Some("Perhaps you meant \"unique_key\"."));
    assert!(options.check_known(&["uniqe_key"], "x").is_ok());
}

#[test]
fn texts_are_cut_at_semicolons() {
    let sql = "-- first\n ; SELECT 'ä;'  ;;SHOW ALL /* end */;\n-- last";
    let parsed = parse_with_text(sql).unwrap();
    let texts: Vec<_> = parsed.iter().map(|one| (one.start, one.text)).collect();
    assert_eq!(texts, [(12, "SELECT 'ä;'"), (28, "SHOW ALL /* end */")]);
    assert_eq!(parse(" ; -- nothing\n").unwrap(), []);
    assert!(parse_one("").is_err());
    assert!(parse_one("SELECT 1; SELECT 2").is_err());
}
