//! Whether who asks may make objects, and change and drop those that are theirs.

use std::sync::Arc;

use super::{Checker, denied, kind_word, not_owner};
use crate::catalog::Object;
use crate::catalog::privilege::Privilege;
use crate::error::Result;
use crate::sql::alter::{Action, Alter};
use crate::sql::constraint::Rule;
use crate::sql::drop::{Drop, DropKind};
use crate::sql::drop_function::FunctionName;
use crate::sql::name::ObjectName;
use crate::sql::{QualifiedName, Statement};

impl Checker<'_> {
    /// That functions of these names are of who asks.
    pub(super) fn own_functions(&self, functions: &[FunctionName]) -> Result<()> {
        let named = |object: &&Arc<Object>| {
            let Statement::CreateFunction(create) = &object.definition else {
                return false;
            };
            functions.iter().any(|it| it.name.name == create.name.name)
        };
        let mut found = self.snapshot.objects().filter(named);
        match found.all(|function| self.rights.owns(&function.access)) {
            true => Ok(()),
            false => {
                let names: Vec<String> = functions.iter().map(ToString::to_string).collect();
                Err(not_owner("function", &names.join(", ")))
            }
        }
    }

    /// That an object may be made in its schema.
    pub(super) fn create(&self, name: &ObjectName, is_temporary: bool) -> Result<()> {
        if is_temporary {
            return Ok(());
        }
        match self.schema_of(name) {
            Some(schema) if !self.rights.has_on_schema(schema, Privilege::Create) => {
                Err(denied("schema", schema))
            }
            _ => Ok(()),
        }
    }

    /// That what `OR REPLACE` may replace is of who asks.
    pub(super) fn replace(&self, name: &ObjectName, or_replace: bool) -> Result<()> {
        let known = self
            .schema_of(name)
            .filter(|_| or_replace)
            .and_then(|schema| {
                let full = QualifiedName::new(schema, &name.name);
                self.snapshot.relation(&full)
            });
        match known {
            Some(object) => self.own_object(object),
            None => Ok(()),
        }
    }

    /// The schema in which something of this name is made.
    pub(super) fn schema_of<'b>(&'b self, name: &'b ObjectName) -> Option<&'b String> {
        let mut path = self.path.iter();
        let exists = |schema: &&String| self.snapshot.schema(schema).is_some();
        name.schema.as_ref().or_else(|| path.find(exists))
    }

    /// That an object is of who asks.
    pub(super) fn own(&self, name: &ObjectName) -> Result<()> {
        match self.object(name) {
            Some(object) => self.own_object(&object),
            None => Ok(()),
        }
    }

    pub(super) fn own_type(&self, name: &ObjectName) -> Result<()> {
        match self.snapshot.resolve_type(name, self.path) {
            Ok(object) => self.own_object(&object),
            Err(_) => Ok(()),
        }
    }

    pub(super) fn own_object(&self, object: &Object) -> Result<()> {
        match self.rights.owns(&object.access) {
            true => Ok(()),
            false => Err(not_owner(kind_word(object.kind), &object.name.name)),
        }
    }

    pub(super) fn own_schema(&self, name: &str) -> Result<()> {
        match self.snapshot.schema(name) {
            Some(schema) if !self.rights.owns(&schema.access()) => Err(not_owner("schema", name)),
            _ => Ok(()),
        }
    }

    pub(super) fn alter(&self, alter: &Alter) -> Result<()> {
        if alter.kind == DropKind::Schema {
            return self.own_schema(&alter.name.name);
        }
        let object = match alter.kind {
            DropKind::Type | DropKind::Domain => {
                self.snapshot.resolve_type(&alter.name, self.path).ok()
            }
            _ => self.object(&alter.name),
        };
        match object {
            Some(object) => self.own_object(&object)?,
            None => return Ok(()),
        }
        let mut actions = alter.actions.iter();
        actions.try_for_each(|action| self.use_types_of(action))?;
        alter.actions.iter().try_for_each(|action| match action {
            Action::SetSchema(schema) => self.create_in(schema),
            // Rows that are there get such values.
            Action::AddColumn {
                column,
                constraints,
                ..
            } => {
                self.refer(constraints.iter().map(|it| &it.rule))?;
                self.relations(column.as_ref(), None)
            }
            Action::AddConstraint(declared) => self.refer(std::iter::once(&declared.rule)),
            Action::SetType { using, .. } => self.relations(using, None),
            _ => Ok(()),
        })
    }

    /// What goes to another schema needs the right to make something there.
    pub(super) fn create_in(&self, schema: &str) -> Result<()> {
        match self.rights.has_on_schema(schema, Privilege::Create) {
            true => Ok(()),
            false => Err(denied("schema", schema)),
        }
    }

    /// To refer to a table is a right of its own.
    pub(super) fn refer<'r>(&self, mut rules: impl Iterator<Item = &'r Rule>) -> Result<()> {
        rules.try_for_each(|rule| match rule.foreign_key() {
            Some(key) => self.change(&key.table, Privilege::References, &key.referenced),
            None => Ok(()),
        })
    }

    pub(super) fn drop(&self, drop: &Drop) -> Result<()> {
        drop.names.iter().try_for_each(|name| match drop.kind {
            DropKind::Schema => self.own_schema(&name.name),
            DropKind::Index => {
                let tables = self.snapshot.objects().filter(|object| {
                    let mut indexes = object.indexes.iter();
                    indexes.any(|index| index.name.as_ref() == Some(&name.name))
                });
                tables
                    .filter(|table| !self.rights.owns(&table.access))
                    .try_for_each(|_| Err(not_owner("index", &name.name)))
            }
            DropKind::Check => {
                let check = self.snapshot.resolve_check(name, self.path);
                check.map_or(Ok(()), |check| self.own_object(&check))
            }
            DropKind::Type | DropKind::Domain => self.own_type(name),
            // The owner of a schema may drop what is in it.
            _ => match self.object(name) {
                Some(object) => self
                    .own_object(&object)
                    .or_else(|error| self.own_schema(&object.name.schema).map_err(|_| error)),
                None => Ok(()),
            },
        })
    }
}
