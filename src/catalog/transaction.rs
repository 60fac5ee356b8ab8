//! A change of the catalog in the making.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::name::{
    check_identifier, check_schema_name, check_writable, is_system_schema, temporary_schema,
};
use super::privilege::Access;
use super::staged::Staged;
use super::store::{Changes, Store};
use super::{Kind, Object, Oid, PreparedReplacement, Schema, Snapshot, time};
use crate::error::{Error, Result, SqlState, nearest};
use crate::sql::create_index::CreateIndex;
use crate::sql::{self, QualifiedName, Statement};
use crate::warehouse::{ChangedTable, UnpublishedEntry};

/// How many objects one catalog holds.
const OBJECTS: usize = 100_000;
/// How many schemas one catalog holds.
const SCHEMAS: usize = 10_000;
/// How many columns a relation has.
const COLUMNS: usize = 4_096;
/// How long a definition is, in bytes.
const DEFINITION_BYTES: usize = 1 << 20;
/// How many indexes that are no constraints a relation has: their numbers are among those of its parts.
const INDEXES: usize = 512;
/// How many grants one object has.
const GRANTS: usize = 10_000;
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
    /// What the numbers of identity columns are kept under, as [`Object::sequences`].
    pub sequences: BTreeMap<String, String>,
    /// Its indexes that are no constraints; none means, on replacing, those that there were.
    pub indexes: Vec<CreateIndex>,
    /// Whether, on replacing, comments stay that are not given here.
    pub keeps_comments: bool,
    /// The file of the project folder that it comes from.
    pub project_file: Option<String>,
    /// The role that makes it; what takes the place of another one keeps the owner.
    pub owner: Option<Oid>,
}

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
            };
            self.put_schema(schema);
        }
        Ok(name)
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
            .chain(self.snapshot.functions_in(name))
            .chain(self.snapshot.types_in(name))
            .map(|object| object.oid)
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
        if self.snapshot.len() >= OBJECTS {
            return Err(too_many("objects", OBJECTS));
        }
        self.check_free(&name, kind)?;
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
            sequences: new.sequences,
            indexes: new.indexes,
            project_file: new.project_file,
            created_as: None,
            replaced_in: None,
            suspended: false,
            is_emptied: false,
            access: new.owner.map(Access::owned_by).unwrap_or_default(),
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

    fn take_name(&mut self, old: &Arc<Object>, new: &QualifiedName) -> Result<()> {
        let mut readers: Vec<Oid> = self.snapshot.dependent_oids(old.oid).collect();
        readers.extend(self.snapshot.bound_by_name(old));
        let moves = old.kind == Kind::Table && old.name.schema != new.schema;
        let owned = match moves {
            true => self.snapshot.sequences_of(old),
            false => Vec::new(),
        };
        for oid in readers.iter().chain([&old.oid]) {
            if self.snapshot.prepared(*oid).is_some() {
                let what = self.existing(*oid)?.described();
                return Err(Error::new(
                    SqlState::SERIALIZATION_FAILURE,
                    format!(
                        "could not rename {} while {what} is being replaced",
                        old.name
                    ),
                )
                .with_hint("Run the statement again."));
            }
        }
        let mut object = Object::clone(old);
        object.created_as.get_or_insert_with(|| old.name.clone());
        object.name = new.clone();
        if let Statement::CreateFunction(create) = &mut object.definition {
            create.name.schema = Some(new.schema.clone());
        } else if let Some(name) = object.definition.object_name_mut() {
            *name = new.clone().into();
        }
        self.put(object);
        for reader in readers {
            let mut object = Object::clone(&*self.existing(reader)?);
            match old.kind {
                Kind::Type => object.definition.rename_type(&old.name, new)?,
                _ => object.definition.rename_relation(&old.name, new)?,
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

    /// Gives an object that reads others a definition that says the same in other words.
    ///
    /// # Errors
    /// Where another session dropped it; 40001 while its rows are being replaced.
    pub fn reword(&mut self, oid: Oid, definition: Statement) -> Result<()> {
        let mut object = Object::clone(&*self.existing(oid)?);
        if self.snapshot.prepared(oid).is_some() {
            return Err(being_replaced(&object.described()));
        }
        object.definition = definition;
        self.put(object);
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
        for object in within {
            // What reads it may have been renamed before.
            let object = self.existing(object.oid)?;
            self.take_name(&object, &QualifiedName::new(new, &object.name.name))?;
        }
        self.snapshot.schemas.remove(old);
        self.changed_schemas.insert(old.to_owned());
        Ok(())
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
            return Err(renamed(&old, new));
        }
        self.snapshot.check_acyclic(&old, &new.depends_on)?;
        self.snapshot.check_referred_to(&old, &definition)?;
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

    /// Sets who owns an object, and who else may do what with it.
    ///
    /// # Errors
    /// 54000 for too many grants.
    pub fn set_access(&mut self, oid: Oid, access: Access) -> Result<()> {
        check_access(&access)?;
        let mut object = Object::clone(&*self.existing(oid)?);
        object.access = access;
        self.put(object);
        Ok(())
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

    /// Sets whether the rows of an object were taken from it.
    ///
    /// # Errors
    /// None for an object that exists.
    pub fn set_emptied(&mut self, oid: Oid, is_emptied: bool) -> Result<()> {
        let mut object = Object::clone(&*self.existing(oid)?);
        object.is_emptied = is_emptied;
        self.put(object);
        Ok(())
    }

    /// Sets the indexes of an object that are no constraints.
    ///
    /// # Errors
    /// 54000 where there are too many.
    pub fn set_indexes(&mut self, oid: Oid, indexes: Vec<CreateIndex>) -> Result<()> {
        if indexes.len() > INDEXES {
            return Err(too_many("indexes", INDEXES));
        }
        for index in &indexes {
            check_length("definition", &index.to_string(), DEFINITION_BYTES)?;
        }
        let mut object = Object::clone(&*self.existing(oid)?);
        object.indexes = indexes;
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
    pub(super) fn save(mut self) -> (Snapshot, Result<()>) {
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
        self.snapshot.check_references(&definition)?;
        let before = self.snapshot.relation(&new.name);
        self.snapshot
            .check_new_references(&new.name, before, &definition)?;
        for read in &new.depends_on {
            let found = self.existing(*read)?;
            if !found.kind.is_relation() && !matches!(found.kind, Kind::Function | Kind::Type) {
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

    /// The catalog that the changes make, without writing it.
    pub(super) fn into_snapshot(self) -> Snapshot {
        self.snapshot
    }

    /// [`Self::into_snapshot`], and notes what it changes.
    pub(super) fn stage(self, staged: &mut Staged) -> Snapshot {
        staged.note(&self.changed_objects, &self.changed_schemas);
        self.snapshot
    }

    /// Has these entries of tables' logs committed too.
    pub(super) fn publish(&mut self, entries: Vec<UnpublishedEntry>) {
        self.entries = entries;
    }

    /// Puts a schema as another transaction has it, or takes it out.
    pub(super) fn set_schema(&mut self, name: &str, schema: Option<Arc<Schema>>) {
        self.changed_schemas.insert(name.to_owned());
        match schema {
            Some(schema) => self.snapshot.schemas.insert(name.to_owned(), schema),
            None => self.snapshot.schemas.remove(name),
        };
    }

    /// Takes an object out, if it is there.
    pub(super) fn take_object(&mut self, oid: Oid) -> Option<Arc<Object>> {
        self.changed_objects.insert(oid);
        self.snapshot.take(oid)
    }

    /// Puts an object in as another transaction has it.
    ///
    /// # Errors
    /// 42P07 and 42710 for a name that is taken; 3F000 where its schema, and 40001 where what it
    /// reads, was dropped.
    pub(super) fn put_object(&mut self, object: &Arc<Object>) -> Result<()> {
        if object.kind != Kind::Role {
            self.snapshot.resolve_schema(&object.name.schema)?;
        }
        if self.snapshot.len() >= OBJECTS {
            return Err(too_many("objects", OBJECTS));
        }
        self.check_free(&object.name, object.kind)?;
        self.changed_objects.insert(object.oid);
        self.snapshot.put(Arc::clone(object));
        Ok(())
    }

    /// Versions of tables in which objects were replaced are those that the entries make.
    pub(super) fn number_replaced(
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

    fn check_free(&self, name: &QualifiedName, kind: Kind) -> Result<()> {
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

fn check_access(access: &Access) -> Result<()> {
    match access.granted().len() > GRANTS {
        true => Err(too_many("grants", GRANTS)),
        false => Ok(()),
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

/// An object that was to be replaced has got another name since.
fn renamed(old: &Object, new: &NewObject) -> Error {
    let message = format!(
        "could not replace {} because it was renamed to {} meanwhile",
        new.name, old.name
    );
    Error::new(SqlState::SERIALIZATION_FAILURE, message).with_hint("Run the statement again.")
}
