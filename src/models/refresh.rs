//! Refreshing a materialized view: its query's rows become the next version of its table. Models are
//! refreshed likewise, see [`super::resolution`].

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;

use super::announcement::announce;
use super::appended_columns::Refreshed;
use super::backfill::{Backfill, Range};
use super::expectation::{Expectations, enforce};
use super::incremental::{self, Analysis, Attempt, Measured, Verdict};
use super::progress::Rows;
use super::rejected::{self, Keep};
use super::replacement::{self, Replacement, Unchanged, same_columns};
use super::replan::Author;
use super::schema_change::COLUMNS_CHANGED;
use super::{keyed, resolution, schema_change, source_columns, stale, table_id};
use crate::catalog::journal::{ModelState, RefreshRecord, RefreshStatus};
use crate::catalog::{Kind, NewObject, Object};
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, LockGuard, Reading};
use crate::session::{declared, plan, privileges};
use crate::sources::RejectedRows;
use crate::sql::Statement;
use crate::sql::create_materialized_view::CreateMaterializedView;
use crate::warehouse::{At, Commit, CommitInfo, Participant, REFRESH};

/// What the catalog has of an object whose rows are computed.
#[derive(Clone, Debug)]
pub enum Catalogued {
    /// Nothing yet: it is created when its rows are there.
    Nothing,
    /// This definition.
    Same,
    /// Another definition, whose place this one takes in the same step as the rows.
    Replaced(Box<NewObject>, Author),
}

/// How much of what is known already a refresh uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What a model has learned stays.
    Usual,
    /// Everything is read, and learned, again.
    Anew,
    /// Nothing is read, and a model makes its entities anew of what it has found.
    Entities,
    /// Rows of some versions are read again.
    Range(Range),
}

/// Refreshes `object`, and answers the record that `tributary.refreshes` keeps of it.
///
/// The rows become visible at once when all are there. A refresh that fails, or whose future is
/// dropped, leaves the version before.
///
/// # Errors
/// What the query meets, or an expectation; it is in the record too.
pub async fn refresh(
    instance: &Arc<Instance>,
    object: &Object,
    catalogued: Catalogued,
    extent: Extent,
    reason: &str,
    progress: &Arc<Rows>,
) -> Result<RefreshRecord> {
    let guard = instance.refresh_locks.lock(object.oid).await?;
    refresh_locked(
        instance, object, catalogued, extent, reason, progress, &guard,
    )
    .await
}

/// [`refresh`] by who holds the lock already.
///
/// # Errors
/// Those of [`refresh`].
pub async fn refresh_locked(
    instance: &Arc<Instance>,
    object: &Object,
    catalogued: Catalogued,
    extent: Extent,
    reason: &str,
    progress: &Arc<Rows>,
    _guard: &LockGuard,
) -> Result<RefreshRecord> {
    if !object.kind.is_refreshed() {
        return Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("{} is not refreshed", object.described()),
        ));
    }
    let mut record = RefreshRecord::start(object.name.clone(), object.oid, reason);
    instance.journal.add_refresh(&mut record)?;
    let mut unfinished = Unfinished {
        instance: Arc::clone(instance),
        kind: object.kind,
        progress: Arc::clone(progress),
        record: Some(record.clone()),
    };
    let is_partial = matches!(extent, Extent::Range(_));
    let is_emptied = |instance: &Instance| {
        let snapshot = instance.catalog.snapshot();
        snapshot.object(object.oid).is_some_and(|it| it.is_emptied)
    };
    let extent = match extent {
        Extent::Usual if is_emptied(instance) => Extent::Anew,
        extent => extent,
    };
    // The definition before, where nothing is read of what it names.
    let unread = (extent == Extent::Entities).then(|| {
        let snapshot = instance.catalog.snapshot();
        let before = snapshot.object(object.oid);
        before.map_or_else(String::new, |it| stale::definition_hash(&snapshot, it))
    });
    let _running = instance.running.begin(record.id, progress);
    // Taken before anything is read: what changes meanwhile makes the result stale, not wrong.
    let mut inputs = match privileges::check_computed(&instance.catalog.snapshot(), object) {
        Ok(()) if unread.is_some() => stale::inputs(instance, object).await,
        Ok(()) => match followed(instance, object, &catalogued).await {
            Ok(changes) => {
                record.source_changes = changes;
                stale::inputs(instance, object).await
            }
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    let built = match inputs {
        Ok(_) => match &object.definition {
            Statement::CreateMaterializedView(definition) => {
                let build = Build {
                    instance,
                    object,
                    definition,
                    extent,
                    progress,
                };
                let built = Box::pin(build.run(catalogued, &mut record)).await;
                if let (Ok((_, true)), Ok(inputs)) = (&built, &mut inputs) {
                    let always = (stale::TIME.to_owned(), String::new());
                    inputs.fingerprints.push(always);
                }
                built.map(|(commit, _)| commit)
            }
            Statement::CreateModel(definition) => {
                let refresh = resolution::Refresh {
                    instance,
                    object,
                    definition,
                    extent,
                    progress,
                };
                Box::pin(refresh.run(catalogued, &mut record)).await
            }
            _ => Err(Error::internal(format!(
                "{} is not refreshed",
                object.described()
            ))),
        },
        Err(ref error) => Err(error.clone()),
    };
    unfinished.record = None;
    if built.is_ok() && !is_partial && is_emptied(instance) {
        instance
            .catalog
            .write(|transaction| transaction.set_emptied(object.oid, false))?;
    }
    let previous = instance.journal.model_state(object.oid);
    let previous = previous.ok().flatten().unwrap_or_default();
    let state = match (&built, inputs) {
        (Ok(commit), Ok(inputs)) => {
            record.rows_written = commit.rows;
            record.bytes_written = commit.bytes;
            record.version = Some(commit.version);
            record.finish(RefreshStatus::Succeeded);
            // What has changed beside a range is still to be read.
            let (definition_hash, inputs) = match is_partial {
                true => (previous.definition_hash, previous.inputs),
                false => {
                    let inputs = match &unread {
                        Some(before) => inputs.unread(&previous, before),
                        None => inputs,
                    };
                    (inputs.definition_hash, inputs.fingerprints)
                }
            };
            ModelState {
                definition_hash,
                inputs,
                last_refresh_id: record.id,
                last_success_at: record.finished_at,
                version: Some(commit.version),
                rows: match object.kind {
                    // It may have written some of them.
                    Kind::MaterializedView | Kind::Model => {
                        let at = At::Version(commit.version);
                        let size = instance.warehouse.size(&table_id(object), at).await;
                        size.ok().and_then(|size| size.rows)
                    }
                    _ => Some(commit.rows),
                },
                status: RefreshStatus::Succeeded,
                failures: 0,
                error: None,
            }
        }
        (Err(error), _) => {
            record.fail(error);
            previous.after_failure(&record)
        }
        (Ok(_), Err(error)) => return Err(error),
    };
    if instance.journal.finish_refresh(&record, Some(&state)) {
        announce(instance, object.kind, &record);
    }
    built.map(|_| record)
}

/// What has become of the columns of the sources that an object reads. What is not in the catalog yet was
/// planned with those that they have.
async fn followed(
    instance: &Arc<Instance>,
    object: &Object,
    catalogued: &Catalogued,
) -> Result<Vec<String>> {
    match catalogued {
        Catalogued::Nothing => Ok(Vec::new()),
        Catalogued::Same | Catalogued::Replaced(..) => {
            source_columns::follow_all(instance, object).await
        }
    }
}

/// Why a refresh is as it is, with what has become of the columns of sources where they are why.
fn with_sources(reason: String, changes: &[String]) -> String {
    match reason.starts_with(COLUMNS_CHANGED) && !changes.is_empty() {
        true => format!("{reason} ({})", changes.join("; ")),
        false => reason,
    }
}

/// The refresh of a materialized view.
struct Build<'a> {
    instance: &'a Arc<Instance>,
    object: &'a Object,
    definition: &'a CreateMaterializedView,
    extent: Extent,
    progress: &'a Arc<Rows>,
}

impl Build<'_> {
    /// Answers the commit, and whether the query gives other rows as time passes.
    async fn run(
        self,
        catalogued: Catalogued,
        record: &mut RefreshRecord,
    ) -> Result<(Commit, bool)> {
        let Self {
            instance,
            object,
            definition,
            ..
        } = self;
        let of_sources = record.source_changes.clone();
        let mut settings = instance.configuration.session.clone();
        if let Some(on_error) = definition.options.get("on_error") {
            settings.set("on_error", on_error)?;
        }
        replacement::settle(&instance.catalog, &instance.warehouse, object.oid).await?;
        let keep = match self.extent {
            Extent::Range(_) => Keep::All,
            Extent::Usual | Extent::Anew | Extent::Entities => Keep::Latest,
        };
        let (rejections, writer) = rejected::begin(instance, object, keep, Some(record.id));
        let rejected = Arc::new(RejectedRows::new(rejections.sender()));
        let context = instance
            .statement(&settings, Reading::Rows)
            .collecting(&rejected);

        let plan = plan::definition(&context, &definition.query, &definition.columns).await?;
        let absent = match catalogued {
            Catalogued::Same => schema_change::absent(&plan, object, &definition.options)?,
            Catalogued::Nothing | Catalogued::Replaced(..) => BTreeSet::new(),
        };
        let plan = match catalogued {
            Catalogued::Same => {
                schema_change::follow(plan, object, &definition.options, &context.snapshot)?
            }
            Catalogued::Nothing | Catalogued::Replaced(..) => plan,
        };
        let given = plan::columns(&plan);
        let columns = keyed::shown(&definition.options, &given)?;
        let may_be_partial = matches!(catalogued, Catalogued::Same) && self.extent == Extent::Usual;
        let is_reconciled = matches!(catalogued, Catalogued::Same)
            && self.extent == Extent::Anew
            && instance.warehouse.exists(&table_id(object)).await?;
        let expectations = Expectations::new(&context, &plan, &definition.expectations)?;
        let analysis = Analysis::new(
            &context.state,
            &context.snapshot,
            &definition.options,
            &plan,
        )?;
        let mut watermark = analysis.watermark(instance, &context, object).await?;
        watermark.absent = absent;
        let refreshed = Refreshed {
            instance,
            context: &context,
            object,
            analysis: &analysis,
            watermark: &watermark,
            columns: &columns,
        };
        if matches!(catalogued, Catalogued::Same) && !matches!(self.extent, Extent::Range(_)) {
            let changes = refreshed.absence().await?;
            let changes = changes.map(|changes| format!("{}: {changes}", object.name));
            record.source_changes.extend(changes);
        }
        let appended = match incremental::verdict(&analysis, definition, &columns)? {
            Verdict::Keys(_) | Verdict::Added(_) if may_be_partial => refreshed.append().await?,
            _ => None,
        };
        if let Some(appended) = &appended {
            let changes = schema_change::described(&object.schema, &appended.schema);
            record.mode_reason = changes
                .map(|it| format!("{COLUMNS_CHANGED}: {it}"))
                .map(|reason| with_sources(reason, &of_sources));
        }
        let object = appended.as_ref().unwrap_or(object);
        let recorded = declared::columns(&plan, &context.snapshot);
        let recorded = keyed::shown(&definition.options, &recorded)?;
        let participant = participant(instance, object, catalogued, &recorded);
        let checked = |rows| {
            let name = object.name.to_string();
            let rows = enforce(rows, Arc::clone(&expectations), name, rejections.clone());
            count(rows, Arc::clone(self.progress))
        };
        let mut without_key = 0;
        if let Extent::Range(range) = &self.extent {
            let backfill = Backfill {
                instance,
                object,
                state: &context.state,
                plan: &analysis.plan,
                columns: &columns,
                range,
                watermark: None,
            };
            let filled = Box::pin(backfill.run(
                |rows| writer.precede(checked(rows)),
                rejections.clone(),
                participant,
                record,
            ))
            .await;
            record.rows_rejected += rejected.count();
            record.warn(rejected.remarks());
            record.rows_dropped = expectations.dropped();
            record.expectations = expectations.counts();
            // What is known of the whole stays as it was.
            return filled.map(|commit| (commit, false));
        }
        let commit = match may_be_partial {
            false => Attempt::Full(record.reason.clone()),
            true => {
                let planned = incremental::Planned {
                    instance,
                    object,
                    definition,
                    context: &context,
                    analysis: &analysis,
                    watermark: &watermark,
                    progress: self.progress,
                };
                let participant = participant.clone();
                let attempt = planned.attempt(&columns, participant, &expectations, record);
                Box::pin(attempt).await?
            }
        };
        let commit = match commit {
            Attempt::Done(commit) => Ok(commit),
            Attempt::Full(reason) => {
                record.mode_reason = Some(with_sources(reason, &of_sources));
                instance.traced_keys.forget(object.oid);
                expectations.begin_again();
                let mut measured = Measured::default();
                let rows = measured.run(&context.state, &analysis.plan).await?;
                let rows = writer.precede(checked(rows));
                let mut info = CommitInfo {
                    refresh_id: Some(record.id.to_string()),
                    ..CommitInfo::new(REFRESH)
                };
                watermark.write(&mut info.parameters);
                let (state, rejections) = (&context.state, rejections.clone());
                let arrival = analysis.arrival();
                let goes_on = may_be_partial
                    && keyed::of(object)?.is_some_and(|keyed| keyed.has_history())
                    && same_columns(&object.schema, &columns)
                    && instance.warehouse.exists(&table_id(object)).await?;
                let (told, of_catalog) = (info.clone(), participant.clone());
                let put = async {
                    if goes_on {
                        return keyed::add(
                            instance,
                            state,
                            object,
                            rows,
                            rejections,
                            info,
                            participant,
                        )
                        .await;
                    }
                    let rows = match is_reconciled {
                        true => rows,
                        false => keyed::carried(instance, state, object, &columns, rows).await?,
                    };
                    let rows = keyed::Arriving { rows, arrival };
                    keyed::replace(instance, state, object, rows, rejections, info, participant)
                        .await
                };
                let put = Box::pin(put).await;
                without_key = put.as_ref().map_or(0, |put| put.rejected);
                if let Ok(put) = &put {
                    keyed::tell_of_overtaken(record, object, put.upserted.stale, arrival)?;
                }
                let commit = match put {
                    Ok(put) => match put.upserted.commit {
                        Some(commit) => Ok(Commit {
                            rows: put.upserted.rows,
                            ..commit
                        }),
                        // A history has all of it already.
                        None => {
                            watermark
                                .tell_once(instance, object, told, of_catalog)
                                .await
                        }
                    },
                    Err(error) => Err(error),
                };
                record.rows_read = Some(measured.rows_read());
                record.spilled_bytes = Some(measured.spilled());
                // Rows that were taken from it by WITH NO DATA have not drifted.
                if let Ok(commit) = &commit
                    && is_reconciled
                    && !object.is_emptied
                {
                    let (state, version) = (&context.state, commit.version);
                    let drift = incremental::drift(instance, object, state, version).await;
                    // The rows are there, whether or not they can be held against those before.
                    record.drifted_rows = drift.unwrap_or_default();
                }
                commit
            }
        };
        record.rows_rejected += rejected.count();
        record.reject_without_key(without_key);
        record.warn(rejected.remarks());
        record.rows_dropped = expectations.dropped();
        record.expectations = expectations.counts();
        commit.map(|commit| (commit, analysis.tells_time()))
    }
}

/// The catalog's part in the commit of rows with these columns.
pub fn participant(
    instance: &Arc<Instance>,
    object: &Object,
    catalogued: Catalogued,
    columns: &SchemaRef,
) -> Option<Arc<dyn Participant>> {
    let (mut new, author) = match catalogued {
        Catalogued::Nothing => return None,
        Catalogued::Same if same_columns(&object.schema, columns) => {
            return Some(Arc::new(Unchanged {
                instance: Arc::clone(instance),
                object: Arc::new(object.clone()),
            }));
        }
        // `SELECT *` has other columns when what it reads has.
        Catalogued::Same => (NewObject::from(object.clone()), Author::Project),
        Catalogued::Replaced(new, author) => (*new, author),
    };
    if !same_columns(&new.schema, columns) {
        new.schema = Arc::clone(columns);
        new.column_comments
            .retain(|column, _| columns.column_with_name(column).is_some());
    }
    Some(Arc::new(Replacement {
        instance: Arc::clone(instance),
        oid: object.oid,
        new,
        author,
        keeps_rows: false,
    }))
}

/// Rows that are counted as they pass.
pub fn count(rows: SendableRecordBatchStream, progress: Arc<Rows>) -> SendableRecordBatchStream {
    let schema = rows.schema();
    let counted = rows.inspect(move |batch| {
        if let Ok(batch) = batch {
            progress.add(batch.num_rows());
        }
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, counted))
}

/// Tells the journal, and who listens, of a refresh whose future was dropped: cancelled by its client, or timed out.
struct Unfinished {
    instance: Arc<Instance>,
    kind: Kind,
    progress: Arc<Rows>,
    record: Option<RefreshRecord>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(mut record) = self.record.take() {
            if self.kind == Kind::Model {
                record.rows_read = self.progress.some();
            }
            record.fail(&Error::new(
                SqlState::QUERY_CANCELED,
                "the refresh was cancelled",
            ));
            self.instance.journal.finish_refresh(&record, None);
            announce(&self.instance, self.kind, &record);
        }
    }
}
