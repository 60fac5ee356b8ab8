//! Doing what a plan says: what is independent at the same time, what failed stopping only what
//! stands on it.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::define::define;
use super::plan::{Define, Plan, Step, comments, search_path};
use super::progress::{Ended, Progress, Rows};
use super::{check, refresh, rejected, table_id};
use crate::catalog::journal::{CheckStatus, ModelState, RefreshRecord, RefreshStatus};
use crate::catalog::{Kind, NewObject, Object};
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
                    Ended::Failed(_) | Ended::Violated { warns: false, .. }
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
    instance.catalog.write(|transaction| {
        plan.schemas
            .iter()
            .try_for_each(|schema| transaction.create_schema(schema, true).map(drop))
    })?;
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
            Ended::Failed(_) => schedule.fail(&name),
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
    let ended = tokio::select! {
        ended = do_step(&instance, &step, &rows) => ended.unwrap_or_else(Ended::Failed),
        () = instance.shutdown.cancelled() => Ended::Failed(Error::new(SqlState::ADMIN_SHUTDOWN, "the server stops")),
    };
    progress.ended(&step.name, &ended);
    (step.name, ended)
}

async fn do_step(instance: &Arc<Instance>, step: &Step, rows: &Arc<Rows>) -> Result<Ended> {
    let object = match step.define {
        Some(how) => match apply(instance, step, how).await {
            Ok(object) => object,
            Err(error) => {
                record_failure(instance, step, &error)?;
                return Err(error);
            }
        },
        None => current(instance, step)?,
    };
    let Some(reason) = &step.build else {
        return Ok(Ended::Defined);
    };
    if step.kind == Kind::Check {
        let result = check::run(instance, &object).await?;
        let rejected = result.rows_rejected;
        let violated = |warns| Ended::Violated {
            rows: result.failing_rows.unwrap_or(0),
            warns,
            rejected,
        };
        return Ok(match result.status {
            CheckStatus::Passed => Ended::Passed { rejected },
            CheckStatus::Failed => violated(false),
            CheckStatus::Warned => violated(true),
            CheckStatus::Error => Ended::Failed(Error::new(
                SqlState::INTERNAL_ERROR,
                result.error.unwrap_or_default(),
            )),
        });
    }
    let guard = instance.refresh_locks.lock(object.oid).await;
    let record = refresh::refresh_locked(instance, &object, reason, rows, &guard).await?;
    if step.define == Some(Define::Replace) {
        keep(instance, step, &object)?;
    }
    Ok(Ended::Built {
        rows: record.rows_written,
        rejected: record.rows_rejected + record.rows_dropped,
    })
}

/// Tells the journal of a materialized view whose new definition cannot be planned.
fn record_failure(instance: &Instance, step: &Step, error: &Error) -> Result<()> {
    let Ok(object) = current(instance, step) else {
        return Ok(());
    };
    if object.kind != Kind::MaterializedView {
        return Ok(());
    }
    let mut record = RefreshRecord::start(object.name.clone(), object.oid, "definition changed");
    instance.journal.add_refresh(&mut record)?;
    record.fail(error);
    let previous = instance
        .journal
        .model_state(object.oid)?
        .unwrap_or_default();
    let state = ModelState {
        last_refresh_id: record.id,
        status: RefreshStatus::Failed,
        error: record.error.clone(),
        ..previous
    };
    instance.journal.finish_refresh(&record, Some(&state))
}

fn current(instance: &Instance, step: &Step) -> Result<Arc<Object>> {
    let snapshot = instance.catalog.snapshot();
    let object = if step.kind == Kind::Check {
        snapshot.check(&step.name)
    } else {
        snapshot.relation(&step.name)
    };
    object.cloned().ok_or_else(|| {
        Error::new(
            SqlState::UNDEFINED_TABLE,
            format!("{} was dropped while the run waited for it", step.name),
        )
    })
}

/// Creates or replaces the model's object. A materialized view that is replaced and built keeps its
/// old definition in the catalog until its new rows are there, as its old rows serve till then.
async fn apply(instance: &Arc<Instance>, step: &Step, how: Define) -> Result<Arc<Object>> {
    let mut settings = instance.configuration.session.clone();
    settings.search_path.0 = search_path(&step.model);
    let mut definition = step.model.definition.clone();
    definition.clear_modifiers();
    let mut new = define(instance, &settings, &definition).await?;
    (new.comment, new.column_comments) = comments(&step.model);
    new.project_file = Some(step.model.file.clone());
    for column in new.column_comments.keys() {
        if step.kind != Kind::Check && new.schema.column_with_name(column).is_none() {
            return Err(Error::new(
                SqlState::UNDEFINED_COLUMN,
                format!("{}: column \"{column}\" does not exist", step.name),
            )
            .with_hint("Correct the name in COMMENT ON COLUMN."));
        }
    }
    match how {
        Define::Create => {
            instance
                .catalog
                .write(|transaction| transaction.create(new))?;
        }
        Define::Recreate => {
            let old = instance.catalog.snapshot().relation(&step.name).cloned();
            drop_all(instance, old.as_slice()).await?;
            instance
                .catalog
                .write(|transaction| transaction.create(new))?;
        }
        Define::Replace => {
            let old = current(instance, step)?;
            if step.kind == Kind::MaterializedView && step.build.is_some() {
                return Ok(Arc::new(Object {
                    definition: new.definition,
                    schema: new.schema,
                    depends_on: new.depends_on,
                    comment: new.comment,
                    column_comments: new.column_comments,
                    project_file: new.project_file,
                    ..Object::clone(&old)
                }));
            }
            replace(instance, &old, new)?;
        }
    }
    current(instance, step)
}

/// Puts the definition of a materialized view, whose new rows are there, in the catalog.
fn keep(instance: &Instance, step: &Step, object: &Object) -> Result<()> {
    let new = NewObject {
        oid: None,
        name: object.name.clone(),
        definition: object.definition.clone(),
        schema: Arc::clone(&object.schema),
        depends_on: object.depends_on.clone(),
        comment: object.comment.clone(),
        column_comments: object.column_comments.clone(),
        project_file: object.project_file.clone(),
    };
    let old = current(instance, step)?;
    replace(instance, &old, new)
}

/// Replaces an object, its comments too: one that left the project goes.
fn replace(instance: &Instance, old: &Object, new: NewObject) -> Result<()> {
    let gone: Vec<String> = old
        .column_comments
        .keys()
        .filter(|column| {
            !new.column_comments.contains_key(*column)
                && new.schema.column_with_name(column).is_some()
        })
        .cloned()
        .collect();
    let comment = new.comment.clone();
    instance.catalog.write(|transaction| {
        transaction.replace(old.oid, new)?;
        transaction.set_comment(old.oid, comment)?;
        gone.iter()
            .try_for_each(|column| transaction.set_column_comment(old.oid, column, None))
    })
}

/// Drops objects, and the tables of those that have one.
///
/// # Errors
/// 2BP01 where something else stands on them.
pub async fn drop_all(instance: &Instance, objects: &[Arc<Object>]) -> Result<()> {
    if objects.is_empty() {
        return Ok(());
    }
    let oids: Vec<_> = objects.iter().map(|object| object.oid).collect();
    let dropped = instance
        .catalog
        .write(|transaction| transaction.drop(&oids, false))?;
    remove_tables(instance, &dropped).await
}

/// Removes the tables of dropped objects. A kill before leaves folders that the next start removes.
///
/// # Errors
/// Those of the object store.
pub async fn remove_tables(instance: &Instance, dropped: &[Arc<Object>]) -> Result<()> {
    for object in dropped
        .iter()
        .filter(|object| matches!(object.kind, Kind::Table | Kind::MaterializedView))
    {
        instance.warehouse.drop(&table_id(object)).await?;
        instance.warehouse.drop(&rejected::table_id(object)).await?;
    }
    Ok(())
}

fn skip(
    instance: &Instance,
    step: &Step,
    broken: &QualifiedName,
    progress: &Arc<dyn Progress>,
    report: &mut Report,
) -> Result<()> {
    if step.kind == Kind::MaterializedView
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
