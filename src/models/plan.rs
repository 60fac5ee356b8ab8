//! What a run will do: the difference between the project folder and the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::graph::Graph;
use super::project::{Project, ProjectModel};
use super::stale;
use crate::catalog::journal::{CheckResult, CheckStatus};
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::session::plan::{is_relation, query_of, resolve_among};
use crate::sql::comment::CommentOn;
use crate::sql::name::{DEFAULT_SCHEMA, ObjectName};
use crate::sql::{QualifiedName, Statement};

/// What happens to a model's definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Define {
    /// It is new.
    Create,
    /// Its definition or its comments changed.
    Replace,
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
        let reshaped = matches!(kind(model), Kind::View | Kind::MaterializedView)
            && graph.parents(name).any(|parent| redefined.contains(parent));
        let define =
            difference(&snapshot, model, object, &models).or(reshaped.then_some(Define::Replace));
        let differs = definition_differs(&snapshot, model, object, &models);
        if differs || reshaped {
            redefined.insert(name.clone());
        }
        let upstream = graph.parents(name).find(|name| changing.contains(*name));
        let build = match (kind(model), &define, upstream) {
            (
                Kind::MaterializedView | Kind::Check,
                Some(Define::Create | Define::Supersede(_)),
                _,
            ) => Some("new".to_owned()),
            (Kind::MaterializedView, Some(Define::Replace), _) if differs => {
                Some("definition changed".to_owned())
            }
            (Kind::Check, Some(Define::Replace), _) => Some("definition changed".to_owned()),
            (Kind::MaterializedView | Kind::Check, _, Some(upstream)) => {
                Some(format!("{upstream} changes"))
            }
            (Kind::MaterializedView, _, None) => match object {
                Some(object) => stale::reason(instance, object, states.get(&object.oid))
                    .await
                    .unwrap_or_else(unreadable),
                None => Some("new".to_owned()),
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

/// Where unqualified names of a model are looked up: in its own folder's schema first.
pub fn search_path(model: &ProjectModel) -> Vec<String> {
    vec![model.name.schema.clone(), DEFAULT_SCHEMA.to_owned()]
}

fn existing<'a>(snapshot: &'a Snapshot, model: &ProjectModel) -> Option<&'a Arc<Object>> {
    match kind(model) {
        Kind::Check => snapshot.check(&model.name),
        _ => snapshot.relation(&model.name),
    }
}

/// Objects of the project as it was that it no longer has.
fn left(
    snapshot: &Snapshot,
    models: &BTreeMap<QualifiedName, Arc<ProjectModel>>,
) -> Vec<Arc<Object>> {
    let gone = |object: &&Arc<Object>| {
        let stays = models
            .get(&object.name)
            .is_some_and(|model| (kind(model) == Kind::Check) == (object.kind == Kind::Check));
        object.project_file.is_some() && !stays
    };
    snapshot.objects().filter(gone).cloned().collect()
}

/// An empty folder is a wrong path far more often than the wish to drop everything.
fn refuse_empty(
    instance: &Instance,
    snapshot: &Snapshot,
    models: &BTreeMap<QualifiedName, Arc<ProjectModel>>,
) -> Result<()> {
    let count = left(snapshot, models).len();
    if count == 0 || !models.is_empty() {
        return Ok(());
    }
    let folder = instance.project_folder();
    Err(Error::new(
        SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("the project folder {} has no models, and all {count} objects of the project would be dropped", folder.display()),
    )
    .with_hint("Set project to the right folder; to start anew, remove the data directory."))
}

/// Refuses to take away what something that stays stands on.
fn refuse_orphans(
    snapshot: &Snapshot,
    models: &BTreeMap<QualifiedName, Arc<ProjectModel>>,
) -> Result<()> {
    let left = left(snapshot, models);
    let mut standing = Vec::new();
    for object in &left {
        let by_hand = snapshot
            .direct_dependents(object.oid)
            .into_iter()
            .filter(|dependent| dependent.project_file.is_none());
        standing.extend(by_hand.map(|dependent| {
            format!(
                "{} depends on {}",
                dependent.described(),
                object.described()
            )
        }));
        let readers = models.values().filter(|model| {
            model
                .reads
                .iter()
                .any(|name| *name == ObjectName::from(object.name.clone()))
        });
        standing
            .extend(readers.map(|model| format!("{} reads {}", model.file, object.described())));
    }
    if standing.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = left.iter().map(|object| object.described()).collect();
    Err(Error::new(
        SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
        format!(
            "cannot drop {}, which left the project, because other objects depend on it",
            names.join(", ")
        ),
    )
    .with_detail(standing.join("\n"))
    .with_hint("Change what depends on it too, or put its file back."))
}

fn difference(
    snapshot: &Snapshot,
    model: &ProjectModel,
    object: Option<&Arc<Object>>,
    models: &BTreeMap<QualifiedName, Arc<ProjectModel>>,
) -> Option<Define> {
    let Some(object) = object else {
        return Some(Define::Create);
    };
    if object.kind != kind(model) {
        return Some(Define::Supersede(object.kind));
    }
    let (comment, columns) = comments(model);
    let same = !definition_differs(snapshot, model, Some(object), models)
        && object.comment == comment
        && object.column_comments == columns
        && object.project_file.as_deref() == Some(&model.file);
    (!same).then_some(Define::Replace)
}

/// Whether the definition, its names written in full, is another than the catalog's.
fn definition_differs(
    snapshot: &Snapshot,
    model: &ProjectModel,
    object: Option<&Arc<Object>>,
    models: &BTreeMap<QualifiedName, Arc<ProjectModel>>,
) -> bool {
    let Some(object) = object else { return true };
    let mut definition = model.definition.clone();
    let exists = |full: &QualifiedName| models.contains_key(full) || is_relation(snapshot, full);
    if let Some(query) = query_of(&mut definition)
        && crate::sql::qualify::qualify(query, |name| {
            resolve_among(&name, &search_path(model), &exists)
        })
        .is_err()
    {
        return true;
    }
    plain(&definition) != plain(&object.definition)
}

/// The text of a definition, whether it replaces or not.
fn plain(definition: &Statement) -> String {
    let mut definition = definition.clone();
    definition.clear_modifiers();
    definition.to_string()
}

/// The comment of a model and those of its columns; the comment on top of its file stands in where
/// it has none.
pub fn comments(model: &ProjectModel) -> (Option<String>, BTreeMap<String, String>) {
    let mut comment = model.description.clone();
    let mut columns = BTreeMap::new();
    for statement in &model.comments {
        match (&statement.on, &statement.text) {
            (CommentOn::Column(_, column), Some(text)) => {
                columns.insert(column.clone(), text.clone());
            }
            (CommentOn::Object(..), text) => comment.clone_from(text),
            _ => {}
        }
    }
    (comment, columns)
}

impl fmt::Display for Define {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create => f.write_str("create"),
            Self::Replace => f.write_str("replace"),
            Self::Supersede(old) => write!(f, "replace {old} by"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for schema in &self.schemas {
            writeln!(f, "create schema {schema}")?;
        }
        for object in &self.drops {
            writeln!(f, "drop {}: it left the project", object.described())?;
        }
        let steps = self
            .graph
            .order()
            .iter()
            .filter_map(|name| self.steps.get(name));
        for step in steps.filter(|step| !step.is_idle()) {
            let build = if step.kind == Kind::Check {
                "run"
            } else {
                "refresh"
            };
            let name = format!("{} {}", step.kind, step.name);
            match (&step.define, &step.build) {
                (Some(define), Some(reason)) => {
                    writeln!(f, "{define} {name}, {build} it: {reason}")?
                }
                (Some(define), None) => writeln!(f, "{define} {name}")?,
                (None, Some(reason)) => writeln!(f, "{build} {name}: {reason}")?,
                (None, None) => {}
            }
        }
        Ok(())
    }
}
