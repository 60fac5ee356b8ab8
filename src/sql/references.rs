//! The relations that a statement reads.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Query, TableFactor, Visitor, With};

use super::Statement;
use super::copy::Direction;
use super::cursor::{folded, object_name_from};
use super::model_functions;
use super::name::ObjectName;
use super::returning::Target;
use super::scope::Scopes;
use super::table_changes;
use super::with_changes::{Clause, WithChanges};
use crate::error::{Error, Result};
use crate::sql::walk::{Visit, ended};

/// The relations that a statement reads, each once, in the order of their first mention.
///
/// Names of `WITH` are left out where they hide relations. Functions on models read the models and
/// relations that they name; other table functions read none.
///
/// # Errors
/// A name that cannot be one: of another database, or with too many parts.
pub fn relations(statement: &Statement) -> Result<Vec<ObjectName>> {
    let mut collector = Collector::default();
    let query = match statement {
        Statement::Query(query) => query,
        Statement::Explain(explain) => return relations(&explain.statement),
        Statement::CreateView(view) => &view.query,
        Statement::CreateMaterializedView(view) => {
            for expectation in &view.expectations {
                collector.collect(&expectation.condition)?;
            }
            &view.query
        }
        Statement::CreateTable(table) => match &table.query {
            Some(query) => query,
            None => return Ok(Vec::new()),
        },
        Statement::CreateCheck(check) => &check.query,
        Statement::CreateModel(model) => {
            for name in model.options.relations()? {
                collector.add(name);
            }
            &model.query
        }
        Statement::Insert(insert) => &insert.source,
        Statement::Update(update) => {
            collector.collect(&update.from)?;
            collector.collect(&update.condition)?;
            for assignment in &update.assignments {
                collector.collect(&assignment.value)?;
            }
            return collector.of_change(&update.target, update.with.as_ref());
        }
        Statement::Delete(delete) => {
            collector.collect(&delete.using)?;
            collector.collect(&delete.condition)?;
            return collector.of_change(&delete.target, delete.with.as_ref());
        }
        Statement::Merge(merge) => {
            collector.collect(&merge.source)?;
            return collector.of_change(&merge.target, merge.with.as_ref());
        }
        Statement::WithChanges(with) => return of_changes(with),
        Statement::Prepare(prepare) => return relations(&prepare.statement),
        Statement::Declare(declare) => &declare.query,
        Statement::Copy(copy) => match &copy.direction {
            Direction::QueryToStdout(query) => query,
            Direction::TableToStdout { table, .. } => return Ok(vec![table.clone()]),
            Direction::FromStdin { .. } => return Ok(Vec::new()),
        },
        Statement::CreateSchema(_)
        | Statement::CreateSequence(_)
        | Statement::CreateType(_)
        | Statement::CreateComposite(_)
        | Statement::CreateDomain(_)
        | Statement::CreateFunction(_)
        | Statement::AlterFunction(_)
        | Statement::DropFunction(_)
        | Statement::CreateExtension(_)
        | Statement::DropOtherKinds(_)
        | Statement::DropExtension(_)
        | Statement::CreateRole(_)
        | Statement::AlterRole(_)
        | Statement::DropRole(_)
        | Statement::Grant(_)
        | Statement::AlterDefaultPrivileges(_)
        | Statement::Owned(_)
        | Statement::CreateIndex(_)
        | Statement::CreateExternalTable(_)
        | Statement::Alter(_)
        | Statement::Drop(_)
        | Statement::Refresh(_)
        | Statement::Truncate(_)
        | Statement::Lock(_)
        | Statement::Comment(_)
        | Statement::DescribeHistory(_)
        | Statement::Optimize(_)
        | Statement::Analyze(_)
        | Statement::Vacuum(_)
        | Statement::Reindex(_)
        | Statement::Checkpoint(_)
        | Statement::Restore(_)
        | Statement::Set(_)
        | Statement::Show(_)
        | Statement::Transaction(_)
        | Statement::Execute(_)
        | Statement::Deallocate(_)
        | Statement::Fetch(_)
        | Statement::Close(_)
        | Statement::Discard(_)
        | Statement::Listen(_)
        | Statement::Unlisten(_)
        | Statement::Notify(_) => return Ok(Vec::new()),
    };
    collector.collect(query.as_ref())?;
    Ok(collector.found)
}

/// The relations that clauses and the statement behind them read.
fn of_changes(with: &WithChanges) -> Result<Vec<ObjectName>> {
    let mut collector = Collector::default();
    let mut hidden: Vec<String> = Vec::new();
    let parts = with.clauses.iter().map(|clause| match clause {
        Clause::Query(cte) => (clause.name(), of_query(&cte.query)),
        Clause::Change(change) => (clause.name(), relations(&change.statement)),
    });
    for (name, read) in parts.chain([(String::new(), relations(&with.main))]) {
        for relation in read? {
            if relation.schema.is_some() || !hidden.contains(&relation.name) {
                collector.add(relation);
            }
        }
        hidden.push(name);
    }
    Ok(collector.found)
}

/// The relations that a query reads, as [`relations`] tells those of a statement.
///
/// # Errors
/// Those of [`relations`].
pub fn of_query(query: &Query) -> Result<Vec<ObjectName>> {
    let mut collector = Collector::default();
    collector.collect(query)?;
    Ok(collector.found)
}

/// The relations that a part of a statement reads, whose `WITH` may hide others.
///
/// # Errors
/// Those of [`relations`].
pub fn of_part(part: &impl Visit, with: Option<&With>) -> Result<Vec<ObjectName>> {
    let mut collector = Collector::default();
    collector.collect(part)?;
    collector.hide(with);
    Ok(collector.found)
}

#[derive(Default)]
struct Collector {
    scopes: Scopes,
    found: Vec<ObjectName>,
}

impl Collector {
    fn collect(&mut self, tree: &impl Visit) -> Result<()> {
        ended(tree.visit(self))
    }

    /// The relations of a change of rows, of which all but its table and its `WITH` are collected.
    fn of_change(mut self, target: &Target, with: Option<&With>) -> Result<Vec<ObjectName>> {
        self.hide(with);
        self.collect(&with.cloned())?;
        self.found.retain(|name| *name != target.table);
        self.found.insert(0, target.table.clone());
        Ok(self.found)
    }

    /// Leaves out what the names of a `WITH` hide.
    fn hide(&mut self, with: Option<&With>) {
        let expressions = with.iter().flat_map(|with| &with.cte_tables);
        let names: Vec<String> = expressions
            .map(|expression| &expression.alias.name)
            .map(folded)
            .collect();
        let hides = |name: &ObjectName| name.schema.is_none() && names.contains(&name.name);
        self.found.retain(|name| !hides(name));
    }

    fn add(&mut self, name: ObjectName) {
        if !self.found.contains(&name) {
            self.found.push(name);
        }
    }
}

impl Visitor for Collector {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        self.scopes.enter(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Error> {
        let names = match table {
            TableFactor::Table {
                name, args: None, ..
            } if !self.scopes.hides(name) => object_name_from(name).map(|name| vec![name]),
            table => match table_changes::table(table) {
                Ok(None) => model_functions::relations(table),
                Ok(Some(name)) => Ok(vec![name]),
                Err(error) => Err(error),
            },
        };
        match names {
            Ok(names) => names.into_iter().for_each(|name| self.add(name)),
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}
