//! Models over restarts, kills and runs of a project.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use rand::RngExt;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, NoTls};

use crate::server::{Server, rows, tributary};

/// Kills of one run; each starts the server anew.
const KILLS: usize = 8;

/// Far more than what is waited for takes.
const SOON: Duration = Duration::from_secs(120);

/// Records that each step of the work adds.
const STEP: i64 = 20;

/// So many persons, each of whom two records tell: the second with another first letter.
fn persons(first: i64, count: i64) -> String {
    format!(
        "SELECT value::BIGINT AS id,
            chr(CAST(65 + value % 2 AS BIGINT)) || substr(md5((value / 2)::TEXT), 1, 8) AS first_name,
            substr(md5('last' || value / 2), 1, 8) AS last_name,
            substr(md5('mail' || value / 2), 1, 8) || '@mail.example' AS email,
            DATE '1960-01-01' + CAST(value / 2 * 37 % 15000 AS INT) AS dob
        FROM generate_series({first}, {}) s",
        first + count - 1
    )
}

const OPTIONS: &str = "OPTIONS (model_type = 'entity_resolution', unique_id = 'id')";

/// The entity of each record.
async fn entities(client: &Client) -> BTreeMap<i64, i64> {
    let rows = client
        .query("SELECT id, entity_id FROM entity_clusters('m')", &[])
        .await
        .unwrap();
    let count = rows.len();
    let entities: BTreeMap<i64, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(entities.len(), count, "a record is there twice");
    entities
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_keep_their_numbers_through_restarts_and_refreshes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute(&format!(
            "CREATE TABLE person AS {}; CREATE MODEL m {OPTIONS} AS SELECT * FROM person",
            persons(0, 200)
        ))
        .await
        .unwrap();
    let before = entities(&client).await;
    assert_eq!(before.len(), 200);
    assert!(
        before
            .values()
            .collect::<std::collections::BTreeSet<_>>()
            .len()
            < 200
    );
    assert!(server.terminate().success());

    let server = Server::start(folder.path());
    let client = server.connect().await;
    assert_eq!(entities(&client).await, before);
    client
        .batch_execute(&format!(
            "INSERT INTO person {}; REFRESH MODEL m; REFRESH MODEL m FULL",
            persons(200, 40)
        ))
        .await
        .unwrap();
    let after = entities(&client).await;
    assert_eq!(after.len(), 240);
    for (record, entity) in &before {
        assert_eq!(after[record], *entity, "of record {record}");
    }
    // Parameters may stand where a value is.
    let explained = client
        .query(
            "SELECT comparison FROM entity_explain('m', $1, $2)",
            &[&"0", &"1"],
        )
        .await
        .unwrap();
    assert_eq!(explained[0].get::<_, &str>(0), "prior");
    // What was new is told, each once, and a refresh that changed nothing tells nothing.
    let events = count(&client, "SELECT count(*) FROM entity_history('m')").await;
    assert_eq!(events, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_empty_is_told_as_that_over_restarts() {
    const TOLD: &str = "SELECT id, coalesce(system, 'none'), entity_id \
                        FROM entity_clusters('m') ORDER BY id";
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute(
            "CREATE TABLE person (id BIGINT, system TEXT, email TEXT);
            INSERT INTO person VALUES (1, '', 'ada@mail.example'), (2, NULL, 'bob@mail.example'),
                (3, 'crm', 'cy@mail.example');
            CREATE MODEL m OPTIONS (model_type = 'entity_resolution', unique_id = 'id', \
                source = 'system') AS SELECT * FROM person",
        )
        .await
        .unwrap();
    let before = ["1||1", "2|none|2", "3|crm|3"];
    assert_eq!(rows(&client, TOLD).await, before);
    assert!(server.terminate().success());

    let server = Server::start(folder.path());
    let client = server.connect().await;
    assert_eq!(rows(&client, TOLD).await, before);
    client
        .batch_execute(
            "UPDATE person SET system = CASE id WHEN 2 THEN '' END WHERE id < 3;
            REFRESH MODEL m",
        )
        .await
        .unwrap();
    let after = ["1|none|1", "2||2", "3|crm|3"];
    assert_eq!(rows(&client, TOLD).await, after);
    assert!(server.terminate().success());
    let server = Server::start(folder.path());
    assert_eq!(rows(&server.connect().await, TOLD).await, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_definition_says_outlives_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let options = OPTIONS.replace(
        ')',
        ", compare = {'email': ['l.email = r.email', 'left(l.email, 3) = left(r.email, 3)']}, \
         block_on = ['email', 'dob'], threshold = 0.9, seed = 3, term_frequency = off, \
         must_link = 'together', cannot_link = 'apart', labels = 'label', \
         parameters = [{'comparison': 'dob', 'level': 'equal', 'm': 0.875}])",
    );
    client
        .batch_execute(&format!(
            "CREATE TABLE together (left_id BIGINT, right_id BIGINT);
             CREATE TABLE apart (left_id BIGINT, right_id BIGINT);
             CREATE TABLE label (left_id BIGINT, right_id BIGINT, is_match BOOLEAN);
             INSERT INTO together VALUES (0, 9); INSERT INTO apart VALUES (4, 5);
             INSERT INTO label VALUES (6, 7, true);
             CREATE TABLE person AS {};
             CREATE MODEL m {options} AS SELECT * FROM person",
            persons(0, 200)
        ))
        .await
        .unwrap();
    let told = "SELECT 'parameter', comparison, level, m::TEXT, u::TEXT FROM entity_parameters('m')
        UNION ALL SELECT 'rule', rule, '', pairs::TEXT, '' FROM entity_blocking_report('m')
        UNION ALL SELECT 'pair', left_id::TEXT, right_id::TEXT, weight::TEXT, '' FROM entity_pairs('m')
        UNION ALL SELECT 'threshold', threshold::TEXT, '', '', '' FROM entity_evaluate('m', 'truth') WHERE is_default
        UNION ALL SELECT 'definition', definition, '', '', '' FROM tributary.models WHERE name = 'm'
        ORDER BY 1, 2, 3";
    client
        .batch_execute("CREATE VIEW truth AS SELECT id, id / 2 AS entity FROM person")
        .await
        .unwrap();
    let (before, said) = (entities(&client).await, rows(&client, told).await);
    assert_eq!(before[&0], before[&9]);
    assert_ne!(before[&4], before[&5]);
    for expected in [
        "parameter|dob|equal|0.87",
        "rule|block_on dob",
        "threshold|0.9",
    ] {
        let found = said.iter().any(|line| line.starts_with(expected));
        assert!(found, "{expected} in {said:?}");
    }
    assert!(server.terminate().success());

    let server = Server::start(folder.path());
    let client = server.connect().await;
    assert_eq!(entities(&client).await, before);
    assert_eq!(rows(&client, told).await, said);
    let likeliest = "SELECT id / 2 FROM entity_lookup('m', named_struct('email', substr(md5('mail8'), 1, 8) || '@mail.example')) LIMIT 1";
    assert_eq!(rows(&client, likeliest).await, ["8"]);
    client.batch_execute("REFRESH MODEL m").await.unwrap();
    assert_eq!(entities(&client).await, before);
    assert_eq!(rows(&client, told).await, said);
    client.batch_execute("REFRESH MODEL m FULL").await.unwrap();
    assert_eq!(entities(&client).await, before);
    assert_eq!(rows(&client, told).await, said);
}

/// What was learned of a level holds with the function of then, until a refresh learns with that of now.
#[tokio::test(flavor = "multi_thread")]
async fn functions_that_were_learned_with_outlive_their_replacement_and_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let alike = |most: u8| {
        format!(
            "CREATE OR REPLACE FUNCTION alike(a TEXT, b TEXT) RETURNS BOOLEAN LANGUAGE sql AS 'SELECT levenshtein(a, b) <= {most}'"
        )
    };
    let options = OPTIONS.replace(
        "'id')",
        "'id', compare = {'first_name': {'one slip': 'alike(l.first_name, r.first_name)'}})",
    );
    for statement in [
        format!("CREATE TABLE person AS {}", persons(0, 200)),
        alike(1),
        format!("CREATE MODEL m {options} AS SELECT * FROM person"),
        alike(0),
    ] {
        client.batch_execute(&statement).await.unwrap();
    }
    let level = "SELECT level FROM entity_explain('m', 0, 1) WHERE comparison = 'first_name'";
    assert_eq!(rows(&client, level).await, ["one slip"]);
    let before = entities(&client).await;
    assert!(server.terminate().success());

    let server = Server::start(folder.path());
    let client = server.connect().await;
    assert_eq!(rows(&client, level).await, ["one slip"]);
    let likeliest = "SELECT id / 2 FROM entity_lookup('m', named_struct('first_name', 'Axxxxxxxx', 'email', substr(md5('mail8'), 1, 8) || '@mail.example')) LIMIT 1";
    assert_eq!(rows(&client, likeliest).await, ["8"]);
    client.batch_execute("REFRESH MODEL m").await.unwrap();
    assert_eq!(rows(&client, level).await, ["different"]);
    assert_eq!(entities(&client).await, before);
    assert!(server.terminate().success());

    let server = Server::start(folder.path());
    let client = server.connect().await;
    assert_eq!(rows(&client, level).await, ["different"]);
    let stale = "SELECT stale FROM tributary.models WHERE name = 'm'";
    assert_eq!(rows(&client, stale).await, ["f"]);
}

/// Waits until a query answers with this.
async fn until(client: &Client, sql: &str, wanted: &str) {
    let watching = async { while rows(client, sql).await != [wanted] {} };
    timeout(SOON, watching).await.unwrap();
}

/// Waits until the server resolves nothing any more.
async fn until_nothing_is_resolved(server: &Server) {
    let watching = async {
        while server.threads().iter().any(|name| name == "resolve") {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, watching).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_tells_how_far_it_is_and_stops_when_it_is_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let watcher = server.connect().await;
    // So few that all pairs are compared, and so many that it takes a while.
    let setup = format!("CREATE TABLE person AS {}", persons(0, 1600));
    watcher.batch_execute(&setup).await.unwrap();
    let create = format!("CREATE MODEL m {OPTIONS} AS SELECT * FROM person");
    let last = "SELECT stage FROM tributary.refreshes WHERE status = 'running'";
    let comparing = "SELECT pairs_done > 0 AND pairs_to_do = 1600 * 1599 / 2 FROM tributary.refreshes WHERE stage = 'compare'";
    for (condition, wanted) in [(last, "learn"), (comparing, "t")] {
        let client = server.connect().await;
        let token = client.cancel_token();
        let statement = create.clone();
        let running = tokio::spawn(async move { client.batch_execute(&statement).await });
        until(&watcher, condition, wanted).await;
        token.cancel_query(NoTls).await.unwrap();
        let error = timeout(SOON, running).await.unwrap().unwrap().unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
        until_nothing_is_resolved(&server).await;
        let ended =
            "SELECT status, sqlstate, stage FROM tributary.refreshes ORDER BY id DESC LIMIT 1";
        assert_eq!(rows(&watcher, ended).await, ["failed|57014|NULL"]);
    }
    let client = server.connect().await;
    let timed = client
        .batch_execute("SET statement_timeout = '300ms'")
        .await;
    timed.unwrap();
    let error = client.batch_execute(&create).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    until_nothing_is_resolved(&server).await;
    assert_eq!(
        count(
            &watcher,
            "SELECT count(*) FROM tributary.models WHERE name = 'm'"
        )
        .await,
        0
    );
}

/// Grows the table and resolves it, over and over, until the server is killed under it.
async fn work(client: &Client) -> Result<(), Error> {
    for step in 0.. {
        let records = client.query_one("SELECT count(*) FROM person", &[]).await?;
        let records: i64 = records.get(0);
        let full = if step % 3 == 2 { " FULL" } else { "" };
        client
            .batch_execute(&format!(
                "INSERT INTO person {}; REFRESH MODEL m{full}",
                persons(records, STEP)
            ))
            .await?;
    }
    Ok(())
}

/// What belongs to the clusters is that of the same refresh.
async fn verify(client: &Client) {
    let found = entities(client).await;
    assert_eq!(found.len() as i64 % STEP, 0);
    // A record is at most once new, and its last change made it what it is.
    let twice = "SELECT count(*) FROM (SELECT id FROM entity_history('m') WHERE previous_entity_id IS NULL GROUP BY id HAVING count(*) > 1) x";
    assert_eq!(count(client, twice).await, 0, "a change is told twice");
    let last =
        "SELECT id, last_value(entity_id ORDER BY changed_at) FROM entity_history('m') GROUP BY id";
    for row in client.query(last, &[]).await.unwrap() {
        let (id, entity): (i64, i64) = (row.get(0), row.get(1));
        assert_eq!(found.get(&id), Some(&entity), "of record {id}");
    }
    let new = found.len() as i64 - 2 * STEP;
    let told =
        "SELECT count(DISTINCT id) FROM entity_history('m') WHERE event IN ('created', 'joined')";
    assert_eq!(count(client, told).await, new, "a change is not told");
    let strangers = "SELECT count(*) FROM entity_pairs('m') WHERE left_id NOT IN (SELECT id FROM entity_clusters('m')) OR right_id NOT IN (SELECT id FROM entity_clusters('m'))";
    assert_eq!(
        count(client, strangers).await,
        0,
        "pairs of another version"
    );
    let explained = format!(
        "SELECT count(*) FROM entity_explain('m', {}, {})",
        found.len() - 1,
        found.len() - 2
    );
    assert!(count(client, &explained).await > 1);
    let running = "SELECT count(*) FROM tributary.refreshes WHERE status = 'running'";
    assert_eq!(count(client, running).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_leaves_a_model_before_or_after() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..=KILLS {
        let server = Server::start(folder.path());
        let client = server.connect().await;
        if round == 0 {
            let create = format!(
                "CREATE TABLE person AS {}; CREATE MODEL m {OPTIONS} AS SELECT * FROM person",
                persons(0, 2 * STEP)
            );
            client.batch_execute(&create).await.unwrap();
        }
        verify(&client).await;
        // The moment of the kill is what is random here; nothing waits for it to pass.
        let moment = Duration::from_millis(rand::rng().random_range(1..900));
        let worked = timeout(moment, work(&client)).await;
        assert!(
            worked.is_err() || worked.unwrap().is_err(),
            "the work has no end"
        );
        server.kill();
    }
    let server = Server::start(folder.path());
    verify(&server.connect().await).await;
}

fn run(folder: &Path, command: &str) -> Output {
    tributary()
        .args([command, "--data-dir", "data"])
        .current_dir(folder)
        .output()
        .unwrap()
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn planned(folder: &Path) -> String {
    let plan = run(folder, "plan");
    assert_eq!(plan.status.code(), Some(0), "{plan:?}");
    String::from_utf8(plan.stdout).unwrap()
}

#[test]
fn a_project_orders_refreshes_and_drops_models() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let people =
        "id,first_name,email\n1,Anna,anna@x.example\n2,Ana,anna@x.example\n3,Bernd,b@y.example\n";
    write(folder, "people.csv", people);
    write(
        folder,
        "sql/raw/people.sql",
        "CREATE EXTERNAL TABLE raw.people STORED AS CSV LOCATION '../people.csv';",
    );
    // By name it comes before the model that it reads.
    write(
        folder,
        "sql/a/golden.sql",
        "CREATE MATERIALIZED VIEW a.golden AS SELECT entity_id, min(id) AS id FROM entity_clusters('match.people') GROUP BY entity_id;",
    );
    write(
        folder,
        "sql/match/people.sql",
        &format!(
            "-- Who is who.\nCREATE MODEL match.people {OPTIONS} AS SELECT * FROM raw.people;"
        ),
    );
    assert_eq!(
        planned(folder),
        "create schema a\ncreate schema match\ncreate schema raw\ncreate external table raw.people\n\
         create model match.people, refresh it: new\ncreate materialized view a.golden, refresh it: new\n"
    );
    let ran = run(folder, "run");
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    assert_eq!(planned(folder), "nothing to do: everything is up to date\n");
    write(
        folder,
        "people.csv",
        &format!("{people}4,Clara,c@z.example\n"),
    );
    assert_eq!(
        planned(folder),
        "refresh model match.people: raw.people changed\nrefresh materialized view a.golden: match.people changes\n"
    );
    assert_eq!(run(folder, "run").status.code(), Some(0));
    write(
        folder,
        "sql/match/people.sql",
        &format!(
            "-- Who is who.\nCREATE MODEL match.people {} AS SELECT * FROM raw.people;",
            OPTIONS.replace(")", ", threshold = 0.9)")
        ),
    );
    assert_eq!(
        planned(folder),
        "replace model match.people, refresh it: definition changed\nreplace materialized view a.golden, refresh it: match.people changes\n"
    );
    assert_eq!(run(folder, "run").status.code(), Some(0));
    assert_eq!(planned(folder), "nothing to do: everything is up to date\n");
    std::fs::remove_file(folder.join("sql/match/people.sql")).unwrap();
    let orphaned = run(folder, "plan");
    let told = String::from_utf8_lossy(&orphaned.stderr).into_owned();
    assert!(
        told.contains("a/golden.sql reads model match.people"),
        "{told}"
    );
    std::fs::remove_file(folder.join("sql/a/golden.sql")).unwrap();
    assert_eq!(run(folder, "run").status.code(), Some(0));
    assert_eq!(planned(folder), "nothing to do: everything is up to date\n");
}
