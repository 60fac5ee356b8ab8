//! Putting an object in the place of another one, when others stand on it.
//!
//! What stands on an object is planned against its new columns before these are committed, and
//! views are given the columns that they have then in the same commit. A change that happens
//! meanwhile to anything that was looked at makes it begin anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::SchemaRef;

use super::define::columns;
use super::replacement::same_columns;
use crate::catalog::{Kind, NewObject, Object, Oid, Snapshot, Transaction};
use crate::error::{Error, Result, SqlState};
use crate::instance::{Asker, Instance, Reading};
use crate::sql::QualifiedName;
use crate::warehouse::CommitMark;

/// How often what a change stands among may change while it is planned.
const ATTEMPTS: u32 = 16;

/// How long the second attempt waits for a commit of others to end; later ones wait longer.
const PAUSE: Duration = Duration::from_millis(5);

/// Who changes an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// A statement: all that stands on the object must be able to stay.
    Statement,
    /// A run of the project, which replaces its own models in their turn.
    Project,
}

/// Creates an object that has no rows, planned with the catalog as it was then.
///
/// # Errors
/// Those of [`Transaction::create`]; 40001 where what it reads has changed since.
pub fn create(instance: &Instance, planned: &Snapshot, new: NewObject) -> Result<Oid> {
    let reads = read_by(planned, new.depends_on.iter().copied());
    instance.catalog.write(|transaction| {
        if !are_same(&reads, transaction.snapshot(), None) {
            return Err(changing(&new.name, "create"));
        }
        transaction.create(new.clone())
    })
}

/// Gives an object that has no rows another definition, planned with the catalog as it was then.
///
/// # Errors
/// What planning says of an object that could not stand on the new one, which is named; those of
/// [`Transaction::replace`]; 40001 where what it reads has changed since.
pub async fn replace(
    instance: &Arc<Instance>,
    planned: &Snapshot,
    old: Oid,
    new: &NewObject,
    author: Author,
) -> Result<()> {
    let reads = read_by(planned, new.depends_on.iter().copied());
    let replaced = |transaction: &mut Transaction<'_>| {
        transaction.replace(old, new.clone())?;
        Ok(old)
    };
    change(
        instance,
        old,
        new,
        author,
        replaced,
        |transaction, _, views| {
            if !are_same(&reads, transaction.snapshot(), Some(old)) {
                return Err(changing(&new.name, "replace"));
            }
            transaction.replace(old, new.clone())?;
            set_columns(transaction, views)
        },
    )
    .await
}

/// Refuses what [`replace`] and [`prepare`] would refuse: to be asked before the rows of the new
/// definition are written.
///
/// # Errors
/// Those of [`replace`].
pub async fn check(
    instance: &Arc<Instance>,
    old: Oid,
    new: &NewObject,
    author: Author,
) -> Result<()> {
    let replaced = |transaction: &mut Transaction<'_>| {
        transaction.replace(old, new.clone())?;
        Ok(old)
    };
    change(instance, old, new, author, replaced, |_, _, _| Ok(())).await
}

/// Prepares the replacement of an object that has rows, and of the columns of the views on it.
///
/// # Errors
/// Those of [`replace`]; 2BP01 where other tables refer to rows that do not stay.
pub async fn prepare(
    instance: &Arc<Instance>,
    old: Oid,
    new: &NewObject,
    author: Author,
    keeps_rows: bool,
    mark: &CommitMark,
) -> Result<()> {
    let replaced = |transaction: &mut Transaction<'_>| {
        transaction.replace(old, new.clone())?;
        Ok(old)
    };
    change(
        instance,
        old,
        new,
        author,
        replaced,
        |transaction, _, views| {
            let snapshot = transaction.snapshot();
            if let Some(object) = snapshot.object(old).filter(|_| !keeps_rows) {
                snapshot.check_unreferenced(object)?;
            }
            let views = views.to_vec();
            transaction.prepare_replace(old, new.clone(), views, mark.version, &mark.id)
        },
    )
    .await
}

/// Puts an object of another kind in the place of `old`, in one step. What stands on it stays, and
/// is planned against it first; what belongs to the project is left to the project's own steps.
///
/// # Errors
/// What planning says of an object that could not stand on the new one, which is named; 40001 where
/// the catalog changes all the time.
pub async fn supersede(instance: &Arc<Instance>, old: Oid, new: &NewObject) -> Result<()> {
    let put = |transaction: &mut Transaction<'_>| transaction.supersede(old, new.clone());
    change(
        instance,
        old,
        new,
        Author::Project,
        put,
        |transaction, oid, views| {
            let new = NewObject {
                oid: Some(oid),
                ..new.clone()
            };
            transaction.supersede(old, new)?;
            set_columns(transaction, views)
        },
    )
    .await
}

/// Views, and the columns that they have now.
type Views = [(Oid, SchemaRef)];

fn set_columns(transaction: &mut Transaction<'_>, views: &Views) -> Result<()> {
    views
        .iter()
        .try_for_each(|(view, columns)| transaction.set_columns(*view, Arc::clone(columns)))
}

/// Plans what stands on `old` against the catalog as `preview` makes it, and has `write` commit
/// that while it still holds. It waits for no commit but by trying again: those of two tables that
/// waited for each other would wait forever.
async fn change(
    instance: &Arc<Instance>,
    old: Oid,
    new: &NewObject,
    author: Author,
    preview: impl Fn(&mut Transaction<'_>) -> Result<Oid>,
    write: impl Fn(&mut Transaction<'_>, Oid, &Views) -> Result<()>,
) -> Result<()> {
    for attempt in 0..ATTEMPTS {
        tokio::time::sleep(PAUSE * attempt).await;
        let ((oid, footing), mut after) = instance.catalog.preview(|transaction| {
            let footing = Footing::of(transaction.snapshot(), old, new);
            Ok((preview(transaction)?, footing))
        })?;
        let views = match footing.reshapes {
            true => replan(instance, &mut after, oid, author).await?,
            false => Vec::new(),
        };
        let done = instance.catalog.write(|transaction| {
            if footing.holds(transaction.snapshot()) {
                return write(transaction, oid, &views).map(Some);
            }
            Ok(None)
        })?;
        if done.is_some() {
            return Ok(());
        }
    }
    Err(changing(&new.name, "replace"))
}

fn changing(name: &QualifiedName, verb: &str) -> Error {
    Error::new(
        SqlState::SERIALIZATION_FAILURE,
        format!(
            "could not {verb} {name} because what it reads, or what stands on it, is being changed"
        ),
    )
    .with_hint("Run the statement again.")
}

/// What the replacement of an object was planned with.
struct Footing {
    old: Oid,
    /// Whether the object will have other columns, or be of another kind.
    reshapes: bool,
    dependents: BTreeSet<Oid>,
    /// The object, and where it is reshaped what stands on it and all that these read.
    objects: BTreeMap<Oid, Arc<Object>>,
}

impl Footing {
    fn of(snapshot: &Snapshot, old: Oid, new: &NewObject) -> Self {
        let reshapes = snapshot.object(old).is_none_or(|old| {
            Some(old.kind) != Kind::of(&new.definition) || !same_columns(&old.schema, &new.schema)
        });
        let dependents = match reshapes {
            true => dependents(snapshot, old),
            false => BTreeSet::new(),
        };
        Self {
            objects: read_by(snapshot, dependents.iter().copied().chain([old])),
            old,
            reshapes,
            dependents,
        }
    }

    fn holds(&self, now: &Snapshot) -> bool {
        are_same(&self.objects, now, Some(self.old))
            && (!self.reshapes || dependents(now, self.old) == self.dependents)
    }
}

fn dependents(snapshot: &Snapshot, oid: Oid) -> BTreeSet<Oid> {
    let dependents = snapshot.dependents(oid);
    dependents.iter().map(|dependent| dependent.oid).collect()
}

/// The objects of these numbers, and all that they read.
fn read_by(
    snapshot: &Snapshot,
    roots: impl IntoIterator<Item = Oid>,
) -> BTreeMap<Oid, Arc<Object>> {
    let mut found = BTreeMap::new();
    let mut open: Vec<Oid> = roots.into_iter().collect();
    while let Some(oid) = open.pop() {
        if let Some(object) = snapshot.object(oid)
            && found.insert(oid, Arc::clone(object)).is_none()
        {
            open.extend(&object.depends_on);
        }
    }
    found
}

/// Whether objects are as they were, and none but `replaced` is about to get other columns.
fn are_same(then: &BTreeMap<Oid, Arc<Object>>, now: &Snapshot, replaced: Option<Oid>) -> bool {
    then.iter().all(|(oid, then)| {
        let is_same = now.object(*oid).is_some_and(|now| {
            Arc::ptr_eq(now, then) || now.definition == then.definition && now.schema == then.schema
        });
        is_same && (Some(*oid) == replaced || !is_reshaping(now, *oid))
    })
}

/// Whether an object gets other columns when the commit of its rows is made.
fn is_reshaping(snapshot: &Snapshot, oid: Oid) -> bool {
    match (snapshot.object(oid), snapshot.prepared(oid)) {
        (Some(object), Some(prepared)) => !same_columns(&object.schema, &prepared.new.schema),
        _ => false,
    }
}

/// Plans what stands on an object, nearest first, and answers the views whose columns are others
/// now. A materialized view keeps its columns, as it keeps its rows, until it is refreshed.
async fn replan(
    instance: &Arc<Instance>,
    catalog: &mut Snapshot,
    oid: Oid,
    author: Author,
) -> Result<Vec<(Oid, SchemaRef)>> {
    let mut changed = Vec::new();
    for dependent in catalog.dependents(oid).into_iter().rev() {
        if author == Author::Project && dependent.project_file.is_some() {
            continue;
        }
        let columns = plan(instance, catalog, &dependent).await.map_err(|error| {
            error
                .within(format!("{}, which stands on it", dependent.described()))
                .with_hint("Change or drop what stands on it first.")
        })?;
        if dependent.kind == Kind::View && columns != dependent.schema {
            catalog.assume_columns(dependent.oid, Arc::clone(&columns));
            changed.push((dependent.oid, columns));
        }
    }
    Ok(changed)
}

/// The columns that an object's definition has in this catalog.
///
/// # Errors
/// What planning says.
pub async fn plan(
    instance: &Arc<Instance>,
    catalog: &Snapshot,
    object: &Object,
) -> Result<SchemaRef> {
    let settings = &instance.configuration.session;
    let catalog = Arc::new(catalog.clone());
    let context = instance.statement_of(&Asker::server(), catalog, settings, Reading::Shape);
    let mut definition = object.definition.clone();
    let (columns, _) = columns(instance, &context, settings, &mut definition).await?;
    Ok(columns)
}
