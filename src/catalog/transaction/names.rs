//! Names: which are free, and how an object takes another one.

use std::sync::Arc;

use super::Transaction;
use crate::catalog::name::{check_identifier, check_writable};
use crate::catalog::pg_catalog::renamed_parts;
use crate::catalog::{Kind, Object, Oid};
use crate::error::{Error, Result, SqlState};
use crate::sql::{QualifiedName, Statement, changed_rows};

impl Transaction<'_> {
    /// Gives an object another name, perhaps in another schema. What reads it reads it by that.
    ///
    /// # Errors
    /// 42P07 and 42710 for a name that is taken, 3F000 for a schema that does not exist, 42501 for one
    /// of the server's own; 40001 while its rows are being replaced.
    pub fn rename(&mut self, oid: Oid, new: &QualifiedName) -> Result<()> {
        check_identifier(&new.name)?;
        check_writable(&new.schema, || format!("create \"{new}\""))?;
        self.snapshot.resolve_schema(&new.schema)?;
        let old = self.existing(oid)?;
        if old.name == *new && new.schema == old.name.schema {
            let (sqlstate, what) = match old.kind {
                Kind::Type => (SqlState::DUPLICATE_OBJECT, "type"),
                _ => (SqlState::DUPLICATE_TABLE, "relation"),
            };
            let message = format!("{what} \"{}\" already exists", new.name);
            return Err(Error::new(sqlstate, message));
        }
        self.check_free(new, old.kind)?;
        self.take_name(&old, new)
    }

    /// Gives a function another name, perhaps in another schema. Nothing calls it by the one that it has, and
    /// what names it in literals follows.
    ///
    /// # Errors
    /// 42723 for a name that a function of the same arguments has, 3F000 for a schema that does not exist,
    /// 42501 for one of the server's own; 40001 while the rows of something that names it are being replaced.
    pub fn rename_function(&mut self, oid: Oid, schema: &str, name: &str) -> Result<()> {
        check_identifier(name)?;
        check_writable(schema, || format!("create \"{schema}.{name}\""))?;
        self.snapshot.resolve_schema(schema)?;
        let before = self.existing(oid)?;
        let mut object = Object::clone(&before);
        let Statement::CreateFunction(create) = &mut object.definition else {
            return Err(Error::internal("a function is not defined as one"));
        };
        let old = QualifiedName::new(&before.name.schema, &create.name.name);
        name.clone_into(&mut create.name.name);
        create.name.schema = Some(schema.to_owned());
        let new = QualifiedName::new(schema, create.signature());
        if self.snapshot.function(&new).is_some() {
            let message = format!(
                "function {} already exists in schema \"{schema}\"",
                new.name
            );
            return Err(Error::new(SqlState::DUPLICATE_FUNCTION, message));
        }
        object.created_as.get_or_insert_with(|| object.name.clone());
        object.name = new;
        self.put(object);
        let readers: Vec<Oid> = self.snapshot.dependent_oids(oid).collect();
        for reader in readers {
            self.check_unprepared(reader, &before.name)?;
            let mut object = Object::clone(&*self.existing(reader)?);
            let new = QualifiedName::new(schema, name);
            let signature = Some(before.name.name.as_str());
            object.definition.rename_in_literals(&old, &new, signature);
            self.put(object);
        }
        Ok(())
    }

    /// Gives a role another name.
    ///
    /// # Errors
    /// 42710 for a name that is taken.
    pub fn rename_role(&mut self, oid: Oid, new: &str) -> Result<()> {
        check_identifier(new)?;
        let name = QualifiedName::new("", new);
        self.check_free(&name, Kind::Role)?;
        let mut object = Object::clone(&*self.existing(oid)?);
        if let Statement::CreateRole(create) = &mut object.definition {
            new.clone_into(&mut create.name.name);
        }
        object.name = name;
        self.put(object);
        Ok(())
    }

    pub(super) fn take_name(&mut self, old: &Arc<Object>, new: &QualifiedName) -> Result<()> {
        let mut readers: Vec<Oid> = self.snapshot.dependent_oids(old.oid).collect();
        readers.extend(self.snapshot.bound_by_name(old));
        let moves = old.kind == Kind::Table && old.name.schema != new.schema;
        let owned = match moves {
            true => self.snapshot.sequences_of(old),
            false => Vec::new(),
        };
        for oid in readers.iter().chain([&old.oid]) {
            self.check_unprepared(*oid, &old.name)?;
        }
        let mut object = Object::clone(old);
        object.created_as.get_or_insert_with(|| old.name.clone());
        object.name = new.clone();
        if let Statement::CreateFunction(create) = &mut object.definition {
            create.name.schema = Some(new.schema.clone());
        } else if let Some(name) = object.definition.object_name_mut() {
            *name = new.clone().into();
        }
        // A function may name itself.
        if let Some((old, new)) = called(old, new) {
            object.definition.rename_calls(&old, &new);
        }
        let parts = match old.kind.is_relation() {
            true => renamed_parts(old, &object),
            false => Vec::new(),
        };
        self.put(object);
        for reader in readers {
            let mut object = Object::clone(&*self.existing(reader)?);
            match old.kind {
                Kind::Function => {
                    if let Some((old, new)) = called(old, new) {
                        object.definition.rename_calls(&old, &new);
                    }
                }
                Kind::Type => object.definition.rename_type(&old.name, new)?,
                _ => {
                    object.definition.rename_relation(&old.name, new)?;
                    object.definition.rename_type(&old.name, new)?;
                    for (old, new) in &parts {
                        object.definition.rename_relation(old, new)?;
                    }
                }
            }
            // A function is named by its types, too.
            if let Statement::CreateFunction(create) = &object.definition {
                object.name = QualifiedName::new(&object.name.schema, create.signature());
            }
            self.put(object);
        }
        // As in Postgres, the sequences of its columns go with a table to another schema.
        for oid in owned {
            let sequence = self.existing(oid)?;
            let name = QualifiedName::new(&new.schema, &sequence.name.name);
            self.check_free(&name, sequence.kind)?;
            self.take_name(&sequence, &name)?;
        }
        Ok(())
    }

    /// Has what names an index of a table in literals name it by its new name.
    ///
    /// # Errors
    /// 40001 while the rows of something that names it are being replaced.
    pub fn rename_index(&mut self, table: Oid, old: &str, new: &str) -> Result<()> {
        let schema = self.existing(table)?.name.schema.clone();
        let old = QualifiedName::new(&schema, old);
        let new = QualifiedName::new(&schema, new);
        // Then that is what they name.
        if self.snapshot.relation(&old).is_some() {
            return Ok(());
        }
        let readers: Vec<Oid> = self.snapshot.dependent_oids(table).collect();
        for reader in readers {
            let before = self.existing(reader)?;
            let mut object = Object::clone(&before);
            object.definition.rename_relation(&old, &new)?;
            if object.definition != before.definition {
                self.check_unprepared(reader, &old)?;
                self.put(object);
            }
        }
        Ok(())
    }

    /// That no replacement of an object, whose definition follows a name, waits for its rows.
    pub(super) fn check_unprepared(&self, oid: Oid, renamed: impl std::fmt::Display) -> Result<()> {
        if self.snapshot.prepared(oid).is_none() {
            return Ok(());
        }
        let what = self.existing(oid)?.described();
        Err(Error::new(
            SqlState::SERIALIZATION_FAILURE,
            format!("could not rename {renamed} while {what} is being replaced"),
        )
        .with_hint("Run the statement again."))
    }

    pub(super) fn check_free(&self, name: &QualifiedName, kind: Kind) -> Result<()> {
        if kind.is_relation() {
            changed_rows::refuse(&name.name)?;
        }
        // As in Postgres, rows of a relation are of a type of its name.
        if let Some(existing) = match kind {
            Kind::Type => {
                let relation = self.snapshot.relation(name);
                relation.or_else(|| self.snapshot.type_named(name))
            }
            kind if kind.is_relation() => self.snapshot.type_named(name),
            _ => None,
        } {
            let message = format!("type \"{}\" already exists", name.name);
            let error = Error::new(SqlState::DUPLICATE_OBJECT, message);
            return Err(match (kind, existing.kind) {
                (Kind::Type, Kind::Type) => error,
                (Kind::Type, _) => {
                    error.with_detail(format!("It is {}.", existing.kind.with_article()))
                }
                _ => error.with_hint(
                    "A relation has an associated type of the same name, so you must use a name \
                     that doesn't conflict with any existing type.",
                ),
            });
        }
        let (existing, sqlstate, what) = if kind.is_relation() {
            let existing = self.snapshot.relation(name);
            (existing, SqlState::DUPLICATE_TABLE, "relation")
        } else if kind == Kind::Role {
            let existing = self.snapshot.role(&name.name);
            (existing, SqlState::DUPLICATE_OBJECT, "role")
        } else if kind == Kind::Function {
            let existing = self.snapshot.function(name);
            (existing, SqlState::DUPLICATE_FUNCTION, "function")
        } else {
            let existing = self.snapshot.check(name);
            (existing, SqlState::DUPLICATE_OBJECT, "check")
        };
        let Some(existing) = existing else {
            return Ok(());
        };
        let message = format!("{what} \"{}\" already exists", name.name);
        let error = Error::new(sqlstate, message);
        Err(if existing.kind == kind {
            error
        } else {
            error.with_detail(format!("It is {}.", existing.kind.with_article()))
        })
    }
}

/// The name by which a function is called, and the one that it has in the schema of a new name.
pub(super) fn called(
    function: &Object,
    new: &QualifiedName,
) -> Option<(QualifiedName, QualifiedName)> {
    let Statement::CreateFunction(create) = &function.definition else {
        return None;
    };
    let name = &create.name.name;
    let old = QualifiedName::new(&function.name.schema, name);
    Some((old, QualifiedName::new(&new.schema, name)))
}
