//! What a run would meet, found out on a copy of the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::apply::{apply_without_rows, create_schemas, current};
use super::expectation::Expectations;
use super::plan::{Plan, Step};
use super::progress::Ended;
use super::{schema_change, source_columns, stale};
use crate::catalog::{Kind, Object};
use crate::error::{Error, Result, SqlState};
use crate::execute::query;
use crate::instance::{Instance, Reading};
use crate::session::plan;
use crate::sql::{QualifiedName, Statement};

/// What of a plan cannot be done.
#[derive(Debug, Default)]
pub struct Foreseen {
    /// How steps would end that fail, or that others stop.
    pub ended: BTreeMap<QualifiedName, Ended>,
    /// Why what left the project could not be dropped.
    pub drops: Option<Error>,
}

impl Foreseen {
    /// Whether the run would fail.
    pub fn fails(&self) -> bool {
        !self.ended.is_empty() || self.drops.is_some()
    }
}

/// Gives the catalog of `instance`, which must be a copy, every definition of the plan, in the order
/// of a run and by its means, and plans what the run would build or check. Only what rows alone can
/// tell is not found out.
///
/// Where the run generates its sources first, `awaits_sources`, files that are not there yet say
/// nothing of it.
///
/// # Errors
/// 42939 for a schema that cannot be: the run would do nothing.
pub async fn foresee(
    instance: &Arc<Instance>,
    plan: &Plan,
    awaits_sources: bool,
) -> Result<Foreseen> {
    create_schemas(instance, plan)?;
    let mut foreseen = Foreseen::default();
    // Models whose columns nobody knows before the sources are there.
    let mut unknown = BTreeSet::new();
    let mut schedule = plan.graph.schedule();
    while let Some(name) = schedule.take_ready() {
        let step = plan.steps.get(&name).filter(|step| !step.is_idle());
        let reads_unknown = plan.graph.parents(&name).any(|read| unknown.contains(read));
        let met = match step {
            Some(_) if reads_unknown => {
                unknown.insert(name.clone());
                None
            }
            Some(step) => match take(instance, step).await {
                Ok(()) => None,
                Err(error) if awaits_sources && error.sqlstate() == SqlState::UNDEFINED_FILE => {
                    if current(instance, step).is_err() {
                        unknown.insert(name.clone());
                    }
                    None
                }
                Err(error) => Some(Ended::Failed(error, step.file(instance))),
            },
            None => None,
        };
        let Some(failed) = met else {
            schedule.succeed(&name);
            continue;
        };
        for skipped in schedule.fail(&name) {
            let ended = Ended::Skipped(name.clone());
            foreseen.ended.insert(skipped, ended);
        }
        foreseen.ended.insert(name, failed);
    }
    let drops: Vec<_> = plan.drops.iter().map(|object| object.oid).collect();
    foreseen.drops = instance
        .catalog
        .write(|transaction| transaction.drop(&drops, false))
        .err();
    Ok(foreseen)
}

async fn take(instance: &Arc<Instance>, step: &Step) -> Result<()> {
    let object = match step.define {
        Some(how) => apply_without_rows(instance, step, how).await?,
        None => current(instance, step)?,
    };
    if step.build.is_none() {
        return Ok(());
    }
    if step.kind == Kind::ExternalTable {
        return source_columns::follow(instance, object.oid).await.map(drop);
    }
    stale::inputs(instance, &object).await?;
    plan_rows(instance, &object).await
}

/// Plans the query of a materialized view, model or check as far as that can be done without running it.
async fn plan_rows(instance: &Arc<Instance>, object: &Object) -> Result<()> {
    let context = instance.statement(&instance.configuration.session, Reading::Plan);
    let rows = match &object.definition {
        Statement::CreateMaterializedView(view) => {
            let rows = plan::definition(&context, &view.query, &view.columns).await?;
            let rows = schema_change::follow(rows, object, &view.options, &context.snapshot)?;
            Expectations::new(&context, &rows, &view.expectations)?;
            rows
        }
        Statement::CreateModel(model) => plan::definition(&context, &model.query, &[]).await?,
        Statement::CreateCheck(check) => plan::query(&context, &check.query).await?,
        _ => return Ok(()),
    };
    query::physical(context.state, rows).await.map(drop)
}
