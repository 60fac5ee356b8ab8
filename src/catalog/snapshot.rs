//! The catalog at one moment, for readers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use tributary_udfs::composites;

use super::default_privileges::{ANYWHERE, DefaultPrivileges};
use super::known_rows::KnownRows;
use super::privilege::{Access, Grant, PUBLIC_ROLE, Privilege};
use super::publication::Publications;
use super::referencing::targets;
use super::{Kind, Object, Oid, PreparedReplacement, is_system_schema, meant_schema};
use crate::error::{Error, Result, SqlState, nearest};
use crate::session::domains::DomainKind;
use crate::sql::create_function::CreateFunction;
use crate::sql::name::{DEFAULT_SCHEMA, ObjectName};
use crate::sql::{QualifiedName, Statement, constraint, sequence_calls};

/// A schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Its number.
    pub oid: Oid,
    /// Its name.
    pub name: String,
    /// `COMMENT ON SCHEMA`; that on the database where it is what is kept for all schemas.
    pub comment: Option<String>,
    /// Who owns it, and who else was given what.
    pub access: Access,
    /// What others may do with objects that will be made in it.
    pub default_privileges: Vec<DefaultPrivileges>,
}

impl Schema {
    /// What is kept for all schemas, and is none itself: default privileges of objects in any, and the
    /// comment on the database.
    pub(super) fn anywhere() -> Self {
        Self {
            oid: 0,
            name: ANYWHERE.to_owned(),
            comment: None,
            access: Access::default(),
            default_privileges: Vec::new(),
        }
    }

    /// Who may do what with it. As in Postgres, all may use what is in `public` until something is said
    /// of that.
    pub fn access(&self) -> Access {
        let mut access = self.access.clone();
        if self.name == DEFAULT_SCHEMA && access.grants.is_none() {
            access.grant(Grant {
                grantee: PUBLIC_ROLE,
                grantor: access.owner(),
                privilege: Privilege::Usage,
                column: None,
                grantable: false,
            });
        }
        access
    }
}

/// The catalog at one moment. It never changes: readers hold it as long as they like.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(super) generation: u64,
    pub(super) publications: Publications,
    /// By name; under the empty one is what holds of objects in any schema.
    pub(super) schemas: BTreeMap<String, Arc<Schema>>,
    objects: BTreeMap<Oid, Arc<Object>>,
    relations: BTreeMap<QualifiedName, Oid>,
    checks: BTreeMap<QualifiedName, Oid>,
    /// By names with the types of arguments.
    functions: BTreeMap<QualifiedName, Oid>,
    types: BTreeMap<QualifiedName, Oid>,
    /// By names without a schema.
    pub(super) roles: BTreeMap<QualifiedName, Oid>,
    /// Replacements that wait for the commit of their rows, by the object replaced.
    prepared: BTreeMap<Oid, Arc<PreparedReplacement>>,
    /// Which objects read the key, or will when their replacement is done.
    dependents: BTreeMap<Oid, BTreeSet<Oid>>,
    /// Which tables have foreign keys that refer to the key.
    referencing: BTreeMap<QualifiedName, BTreeSet<Oid>>,
    known_rows: KnownRows,
}

impl Snapshot {
    /// Counts the changes since the data directory was made: two snapshots of one number are equal.
    /// That of a transaction is the number of the one that it was made from.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The schemas that users made, by name; the server's own are not among them.
    pub fn schemas(&self) -> impl Iterator<Item = &Arc<Schema>> {
        self.stored_schemas()
            .filter(|schema| schema.name != ANYWHERE)
    }

    /// The schemas as they are kept: what holds in any schema is among them.
    pub(super) fn stored_schemas(&self) -> impl Iterator<Item = &Arc<Schema>> {
        self.schemas.values()
    }

    /// A schema by name.
    pub fn schema(&self, name: &str) -> Option<&Arc<Schema>> {
        self.stored_schema(name)
            .filter(|schema| schema.name != ANYWHERE)
    }

    /// A schema as it is kept, or what holds in any schema.
    pub(super) fn stored_schema(&self, name: &str) -> Option<&Arc<Schema>> {
        self.schemas.get(name)
    }

    /// What `COMMENT ON DATABASE` has said: nothing where it took the comment away.
    pub fn database_comment(&self) -> Option<&str> {
        self.stored_schema(ANYWHERE)?.comment.as_deref()
    }

    /// All objects, by number, which is the order in which they were created.
    pub fn objects(&self) -> impl DoubleEndedIterator<Item = &Arc<Object>> {
        self.objects.values()
    }

    /// The rows of system views that follow from it.
    pub fn known_rows(&self) -> &KnownRows {
        &self.known_rows
    }

    /// How many objects there are.
    pub fn object_count(&self) -> usize {
        self.objects.len()
    }

    /// An object by number.
    pub fn object(&self, oid: Oid) -> Option<&Arc<Object>> {
        self.objects.get(&oid)
    }

    /// What an object reads, directly or through others, each after what it reads itself.
    pub fn read_by(&self, object: &Object) -> Vec<Arc<Object>> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        // Each with whether what it reads has been seen.
        let unread = |object: &Object| {
            object
                .depends_on
                .clone()
                .into_iter()
                .map(|oid| (oid, false))
        };
        let mut open: Vec<(Oid, bool)> = unread(object).collect();
        while let Some((oid, is_read)) = open.pop() {
            let Some(read) = self.object(oid) else {
                continue;
            };
            if is_read {
                found.push(Arc::clone(read));
            } else if seen.insert(oid) {
                open.push((oid, true));
                open.extend(unread(read));
            }
        }
        found
    }

    /// A relation by its full name.
    pub fn relation(&self, name: &QualifiedName) -> Option<&Arc<Object>> {
        self.relations.get(name).and_then(|oid| self.object(*oid))
    }

    /// The sequences that go with columns of a table.
    pub fn sequences_of(&self, table: &Object) -> Vec<Oid> {
        let owned = self.objects().filter(|object| match &object.definition {
            Statement::CreateSequence(create) => {
                let owner = create.options.owner();
                owner.is_some_and(|owner| owner.table.qualify(&table.name.schema) == table.name)
            }
            _ => false,
        });
        owned.map(|sequence| sequence.oid).collect()
    }

    /// The tables whose defaults take numbers of a sequence, each with such a column.
    pub fn users_of(&self, sequence: &Object) -> Vec<(Arc<Object>, String)> {
        let mut users = Vec::new();
        if sequence.kind != Kind::Sequence {
            return users;
        }
        for object in self.objects() {
            let Statement::CreateTable(create) = &object.definition else {
                continue;
            };
            for column in &create.columns {
                let name = &column.name.value;
                let default = constraint::default_of(&create.columns, name);
                if default.is_some_and(|it| sequence_calls::uses(it, &sequence.name)) {
                    users.push((Arc::clone(object), name.clone()));
                }
            }
        }
        users
    }

    /// What names an object in its definition without reading it: defaults name sequences, and
    /// sequences the tables that they go with, foreign keys the tables that they
    /// refer to, and columns of tables their types.
    pub(super) fn bound_by_name(&self, object: &Object) -> Vec<Oid> {
        match object.kind {
            Kind::Table => {
                let mut bound = self.sequences_of(object);
                bound.extend(self.referencing_oids(&object.name));
                bound
            }
            Kind::Type => {
                let columns = self.columns_of_type(object.oid).into_iter();
                let tables: BTreeSet<Oid> = columns.map(|(table, _)| table.oid).collect();
                tables.into_iter().collect()
            }
            _ => {
                let users = self.users_of(object).into_iter();
                let users: BTreeSet<Oid> = users.map(|(table, _)| table.oid).collect();
                users.into_iter().collect()
            }
        }
    }

    /// A check by its full name.
    pub fn check(&self, name: &QualifiedName) -> Option<&Arc<Object>> {
        self.checks.get(name).and_then(|oid| self.object(*oid))
    }

    /// The relations of a schema, by name.
    pub fn relations_in(&self, schema: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.listed(&self.relations, schema)
    }

    /// Whether there are functions that users have made.
    pub fn has_functions(&self) -> bool {
        !self.functions.is_empty()
    }

    /// A function by its full name with the types of its arguments.
    pub fn function(&self, name: &QualifiedName) -> Option<&Arc<Object>> {
        self.functions.get(name).and_then(|oid| self.object(*oid))
    }

    /// Whether there are types that users have made.
    pub fn has_types(&self) -> bool {
        !self.types.is_empty()
    }

    /// A type by its full name.
    pub fn type_named(&self, name: &QualifiedName) -> Option<&Arc<Object>> {
        self.types.get(name).and_then(|oid| self.object(*oid))
    }

    /// The types of a schema, by name.
    pub fn types_in(&self, schema: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.listed(&self.types, schema)
    }

    /// The type that a name means: the first in `search_path` where it names no schema.
    ///
    /// # Errors
    /// 42704 with the type most likely meant.
    pub fn resolve_type(&self, name: &ObjectName, search_path: &[String]) -> Result<Arc<Object>> {
        self.find(&self.types, name, search_path)
            .ok_or_else(|| self.not_found("type", &self.types, name, search_path))
    }

    /// The columns of tables, and of external ones, that have a type, or values of it within.
    pub fn columns_of_type(&self, oid: Oid) -> Vec<(Arc<Object>, String)> {
        let mut columns = Vec::new();
        for object in self.objects() {
            if !matches!(object.kind, Kind::Table | Kind::ExternalTable) {
                continue;
            }
            for field in object.schema.fields() {
                // What a domain is over is told by its field, too.
                let is_of_type = match DomainKind::of_field(field) {
                    Some(domain) => domain.oid == oid,
                    None => composites::uses(field, oid),
                };
                if is_of_type {
                    columns.push((Arc::clone(object), field.name().clone()));
                }
            }
        }
        columns
    }

    /// The functions of a schema, by name.
    pub fn functions_in(&self, schema: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.listed(&self.functions, schema)
    }

    /// The functions of a schema that have a name, which differ in their arguments.
    pub fn functions_of(&self, schema: &str, name: &str) -> Vec<(&Arc<Object>, &CreateFunction)> {
        let functions = self.functions_in(schema);
        let functions = functions.filter_map(|object| match &object.definition {
            Statement::CreateFunction(create) => Some((object, create.as_ref())),
            _ => None,
        });
        functions
            .filter(|(_, create)| create.name.name == name)
            .collect()
    }

    /// The checks of a schema, by name.
    pub fn checks_in(&self, schema: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.listed(&self.checks, schema)
    }

    /// The relation that a name means: the first in `search_path` where it names no schema.
    ///
    /// # Errors
    /// 42P01 with the relation most likely meant.
    pub fn resolve(&self, name: &ObjectName, search_path: &[String]) -> Result<Arc<Object>> {
        self.find(&self.relations, name, search_path)
            .ok_or_else(|| self.not_found("relation", &self.relations, name, search_path))
    }

    /// The check that a name means: the first in `search_path` where it names no schema.
    ///
    /// # Errors
    /// 42704 with the check most likely meant.
    pub fn resolve_check(&self, name: &ObjectName, search_path: &[String]) -> Result<Arc<Object>> {
        self.find(&self.checks, name, search_path)
            .ok_or_else(|| self.not_found("check", &self.checks, name, search_path))
    }

    /// The schema of that name.
    ///
    /// # Errors
    /// 3F000 with the schema most likely meant.
    pub fn resolve_schema(&self, name: &str) -> Result<Arc<Schema>> {
        if let Some(schema) = self.schema(name) {
            return Ok(Arc::clone(schema));
        }
        let error = Error::new(
            SqlState::INVALID_SCHEMA_NAME,
            format!("schema \"{name}\" does not exist"),
        );
        Err(
            match nearest(name, self.schemas().map(|schema| schema.name.as_str())) {
                Some(near) => error.with_hint(format!("Perhaps you meant the schema \"{near}\".")),
                None => error.with_hint(format!(
                    "Create it with CREATE SCHEMA {}.",
                    crate::sql::name::Quoted(name)
                )),
            },
        )
    }

    fn listed<'a>(
        &'a self,
        names: &'a BTreeMap<QualifiedName, Oid>,
        schema: &str,
    ) -> impl Iterator<Item = &'a Arc<Object>> {
        let first = QualifiedName::new(schema, "");
        let schema = schema.to_owned();
        names
            .range(first..)
            .take_while(move |(name, _)| name.schema == schema)
            .filter_map(|(_, oid)| self.objects.get(oid))
    }

    fn find(
        &self,
        names: &BTreeMap<QualifiedName, Oid>,
        name: &ObjectName,
        search_path: &[String],
    ) -> Option<Arc<Object>> {
        let of_schema = |schema: &str| names.get(&QualifiedName::new(schema, &name.name));
        let found = match &name.schema {
            Some(schema) => of_schema(meant_schema(schema, search_path)),
            None => search_path.iter().find_map(|schema| of_schema(schema)),
        };
        found.and_then(|oid| self.objects.get(oid)).cloned()
    }

    fn not_found(
        &self,
        what: &str,
        names: &BTreeMap<QualifiedName, Oid>,
        name: &ObjectName,
        search_path: &[String],
    ) -> Error {
        let sqlstate = match what {
            "relation" => SqlState::UNDEFINED_TABLE,
            _ => SqlState::UNDEFINED_OBJECT,
        };
        let error = Error::new(
            sqlstate,
            format!("{what} \"{}\" does not exist", name.between_quotes()),
        );
        if let Some(schema) = &name.schema
            && self.schema(schema).is_none()
            && !is_system_schema(schema)
        {
            let schemas = self.schemas().map(|schema| schema.name.as_str());
            return match nearest(schema, schemas) {
                Some(near) => error.with_hint(format!(
                    "There is no schema \"{schema}\". Perhaps you meant \"{near}\"."
                )),
                None => error.with_hint(format!("There is no schema \"{schema}\".")),
            };
        }
        // The same name elsewhere is a better guess than another spelling here.
        if let Some(elsewhere) = names.keys().find(|full| full.name == name.name) {
            return error.with_hint(format!("Perhaps you meant {elsewhere}."));
        }
        let here = names.keys().filter(|full| match &name.schema {
            Some(schema) => full.schema == *schema,
            None => search_path.contains(&full.schema),
        });
        match nearest(&name.name, here.map(|full| full.name.as_str())) {
            Some(near) => error.with_hint(format!("Perhaps you meant \"{near}\".")),
            None => error,
        }
    }

    pub(super) fn dependent_oids(&self, oid: Oid) -> impl Iterator<Item = Oid> + '_ {
        self.dependents.get(&oid).into_iter().flatten().copied()
    }

    pub(super) fn referencing_oids(&self, table: &QualifiedName) -> impl Iterator<Item = Oid> {
        self.referencing.get(table).into_iter().flatten().copied()
    }

    /// The replacement of an object that waits for the commit of its rows.
    pub fn prepared(&self, oid: Oid) -> Option<&Arc<PreparedReplacement>> {
        self.prepared.get(&oid)
    }

    /// Whether the replacement of an object waits for the commit of this id.
    pub fn is_prepared(&self, oid: Oid, commit_id: &str) -> bool {
        self.prepared(oid)
            .is_some_and(|prepared| prepared.commit_id == commit_id)
    }

    /// All replacements that wait for the commit of their rows, by the object replaced.
    pub fn all_prepared(&self) -> impl Iterator<Item = (Oid, &Arc<PreparedReplacement>)> {
        self.prepared.iter().map(|(oid, prepared)| (*oid, prepared))
    }

    /// What an object reads, and what it will when its replacement is done.
    pub(super) fn reads(&self, oid: Oid) -> BTreeSet<Oid> {
        let now = self.object(oid).map(|object| &object.depends_on);
        let then = self.prepared(oid).map(|prepared| &prepared.new.depends_on);
        now.into_iter().chain(then).flatten().copied().collect()
    }

    /// Gives an object other columns in this copy of the catalog alone.
    pub fn assume_columns(&mut self, oid: Oid, schema: SchemaRef) {
        if let Some(object) = self.object(oid) {
            let mut object = Object::clone(object);
            object.schema = schema;
            self.put(Arc::new(object));
        }
    }

    /// Gives an object another definition in this copy of the catalog alone.
    pub fn assume_definition(&mut self, oid: Oid, definition: Statement) {
        if let Some(object) = self.object(oid) {
            let mut object = Object::clone(object);
            object.definition = definition;
            self.put(Arc::new(object));
        }
    }

    /// Puts an object in, in the place of one of its number.
    pub(super) fn put(&mut self, object: Arc<Object>) {
        let oid = object.oid;
        self.unlink(oid);
        if let Some(old) = self.objects.remove(&oid) {
            self.names_of(old.kind).remove(&old.name);
        }
        self.names_of(object.kind).insert(object.name.clone(), oid);
        self.objects.insert(oid, object);
        self.link(oid);
    }

    /// Takes an object out, with the replacement that waits.
    pub(super) fn take(&mut self, oid: Oid) -> Option<Arc<Object>> {
        self.unlink(oid);
        self.prepared.remove(&oid);
        let object = self.objects.remove(&oid)?;
        self.names_of(object.kind).remove(&object.name);
        Some(object)
    }

    /// Puts in a replacement that waits, in the place of another one.
    pub(super) fn put_prepared(&mut self, oid: Oid, prepared: Arc<PreparedReplacement>) {
        self.unlink(oid);
        self.prepared.insert(oid, prepared);
        self.link(oid);
    }

    /// Takes a replacement that waits out.
    pub(super) fn take_prepared(&mut self, oid: Oid) -> Option<Arc<PreparedReplacement>> {
        self.unlink(oid);
        let prepared = self.prepared.remove(&oid);
        self.link(oid);
        prepared
    }

    fn link(&mut self, oid: Oid) {
        for read in self.reads(oid) {
            self.dependents.entry(read).or_default().insert(oid);
        }
        for table in self.targets(oid) {
            self.referencing.entry(table).or_default().insert(oid);
        }
    }

    fn unlink(&mut self, oid: Oid) {
        for read in self.reads(oid) {
            if let Some(readers) = self.dependents.get_mut(&read) {
                readers.remove(&oid);
                if readers.is_empty() {
                    self.dependents.remove(&read);
                }
            }
        }
        for table in self.targets(oid) {
            if let Some(tables) = self.referencing.get_mut(&table) {
                tables.remove(&oid);
                if tables.is_empty() {
                    self.referencing.remove(&table);
                }
            }
        }
    }

    fn targets(&self, oid: Oid) -> Vec<QualifiedName> {
        let object = self.object(oid);
        let targets = object.into_iter().flat_map(|it| targets(&it.definition));
        targets.collect()
    }

    fn names_of(&mut self, kind: Kind) -> &mut BTreeMap<QualifiedName, Oid> {
        match kind {
            Kind::Role => &mut self.roles,
            Kind::Function => &mut self.functions,
            Kind::Type => &mut self.types,
            Kind::Check => &mut self.checks,
            _ => &mut self.relations,
        }
    }
}
