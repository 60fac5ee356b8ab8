//! A model that takes in what has changed, bit by bit, held against one that resolves all records
//! anew with the same parameters.

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio_postgres::Client;

use crate::server::{Server, rows};

/// How often the models are refreshed and compared.
const ROUNDS: usize = 10;
/// How many changes there are at most before that.
const CHANGES: usize = 5;
/// How many records there are at first: two of each person.
const RECORDS: i64 = 160;

const COLUMNS: [&str; 4] = ["first_name", "last_name", "email", "dob"];

/// Changes records and decisions at random.
struct Changes {
    random: Pcg64,
    records: BTreeSet<i64>,
    next: i64,
    must: BTreeSet<(i64, i64)>,
    cannot: BTreeSet<(i64, i64)>,
}

impl Changes {
    fn record(&mut self) -> i64 {
        let at = self.random.random_range(0..self.records.len());
        *self.records.iter().nth(at).unwrap()
    }

    /// A statement that changes something.
    fn next(&mut self) -> String {
        let record = self.record();
        match self.random.random_range(0..10) {
            // One more of a person, written in another way.
            0..=2 => {
                let (new, other) = (self.next, self.record());
                self.next += 1;
                self.records.insert(new);
                let column = COLUMNS[self.random.random_range(0..3)];
                let named = COLUMNS.map(|name| match name == column {
                    true => format!("(SELECT {name} FROM person WHERE id = {other})"),
                    false => name.to_owned(),
                });
                format!(
                    "INSERT INTO person SELECT {new}, {} FROM person WHERE id = {record}",
                    named.join(", ")
                )
            }
            3 if self.records.len() > 100 => {
                self.records.remove(&record);
                format!("DELETE FROM person WHERE id = {record}")
            }
            4 => {
                let column = COLUMNS[self.random.random_range(0..4)];
                format!("UPDATE person SET {column} = NULL WHERE id = {record}")
            }
            // Records that were two persons become one, and the other way round.
            5 => {
                let other = self.record();
                format!(
                    "UPDATE person SET (first_name, last_name, email, dob) = \
                     (SELECT first_name, last_name, email, dob FROM person o WHERE o.id = {other}) \
                     WHERE id = {record}"
                )
            }
            6 => format!(
                "UPDATE person SET last_name = last_name || 'x', \
                 email = substr(md5(email), 1, 9) || '@other.example' WHERE id = {record}"
            ),
            // Decisions that never contradict each other: each is about records of its own.
            7 => self.decide(record - record % 8, 5, "must_be"),
            8 => self.decide(record - record % 8, 1, "must_not_be"),
            _ => self.revoke(),
        }
    }

    fn decide(&mut self, first: i64, apart: i64, relation: &str) -> String {
        let (decided, pair) = match relation {
            "must_be" => (&mut self.must, (first + 2, first + 2 + apart)),
            _ => (&mut self.cannot, (first, first + apart)),
        };
        match decided.insert(pair) {
            true => format!("INSERT INTO {relation} VALUES ({}, {})", pair.0, pair.1),
            false => "SELECT 1".to_owned(),
        }
    }

    fn revoke(&mut self) -> String {
        let (decided, relation) = match self.random.random_range(0..2) {
            0 => (&mut self.must, "must_be"),
            _ => (&mut self.cannot, "must_not_be"),
        };
        match decided.pop_first() {
            Some((left, right)) => {
                format!("DELETE FROM {relation} WHERE left_id = {left} AND right_id = {right}")
            }
            None => "SELECT 1".to_owned(),
        }
    }

    /// Those decisions on a pair of which both records are there.
    fn standing<'a>(
        &'a self,
        decided: &'a BTreeSet<(i64, i64)>,
    ) -> impl Iterator<Item = (i64, i64)> {
        let is_there = |id: &i64| self.records.contains(id);
        let both = move |(left, right): &&(i64, i64)| is_there(left) && is_there(right);
        decided.iter().filter(both).copied()
    }
}

/// What a model says: its pairs, and its clusters.
async fn said(client: &Client, model: &str) -> (Vec<String>, BTreeMap<i64, (i64, String)>) {
    let pairs = format!(
        "SELECT least(left_id, right_id) || ' ' || greatest(left_id, right_id) || ' ' || weight
         FROM entity_pairs('{model}') ORDER BY 1"
    );
    let pairs = client.query(&pairs, &[]).await.unwrap();
    let clusters = format!(
        "SELECT id, entity_id, confidence || ' ' || entity_confidence FROM entity_clusters('{model}')"
    );
    let clusters = client.query(&clusters, &[]).await.unwrap();
    (
        pairs.iter().map(|row| row.get(0)).collect(),
        clusters
            .iter()
            .map(|row| (row.get(0), (row.get(1), row.get(2))))
            .collect(),
    )
}

/// The records of each entity.
fn members(clusters: &BTreeMap<i64, (i64, String)>) -> BTreeMap<i64, BTreeSet<i64>> {
    let mut members: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for (record, (entity, _)) in clusters {
        members.entry(*entity).or_default().insert(*record);
    }
    members
}

/// The entity of each record.
fn entities(clusters: &BTreeMap<i64, (i64, String)>) -> BTreeMap<i64, i64> {
    let clusters = clusters.iter();
    clusters
        .map(|(record, (entity, _))| (*record, *entity))
        .collect()
}

/// The entity of each record after what the history tells of the last refresh.
async fn told(
    client: &Client,
    model: &str,
    mut entities: BTreeMap<i64, i64>,
) -> BTreeMap<i64, i64> {
    let changes = format!(
        "SELECT id, entity_id FROM entity_history('{model}') WHERE refresh_id = \
         (SELECT max(id) FROM tributary.refreshes WHERE name = '{model}')"
    );
    for change in client.query(&changes, &[]).await.unwrap() {
        let record: i64 = change.get(0);
        match change.get::<_, Option<i64>>(1) {
            Some(entity) => entities.insert(record, entity),
            None => entities.remove(&record),
        };
    }
    entities
}

async fn mode(client: &Client, model: &str) -> String {
    let last = "SELECT mode FROM tributary.refreshes WHERE name = $1 ORDER BY id DESC LIMIT 1";
    client.query_one(last, &[&model]).await.unwrap().get(0)
}

/// The records as they are.
const PERSON: &str = "SELECT * FROM person";
/// The same of two tables, beside a third.
const JOINED: &str = "SELECT p.id, p.first_name, p.last_name, p.email, p.dob, h.city
     FROM (SELECT * FROM person WHERE id % 3 <> 0 UNION ALL SELECT * FROM person WHERE id % 3 = 0) p
     LEFT JOIN home h ON h.initial = substr(p.last_name, 1, 1)";

async fn refreshes_give_what_a_rebuild_gives(seed: u64, more: &str, query: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let options = format!(
        "OPTIONS (model_type = 'entity_resolution', unique_id = 'id', must_link = 'must_be', \
         cannot_link = 'must_not_be'{more})"
    );
    client
        .batch_execute(&format!(
            "CREATE TABLE must_be (left_id BIGINT, right_id BIGINT);
             CREATE TABLE must_not_be (left_id BIGINT, right_id BIGINT);
             CREATE TABLE person AS SELECT value::BIGINT AS id,
                 chr(CAST(65 + value % 2 AS BIGINT)) || substr(md5((value / 2)::TEXT), 1, 8) AS first_name,
                 substr(md5('last' || value / 6), 1, 8) AS last_name,
                 substr(md5('mail' || value / 2), 1, 8) || '@mail.example' AS email,
                 DATE '1960-01-01' + CAST(value / 2 * 37 % 15000 AS INT) AS dob
             FROM generate_series(0, {}) s;
             CREATE TABLE home AS SELECT substr('0123456789abcdef', value::INT, 1) AS initial,
                 'city ' || value AS city FROM generate_series(1, 16) s;
             CREATE VIEW all_anew AS {query};
             CREATE MODEL bit_by_bit {options} AS {query};
             CREATE MODEL anew {options} AS SELECT * FROM all_anew",
            RECORDS - 1
        ))
        .await
        .unwrap();
    assert_eq!(
        said(&client, "bit_by_bit").await,
        said(&client, "anew").await
    );
    let mut changes = Changes {
        random: Pcg64::seed_from_u64(seed),
        records: (0..RECORDS).collect(),
        next: RECORDS,
        must: BTreeSet::new(),
        cannot: BTreeSet::new(),
    };
    let mut before = members(&said(&client, "anew").await.1);
    let mut history = entities(&said(&client, "bit_by_bit").await.1);
    let mut made = Vec::new();
    for round in 0..ROUNDS {
        for _ in 0..changes.random.random_range(1..=CHANGES) {
            made.push(changes.next());
            let statement = made.last().unwrap();
            client
                .batch_execute(statement)
                .await
                .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        }
        if query == JOINED && round % 3 == 1 {
            made.push(format!(
                "UPDATE home SET city = 'town {round}' WHERE initial = '{}'",
                round % 10
            ));
            client.batch_execute(made.last().unwrap()).await.unwrap();
        }
        // With columns that it does not know, which say nothing, a model resolves all records.
        client
            .batch_execute(&format!(
                "CREATE OR REPLACE VIEW all_anew AS SELECT *{} FROM ({query}) q;
                 REFRESH MODEL bit_by_bit; REFRESH MODEL anew",
                (0..=round)
                    .map(|at| format!(", NULL::TEXT AS nothing_{at}"))
                    .collect::<String>()
            ))
            .await
            .unwrap();
        assert_eq!(mode(&client, "bit_by_bit").await, "incremental");
        assert_eq!(mode(&client, "anew").await, "full");
        // Only records that changes touch are read; a home is that of several.
        let last = "SELECT rows_read || '|' || coalesce(mode_reason, '') FROM tributary.refreshes \
                    WHERE name = 'bit_by_bit' ORDER BY id DESC LIMIT 1";
        let read = rows(&client, last).await.concat();
        let (read, reason) = read.split_once('|').unwrap();
        assert_eq!(reason, "");
        let most = if query == JOINED { 40 } else { CHANGES };
        assert!(read.parse::<usize>().unwrap() <= most, "{read} were read");
        let (found, expected) = (
            said(&client, "bit_by_bit").await,
            said(&client, "anew").await,
        );
        assert_eq!(found, expected, "seed {seed}, after:\n{}", made.join(";\n"));

        let (_, clusters) = found;
        history = told(&client, "bit_by_bit", history).await;
        assert_eq!(history, entities(&clusters), "after:\n{}", made.join(";\n"));
        assert!(clusters.keys().eq(changes.records.iter()));
        for (left, right) in changes.standing(&changes.must) {
            assert_eq!(clusters[&left].0, clusters[&right].0, "{left} and {right}");
        }
        for (left, right) in changes.standing(&changes.cannot) {
            assert_ne!(clusters[&left].0, clusters[&right].0, "{left} and {right}");
        }
        // Who belongs together as before has the number of before.
        let after = members(&clusters);
        for (entity, records) in &before {
            if let Some((now, _)) = after.iter().find(|(_, now)| *now == records) {
                assert_eq!(now, entity, "of {records:?}");
            }
        }
        before = after;
    }
    assert!(!changes.must.is_empty() || !changes.cannot.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_few_records_refreshes_give_what_a_rebuild_gives() {
    refreshes_give_what_a_rebuild_gives(20_261_126, "", PERSON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_blocks_refreshes_give_what_a_rebuild_gives() {
    refreshes_give_what_a_rebuild_gives(7, ", pair_budget = 4000", PERSON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_tables_refreshes_give_what_a_rebuild_gives() {
    refreshes_give_what_a_rebuild_gives(11, "", JOINED).await;
}

/// A model of few records compares all of them. Once there are too many for that it learns anew, and which pairs
/// to compare, too; entities keep their numbers.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_outgrown_learns_anew() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let persons = |first: i64, last: i64| {
        format!(
            "SELECT value::BIGINT AS id, substr(md5((value / 2)::TEXT), 1, 8) AS first_name, \
             substr(md5('last' || value / 2), 1, 8) AS last_name, \
             substr(md5('mail' || value / 2), 1, 8) || '@mail.example' AS email \
             FROM generate_series({first}, {last}) s"
        )
    };
    let all_pairs =
        "SELECT count(*) FROM entity_blocking_report('m') WHERE rule LIKE 'every record%'";
    let last = "SELECT mode, mode_reason FROM tributary.refreshes WHERE name = 'm' ORDER BY id DESC LIMIT 1";
    client
        .batch_execute(&format!(
            "CREATE TABLE person AS {};
             CREATE MODEL m OPTIONS (model_type = 'entity_resolution', unique_id = 'id') \
                 AS SELECT * FROM person;
             INSERT INTO person {}; REFRESH MODEL m;
             CREATE TABLE before AS SELECT id, entity_id FROM entity_clusters('m');",
            persons(0, 399),
            persons(400, 599)
        ))
        .await
        .unwrap();
    assert_eq!(mode(&client, "m").await, "incremental");
    assert_eq!(rows(&client, all_pairs).await, ["1"]);
    let grown = format!("INSERT INTO person {}", persons(600, 3999));
    client.batch_execute(&grown).await.unwrap();
    let explained = rows(&client, "EXPLAIN REFRESH MODEL m").await.join("\n");
    for told in ["Refresh of model public.m: full", "more than 1732 by now"] {
        assert!(explained.contains(told), "{explained}");
    }
    client.batch_execute("REFRESH MODEL m").await.unwrap();
    let told = rows(&client, last).await;
    assert!(
        told[0].starts_with("full|every record was compared"),
        "{told:?}"
    );
    assert_eq!(rows(&client, all_pairs).await, ["0"]);
    let moved = "SELECT count(*) FROM before b JOIN entity_clusters('m') c ON c.id = b.id \
                 WHERE c.entity_id <> b.entity_id";
    assert_eq!(rows(&client, moved).await, ["0"]);
    let entities = "SELECT count(DISTINCT entity_id) FROM entity_clusters('m')";
    assert_eq!(rows(&client, entities).await, ["2000"]);
    client
        .batch_execute("DELETE FROM person WHERE id > 3990; REFRESH MODEL m")
        .await
        .unwrap();
    assert_eq!(mode(&client, "m").await, "incremental");
}

/// Refreshes find the rows of tables that are large enough for it by indexes; those of records of no source,
/// too, which is NULL or an empty text.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_records_refreshes_find_rows_by_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let options = "OPTIONS (model_type = 'entity_resolution', unique_id = 'id', source = 'system')";
    client
        .batch_execute(&format!(
            "CREATE TABLE person AS SELECT value::BIGINT AS id,
                 CASE value % 3 WHEN 0 THEN 'shop' WHEN 1 THEN '' END AS system,
                 substr(md5('first' || value / 3 % 700), 1, 8) AS first_name,
                 substr(md5('last' || value / 30), 1, 8) AS last_name,
                 substr(md5('mail' || value / 3), 1, 8) || '@mail.example' AS email
             FROM generate_series(0, 20399) s;
             CREATE VIEW all_anew AS SELECT * FROM person;
             CREATE MODEL bit_by_bit {options} AS SELECT * FROM person;
             CREATE MODEL anew {options} AS SELECT * FROM all_anew"
        ))
        .await
        .unwrap();
    let are_many = "SELECT count(*) >= 20000 FROM entity_pairs('bit_by_bit')";
    assert_eq!(rows(&client, are_many).await, ["t"]);
    for round in 0..3 {
        client
            .batch_execute(&format!(
                "UPDATE person SET email = 'x{round}' || email WHERE id % 4001 < 3;
                 UPDATE person SET first_name = NULL WHERE id % 5003 = {round};
                 DELETE FROM person WHERE id % 3001 = 7 + {round};
                 INSERT INTO person SELECT id + 30000 * (1 + {round}), system, first_name, last_name, email
                     FROM person WHERE id % 6007 < 5 AND id < 20400;
                 REFRESH MODEL bit_by_bit"
            ))
            .await
            .unwrap();
        assert_eq!(mode(&client, "bit_by_bit").await, "incremental");
    }
    client
        .batch_execute(
            "CREATE OR REPLACE VIEW all_anew AS SELECT *, NULL::TEXT AS nothing FROM person;
             REFRESH MODEL anew",
        )
        .await
        .unwrap();
    assert_eq!(mode(&client, "anew").await, "full");
    let (pairs, clusters) = said(&client, "bit_by_bit").await;
    let (expected_pairs, expected) = said(&client, "anew").await;
    assert_eq!(pairs, expected_pairs);
    let together = |clusters| members(clusters).into_values().collect::<BTreeSet<_>>();
    assert_eq!(together(&clusters), together(&expected));
    let sure = |(record, (_, sure)): (&i64, &(i64, String))| (*record, sure.clone());
    assert!(clusters.iter().map(sure).eq(expected.iter().map(sure)));
    let records = "SELECT count(*) FROM (SELECT id FROM person EXCEPT SELECT id FROM entity_clusters('bit_by_bit')) s";
    assert_eq!(rows(&client, records).await, ["0"]);

    // So are those of the table that the records are read from.
    let of_models = ["model_pairs", "model_records"];
    for (schema, expected) in [
        ("tributary", of_models),
        ("public", ["bit_by_bit", "person"]),
    ] {
        let indexed = std::fs::read_dir(folder.path().join("data/keys").join(schema)).unwrap();
        let name = |table: std::io::Result<std::fs::DirEntry>| {
            let name = table.unwrap().file_name().into_string().unwrap();
            name.rsplit_once('-').unwrap().0.to_owned()
        };
        let indexed: BTreeSet<String> = indexed.map(name).collect();
        assert_eq!(indexed, BTreeSet::from(expected.map(str::to_owned)));
    }
}
