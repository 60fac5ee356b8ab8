//! What a query of `WITH RECURSIVE` that reads itself is to be: two terms with `UNION` between them, of which the
//! second reads the query once, where each round of rows can be computed of those of the round before alone.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Cte, Expr, JoinOperator, LimitClause, ObjectName, Query, Select, SetExpr, SetOperator,
    TableFactor, TableWithJoins, Visitor, VisitorMut, With,
};

use super::cursor::folded;
use super::scope::Scopes;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{Visit, VisitMut, ended, flow};

/// Which functions are aggregates, by their names.
type IsAggregate<'a> = &'a dyn Fn(&str) -> bool;

/// That all recursive queries within a query are such ones.
///
/// # Errors
/// 42P19 for one that is not; 0A000 for one with `ORDER BY`, `LIMIT`, `OFFSET` or locks, and for queries that read
/// each other.
pub fn check(query: &Query, is_aggregate: IsAggregate<'_>) -> Result<()> {
    ended(Visit::visit(query, &mut Checker(is_aggregate)))
}

struct Checker<'a>(IsAggregate<'a>);

impl Visitor for Checker<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        match query.with.as_ref().filter(|with| with.recursive) {
            Some(with) => flow(clause(with, self.0)),
            None => ControlFlow::Continue(()),
        }
    }
}

fn clause(with: &With, is_aggregate: IsAggregate<'_>) -> Result<()> {
    let clauses = &with.cte_tables;
    let others = others_of(clauses);
    for (place, own) in others.iter().enumerate() {
        // By way of others.
        let mut read: BTreeSet<usize> = BTreeSet::new();
        let mut open = own.clone();
        while let Some(other) = open.pop() {
            if read.insert(other) {
                open.extend(others.get(other).into_iter().flatten());
            }
        }
        if read.contains(&place) {
            return Err(not_implemented("mutual recursion between WITH items"));
        }
    }
    for clause in clauses {
        let name = folded(&clause.alias.name);
        if refers(clause.query.as_ref(), &name) {
            recursive(clause, &name, is_aggregate)?;
        }
    }
    Ok(())
}

/// The places of the other queries of a clause that each of them reads.
fn others_of(clauses: &[Cte]) -> Vec<Vec<usize>> {
    let names: Vec<String> = clauses.iter().map(|it| folded(&it.alias.name)).collect();
    let read_by = |clause: &Cte| -> Vec<usize> {
        let own = folded(&clause.alias.name);
        let reads = |name: &str| name != own && refers(clause.query.as_ref(), name);
        let named = names.iter().enumerate();
        let read = named.filter(|(_, name)| reads(name.as_str()));
        read.map(|(place, _)| place).collect()
    };
    clauses.iter().map(read_by).collect()
}

/// Puts the queries of `WITH RECURSIVE` behind those that they read, as the planner takes them.
pub fn put_in_order(query: &mut Query) {
    struct Order;
    impl VisitorMut for Order {
        type Break = Infallible;

        fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
            if let Some(with) = query.with.as_mut().filter(|with| with.recursive) {
                order(&mut with.cte_tables);
            }
            ControlFlow::Continue(())
        }
    }
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Order);
}

fn order(clauses: &mut Vec<Cte>) {
    let others = others_of(clauses);
    let mut left: Vec<usize> = (0..clauses.len()).collect();
    let mut placed: Vec<usize> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_ready = |place: &usize| {
            let mut read = others.get(*place).into_iter().flatten();
            read.all(|other| placed.contains(other))
        };
        // Of those that read each other the first stays the first.
        let next = left.iter().position(is_ready).unwrap_or_default();
        placed.push(left.remove(next));
    }
    if placed.is_sorted() {
        return;
    }
    let mut unplaced: Vec<Option<Cte>> = clauses.drain(..).map(Some).collect();
    let taken = placed
        .into_iter()
        .filter_map(|place| unplaced.get_mut(place)?.take());
    clauses.extend(taken);
}

/// That a query which reads itself has the form of one that may.
fn recursive(clause: &Cte, name: &str, is_aggregate: IsAggregate<'_>) -> Result<()> {
    let mut query = clause.query.as_ref();
    while let SetExpr::Query(inner) = query.body.as_ref()
        && query.with.is_none()
        && query.order_by.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && query.locks.is_empty()
    {
        query = inner;
    }
    let SetExpr::SetOperation {
        op: SetOperator::Union,
        left,
        right,
        ..
    } = query.body.as_ref()
    else {
        return Err(invalid(format!(
            "recursive query \"{name}\" does not have the form non-recursive-term UNION [ALL] recursive-term"
        )));
    };
    let offset = matches!(
        &query.limit_clause,
        Some(
            LimitClause::LimitOffset {
                offset: Some(_),
                ..
            } | LimitClause::OffsetCommaLimit { .. }
        )
    );
    let is_cut = query.limit_clause.is_some() || query.fetch.is_some();
    for (is_there, what) in [
        (query.order_by.is_some(), "ORDER BY"),
        (offset, "OFFSET"),
        (is_cut, "LIMIT"),
        (!query.locks.is_empty(), "FOR UPDATE/SHARE"),
    ] {
        if is_there {
            return Err(not_implemented(&format!("{what} in a recursive query"))
                .with_hint("Write it where the query is read."));
        }
    }
    if refers(left.as_ref(), name) {
        return Err(Place::First.error(name));
    }
    if query.with.as_ref().is_some_and(|with| refers(with, name)) {
        return Err(Place::Subquery.error(name));
    }
    let mut term = Term {
        name,
        is_aggregate,
        count: 0,
        is_read: false,
    };
    term.body(right, Place::Term)
}

/// Where a query is read within itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In its second term, where it may be.
    Term,
    First,
    Subquery,
    OuterJoin,
    Intersect,
    Except,
}

impl Place {
    /// What is within a part of such a kind.
    fn within(self, part: Self) -> Self {
        match self {
            Self::Term => part,
            other => other,
        }
    }

    fn error(self, name: &str) -> Error {
        let within = match self {
            Self::Term => {
                return invalid(format!(
                    "recursive reference to query \"{name}\" must not appear more than once"
                ));
            }
            Self::First => "its non-recursive term",
            Self::Subquery => "a subquery",
            Self::OuterJoin => "an outer join",
            Self::Intersect => "INTERSECT",
            Self::Except => "EXCEPT",
        };
        invalid(format!(
            "recursive reference to query \"{name}\" must not appear within {within}"
        ))
    }
}

/// The second term of a recursive query, as it is walked.
struct Term<'a> {
    name: &'a str,
    is_aggregate: IsAggregate<'a>,
    /// How often the query is read.
    count: usize,
    /// Whether the selection that is walked reads it itself.
    is_read: bool,
}

impl Term<'_> {
    fn query(&mut self, query: &Query, place: Place) -> Result<()> {
        if let Some(with) = &query.with {
            for clause in &with.cte_tables {
                let is_hidden = folded(&clause.alias.name) == self.name;
                if !(is_hidden && with.recursive) {
                    self.query(&clause.query, place)?;
                }
                if is_hidden {
                    return Ok(());
                }
            }
        }
        self.body(&query.body, place)?;
        self.expressions(&query.order_by)?;
        self.expressions(&query.limit_clause)
    }

    fn body(&mut self, body: &SetExpr, place: Place) -> Result<()> {
        match body {
            SetExpr::Select(select) => {
                let around = std::mem::take(&mut self.is_read);
                let walked = self.select(select, place);
                self.is_read = around;
                walked
            }
            SetExpr::Query(query) => self.query(query, place),
            SetExpr::SetOperation {
                op, left, right, ..
            } => {
                let (of_left, of_right) = match op {
                    SetOperator::Intersect => (Place::Intersect, Place::Intersect),
                    SetOperator::Except | SetOperator::Minus => (Place::Term, Place::Except),
                    SetOperator::Union => (Place::Term, Place::Term),
                };
                self.body(left, place.within(of_left))?;
                self.body(right, place.within(of_right))
            }
            other => self.expressions(other),
        }
    }

    fn select(&mut self, select: &Select, place: Place) -> Result<()> {
        for from in &select.from {
            self.joins(from, place)?;
        }
        self.expressions(&select.distinct)?;
        self.expressions(&select.projection)?;
        self.expressions(&select.selection)?;
        self.expressions(&select.group_by)?;
        self.expressions(&select.having)?;
        if self.is_read && (self.computes(&select.projection) || self.computes(&select.having)) {
            return Err(invalid(
                "aggregate functions are not allowed in a recursive query's recursive term",
            )
            .with_hint("Compute them of the rows of the whole query, where it is read."));
        }
        Ok(())
    }

    /// A part of `FROM`, of which each join has all before it on its left side.
    fn joins(&mut self, from: &TableWithJoins, place: Place) -> Result<()> {
        let mut left = place;
        for join in from.joins.iter().rev() {
            let outer = left.within(Place::OuterJoin);
            let right = match &join.join_operator {
                JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => {
                    self.expressions(on)?;
                    outer
                }
                JoinOperator::Right(on) | JoinOperator::RightOuter(on) => {
                    self.expressions(on)?;
                    std::mem::replace(&mut left, outer)
                }
                JoinOperator::FullOuter(on) => {
                    self.expressions(on)?;
                    left = outer;
                    outer
                }
                other => {
                    self.expressions(other)?;
                    left
                }
            };
            self.factor(&join.relation, right)?;
        }
        self.factor(&from.relation, left)
    }

    fn factor(&mut self, factor: &TableFactor, place: Place) -> Result<()> {
        match factor {
            TableFactor::Table {
                name, args: None, ..
            } if is_of(name, self.name) => {
                self.count += 1;
                self.is_read = true;
                match place == Place::Term && self.count == 1 {
                    true => Ok(()),
                    false => Err(place.error(self.name)),
                }
            }
            TableFactor::Derived { subquery, .. } => {
                let around = self.is_read;
                self.query(subquery, place)?;
                self.is_read = around;
                Ok(())
            }
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => self.joins(table_with_joins, place),
            other => self.expressions(other),
        }
    }

    /// Whether a part of a selection has an aggregate.
    fn computes(&self, part: &impl Visit) -> bool {
        let mut aggregates = Aggregates {
            is_aggregate: self.is_aggregate,
            depth: 0,
        };
        part.visit(&mut aggregates).is_break()
    }

    /// What has expressions alone: in their subqueries the query is not to be read.
    fn expressions(&self, part: &impl Visit) -> Result<()> {
        match refers(part, self.name) {
            true => Err(Place::Subquery.error(self.name)),
            false => Ok(()),
        }
    }
}

/// Finds calls of aggregates, but for those in subqueries.
struct Aggregates<'a> {
    is_aggregate: IsAggregate<'a>,
    depth: usize,
}

impl Visitor for Aggregates<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Function(call) if self.depth == 0 && call.over.is_none() => {
                let name = call.name.0.last().and_then(|part| part.as_ident());
                match name.is_some_and(|name| (self.is_aggregate)(&folded(name))) {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Whether a part of a query reads one of this name, which is that of no nearer `WITH`.
fn refers(part: &impl Visit, name: &str) -> bool {
    struct References<'a> {
        name: &'a str,
        scopes: Scopes,
    }
    impl Visitor for References<'_> {
        type Break = ();

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            self.scopes.enter(query);
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            self.scopes.leave(query);
            ControlFlow::Continue(())
        }

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            match factor {
                TableFactor::Table {
                    name, args: None, ..
                } if is_of(name, self.name) && !self.scopes.hides(name) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    let mut references = References {
        name,
        scopes: Scopes::default(),
    };
    part.visit(&mut references).is_break()
}

/// Whether a relation is written by this name alone.
fn is_of(relation: &ObjectName, name: &str) -> bool {
    match relation.0.as_slice() {
        [part] => part.as_ident().is_some_and(|own| folded(own) == name),
        _ => false,
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_RECURSION, message.into())
}

fn not_implemented(what: &str) -> Error {
    let message = format!("{what} is not implemented");
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, message)
}
