//! Files of changes that come, grow and are written anew: materialized views that look back hold what
//! a replay of all rows gives, and each row that was left out is kept once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio_postgres::Client;

use crate::server::{Server, rows};

/// How often files change in one run.
const ROUNDS: usize = 14;

/// How far views look back.
const LOOKBACK: i64 = 50;

const COLUMNS: &str = "id INT, a INT, b TEXT, seq BIGINT, gone BOOLEAN";

/// What is kept of a key, by view: the one that looks back, and one that is always computed anew.
const VIEWS: [(&str, &str); 3] = [
    ("by_row", "deleted_column = 'gone'"),
    ("by_column", "deleted_column = 'gone', merge = 'column'"),
    ("by_time", "deleted_column = 'gone', history = 'scd2'"),
];

/// A row of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    seq: i64,
    gone: bool,
    id: i64,
    a: i64,
    b: Option<String>,
}

impl Change {
    fn line(&self) -> String {
        let Self {
            seq,
            gone,
            id,
            a,
            b,
        } = self;
        let b = b.as_deref().unwrap_or_default();
        format!("{id},{a},{b},{seq},{gone}\n")
    }
}

/// What has been written.
struct Log {
    random: Pcg64,
    files: Vec<String>,
    changes: Vec<Change>,
    /// Lines without a key, or that are no rows.
    bad: usize,
    /// The greatest version of all.
    latest: i64,
}

impl Log {
    fn below(&mut self, end: i64) -> i64 {
        self.random.random_range(0..end)
    }

    /// Lines of changes of versions from `first` on, and some that are left out.
    fn lines(&mut self, first: i64) -> String {
        let mut lines = String::new();
        for _ in 0..=self.below(6) {
            let change = match self.below(5) {
                // Once more what has been there.
                0 if !self.changes.is_empty() => {
                    let count = i64::try_from(self.changes.len()).unwrap();
                    let place = usize::try_from(self.below(count)).unwrap();
                    self.changes[place].clone()
                }
                _ => Change {
                    id: self.below(12),
                    a: self.below(4),
                    b: (self.below(3) > 0).then(|| format!("b{}", self.random.random_range(0..3))),
                    seq: first + self.below(self.latest + 20 - first),
                    gone: self.below(6) == 0,
                },
            };
            lines.push_str(&change.line());
            self.changes.push(change);
        }
        if self.below(4) == 0 {
            self.bad += 1;
            let bad = self.bad;
            match self.below(2) {
                0 => writeln!(lines, ",{bad},,{first},false").unwrap(),
                _ => writeln!(lines, "x{bad},1,,{first},false").unwrap(),
            }
        }
        self.latest = self.changes.iter().map(|it| it.seq).max().unwrap_or(0);
        lines
    }

    /// The latest row of each key, if that is not deleted.
    fn replay(&self) -> BTreeSet<String> {
        let mut latest: BTreeMap<i64, &Change> = BTreeMap::new();
        for change in &self.changes {
            let kept = latest.entry(change.id).or_insert(change);
            // Of one version a deletion is later, and else the greater one, NULL first.
            if (change.seq, change.gone, change.a, &change.b)
                > (kept.seq, kept.gone, kept.a, &kept.b)
            {
                *kept = change;
            }
        }
        let living = latest.into_values().filter(|change| !change.gone);
        let shown = living.map(|Change { id, a, b, seq, .. }| {
            let b = b.as_deref().unwrap_or("NULL");
            format!("{id}|{a}|{b}|{seq}")
        });
        shown.collect()
    }
}

async fn all(client: &Client, sql: &str) -> BTreeSet<String> {
    rows(client, sql).await.into_iter().collect()
}

async fn run(seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("changes");
    std::fs::create_dir(&source).unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let mut log = Log {
        random: Pcg64::seed_from_u64(seed),
        files: Vec::new(),
        changes: Vec::new(),
        bad: 0,
        latest: 0,
    };
    add(&mut log, &source, 0);
    let external = format!(
        "CREATE EXTERNAL TABLE change ({COLUMNS}) STORED AS CSV LOCATION '{}/' OPTIONS (on_error 'quarantine')",
        source.display()
    );
    client.batch_execute(&external).await.unwrap();
    for (name, options) in VIEWS {
        let keyed = format!("unique_key = 'id', version_column = 'seq', {options}");
        let query = "SELECT id, a, b, seq, gone FROM change";
        for (view, more) in [
            (name.to_owned(), format!("lookback = '{LOOKBACK}'")),
            (format!("{name}_anew"), "refresh_mode = 'full'".to_owned()),
        ] {
            let create =
                format!("CREATE MATERIALIZED VIEW {view} WITH ({keyed}, {more}) AS {query}");
            client.batch_execute(&create).await.unwrap();
        }
    }
    for round in 0..ROUNDS {
        let expected = match log.below(2) {
            // A new file is read whatever the versions in it.
            0 => {
                add(&mut log, &source, 0);
                "incremental"
            }
            _ => {
                let count = i64::try_from(log.files.len()).unwrap();
                let file = usize::try_from(log.below(count)).unwrap();
                let path = source.join(&log.files[file]);
                let first = (log.latest - LOOKBACK).max(0);
                let mut text = std::fs::read_to_string(&path).unwrap();
                let later = log.lines(first);
                // What repeats an earlier change may be older than it: it is known already.
                text.push_str(&later);
                std::fs::write(&path, text).unwrap();
                "lookback"
            }
        };
        for (name, _) in VIEWS {
            for view in [name.to_owned(), format!("{name}_anew")] {
                client
                    .batch_execute(&format!("REFRESH MATERIALIZED VIEW {view}"))
                    .await
                    .unwrap();
            }
            let at = format!("seed {seed}, round {round}, {name}");
            let mode = format!(
                "SELECT mode, mode_reason FROM tributary.refreshes WHERE name = '{name}' ORDER BY id DESC LIMIT 1"
            );
            let mode = rows(&client, &mode).await.concat();
            assert!(mode.starts_with(expected), "{at}: {mode}");
            let held = all(&client, &format!("SELECT * FROM {name}")).await;
            let anew = all(&client, &format!("SELECT * FROM {name}_anew")).await;
            assert_eq!(held, anew, "{at}: {mode}");
            let left_out = format!(
                "SELECT count(*) FROM tributary.rejected_rows WHERE object = 'public.{name}'"
            );
            assert_eq!(
                rows(&client, &left_out).await,
                [log.bad.to_string()],
                "{at}"
            );
        }
        let held = all(&client, "SELECT id, a, b, seq FROM by_row").await;
        assert_eq!(held, log.replay(), "seed {seed}, round {round}");
    }
}

/// Writes a file of changes of versions from `first` on.
fn add(log: &mut Log, source: &Path, first: i64) {
    let name = format!("{:03}.csv", log.files.len());
    let lines = log.lines(first);
    let text = format!("id,a,b,seq,gone\n{lines}");
    std::fs::write(source.join(&name), text).unwrap();
    log.files.push(name);
}

#[tokio::test(flavor = "multi_thread")]
async fn views_that_look_back_hold_what_a_replay_gives() {
    let seed = std::env::var("TRIBUTARY_REFRESH_SEED").ok();
    match seed.and_then(|seed| seed.parse().ok()) {
        Some(seed) => run(seed).await,
        None => {
            for seed in 1..=3 {
                run(seed).await;
            }
        }
    }
}
