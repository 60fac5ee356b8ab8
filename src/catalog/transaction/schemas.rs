//! Schemas: made, renamed, dropped, and what is said of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Transaction;
use super::checks::{SCHEMAS, check_access, check_comment, too_many};
use super::names::called;
use crate::catalog::default_privileges::ANYWHERE;
use crate::catalog::name::{
    check_schema_name, check_writable, is_system_schema, is_temporary_schema, temporary_schema,
};
use crate::catalog::privilege::Access;
use crate::catalog::{Kind, Object, Oid, Schema};
use crate::error::{Error, Result, SqlState};
use crate::sql::{self, QualifiedName};

impl Transaction<'_> {
    /// Makes a schema; answers whether it is new.
    ///
    /// # Errors
    /// 42P06 where it exists and `if_not_exists` is not set, 42939 for a reserved name.
    pub fn create_schema(&mut self, name: &str, if_not_exists: bool) -> Result<bool> {
        let is_own = is_system_schema(name) && !name.starts_with("pg_");
        if is_own || self.snapshot.schema(name).is_some() {
            if if_not_exists {
                return Ok(false);
            }
            return Err(Error::new(
                SqlState::DUPLICATE_SCHEMA,
                format!("schema \"{name}\" already exists"),
            ));
        }
        check_schema_name(name)?;
        if self.snapshot.schemas.len() >= SCHEMAS {
            return Err(too_many("schemas", SCHEMAS));
        }
        let schema = Schema {
            oid: self.store.next_oid()?,
            name: name.to_owned(),
            comment: None,
            access: Access::default(),
            default_privileges: Vec::new(),
        };
        self.put_schema(schema);
        Ok(true)
    }

    /// Makes the schema of a session's temporary tables, unless it is there.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn create_temporary_schema(&mut self, process: i32) -> Result<String> {
        let name = temporary_schema(process);
        if self.snapshot.schema(&name).is_none() {
            let schema = Schema {
                oid: self.store.next_oid()?,
                name: name.clone(),
                comment: None,
                access: Access::default(),
                default_privileges: Vec::new(),
            };
            self.put_schema(schema);
        }
        Ok(name)
    }

    /// Sets the comment on the database; `None` takes it away, that of a new one too.
    ///
    /// # Errors
    /// 54000 where it is too long.
    pub fn set_database_comment(&mut self, comment: Option<String>) -> Result<()> {
        check_comment(comment.as_deref())?;
        let known = self.snapshot.stored_schema(ANYWHERE);
        let mut changed = known.map_or_else(Schema::anywhere, |it| Schema::clone(it));
        changed.comment = Some(comment.unwrap_or_default());
        self.put_schema(changed);
        Ok(())
    }

    /// Gives a schema another name, and with it all that is in it.
    ///
    /// # Errors
    /// 3F000 where it does not exist, 42P06 where the name is taken, 42501 and 42939 for the server's
    /// own.
    pub fn rename_schema(&mut self, old: &str, new: &str) -> Result<()> {
        check_writable(old, || format!("rename schema \"{old}\""))?;
        let schema = self.snapshot.resolve_schema(old)?;
        if is_system_schema(new) && !new.starts_with("pg_") || self.snapshot.schema(new).is_some() {
            return Err(Error::new(
                SqlState::DUPLICATE_SCHEMA,
                format!("schema \"{new}\" already exists"),
            ));
        }
        check_schema_name(new)?;
        self.put_schema(Schema {
            name: new.to_owned(),
            ..Schema::clone(&schema)
        });
        let relations = self.snapshot.relations_in(old);
        let within: Vec<_> = relations
            .chain(self.snapshot.checks_in(old))
            .chain(self.snapshot.functions_in(old))
            .chain(self.snapshot.types_in(old))
            .cloned()
            .collect();
        let functions: Vec<_> = self.snapshot.functions_in(old).cloned().collect();
        for object in within {
            // What reads it may have been renamed before.
            let object = self.existing(object.oid)?;
            self.take_name(&object, &QualifiedName::new(new, &object.name.name))?;
        }
        self.rename_default_calls(&functions, new);
        self.rename_in_literals(old, new)?;
        self.snapshot.schemas.remove(old);
        self.changed_schemas.insert(old.to_owned());
        Ok(())
    }

    /// Has definitions that name a schema in literals name it by its new name.
    fn rename_in_literals(&mut self, old: &str, new: &str) -> Result<()> {
        for oid in self.naming_schema(old) {
            self.check_unprepared(oid, sql::name::Quoted(old))?;
            let mut object = Object::clone(&*self.existing(oid)?);
            object.definition.rename_schema_in_literals(old, new);
            self.put(object);
        }
        Ok(())
    }

    /// The objects whose definitions name a schema in literals.
    fn naming_schema(&self, schema: &str) -> Vec<Oid> {
        // What names one that is gone with its session is read by nobody else.
        if is_temporary_schema(schema) {
            return Vec::new();
        }
        let objects = self.snapshot.objects();
        let naming = objects.filter(|object| object.definition.names_schema(schema));
        naming.map(|object| object.oid).collect()
    }

    /// Has the defaults of columns, which do not stand on functions, call them in the schema of another name.
    fn rename_default_calls(&mut self, functions: &[Arc<Object>], schema: &str) {
        let tables = self.snapshot.objects().filter(|it| it.kind == Kind::Table);
        for table in tables.cloned().collect::<Vec<_>>() {
            let mut object = Object::clone(&table);
            for function in functions {
                let new = QualifiedName::new(schema, &function.name.name);
                if let Some((old, new)) = called(function, &new) {
                    object.definition.rename_calls(&old, &new);
                }
            }
            if object.definition != table.definition {
                self.put(object);
            }
        }
    }

    /// Drops a schema, and with `cascade` all in it and all that stands on that; answers the
    /// objects dropped, each before what it read.
    ///
    /// # Errors
    /// 3F000 where it does not exist, 2BP01 where something is in it or a definition names it, 42501 for the
    /// server's own.
    pub fn drop_schema(&mut self, name: &str, cascade: bool) -> Result<Vec<Arc<Object>>> {
        check_writable(name, || format!("drop schema \"{name}\""))?;
        self.snapshot.resolve_schema(name)?;
        let roots: BTreeSet<Oid> = self
            .snapshot
            .relations_in(name)
            .chain(self.snapshot.checks_in(name))
            .chain(self.snapshot.functions_in(name))
            .chain(self.snapshot.types_in(name))
            .map(|object| object.oid)
            .chain(self.naming_schema(name))
            .collect();
        let order = self.snapshot.drop_order(roots.iter().copied());
        if !cascade && !order.is_empty() {
            let schema = format!("schema {}", sql::name::Quoted(name));
            let within =
                |object: &Object| Some(format!("{} depends on {schema}", object.described()));
            return Err(self.snapshot.still_needed(&schema, &roots, &order, within));
        }
        self.check_types_unused(&order)?;
        self.take_all(&order);
        self.snapshot.schemas.remove(name);
        self.changed_schemas.insert(name.to_owned());
        Ok(order)
    }

    /// Sets who owns a schema, and who else may do what with it.
    ///
    /// # Errors
    /// 3F000 where it does not exist; 54000 for too many grants.
    pub fn set_schema_access(&mut self, name: &str, access: Access) -> Result<()> {
        check_access(&access)?;
        let mut schema = Schema::clone(&*self.snapshot.resolve_schema(name)?);
        schema.access = access;
        self.put_schema(schema);
        Ok(())
    }

    /// Sets the comment on a schema; `None` takes it away.
    ///
    /// # Errors
    /// 3F000 where it does not exist, 54000 where the comment is too long.
    pub fn set_schema_comment(&mut self, name: &str, comment: Option<String>) -> Result<()> {
        check_writable(name, || format!("comment on schema \"{name}\""))?;
        check_comment(comment.as_deref())?;
        let mut schema = Schema::clone(&*self.snapshot.resolve_schema(name)?);
        schema.comment = comment;
        self.put_schema(schema);
        Ok(())
    }

    /// Puts a schema as another transaction has it, or takes it out.
    pub(in crate::catalog) fn set_schema(&mut self, name: &str, schema: Option<Arc<Schema>>) {
        self.changed_schemas.insert(name.to_owned());
        match schema {
            Some(schema) => self.snapshot.schemas.insert(name.to_owned(), schema),
            None => self.snapshot.schemas.remove(name),
        };
    }

    pub(super) fn put_schema(&mut self, schema: Schema) {
        self.changed_schemas.insert(schema.name.clone());
        self.snapshot
            .schemas
            .insert(schema.name.clone(), Arc::new(schema));
    }
}
