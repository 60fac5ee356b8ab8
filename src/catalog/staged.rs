//! What a transaction has changed of the catalog and nobody else sees yet.
//!
//! The transaction has a catalog of its own over the one that all share. Its changes are known by the
//! objects that they changed, each as it was before: so they can be made to the shared catalog as that
//! is later, if nobody else has changed the same objects meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::default_privileges::ANYWHERE;
use super::{Catalog, Object, Oid, Schema, Snapshot, Transaction};
use crate::error::{Error, Result, SqlState};
use crate::sql::Statement;
use crate::sql::name::Quoted;
use crate::warehouse::{ChangedTable, UnpublishedEntry};

/// The changes of a transaction.
#[derive(Debug)]
pub(super) struct Staged {
    /// The catalog that all share.
    pub shared: Arc<Catalog>,
    /// The shared catalog that the changes were last made to.
    base: Arc<Snapshot>,
    /// The objects changed, each as it was before; none for one that is new.
    objects: BTreeMap<Oid, Option<Arc<Object>>>,
    /// The schemas changed.
    schemas: BTreeMap<String, Option<Arc<Schema>>>,
    /// The tables that rows were put into, each as it was when the first came.
    filled: BTreeMap<Oid, Arc<Object>>,
}

/// How far a transaction had come, to go back to.
#[derive(Debug)]
pub struct StagedCatalog {
    snapshot: Arc<Snapshot>,
    base: Arc<Snapshot>,
    objects: BTreeMap<Oid, Option<Arc<Object>>>,
    schemas: BTreeMap<String, Option<Arc<Schema>>>,
    filled: BTreeMap<Oid, Arc<Object>>,
}

impl Staged {
    pub fn new(shared: Arc<Catalog>, base: Arc<Snapshot>) -> Self {
        Self {
            shared,
            base,
            objects: BTreeMap::new(),
            schemas: BTreeMap::new(),
            filled: BTreeMap::new(),
        }
    }

    /// Notes what is about to be changed.
    pub fn note(&mut self, objects: &BTreeSet<Oid>, schemas: &BTreeSet<String>) {
        for oid in objects {
            let before = || self.base.object(*oid).cloned();
            self.objects.entry(*oid).or_insert_with(before);
        }
        for name in schemas {
            let before = || self.base.stored_schema(name).cloned();
            self.schemas.entry(name.clone()).or_insert_with(before);
        }
    }

    fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.schemas.is_empty()
    }

    /// The objects that the transaction has made.
    fn new_objects(&self) -> BTreeSet<Oid> {
        let new = self.objects.iter().filter(|(_, before)| before.is_none());
        new.map(|(oid, _)| *oid).collect()
    }

    /// Makes the changes, which led to `own`, to the catalog of another transaction.
    ///
    /// # Errors
    /// 40001 where another one has changed the same since; 42P07 and 42P06 where it took a name.
    fn make(&self, own: &Snapshot, transaction: &mut Transaction<'_>) -> Result<()> {
        for (name, before) in &self.schemas {
            let is_same = transaction.snapshot().stored_schema(name) == before.as_ref();
            match (is_same, before) {
                (true, _) => transaction.set_schema(name, own.stored_schema(name).cloned()),
                (false, _) if name == ANYWHERE => return Err(changed("default privileges")),
                (false, None) if own.schema(name).is_some() => {
                    let message = format!("schema \"{name}\" already exists");
                    return Err(Error::new(SqlState::DUPLICATE_SCHEMA, message));
                }
                (false, _) => return Err(changed(&format!("schema {}", Quoted(name)))),
            }
        }
        for (oid, before) in &self.objects {
            let now = transaction.snapshot().object(*oid);
            let is_same = match (before, now) {
                (Some(before), Some(now)) => before.is_same(now),
                (None, None) => true,
                _ => false,
            };
            if !is_same || transaction.snapshot().prepared(*oid).is_some() {
                let object = before.as_ref().or(own.object(*oid));
                return Err(changed(
                    &object.map_or_else(String::new, |it| it.described()),
                ));
            }
        }
        // Names may have gone from one object to another.
        let dropped: Vec<Arc<Object>> = self
            .objects
            .keys()
            .filter_map(|oid| transaction.take_object(*oid))
            .collect();
        for object in self.objects.keys().filter_map(|oid| own.object(*oid)) {
            transaction.put_object(object)?;
        }
        self.check_dependents(own, transaction.snapshot(), &dropped)?;
        self.check_references(transaction.snapshot())
    }

    /// That what tables refer to is there: others may have begun to refer to what was dropped, or have
    /// dropped what was referred to.
    fn check_references(&self, merged: &Snapshot) -> Result<()> {
        for (oid, before) in &self.objects {
            if let Some(object) = merged.object(*oid) {
                let definition = &object.definition;
                let is_there = merged.check_references(definition);
                let stays =
                    || merged.check_new_references(&object.name, before.as_ref(), definition);
                if is_there.and_then(|()| stays()).is_err() {
                    return Err(changed(&object.described()));
                }
            }
            let names = before.iter().chain(merged.object(*oid));
            for name in names.map(|object| &object.name) {
                for reference in merged.references_to(name) {
                    let definition = &reference.table.definition;
                    if merged.check_references(definition).is_err() {
                        return Err(changed(&reference.table.described()));
                    }
                }
            }
        }
        Ok(())
    }

    /// That the tables whose rows are changed take these rows as they are now.
    fn check_tables(&self, now: &Snapshot, tables: &[ChangedTable]) -> Result<()> {
        for ChangedTable { table, base } in tables {
            let (Some(before), Some(_)) = (self.base.object(table.oid), base) else {
                continue;
            };
            let Some(after) = now.object(table.oid) else {
                let message = format!("{} was dropped meanwhile", before.described());
                return Err(Error::new(SqlState::UNDEFINED_TABLE, message));
            };
            // What the transaction has changed itself is compared with what it was, and its rows were
            // held against what it is.
            let is_own = self.objects.contains_key(&table.oid);
            let filled = self.filled.get(&table.oid).filter(|_| !is_own);
            if after.definition != before.definition && after.schema != before.schema
                || now.prepared(table.oid).is_some()
                || filled.is_some_and(|then| !demands_no_more(then, after))
            {
                return Err(changed(&before.described()));
            }
        }
        Ok(())
    }

    /// That nobody has begun to stand on what was changed.
    fn check_dependents(
        &self,
        own: &Snapshot,
        merged: &Snapshot,
        taken: &[Arc<Object>],
    ) -> Result<()> {
        for before in taken {
            let then: BTreeSet<Oid> = own.dependent_oids(before.oid).collect();
            let now: BTreeSet<Oid> = merged.dependent_oids(before.oid).collect();
            let is_same = own
                .object(before.oid)
                .is_some_and(|after| after.schema == before.schema && after.name == before.name);
            if !is_same && then != now {
                return Err(changed(&before.described()));
            }
            // Rows that others have begun to refer to may have gone with it.
            let stays = own.object(before.oid).is_some_and(|after| {
                after.replaced_in == before.replaced_in && after.name == before.name
            });
            if !stays && merged.has_new_references(&before.name, own) {
                return Err(changed(&before.described()));
            }
        }
        for name in self
            .schemas
            .keys()
            .filter(|name| own.schema(name).is_none())
        {
            if merged
                .relations_in(name)
                .chain(merged.checks_in(name))
                .next()
                .is_some()
            {
                return Err(changed(&format!("schema {}", Quoted(name))));
            }
        }
        Ok(())
    }
}

fn changed(what: &str) -> Error {
    Error::new(
        SqlState::SERIALIZATION_FAILURE,
        format!("could not change {what} because another transaction has changed it"),
    )
    .with_hint("Run the transaction again.")
}

impl Catalog {
    /// The catalog as a transaction sees it that has changed nothing yet, and begins with this.
    pub fn begin_transaction(self: &Arc<Self>, base: Arc<Snapshot>) -> Self {
        let staged = Staged::new(Arc::clone(self), Arc::clone(&base));
        self.with_staged(staged, base)
    }

    /// The shared catalog as it is now, where this is a transaction's.
    pub fn committed(&self) -> Arc<Snapshot> {
        match &self.staged {
            Some(staged) => staged.lock().shared.snapshot(),
            None => self.snapshot(),
        }
    }

    /// An object as it was before this transaction changed what the catalog says of it.
    pub fn as_found(&self, object: &Arc<Object>) -> Arc<Object> {
        let before = self.staged.as_ref().and_then(|staged| {
            let staged = staged.lock();
            staged.objects.get(&object.oid).cloned().flatten()
        });
        before.unwrap_or_else(|| Arc::clone(object))
    }

    /// Whether this is a transaction's.
    pub fn is_staged(&self) -> bool {
        self.staged.is_some()
    }

    /// Makes a transaction's changes to the shared catalog as it is now.
    ///
    /// # Errors
    /// 40001 where another transaction has changed the same.
    pub fn follow(&self) -> Result<()> {
        let Some(staged) = &self.staged else {
            return Ok(());
        };
        let _alone = self.writer.lock();
        let mut staged = staged.lock();
        let now = staged.shared.snapshot();
        if Arc::ptr_eq(&now, &staged.base) {
            return Ok(());
        }
        let own = self.snapshot();
        let mut transaction = Transaction::new(&self.store, &now);
        staged.make(&own, &mut transaction)?;
        *self.current.write() = Arc::new(transaction.into_snapshot());
        staged.base = now;
        Ok(())
    }

    /// How far a transaction has come.
    pub fn mark(&self) -> Option<StagedCatalog> {
        let staged = self.staged.as_ref()?.lock();
        Some(StagedCatalog {
            snapshot: self.snapshot(),
            base: Arc::clone(&staged.base),
            objects: staged.objects.clone(),
            schemas: staged.schemas.clone(),
            filled: staged.filled.clone(),
        })
    }

    /// Takes back what a transaction has changed since.
    pub fn roll_back_to(&self, mark: &StagedCatalog) {
        if let Some(staged) = &self.staged {
            let mut staged = staged.lock();
            let mut gone = staged.new_objects();
            gone.retain(|oid| !mark.objects.contains_key(oid));
            staged.base = Arc::clone(&mark.base);
            staged.objects.clone_from(&mark.objects);
            staged.schemas.clone_from(&mark.schemas);
            staged.filled.clone_from(&mark.filled);
            *self.current.write() = Arc::clone(&mark.snapshot);
            self.abandon_numbers(&gone);
        }
    }

    /// Takes back all that a transaction has changed.
    pub fn roll_back(&self) {
        if let Some(staged) = &self.staged {
            self.abandon_numbers(&staged.lock().new_objects());
        }
    }

    /// Forgets the numbers that were set aside for objects that never came to be. Where the disk fails
    /// they stay set aside, which harms nobody: no other object gets the number of these.
    fn abandon_numbers(&self, objects: &BTreeSet<Oid>) {
        if let Err(error) = self.sequences.abandon(&self.store, objects) {
            tracing::warn!("numbers of sequences that were rolled back stay behind: {error}");
        }
    }

    /// Whether a transaction has changed anything of it.
    pub fn has_changes(&self) -> bool {
        let staged = self.staged.as_ref();
        staged.is_some_and(|staged| !staged.lock().is_empty())
    }

    /// Notes that rows were made for a table as it is, in a transaction.
    pub fn fill(&self, table: &Arc<Object>) {
        if let Some(staged) = &self.staged {
            let mut staged = staged.lock();
            let as_is = || Arc::clone(table);
            staged.filled.entry(table.oid).or_insert_with(as_is);
        }
    }

    /// That the tables whose rows a transaction changes have the definitions that it saw.
    ///
    /// # Errors
    /// 40001 where one has another, or demands more of its rows; 42P01 where it was dropped.
    pub fn check_tables(&self, tables: &[ChangedTable]) -> Result<()> {
        let Some(staged) = &self.staged else {
            return Ok(());
        };
        let staged = staged.lock();
        let now = staged.shared.snapshot();
        staged.check_tables(&now, tables)
    }

    /// Makes the changes of a transaction durable and shows them, and with them that these entries of
    /// tables' logs are committed, which are to be published then.
    ///
    /// # Errors
    /// 40001 where another transaction has changed the same; those of the disk.
    pub fn commit_transaction(
        &self,
        transaction: &Self,
        tables: &[ChangedTable],
        entries: Vec<UnpublishedEntry>,
    ) -> Result<()> {
        let Some(staged) = &transaction.staged else {
            return Err(Error::internal("no transaction is to be committed"));
        };
        let _alone = self.writer.lock();
        self.reread()?;
        let staged = staged.lock();
        let now = self.snapshot();
        staged.check_tables(&now, tables)?;
        let mut merged = Transaction::new(&self.store, &now);
        staged.make(&transaction.snapshot(), &mut merged)?;
        merged.number_replaced(tables, &entries);
        merged.publish(entries);
        self.commit(merged)
    }

    /// Forgets entries that are published, all those of a commit.
    ///
    /// # Errors
    /// Those of the disk; then they are published again, which does nothing.
    pub fn finish_publication(&self, commit: u64) -> Result<()> {
        let _alone = self.writer.lock();
        self.store.forget_publication(commit)?;
        let mut next = Snapshot::clone(&self.snapshot());
        next.finish_publication(commit);
        self.show(next);
        Ok(())
    }
}

/// Whether rows that were made for a table as it was are rows of it as it is: it demands nothing of them
/// that it did not then. What is `NOT NULL` is part of the columns, which are compared apart.
fn demands_no_more(then: &Object, now: &Object) -> bool {
    let (Statement::CreateTable(before), Statement::CreateTable(after)) =
        (&then.definition, &now.definition)
    else {
        return true;
    };
    let demanded = |rule| before.constraints.iter().any(|it| it.rule == rule);
    let lengths = |table: &Object| -> Vec<_> {
        let fields = now.schema.fields().iter().map(|field| field.name());
        let limits = fields.map(|it| {
            let length = table.character_length(it).or_else(|| table.item_length(it));
            (length, table.moment_precision(it))
        });
        limits.collect()
    };
    let mut added = after.constraints.iter().map(|it| it.rule.clone());
    added.all(demanded) && before.options == after.options && lengths(then) == lengths(now)
}
