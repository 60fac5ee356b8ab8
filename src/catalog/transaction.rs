//! A change of the catalog in the making.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::name::{check_identifier, check_schema_name, check_writable, is_system_schema};
use super::store::{Changes, Store};
use super::{Kind, Object, Oid, PreparedReplacement, Schema, Snapshot, time};
use crate::error::{Error, Result, SqlState, nearest};
use crate::sql::{self, QualifiedName, Statement};

/// How many objects one catalog holds.
const OBJECTS: usize = 100_000;
/// How many schemas one catalog holds.
const SCHEMAS: usize = 10_000;
/// How many columns a relation has.
const COLUMNS: usize = 4_096;
/// How long a definition is, in bytes.
const DEFINITION_BYTES: usize = 1 << 20;
/// How long a comment is, in bytes.
const COMMENT_BYTES: usize = 64 << 10;

/// An object to be created, or to take the place of one.
#[derive(Clone, Debug)]
pub struct NewObject {
    /// A number from [`super::Catalog::reserve_oid`]; `None` takes the next.
    pub oid: Option<Oid>,
    /// Its name.
    pub name: QualifiedName,
    /// The `CREATE` statement, with names in full.
    pub definition: Statement,
    /// Its columns; empty for a check.
    pub schema: SchemaRef,
    /// The objects that its definition reads.
    pub depends_on: BTreeSet<Oid>,
    /// Its comment.
    pub comment: Option<String>,
    /// Comments on columns.
    pub column_comments: BTreeMap<String, String>,
    /// Whether, on replacing, comments stay that are not given here.
    pub keeps_comments: bool,
    /// The file of the project folder that it comes from.
    pub project_file: Option<String>,
}

/// A change of the catalog in the making: it sees its own work, and nobody else does until
/// [`super::Catalog::write`] returns.
#[derive(Debug)]
pub struct Transaction<'a> {
    store: &'a Store,
    snapshot: Snapshot,
    changed_objects: BTreeSet<Oid>,
    changed_schemas: BTreeSet<String>,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(store: &'a Store, snapshot: &Snapshot) -> Self {
        Self {
            store,
            snapshot: snapshot.clone(),
            changed_objects: BTreeSet::new(),
            changed_schemas: BTreeSet::new(),
        }
    }

    /// The catalog as this transaction sees it.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

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
        };
        self.put_schema(schema);
        Ok(true)
    }

    /// Drops a schema, and with `cascade` all in it and all that stands on that; answers the
    /// objects dropped, each before what it read.
    ///
    /// # Errors
    /// 3F000 where it does not exist, 2BP01 where something is in it, 42501 for the server's own.
    pub fn drop_schema(&mut self, name: &str, cascade: bool) -> Result<Vec<Arc<Object>>> {
        check_writable(name, || format!("drop schema \"{name}\""))?;
        self.snapshot.resolve_schema(name)?;
        let roots: BTreeSet<Oid> = self
            .snapshot
            .relations_in(name)
            .chain(self.snapshot.checks_in(name))
            .map(|object| object.oid)
            .collect();
        let order = self.snapshot.drop_order(roots.iter().copied());
        if !cascade && !order.is_empty() {
            let schema = format!("schema {}", sql::name::Quoted(name));
            let within =
                |object: &Object| Some(format!("{} depends on {schema}", object.described()));
            return Err(self.snapshot.still_needed(&schema, &roots, &order, within));
        }
        self.take_all(&order);
        self.snapshot.schemas.remove(name);
        self.changed_schemas.insert(name.to_owned());
        Ok(order)
    }

    /// Creates an object and answers its number.
    ///
    /// # Errors
    /// 42P07 where a relation of that name exists, 42710 for a check, 3F000 where the schema does
    /// not exist, 42501 for a schema of the server's own.
    pub fn create(&mut self, new: NewObject) -> Result<Oid> {
        let name = new.name.clone();
        check_identifier(&name.name)?;
        check_writable(&name.schema, || format!("create \"{name}\""))?;
        self.snapshot.resolve_schema(&name.schema)?;
        if self.snapshot.len() >= OBJECTS {
            return Err(too_many("objects", OBJECTS));
        }
        let (kind, definition) = self.check_new(&new)?;
        let (existing, sqlstate, what) = if kind.is_relation() {
            let existing = self.snapshot.relation(&name);
            (existing, SqlState::DUPLICATE_TABLE, "relation")
        } else {
            let existing = self.snapshot.check(&name);
            (existing, SqlState::DUPLICATE_OBJECT, "check")
        };
        if let Some(existing) = existing {
            let error = Error::new(sqlstate, format!("{what} \"{name}\" already exists"));
            return Err(if existing.kind == kind {
                error
            } else {
                error.with_detail(format!("It is {}.", existing.kind.with_article()))
            });
        }
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
            project_file: new.project_file,
            replaced_in: None,
            suspended: false,
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
        if old.name != new.name || !kind.is_relation() || !old.kind.is_relation() {
            let message = format!("{} cannot replace {}", new.name, old.described());
            return Err(Error::internal(message));
        }
        self.snapshot.check_acyclic(&old, &new.depends_on)?;
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

    /// Gives a view the columns that its query has now.
    ///
    /// # Errors
    /// Where another session dropped it.
    pub fn set_columns(&mut self, oid: Oid, schema: SchemaRef) -> Result<()> {
        let object = self.existing(oid)?.with_columns(schema);
        self.put(object);
        Ok(())
    }

    pub(super) fn check_replacement(
        &self,
        oid: Oid,
        new: &NewObject,
    ) -> Result<(Arc<Object>, Kind, Statement)> {
        let old = self.existing(oid)?;
        let (kind, definition) = self.check_new(new)?;
        if old.kind != kind {
            let message = format!("\"{}\" is not {}", old.name, kind.with_article());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message)
                .with_detail(format!("It is {}.", old.kind.with_article()))
                .with_hint("Drop it first."));
        }
        if old.name != new.name {
            let message = format!("{} cannot replace {}", new.name, old.described());
            return Err(Error::internal(message));
        }
        self.snapshot.check_acyclic(&old, &new.depends_on)?;
        Ok((old, kind, definition))
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
        if !cascade && order.len() > roots.len() {
            let what = named.join(", ");
            return Err(self.snapshot.still_needed(&what, &roots, &order, |_| None));
        }
        self.take_all(&order);
        Ok(order)
    }

    /// Sets the comment on an object; `None` takes it away.
    ///
    /// # Errors
    /// 54000 where it is too long.
    pub fn set_comment(&mut self, oid: Oid, comment: Option<String>) -> Result<()> {
        check_length(
            "comment",
            comment.as_deref().unwrap_or_default(),
            COMMENT_BYTES,
        )?;
        let mut object = Object::clone(&*self.existing(oid)?);
        object.comment = comment;
        self.put(object);
        Ok(())
    }

    /// Sets whether the scheduler leaves an object alone.
    ///
    /// # Errors
    /// None for an object that exists.
    pub fn set_suspended(&mut self, oid: Oid, suspended: bool) -> Result<()> {
        let mut object = Object::clone(&*self.existing(oid)?);
        object.suspended = suspended;
        self.put(object);
        Ok(())
    }

    /// Sets the comment on a schema; `None` takes it away.
    ///
    /// # Errors
    /// 3F000 where it does not exist, 54000 where the comment is too long.
    pub fn set_schema_comment(&mut self, name: &str, comment: Option<String>) -> Result<()> {
        check_writable(name, || format!("comment on schema \"{name}\""))?;
        check_length(
            "comment",
            comment.as_deref().unwrap_or_default(),
            COMMENT_BYTES,
        )?;
        let mut schema = Schema::clone(&*self.snapshot.resolve_schema(name)?);
        schema.comment = comment;
        self.put_schema(schema);
        Ok(())
    }

    /// Sets the comment on a column; `None` takes it away.
    ///
    /// # Errors
    /// 42703 where there is no such column, 54000 where the comment is too long.
    pub fn set_column_comment(
        &mut self,
        oid: Oid,
        column: &str,
        comment: Option<String>,
    ) -> Result<()> {
        check_length(
            "comment",
            comment.as_deref().unwrap_or_default(),
            COMMENT_BYTES,
        )?;
        let mut object = Object::clone(&*self.existing(oid)?);
        check_column(&object.name, &object.schema, column)?;
        match comment {
            Some(comment) => object.column_comments.insert(column.to_owned(), comment),
            None => object.column_comments.remove(column),
        };
        self.put(object);
        Ok(())
    }

    /// Writes the changes; answers the snapshot to show, or `None` where nothing changed.
    pub(super) fn commit(self) -> Result<Option<Snapshot>> {
        if self.changed_objects.is_empty() && self.changed_schemas.is_empty() {
            return Ok(None);
        }
        let (next, saved) = self.save();
        saved.map(|()| Some(next))
    }

    /// Writes the changes; answers the snapshot that has them, and whether they are on disk.
    pub(super) fn save(mut self) -> (Snapshot, Result<()>) {
        self.snapshot.generation += 1;
        let saved = self.store.save(&Changes {
            snapshot: &self.snapshot,
            objects: &self.changed_objects,
            schemas: &self.changed_schemas,
        });
        (self.snapshot, saved)
    }

    /// What must hold of an object whether it is new or replaces one; answers its kind, and the
    /// definition as the catalog will read it back.
    fn check_new(&self, new: &NewObject) -> Result<(Kind, Statement)> {
        let text = new.definition.to_string();
        check_length("definition", &text, DEFINITION_BYTES)?;
        check_length(
            "comment",
            new.comment.as_deref().unwrap_or_default(),
            COMMENT_BYTES,
        )?;
        // What a restart would read is what is kept now: the two can never differ.
        let definition = sql::parse_one(&text)
            .map_err(|error| Error::internal(format!("cannot read back {text:?}: {error}")))?;
        let Some(kind) = Kind::of(&definition) else {
            return Err(Error::internal(format!("{text:?} creates no object")));
        };
        if new.schema.fields().len() > COLUMNS {
            return Err(too_many("columns", COLUMNS).within(&new.name));
        }
        let mut columns = BTreeSet::new();
        for field in new.schema.fields() {
            if !columns.insert(field.name()) {
                let message = format!("column \"{}\" specified more than once", field.name());
                return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
            }
        }
        for (column, comment) in &new.column_comments {
            check_column(&new.name, &new.schema, column)?;
            check_length("comment", comment, COMMENT_BYTES)?;
        }
        for read in &new.depends_on {
            let found = self.existing(*read)?;
            if !found.kind.is_relation() {
                return Err(Error::internal(format!(
                    "{} cannot read {}",
                    new.name,
                    found.described()
                )));
            }
        }
        Ok((kind, definition))
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

    fn put_schema(&mut self, schema: Schema) {
        self.changed_schemas.insert(schema.name.clone());
        self.snapshot
            .schemas
            .insert(schema.name.clone(), Arc::new(schema));
    }

    fn take_all(&mut self, objects: &[Arc<Object>]) {
        for object in objects {
            self.changed_objects.insert(object.oid);
            self.snapshot.take(object.oid);
        }
    }
}

fn repoint(reads: &mut BTreeSet<Oid>, from: Oid, to: Oid) {
    if reads.remove(&from) {
        reads.insert(to);
    }
}

fn check_column(relation: &QualifiedName, schema: &SchemaRef, column: &str) -> Result<()> {
    if schema.column_with_name(column).is_some() {
        return Ok(());
    }
    let error = Error::new(
        SqlState::UNDEFINED_COLUMN,
        format!("column \"{column}\" of relation \"{relation}\" does not exist"),
    );
    let columns = schema.fields().iter().map(|field| field.name().as_str());
    Err(match nearest(column, columns) {
        Some(near) => error.with_hint(format!("Perhaps you meant the column \"{near}\".")),
        None => error,
    })
}

fn check_length(what: &str, text: &str, limit: usize) -> Result<()> {
    if text.len() <= limit {
        return Ok(());
    }
    Err(Error::new(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("{what} of {} bytes is too long", text.len()),
    )
    .with_detail(format!("The limit is {limit} bytes.")))
}

fn too_many(what: &str, limit: usize) -> Error {
    Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, format!("too many {what}"))
        .with_detail(format!("The limit is {limit}."))
}
