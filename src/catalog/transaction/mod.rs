//! A change of the catalog in the making.

mod checks;
mod default_privileges;
mod names;
mod outcome;
mod properties;
mod schemas;

use std::collections::BTreeSet;
use std::sync::Arc;

use checks::{OBJECTS, renamed, too_many};

use super::default_privileges::DefaultsOf;
use super::name::{check_identifier, check_writable};
use super::part_comments::PartComments;
use super::privilege::OWNER_OID;
use super::store::Store;
use super::{Kind, NewObject, Object, Oid, PreparedReplacement, Snapshot, time};
use crate::error::{Error, Result, SqlState};
use crate::warehouse::UnpublishedEntry;

/// A change of the catalog in the making: it sees its own work, and nobody else does until
/// [`super::Catalog::write`] returns.
#[derive(Debug)]
pub struct Transaction<'a> {
    store: &'a Store,
    snapshot: Snapshot,
    changed_objects: BTreeSet<Oid>,
    changed_schemas: BTreeSet<String>,
    /// Entries of tables' logs that are committed with it.
    entries: Vec<UnpublishedEntry>,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(store: &'a Store, snapshot: &Snapshot) -> Self {
        Self {
            store,
            snapshot: snapshot.clone(),
            changed_objects: BTreeSet::new(),
            changed_schemas: BTreeSet::new(),
            entries: Vec::new(),
        }
    }

    /// The catalog as this transaction sees it.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Creates an object and answers its number.
    ///
    /// # Errors
    /// 42P07 where a relation of that name exists, 42710 for a check, 3F000 where the schema does
    /// not exist, 42501 for a schema of the server's own.
    pub fn create(&mut self, new: NewObject) -> Result<Oid> {
        let name = new.name.clone();
        if Kind::of(&new.definition) != Some(Kind::Function) {
            check_identifier(&name.name)?;
        }
        let (kind, definition) = self.check_new(&new)?;
        if kind != Kind::Role {
            check_writable(&name.schema, || format!("create \"{name}\""))?;
            self.snapshot.resolve_schema(&name.schema)?;
        }
        if self.snapshot.object_count() >= OBJECTS {
            return Err(too_many("objects", OBJECTS));
        }
        self.check_free(&name, kind)?;
        let owner = new.owner.unwrap_or(OWNER_OID);
        let of = DefaultsOf::of_kind(kind);
        let access = self.snapshot.access_of_new(owner, of, &name.schema);
        let oid = match new.oid {
            Some(oid) if self.snapshot.object(oid).is_none() => oid,
            Some(oid) => return Err(Error::internal(format!("oid {oid} is in use"))),
            None => self.store.next_oid()?,
        };
        self.put(Object {
            oid,
            name,
            kind,
            definition,
            schema: new.schema,
            depends_on: new.depends_on,
            comment: new.comment,
            column_comments: new.column_comments,
            part_comments: PartComments::default(),
            sequences: new.sequences,
            indexes: new.indexes,
            project_file: new.project_file,
            kept_literals: new.kept_literals,
            created_as: None,
            replaced_in: None,
            suspended: false,
            is_emptied: false,
            access,
            created_at: time::now(),
        });
        Ok(oid)
    }

    /// Gives an object another definition. What stands on it stays, and is not looked at.
    ///
    /// # Errors
    /// 42809 where the new one is of another kind, 42P17 where it would read itself.
    pub fn replace(&mut self, oid: Oid, new: NewObject) -> Result<()> {
        let (old, kind, definition) = self.check_replacement(oid, &new)?;
        let new = NewObject { definition, ..new };
        self.put(new.in_place_of(&old, kind));
        Ok(())
    }

    /// Puts an object, of any kind and a number of its own, in the place of one that goes; what
    /// read that one reads this one. Answers its number.
    ///
    /// # Errors
    /// 42P17 where the new one would read itself, and those of [`Self::create`].
    pub fn supersede(&mut self, oid: Oid, new: NewObject) -> Result<Oid> {
        let old = self.existing(oid)?;
        let (kind, _) = self.check_new(&new)?;
        if old.name != new.name {
            return Err(renamed(&old, &new));
        }
        if !kind.is_relation() || !old.kind.is_relation() {
            let message = format!("{} cannot replace {}", new.name, old.described());
            return Err(Error::internal(message));
        }
        self.snapshot.check_acyclic(&old, &new.depends_on)?;
        if let Some(reference) = self.snapshot.references_into(&[Arc::clone(&old)]).first() {
            let message = format!("{} cannot replace {}", new.name, old.described());
            return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, message)
                .with_detail(format!("{} refers to it.", reference.described()))
                .with_hint("Drop the constraint first."));
        }
        let readers: Vec<Oid> = self.snapshot.dependent_oids(oid).collect();
        self.snapshot.take(oid);
        self.changed_objects.insert(oid);
        let successor = self.create(new)?;
        for reader in readers {
            let mut object = Object::clone(&*self.existing(reader)?);
            repoint(&mut object.depends_on, oid, successor);
            if let Some(prepared) = self.snapshot.prepared(reader).cloned() {
                let mut prepared = Arc::unwrap_or_clone(prepared);
                repoint(&mut prepared.new.depends_on, oid, successor);
                self.put_prepared(reader, prepared);
            }
            self.put(object);
        }
        Ok(successor)
    }

    /// Drops objects, and with `cascade` all that stands on them; answers what was dropped, each
    /// before what it read. An object named may stand on another one named.
    ///
    /// # Errors
    /// 2BP01, listing what stands on them, without `cascade`.
    pub fn drop(&mut self, oids: &[Oid], cascade: bool) -> Result<Vec<Arc<Object>>> {
        let mut named = Vec::with_capacity(oids.len());
        for oid in oids {
            named.push(self.existing(*oid)?.described());
        }
        let roots: BTreeSet<Oid> = oids.iter().copied().collect();
        let order = self.snapshot.drop_order(roots.iter().copied());
        let references = self.snapshot.references_into(&order);
        if !cascade && (order.len() > roots.len() || !references.is_empty()) {
            let what = named.join(", ");
            let referring = |root: &Object| {
                let own = references.iter();
                let own = own.filter(|reference| reference.referenced() == root.name);
                let lines = own.map(|reference| {
                    format!("{} depends on {}", reference.described(), root.described())
                });
                let lines: Vec<String> = lines.collect();
                (!lines.is_empty()).then(|| lines.join("\n"))
            };
            return Err(self.snapshot.still_needed(&what, &roots, &order, referring));
        }
        self.check_types_unused(&order)?;
        self.take_all(&order);
        Ok(order)
    }

    fn existing(&self, oid: Oid) -> Result<Arc<Object>> {
        self.snapshot.object(oid).cloned().ok_or_else(|| {
            // Another session dropped it between planning and this transaction.
            Error::new(
                SqlState::UNDEFINED_OBJECT,
                format!("object {oid} does not exist any more"),
            )
            .with_hint("Another session has dropped it. Run the statement again.")
        })
    }

    pub(super) fn put_prepared(&mut self, oid: Oid, prepared: PreparedReplacement) {
        self.changed_objects.insert(oid);
        self.snapshot.put_prepared(oid, Arc::new(prepared));
    }

    pub(super) fn take_prepared(&mut self, oid: Oid) -> Option<Arc<PreparedReplacement>> {
        self.changed_objects.insert(oid);
        self.snapshot.take_prepared(oid)
    }

    pub(super) fn put(&mut self, object: Object) {
        self.changed_objects.insert(object.oid);
        self.snapshot.put(Arc::new(object));
    }

    /// That no column of a table that stays is of a type that goes.
    fn check_types_unused(&self, going: &[Arc<Object>]) -> Result<()> {
        let is_going = |oid: Oid| going.iter().any(|object| object.oid == oid);
        for object in going.iter().filter(|object| object.kind == Kind::Type) {
            let columns = self.snapshot.columns_of_type(object.oid).into_iter();
            let kept = columns.filter(|(table, _)| !is_going(table.oid));
            let lines = kept.map(|(table, column)| {
                let (table, object) = (table.described(), object.described());
                format!("column {column} of {table} depends on {object}")
            });
            let lines: Vec<String> = lines.collect();
            if !lines.is_empty() {
                let what = object.described();
                return Err(Error::new(
                    SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
                    format!("cannot drop {what} because other objects depend on it"),
                )
                .with_detail(lines.join("\n"))
                .with_hint("Drop these columns first, or the type by itself with CASCADE."));
            }
        }
        Ok(())
    }

    fn take_all(&mut self, objects: &[Arc<Object>]) {
        self.drop_references_to(objects);
        for object in objects {
            self.changed_objects.insert(object.oid);
            self.snapshot.take(object.oid);
        }
    }
}

pub(super) fn being_replaced(what: &str) -> Error {
    Error::new(
        SqlState::SERIALIZATION_FAILURE,
        format!("could not change {what} while its rows are being replaced"),
    )
    .with_hint("Run the statement again.")
}

fn repoint(reads: &mut BTreeSet<Oid>, from: Oid, to: Oid) {
    if reads.remove(&from) {
        reads.insert(to);
    }
}
