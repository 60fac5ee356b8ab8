//! What left the project: objects that it had and has no file for any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::plan::kind;
use super::project::ProjectModel;
use crate::catalog::{Kind, Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::sql::QualifiedName;
use crate::sql::name::ObjectName;

/// Objects of the project as it was that it no longer has.
pub(super) fn left(
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
pub(super) fn refuse_empty(
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
pub(super) fn refuse_orphans(
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
