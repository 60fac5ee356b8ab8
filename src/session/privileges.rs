//! Whether who asks may do what a statement does.
//!
//! As in Postgres, names are looked at with the rights of who asks, and what a view reads with those of
//! the view's owner. Nothing is looked at where there is one role, which may do anything.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{
    self, Expr, SelectItem, Visit, VisitMut, visit_expressions, visit_relations,
};

use super::{Session, plan, user_functions};
use crate::catalog::privilege::{Access, OWNER_OID, Privilege, Rights};
use crate::catalog::{Kind, Object, Snapshot, system};
use crate::error::{Error, Result, SqlState};
use crate::sql::alter::{Action, Alter};
use crate::sql::comment::CommentOn;
use crate::sql::copy::Direction;
use crate::sql::cursor::object_name_from;
use crate::sql::drop::{Drop, DropKind};
use crate::sql::drop_function::FunctionName;
use crate::sql::lock::LockMode;
use crate::sql::name::ObjectName;
use crate::sql::{Statement, merge};

/// Checks a statement.
///
/// # Errors
/// 42501 for what who asks may not do. Names that are nothing are left to the statement.
pub fn check(session: &Session, statement: &Statement) -> Result<()> {
    let snapshot = session.instance.catalog.snapshot();
    let role = session.role_oid(&snapshot);
    if role == OWNER_OID && snapshot.roles().next().is_none() {
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

/// The columns that a statement names.
enum Columns {
    All,
    Named(BTreeSet<String>),
}

impl Columns {
    fn of(node: &impl Visit) -> Self {
        Self::of_all(std::slice::from_ref(node))
    }

    fn of_all<T: Visit>(nodes: &[T]) -> Self {
        let mut named = BTreeSet::new();
        for node in nodes {
            Self::add(node, &mut named);
        }
        Self::Named(named)
    }

    fn add(node: &impl Visit, named: &mut BTreeSet<String>) {
        let _ = visit_expressions(node, |expression| {
            match expression {
                Expr::Identifier(name) => {
                    named.insert(name.value.clone());
                }
                Expr::CompoundIdentifier(parts) => {
                    named.extend(parts.iter().map(|part| part.value.clone()));
                }
                _ => {}
            }
            ControlFlow::<()>::Continue(())
        });
    }
}

impl Checker<'_> {
    fn statement(&self, statement: &Statement) -> Result<()> {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Declare(declare) => self.query(&declare.query),
            Statement::Explain(explain) => self.statement(&explain.statement),
            Statement::Insert(insert) => {
                self.change(&insert.target.table, Privilege::Insert, &insert.columns)?;
                if let Some(conflict) = &insert.on_conflict
                    && let Some(update) = &conflict.update
                {
                    let columns = assigned(&update.assignments);
                    self.change(&insert.target.table, Privilege::Update, &columns)?;
                    self.read(&insert.target.table, &Columns::All)?;
                }
                self.returning(&insert.target.table, &insert.returning)?;
                self.query(&insert.source)
            }
            Statement::Update(update) => {
                let columns = assigned(&update.assignments);
                self.change(&update.target.table, Privilege::Update, &columns)?;
                let mut read: Vec<Expr> = update.condition.iter().cloned().collect();
                let values = update.assignments.iter();
                read.extend(values.filter_map(|assignment| assignment.value.clone()));
                self.read_within(&update.target.table, &read)?;
                self.returning(&update.target.table, &update.returning)?;
                self.relations(&read)?;
                self.relations(&update.from)?;
                self.relations(&update.with)
            }
            Statement::Delete(delete) => {
                self.change(&delete.target.table, Privilege::Delete, &[])?;
                let read: Vec<Expr> = delete.condition.iter().cloned().collect();
                self.read_within(&delete.target.table, &read)?;
                self.returning(&delete.target.table, &delete.returning)?;
                self.relations(&read)?;
                self.relations(&delete.using)?;
                self.relations(&delete.with)
            }
            Statement::Merge(merge) => self.merge(merge),
            Statement::Truncate(truncate) => truncate
                .tables
                .iter()
                .try_for_each(|table| self.change(table, Privilege::Truncate, &[])),
            Statement::Lock(lock) => {
                let relations = lock.relations.iter();
                relations.map(|name| self.lock(name, lock.mode)).collect()
            }
            Statement::Copy(copy) => match &copy.direction {
                Direction::FromStdin { table, columns } => {
                    self.change(table, Privilege::Insert, columns)
                }
                Direction::TableToStdout { table, columns } => self.read(table, &named(columns)),
                Direction::QueryToStdout(query) => self.query(query),
            },
            Statement::CreateSchema(_) => match self.rights.is_superuser() {
                true => Ok(()),
                false => Err(denied("database", crate::instance::DATABASE)),
            },
            Statement::CreateView(create) => self.create(&create.name, create.is_temporary),
            Statement::CreateSequence(create) => self.create(&create.name, create.is_temporary),
            Statement::CreateTable(create) => {
                self.create(&create.name, create.is_temporary)?;
                create.query.iter().try_for_each(|query| self.query(query))
            }
            Statement::CreateMaterializedView(create) => {
                self.create(&create.name, false)?;
                self.query(&create.query)
            }
            Statement::CreateModel(create) => {
                self.create(&create.name, false)?;
                self.query(&create.query)
            }
            Statement::CreateCheck(create) => {
                self.create(&create.name, false)?;
                self.query(&create.query)
            }
            Statement::CreateExternalTable(create) => {
                self.create(&create.name, false)?;
                // It reads whatever the server can.
                self.superuser("must be superuser to create an external table")
            }
            Statement::CreateIndex(create) => self.own(&create.table),
            Statement::Alter(alter) => self.alter(alter),
            Statement::Drop(drop) => self.drop(drop),
            Statement::Comment(comment) => match &comment.on {
                CommentOn::Schema(name) => self.own_schema(name),
                CommentOn::Function(name) => self.own_functions(std::slice::from_ref(name)),
                CommentOn::Role(_) => self.superuser("must be superuser to comment on roles"),
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
            Statement::DescribeHistory(describe) => self.read(&describe.name, &Columns::All),
            Statement::CreateFunction(create) => self.create(&create.name, false),
            Statement::DropFunction(drop) => self.own_functions(&drop.functions),
            // What these may do depends on more than names, or is everybody's.
            Statement::CreateRole(_)
            | Statement::AlterRole(_)
            | Statement::DropRole(_)
            | Statement::Grant(_)
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

    /// The functions that a part of a statement calls, and those that their bodies do.
    fn calls(&self, node: &(impl VisitMut + Clone)) -> Result<()> {
        let called = user_functions::qualify(&mut node.clone(), self.snapshot, self.path)?;
        for function in called
            .into_iter()
            .filter_map(|oid| self.snapshot.object(oid))
        {
            let read = self.snapshot.read_by(function);
            let inner = read.iter().filter(|read| read.kind == Kind::Function);
            for function in inner.chain([function]) {
                if !self.rights.may_call(&function.access) {
                    return Err(denied("function", &function.name.name));
                }
            }
        }
        Ok(())
    }

    /// What a query reads.
    fn query(&self, query: &ast::Query) -> Result<()> {
        self.calls(query)?;
        let mut resolved = query.clone();
        // What bodies of functions read is read with the rights of who calls them.
        user_functions::inline(&mut resolved, self.snapshot, self.path)?;
        let query = &resolved.clone();
        let Ok(reads) = plan::resolve_names(&mut resolved, self.snapshot, self.path) else {
            return Ok(());
        };
        let columns = match has_wildcard(query) {
            true => Columns::All,
            false => Columns::of(query),
        };
        for oid in reads {
            if let Some(object) = self.snapshot.object(oid)
                && object.kind != Kind::Function
            {
                self.readable(object, &columns)?;
            }
        }
        self.own_relations(&resolved)
    }

    /// Relations that stand in parts of a statement, by whatever names.
    fn relations<N: Visit + VisitMut + Clone>(&self, node: &N) -> Result<()> {
        self.calls(node)?;
        let mut node = node.clone();
        user_functions::inline(&mut node, self.snapshot, self.path)?;
        let node = &node;
        let mut names = Vec::new();
        let _ = visit_relations(node, |name| {
            names.push(name.clone());
            ControlFlow::<()>::Continue(())
        });
        for name in names {
            if let Ok(name) = object_name_from(&name) {
                self.read(&name, &Columns::All)?;
            }
        }
        self.own_relations(node)
    }

    /// The server's own relations that show more than each may see.
    fn own_relations(&self, node: &impl Visit) -> Result<()> {
        if self.rights.is_superuser() {
            return Ok(());
        }
        let found = visit_relations(node, |name| {
            let Ok(name) = object_name_from(name) else {
                return ControlFlow::Continue(());
            };
            let is_guarded = matches!(name.name.as_str(), "pg_authid" | "pg_shadow")
                || name.name == system::REJECTED_ROWS
                || name.name == "sessions" && name.schema.as_deref() == Some(system::SYSTEM_SCHEMA);
            match is_guarded {
                true => ControlFlow::Break(name.name),
                false => ControlFlow::Continue(()),
            }
        });
        match found {
            ControlFlow::Break(name) => Err(denied("table", &name)),
            ControlFlow::Continue(()) => Ok(()),
        }
    }

    fn object(&self, name: &ObjectName) -> Option<Arc<Object>> {
        plan::object(name, self.snapshot, self.path).ok()
    }

    fn read(&self, name: &ObjectName, columns: &Columns) -> Result<()> {
        match self.object(name) {
            Some(object) => self.readable(&object, columns),
            None => Ok(()),
        }
    }

    /// The columns of a table that is changed which expressions read.
    fn read_within(&self, table: &ObjectName, expressions: &[Expr]) -> Result<()> {
        let Some(object) = self.object(table) else {
            return Ok(());
        };
        let Columns::Named(names) = Columns::of_all(expressions) else {
            return Ok(());
        };
        match names
            .iter()
            .any(|name| object.schema.column_with_name(name).is_some())
        {
            true => self.readable(&object, &Columns::Named(names)),
            false => Ok(()),
        }
    }

    fn returning(&self, table: &ObjectName, items: &[SelectItem]) -> Result<()> {
        match items.is_empty() {
            true => Ok(()),
            false => self.read(table, &Columns::All),
        }
    }

    fn merge(&self, merge: &merge::Merge) -> Result<()> {
        let table = &merge.target.table;
        self.read(table, &Columns::All)?;
        for clause in &merge.clauses {
            match &clause.action {
                merge::Action::Update(assignments) => {
                    self.change(table, Privilege::Update, &assigned(assignments))?;
                }
                merge::Action::Delete => self.change(table, Privilege::Delete, &[])?,
                merge::Action::Insert { columns, .. } => {
                    self.change(table, Privilege::Insert, columns)?;
                }
                merge::Action::DoNothing => {}
            }
        }
        self.relations(&merge.source)?;
        self.relations(&merge.with)
    }

    fn usable(&self, rights: &Rights<'_>, schema: &str) -> Result<()> {
        match rights.has_on_schema(schema, Privilege::Usage) {
            true => Ok(()),
            false => Err(denied("schema", schema)),
        }
    }

    /// That an object may be read, and by the owners of views what these read.
    fn readable(&self, object: &Object, columns: &Columns) -> Result<()> {
        self.usable(&self.rights, &object.name.schema)?;
        if !allows(&self.rights, object, Privilege::Select, columns) {
            return Err(denied(kind_word(object.kind), &object.name.name));
        }
        let mut seen = BTreeSet::new();
        self.readable_within(object, &mut seen)
    }

    fn readable_within(&self, view: &Object, seen: &mut BTreeSet<u32>) -> Result<()> {
        if view.kind != Kind::View || !seen.insert(view.oid) {
            return Ok(());
        }
        let owner = Rights::of(self.snapshot, view.access.owner());
        for read in &view.depends_on {
            if let Some(object) = self.snapshot.object(*read) {
                let columns = match &view.definition {
                    Statement::CreateView(create) if !has_wildcard(create.query.as_ref()) => {
                        Columns::of(create.query.as_ref())
                    }
                    _ => Columns::All,
                };
                if object.kind == Kind::Function {
                    continue;
                }
                self.usable(&owner, &object.name.schema)?;
                if !allows(&owner, object, Privilege::Select, &columns) {
                    return Err(denied(kind_word(object.kind), &object.name.name));
                }
                self.readable_within(object, seen)?;
            }
        }
        Ok(())
    }

    /// That rows of a table may be changed; of some columns alone where these are named.
    fn change(&self, table: &ObjectName, privilege: Privilege, columns: &[String]) -> Result<()> {
        let Some(object) = self.object(table) else {
            return Ok(());
        };
        self.usable(&self.rights, &object.name.schema)?;
        match allows(&self.rights, &object, privilege, &named(columns)) {
            true => Ok(()),
            false => Err(denied(kind_word(object.kind), &object.name.name)),
        }
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
        let schema = match &name.schema {
            Some(schema) => schema,
            None => {
                let mut path = self.path.iter();
                let exists = |schema: &&String| self.snapshot.schema(schema).is_some();
                match path.find(exists) {
                    Some(schema) => schema,
                    None => return Ok(()),
                }
            }
        };
        match self.rights.has_on_schema(schema, Privilege::Create) {
            true => Ok(()),
            false => Err(denied("schema", schema)),
        }
    }

    /// That an object is of who asks.
    fn own(&self, name: &ObjectName) -> Result<()> {
        match self.object(name) {
            Some(object) => self.own_object(&object),
            None => Ok(()),
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
        match self.object(&alter.name) {
            Some(object) => self.own_object(&object)?,
            None => return Ok(()),
        }
        alter.actions.iter().try_for_each(|action| match action {
            Action::SetSchema(schema) => {
                match self.rights.has_on_schema(schema, Privilege::Create) {
                    true => Ok(()),
                    false => Err(denied("schema", schema)),
                }
            }
            _ => Ok(()),
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

/// Whether a privilege is there, on all of an object or on each of its columns that are named.
fn allows(rights: &Rights<'_>, object: &Object, privilege: Privilege, columns: &Columns) -> bool {
    if rights.has(&object.access, privilege) {
        return true;
    }
    let is_of_columns = |access: &Access| {
        access
            .granted()
            .iter()
            .any(|grant| grant.column.is_some() && grant.privilege == privilege)
    };
    if !is_of_columns(&object.access) {
        return false;
    }
    let mut fields = object.schema.fields().iter();
    let has = |name: &str| rights.has_on_column(&object.access, privilege, name);
    match columns {
        Columns::All => fields.all(|field| has(field.name())),
        // As in Postgres, a query that names none needs any.
        Columns::Named(names) if !fields.clone().any(|field| names.contains(field.name())) => {
            fields.any(|field| has(field.name()))
        }
        Columns::Named(names) => fields
            .filter(|field| names.contains(field.name()))
            .all(|field| has(field.name())),
    }
}

/// As messages of missing privileges name a kind.
pub fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::ExternalTable => "foreign table",
        other => other.as_str(),
    }
}

fn named(columns: &[String]) -> Columns {
    match columns {
        [] => Columns::All,
        columns => Columns::Named(columns.iter().cloned().collect()),
    }
}

fn assigned(assignments: &[crate::sql::assignment::Assignment]) -> Vec<String> {
    let columns = assignments
        .iter()
        .map(|assignment| assignment.column.clone());
    columns.collect()
}

/// Whether a query reads columns that it does not name: by `*`, or `NATURAL`.
fn has_wildcard(query: &ast::Query) -> bool {
    struct Finder;
    impl ast::Visitor for Finder {
        type Break = ();

        fn pre_visit_query(&mut self, query: &ast::Query) -> ControlFlow<()> {
            match body_has_wildcard(&query.body) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }
    query.visit(&mut Finder).is_break()
}

fn body_has_wildcard(body: &ast::SetExpr) -> bool {
    match body {
        ast::SetExpr::Select(select) => {
            let mut items = select.projection.iter();
            let named = items.any(|item| {
                matches!(
                    item,
                    SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
                )
            });
            let mut joins = select.from.iter().flat_map(|from| &from.joins);
            named
                || joins.any(|join| {
                    use ast::JoinOperator::{
                        FullOuter, Inner, Join, Left, LeftOuter, Right, RightOuter,
                    };
                    matches!(
                        &join.join_operator,
                        Join(ast::JoinConstraint::Natural)
                            | Inner(ast::JoinConstraint::Natural)
                            | Left(ast::JoinConstraint::Natural)
                            | LeftOuter(ast::JoinConstraint::Natural)
                            | Right(ast::JoinConstraint::Natural)
                            | RightOuter(ast::JoinConstraint::Natural)
                            | FullOuter(ast::JoinConstraint::Natural)
                    )
                })
        }
        ast::SetExpr::SetOperation { left, right, .. } => {
            body_has_wildcard(left) || body_has_wildcard(right)
        }
        ast::SetExpr::Table(_) => true,
        _ => false,
    }
}
