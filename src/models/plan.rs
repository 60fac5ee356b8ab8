//! What a run will do: the difference between the project folder and the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::difference::{difference, rows_differ, search_path};
use super::graph::Graph;
use super::left::{left, refuse_empty, refuse_orphans};
use super::project::{Project, ProjectModel};
use super::replacement::same_columns;
use super::replan;
use super::source_columns;
use super::stale;
use crate::catalog::journal::{CheckResult, CheckStatus};
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::sql::QualifiedName;
use crate::sql::name::ObjectName;

/// What happens to a model's definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Define {
    /// It is new.
    Create,
    /// Its definition changed, or the columns that it reads.
    Replace,
    /// What says when it is refreshed changed, or its comments: what it holds stays right.
    Amend,
    /// It was of this kind: the new object takes the place of the old one in one step, and what
    /// stands on that stands on it.
    Supersede(Kind),
}

/// One model, or check, of a run.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name.
    pub name: QualifiedName,
    /// Its kind.
    pub kind: Kind,
    /// What happens to its definition, if anything.
    pub define: Option<Define>,
    /// Why its rows are computed again, or its check runs; none where they stay.
    pub build: Option<String>,
    /// What the project says of it.
    pub model: Arc<ProjectModel>,
}

impl Step {
    /// Whether there is nothing to do.
    pub fn is_idle(&self) -> bool {
        self.define.is_none() && self.build.is_none()
    }

    /// The file of its model.
    pub fn file(&self, instance: &Instance) -> PathBuf {
        instance.project_folder().join(&self.model.file)
    }
}

/// Everything that a run does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Schemas to create.
    pub schemas: Vec<String>,
    /// Objects that left the project.
    pub drops: Vec<Arc<Object>>,
    /// Models and checks; those with nothing to do too.
    pub steps: BTreeMap<QualifiedName, Step>,
    /// Which of them reads which.
    pub graph: Graph<QualifiedName>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.schemas.is_empty() && self.drops.is_empty() && self.steps.values().all(Step::is_idle)
    }

    /// All steps, each after those that it reads.
    pub fn in_order(&self) -> impl Iterator<Item = &Step> {
        let names = self.graph.order().iter();
        names.filter_map(|name| self.steps.get(name))
    }
}

/// Compares the project with the catalog, and the models with their inputs.
///
/// # Errors
/// 42P17 for models that read each other in a circle; what a source says that cannot be listed.
pub async fn plan(instance: &Arc<Instance>, project: Project) -> Result<Plan> {
    let snapshot = instance.catalog.snapshot();
    let states = instance.journal.model_states()?;
    let checked = last_results(instance)?;
    let models: BTreeMap<QualifiedName, Arc<ProjectModel>> = project
        .models
        .into_iter()
        .map(|model| (model.name.clone(), Arc::new(model)))
        .collect();
    refuse_empty(instance, &snapshot, &models)?;
    refuse_orphans(&snapshot, &models)?;
    let graph = Graph::new(
        models
            .iter()
            .map(|(name, model)| (name.clone(), reads(model, &models))),
    )?;
    let mut plan = Plan {
        schemas: project
            .schemas
            .into_iter()
            .filter(|schema| snapshot.schema(schema).is_none())
            .collect(),
        drops: left(&snapshot, &models),
        steps: BTreeMap::new(),
        graph: graph.clone(),
    };
    // Names of models whose rows, or whose meaning, will be others after the run.
    let mut changing = BTreeSet::new();
    // Names of models that may have other columns after the run.
    let mut redefined = BTreeSet::new();
    for name in graph.order() {
        let Some(model) = models.get(name) else {
            continue;
        };
        let object = existing(&snapshot, model);
        let differs = rows_differ(&snapshot, model, object, &models);
        let reshaped = match kind(model) {
            Kind::View | Kind::MaterializedView | Kind::Model
                if graph.parents(name).any(|parent| redefined.contains(parent)) =>
            {
                true
            }
            Kind::View if !differs => !stands(instance, &snapshot, object).await,
            _ => false,
        };
        let define = match difference(&snapshot, model, object, &models) {
            None | Some(Define::Amend) if reshaped => Some(Define::Replace),
            define => define,
        };
        if differs || reshaped {
            redefined.insert(name.clone());
        }
        let upstream = graph.parents(name).find(|name| changing.contains(*name));
        let build = match (kind(model), &define, upstream) {
            (
                Kind::MaterializedView | Kind::Model | Kind::Check,
                Some(Define::Create | Define::Supersede(_)),
                _,
            ) => Some("new".to_owned()),
            (Kind::MaterializedView | Kind::Model, Some(Define::Replace), _) if differs => {
                Some("definition changed".to_owned())
            }
            (Kind::Check, Some(Define::Replace), _) => Some("definition changed".to_owned()),
            (Kind::MaterializedView | Kind::Model | Kind::Check, _, Some(upstream)) => {
                Some(format!("{upstream} changes"))
            }
            (Kind::MaterializedView | Kind::Model, _, None) => match object {
                Some(object) => stale::reason(instance, object, states.get(&object.oid))
                    .await
                    .unwrap_or_else(unreadable),
                None => Some("new".to_owned()),
            },
            // One that is defined anew has the columns of its files.
            (Kind::ExternalTable, None | Some(Define::Amend), _) => match object {
                Some(object) => source_columns::foreseen(instance, object)
                    .await
                    .unwrap_or_default(),
                None => None,
            },
            (Kind::Check, _, None) => match object {
                Some(object) => match checked.get(&object.oid) {
                    Some(last) => match last.status {
                        CheckStatus::Passed | CheckStatus::Warned => {
                            stale::reason_to_check(instance, object, last)
                                .await
                                .unwrap_or_else(unreadable)
                        }
                        CheckStatus::Failed | CheckStatus::Error => {
                            Some("failed the last time".to_owned())
                        }
                    },
                    None => Some("never checked".to_owned()),
                },
                None => Some("new".to_owned()),
            },
            _ => None,
        };
        let passes_on =
            differs || build.is_some() || (kind(model) == Kind::View && upstream.is_some());
        if passes_on {
            changing.insert(name.clone());
        }
        let step = Step {
            name: name.clone(),
            kind: kind(model),
            define,
            build,
            model: Arc::clone(model),
        };
        plan.steps.insert(name.clone(), step);
    }
    Ok(plan)
}

/// Whether a view has the columns that its query has: what it reads may have been replaced by hand,
/// or by a run that was stopped before it came to the view.
async fn stands(instance: &Arc<Instance>, snapshot: &Snapshot, view: Option<&Arc<Object>>) -> bool {
    let Some(view) = view else { return false };
    let columns = replan::plan(instance, snapshot, view).await;
    columns.is_ok_and(|columns| same_columns(&columns, &view.schema))
}

/// The kind of object that a model defines.
pub fn kind(model: &ProjectModel) -> Kind {
    Kind::of(&model.definition).unwrap_or(Kind::View)
}

/// The reason to try what reads a source that cannot be listed.
fn unreadable(error: Error) -> Option<String> {
    Some(format!("its inputs cannot be read: {}", error.message()))
}

/// What each check found the last time.
fn last_results(instance: &Instance) -> Result<BTreeMap<Oid, CheckResult>> {
    let latest_first = instance.journal.check_results(usize::MAX)?;
    Ok(latest_first
        .into_iter()
        .rev()
        .map(|result| (result.oid, result))
        .collect())
}

/// The project's models that a model reads.
fn reads(
    model: &ProjectModel,
    models: &BTreeMap<QualifiedName, Arc<ProjectModel>>,
) -> Vec<QualifiedName> {
    let candidates = |name: &ObjectName| match &name.schema {
        Some(schema) => vec![QualifiedName::new(schema, &name.name)],
        None => search_path(model)
            .iter()
            .map(|schema| QualifiedName::new(schema, &name.name))
            .collect(),
    };
    let found: BTreeSet<_> = model
        .reads
        .iter()
        .filter_map(|name| {
            candidates(name)
                .into_iter()
                .find(|full| models.contains_key(full))
        })
        .collect();
    found.into_iter().collect()
}

fn existing<'a>(snapshot: &'a Snapshot, model: &ProjectModel) -> Option<&'a Arc<Object>> {
    match kind(model) {
        Kind::Check => snapshot.check(&model.name),
        Kind::Type => snapshot.type_named(&model.name),
        _ => snapshot.relation(&model.name),
    }
}

impl fmt::Display for Define {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create => f.write_str("create"),
            Self::Replace => f.write_str("replace"),
            Self::Amend => f.write_str("alter"),
            Self::Supersede(old) => write!(f, "replace {old} by"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let build = if self.kind == Kind::Check {
            "run"
        } else {
            "refresh"
        };
        let (kind, name) = (self.kind, &self.name);
        match (&self.define, &self.build) {
            (Some(define), Some(reason)) => {
                write!(f, "{define} {kind} {name}, {build} it: {reason}")
            }
            (Some(define), None) => write!(f, "{define} {kind} {name}"),
            (None, Some(reason)) => write!(f, "{build} {kind} {name}: {reason}"),
            (None, None) => write!(f, "leave {kind} {name} as it is"),
        }
    }
}
