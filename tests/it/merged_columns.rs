//! A table that keeps the latest value of each column holds what a replay of its changes gives, whatever
//! columns it is given in between.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio_postgres::Client;

use crate::server::{Server, rows};

/// How often the table changes in one run.
const ROUNDS: usize = 60;

/// What is known of a key.
#[derive(Clone, Debug, Default)]
struct Key {
    deleted: Option<i64>,
    row: Option<i64>,
    values: BTreeMap<String, (i64, i64)>,
}

impl Key {
    fn lives(&self) -> bool {
        self.row > self.deleted
    }
}

/// The table as it should be.
struct Replay {
    random: Pcg64,
    keys: BTreeMap<i64, Key>,
    /// The columns, each with its type.
    columns: Vec<(String, &'static str)>,
    version: String,
    version_type: &'static str,
    named: usize,
}

/// Types, each of which holds all values of the one before.
const TYPES: [&str; 4] = ["SMALLINT", "INT", "BIGINT", "NUMERIC(20, 0)"];

impl Replay {
    fn below(&mut self, end: i64) -> i64 {
        self.random.random_range(0..end)
    }

    fn name(&mut self) -> String {
        self.named += 1;
        format!("c{}", self.named)
    }

    fn create(&self) -> String {
        let columns = self.columns.iter().map(|(name, of)| format!("{name} {of}"));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let Self {
            version,
            version_type,
            ..
        } = self;
        format!(
            "CREATE TABLE t (id INT, {columns}, {version} {version_type}, gone BOOLEAN)
             WITH (unique_key = 'id', version_column = '{version}', deleted_column = 'gone', merge = 'column')"
        )
    }

    /// Rows that are put in.
    fn insert(&mut self) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let mut lines = Vec::new();
        for _ in 0..=self.below(3) {
            let (id, version, gone) = (self.below(5), self.below(40), self.below(7) == 0);
            let values: Vec<Option<i64>> = names
                .iter()
                .map(|_| {
                    (self.random.random_range(0..3) > 0).then(|| self.random.random_range(0..9))
                })
                .collect();
            let key = self.keys.entry(id).or_default();
            if gone {
                key.deleted = key.deleted.max(Some(version));
            } else {
                key.row = key.row.max(Some(version));
                for (name, value) in names.iter().zip(&values) {
                    let Some(value) = value else { continue };
                    let new = (version, *value);
                    let known = key.values.entry(name.clone()).or_insert(new);
                    *known = new.max(*known);
                }
            }
            let values = values.iter().map(|value| match value {
                Some(value) => value.to_string(),
                None => "NULL".to_owned(),
            });
            let values: Vec<String> = values.collect();
            lines.push(format!("({id}, {version}, {gone}, {})", values.join(", ")));
        }
        format!(
            "INSERT INTO t (id, {}, gone, {}) VALUES {}",
            self.version,
            names.join(", "),
            lines.join(", ")
        )
    }

    /// Another type, if there is a wider one.
    fn wider(of: &str) -> Option<&'static str> {
        let place = TYPES.iter().position(|it| *it == of)?;
        TYPES.get(place + 1).copied()
    }

    fn alter(&mut self) -> String {
        let count = i64::try_from(self.columns.len()).unwrap();
        let place = usize::try_from(self.below(count)).unwrap();
        let (name, of) = self.columns[place].clone();
        match self.below(7) {
            0 | 1 => {
                let (new, value) = (self.name(), self.below(9));
                self.columns.push((new.clone(), "INT"));
                for key in self.keys.values_mut().filter(|key| key.lives()) {
                    let version = key.row.unwrap();
                    key.values.insert(new.clone(), (version, value));
                }
                format!("ALTER TABLE t ADD COLUMN {new} INT DEFAULT {value}")
            }
            2 => {
                let new = self.name();
                self.columns.push((new.clone(), "SMALLINT"));
                format!("ALTER TABLE t ADD COLUMN {new} SMALLINT")
            }
            3 if count > 1 => {
                self.columns.remove(place);
                for key in self.keys.values_mut() {
                    key.values.remove(&name);
                }
                format!("ALTER TABLE t DROP COLUMN {name}")
            }
            4 => {
                let new = self.name();
                self.columns[place].0.clone_from(&new);
                for key in self.keys.values_mut() {
                    if let Some(value) = key.values.remove(&name) {
                        key.values.insert(new.clone(), value);
                    }
                }
                format!("ALTER TABLE t RENAME COLUMN {name} TO {new}")
            }
            5 if Self::wider(self.version_type).is_some() => {
                self.version_type = Self::wider(self.version_type).unwrap();
                format!(
                    "ALTER TABLE t ALTER COLUMN {} TYPE {}",
                    self.version, self.version_type
                )
            }
            6 if self.version == "seq" => {
                self.version = "version".to_owned();
                "ALTER TABLE t RENAME COLUMN seq TO version".to_owned()
            }
            _ => match Self::wider(of) {
                Some(wider) => {
                    self.columns[place].1 = wider;
                    format!("ALTER TABLE t ALTER COLUMN {name} TYPE {wider}")
                }
                None => "OPTIMIZE t".to_owned(),
            },
        }
    }

    fn rows(&self) -> Vec<String> {
        let living = self.keys.iter().filter(|(_, key)| key.lives());
        let rows = living.map(|(id, key)| {
            let values = self.columns.iter().map(|(name, _)| {
                let value = key.values.get(name);
                let value = value.filter(|(version, _)| Some(*version) > key.deleted);
                value.map_or("NULL".to_owned(), |(_, value)| value.to_string())
            });
            let values: Vec<String> = values.collect();
            format!("{id}|{}|{}", key.row.unwrap(), values.join("|"))
        });
        rows.collect()
    }

    async fn check(&self, client: &Client, done: &[String]) {
        let names = self.columns.iter().map(|(name, _)| name.as_str());
        let names: Vec<&str> = names.collect();
        let select = format!(
            "SELECT id, {}, {} FROM t ORDER BY id",
            self.version,
            names.join(", ")
        );
        assert_eq!(rows(client, &select).await, self.rows(), "after {done:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_keep_their_versions_in_other_columns() {
    let seed = std::env::var("TRIBUTARY_MERGE_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok());
    let seeds = seed.map_or(1..=4, |seed: u64| seed..=seed);
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for seed in seeds {
        let mut replay = Replay {
            random: Pcg64::seed_from_u64(seed),
            keys: BTreeMap::new(),
            columns: vec![("a".to_owned(), "SMALLINT"), ("b".to_owned(), "INT")],
            version: "seq".to_owned(),
            version_type: "SMALLINT",
            named: 0,
        };
        client
            .batch_execute("DROP TABLE IF EXISTS t")
            .await
            .unwrap();
        client.batch_execute(&replay.create()).await.unwrap();
        let mut done = vec![format!("seed {seed}")];
        for _ in 0..ROUNDS {
            let statement = match replay.below(4) {
                0 => replay.alter(),
                _ => replay.insert(),
            };
            done.push(statement.clone());
            client
                .batch_execute(&statement)
                .await
                .unwrap_or_else(|error| panic!("{done:#?}: {:?}", error.as_db_error()));
            replay.check(&client, &done).await;
        }
    }
}
