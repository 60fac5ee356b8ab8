//! Whatever cuts statements off, each is done as a whole or not at all, nothing is lost, and nothing is
//! there twice: a kill at any moment, one in the middle of a write, a full disk, another writer's
//! commit. A history of statements and faults follows from its seed, but for the moments of kills.

mod files;
mod replay;
mod statements;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::full_disk::SmallDisk;
use crate::server::Server;
use replay::{Entry, Keyed, State, Step};

/// How many histories there are.
const HISTORIES: &str = "TRIBUTARY_CRASH_HISTORIES";
/// The seed of the first one; each has the next one.
const SEED: &str = "TRIBUTARY_CRASH_SEED";
/// How often the server of one history is killed.
const KILLS: usize = 20;
/// Of so many histories one has a large table, whose commits are patches.
const LARGE_EVERY: u64 = 8;

/// What has happened.
#[derive(Debug, Default)]
struct Tally {
    statements: usize,
    kills: usize,
    /// Kills in the middle of a write to a file.
    cut_writes: usize,
    /// Of the statements that were cut off by kills, those that are done.
    done: usize,
    full_disks: usize,
    /// Statements that failed for lack of room.
    failed: usize,
    foreign_commits: usize,
    restores: usize,
    /// Those to a version with other columns.
    redefining: usize,
    /// Commits to the large tables that other engines do not see, and those that tell them.
    patches: usize,
    folds: usize,
}

/// A history: its server, what is done, and what may be.
struct History {
    random: Pcg64Mcg,
    disk: PathBuf,
    files: PathBuf,
    /// What the files hold, and how many there are.
    fed: Vec<(i64, Entry)>,
    next_file: usize,
    state: State,
    has_large: bool,
    /// Versions of the keyed table, what it held then, and whether it had one more column.
    versions: Vec<(i64, Keyed, bool)>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_crashes_loses_and_doubles_nothing() {
    histories(1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes ten minutes for a thousand kills; tests/crashes runs it"]
async fn histories_of_crashes_lose_and_double_nothing() {
    let wanted = std::env::var(HISTORIES).ok();
    histories(wanted.map_or(50, |count| count.parse().unwrap())).await;
}

async fn histories(count: u64) {
    let seed = std::env::var(SEED).ok();
    let first: u64 = seed.map_or_else(|| rand::rng().random(), |seed| seed.parse().unwrap());
    let mut tally = Tally::default();
    for history in 0..count {
        let seed = first.wrapping_add(history);
        println!("{SEED}={seed}");
        run(seed, &mut tally).await;
        println!("{} histories without a loss: {tally:?}", history + 1);
    }
}

async fn run(seed: u64, tally: &mut Tally) {
    let folder = tempfile::tempdir().unwrap();
    // It takes a while to make.
    let has_large = seed.is_multiple_of(LARGE_EVERY);
    let size = if has_large { "44m" } else { "24m" };
    let small = SmallDisk::mount(folder.path(), size);
    let disk = small
        .as_ref()
        .map_or(folder.path(), SmallDisk::folder)
        .to_owned();
    let mut history = History {
        random: Pcg64Mcg::seed_from_u64(seed),
        files: folder.path().join("files"),
        disk,
        fed: Vec::new(),
        next_file: 1,
        state: State::default(),
        has_large,
        versions: Vec::new(),
    };
    let mut cut_off: Option<Step> = None;
    for kill in 0..=KILLS {
        let server = Server::start_with(&history.disk, &["--fold-lag", "100ms"]);
        let client = server.connect().await;
        if kill == 0 {
            let rows = statements::create(&client, &history.files, history.has_large).await;
            history.state.large_rows = rows;
        }
        if let Some(step) = cut_off.take() {
            tally.done += usize::from(history.settle(&client, &step).await);
        }
        files::check(&client, &history.disk.join("data")).await;
        history.versions.clear();
        history.check(&client).await;
        if kill == KILLS {
            // What was never refreshed is, and then all is as the replay has it.
            for step in [Step::Feed(history.fed.clone()), Step::Refresh] {
                statements::execute(&client, &step).await.unwrap();
                history.state = history.state.after(&step);
            }
            history.check(&client).await;
            if history.has_large {
                let (patches, folds) = files::patches(&history.disk.join("data"), "large");
                assert!(patches > 0, "no commit was a patch");
                tally.patches += patches;
                tally.folds += folds;
            }
            break;
        }
        cut_off = Some(
            history
                .until_killed(server, &client, small.as_ref(), tally)
                .await,
        );
        tally.kills += 1;
    }
}

impl History {
    /// Runs statements until one is cut off by a kill, which is answered.
    async fn until_killed(
        &mut self,
        server: Server,
        client: &Client,
        small: Option<&SmallDisk>,
        tally: &mut Tally,
    ) -> Step {
        loop {
            let step = self.choose();
            tally.statements += 1;
            if let Step::Restore(_, _, was_wide) = &step {
                tally.restores += 1;
                tally.redefining += usize::from(*was_wide != self.state.is_wide);
            }
            match self.random.random_range(0..24) {
                // When the kill comes is up to this machine; nothing waits for it to pass.
                0..2 => {
                    let moment = Duration::from_micros(self.random.random_range(1..60_000));
                    let work = statements::execute(client, &step);
                    let ended = tokio::time::timeout(moment, work).await;
                    server.kill();
                    if let Ok(ended) = ended {
                        ended.unwrap();
                        // It was faster: it must be there.
                        self.state = self.state.after(&step);
                    }
                    return step;
                }
                // The first write beyond so many bytes of a file kills the server.
                2 => {
                    limit_files(&server, self.random.random_range(0..20_000));
                    let mut step = step;
                    while statements::execute(client, &step).await.is_ok() {
                        self.state = self.state.after(&step);
                        step = self.choose();
                        limit_files(&server, self.random.random_range(0..2000));
                    }
                    server.kill();
                    tally.cut_writes += 1;
                    return step;
                }
                3..7 if let Some(small) = small => {
                    small.fill(self.random.random_range(0..20_000));
                    let ended = statements::execute(client, &step).await;
                    tally.full_disks += 1;
                    match ended {
                        Ok(()) => self.state = self.state.after(&step),
                        Err(error) => {
                            tally.failed += 1;
                            let code = error.code();
                            assert_eq!(code, Some(&SqlState::DISK_FULL), "{step:?}: {error:?}");
                            let _ = client.batch_execute("ROLLBACK").await;
                        }
                    }
                    let is_killed = self.random.random_bool(0.2);
                    // A transaction over several tables is committed before it is in all their logs,
                    // which takes room, and until then they cannot be read.
                    // So is a definition that changes with its rows.
                    let is_of_several = matches!(step, Step::Both(..) | Step::Restore(..));
                    if !is_killed {
                        if !is_of_several {
                            self.check(client).await;
                        }
                        small.free();
                        self.check(client).await;
                        continue;
                    }
                    let step = self.choose();
                    let moment = Duration::from_micros(self.random.random_range(1..60_000));
                    let work = statements::execute(client, &step);
                    let ended = tokio::time::timeout(moment, work).await;
                    server.kill();
                    small.free();
                    if matches!(ended, Ok(Ok(()))) {
                        self.state = self.state.after(&step);
                    }
                    return step;
                }
                7..9 => {
                    let table = ["account", "part"][self.random.random_range(0..2)];
                    let work = statements::execute(client, &step);
                    let (ended, ()) = tokio::join!(work, commit_beside(&self.disk, table));
                    tally.foreign_commits += 1;
                    match ended {
                        Ok(()) => self.state = self.state.after(&step),
                        Err(error) => {
                            let conflict = SqlState::T_R_SERIALIZATION_FAILURE;
                            assert_eq!(error.code(), Some(&conflict), "{step:?}: {error:?}");
                            let _ = client.batch_execute("ROLLBACK").await;
                        }
                    }
                    self.check(client).await;
                }
                _ => {
                    let ended = statements::execute(client, &step).await;
                    ended.unwrap_or_else(|error| panic!("{step:?}: {error:?}"));
                    self.state = self.state.after(&step);
                    self.check(client).await;
                    if self.random.random_bool(0.5) {
                        let version = statements::version(client).await;
                        let State {
                            account, is_wide, ..
                        } = &self.state;
                        self.versions.push((version, account.clone(), *is_wide));
                    }
                }
            }
        }
    }

    /// A statement; where it reads files, there is one more of them.
    fn choose(&mut self) -> Step {
        if !self.versions.is_empty() && self.random.random_bool(0.15) {
            let is_wide = self.state.is_wide;
            let mut known = self.versions.clone();
            // Often one with other columns; where there is none, there is one to come.
            if self.random.random_bool(0.7) {
                known.retain(|it| it.2 != is_wide);
            }
            if known.is_empty() {
                return Step::Reshape { is_wide: !is_wide };
            }
            let number = self.random.random_range(0..known.len());
            let (version, held, is_wide) = known.swap_remove(number);
            return Step::Restore(version, held, is_wide);
        }
        let mut step = statements::choose(&mut self.random, self.has_large);
        if let Step::Vacuum("account") = step {
            // What was before cannot be restored then.
            self.versions.clear();
        }
        if let Step::Feed(rows) = &mut step {
            statements::feed(&self.files, self.next_file, rows);
            self.next_file += 1;
            self.fed.append(rows);
            rows.clone_from(&self.fed);
        }
        step
    }

    /// Sees whether a statement that was cut off is done: as a whole, or not at all.
    async fn settle(&mut self, client: &Client, step: &Step) -> bool {
        let found = statements::observe(client, self.has_large).await;
        let done = self.state.after(step);
        if found == self.state.visible() {
            return false;
        }
        assert_eq!(found, done.visible(), "{step:?} is done in part");
        self.state = done;
        true
    }

    async fn check(&self, client: &Client) {
        let found = statements::observe(client, self.has_large).await;
        assert_eq!(found, self.state.visible());
    }
}

/// Has the operating system kill a server that writes beyond so many bytes of a file.
fn limit_files(server: &Server, bytes: u64) {
    let limited = Command::new("prlimit")
        .args(["--pid", &server.id().to_string()])
        .args([format!("--fsize={bytes}:"), "--core=0".to_owned()])
        .status();
    assert!(limited.unwrap().success());
}

/// Commits to a table as another engine would, without changing rows.
async fn commit_beside(disk: &Path, table: &str) {
    let public = disk.join("data/tables/public");
    let mut tables = std::fs::read_dir(public).unwrap().flatten();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let log = tables
        .find(|entry| name(&entry.path()).starts_with(table))
        .unwrap()
        .path()
        .join("_delta_log");
    let entries = std::fs::read_dir(&log).unwrap().flatten();
    let numbers = entries.filter_map(|entry| {
        let name = name(&entry.path());
        name.strip_suffix(".json")?.parse::<u64>().ok()
    });
    let next = numbers.max().unwrap() + 1;
    let now = std::time::SystemTime::now();
    let now = now
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let entry = serde_json::json!({"commitInfo": {
        "timestamp": u64::try_from(now).unwrap(),
        "operation": "OPTIMIZE",
        "operationParameters": {},
    }});
    let draft = log.join("foreign");
    std::fs::write(&draft, format!("{entry}\n")).unwrap();
    // Where the server was faster, that number is taken.
    let _ = std::fs::hard_link(&draft, log.join(format!("{next:020}.json")));
    std::fs::remove_file(&draft).unwrap();
}
