//! Whether who asks may do what a statement does.
//!
//! As in Postgres, names are looked at with the rights of who asks, and what a view reads with those of
//! the view's owner; what a function reads, wherever it is called, with those of who asks, or of its owner
//! where it says so. Nothing is
//! looked at where there is one role, which may do anything.

mod changing;
mod columns;
mod owning;
mod reading;
mod types;

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{self, Expr, With};

use self::columns::{Columns, Other};
pub use self::reading::check_computed;
use self::reading::own_relations;
pub use self::types::check_columns as check_types_of_columns;
use super::{Session, plan};
use crate::catalog::privilege::{Privilege, Rights};
use crate::catalog::{Kind, Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::sql::comment::CommentOn;
use crate::sql::copy::Direction;
use crate::sql::name::ObjectName;
use crate::sql::reindex::ReindexOf;
use crate::sql::returning::Target;
use crate::sql::walk::{Visit, VisitMut};
use crate::sql::{QualifiedName, Statement, alter_function, references};

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
                self.read_within(&update.target, &read, Other::None)?;
                let with = update.with.as_ref();
                self.returning(&update.target, &update.returning, with)?;
                self.relations(&read, with)?;
                self.relations(&update.from, with)?;
                self.relations(&update.with, None)
            }
            Statement::Delete(delete) => {
                self.change(&delete.target.table, Privilege::Delete, &[])?;
                let read: Vec<Expr> = delete.condition.iter().cloned().collect();
                self.read_within(&delete.target, &read, Other::None)?;
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
                    self.read_within(&target, &read, Other::None)?;
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
            | Statement::DropOtherKinds(_)
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

    fn object(&self, name: &ObjectName) -> Option<Arc<Object>> {
        plan::object(name, self.snapshot, self.path).ok()
    }
}

/// As messages of missing privileges name a kind.
pub fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::ExternalTable => "foreign table",
        other => other.as_str(),
    }
}
