//! The types that clients are told of columns, held against PostgreSQL: for each expression the number of
//! its type and its modifier.

use tokio_postgres::Client;

use crate::postgres::Postgres;
use crate::server::Server;

const TABLES: &str = "
    CREATE TABLE typed (n name, v varchar(5), w varchar, b char(3), x text, u uuid, d numeric(10, 2),
        i int, l bigint, t timestamp(3), a text[], y date);
    CREATE VIEW seen AS SELECT current_database() AS c, n, v, w, b, u, d, t FROM typed;
    CREATE VIEW computed AS SELECT coalesce(v, 'a') AS v, CASE WHEN i = 1 THEN n ELSE 'b' END AS n,
        max(b) AS b FROM typed GROUP BY 1, 2;";

/// What is selected from `typed`.
const EXPRESSIONS: &[&str] = &[
    // Columns, and what is made of several.
    "n, v, w, b, x, u, d, i, l, t, a, y",
    "CASE WHEN i = 1 THEN n ELSE x END, CASE WHEN i = 1 THEN x ELSE n END",
    "CASE WHEN i = 1 THEN v END, CASE WHEN i = 1 THEN v ELSE v END, CASE WHEN i = 1 THEN 'a' ELSE b END",
    "coalesce(v, n), coalesce(n, v), coalesce(b, v), coalesce(v, b), coalesce(n, b), coalesce(b, n)",
    "coalesce(v, 'a'), coalesce(v, v), coalesce(v, w), coalesce(x, v), coalesce(v, x), coalesce(NULL, v)",
    "nullif(v, 'a'), nullif(n, 'a'), greatest(v, v), least(n, 'a'), greatest(b, b)",
    "coalesce(a, '{}'), coalesce(a, ARRAY['b'])",
    // Casts.
    "x::name, x::varchar, x::varchar(3), n::text, v::text, i::oid, x::\"char\", n::varchar, x::char(2)",
    "'a'::name, 'a'::varchar, 1::oid, 'r'::\"char\", a::text",
    "'{a}'::name[] AS n, '{1}'::oid[] AS o, '{a}'::varchar[] AS v",
    "i::numeric, l::numeric, d::numeric(5, 1), '1.5'::numeric, 1.5",
    "extract(year FROM y), extract(epoch FROM t), date_part('year', y)",
    // Functions.
    "current_database(), current_user, session_user, current_schema, current_schema(), current_catalog",
    "user, current_role, current_schemas(true), (current_schemas(true))[1], version()",
    "pg_get_userbyid(10), pg_encoding_to_char(6), pg_client_encoding(), format_type(23, -1)",
    "pg_advisory_unlock_all(), pg_my_temp_schema(), gen_random_uuid(), quote_ident(n)",
    "lower(n), upper(v), n || 'a', v || v, substr(n, 1, 1), left(v, 1), trim(v), replace(b, 'a', 'b')",
    "array_append(ARRAY[n], 'a'), ARRAY[n], ARRAY[v], (ARRAY[n])[1], ARRAY[u], ARRAY[w]",
    "string_to_array(n, 'a'), array_to_string(ARRAY[n], ',')",
    // Rows of a window, and subqueries.
    "lag(v) OVER (ORDER BY i), first_value(n) OVER (ORDER BY i), lead(b) OVER (ORDER BY i), lag(d) OVER (ORDER BY i)",
    "max(n) OVER (), min(v) OVER (), max(b) OVER (), sum(d) OVER ()",
    "(SELECT v FROM typed LIMIT 1), (SELECT n FROM typed LIMIT 1), (SELECT max(n) FROM typed)",
    "(SELECT array_agg(n) FROM typed), (SELECT array_agg(v) FROM typed), ARRAY(SELECT n FROM typed)",
    "unnest(ARRAY[n])",
];

/// Whole queries.
const QUERIES: &[&str] = &[
    "SELECT max(n), min(v), max(b), array_agg(n), array_agg(v), array_agg(w), string_agg(n, ','), max(d) FROM typed",
    "SELECT n, v, b, max(d) FROM typed GROUP BY n, v, b",
    "SELECT v FROM typed GROUP BY ROLLUP (v)",
    "SELECT DISTINCT n, v FROM typed",
    "SELECT DISTINCT ON (n) n, v FROM typed",
    "SELECT n FROM typed UNION SELECT x FROM typed",
    "SELECT v FROM typed UNION SELECT v FROM typed",
    "SELECT v FROM typed UNION ALL SELECT 'a'",
    "SELECT v FROM typed UNION ALL SELECT NULL",
    "WITH q AS (SELECT n, v, current_database() AS c FROM typed) SELECT * FROM q",
    "WITH RECURSIVE q AS (SELECT n FROM typed UNION ALL SELECT 'a'::name FROM q WHERE false) SELECT * FROM q",
    "SELECT s.* FROM (SELECT n AS m, coalesce(v, 'b') AS w FROM typed ORDER BY 1) AS s WHERE s.m <> 'a' LIMIT 3",
    "SELECT r.v, l.n FROM typed AS l LEFT JOIN typed AS r ON l.i = r.i",
    "SELECT * FROM seen",
    "SELECT * FROM computed",
    "VALUES ('a'::name)",
    // The catalog, its tables that are always empty, and the standard's schema.
    "SELECT oid, relname, relkind, reltuples, relnatts, relacl, reloptions, relpartbound FROM pg_class",
    "SELECT typinput, typreceive, typtype, typdefaultbin, CASE WHEN typtype = 'd' THEN typbasetype ELSE 0 END FROM pg_type",
    "SELECT c.xmin, C.oid, c.tableoid FROM pg_class C",
    "SELECT indkey, indoption, indclass, indkey[0], indclass[0], indoption::text, indkey::varchar FROM pg_index",
    "SELECT * FROM pg_event_trigger",
    "SELECT t.tgname, t.tgenabled, t.tgtype & 31, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid",
    "SELECT gid, database, owner, transaction FROM pg_prepared_xacts",
    "SELECT locktype, relation, page, pid, mode, granted FROM pg_locks",
    "SELECT slot_name, restart_lsn, active, xmin FROM pg_replication_slots",
    "SELECT client_addr, backend_xid, query FROM pg_stat_activity",
    "SELECT data_type, last_value FROM pg_sequences",
    "SELECT name, utc_offset, is_dst FROM pg_timezone_names",
    "SELECT column_name, is_nullable, data_type, ordinal_position, numeric_precision FROM information_schema.columns",
    "SELECT nspname FROM pg_namespace WHERE oid = 11",
    "SELECT (SELECT relname FROM pg_class c WHERE c.oid = t.typrelid), (SELECT nspname FROM pg_namespace n WHERE n.oid = t.typnamespace) FROM pg_type t",
    "SELECT (SELECT rolname FROM pg_roles r WHERE r.oid = c.relowner) FROM pg_class c",
    "SELECT array_agg(attname ORDER BY attnum), array_agg(attnum), array_agg(atttypid) FROM pg_attribute",
    "SELECT unnest(conkey) FROM pg_constraint",
];

/// The columns of a query, as they are told before it runs.
async fn columns(client: &Client, query: &str) -> Vec<String> {
    match client.prepare(query).await {
        Ok(statement) => {
            let columns = statement.columns().iter();
            let told = columns.map(|column| {
                let (name, of) = (column.name(), column.type_());
                format!("{name} {} ({})", of.oid(), column.type_modifier())
            });
            told.collect()
        }
        Err(error) => vec![format!("{error:?}")],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn types_of_columns_are_those_of_postgresql() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let postgres = Postgres::start(&[]);
    let theirs = postgres.connect().await;
    for client in [&ours, &theirs] {
        client.batch_execute(TABLES).await.unwrap();
    }
    let mut different = Vec::new();
    let expressions = EXPRESSIONS.iter();
    let expressions = expressions.map(|these| format!("SELECT {these} FROM typed"));
    for query in expressions.chain(QUERIES.iter().map(ToString::to_string)) {
        let (here, there) = (columns(&ours, &query).await, columns(&theirs, &query).await);
        if here != there {
            let mut told = format!("{query}\n");
            for place in 0..here.len().max(there.len()) {
                let (here, there) = (here.get(place), there.get(place));
                if here != there {
                    told += &format!("    here {here:?}, PostgreSQL {there:?}\n");
                }
            }
            different.push(told);
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
