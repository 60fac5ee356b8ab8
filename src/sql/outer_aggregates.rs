//! An aggregate within a subquery of columns that are all the query's around: `SELECT (SELECT sum(t.a) FROM
//! u) FROM t`.
//!
//! It belongs to the query around, whose rows it is computed over (ISO/IEC 9075-2, 6.9), and is one value
//! within the subquery. DataFusion's planner computes it over the rows of the subquery, which is another
//! answer: so it is refused.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, OrderByKind, Query, Select, TableFactor, TableWithJoins, Visitor,
};

use super::cursor::folded;
use super::known_columns::KnownColumns;
use super::name::FUNCTION_BODY;
use super::outer_relations::relation_of;
use crate::error::{Error, Result};
use crate::sql::walk::{Visit, ended};

/// Finds such an aggregate.
///
/// # Errors
/// 0A000 for it; what looking up a relation meets.
pub async fn check(query: &Query, state: &SessionState) -> Result<()> {
    let mut finder = Finder::new(state, KnownColumns::default(), false);
    let _ = Visit::visit(query, &mut finder);
    if !finder.is_wanted {
        return Ok(());
    }
    let columns = finder.columns.looked_up(state).await?;
    let mut finder = Finder::new(state, columns, true);
    ended(Visit::visit(query, &mut finder))
}

/// Walks a query twice: to find the tables whose columns have to be known, and the aggregates.
struct Finder<'a> {
    /// Which functions are aggregates.
    state: &'a SessionState,
    columns: KnownColumns,
    /// Whether the columns of tables are known.
    is_known: bool,
    /// Whether there may be such an aggregate.
    is_wanted: bool,
    /// The selections around, outermost first.
    around: Vec<Rows>,
    /// How many of them are around each function's body that is: it sees no rows but its arguments, which
    /// are values within it.
    bodies: Vec<usize>,
    /// Where keys of `ORDER BY` stand, whose selection is not around.
    keys: BTreeSet<usize>,
    /// How many of these are around.
    within_keys: usize,
}

/// What the rows of a selection can be asked for.
struct Rows {
    relations: BTreeSet<String>,
    /// None where they are not known.
    columns: Option<BTreeSet<String>>,
}

/// Whose a name is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Own,
    Around,
    Unknown,
}

impl<'a> Finder<'a> {
    fn new(state: &'a SessionState, columns: KnownColumns, is_known: bool) -> Self {
        Self {
            state,
            columns,
            is_known,
            is_wanted: false,
            around: Vec::new(),
            bodies: Vec::new(),
            keys: BTreeSet::new(),
            within_keys: 0,
        }
    }

    fn add(&mut self, table: &TableWithJoins, rows: &mut Rows) {
        let joined = table.joins.iter().map(|join| &join.relation);
        for factor in std::iter::once(&table.relation).chain(joined) {
            if let TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } = factor
            {
                self.add(table_with_joins, rows);
                continue;
            }
            let columns = self.columns.of_factor(factor);
            rows.columns = rows.columns.take().zip(columns).map(|(mut all, columns)| {
                all.extend(columns);
                all
            });
            rows.relations
                .extend(relation_of(factor).map(|(name, _)| name));
        }
    }

    /// The selections around whose rows can be asked for something.
    fn seen(&self) -> &[Rows] {
        let unseen = self.bodies.last().copied().unwrap_or_default();
        self.around.get(unseen..).unwrap_or_default()
    }

    fn owner(&self, name: &Name) -> Owner {
        let seen = self.seen();
        let Some((own, around)) = seen.split_last() else {
            return Owner::Unknown;
        };
        let has_relation = |name: &String| around.iter().any(|rows| rows.relations.contains(name));
        match name {
            Name::OfRelation(relation) if own.relations.contains(relation) => Owner::Own,
            Name::OfRelation(relation) if has_relation(relation) => Owner::Around,
            Name::OfRelation(_) => Owner::Unknown,
            Name::Alone(name) if own.relations.contains(name) => Owner::Own,
            Name::Alone(name) => {
                for (depth, rows) in seen.iter().rev().enumerate() {
                    match &rows.columns {
                        None => return Owner::Unknown,
                        Some(columns) if !columns.contains(name) => {}
                        Some(_) if depth == 0 => return Owner::Own,
                        Some(_) => return Owner::Around,
                    }
                }
                match has_relation(name) {
                    true => Owner::Around,
                    false => Owner::Unknown,
                }
            }
        }
    }

    fn is_called(&self, function: &Function) -> bool {
        let name = function.name.0.last().and_then(|part| part.as_ident());
        let aggregates = self.state.aggregate_functions();
        function.over.is_none() && name.is_some_and(|name| aggregates.contains_key(&folded(name)))
    }
}

impl Visitor for Finder<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        self.columns.enter_query(query);
        if let Some(order_by) = &query.order_by
            && let OrderByKind::Expressions(keys) = &order_by.kind
        {
            self.keys.extend(keys.iter().map(|key| address(&key.expr)));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Error> {
        self.columns.leave();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Error> {
        let mut rows = Rows {
            relations: BTreeSet::new(),
            columns: Some(BTreeSet::new()),
        };
        for table in &select.from {
            self.add(table, &mut rows);
        }
        self.around.push(rows);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &Select) -> ControlFlow<Error> {
        self.around.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Error> {
        if is_body(factor) {
            self.bodies.push(self.around.len());
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Error> {
        if is_body(factor) {
            self.bodies.pop();
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Error> {
        self.within_keys += usize::from(self.keys.contains(&address(expression)));
        let Expr::Function(function) = expression else {
            return ControlFlow::Continue(());
        };
        if self.within_keys > 0 || self.seen().len() < 2 || !self.is_called(function) {
            return ControlFlow::Continue(());
        }
        let mut names = Names::default();
        let _ = Visit::visit(function, &mut names);
        if names.has_subquery || names.names.is_empty() {
            return ControlFlow::Continue(());
        }
        let owners: Vec<Owner> = names.names.iter().map(|name| self.owner(name)).collect();
        if !self.is_known {
            self.is_wanted |= !owners.contains(&Owner::Own);
            return ControlFlow::Continue(());
        }
        match owners.iter().all(|owner| *owner == Owner::Around) {
            true => ControlFlow::Break(
                Error::unsupported("an aggregate in a subquery of columns of the query around it")
                    .with_hint(
                        "It is computed over the rows of the query around: compute it in a subquery in FROM there, and name its column here.",
                    ),
            ),
            false => ControlFlow::Continue(()),
        }
    }

    fn post_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Error> {
        self.within_keys -= usize::from(self.keys.contains(&address(expression)));
        ControlFlow::Continue(())
    }
}

/// A name within the arguments of a function.
enum Name {
    /// `t.a`, by the relation's name.
    OfRelation(String),
    /// `a`
    Alone(String),
}

/// The names within the arguments of a function.
#[derive(Default)]
struct Names {
    names: Vec<Name>,
    has_subquery: bool,
}

impl Visitor for Names {
    type Break = std::convert::Infallible;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Self::Break> {
        self.has_subquery = true;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Self::Break> {
        match expression {
            Expr::Identifier(name) => self.names.push(Name::Alone(folded(name))),
            Expr::CompoundIdentifier(parts) => {
                if let [.., relation, _] = parts.as_slice() {
                    self.names.push(Name::OfRelation(folded(relation)));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Whether what stands in `FROM` is the body of a function that users have made.
fn is_body(factor: &TableFactor) -> bool {
    matches!(factor, TableFactor::Derived { alias: Some(alias), .. } if alias.name.value == FUNCTION_BODY)
}

/// Tells two expressions of one tree apart, though they may be equal.
fn address(expression: &Expr) -> usize {
    std::ptr::from_ref(expression).addr()
}
