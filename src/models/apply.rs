//! Giving a model of the project the definition that it has there.

use std::sync::Arc;

use super::define::define;
use super::difference::{comments, search_path};
use super::plan::{Define, Plan, Step};
use super::replan::{self, Author};
use super::{kept_literals, named_literals, types};
use crate::catalog::{KeptLiterals, Kind, NewObject, Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;

/// Where a step's definition stands when its rows are to be computed.
pub(super) enum Target {
    /// In the catalog.
    Defined(Arc<Object>),
    /// To take the place of this object's definition, together with the rows.
    Replaces(Arc<Object>, NewObject),
    /// To take the place of this object, of another kind, when the rows are there.
    Supersedes(Arc<Object>, NewObject),
}

impl Target {
    /// The object whose rows are computed, as it is or will be.
    pub(super) fn object(&self, instance: &Instance, step: &Step) -> Result<Arc<Object>> {
        let object = match self {
            Self::Defined(object) => return Ok(Arc::clone(object)),
            Self::Replaces(old, new) => new.object_in_place_of(old),
            Self::Supersedes(_, new) => {
                new.object(new.oid.map_or_else(|| instance.catalog.reserve_oid(), Ok)?)
            }
        };
        object
            .ok_or_else(|| Error::internal(format!("{} is not an object", step.name)))
            .map(Arc::new)
    }
}

/// Creates the schemas of a plan that are not there.
///
/// # Errors
/// 42939 for a reserved name; those of the catalog's store.
pub(super) fn create_schemas(instance: &Instance, plan: &Plan) -> Result<()> {
    instance.catalog.write(|transaction| {
        plan.schemas
            .iter()
            .try_for_each(|schema| transaction.create_schema(schema, true).map(drop))
    })
}

/// The object of a step as the catalog has it.
///
/// # Errors
/// 42P01 where there is none any more.
pub(super) fn current(instance: &Instance, step: &Step) -> Result<Arc<Object>> {
    let snapshot = instance.catalog.snapshot();
    let object = match step.kind {
        Kind::Check => snapshot.check(&step.name),
        Kind::Type => snapshot.type_named(&step.name),
        _ => snapshot.relation(&step.name),
    };
    object.cloned().ok_or_else(|| {
        Error::new(
            SqlState::UNDEFINED_TABLE,
            format!("{} was dropped while the run waited for it", step.name),
        )
    })
}

/// Creates or replaces the model's object; where its rows are to be built, what takes the place of
/// another definition waits for them, as the old ones serve till then. With it comes the object of
/// another kind whose place it took already: its tables are to be removed.
///
/// # Errors
/// What planning the definition says, or what stands on it.
pub(super) async fn apply(
    instance: &Arc<Instance>,
    step: &Step,
    how: Define,
) -> Result<(Target, Option<Arc<Object>>)> {
    let planned = instance.catalog.snapshot();
    let mut new = new_object(instance, &planned, step, how).await?;
    let waits_for_rows = step.kind.is_refreshed() && step.build.is_some();
    let mut superseded = None;
    match how {
        Define::Create => drop(replan::create(instance, &planned, new)?),
        Define::Supersede(_) => {
            let old = current(instance, step)?;
            new.oid = Some(instance.catalog.reserve_oid()?);
            if waits_for_rows {
                return Ok((Target::Supersedes(old, new), None));
            }
            replan::supersede(instance, old.oid, &new).await?;
            superseded = Some(old);
        }
        Define::Amend => {
            let old = current(instance, step)?;
            if old.is_stored() || old.kind == Kind::ExternalTable {
                // Its rows come, if they do, by a refresh of their own, and so do columns of files.
                new.schema = Arc::clone(&old.schema);
            }
            replan::replace(instance, &planned, old.oid, &new, Author::Project).await?;
        }
        Define::Replace => {
            let old = current(instance, step)?;
            types::check_replaceable(&planned, &old)?;
            if waits_for_rows {
                replan::check(instance, old.oid, &new, Author::Project).await?;
                return Ok((Target::Replaces(old, new), None));
            }
            replan::replace(instance, &planned, old.oid, &new, Author::Project).await?;
        }
    }
    let object = current(instance, step)?;
    Ok((Target::Defined(object), superseded))
}

/// [`apply`] to a copy of the catalog, where no rows come and nothing waits for them.
///
/// # Errors
/// Those of [`apply`].
pub(super) async fn apply_without_rows(
    instance: &Arc<Instance>,
    step: &Step,
    how: Define,
) -> Result<Arc<Object>> {
    match apply(instance, step, how).await?.0 {
        Target::Defined(_) => {}
        Target::Replaces(old, new) => {
            let now = instance.catalog.snapshot();
            replan::replace(instance, &now, old.oid, &new, Author::Project).await?;
        }
        Target::Supersedes(old, new) => replan::supersede(instance, old.oid, &new).await?,
    }
    current(instance, step)
}

/// The model as the catalog will keep it.
async fn new_object(
    instance: &Arc<Instance>,
    planned: &Arc<Snapshot>,
    step: &Step,
    how: Define,
) -> Result<NewObject> {
    let mut settings = instance.configuration.session.clone();
    settings.search_path.0 = search_path(&step.model);
    let mut definition = step.model.definition.clone();
    definition.clear_modifiers();
    // What means the same as before means what it did when it was read.
    let known = match how {
        Define::Amend => current(instance, step)?.kept_literals.clone(),
        Define::Create | Define::Replace | Define::Supersede(_) => KeptLiterals::new(),
    };
    kept_literals::put(&mut definition, &known);
    let mut new = define(instance, planned, &settings, &definition).await?;
    if step.kind == Kind::Type {
        match how {
            Define::Create => types::number(&mut new.definition, instance, planned)?,
            Define::Amend | Define::Replace | Define::Supersede(_) => {
                let old = current(instance, step)?;
                types::put_kept(&mut new.definition, planned, &old);
            }
        }
    }
    new.kept_literals = match how {
        Define::Amend => known,
        Define::Create | Define::Replace | Define::Supersede(_) => {
            named_literals::check(instance, planned, &settings, &new.definition)?;
            kept_literals::keep(instance, planned, &settings, &mut new.definition).await?
        }
    };
    (new.comment, new.column_comments) = comments(&step.model);
    // A comment that left the project goes.
    new.keeps_comments = false;
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
    Ok(new)
}
