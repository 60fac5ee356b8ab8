//! Foreign keys: which tables refer to which.
//!
//! A foreign key is a part of its table's definition, which names the other table. That is no reading of
//! it: tables may refer to themselves and to each other, rows of either come and go by themselves, and
//! what goes with a table that is dropped is the foreign key and not the table that has it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::transaction::{Transaction, being_replaced};
use super::{Kind, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::sql::constraint::Rule;
use crate::sql::create_table::CreateTable;
use crate::sql::foreign_key::ForeignKey;
use crate::sql::{QualifiedName, Statement};

/// A foreign key of a table.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The table that has it.
    pub table: Arc<Object>,
    /// Its name.
    pub name: String,
    /// What it demands.
    pub key: ForeignKey,
}

impl Reference {
    /// `constraint a on table b`, as messages name it.
    pub fn described(&self) -> String {
        let table = self.table.described();
        format!("constraint {} on {table}", self.name)
    }

    /// The table that it refers to.
    pub fn referenced(&self) -> QualifiedName {
        self.key.table.qualify(&self.table.name.schema)
    }

    /// Whether it is the same one, as it may be in another catalog.
    pub fn is(&self, other: &Self) -> bool {
        self.table.oid == other.table.oid && self.name == other.name
    }
}

/// The foreign keys that a definition has.
pub(super) fn targets(definition: &Statement) -> impl Iterator<Item = QualifiedName> + '_ {
    let create = match definition {
        Statement::CreateTable(create) => Some(create),
        _ => None,
    };
    create.into_iter().flat_map(|create| {
        let schema = create.name.schema.clone().unwrap_or_default();
        let keys = create.constraints.iter();
        keys.filter_map(move |it| Some(it.rule.foreign_key()?.table.qualify(&schema)))
    })
}

/// The foreign keys of a table.
pub fn references_of(object: &Arc<Object>) -> Vec<Reference> {
    let Statement::CreateTable(create) = &object.definition else {
        return Vec::new();
    };
    let constraints = create.constraints.iter();
    let keys = constraints.filter_map(|constraint| {
        Some(Reference {
            table: Arc::clone(object),
            name: constraint.name.clone(),
            key: constraint.rule.foreign_key()?.clone(),
        })
    });
    keys.collect()
}

impl Snapshot {
    /// The foreign keys that refer to a table, its own among them.
    pub fn references_to(&self, table: &QualifiedName) -> Vec<Reference> {
        let tables = self.referencing_oids(table);
        let tables = tables.filter_map(|oid| self.object(oid));
        let mut found: Vec<Reference> = tables.flat_map(references_of).collect();
        found.retain(|reference| reference.referenced() == *table);
        found
    }

    /// The foreign keys of other tables that refer to one of these.
    pub(super) fn references_into(&self, tables: &[Arc<Object>]) -> Vec<Reference> {
        let gone: BTreeSet<Oid> = tables.iter().map(|table| table.oid).collect();
        let tables = tables.iter().filter(|table| table.kind == Kind::Table);
        let found = tables.flat_map(|table| self.references_to(&table.name));
        found
            .filter(|reference| !gone.contains(&reference.table.oid))
            .collect()
    }

    /// That no other table refers to one whose rows go.
    ///
    /// # Errors
    /// 2BP01 where one does.
    pub fn check_unreferenced(&self, table: &Object) -> Result<()> {
        let mut references = self.references_to(&table.name).into_iter();
        let Some(reference) = references.find(|it| it.table.oid != table.oid) else {
            return Ok(());
        };
        let what = table.described();
        Err(Error::new(
            SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
            format!("cannot replace {what} because other objects depend on it"),
        )
        .with_detail(format!("{} depends on {what}", reference.described()))
        .with_hint("Drop the constraint first, or change the table with ALTER TABLE."))
    }

    /// Whether tables refer to this one that did not in `known`.
    pub(super) fn has_new_references(&self, table: &QualifiedName, known: &Self) -> bool {
        let known = known.references_to(table);
        let now = self.references_to(table);
        now.iter().any(|it| !known.iter().any(|then| then.is(it)))
    }

    /// That a table begins to refer to none that is being replaced: its rows may go.
    ///
    /// # Errors
    /// 40001 where it does.
    pub(super) fn check_new_references(
        &self,
        name: &QualifiedName,
        before: Option<&Arc<Object>>,
        definition: &Statement,
    ) -> Result<()> {
        let known = before.into_iter().flat_map(|it| targets(&it.definition));
        let known: BTreeSet<QualifiedName> = known.collect();
        for target in targets(definition) {
            let other = self.relation(&target).filter(|_| target != *name);
            if let Some(other) = other
                && !known.contains(&target)
                && self.prepared(other.oid).is_some()
            {
                return Err(being_replaced(&other.described()));
            }
        }
        Ok(())
    }

    /// That what a table refers to is there, with the key that tells its rows apart.
    ///
    /// # Errors
    /// 42P01 for a table, and 42830 for a key, that is not there.
    pub(super) fn check_references(&self, definition: &Statement) -> Result<()> {
        let Statement::CreateTable(create) = definition else {
            return Ok(());
        };
        let schema = create.name.schema.clone().unwrap_or_default();
        let own = create.name.qualify(&schema);
        for constraint in &create.constraints {
            let Some(key) = constraint.rule.foreign_key() else {
                continue;
            };
            let name = key.table.qualify(&schema);
            let other = self.relation(&name).map(|object| &object.definition);
            let other = match other {
                _ if name == own => create,
                Some(Statement::CreateTable(other)) => other,
                _ => {
                    let message = format!("relation \"{}\" does not exist", name.name);
                    return Err(Error::new(SqlState::UNDEFINED_TABLE, message));
                }
            };
            if !has_key(other, &key.referenced) {
                return Err(no_key(&name.name));
            }
            let object = self.relation(&name).filter(|_| name != own);
            if let Some(prepared) = object.and_then(|object| self.prepared(object.oid))
                && let Statement::CreateTable(then) = &prepared.new.definition
                && !has_key(then, &key.referenced)
            {
                return Err(no_key(&name.name));
            }
        }
        Ok(())
    }

    /// That a table keeps the keys that others refer to by another definition.
    ///
    /// # Errors
    /// 2BP01 for one that it would not have any more.
    pub(super) fn check_referred_to(&self, table: &Object, new: &Statement) -> Result<()> {
        let Statement::CreateTable(new) = new else {
            return Ok(());
        };
        for reference in self.references_to(&table.name) {
            if reference.table.oid != table.oid && !has_key(new, &reference.key.referenced) {
                let what = table.described();
                return Err(Error::new(
                    SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
                    format!("cannot change {what} because other objects depend on it"),
                )
                .with_detail(format!("{} depends on {what}", reference.described()))
                .with_hint("Drop the constraint first."));
            }
        }
        Ok(())
    }
}

/// Whether rows of a table are told apart by these columns.
pub fn has_key(table: &CreateTable, columns: &[String]) -> bool {
    let mut keys = table.constraints.iter();
    keys.any(|constraint| is_key_of(&constraint.rule, columns))
}

/// Whether a rule tells rows apart by these columns, in any order.
pub fn is_key_of(rule: &Rule, columns: &[String]) -> bool {
    match rule {
        Rule::Unique { columns: own, .. } => {
            own.len() == columns.len() && own.iter().all(|column| columns.contains(column))
        }
        Rule::Check(_) | Rule::ForeignKey(_) => false,
    }
}

/// The error of columns that tell no rows of a table apart.
pub fn no_key(table: &str) -> Error {
    Error::new(
        SqlState::INVALID_FOREIGN_KEY,
        format!(
            "there is no unique constraint matching given keys for referenced table \"{table}\""
        ),
    )
}

impl Transaction<'_> {
    /// Takes away the foreign keys of other tables that refer to these.
    pub(super) fn drop_references_to(&mut self, tables: &[Arc<Object>]) {
        for reference in self.snapshot().references_into(tables) {
            self.drop_constraint(reference.table.oid, &reference.name);
        }
    }

    /// Takes a constraint away from a table.
    pub fn drop_constraint(&mut self, table: Oid, name: &str) {
        let Some(object) = self.snapshot().object(table) else {
            return;
        };
        let mut object = Object::clone(object);
        without(&mut object.definition, name);
        if let Some(prepared) = self.snapshot().prepared(table).cloned() {
            let mut prepared = Arc::unwrap_or_clone(prepared);
            without(&mut prepared.new.definition, name);
            self.put_prepared(table, prepared);
        }
        self.put(object);
    }
}

fn without(definition: &mut Statement, constraint: &str) {
    if let Statement::CreateTable(create) = definition {
        create.constraints.retain(|it| it.name != constraint);
    }
}
