//! `FOR UPDATE | NO KEY UPDATE | SHARE | KEY SHARE [OF name, ...] [NOWAIT | SKIP LOCKED]` behind a query.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, LockClause, LockType, NonBlock, Query, Select, SetExpr, TableAlias,
    TableFactor, TableWithJoins, Value, Visitor, VisitorMut,
};

use super::Statement;
use super::copy::Direction;
use super::cursor::{folded, object_name_from};
use super::name::ObjectName;
use super::scope::Scopes;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{Visit, VisitMut, ended};

/// What a query does about a table that somebody else changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It waits.
    Until,
    /// It fails.
    No,
    /// It passes over the rows.
    Skip,
}

/// A query that locks the rows that it reads.
#[derive(Clone, Debug, PartialEq)]
pub struct LockingQuery {
    /// The relations whose rows it locks.
    pub relations: Vec<(ObjectName, Wait)>,
}

/// What a query that locks rows is called where it is refused; none for one that does not.
pub fn command(query: &Query) -> Option<&'static str> {
    struct Finder;
    impl Visitor for Finder {
        type Break = &'static str;

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<&'static str> {
            match query.locks.first().map(|lock| lock.lock_type) {
                Some(LockType::Update) => ControlFlow::Break("SELECT FOR UPDATE"),
                Some(LockType::Share) => ControlFlow::Break("SELECT FOR SHARE"),
                None => ControlFlow::Continue(()),
            }
        }
    }
    Visit::visit(query, &mut Finder).break_value()
}

/// The queries of a statement that lock rows, in the order in which its tree is walked.
///
/// # Errors
/// 0A000 for a query whose rows are none of a table, 42P01 for a name behind `OF` that is none of its
/// relations.
pub fn of_statement(statement: &Statement) -> Result<Vec<LockingQuery>> {
    let mut collector = Collector::default();
    ended(walk(statement, &mut collector))?;
    Ok(collector.found)
}

/// Has some of the queries that lock rows, by their places among [them](of_statement), give no rows.
pub fn pass_over(statement: &mut Statement, queries: &[usize]) {
    struct Emptier<'a> {
        queries: &'a [usize],
        next: usize,
    }
    impl VisitorMut for Emptier<'_> {
        type Break = ();

        fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
            if query.locks.is_empty() {
                return ControlFlow::Continue(());
            }
            if self.queries.contains(&self.next)
                && let Some(select) = select_mut(&mut query.body)
            {
                select.selection = Some(Expr::Value(Value::Boolean(false).into()));
            }
            self.next += 1;
            ControlFlow::Continue(())
        }
    }
    let _ = walk_mut(statement, &mut Emptier { queries, next: 0 });
}

fn select_mut(body: &mut SetExpr) -> Option<&mut Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => select_mut(&mut query.body),
        _ => None,
    }
}

fn walk<V: Visitor>(statement: &Statement, visitor: &mut V) -> ControlFlow<V::Break> {
    match statement {
        Statement::Query(query) => Visit::visit(query, visitor),
        Statement::Explain(explain) if explain.analyze => walk(&explain.statement, visitor),
        Statement::Declare(declare) => Visit::visit(&declare.query, visitor),
        Statement::Copy(copy) => match &copy.direction {
            Direction::QueryToStdout(query) => Visit::visit(query, visitor),
            _ => ControlFlow::Continue(()),
        },
        Statement::Insert(insert) => Visit::visit(&insert.source, visitor),
        Statement::Update(update) => {
            Visit::visit(&update.with, visitor)?;
            Visit::visit(&update.from, visitor)?;
            for assignment in &update.assignments {
                Visit::visit(&assignment.value, visitor)?;
            }
            Visit::visit(&update.condition, visitor)
        }
        Statement::Delete(delete) => {
            Visit::visit(&delete.with, visitor)?;
            Visit::visit(&delete.using, visitor)?;
            Visit::visit(&delete.condition, visitor)
        }
        Statement::Merge(merge) => {
            Visit::visit(&merge.with, visitor)?;
            Visit::visit(&merge.source, visitor)
        }
        _ => ControlFlow::Continue(()),
    }
}

fn walk_mut<V: VisitorMut>(statement: &mut Statement, visitor: &mut V) -> ControlFlow<V::Break> {
    match statement {
        Statement::Query(query) => VisitMut::visit(query, visitor),
        Statement::Explain(explain) if explain.analyze => walk_mut(&mut explain.statement, visitor),
        Statement::Declare(declare) => VisitMut::visit(&mut declare.query, visitor),
        Statement::Copy(copy) => match &mut copy.direction {
            Direction::QueryToStdout(query) => VisitMut::visit(query, visitor),
            _ => ControlFlow::Continue(()),
        },
        Statement::Insert(insert) => VisitMut::visit(&mut insert.source, visitor),
        Statement::Update(update) => {
            VisitMut::visit(&mut update.with, visitor)?;
            VisitMut::visit(&mut update.from, visitor)?;
            for assignment in &mut update.assignments {
                VisitMut::visit(&mut assignment.value, visitor)?;
            }
            VisitMut::visit(&mut update.condition, visitor)
        }
        Statement::Delete(delete) => {
            VisitMut::visit(&mut delete.with, visitor)?;
            VisitMut::visit(&mut delete.using, visitor)?;
            VisitMut::visit(&mut delete.condition, visitor)
        }
        Statement::Merge(merge) => {
            VisitMut::visit(&mut merge.with, visitor)?;
            VisitMut::visit(&mut merge.source, visitor)
        }
        _ => ControlFlow::Continue(()),
    }
}

#[derive(Default)]
struct Collector {
    scopes: Scopes,
    found: Vec<LockingQuery>,
}

impl Visitor for Collector {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        self.scopes.enter(query);
        if query.locks.is_empty() {
            return ControlFlow::Continue(());
        }
        match self.locked_by(query) {
            Ok(relations) => {
                self.found.push(LockingQuery { relations });
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }
}

impl Collector {
    /// The relations whose rows a query locks, each with the strictest wish.
    fn locked_by(&self, query: &Query) -> Result<Vec<(ObjectName, Wait)>> {
        let mut relations: Vec<(ObjectName, Wait)> = Vec::new();
        for lock in &query.locks {
            let wait = match lock.nonblock {
                Some(NonBlock::Nowait) => Wait::No,
                Some(NonBlock::SkipLocked) => Wait::Skip,
                None => Wait::Until,
            };
            let select = select_of(&query.body, lock)?;
            let mut found = Vec::new();
            match &lock.of {
                None => {
                    for factor in factors(&select.from) {
                        self.below(factor, &[], &mut found)?;
                    }
                }
                Some(of) => {
                    let of = object_name_from(of)?;
                    let factor = factors(&select.from)
                        .into_iter()
                        .find(|factor| of.schema.is_none() && is_called(factor, &of.name));
                    let Some(factor) = factor else {
                        return Err(not_found(&of, lock));
                    };
                    self.check_lockable(factor, lock)?;
                    self.below(factor, &[], &mut found)?;
                }
            }
            for name in found {
                match relations.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => *known = stricter(*known, wait),
                    None => relations.push((name, wait)),
                }
            }
        }
        Ok(relations)
    }

    /// Adds the relations that a part of `FROM` reads rows of; a name of `WITH` is none of them.
    fn below(
        &self,
        factor: &TableFactor,
        hidden: &[String],
        found: &mut Vec<ObjectName>,
    ) -> Result<()> {
        match factor {
            TableFactor::Table {
                name, args: None, ..
            } if !self.scopes.hides(name) => {
                let name = object_name_from(name)?;
                if name.schema.is_some() || !hidden.contains(&name.name) {
                    found.push(name);
                }
            }
            TableFactor::Derived { subquery, .. } => {
                let mut hidden = hidden.to_vec();
                let with = subquery.with.iter().flat_map(|with| &with.cte_tables);
                hidden.extend(with.map(|expression| called(&expression.alias)));
                if let SetExpr::Select(select) = subquery.body.as_ref() {
                    for factor in factors(&select.from) {
                        self.below(factor, &hidden, found)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// That a part of `FROM` that `OF` names has rows to lock.
    fn check_lockable(&self, factor: &TableFactor, lock: &LockClause) -> Result<()> {
        let what = match factor {
            TableFactor::Table {
                name, args: None, ..
            } => match self.scopes.hides(name) {
                true => "a WITH query",
                false => return Ok(()),
            },
            TableFactor::Derived { subquery, .. } => match subquery.body.as_ref() {
                SetExpr::Values(_) => "VALUES",
                _ => return Ok(()),
            },
            _ => "a function",
        };
        let message = format!("{} cannot be applied to {what}", words(lock));
        Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message))
    }
}

/// The select that a clause is of, whose rows must be rows of tables.
fn select_of<'a>(body: &'a SetExpr, lock: &LockClause) -> Result<&'a Select> {
    let refused = |what: &str| {
        let message = format!("{} {what}", words(lock));
        Error::new(SqlState::FEATURE_NOT_SUPPORTED, message)
    };
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::Query(query) => return select_of(&query.body, lock),
        SetExpr::Values(_) => return Err(refused("cannot be applied to VALUES")),
        _ => return Err(refused("is not allowed with UNION/INTERSECT/EXCEPT")),
    };
    let groups = match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(keys, modifiers) => !keys.is_empty() || !modifiers.is_empty(),
    };
    let clause = if select.distinct.is_some() {
        "DISTINCT"
    } else if groups {
        "GROUP BY"
    } else if select.having.is_some() {
        "HAVING"
    } else {
        return Ok(select);
    };
    Err(refused(&format!("is not allowed with {clause} clause")))
}

/// The parts of a `FROM`, those of joins each by itself.
fn factors(from: &[TableWithJoins]) -> Vec<&TableFactor> {
    let mut found = Vec::new();
    for table in from {
        let joined = table.joins.iter().map(|join| &join.relation);
        for factor in std::iter::once(&table.relation).chain(joined) {
            match factor {
                TableFactor::NestedJoin {
                    table_with_joins, ..
                } => found.extend(factors(std::slice::from_ref(table_with_joins))),
                factor => found.push(factor),
            }
        }
    }
    found
}

/// Whether a part of `FROM` has this name.
fn is_called(factor: &TableFactor, wanted: &str) -> bool {
    match factor {
        TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        }
        | TableFactor::TableFunction {
            alias: Some(alias), ..
        }
        | TableFactor::Function {
            alias: Some(alias), ..
        }
        | TableFactor::UNNEST {
            alias: Some(alias), ..
        } => called(alias) == wanted,
        TableFactor::Table { name, .. } => {
            object_name_from(name).is_ok_and(|name| name.name == wanted)
        }
        _ => false,
    }
}

fn called(alias: &TableAlias) -> String {
    folded(&alias.name)
}

/// As in Postgres, who does not wait comes before who passes over, and that one before who waits.
fn stricter(one: Wait, other: Wait) -> Wait {
    match (one, other) {
        (Wait::No, _) | (_, Wait::No) => Wait::No,
        (Wait::Skip, _) | (_, Wait::Skip) => Wait::Skip,
        (Wait::Until, Wait::Until) => Wait::Until,
    }
}

fn not_found(of: &ObjectName, lock: &LockClause) -> Error {
    let words = words(lock);
    if of.schema.is_some() {
        let message = format!("{words} must specify unqualified relation names");
        return Error::new(SqlState::SYNTAX_ERROR, message);
    }
    let message = format!(
        "relation \"{}\" in {words} clause not found in FROM clause",
        of.name
    );
    Error::new(SqlState::UNDEFINED_TABLE, message)
}

fn words(lock: &LockClause) -> &'static str {
    match lock.lock_type {
        LockType::Update => "FOR UPDATE",
        LockType::Share => "FOR SHARE",
    }
}
