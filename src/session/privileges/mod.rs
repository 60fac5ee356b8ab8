//! Whether who asks may do what a statement does.
//!
//! As in Postgres, names are looked at with the rights of who asks, and what a view reads with those of
//! the view's owner; what a function reads, wherever it is called, with those of who asks, or of its owner
//! where it says so. Nothing is
//! looked at where there is one role, which may do anything.

mod columns;
mod reading;
mod types;

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{self, Expr, SelectItem, With};

use self::columns::{Columns, allows};
pub use self::reading::check_computed;
use self::reading::own_relations;
pub use self::types::check_columns as check_types_of_columns;
use super::{Session, plan};
use crate::catalog::privilege::{Privilege, Rights};
use crate::catalog::{Kind, Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::models::{constraints, keyed};
use crate::sql::alter::{Action, Alter};
use crate::sql::assignment::{self, Assignment};
use crate::sql::comment::CommentOn;
use crate::sql::constraint::Rule;
use crate::sql::copy::Direction;
use crate::sql::drop::{Drop, DropKind};
use crate::sql::drop_function::FunctionName;
use crate::sql::lock::LockMode;
use crate::sql::name::ObjectName;
use crate::sql::on_conflict::{ConflictKey, OnConflict};
use crate::sql::reindex::ReindexOf;
use crate::sql::returning::Target;
use crate::sql::walk::{Visit, VisitMut};
use crate::sql::{QualifiedName, Statement, alter_function, merge, references, row_locks};

/// Checks a statement.
///
/// # Errors
/// 42501 for what who asks may not do. Names that are nothing are left to the statement.
pub fn check(session: &Session, statement: &Statement) -> Result<()> {
    let snapshot = session.instance.catalog.snapshot();
    let role = session.role_oid(&snapshot);
    if snapshot.roles().next().is_none() && snapshot.is_superuser(role) {
        return Ok(());
    }
    let rights = Rights::of(&snapshot, role);
    let path = session.settings().search_path.0;
    let checker = Checker {
        snapshot: &snapshot,
        rights,
        path: &path,
    };
    checker.statement(statement)
}

/// The error of what a role may not do with something.
pub fn denied(what: &str, name: &str) -> Error {
    Error::new(
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for {what} {name}"),
    )
}

/// The error of what only the owner of something may do.
pub fn not_owner(what: &str, name: &str) -> Error {
    Error::new(
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("must be owner of {what} {name}"),
    )
}

struct Checker<'a> {
    snapshot: &'a Snapshot,
    rights: Rights<'a>,
    path: &'a [String],
}

impl Checker<'_> {
    fn statement(&self, statement: &Statement) -> Result<()> {
        self.row_locks(statement)?;
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Declare(declare) => self.query(&declare.query),
            Statement::Explain(explain) => self.statement(&explain.statement),
            Statement::Insert(insert) => {
                let columns = match insert.columns.as_slice() {
                    [] => self.first_columns(&insert.target.table, &insert.source),
                    columns => columns.to_vec(),
                };
                self.change(&insert.target.table, Privilege::Insert, &columns)?;
                if let Some(conflict) = &insert.on_conflict {
                    self.conflict(&insert.target, conflict)?;
                }
                self.returning(&insert.target, &insert.returning, None)?;
                self.query(&insert.source)
            }
            Statement::Update(update) => {
                self.assign(&update.target.table, &update.assignments)?;
                let mut read: Vec<Expr> = update.condition.iter().cloned().collect();
                let values = update.assignments.iter();
                read.extend(values.filter_map(|assignment| assignment.value.clone()));
                self.read_within(&update.target, &read, None)?;
                let with = update.with.as_ref();
                self.returning(&update.target, &update.returning, with)?;
                self.relations(&read, with)?;
                self.relations(&update.from, with)?;
                self.relations(&update.with, None)
            }
            Statement::Delete(delete) => {
                self.change(&delete.target.table, Privilege::Delete, &[])?;
                let read: Vec<Expr> = delete.condition.iter().cloned().collect();
                self.read_within(&delete.target, &read, None)?;
                let with = delete.with.as_ref();
                self.returning(&delete.target, &delete.returning, with)?;
                self.relations(&read, with)?;
                self.relations(&delete.using, with)?;
                self.relations(&delete.with, None)
            }
            Statement::Merge(merge) => self.merge(merge),
            Statement::WithChanges(with) => {
                let parts = with.parts(|_| false)?;
                let mut clauses = parts.clauses.iter();
                clauses.try_for_each(|part| self.statement(&part.statement))?;
                self.statement(&parts.main)
            }
            Statement::Truncate(truncate) => truncate
                .tables
                .iter()
                .try_for_each(|table| self.change(table, Privilege::Truncate, &[])),
            Statement::Lock(lock) => {
                let mut relations = lock.relations.iter();
                relations.try_for_each(|name| self.lock(name, lock.mode))
            }
            Statement::Copy(copy) => match &copy.direction {
                Direction::FromStdin { table, columns } => {
                    self.change(table, Privilege::Insert, columns)?;
                    let read: Vec<Expr> = copy.condition.as_deref().cloned().into_iter().collect();
                    let target = Target {
                        table: table.clone(),
                        alias: None,
                    };
                    self.read_within(&target, &read, None)?;
                    // Subqueries, which could read more, are none of a condition's.
                    self.calls(&read)
                }
                Direction::TableToStdout { table, columns } => {
                    self.read(table, &Columns::named(columns))
                }
                Direction::QueryToStdout(query) => self.query(query),
            },
            Statement::CreateSchema(_) => match self.rights.is_superuser() {
                true => Ok(()),
                false => Err(denied("database", crate::instance::DATABASE)),
            },
            Statement::CreateView(create) => {
                self.create(&create.name, create.is_temporary)?;
                self.replace(&create.name, create.or_replace)
            }
            Statement::CreateSequence(create) => self.create(&create.name, create.is_temporary),
            Statement::CreateType(create) => self.create(&create.name, false),
            Statement::CreateComposite(create) => {
                self.create(&create.name, false)?;
                let mut attributes = create.attributes.iter();
                attributes.try_for_each(|attribute| self.use_type(&attribute.data_type))
            }
            Statement::CreateDomain(create) => {
                self.create(&create.name, false)?;
                self.use_type(&create.data_type)
            }
            Statement::CreateTable(create) => {
                self.create(&create.name, create.is_temporary)?;
                self.replace(&create.name, create.or_replace)?;
                let rules = create.constraints.iter().map(|it| &it.rule);
                self.refer(rules)?;
                for like in create.likes.iter().flat_map(|likes| &likes.tables) {
                    self.read(&like.table, &Columns::All)?;
                }
                create.query.iter().try_for_each(|query| self.query(query))
            }
            Statement::CreateMaterializedView(create) => {
                self.create(&create.name, false)?;
                self.replace(&create.name, create.or_replace)?;
                for expectation in &create.expectations {
                    self.relations(&expectation.condition, None)?;
                }
                self.query(&create.query)
            }
            Statement::CreateModel(create) => {
                self.create(&create.name, false)?;
                self.replace(&create.name, create.or_replace)?;
                for relation in create.options.relations()? {
                    self.read(&relation, &Columns::All)?;
                }
                let mut options = create.options.clone();
                options.change_expressions(&mut |expression| self.calls(&*expression))?;
                self.query(&create.query)
            }
            Statement::CreateCheck(create) => {
                self.create(&create.name, false)?;
                if create.or_replace
                    && let Ok(check) = self.snapshot.resolve_check(&create.name, self.path)
                {
                    self.own_object(&check)?;
                }
                self.query(&create.query)
            }
            Statement::CreateExternalTable(create) => {
                self.create(&create.name, false)?;
                self.replace(&create.name, create.or_replace)?;
                // It reads whatever the server can.
                self.superuser("must be superuser to create an external table")
            }
            Statement::CreateIndex(create) => self.own(&create.table),
            Statement::Alter(alter) => self.alter(alter),
            Statement::Drop(drop) => self.drop(drop),
            Statement::Comment(comment) => match &comment.on {
                CommentOn::Schema(name) => self.own_schema(name),
                CommentOn::Function(name) => self.own_functions(std::slice::from_ref(name)),
                CommentOn::Constraint(_, table) => self.own(table),
                CommentOn::DomainConstraint(_, domain) => self.own_type(domain),
                CommentOn::Database(name) => {
                    self.superuser(&format!("must be owner of database {name}"))
                }
                // Whose it is is told by its table, which is found by who comments.
                CommentOn::Index(_) => Ok(()),
                CommentOn::Extension(name) => {
                    let message = format!("must be owner of extension {name}");
                    self.superuser(&message)
                }
                CommentOn::Role(_) => self.superuser("must be superuser to comment on roles"),
                CommentOn::Object(kind, name) if kind.is_type() => self.own_type(name),
                CommentOn::Column(name, _) if self.object(name).is_none() => self.own_type(name),
                CommentOn::Object(_, name) | CommentOn::Column(name, _) => self.own(name),
            },
            Statement::Refresh(refresh) => self.own(&refresh.name),
            Statement::Optimize(optimize) => self.own(&optimize.name),
            Statement::Restore(restore) => self.own(&restore.name),
            Statement::Vacuum(vacuum) => match vacuum.names.as_slice() {
                [] => self.superuser("must be superuser to vacuum all tables"),
                names => names.iter().try_for_each(|name| self.own(name)),
            },
            Statement::Analyze(analyze) => {
                let mut tables = analyze.tables.iter();
                tables.try_for_each(|table| self.own(&table.name))
            }
            Statement::Reindex(reindex) => match &reindex.of {
                ReindexOf::Table(name) => self.own(name),
                ReindexOf::Schema(name) => self.own_schema(name),
                // Whose these are is known to who looks for them.
                ReindexOf::Index(_) | ReindexOf::Database(_) | ReindexOf::System(_) => Ok(()),
            },
            Statement::Checkpoint(_) => self.superuser(
                "must be superuser or have privileges of pg_checkpoint to do CHECKPOINT",
            ),
            Statement::DescribeHistory(describe) => self.read(&describe.name, &Columns::All),
            Statement::CreateFunction(create) => {
                self.create(&create.name, false)?;
                self.use_types_of_function(create)?;
                let known = self.schema_of(&create.name).and_then(|schema| {
                    let signed = QualifiedName::new(schema, create.signature());
                    self.snapshot.function(&signed)
                });
                match known {
                    Some(function) if create.or_replace => self.own_object(function),
                    _ => Ok(()),
                }
            }
            Statement::AlterFunction(alter) => {
                self.own_functions(std::slice::from_ref(&alter.function))?;
                match &alter.action {
                    alter_function::Action::SetSchema(schema) => self.create_in(schema),
                    _ => Ok(()),
                }
            }
            Statement::DropFunction(drop) => self.own_functions(&drop.functions),
            // What these may do depends on more than names, or is everybody's.
            Statement::CreateExtension(_)
            | Statement::DropExtension(_)
            | Statement::CreateRole(_)
            | Statement::AlterRole(_)
            | Statement::DropRole(_)
            | Statement::Grant(_)
            | Statement::AlterDefaultPrivileges(_)
            | Statement::Owned(_)
            | Statement::Set(_)
            | Statement::Show(_)
            | Statement::Transaction(_)
            | Statement::Prepare(_)
            | Statement::Execute(_)
            | Statement::Deallocate(_)
            | Statement::Fetch(_)
            | Statement::Close(_)
            | Statement::Discard(_)
            | Statement::Listen(_)
            | Statement::Unlisten(_)
            | Statement::Notify(_) => Ok(()),
        }
    }

    fn superuser(&self, message: &str) -> Result<()> {
        match self.rights.is_superuser() {
            true => Ok(()),
            false => Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message)),
        }
    }

    /// That functions of these names are of who asks.
    fn own_functions(&self, functions: &[FunctionName]) -> Result<()> {
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

    /// What a query reads.
    fn query(&self, query: &ast::Query) -> Result<()> {
        self.calls(query)?;
        // A name that cannot be one is left to the statement.
        let Ok(names) = references::of_query(query) else {
            return Ok(());
        };
        let columns = Columns::of_query(query);
        for name in names {
            self.read(&name, &columns)?;
        }
        own_relations(&self.rights, query)
    }

    /// Relations that a part of a statement reads, whose `WITH` may hide others.
    fn relations<N: Visit + VisitMut + Clone>(&self, part: &N, with: Option<&With>) -> Result<()> {
        self.calls(part)?;
        for name in references::of_part(part, with)? {
            self.read(&name, &Columns::All)?;
        }
        own_relations(&self.rights, part)
    }

    /// The columns that a query puts rows into, where a statement names none: as many as it gives.
    fn first_columns(&self, table: &ObjectName, source: &ast::Query) -> Vec<String> {
        let given = match source.body.as_ref() {
            ast::SetExpr::Values(values) => values.rows.first().map(|row| row.len()),
            _ => None,
        };
        match (given, self.object(table)) {
            (Some(given), Some(object)) => {
                let fields = object.schema.fields().iter();
                let names = fields.map(|field| field.name().clone());
                names.take(given).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What `ON CONFLICT` changes and reads.
    fn conflict(&self, target: &Target, conflict: &OnConflict) -> Result<()> {
        match &conflict.key {
            // Nothing is read where there is no such key.
            ConflictKey::Any | ConflictKey::Expressions(_) => {}
            ConflictKey::Columns(key) => self.read(&target.table, &Columns::named(key))?,
            ConflictKey::Constraint(name) => self.read_key(&target.table, name)?,
        }
        let Some(update) = &conflict.update else {
            return Ok(());
        };
        self.assign(&target.table, &update.assignments)?;
        let mut read: Vec<Expr> = update.condition.iter().cloned().collect();
        let values = update.assignments.iter();
        read.extend(values.filter_map(|assignment| assignment.value.clone()));
        // As in Postgres, the row that was to be put in is read with the rights on the table.
        self.read_within(target, &read, Some("excluded"))?;
        self.relations(&read, None)
    }

    /// The columns of the key that a constraint of a table is, which conflicts are found by.
    fn read_key(&self, table: &ObjectName, constraint: &str) -> Result<()> {
        let Some(object) = self.object(table) else {
            return Ok(());
        };
        let index = keyed::index(&object);
        let mut all = constraints::of(&object).iter().chain(&index);
        match all.find(|it| it.name == constraint).map(|it| &it.rule) {
            Some(Rule::Unique { columns, .. }) => self.readable(&object, &Columns::named(columns)),
            _ => Ok(()),
        }
    }

    fn object(&self, name: &ObjectName) -> Option<Arc<Object>> {
        plan::object(name, self.snapshot, self.path).ok()
    }

    /// The columns of a table that is changed which expressions read, be it of another row of it that
    /// goes by the name `other`.
    fn read_within(
        &self,
        target: &Target,
        expressions: &[Expr],
        other: Option<&str>,
    ) -> Result<()> {
        let Some(object) = self.object(&target.table) else {
            return Ok(());
        };
        let Columns::Named(names) = Columns::of_all(expressions, other) else {
            return Ok(());
        };
        let own = target.alias.as_ref().unwrap_or(&object.name.name);
        let columns = match names.contains(own) {
            true => Columns::All,
            false => Columns::Named(names),
        };
        match object
            .schema
            .fields()
            .iter()
            .any(|field| columns.has(field.name()))
        {
            true => self.readable(&object, &columns),
            false => Ok(()),
        }
    }

    fn returning(&self, target: &Target, items: &[SelectItem], with: Option<&With>) -> Result<()> {
        let mut read = Vec::new();
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    read.push(expr.clone());
                }
                _ => self.read(&target.table, &Columns::All)?,
            }
        }
        self.read_within(target, &read, None)?;
        self.relations(&read, with)
    }

    /// What the values of assignments read.
    fn values(&self, assignments: &[Assignment], with: Option<&With>) -> Result<()> {
        let values = assignments.iter();
        let values: Vec<Expr> = values.filter_map(|it| it.value.clone()).collect();
        self.relations(&values, with)
    }

    fn merge(&self, merge: &merge::Merge) -> Result<()> {
        let table = &merge.target.table;
        let with = merge.with.as_ref();
        self.read(table, &Columns::All)?;
        self.relations(&merge.on, with)?;
        for clause in &merge.clauses {
            self.relations(&clause.condition, with)?;
            match &clause.action {
                merge::Action::Update(assignments) => {
                    self.assign(table, assignments)?;
                    self.values(assignments, with)?;
                }
                merge::Action::UpdateAll => self.change(table, Privilege::Update, &[])?,
                merge::Action::InsertAll => self.change(table, Privilege::Insert, &[])?,
                merge::Action::Delete => self.change(table, Privilege::Delete, &[])?,
                merge::Action::Insert {
                    columns, values, ..
                } => {
                    self.change(table, Privilege::Insert, columns)?;
                    let values: Vec<Expr> = values.iter().flatten().cloned().collect();
                    self.relations(&values, with)?;
                }
                merge::Action::DoNothing => {}
            }
        }
        self.returning(&merge.target, &merge.returning, with)?;
        self.relations(&merge.source, with)?;
        self.relations(&merge.with, None)
    }

    /// That rows of a table may be changed; of some columns alone where these are named.
    fn change(&self, table: &ObjectName, privilege: Privilege, columns: &[String]) -> Result<()> {
        let Some(object) = self.object(table) else {
            return Ok(());
        };
        self.usable(&self.rights, &object.name.schema)?;
        if !allows(&self.rights, &object, privilege, &Columns::named(columns)) {
            return Err(denied(kind_word(object.kind), &object.name.name));
        }
        match privilege {
            Privilege::Insert => self.defaults(&object, |_| true),
            _ => Ok(()),
        }
    }

    /// That columns may be given these values, or their defaults.
    fn assign(&self, table: &ObjectName, assignments: &[Assignment]) -> Result<()> {
        self.change(table, Privilege::Update, &assignment::columns(assignments))?;
        let Some(object) = self.object(table) else {
            return Ok(());
        };
        self.defaults(&object, |column| {
            let mut defaults = assignments.iter().filter(|it| it.value.is_none());
            defaults.any(|it| it.columns.iter().any(|assigned| assigned == column))
        })
    }

    /// That the rows may be locked that a statement's queries lock: as in Postgres, by who may change them.
    fn row_locks(&self, statement: &Statement) -> Result<()> {
        // What cannot be locked is told by who locks it.
        let queries = row_locks::of_statement(statement).unwrap_or_default();
        let mut relations = queries.iter().flat_map(|query| &query.relations);
        relations.try_for_each(|(name, _)| self.lock(name, LockMode::RowShare))
    }

    /// That a relation may be locked, as in Postgres by who may do what the lock is for.
    fn lock(&self, name: &ObjectName, mode: LockMode) -> Result<()> {
        const WRITING: [Privilege; 4] = [
            Privilege::Update,
            Privilege::Delete,
            Privilege::Truncate,
            Privilege::Insert,
        ];
        let Some(object) = self.object(name) else {
            return Ok(());
        };
        self.usable(&self.rights, &object.name.schema)?;
        let enough = match mode {
            LockMode::AccessShare => &[Privilege::Select][..],
            LockMode::RowExclusive => &WRITING,
            _ => &WRITING[..3],
        };
        let mut enough = enough.iter();
        match enough.any(|privilege| self.rights.has(&object.access, *privilege)) {
            true => Ok(()),
            false => Err(denied(kind_word(object.kind), &object.name.name)),
        }
    }

    /// That an object may be made in its schema.
    fn create(&self, name: &ObjectName, is_temporary: bool) -> Result<()> {
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
    fn replace(&self, name: &ObjectName, or_replace: bool) -> Result<()> {
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
    fn schema_of<'b>(&'b self, name: &'b ObjectName) -> Option<&'b String> {
        let mut path = self.path.iter();
        let exists = |schema: &&String| self.snapshot.schema(schema).is_some();
        name.schema.as_ref().or_else(|| path.find(exists))
    }

    /// That an object is of who asks.
    fn own(&self, name: &ObjectName) -> Result<()> {
        match self.object(name) {
            Some(object) => self.own_object(&object),
            None => Ok(()),
        }
    }

    fn own_type(&self, name: &ObjectName) -> Result<()> {
        match self.snapshot.resolve_type(name, self.path) {
            Ok(object) => self.own_object(&object),
            Err(_) => Ok(()),
        }
    }

    fn own_object(&self, object: &Object) -> Result<()> {
        match self.rights.owns(&object.access) {
            true => Ok(()),
            false => Err(not_owner(kind_word(object.kind), &object.name.name)),
        }
    }

    fn own_schema(&self, name: &str) -> Result<()> {
        match self.snapshot.schema(name) {
            Some(schema) if !self.rights.owns(&schema.access()) => Err(not_owner("schema", name)),
            _ => Ok(()),
        }
    }

    fn alter(&self, alter: &Alter) -> Result<()> {
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
    fn create_in(&self, schema: &str) -> Result<()> {
        match self.rights.has_on_schema(schema, Privilege::Create) {
            true => Ok(()),
            false => Err(denied("schema", schema)),
        }
    }

    /// To refer to a table is a right of its own.
    fn refer<'r>(&self, mut rules: impl Iterator<Item = &'r Rule>) -> Result<()> {
        rules.try_for_each(|rule| match rule.foreign_key() {
            Some(key) => self.change(&key.table, Privilege::References, &key.referenced),
            None => Ok(()),
        })
    }

    fn drop(&self, drop: &Drop) -> Result<()> {
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

/// As messages of missing privileges name a kind.
pub fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::ExternalTable => "foreign table",
        other => other.as_str(),
    }
}
