//! The statements of a run: what they are, how they are told the server, and what it answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use rand::RngExt as _;
use rand_pcg::Pcg64Mcg;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use super::replay::{Entry, Keyed, Known, Merged, Part, State, Step, opposite};

const KEYS: i64 = 60;
pub const TABLES: [&str; 7] = [
    "account", "fed", "part", "total", "divided", "profile", "stay",
];
/// The large table has had so many rows, of which every sixteenth is gone: to tell all rows of a file
/// that are gone takes more than `patch_bytes` then.
const LARGE: i64 = 540_000;
/// What the rows of the divided table are divided by.
const SLOTS: [Option<&str>; 5] = [None, Some("a"), Some("b c"), Some("100%"), Some("ü/1")];

/// What all rows have in the column that the keyed table has at times.
const WIDE: i64 = 7;

/// Makes the tables, and the large one where it is wanted; says how many rows that has.
pub async fn create(client: &Client, files: &Path, has_large: bool) -> i64 {
    std::fs::create_dir(files).unwrap();
    feed(files, 0, &[]);
    let keyed = "unique_key = 'id', version_column = 'version', deleted_column = 'gone'";
    let columns = "id BIGINT, version BIGINT, gone BOOLEAN, note TEXT";
    let files = files.display();
    let all = format!(
        "CREATE TABLE account ({columns}) WITH ({keyed});
         CREATE TABLE profile (id BIGINT, version BIGINT, gone BOOLEAN, email TEXT, phone TEXT) WITH ({keyed}, merge = 'column');
         CREATE TABLE stay ({columns}) WITH ({keyed}, history = 'scd2');
         CREATE TABLE part (id BIGINT PRIMARY KEY, amount BIGINT);
         CREATE TABLE divided (id BIGINT PRIMARY KEY, slot TEXT, amount BIGINT) WITH (partition_by = 'slot');
         CREATE EXTERNAL TABLE source ({columns}) STORED AS CSV LOCATION '{files}';
         CREATE MATERIALIZED VIEW fed WITH ({keyed}) AS SELECT * FROM source;
         CREATE MATERIALIZED VIEW total AS
           SELECT id % 10 AS digit, count(*) AS parts, sum(amount) AS amount FROM part GROUP BY id % 10"
    );
    client.batch_execute(&all).await.unwrap();
    if !has_large {
        return 0;
    }
    let large = format!(
        "CREATE TABLE large ({columns}) WITH ({keyed});
         INSERT INTO large SELECT n, 0, false, '' FROM generate_series(0, {LARGE} - 1) AS g (n);
         DELETE FROM large WHERE id % 16 = 3"
    );
    client.batch_execute(&large).await.unwrap();
    LARGE - LARGE / 16
}

/// Adds a file to the source.
pub fn feed(files: &Path, number: usize, rows: &[(i64, Entry)]) {
    let mut text = "id,version,gone,note\n".to_owned();
    text.push_str(&csv(rows));
    std::fs::write(files.join(format!("{number:04}.csv")), text).unwrap();
}

/// A statement at random, where there is a large table often one that changes it.
pub fn choose(random: &mut Pcg64Mcg, has_large: bool) -> Step {
    if has_large && random.random_bool(0.3) {
        return choose_large(random);
    }
    let range = |random: &mut Pcg64Mcg| {
        let first = random.random_range(0..KEYS);
        (first, first + random.random_range(0..5))
    };
    match random.random_range(0..38) {
        25..28 => {
            // No key twice, as MERGE wants it.
            let rows: BTreeMap<_, _> = entries(random).into_iter().collect();
            Step::Merge(rows.into_iter().collect())
        }
        28..30 => {
            let (first, last) = range(random);
            Step::Rename(first, last, note(random))
        }
        30 => {
            let key = random.random_range(0..KEYS);
            Step::MoveKey(if random.random_bool(0.7) {
                key
            } else {
                opposite(key)
            })
        }
        31 => {
            let (first, last) = range(random);
            Step::Forget(first, last)
        }
        32..35 => Step::Profile(profile(random)),
        35..37 => Step::Stay(entries(random)),
        37 => {
            let (first, last) = range(random);
            Step::Erase(first, last)
        }
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

fn choose_large(random: &mut Pcg64Mcg) -> Step {
    let key = |random: &mut Pcg64Mcg| {
        // Few ranges, so that keys come again.
        let key = random.random_range(0..20) * (LARGE / 20) + random.random_range(0..30);
        if key % 16 == 3 { key + 1 } else { key }
    };
    let keys: Vec<i64> = (0..random.random_range(1..20))
        .map(|_| key(random))
        .collect();
    match random.random_range(0..10) {
        0..6 => {
            let rows = keys.into_iter();
            Step::PutLarge(rows.map(|key| (key, entry(random))).collect())
        }
        6..8 => Step::RenameLarge(keys, note(random)),
        8 => Step::ForgetLarge(keys),
        _ => Step::Vacuum("large"),
    }
}

fn note(random: &mut Pcg64Mcg) -> String {
    format!("note {}", random.random_range(0..1_000_000))
}

fn entry(random: &mut Pcg64Mcg) -> Entry {
    Entry {
        version: random.random_range(0..50),
        gone: random.random_bool(0.2),
        note: note(random),
    }
}

fn profile(random: &mut Pcg64Mcg) -> Vec<Part> {
    let count = random.random_range(1..20);
    let part = |random: &mut Pcg64Mcg| {
        let values = [0, 1].map(|_| random.random_bool(0.6).then(|| note(random)));
        let (key, version) = (random.random_range(0..KEYS), random.random_range(0..50));
        (key, version, random.random_bool(0.2), values)
    };
    (0..count).map(|_| part(random)).collect()
}

fn entries(random: &mut Pcg64Mcg) -> Vec<(i64, Entry)> {
    let count = random.random_range(1..30);
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
        Step::Put(rows) => put("account", rows),
        Step::PutLarge(rows) => put("large", rows),
        Step::Stay(rows) => put("stay (id, version, gone, note)", rows),
        Step::Merge(rows) => format!(
            "MERGE INTO account AS a USING (VALUES {}) AS s (id, version, gone, note) ON a.id = s.id
             WHEN MATCHED AND s.gone THEN DELETE
             WHEN MATCHED THEN UPDATE SET note = s.note
             WHEN NOT MATCHED THEN INSERT *",
            values(rows)
        ),
        Step::Rename(first, last, note) => {
            format!("UPDATE account SET note = '{note}' WHERE id BETWEEN {first} AND {last}")
        }
        Step::MoveKey(key) => format!(
            "UPDATE account SET id = {to} WHERE id = {key} AND NOT EXISTS (SELECT 1 FROM account AS o WHERE o.id = {to})",
            to = opposite(*key)
        ),
        Step::Forget(first, last) => {
            format!("DELETE FROM account WHERE id BETWEEN {first} AND {last}")
        }
        Step::Reshape { is_wide: true } => {
            format!("ALTER TABLE account ADD COLUMN wide INT DEFAULT {WIDE}")
        }
        Step::Reshape { is_wide: false } => "ALTER TABLE account DROP COLUMN wide".to_owned(),
        Step::Restore(version, ..) => format!("RESTORE account TO VERSION AS OF {version}"),
        Step::RenameLarge(keys, note) => {
            format!(
                "UPDATE large SET note = '{note}' WHERE id IN ({})",
                list(keys)
            )
        }
        Step::ForgetLarge(keys) => format!("DELETE FROM large WHERE id IN ({})", list(keys)),
        Step::Profile(rows) => {
            let rows = rows.iter().map(|(id, version, gone, [email, phone])| {
                let (email, phone) = (literal(email), literal(phone));
                format!("({id}, {version}, {gone}, {email}, {phone})")
            });
            let rows = rows.collect::<Vec<_>>().join(", ");
            format!("INSERT INTO profile VALUES {rows}")
        }
        Step::Erase(first, last) => {
            format!("DELETE FROM stay WHERE id BETWEEN {first} AND {last}")
        }
        Step::Copy(rows) => {
            let mut sink = Box::pin(
                client
                    .copy_in("COPY account (id, version, gone, note) FROM STDIN (FORMAT csv)")
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
        Step::Both(rows, amounts) => {
            format!("BEGIN; {}; {}; COMMIT", put("account", rows), add(amounts))
        }
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

fn list(keys: &[i64]) -> String {
    let keys = keys.iter().map(i64::to_string);
    keys.collect::<Vec<_>>().join(", ")
}

fn put(table: &str, rows: &[(i64, Entry)]) -> String {
    format!("INSERT INTO {table} VALUES {}", values(rows))
}

fn values(rows: &[(i64, Entry)]) -> String {
    let values = rows.iter().map(|(id, entry)| {
        let Entry {
            version,
            gone,
            note,
        } = entry;
        format!("({id}, {version}, {gone}, '{note}')")
    });
    values.collect::<Vec<_>>().join(", ")
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

/// The latest version of the keyed table.
pub async fn version(client: &Client) -> i64 {
    let history = client
        .simple_query("DESCRIBE HISTORY account")
        .await
        .unwrap();
    let versions = history.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get("version")?.parse().ok(),
        _ => None,
    });
    versions.max().unwrap()
}

/// What the tables hold: of the keyed ones, what is not deleted.
pub async fn observe(client: &Client, has_large: bool) -> State {
    let mut found = State {
        account: keyed(client, "account").await,
        fed: keyed(client, "fed").await,
        ..State::default()
    };
    let columns = "SELECT 1 FROM information_schema.columns WHERE table_name = 'account' AND column_name = 'wide'";
    found.is_wide = !client.query(columns, &[]).await.unwrap().is_empty();
    if found.is_wide {
        let others = format!("SELECT id FROM account WHERE wide IS DISTINCT FROM {WIDE}");
        let others = client.query(&others, &[]).await.unwrap();
        assert!(others.is_empty(), "rows of account have lost a value");
    }
    if has_large {
        found.large = keyed(client, "large WHERE version > 0 OR note <> ''").await;
        let rows = client.query_one("SELECT count(*) FROM large", &[]).await;
        found.large_rows = rows.unwrap().get(0);
    }
    let profiles = "SELECT id, version, email, phone FROM profile";
    for row in client.query(profiles, &[]).await.unwrap() {
        let value = |column| row.get::<_, Option<String>>(column).map(|value| (0, value));
        let merged = Merged {
            deleted: None,
            row: row.get(1),
            values: [value(2), value(3)],
        };
        let known = found.profile.insert(row.get(0), merged);
        assert_eq!(known, None, "a key of profile is there twice");
    }
    let intervals = "SELECT id, valid_from, valid_to, note, version, is_current FROM stay";
    for row in client.query(intervals, &[]).await.unwrap() {
        let (id, from, to): (i64, i64, Option<i64>) = (row.get(0), row.get(1), row.get(2));
        assert_eq!((from, to.is_none()), (row.get(4), row.get(5)));
        let known = found.intervals.insert((id, from), (to, row.get(3)));
        assert_eq!(known, None, "an interval is there twice");
    }
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
    let totals = "SELECT digit, parts, amount::bigint FROM total";
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
        let known = Known {
            past: None,
            row: Some(entry),
        };
        let known = found.insert(row.get(0), known);
        assert_eq!(known, None, "a key of {table} is there twice");
    }
    found
}
