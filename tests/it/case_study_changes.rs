//! The case study under random changes of its sources: rows that are added, corrected, late, sent twice,
//! broken and gone. After each round of changes every materialized view, refreshed in the order in which
//! they read each other, holds what its query gives.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio_postgres::Client;

use crate::case_study::copy;
use crate::server::{Server, rows, tributary};

/// How often the sources change.
const ROUNDS: usize = 5;

/// What the project refreshes, each after what it reads.
const REFRESHED: [&str; 14] = [
    "staging.person",
    "staging.newsletter_result",
    "staging.shop_order",
    "staging.web_event",
    "matching.customer_match",
    "matching.device",
    "golden.customer",
    "golden.customer_lineage",
    "features.order_summary",
    "features.web_session",
    "features.web_summary",
    "features.customer",
    "marketing.rfm",
    "marketing.campaign_result",
];

/// A file of values between commas.
struct Csv {
    header: String,
    rows: Vec<Vec<String>>,
}

impl Csv {
    /// The rows of a file that are whole and have no quotes.
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut lines = text.lines();
        let header = lines.next().unwrap().to_owned();
        let width = header.split(',').count();
        let rows = lines.map(|line| line.split(',').map(str::to_owned).collect());
        let rows = rows.filter(|row: &Vec<String>| {
            row.len() == width && row.iter().all(|value| !value.contains('"'))
        });
        Self {
            rows: rows.collect(),
            header,
        }
    }

    fn write(&self, path: &Path) {
        let rows = self.rows.iter().map(|row| row.join(",") + "\n");
        fs::write(
            path,
            format!("{}\n{}", self.header, rows.collect::<String>()),
        )
        .unwrap();
    }

    fn place(&self, column: &str) -> usize {
        self.header
            .split(',')
            .position(|name| name == column)
            .unwrap()
    }

    /// A row, with other values in some columns.
    fn changed(&self, random: &mut Pcg64, changes: &[(&str, String)]) -> Vec<String> {
        let mut row = self.rows.choose(random).unwrap().clone();
        for (column, value) in changes {
            row[self.place(column)].clone_from(value);
        }
        row
    }
}

/// Changes a source, in a round.
type Change = fn(&Path, usize, &mut Pcg64);

/// Changes what some of the sources have.
fn change(data: &Path, round: usize, random: &mut Pcg64) -> Vec<&'static str> {
    let all: [(&str, Change); 4] = [
        ("orders", change_orders),
        ("events", change_events),
        ("contacts", change_contacts),
        ("results", change_results),
    ];
    // Each changes by itself at first, then several at a time.
    let mut done = Vec::new();
    for (number, (name, change)) in all.into_iter().enumerate() {
        if round == number || round >= all.len() && random.random_bool(0.7) {
            change(data, round, random);
            done.push(name);
        }
    }
    done
}

/// A file more: orders that changed, rows of before that come late, new ones, and one that is broken.
fn change_orders(data: &Path, round: usize, random: &mut Pcg64) {
    let folder = data.join("shop");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    files.retain(|path| path.to_string_lossy().contains("orders-"));
    files.sort();
    let known = Csv::read(files.choose(random).unwrap());
    let mut rows = Vec::new();
    for number in 0..20 {
        let minute = random.random_range(10..60);
        rows.push(match number % 4 {
            0 => known.changed(
                random,
                &[
                    (
                        "updated_at",
                        format!("2099-01-{:02} 00:{minute}:00", round + 1),
                    ),
                    ("status", "refunded".to_owned()),
                ],
            ),
            1 => known.changed(
                random,
                &[
                    ("updated_at", format!("2001-01-01 00:{minute}:00")),
                    ("total", "1.23".to_owned()),
                ],
            ),
            2 => known.changed(
                random,
                &[(
                    "order_id",
                    format!("{}", 900_000_000 + round * 100 + number),
                )],
            ),
            _ => known.changed(random, &[]),
        });
    }
    // Sent twice with one moment, the same row would be two versions of which either may win.
    rows.push(known.changed(random, &[("total", "much".to_owned())]));
    let file = Csv {
        header: known.header.clone(),
        rows,
    };
    file.write(&folder.join(format!("orders-x{round}.csv")));
}

/// A file more: events that are sent again, some at another time, and new ones long after.
fn change_events(data: &Path, round: usize, random: &mut Pcg64) {
    let folder = data.join("web");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    files.sort();
    let text = fs::read_to_string(files.choose(random).unwrap()).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| line.ends_with('}')).collect();
    let mut sent = String::new();
    for number in 0..40 {
        let line = *lines.choose(random).unwrap();
        let Ok(mut event) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        if number % 2 == 0 {
            event["event_id"] = format!("x{round}-{number}").into();
            if let Some(moment) = event["ts"].as_i64() {
                event["ts"] = (moment + random.random_range(-7_200_000..7_200_000)).into();
            }
        }
        sent += &format!("{event}\n");
    }
    sent += "{\"event_id\": \"cut\n";
    fs::write(folder.join(format!("events-x{round}.ndjson")), sent).unwrap();
}

/// Another file of contacts: some know other things, one is gone, some are new.
fn change_contacts(data: &Path, round: usize, random: &mut Pcg64) {
    let path = data.join("crm/contacts.csv");
    let mut known = Csv::read(&path);
    let gone = random.random_range(0..known.rows.len());
    known.rows.remove(gone);
    let day = format!("12/{:02}/2026", round + 1);
    for _ in 0..10 {
        let at = random.random_range(0..known.rows.len());
        let (column, value) = *[
            ("email", ""),
            ("segment", "Gold"),
            ("city", "Elsewhere"),
            ("preferred_device", "Tablet"),
        ]
        .choose(random)
        .unwrap();
        let (column, changed) = (known.place(column), known.place("last_modified"));
        value.clone_into(&mut known.rows[at][column]);
        day.clone_into(&mut known.rows[at][changed]);
    }
    for number in 0..3 {
        let id = format!("003Qx{round:04}new{number:06}");
        let row = known.changed(
            random,
            &[("contact_id", id), ("last_modified", day.clone())],
        );
        known.rows.push(row);
    }
    known.write(&path);
}

/// Rows are added to the results of campaigns, and one of them is another one.
fn change_results(data: &Path, round: usize, random: &mut Pcg64) {
    let path = data.join("newsletter/campaign_results.csv");
    let mut known = Csv::read(&path);
    let (opened, sent) = (known.place("opened_at"), known.place("sent_at"));
    let at = random.random_range(0..known.rows.len());
    known.rows[at][opened] = known.rows[at][sent].clone();
    for _ in 0..10 {
        let id = ("campaign_id", format!("X{round}"));
        let row = known.changed(random, &[id, ("campaign_name", "Again".to_owned())]);
        known.rows.push(row);
    }
    known.write(&path);
}

/// How many rows a materialized view has and its query does not give, and the other way round.
async fn differences(client: &Client, view: &str) -> Vec<String> {
    let definition = format!(
        "SELECT definition FROM pg_matviews WHERE schemaname || '.' || matviewname = '{view}'"
    );
    let query = rows(client, &definition).await.concat();
    let query = query.trim_end_matches(';');
    // What expectations drop is no difference.
    let kept = match view {
        "staging.shop_order" => "WHERE total IS NOT NULL",
        _ => "",
    };
    let mut found = Vec::new();
    for (what, one, other) in [("kept", "had", "given"), ("given", "given", "had")] {
        let sql = format!(
            "WITH given AS (SELECT * FROM ({query}) AS q {kept}), had AS (SELECT * FROM {view})
             SELECT '{what}', * FROM (SELECT * FROM {one} EXCEPT ALL SELECT * FROM {other}) AS d LIMIT 3"
        );
        found.extend(rows(client, &sql).await);
    }
    found
}

/// That the example of a DAG refreshes all that is refreshed, each after what it reads.
async fn check_dag(client: &Client) {
    let edges = "SELECT DISTINCT schema || '.' || name, source_schema || '.' || source_name FROM tributary.lineage";
    let edges = rows(client, edges).await;
    // Lineage ends at models, which columns do not pass.
    let of_model = [
        "matching.cluster|matching.customer_match",
        "matching.customer_match|staging.person",
    ];
    let edges = edges.iter().map(String::as_str).chain(of_model);
    let edges: Vec<(&str, &str)> = edges.filter_map(|row| row.split_once('|')).collect();
    let mut expected = BTreeMap::new();
    for name in REFRESHED {
        let (mut inputs, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![name]);
        while let Some(reader) = open.pop() {
            for (_, read) in edges.iter().filter(|(it, _)| *it == reader) {
                match REFRESHED.contains(read) {
                    true if *read != name => drop(inputs.insert((*read).to_owned())),
                    false if seen.insert(read) => open.push(read),
                    _ => {}
                }
            }
        }
        expected.insert(name.to_owned(), inputs);
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/airflow/tributary_refresh.py");
    let read = "import ast, json, sys
tree = ast.parse(open(sys.argv[1]).read())
for node in tree.body:
    if isinstance(node, ast.Assign) and node.targets[0].id == 'REFRESHES':
        print(json.dumps(ast.literal_eval(node.value)))";
    let output = Command::new("python3")
        .args(["-c", read])
        .arg(file)
        .output()
        .unwrap();
    let said: BTreeMap<String, BTreeSet<String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said, expected);
}

async fn check_all(client: &Client, done: &str) {
    let mut wrong = Vec::new();
    for view in REFRESHED {
        if view == "matching.customer_match" {
            continue;
        }
        let found = differences(client, view).await;
        if !found.is_empty() {
            let plan = rows(client, &format!("EXPLAIN REFRESH {view}")).await;
            wrong.push(format!("{view}: {found:#?}\n{plan:#?}"));
        }
    }
    assert!(wrong.is_empty(), "after {done}: {}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn views_of_the_case_study_hold_what_their_queries_give_whatever_changes() {
    let seed = std::env::var("TRIBUTARY_REFRESH_SEED").ok();
    let seed: u64 = seed.and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let mut random = Pcg64::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    copy(&project, &folder.path().join("sql"));
    let generate = "customers = 300\nseed = 5\nout = \"data\"\n";
    fs::write(folder.path().join("sql/generate.toml"), generate).unwrap();
    let run = tributary()
        .args(["run", "--data-dir", "data"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );

    let server = Server::start(folder.path());
    let client = server.connect().await;
    let kept = "SELECT schemaname || '.' || matviewname FROM pg_matviews";
    let mut kept = rows(&client, kept).await;
    kept.push("matching.customer_match".to_owned());
    kept.sort();
    let mut refreshed = REFRESHED;
    refreshed.sort_unstable();
    assert_eq!(kept, refreshed);
    check_all(&client, "the first run").await;
    check_dag(&client).await;

    for round in 0..ROUNDS {
        let done = change(&folder.path().join("sql/data"), round, &mut random);
        for name in REFRESHED {
            let kind = match name {
                "matching.customer_match" => "MODEL",
                _ => "MATERIALIZED VIEW",
            };
            client
                .batch_execute(&format!("REFRESH {kind} {name}"))
                .await
                .unwrap_or_else(|error| panic!("{name}: {:?}", error.as_db_error()));
        }
        let modes = rows(
            &client,
            "SELECT schema || '.' || name, mode, mode_reason, rows_read, rows_written
             FROM tributary.refreshes ORDER BY id DESC LIMIT 14",
        )
        .await;
        println!("seed {seed}, round {round}: {done:?} changed\n{modes:#?}");
        check_all(&client, &format!("seed {seed}, round {round}, {done:?}")).await;
    }
    let modes = "SELECT count(DISTINCT name) FROM tributary.refreshes WHERE mode = 'incremental'";
    let incremental: usize = rows(&client, modes).await.concat().parse().unwrap();
    assert!(
        incremental >= 8,
        "{incremental} are refreshed by what has changed"
    );
}
