use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use futures::TryStreamExt;

use super::*;
use crate::session::Outcome;
use crate::test_server::{self, run};

async fn session(folder: &Path) -> Arc<Session> {
    test_server::begin(&test_server::open(folder).await)
}

async fn prepare(session: &Session, sql: &str) -> Arc<Prepared> {
    let mut statements = session.parse(sql).unwrap();
    let statement = statements.pop().unwrap();
    session.prepare(statement, &[]).await.unwrap()
}

/// What a run answers.
async fn answer(
    session: &Session,
    prepared: &Prepared,
    values: Vec<ScalarValue>,
) -> Vec<RecordBatch> {
    let outcome = session.execute(prepared, values).await.unwrap();
    let Outcome::Rows { stream, .. } = outcome else {
        panic!("a query answers with rows");
    };
    stream.try_collect().await.unwrap()
}

/// The pairs of what a run answers, whose records have numbers that follow each other.
async fn pairs(session: &Session, prepared: &Prepared, values: &[Option<&str>]) -> Vec<i64> {
    let values = values.iter().map(|value| ScalarValue::from(*value));
    let rows = answer(session, prepared, values.collect()).await;
    let ids = rows.iter().map(|batch| batch.column(0));
    ids.flat_map(|ids| ids.as_primitive::<Int64Type>().values().to_vec())
        .map(|id| id / 2)
        .collect()
}

#[test]
fn a_prepared_lookup_keeps_its_plan_within_a_block_too() {
    test_server::block_on(lookups_keep_their_plan);
}

async fn lookups_keep_their_plan() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    run(
        &session,
        "CREATE TABLE person AS SELECT value::BIGINT AS id,
             chr(CAST(65 + value % 2 AS BIGINT)) || substr(md5((value / 2)::TEXT), 1, 8) AS first_name,
             substr(md5('last' || value / 2), 1, 8) AS last_name,
             substr(md5('mail' || value / 2), 1, 8) || '@mail.example' AS email
             FROM generate_series(0, 199) s;
         CREATE MODEL m OPTIONS (model_type = 'entity_resolution', unique_id = 'id')
             AS SELECT * FROM person;
         BEGIN",
    )
    .await;
    let find = "SELECT id FROM entity_lookup('m', named_struct('email', $1, 'last_name', $2))";
    let find = prepare(&session, &format!("{find} LIMIT 1")).await;
    let known = [
        (3, "715725f9", "dae3583b@mail.example"),
        (10, "03074983", "50970f5c@mail.example"),
        (20, "3b38a6f8", "f3cdaf73@mail.example"),
    ];
    for (number, name, mail) in known {
        let found = pairs(&session, &find, &[Some(mail), Some(name)]).await;
        assert_eq!(found, [number]);
        let found = pairs(&session, &find, &[Some(mail), None]).await;
        assert_eq!(found, [number]);
    }
    assert!(find.is_brief());
    // What computes its record is planned each time.
    let folded = "SELECT id FROM entity_lookup('m', named_struct('email', lower($1)))";
    let folded = prepare(&session, &format!("{folded} LIMIT 1")).await;
    for _ in 0..3 {
        let found = pairs(&session, &folded, &[Some("F3CDAF73@mail.example")]).await;
        assert_eq!(found, [20]);
    }
    assert!(matches!(*folded.kept.lock(), KeptPlan::Impossible));
}

#[test]
fn an_execute_that_is_run_later_holds_no_plan() {
    test_server::block_on(later_runs_hold_no_plan);
}

async fn later_runs_hold_no_plan() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    run(
        &session,
        "CREATE TABLE numbers (n BIGINT PRIMARY KEY); INSERT INTO numbers VALUES (2);
         PREPARE find AS SELECT n FROM numbers WHERE n = $1",
    )
    .await;
    for _ in 0..2 {
        let statement = session.parse("EXECUTE find(2)").unwrap().pop().unwrap();
        let now = session.prepare_to_run(statement).await.unwrap();
        assert_eq!(pairs(&session, &now, &[]).await, [1]);
    }
    let find = session.statements.get("find").unwrap().prepared.unwrap();
    assert!(!matches!(*find.kept.lock(), KeptPlan::Unused));
    let later = prepare(&session, "EXECUTE find(2)").await;
    assert!(matches!(*later.kept.lock(), KeptPlan::Unused));
}

#[test]
fn queries_that_are_prepared_again_are_known() {
    test_server::block_on(prepared_queries_are_known);
}

async fn prepared_queries_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    run(
        &session,
        "CREATE TABLE numbers (n BIGINT); INSERT INTO numbers VALUES (2)",
    )
    .await;
    let sql = "SELECT n FROM numbers";
    for is_known in [false, true, true] {
        let asked = prepare(&session, sql).await;
        assert_eq!(asked.is_known, is_known);
        for _ in 0..3 {
            assert_eq!(pairs(&session, &asked, &[]).await, [1]);
        }
    }
    let before = prepare(&session, sql).await;
    run(&session, "INSERT INTO numbers VALUES (4)").await;
    for asked in [before, prepare(&session, sql).await] {
        let mut found = pairs(&session, &asked, &[]).await;
        found.sort_unstable();
        assert_eq!(found, [1, 2]);
    }
    // A parameter stands for values that are not there yet.
    for _ in 0..3 {
        let asked = prepare(&session, "SELECT n FROM numbers WHERE n = $1").await;
        assert!(!asked.is_known);
    }
}

/// The rows of a statement that is prepared.
async fn rows(session: &Session, prepared: &Prepared) -> Vec<RecordBatch> {
    let outcome = session.execute(prepared, Vec::new()).await.unwrap();
    let Outcome::Rows { stream, .. } = outcome else {
        panic!("a query answers with rows");
    };
    stream.try_collect().await.unwrap()
}

/// Whether a query of the simple protocol is run by a kept plan.
async fn is_known(session: &Session, sql: &str) -> bool {
    let statement = session.parse(sql).unwrap().pop().unwrap();
    let prepared = session.prepare_to_run(statement).await.unwrap();
    let is_known = matches!(*prepared.ready.lock(), Some(query::Ready::Kept(_)));
    rows(session, &prepared).await;
    is_known
}

#[test]
fn what_psql_asks_to_describe_tables_is_planned_once() {
    test_server::block_on(tables_are_described);
}

async fn tables_are_described() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    run(&session, "CREATE TABLE t (id BIGINT PRIMARY KEY, a TEXT)").await;
    let asked = [
        include_str!("../../catalog/pg_catalog/psql/describe_find.sql"),
        include_str!("../../catalog/pg_catalog/psql/describe_relation_more.sql"),
        include_str!("../../catalog/pg_catalog/psql/describe_columns_more.sql"),
        include_str!("../../catalog/pg_catalog/psql/describe_indexes.sql"),
        include_str!("../../catalog/pg_catalog/psql/describe_policies.sql"),
        include_str!("../../catalog/pg_catalog/psql/describe_statistics.sql"),
        include_str!("../../catalog/pg_catalog/psql/describe_publications.sql"),
        include_str!("../../catalog/pg_catalog/psql/describe_parents.sql"),
        include_str!("../../catalog/pg_catalog/psql/describe_children.sql"),
    ];
    for sql in asked {
        is_known(&session, sql).await;
        is_known(&session, sql).await;
        assert!(is_known(&session, sql).await, "{sql}");
    }
    // Those that name their table in one condition alone are known of any.
    for sql in &asked[1..4] {
        let of_another = sql.replace("16385", "16384");
        assert!(is_known(&session, &of_another).await, "{of_another}");
    }
    // A change lets go of all plans; who asks the catalog is expected to ask again.
    run(&session, "CREATE TABLE another (id BIGINT)").await;
    assert!(is_known(&session, asked[1]).await);
    let rows = "SELECT id FROM another";
    assert!(!is_known(&session, rows).await);
}

#[test]
fn answers_of_the_catalog_are_known_until_it_changes() {
    test_server::block_on(answers_are_known);
}

async fn answers_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    let named = "SELECT relname FROM pg_class WHERE relname LIKE 'told%' ORDER BY 1";
    for (number, table) in ["told_1", "told_2"].into_iter().enumerate() {
        run(&session, &format!("CREATE TABLE {table} (id BIGINT)")).await;
        for _ in 0..3 {
            let names = texts(&session, named).await;
            assert_eq!(names, ["told_1", "told_2"][..=number]);
            assert_eq!(session.known.answers().count(), number + 1);
        }
    }
    // What is so at this moment, or for this session.
    for sql in [
        "SELECT application_name FROM pg_stat_activity",
        "SELECT name FROM pg_timezone_names WHERE name = 'UTC'",
        "SELECT name FROM pg_settings WHERE name = 'TimeZone'",
    ] {
        for _ in 0..3 {
            texts(&session, sql).await;
            assert_eq!(session.known.answers().count(), 2, "{sql}");
        }
    }
    // Of each role its own.
    let allowed = "SELECT relname FROM pg_class
        WHERE relname LIKE 'told%' AND has_table_privilege(oid, 'SELECT') ORDER BY 1";
    run(
        &session,
        "CREATE ROLE reader; GRANT SELECT ON told_2 TO reader",
    )
    .await;
    for (role, seen) in [("tributary", 0), ("reader", 1), ("tributary", 0)] {
        run(&session, &format!("SET ROLE {role}")).await;
        for _ in 0..3 {
            let names = texts(&session, allowed).await;
            assert_eq!(names, ["told_1", "told_2"][seen..]);
        }
    }
}

/// The texts in the first column of what a query of the simple protocol answers.
async fn texts(session: &Session, sql: &str) -> Vec<String> {
    let statement = session.parse(sql).unwrap().pop().unwrap();
    let prepared = session.prepare_to_run(statement).await.unwrap();
    let rows = rows(session, &prepared).await;
    let columns = rows.iter().map(|batch| batch.column(0).as_string::<i32>());
    let values = columns.flat_map(|column| column.iter().flatten());
    values.map(str::to_owned).collect()
}

#[test]
fn what_is_computed_for_one_session_or_moment_is_not_kept() {
    test_server::block_on(sessions_and_moments);
}

async fn sessions_and_moments() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    let asked = [
        ("SELECT current_user, current_setting('TimeZone')", true),
        (
            "SELECT pid FROM pg_stat_activity WHERE usename = 'nobody'",
            true,
        ),
        ("SELECT pg_backend_pid()", false),
        ("SELECT session_user", false),
        ("SELECT current_setting('application_name')", false),
        ("SELECT current_setting('search_path')", false),
        (
            "SELECT relname FROM pg_class WHERE now() < '2000-01-01'",
            false,
        ),
        (
            "SELECT relname, random() FROM pg_class WHERE relname = 'x'",
            false,
        ),
        ("SELECT count(*) FROM tributary.lineage", false),
        ("SELECT count(*) FROM tributary.rejected_rows", false),
    ];
    for (sql, is_kept) in asked {
        is_known(&session, sql).await;
        is_known(&session, sql).await;
        assert_eq!(is_known(&session, sql).await, is_kept, "{sql}");
    }
}

#[test]
fn values_that_are_literals_are_rows_at_once() {
    test_server::block_on(values_are_rows);
}

async fn values_are_rows() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    for (sql, is_at_once) in [
        ("VALUES (1, 'a'), (2, NULL), (NULL, 'c')", true),
        ("VALUES (1, 'a'), (2, NULL), (NULL, 'c') ORDER BY 1", false),
        (
            "VALUES (1, 'a'), (2, NULL), (NULL, clock_timestamp()::text)",
            false,
        ),
    ] {
        let asked = prepare(&session, sql).await;
        for _ in 0..3 {
            let rows = answer(&session, &asked, Vec::new()).await;
            let rows = arrow::compute::concat_batches(&rows[0].schema(), &rows).unwrap();
            assert_eq!(rows.num_rows(), 3, "{sql}");
            assert_eq!(rows.column(0).null_count(), 1, "{sql}");
            assert_eq!(rows.column(1).null_count(), 1, "{sql}");
        }
        assert_eq!(asked.is_brief(), is_at_once, "{sql}");
    }
}

#[test]
fn texts_that_say_now_are_read_at_each_run() {
    test_server::block_on(now_is_read_at_each_run);
}

async fn now_is_read_at_each_run() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    run(
        &session,
        "CREATE TABLE said (id BIGINT PRIMARY KEY, words TEXT);
         INSERT INTO said VALUES (1, 'now')",
    )
    .await;
    for sql in [
        "SELECT words::timestamptz FROM said WHERE id = 1",
        "SELECT max(words::timestamptz) FROM said",
        "SELECT ('no' || 'w')::timestamptz FROM said",
        "SELECT ('{now}'::timestamptz[])[1] FROM said",
        "SELECT words::timestamptz, (SELECT count(*) FROM pg_class) FROM said",
        "SELECT ('no' || 'w')::timestamptz FROM pg_class WHERE relname = 'said'",
    ] {
        let asked = prepare(&session, sql).await;
        let mut last = 0;
        for _ in 0..4 {
            let rows = answer(&session, &asked, Vec::new()).await;
            let moments = rows[0].column(0).as_primitive::<TimestampMicrosecondType>();
            assert!(moments.value(0) > last, "{sql}");
            last = moments.value(0);
        }
    }
}
