//! The statements of a run: what they are, how they are told the server, and what it answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use rand::RngExt as _;
use rand_pcg::Pcg64Mcg;
use tokio_postgres::{Client, Error};

use super::replay::{Entry, Keyed, State, Step};

const KEYS: i64 = 60;
const TABLES: [&str; 5] = ["account", "fed", "part", "total", "divided"];
/// What the rows of the divided table are divided by.
const SLOTS: [Option<&str>; 5] = [None, Some("a"), Some("b c"), Some("100%"), Some("ü/1")];

/// Makes the tables.
pub async fn create(client: &Client, files: &Path) {
    std::fs::create_dir(files).unwrap();
    feed(files, 0, &[]);
    let keyed = "unique_key = 'id', version_column = 'version', deleted_column = 'gone'";
    let columns = "id BIGINT, version BIGINT, gone BOOLEAN, note TEXT";
    let files = files.display();
    let all = format!(
        "CREATE TABLE account ({columns}) WITH ({keyed});
         CREATE TABLE part (id BIGINT PRIMARY KEY, amount BIGINT);
         CREATE TABLE divided (id BIGINT PRIMARY KEY, slot TEXT, amount BIGINT) WITH (partition_by = 'slot');
         CREATE EXTERNAL TABLE source ({columns}) STORED AS CSV LOCATION '{files}';
         CREATE MATERIALIZED VIEW fed WITH ({keyed}) AS SELECT * FROM source;
         CREATE MATERIALIZED VIEW total AS
           SELECT id % 10 AS digit, count(*) AS parts, sum(amount) AS amount FROM part GROUP BY id % 10"
    );
    client.batch_execute(&all).await.unwrap();
}

/// Adds a file to the source.
pub fn feed(files: &Path, number: usize, rows: &[(i64, Entry)]) {
    let mut text = "id,version,gone,note\n".to_owned();
    text.push_str(&csv(rows));
    std::fs::write(files.join(format!("{number:04}.csv")), text).unwrap();
}

/// A statement at random.
pub fn choose(random: &mut Pcg64Mcg) -> Step {
    match random.random_range(0..25) {
        0..4 => Step::Put(entries(random)),
        4..6 => Step::Copy(entries(random)),
        6..9 => Step::Feed(entries(random)),
        9..11 => Step::Add(amounts(random)),
        11 => Step::Update(random.random_range(0..KEYS), random.random_range(1..100)),
        12 => {
            let first = random.random_range(0..KEYS);
            Step::Delete(first, first + random.random_range(0..5))
        }
        13..15 => Step::Both(entries(random), amounts(random)),
        15..17 => Step::Refresh,
        17..19 => Step::Optimize(TABLES[random.random_range(0..TABLES.len())]),
        19..22 => Step::Divide(divided(random)),
        22 => Step::Move(random.random_range(0..KEYS), slot(random)),
        23 => Step::Leave(slot(random)),
        _ => Step::Vacuum(TABLES[random.random_range(0..TABLES.len())]),
    }
}

fn entries(random: &mut Pcg64Mcg) -> Vec<(i64, Entry)> {
    let count = random.random_range(1..30);
    let entry = |random: &mut Pcg64Mcg| Entry {
        version: random.random_range(0..50),
        gone: random.random_bool(0.2),
        note: format!("note {}", random.random_range(0..1_000_000)),
    };
    (0..count)
        .map(|_| (random.random_range(0..KEYS), entry(random)))
        .collect()
}

fn slot(random: &mut Pcg64Mcg) -> Option<String> {
    SLOTS[random.random_range(0..SLOTS.len())].map(str::to_owned)
}

fn divided(random: &mut Pcg64Mcg) -> Vec<(i64, Option<String>, i64)> {
    let amounts = amounts(random).into_iter();
    amounts
        .map(|(id, amount)| (id, slot(random), amount))
        .collect()
}

fn amounts(random: &mut Pcg64Mcg) -> Vec<(i64, i64)> {
    // No key twice, as ON CONFLICT wants it.
    let count = random.random_range(1..20);
    let amounts: BTreeMap<i64, i64> = (0..count)
        .map(|_| (random.random_range(0..KEYS), random.random_range(-50..50)))
        .collect();
    amounts.into_iter().collect()
}

/// Has the server do a statement.
pub async fn execute(client: &Client, step: &Step) -> Result<(), Error> {
    let text = match step {
        Step::Put(rows) => put(rows),
        Step::Copy(rows) => {
            let mut sink = Box::pin(
                client
                    .copy_in("COPY account FROM STDIN (FORMAT csv)")
                    .await?,
            );
            let bytes = bytes::Bytes::from(csv(rows));
            futures::SinkExt::send(&mut sink, bytes).await?;
            sink.as_mut().finish().await?;
            return Ok(());
        }
        Step::Feed(_) => "REFRESH MATERIALIZED VIEW fed".to_owned(),
        Step::Add(amounts) => add(amounts),
        Step::Update(below, amount) => {
            format!("UPDATE part SET amount = amount + {amount} WHERE id < {below}")
        }
        Step::Delete(first, last) => {
            format!("DELETE FROM part WHERE id BETWEEN {first} AND {last}")
        }
        Step::Divide(rows) => {
            let rows = rows.iter();
            let rows =
                rows.map(|(id, slot, amount)| format!("({id}, {}, {amount})", literal(slot)));
            format!(
                "INSERT INTO divided VALUES {} ON CONFLICT (id) DO UPDATE SET slot = excluded.slot, amount = excluded.amount",
                rows.collect::<Vec<_>>().join(", ")
            )
        }
        Step::Move(below, slot) => {
            format!(
                "UPDATE divided SET slot = {} WHERE id < {below}",
                literal(slot)
            )
        }
        Step::Leave(slot) => {
            format!(
                "DELETE FROM divided WHERE slot IS NOT DISTINCT FROM {}",
                literal(slot)
            )
        }
        Step::Both(rows, amounts) => format!("BEGIN; {}; {}; COMMIT", put(rows), add(amounts)),
        Step::Refresh => "REFRESH MATERIALIZED VIEW total".to_owned(),
        Step::Optimize(table) => format!("OPTIMIZE {table}"),
        Step::Vacuum(table) => format!("VACUUM {table} RETAIN 0 HOURS"),
    };
    client.batch_execute(&text).await
}

fn literal(slot: &Option<String>) -> String {
    match slot {
        Some(slot) => format!("'{slot}'"),
        None => "NULL::text".to_owned(),
    }
}

fn put(rows: &[(i64, Entry)]) -> String {
    let values = rows.iter().map(|(id, entry)| {
        let Entry {
            version,
            gone,
            note,
        } = entry;
        format!("({id}, {version}, {gone}, '{note}')")
    });
    format!(
        "INSERT INTO account VALUES {}",
        values.collect::<Vec<_>>().join(", ")
    )
}

fn add(amounts: &[(i64, i64)]) -> String {
    let values = amounts
        .iter()
        .map(|(id, amount)| format!("({id}, {amount})"));
    format!(
        "INSERT INTO part VALUES {} ON CONFLICT (id) DO UPDATE SET amount = part.amount + excluded.amount",
        values.collect::<Vec<_>>().join(", ")
    )
}

fn csv(rows: &[(i64, Entry)]) -> String {
    let mut text = String::new();
    for (
        id,
        Entry {
            version,
            gone,
            note,
        },
    ) in rows
    {
        writeln!(text, "{id},{version},{gone},{note}").unwrap();
    }
    text
}

/// What the tables hold: of the keyed ones, what is not deleted.
pub async fn observe(client: &Client) -> State {
    let mut found = State {
        account: keyed(client, "account").await,
        fed: keyed(client, "fed").await,
        ..State::default()
    };
    let rows = client
        .query("SELECT id, amount FROM part", &[])
        .await
        .unwrap();
    for row in &rows {
        let known = found.part.insert(row.get(0), row.get(1));
        assert_eq!(known, None, "a key of part is there twice");
    }
    let divided = "SELECT id, slot, amount FROM divided";
    for row in client.query(divided, &[]).await.unwrap() {
        let known = found.divided.insert(row.get(0), (row.get(1), row.get(2)));
        assert_eq!(known, None, "a key of divided is there twice");
    }
    let totals = "SELECT digit, parts, amount FROM total";
    for row in client.query(totals, &[]).await.unwrap() {
        let known = found.total.insert(row.get(0), (row.get(1), row.get(2)));
        assert_eq!(known, None, "a group is there twice");
    }
    found
}

async fn keyed(client: &Client, table: &str) -> Keyed {
    let rows = format!("SELECT id, version, gone, note FROM {table}");
    let mut found = Keyed::new();
    for row in client.query(&rows, &[]).await.unwrap() {
        let entry = Entry {
            version: row.get(1),
            gone: row.get::<_, Option<bool>>(2).unwrap_or_default(),
            note: row.get(3),
        };
        let known = found.insert(row.get(0), entry);
        assert_eq!(known, None, "a key of {table} is there twice");
    }
    found
}

/// What can be seen of a state.
pub fn visible(state: &State) -> State {
    let mut seen = state.clone();
    seen.account.retain(|_, entry| !entry.gone);
    seen.fed.retain(|_, entry| !entry.gone);
    seen
}

/// That after VACUUM no file is there that the latest version does not have, and none is missing.
pub async fn check_files(client: &Client, data: &Path) {
    for table in TABLES {
        let vacuum = format!("VACUUM {table} RETAIN 0 HOURS");
        client.batch_execute(&vacuum).await.unwrap();
    }
    let public = data.join("tables/public");
    for table in std::fs::read_dir(public).unwrap().flatten() {
        let folder = table.path();
        let mut there: Vec<String> = Vec::new();
        for file in std::fs::read_dir(&folder).unwrap().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if name == "_delta_log" {
                continue;
            }
            match std::fs::read_dir(file.path()) {
                // The files of a partition.
                Ok(files) => there.extend(
                    files
                        .flatten()
                        .map(|file| format!("{name}/{}", file.file_name().to_string_lossy())),
                ),
                Err(_) => there.push(name),
            }
        }
        there.sort();
        assert_eq!(there, files_of_log(&folder), "{}", folder.display());
    }
}

/// The files of the latest version, by the entries of the log.
fn files_of_log(table: &Path) -> Vec<String> {
    let mut entries: Vec<_> = std::fs::read_dir(table.join("_delta_log"))
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    entries.sort();
    let mut files: BTreeMap<String, Option<String>> = BTreeMap::new();
    for entry in entries {
        let text = std::fs::read_to_string(&entry).unwrap();
        let actions: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        for remove in actions.iter().filter_map(|action| action.get("remove")) {
            files.remove(&unescaped(remove["path"].as_str().unwrap()));
        }
        for add in actions.iter().filter_map(|action| action.get("add")) {
            let vector = add["deletionVector"]["pathOrInlineDv"].as_str();
            let path = unescaped(add["path"].as_str().unwrap());
            files.insert(path, vector.map(vector_file));
        }
    }
    let vectors: Vec<String> = files.values().flatten().cloned().collect();
    let mut all: Vec<String> = files.into_keys().chain(vectors).collect();
    all.sort();
    all.dedup();
    all
}

/// A path without the escapes of URLs.
fn unescaped(path: &str) -> String {
    let mut parts = path.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}

/// The file of a deletion vector, as the protocol derives its name from the descriptor.
fn vector_file(descriptor: &str) -> String {
    let id = z85::decode(&descriptor[descriptor.len() - 20..]).unwrap();
    let id = uuid::Uuid::from_slice(&id).unwrap();
    format!("deletion_vector_{id}.bin")
}
