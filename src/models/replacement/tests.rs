//! Replacements that stop at each of their steps: definition and rows belong together after each.

use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::physical_plan::common::collect;

use super::*;
use crate::config::Configuration;
use crate::session::{Outcome, plan};
use crate::test_server;
use crate::warehouse::CommitInfo;

const OLD: &str = "CREATE MATERIALIZED VIEW public.t AS SELECT 1::BIGINT AS old";
const NEW: &str = "CREATE MATERIALIZED VIEW public.t AS SELECT 2::BIGINT AS new";

async fn open(folder: &Path) -> Arc<Instance> {
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let flags = [
        ("data_dir".to_owned(), text(folder.join("data"))),
        ("project".to_owned(), text(folder.join("sql"))),
    ];
    let configuration = Configuration::load(None, |_| None, flags).unwrap();
    Instance::open(configuration).await.unwrap()
}

async fn query(instance: &Arc<Instance>, sql: &str) -> Result<Vec<RecordBatch>> {
    let session = test_server::begin(instance);
    let mut rows = Vec::new();
    for statement in session.parse(sql)? {
        let prepared = Box::pin(session.prepare(statement, &[])).await?;
        let outcome = Box::pin(session.execute(&prepared, Vec::new())).await?;
        if let Outcome::Rows { stream, .. } = outcome {
            rows = collect(stream).await?;
        }
    }
    Ok(rows)
}

fn object(instance: &Instance) -> Arc<Object> {
    let snapshot = instance.catalog.snapshot();
    let name = crate::sql::QualifiedName::new("public", "t");
    Arc::clone(snapshot.relation(&name).unwrap())
}

/// The one column of the catalog, that of the rows that are read, and their value.
async fn state(instance: &Arc<Instance>) -> (String, String, i64) {
    let rows = query(instance, "SELECT * FROM public.t").await.unwrap();
    let column = rows[0].schema().field(0).name().clone();
    let value = rows[0].column(0).as_primitive::<Int64Type>().value(0);
    let object = object(instance);
    let fields = object.schema.fields();
    assert_eq!((fields.len(), rows[0].num_columns()), (1, 1));
    let by_hand = crate::sql::QualifiedName::new("public", "by_hand");
    if let Some(view) = instance.catalog.snapshot().relation(&by_hand) {
        assert_eq!(view.schema.field(0).name(), fields[0].name());
    }
    (fields[0].name().clone(), column, value)
}

fn old() -> (String, String, i64) {
    ("old".to_owned(), "old".to_owned(), 1)
}

fn new() -> (String, String, i64) {
    ("new".to_owned(), "new".to_owned(), 2)
}

/// Where a replacement stops.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    BeforePrepared,
    Prepared,
    Committed,
    Finished,
}

/// Takes part as the replacement does, until it stops; then what is on disk is what a kill at that
/// moment would leave, and is copied.
struct Stopping {
    replacement: Replacement,
    stop: Stop,
    from: PathBuf,
    to: PathBuf,
}

impl Stopping {
    fn reached(&self, stop: Stop) -> bool {
        if self.stop == stop {
            copy(&self.from, &self.to);
        }
        self.stop == stop
    }
}

impl Participant for Stopping {
    fn prepare<'a>(&'a self, mark: &'a CommitMark) -> BoxFuture<'a, Result<()>> {
        async move {
            let stopped = || Err(Error::internal("stopped"));
            if self.reached(Stop::BeforePrepared) {
                return stopped();
            }
            self.replacement.prepare(mark).await?;
            if self.reached(Stop::Prepared) {
                return stopped();
            }
            Ok(())
        }
        .boxed()
    }

    fn committed(&self, mark: &CommitMark) {
        if !self.reached(Stop::Committed) {
            self.replacement.committed(mark);
            self.reached(Stop::Finished);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// An instance whose `t` is being replaced, and a folder as it was when that stopped.
struct Stopped {
    _folder: tempfile::TempDir,
    instance: Arc<Instance>,
    killed: PathBuf,
}

async fn stop_at(stop: Stop) -> Stopped {
    let folder = tempfile::tempdir().unwrap();
    let (running, killed) = (folder.path().join("running"), folder.path().join("killed"));
    let instance = open(&running).await;
    query(&instance, OLD).await.unwrap();
    query(&instance, "CREATE VIEW by_hand AS SELECT * FROM t")
        .await
        .unwrap();
    let old = object(&instance);
    let settings = &instance.configuration.session;
    let definition = crate::sql::parse_one(NEW).unwrap();
    let snapshot = instance.catalog.snapshot();
    let new = crate::models::define::define(&instance, &snapshot, settings, &definition);
    let new = Box::pin(new).await.unwrap();
    let context = instance.statement(settings, crate::instance::Reading::Rows);
    let crate::sql::Statement::CreateMaterializedView(create) = &definition else {
        unreachable!("NEW is a materialized view")
    };
    let rows = plan::definition(&context, &create.query, &[])
        .await
        .unwrap();
    let rows = crate::execute::query::stream(context.state, rows)
        .await
        .unwrap();
    let participant = Stopping {
        replacement: Replacement {
            instance: Arc::clone(&instance),
            oid: old.oid,
            new,
            author: Author::Statement,
            keeps_rows: false,
        },
        stop,
        from: running,
        to: killed.clone(),
    };
    let info = CommitInfo::new("REFRESH");
    let replaced = instance
        .warehouse
        .replace_with(&table_id(&old), rows, info, Some(Arc::new(participant)))
        .await;
    assert_eq!(
        replaced.is_ok(),
        matches!(stop, Stop::Committed | Stop::Finished),
        "{stop:?}: {replaced:?}"
    );
    Stopped {
        _folder: folder,
        instance,
        killed,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_each_step_leaves_definition_and_rows_that_belong_together() {
    for (stop, expected) in [
        (Stop::BeforePrepared, old()),
        (Stop::Prepared, old()),
        (Stop::Committed, new()),
        (Stop::Finished, new()),
    ] {
        let stopped = Box::pin(stop_at(stop)).await;
        let restarted = open(&stopped.killed).await;
        assert_eq!(restarted.catalog.snapshot().all_prepared().count(), 0);
        assert_eq!(state(&restarted).await, expected, "{stop:?}");
        // History and time travel go on over the replacement.
        let first = query(&restarted, "SELECT old FROM public.t VERSION AS OF 0").await;
        assert_eq!(first.unwrap()[0].num_rows(), 1);
        query(
            &restarted,
            NEW.replacen("CREATE", "CREATE OR REPLACE", 1).as_str(),
        )
        .await
        .unwrap();
        assert_eq!(state(&restarted).await, new(), "{stop:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_between_the_steps_sees_one_side_of_them() {
    let stopped = Box::pin(stop_at(Stop::Committed)).await;
    let instance = &stopped.instance;
    assert_eq!(instance.catalog.snapshot().all_prepared().count(), 1);
    // Its rows are committed, so that whoever reads finishes it, and sees its new side.
    assert_eq!(state(instance).await, new());
    assert_eq!(instance.catalog.snapshot().all_prepared().count(), 0);

    // A commit that is not there can still come, as far as the reader knows.
    let stopped = Box::pin(stop_at(Stop::Prepared)).await;
    let instance = &stopped.instance;
    assert_eq!(state(instance).await, old());
    assert_eq!(instance.catalog.snapshot().all_prepared().count(), 1);
    // Another one of its version means that it cannot come any more.
    query(instance, "REFRESH MATERIALIZED VIEW public.t FULL")
        .await
        .unwrap();
    assert_eq!(state(instance).await, old());
    assert_eq!(instance.catalog.snapshot().all_prepared().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_for_columns_that_were_replaced_are_not_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let instance = open(folder.path()).await;
    query(&instance, "CREATE TABLE t (a BIGINT)").await.unwrap();
    let target = object(&instance);
    query(&instance, "CREATE OR REPLACE TABLE t (b BIGINT)")
        .await
        .unwrap();
    let batch = RecordBatch::new_empty(Arc::clone(&target.schema));
    let rows = datafusion::physical_plan::memory::MemoryStream::try_new(
        vec![batch],
        Arc::clone(&target.schema),
        None,
    );
    let settings = instance.configuration.session.clone();
    let state = instance
        .statement(&settings, crate::instance::Reading::Rows)
        .state;
    let late = crate::execute::insert::append(
        &instance,
        &state,
        &target,
        Box::pin(rows.unwrap()),
        "INSERT",
        None,
    )
    .await;
    assert_eq!(
        late.unwrap_err().sqlstate(),
        SqlState::SERIALIZATION_FAILURE
    );
    query(&instance, "DROP TABLE t").await.unwrap();
    let participant = Unchanged {
        instance: Arc::clone(&instance),
        object: target,
    };
    let mark = CommitMark {
        version: 2,
        id: String::new(),
    };
    assert_eq!(
        participant.prepare(&mark).await.unwrap_err().sqlstate(),
        SqlState::UNDEFINED_TABLE
    );
}

#[test]
fn a_refresh_that_finds_other_columns_gives_them_to_the_catalog() {
    test_server::block_on(other_columns_are_found);
}

async fn other_columns_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let instance = open(folder.path()).await;
    query(
        &instance,
        "CREATE TABLE v AS SELECT 1::BIGINT AS old;
         CREATE MATERIALIZED VIEW t AS SELECT * FROM v;
         CREATE OR REPLACE TABLE v AS SELECT 2::BIGINT AS new",
    )
    .await
    .unwrap();
    assert_eq!(state(&instance).await, old());
    query(&instance, "REFRESH MATERIALIZED VIEW t")
        .await
        .unwrap();
    assert_eq!(state(&instance).await, new());
}
