//! What becomes of the changes: they are written, handed to another transaction, or taken from one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Transaction;
use super::checks::{OBJECTS, too_many};
use crate::catalog::staged::Staged;
use crate::catalog::store::Changes;
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::Result;
use crate::warehouse::{ChangedTable, UnpublishedEntry};

impl Transaction<'_> {
    /// The objects that the changes take out.
    pub(in crate::catalog) fn dropped(&self) -> BTreeSet<Oid> {
        let changed = self.changed_objects.iter().copied();
        changed
            .filter(|oid| self.snapshot.object(*oid).is_none())
            .collect()
    }

    /// Writes the changes; answers the snapshot to show, or `None` where nothing changed.
    pub(in crate::catalog) fn commit(self) -> Result<Option<Snapshot>> {
        if self.changed_objects.is_empty()
            && self.changed_schemas.is_empty()
            && self.entries.is_empty()
        {
            return Ok(None);
        }
        let (next, saved) = self.save();
        saved.map(|()| Some(next))
    }

    /// Writes the changes; answers the snapshot that has them, and whether they are on disk.
    pub(in crate::catalog) fn save(mut self) -> (Snapshot, Result<()>) {
        self.snapshot.generation += 1;
        let commit = self.snapshot.generation;
        if !self.entries.is_empty() {
            let entries = std::mem::take(&mut self.entries);
            self.snapshot.publications.add(commit, entries);
        }
        let saved = self.store.save(&Changes {
            snapshot: &self.snapshot,
            objects: &self.changed_objects,
            schemas: &self.changed_schemas,
        });
        (self.snapshot, saved)
    }

    /// The catalog that the changes make, without writing it.
    pub(in crate::catalog) fn into_snapshot(self) -> Snapshot {
        self.snapshot
    }

    /// [`Self::into_snapshot`], and notes what it changes.
    pub(in crate::catalog) fn stage(self, staged: &mut Staged) -> Snapshot {
        staged.note(&self.changed_objects, &self.changed_schemas);
        self.snapshot
    }

    /// Has these entries of tables' logs committed too.
    pub(in crate::catalog) fn publish(&mut self, entries: Vec<UnpublishedEntry>) {
        self.entries = entries;
    }

    /// Takes an object out, if it is there.
    pub(in crate::catalog) fn take_object(&mut self, oid: Oid) -> Option<Arc<Object>> {
        self.changed_objects.insert(oid);
        self.snapshot.take(oid)
    }

    /// Puts an object in as another transaction has it.
    ///
    /// # Errors
    /// 42P07 and 42710 for a name that is taken; 3F000 where its schema, and 40001 where what it
    /// reads, was dropped.
    pub(in crate::catalog) fn put_object(&mut self, object: &Arc<Object>) -> Result<()> {
        if object.kind != Kind::Role {
            self.snapshot.resolve_schema(&object.name.schema)?;
        }
        if self.snapshot.object_count() >= OBJECTS {
            return Err(too_many("objects", OBJECTS));
        }
        self.check_free(&object.name, object.kind)?;
        self.changed_objects.insert(object.oid);
        self.snapshot.put(Arc::clone(object));
        Ok(())
    }

    /// Versions of tables in which objects were replaced are those that the entries make.
    pub(in crate::catalog) fn number_replaced(
        &mut self,
        tables: &[ChangedTable],
        entries: &[UnpublishedEntry],
    ) {
        for ChangedTable { table, base } in tables {
            let object = self.snapshot.object(table.oid);
            let made = entries.iter().find(|entry| entry.table == *table);
            if let (Some(object), Some(made)) = (object, made)
                && object.table() == *table
                && object
                    .replaced_in
                    .is_some_and(|at| base.is_none_or(|base| at > base))
            {
                let mut object = Object::clone(object);
                object.replaced_in = Some(made.version);
                self.put(object);
            }
        }
    }
}
