//! `COPY ... FROM ... WHERE`, by what psql prints of a script; the answers are PostgreSQL's.

use crate::psql::psql_script;
use crate::server::Server;

const SCRIPT: &str = r#"CREATE TABLE w (a INT NOT NULL, b TEXT, c INT DEFAULT 7, g INT GENERATED ALWAYS AS (a * 2) STORED, CHECK (a < 100));
COPY w (a, b) FROM stdin WHERE a > 3 AND a < 100 AND w.c = 7;
1	x
4	y
\N	z
200	q
\.
COPY w (a, b) FROM stdin WITH (FORMAT csv) WHERE b LIKE 'n%';
8,x
9,n
10,
\.
COPY w (a, b) FROM stdin CSV WHERE false;
11,x
\.
SELECT * FROM w ORDER BY a;
COPY w (a, b) FROM stdin WHERE 10 / (a - 12) = 1;
13	x
12	y
\.
COPY w (a, b) FROM stdin WHERE a > 0;
14	x
\N	y
200	z
\.
COPY w (a, b) FROM stdin WHERE a IS NULL;
15	x
\N	y
\.
COPY w (a, b) FROM stdin WHERE (SELECT true);
COPY w (a, b) FROM stdin WHERE count(*) > 1;
COPY w (a, b) FROM stdin WHERE row_number() OVER () > 1;
COPY w (a, b) FROM stdin WHERE generate_series(1, 2) = 1;
COPY w (a, b) FROM stdin WHERE a;
COPY w (a, b) FROM stdin WHERE d = 1;
COPY w (a, b) FROM stdin WHERE g = 10;
COPY w TO stdout WHERE a = 1;
SELECT count(*) FROM w;
"#;

const PRINTED: &str = r#"CREATE TABLE
COPY 1
COPY 1
COPY 0
 a | b | c | g  
---+---+---+----
 4 | y | 7 |  8
 9 | n | 7 | 18
(2 rows)

 count 
-------
     2
(1 row)

ERROR:  division by zero
ERROR:  new row for relation "w" violates check constraint "w_a_check"
ERROR:  null value in column "a" of relation "w" violates not-null constraint
ERROR:  cannot use subquery in COPY FROM WHERE condition
ERROR:  aggregate functions are not allowed in COPY FROM WHERE conditions
ERROR:  window functions are not allowed in COPY FROM WHERE conditions
ERROR:  set-returning functions are not allowed in COPY FROM WHERE conditions
ERROR:  argument of WHERE must be type boolean, not type integer
ERROR:  column "d" does not exist
ERROR:  generated columns are not supported in COPY FROM WHERE conditions
ERROR:  WHERE clause not allowed with COPY TO
"#;

/// What is printed of errors beside their messages: where they are, in which row, and what to do.
const BESIDE: [&str; 5] = ["LINE ", " ", "CONTEXT: ", "DETAIL: ", "HINT: "];

#[test]
fn rows_that_a_condition_is_not_true_of_stay_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let printed = psql_script(&server, SCRIPT);
    let (rows, errors) = printed.split_once("ERROR: ").unwrap();
    let errors = format!("ERROR: {errors}");
    let lines = errors.split_inclusive('\n');
    let messages = lines.filter(|line| !BESIDE.iter().any(|beside| line.starts_with(beside)));
    assert_eq!(format!("{rows}{}", messages.collect::<String>()), PRINTED);
    assert!(errors.contains("CONTEXT:  COPY w, line 2"), "{errors}");
}
