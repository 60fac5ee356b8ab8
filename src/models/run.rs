//! Doing what a plan says: what is independent at the same time, what failed stopping only what
//! stands on it.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;
use tributary_udfs::interrupt::RaisedOnDrop;

use super::announcement::announce;
use super::apply::{Target, apply, create_schemas, current};
use super::plan::{Plan, Step};
use super::progress::{Ended, Progress, Rows};
use super::refresh::{self, Catalogued, Extent};
use super::replan::{self, Author};
use super::{check, resolution, source_columns, tables};
use crate::catalog::journal::{CheckStatus, RefreshRecord, RefreshStatus};
use crate::catalog::{Kind, Object};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::sql::QualifiedName;

/// How a run ended.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was done, by name, in the order in which it ended.
    pub ended: Vec<(QualifiedName, Ended)>,
}

impl Report {
    /// Models that failed, and checks that found rows or failed.
    pub fn failures(&self) -> usize {
        self.ended
            .iter()
            .filter(|(_, ended)| {
                matches!(
                    ended,
                    Ended::Failed(..) | Ended::Violated { warns: false, .. }
                )
            })
            .count()
    }

    /// Models and checks that were not tried.
    pub fn skipped(&self) -> usize {
        self.ended
            .iter()
            .filter(|(_, ended)| matches!(ended, Ended::Skipped(_)))
            .count()
    }
}

/// Does what the plan says. A model that fails is in the report; its last good version stays.
///
/// # Errors
/// Those of the catalog's store; 2BP01 where something made by hand stands on what left the project.
pub async fn run(
    instance: &Arc<Instance>,
    plan: &Plan,
    progress: &Arc<dyn Progress>,
) -> Result<Report> {
    create_schemas(instance, plan)?;
    let mut report = Report::default();
    let mut schedule = plan.graph.schedule();
    let mut running = JoinSet::new();
    while !schedule.is_done() {
        while running.len() < instance.jobs()
            && !instance.shutdown.is_cancelled()
            && let Some(name) = schedule.take_ready()
        {
            match plan.steps.get(&name) {
                Some(step) if !step.is_idle() => {
                    running.spawn(take(
                        Arc::clone(instance),
                        step.clone(),
                        Arc::clone(progress),
                    ));
                }
                _ => schedule.succeed(&name),
            }
        }
        let Some(ended) = running.join_next().await else {
            break;
        };
        let (name, ended) =
            ended.map_err(|error| Error::internal(format!("a build ended abnormally: {error}")))?;
        let skipped = match ended {
            Ended::Failed(..) => schedule.fail(&name),
            _ => {
                schedule.succeed(&name);
                Vec::new()
            }
        };
        report.ended.push((name.clone(), ended));
        for step in skipped.iter().filter_map(|skipped| plan.steps.get(skipped)) {
            skip(instance, step, &name, progress, &mut report)?;
        }
    }
    if instance.shutdown.is_cancelled() {
        return Err(Error::new(
            SqlState::ADMIN_SHUTDOWN,
            "the run was stopped before its end",
        ));
    }
    // Last, when what stood on them reads something else.
    drop_all(instance, &plan.drops).await?;
    for object in &plan.drops {
        progress.ended(&object.name, &Ended::Dropped);
        report.ended.push((object.name.clone(), Ended::Dropped));
    }
    Ok(report)
}

async fn take(
    instance: Arc<Instance>,
    step: Step,
    progress: Arc<dyn Progress>,
) -> (QualifiedName, Ended) {
    let rows = Arc::new(Rows::default());
    progress.started(&step.name, &rows);
    let work = RaisedOnDrop::default();
    let stops = || Error::new(SqlState::ADMIN_SHUTDOWN, "the server stops");
    // A task of its own raises it: a call of a function may keep this one from being polled.
    let (interrupt, shutdown) = (work.0.clone(), instance.shutdown.clone());
    let watching = async move {
        shutdown.cancelled().await;
        interrupt.raise();
    };
    let _watcher = AbortOnDropHandle::new(tokio::spawn(watching));
    let ended = tokio::select! {
        ended = work.0.over(do_step(&instance, &step, &rows)) => ended,
        () = instance.shutdown.cancelled() => Err(stops()),
    };
    let ended = ended.unwrap_or_else(|error| {
        let error = if work.0.is_raised() { stops() } else { error };
        Ended::Failed(error, step.file(&instance))
    });
    progress.ended(&step.name, &ended);
    (step.name, ended)
}

async fn do_step(instance: &Arc<Instance>, step: &Step, rows: &Arc<Rows>) -> Result<Ended> {
    let target = match step.define {
        Some(how) => match apply(instance, step, how).await {
            Ok((target, superseded)) => {
                remove_tables(instance, superseded.as_slice()).await;
                target
            }
            Err(error) => {
                record_failure(instance, step, &error)?;
                return Err(error);
            }
        },
        None => Target::Defined(current(instance, step)?),
    };
    let Some(reason) = &step.build else {
        return Ok(Ended::Defined);
    };
    let object = target.object(instance, step)?;
    if step.kind == Kind::ExternalTable {
        source_columns::follow(instance, object.oid).await?;
        return Ok(Ended::Defined);
    }
    if step.kind == Kind::Check {
        return check(instance, step, &object).await;
    }
    let guard = instance.refresh_locks.lock(object.oid).await?;
    let unlearned = match &target {
        Target::Replaces(old, new) => {
            resolution::unlearned_changes(&old.definition, &new.definition)
        }
        Target::Defined(_) | Target::Supersedes(..) => None,
    };
    let reason = match &unlearned {
        Some(options) => format!("{reason}: {}", options.join(", ")),
        None => reason.clone(),
    };
    let extent = match target {
        Target::Defined(_) => Extent::Usual,
        Target::Replaces(..) if unlearned.is_some() => Extent::Usual,
        Target::Replaces(..) | Target::Supersedes(..) => Extent::Anew,
    };
    let (catalogued, successor) = match target {
        Target::Defined(_) => (Catalogued::Same, None),
        Target::Replaces(_, new) => (Catalogued::Replaced(Box::new(new), Author::Project), None),
        Target::Supersedes(old, new) => (Catalogued::Nothing, Some((old, new))),
    };
    let record =
        refresh::refresh_locked(instance, &object, catalogued, extent, &reason, rows, &guard)
            .await?;
    if let Some(warning) = &record.warning {
        tracing::warn!("{}: {}", step.name, warning.message);
    }
    if let Some((old, new)) = successor {
        if let Err(error) = replan::supersede(instance, old.oid, &new).await {
            remove_tables(instance, &[object]).await;
            return Err(error);
        }
        remove_tables(instance, &[old]).await;
    }
    Ok(Ended::Built {
        rows: record.rows_written,
        rejected: record.rows_rejected + record.rows_dropped,
    })
}

async fn check(instance: &Arc<Instance>, step: &Step, object: &Object) -> Result<Ended> {
    let (result, met) = check::run(instance, object).await?;
    if let Some(error) = met {
        return Ok(Ended::Failed(error, step.file(instance)));
    }
    let rejected = result.rows_rejected;
    let violated = |warns| Ended::Violated {
        rows: result.failing_rows.unwrap_or(0),
        warns,
        rejected,
    };
    Ok(match result.status {
        CheckStatus::Passed => Ended::Passed { rejected },
        CheckStatus::Failed | CheckStatus::Error => violated(false),
        CheckStatus::Warned => violated(true),
    })
}

/// Tells the journal of a materialized view, or a model, whose new definition cannot be planned.
fn record_failure(instance: &Instance, step: &Step, error: &Error) -> Result<()> {
    let Ok(object) = current(instance, step) else {
        return Ok(());
    };
    if !object.kind.is_refreshed() {
        return Ok(());
    }
    let mut record = RefreshRecord::start(object.name.clone(), object.oid, "definition changed");
    instance.journal.add_refresh(&mut record)?;
    record.fail(error);
    let previous = instance
        .journal
        .model_state(object.oid)?
        .unwrap_or_default();
    let state = previous.after_failure(&record);
    if instance.journal.finish_refresh(&record, Some(&state)) {
        announce(instance, object.kind, &record);
    }
    Ok(())
}

/// Drops objects, and the tables of those that have one.
///
/// # Errors
/// 2BP01 where something else stands on them.
async fn drop_all(instance: &Arc<Instance>, objects: &[Arc<Object>]) -> Result<()> {
    if objects.is_empty() {
        return Ok(());
    }
    let oids: Vec<_> = objects.iter().map(|object| object.oid).collect();
    let dropped = instance
        .catalog
        .write(|transaction| transaction.drop(&oids, false))?;
    remove_tables(instance, &dropped).await;
    Ok(())
}

/// Removes the tables of objects that the catalog does not have any more, whether or not someone
/// waits for it. What stays behind, after a kill or where the store fails, the next start removes.
pub async fn remove_tables(instance: &Arc<Instance>, dropped: &[Arc<Object>]) {
    let tables: Vec<_> = dropped
        .iter()
        .filter(|object| object.is_stored())
        .flat_map(|object| tables(object))
        .collect();
    if tables.is_empty() {
        return;
    }
    for object in dropped {
        instance.indexes.forget(object.oid);
        instance.traced_keys.forget(object.oid);
    }
    let instance = Arc::clone(instance);
    let removal = tokio::spawn(async move {
        for table in &tables {
            if let Err(error) = instance.warehouse.remove(table).await {
                tracing::warn!("the files of {table}, which was dropped, stay behind: {error}");
            }
        }
    });
    // It can only be cut off by the end of the process.
    let _ = removal.await;
}

fn skip(
    instance: &Instance,
    step: &Step,
    broken: &QualifiedName,
    progress: &Arc<dyn Progress>,
    report: &mut Report,
) -> Result<()> {
    if step.kind.is_refreshed()
        && let Ok(object) = current(instance, step)
    {
        let mut record =
            RefreshRecord::start(object.name.clone(), object.oid, format!("{broken} failed"));
        record.finish(RefreshStatus::Skipped);
        instance.journal.add_refresh(&mut record)?;
    }
    let ended = Ended::Skipped(broken.clone());
    progress.ended(&step.name, &ended);
    report.ended.push((step.name.clone(), ended));
    Ok(())
}
