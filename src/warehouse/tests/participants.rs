//! Another store changes if, and only if, the commit is made.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tributary_udfs::interrupt::Interrupt;

use super::*;
use crate::error::{Error, SqlState};

/// Notes what it is told, and may refuse or let another writer go first.
#[derive(Default)]
struct Notes {
    told: Mutex<Vec<(&'static str, CommitMark)>>,
    refuses: bool,
    /// An entry that another process writes when this one has prepared.
    overtaken_by: Option<std::path::PathBuf>,
}

impl Notes {
    fn note(&self, what: &'static str, mark: &CommitMark) {
        self.told.lock().push((what, mark.clone()));
    }

    fn words(&self) -> Vec<&'static str> {
        self.told.lock().iter().map(|(what, _)| *what).collect()
    }
}

impl Participant for Notes {
    fn prepare<'a>(&'a self, mark: &'a CommitMark) -> BoxFuture<'a, Result<()>> {
        async move {
            self.note("prepare", mark);
            if let Some(entry) = &self.overtaken_by {
                std::fs::write(entry, "{\"commitInfo\":{}}").unwrap();
            }
            if self.refuses {
                return Err(Error::new(SqlState::UNDEFINED_TABLE, "refused"));
            }
            Ok(())
        }
        .boxed()
    }

    fn committed(&self, mark: &CommitMark) {
        self.note("committed", mark);
    }

    fn aborted(&self, mark: &CommitMark) {
        self.note("aborted", mark);
    }
}

async fn replace(fixture: &Fixture, notes: &Arc<Notes>) -> Result<Commit> {
    let rows = stream(vec![ids([2])]);
    let participant = Arc::clone(notes) as Arc<dyn Participant>;
    let info = CommitInfo::new("REFRESH");
    fixture
        .warehouse
        .replace_with(&fixture.id, rows, info, Some(participant))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_prepared_and_then_told() {
    let fixture = Fixture::new();
    fixture.replace(ids([1])).await;
    let notes = Arc::new(Notes::default());
    assert_eq!(replace(&fixture, &notes).await.unwrap().version, 1);
    assert_eq!(notes.words(), ["prepare", "committed"]);
    let mark = notes.told.lock()[0].1.clone();
    let outcome = async |mark: &CommitMark| {
        let fresh = fixture.reopened();
        fresh.outcome(&fixture.id, mark).await.unwrap()
    };
    assert_eq!(outcome(&mark).await, CommitOutcome::Committed);
    let later = CommitMark {
        version: 2,
        ..mark.clone()
    };
    assert_eq!(outcome(&later).await, CommitOutcome::Open);
    let other = CommitMark { version: 0, ..mark };
    assert_eq!(outcome(&other).await, CommitOutcome::Aborted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_committed_when_its_entry_is_on_the_way() {
    let fixture = Fixture::new();
    let interrupt = Interrupt::default();
    interrupt.over(fixture.replace(ids([1]))).await;
    assert!(interrupt.is_committed());
    interrupt.release();

    // One that does nothing alone leaves the statement free to stop.
    let part = CommitInfo {
        is_part: true,
        ..CommitInfo::new("REFRESH")
    };
    let rows = stream(vec![ids([2])]);
    let append = fixture.warehouse.append(&fixture.id, rows, part);
    interrupt.over(append).await.unwrap();
    assert!(!interrupt.is_committed());

    let log = fixture.table_folder().join("_delta_log");
    let notes = Arc::new(Notes {
        overtaken_by: Some(log.join("00000000000000000002.json")),
        ..Notes::default()
    });
    interrupt.over(replace(&fixture, &notes)).await.unwrap_err();
    assert!(!interrupt.is_committed(), "another process was faster");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_statement_does_not_commit() {
    let fixture = Fixture::new();
    fixture.replace(ids([1])).await;
    let interrupt = Interrupt::default();
    interrupt.raise();
    let notes = Arc::new(Notes::default());
    let error = interrupt.over(replace(&fixture, &notes)).await.unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::QUERY_CANCELED);
    assert_eq!(notes.words(), ["prepare", "aborted"]);
    assert_eq!(fixture.rows(At::Latest).await, ids([1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_prepare_stops_the_commit() {
    let fixture = Fixture::new();
    fixture.replace(ids([1])).await;
    let notes = Arc::new(Notes {
        refuses: true,
        ..Notes::default()
    });
    let error = replace(&fixture, &notes).await.unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::UNDEFINED_TABLE);
    assert_eq!(notes.words(), ["prepare"]);
    assert_eq!(fixture.rows(At::Latest).await, ids([1]));
    assert_eq!(fixture.append(ids([2])).await.version, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_another_process_overtakes_is_aborted() {
    let fixture = Fixture::new();
    fixture.replace(ids([1])).await;
    let log = fixture.table_folder().join("_delta_log");
    let notes = Arc::new(Notes {
        overtaken_by: Some(log.join("00000000000000000001.json")),
        ..Notes::default()
    });
    let error = replace(&fixture, &notes).await.unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::SERIALIZATION_FAILURE);
    assert_eq!(notes.words(), ["prepare", "aborted"]);
    let mark = notes.told.lock()[0].1.clone();
    let outcome = fixture.warehouse.outcome(&fixture.id, &mark).await;
    assert_eq!(outcome.unwrap(), CommitOutcome::Aborted);
}

/// Holds a commit, when it is prepared or when it is made, until the statement that waits for it is
/// gone.
struct Held {
    notes: Arc<Notes>,
    at: &'static str,
    reached: tokio::sync::mpsc::UnboundedSender<()>,
    go: Mutex<std::sync::mpsc::Receiver<()>>,
    ended: tokio::sync::mpsc::UnboundedSender<()>,
}

impl Held {
    fn hold(&self, step: &str) {
        if step == self.at {
            self.reached.send(()).unwrap();
            tokio::task::block_in_place(|| self.go.lock().recv().unwrap());
        }
    }
}

impl Participant for Held {
    fn prepare<'a>(&'a self, mark: &'a CommitMark) -> BoxFuture<'a, Result<()>> {
        async move {
            self.hold("prepare");
            self.notes.prepare(mark).await
        }
        .boxed()
    }

    fn committed(&self, mark: &CommitMark) {
        self.hold("committed");
        self.notes.committed(mark);
        self.ended.send(()).unwrap();
    }

    fn aborted(&self, mark: &CommitMark) {
        self.notes.aborted(mark);
        self.ended.send(()).unwrap();
    }
}

/// Replaces 1 by 2 in a commit whose statement goes away at this step.
async fn leave(at: &'static str) -> (Arc<Fixture>, Arc<Notes>) {
    let fixture = Arc::new(Fixture::new());
    fixture.replace(ids([1])).await;
    let (reached, mut is_reached) = tokio::sync::mpsc::unbounded_channel();
    let (ended, mut has_ended) = tokio::sync::mpsc::unbounded_channel();
    let (go, wait) = std::sync::mpsc::channel();
    let notes = Arc::new(Notes::default());
    let held = Held {
        notes: Arc::clone(&notes),
        at,
        reached,
        go: Mutex::new(wait),
        ended,
    };
    let writer = Arc::clone(&fixture);
    let writing = tokio::spawn(async move {
        let rows = stream(vec![ids([2])]);
        let info = CommitInfo::new("REFRESH");
        let held = Some(Arc::new(held) as Arc<dyn Participant>);
        writer
            .warehouse
            .replace_with(&writer.id, rows, info, held)
            .await
    });
    is_reached.recv().await.unwrap();
    writing.abort();
    assert!(writing.await.unwrap_err().is_cancelled());
    go.send(()).unwrap();
    has_ended.recv().await.unwrap();
    (fixture, notes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_made_ends_whoever_waits_for_it() {
    let (fixture, notes) = leave("committed").await;
    assert_eq!(notes.words(), ["prepare", "committed"]);
    assert_eq!(fixture.rows(At::Latest).await, ids([2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_not_made_for_a_statement_that_is_gone_when_it_is_prepared() {
    let (fixture, notes) = leave("prepare").await;
    assert_eq!(notes.words(), ["prepare", "aborted"]);
    assert_eq!(fixture.rows(At::Latest).await, ids([1]));
    let mark = notes.told.lock()[0].1.clone();
    let outcome = fixture.warehouse.outcome(&fixture.id, &mark).await;
    assert_eq!(outcome.unwrap(), CommitOutcome::Open);
    assert_eq!(fixture.append(ids([3])).await.version, 1);
}
