//! The options of COPY, by what psql prints of a script; the answers are PostgreSQL's.

use crate::psql::psql_script;
use crate::server::Server;

const SCRIPT: &str = r#"CREATE TABLE t (a INT, b TEXT, c TEXT);
COPY t FROM stdin (FORMAT csv, FORCE_NULL (b), NULL 'N');
1,"N","N"
2,N,N
3,"",
\.
COPY t FROM stdin (FORMAT csv, FORCE_NOT_NULL (b), FORCE_NULL (b));
4,"",""
5,,
\.
COPY t FROM stdin CSV FORCE NOT NULL b FORCE NULL c;
6,"q""q",""
7,,
\.
COPY t (c, a) FROM stdin (FORMAT csv, HEADER match);
c,a
8,8
\.
SELECT * FROM t ORDER BY a;
COPY t TO stdout (FORMAT csv, FORCE_QUOTE (c, a), HEADER);
COPY t (b) TO stdout CSV FORCE QUOTE *;
COPY (SELECT a, a AS b, c FROM t WHERE a = 6) TO stdout (FORMAT csv, FORCE_QUOTE (b));
COPY t (c, a) FROM stdin (FORMAT csv, HEADER match);
a,c
8,8
\.
COPY t TO stdout (FORMAT csv, FORCE_QUOTE (nothing));
COPY t (a, b) TO stdout (FORMAT csv, FORCE_QUOTE (c));
COPY t TO stdout (FORMAT csv, FORCE_QUOTE (b, b));
COPY (SELECT a FROM t) TO stdout (FORMAT csv, FORCE_QUOTE (c));
COPY t (a, b) FROM stdin (FORMAT csv, FORCE_NULL (c));
COPY t (a, b) FROM stdin (FORMAT csv, FORCE_NOT_NULL (c));
COPY t TO stdout (FORMAT csv, FORCE_QUOTE (b), FORCE_QUOTE (c));
COPY t FROM stdin (FORMAT csv, FORCE_NULL *);
CREATE TABLE g (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED);
COPY g TO stdout (FORMAT csv, FORCE_QUOTE (b));
COPY t TO stdout (DELIMITER 'ab');
COPY t TO stdout (DELIMITER);
"#;

const PRINTED: &str = r#"CREATE TABLE
COPY 3
COPY 2
COPY 2
COPY 1
 a |  b  | c 
---+-----+---
 1 |     | N
 2 |     | 
 3 |     | 
 4 |     | 
 5 |     | 
 6 | q"q | 
 7 |     | 
 8 |     | 8
(8 rows)

a,b,c
"1",,"N"
"2",,
"3","",""
"4",,""
"5","",
"6","q""q",
"7","",
"8",,"8"


""

""
"q""q"
""

6,"6",
CREATE TABLE
ERROR:  column name mismatch in header line field 1: got "a", expected "c"
CONTEXT:  COPY t, line 1: "a,c"
ERROR:  column "nothing" of relation "t" does not exist
ERROR:  FORCE_QUOTE column "c" not referenced by COPY
ERROR:  column "b" specified more than once
ERROR:  column "c" does not exist
ERROR:  FORCE_NULL column "c" not referenced by COPY
ERROR:  FORCE_NOT_NULL column "c" not referenced by COPY
ERROR:  conflicting or redundant options
LINE 1: COPY t TO stdout (FORMAT csv, FORCE_QUOTE (b), FORCE_QUOTE (...
                                                       ^
ERROR:  argument to option "force_null" must be a list of column names
LINE 1: COPY t FROM stdin (FORMAT csv, FORCE_NULL *);
                                       ^
ERROR:  column "b" is a generated column
DETAIL:  Generated columns cannot be used in COPY.
ERROR:  COPY delimiter must be a single one-byte character
ERROR:  delimiter requires a parameter
"#;

#[test]
fn options_for_columns_and_headers_are_as_postgresql_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    assert_eq!(psql_script(&server, SCRIPT), PRINTED);
}
