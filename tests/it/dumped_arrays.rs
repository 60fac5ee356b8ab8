//! Arrays of several dimensions on their way through COPY, and into a dump and out of it.

use std::process::Command;

use crate::psql::psql_script;
use crate::server::Server;

const SCRIPT: &str = r#"CREATE TYPE cells AS (m INT[][]);
CREATE TABLE grid (id INT, m INT[][], t TEXT[][], c CELLS);
COPY grid FROM stdin;
1	{{1,2},{3,4}}	{{a,"b,\\"c"}}	("{{5},{6}}")
2	{}	\N	\N
\.
COPY grid (id, m, t) FROM stdin CSV;
3,"{{NULL,2}}","{{""x y""},{z}}"
\.
\d grid
"#;

const PRINTED: &str = r#"CREATE TYPE
CREATE TABLE
COPY 2
COPY 1
                  Table "public.grid"
 Column |    Type     | Collation | Nullable | Default 
--------+-------------+-----------+----------+---------
 id     | integer     |           |          | 
 m      | integer[][] |           |          | 
 t      | text[][]    |           |          | 
 c      | cells       |           |          | 

"#;

const ROWS: &str = r#"COPY grid TO stdout;
COPY grid TO stdout CSV;
"#;

const COPIED: &str = r#"1	{{1,2},{3,4}}	{{a,"b,\\"c"}}	("{{5},{6}}")
2	{}	\N	\N
3	{{NULL,2}}	{{"x y"},{z}}	\N
1,"{{1,2},{3,4}}","{{a,""b,\""c""}}","(""{{5},{6}}"")"
2,{},,
3,"{{NULL,2}}","{{""x y""},{z}}",
"#;

#[test]
fn arrays_of_several_dimensions_come_back_from_a_dump() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [server, other] = folders
        .each_ref()
        .map(|folder| Server::start(folder.path()));
    assert_eq!(psql_script(&server, SCRIPT), PRINTED);
    assert_eq!(psql_script(&server, ROWS), COPIED);
    let dump = Command::new("pg_dump")
        .args(["-h", "127.0.0.1", "-p", &server.port.to_string()])
        .args(["-U", "tributary", "tributary"])
        .output()
        .unwrap();
    assert!(dump.status.success(), "{dump:?}");
    let dump = String::from_utf8(dump.stdout).unwrap();
    let restored = psql_script(&other, &dump);
    assert_eq!(psql_script(&other, ROWS), COPIED, "{restored}");
}
