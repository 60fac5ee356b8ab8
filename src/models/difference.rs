//! How the definition of a model differs from that of the catalog.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::plan::{Define, kind};
use super::project::ProjectModel;
use super::resolution::qualify_calls;
use super::schedule::without_upkeep;
use super::{kept_literals, types};
use crate::catalog::{Object, Snapshot};
use crate::session::plan::{is_relation, named_object, query_of, resolve_among};
use crate::session::{enums, user_functions};
use crate::sql::comment::CommentOn;
use crate::sql::name::{DEFAULT_SCHEMA, ObjectName};
use crate::sql::{QualifiedName, Statement, relation_literals, sequence_calls};

/// What has to happen to a model's definition in the catalog; nothing where it is as it should be.
pub(super) fn difference(
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
    let same = !definition_differs(snapshot, model, object, models)
        && object.comment == comment
        && object.column_comments == columns
        && object.project_file.as_deref() == Some(&model.file);
    if same {
        return None;
    }
    Some(match rows_differ(snapshot, model, Some(object), models) {
        true => Define::Replace,
        false => Define::Amend,
    })
}

/// Whether what the rows follow from is another than in the catalog: the definition without what says
/// when it is refreshed.
pub(super) fn rows_differ(
    snapshot: &Snapshot,
    model: &ProjectModel,
    object: Option<&Arc<Object>>,
    models: &BTreeMap<QualifiedName, Arc<ProjectModel>>,
) -> bool {
    object.is_none_or(|object| {
        as_kept(snapshot, model, object, models).is_none_or(|definition| {
            plain(&without_upkeep(&definition)) != plain(&without_upkeep(&object.definition))
        })
    })
}

/// Whether the definition is another than the catalog's.
fn definition_differs(
    snapshot: &Snapshot,
    model: &ProjectModel,
    object: &Object,
    models: &BTreeMap<QualifiedName, Arc<ProjectModel>>,
) -> bool {
    as_kept(snapshot, model, object, models)
        .is_none_or(|definition| plain(&definition) != plain(&object.definition))
}

/// The definition with its names in full, and with what the catalog has of literals that it had then.
fn as_kept(
    snapshot: &Snapshot,
    model: &ProjectModel,
    object: &Object,
    models: &BTreeMap<QualifiedName, Arc<ProjectModel>>,
) -> Option<Statement> {
    let mut definition = in_full(snapshot, model, models)?;
    kept_literals::put(&mut definition, &object.kept_literals);
    types::put_kept(&mut definition, snapshot, object);
    Some(definition)
}

/// The definition with its names in full; none where they cannot be told.
fn in_full(
    snapshot: &Snapshot,
    model: &ProjectModel,
    models: &BTreeMap<QualifiedName, Arc<ProjectModel>>,
) -> Option<Statement> {
    let mut definition = model.definition.clone();
    let path = search_path(model);
    enums::qualify_definition(&mut definition, snapshot, &path).ok()?;
    let is_kept =
        |full: &QualifiedName| models.contains_key(full) || named_object(snapshot, full).is_some();
    let exists = |full: &QualifiedName| is_kept(full) || is_relation(snapshot, full);
    let resolve = |name: ObjectName| resolve_among(&name, &path, &exists);
    if let Some(query) = query_of(&mut definition) {
        user_functions::qualify(query, snapshot, &path).ok()?;
        let named = crate::sql::qualify::qualify(query, |name, _| resolve(name));
        let named = named.and_then(|()| {
            relation_literals::for_each(query, |literal, name| {
                let full = resolve(name)?;
                if is_kept(&full) {
                    *literal = sequence_calls::argument(&full);
                }
                Ok(())
            })
        });
        enums::qualify_literals(query, snapshot, &path);
        if named.is_err() {
            return None;
        }
    }
    if let Statement::CreateModel(create) = &mut definition {
        create.options.qualify(resolve).ok()?;
        qualify_calls(&mut create.options, snapshot, &path).ok()?;
    }
    Some(definition)
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

/// Where unqualified names of a model are looked up: in its own folder's schema first.
pub fn search_path(model: &ProjectModel) -> Vec<String> {
    vec![model.name.schema.clone(), DEFAULT_SCHEMA.to_owned()]
}
