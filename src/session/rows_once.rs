//! Rows that are computed once, however often a query reads them: those of a `WITH` clause whose
//! values may be others each time.
//!
//! DataFusion plans such a query again wherever its name stands. That is the same for most, and lets
//! filters reach into it; but `nextval` and `random` must not be asked twice.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use datafusion::common::DFSchemaRef;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNodeRecursion};
use datafusion::error::Result as QueryResult;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{
    Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore, Volatility,
};
use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    Cte, Expr as AstExpr, Ident, ObjectNamePart, Query, SetExpr, TableFactor, Visitor, VisitorMut,
    With,
};

use crate::error::{Error, Result};
use crate::sql::cursor::folded;
use crate::sql::walk::{Visit, VisitMut, ended, flow, visit_expressions};
use crate::sql::{Statement, parse_one};

/// Before the number of rows that a query reads several times.
pub const MARK: &str = "tributary:once:";

/// The number that rows have which are computed once, in whatever plan.
static LAST: AtomicU64 = AtomicU64::new(0);

fn next() -> u64 {
    LAST.fetch_add(1, Memory::Relaxed)
}

/// Marks the queries of `WITH` clauses that are read and may give other rows each time.
///
/// # Errors
/// None that parsing the query has not met.
pub fn mark(query: &mut Query, state: &SessionState) -> Result<()> {
    struct Marker<'a>(&'a SessionState);
    impl VisitorMut for Marker<'_> {
        type Break = Error;

        fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
            flow(mark_clause(query, self.0))
        }
    }
    ended(VisitMut::visit(query, &mut Marker(state)))
}

fn mark_clause(query: &mut Query, state: &SessionState) -> Result<()> {
    let Some(with) = &query.with else {
        return Ok(());
    };
    let names: Vec<String> = with.cte_tables.iter().map(name_of).collect();
    let mut is_marked = Vec::with_capacity(names.len());
    for (place, name) in names.iter().enumerate() {
        let Some(own) = with.cte_tables.get(place).map(|cte| cte.query.as_ref()) else {
            continue;
        };
        let of_itself = reads(own, name);
        let places = reads(query, name) - of_itself;
        let is_read = places > 1 || places == 1 && calls_volatile(own, state);
        is_marked.push((is_read, of_itself > 0));
    }
    let Some(with) = &mut query.with else {
        return Ok(());
    };
    let is_recursive = with.recursive;
    for (cte, (is_marked, reads_itself)) in with.cte_tables.iter_mut().zip(is_marked) {
        if is_marked {
            wrap(cte, is_recursive && reads_itself)?;
        }
    }
    Ok(())
}

/// `SELECT * FROM (query) AS mark`; a query that reads itself stays a clause of its own.
fn wrap(cte: &mut Cte, reads_itself: bool) -> Result<()> {
    let mark = Ident::with_quote('"', format!("{MARK}{}", next()));
    let text = format!("SELECT * FROM (SELECT 1) AS {mark}");
    let Statement::Query(mut wrapped) = parse_one(&text)? else {
        return Err(Error::internal("a query that is marked is none"));
    };
    let mut own = std::mem::replace(&mut cte.query, wrapped.clone());
    if reads_itself {
        let name = &cte.alias.name;
        let Statement::Query(mut recursive) = parse_one(&format!("SELECT * FROM {name}"))? else {
            return Err(Error::internal("a query that is marked is none"));
        };
        recursive.with = Some(With {
            with_token: AttachedToken::empty(),
            recursive: true,
            cte_tables: vec![Cte {
                query: own,
                ..cte.clone()
            }],
        });
        own = recursive;
    }
    if let SetExpr::Select(select) = wrapped.body.as_mut()
        && let Some(from) = select.from.first_mut()
        && let TableFactor::Derived { subquery, .. } = &mut from.relation
    {
        *subquery = own;
    }
    cte.query = wrapped;
    Ok(())
}

fn name_of(cte: &Cte) -> String {
    cte.alias.name.value.clone()
}

/// Whether a query calls functions that may answer otherwise each time.
pub fn calls_volatile(query: &Query, state: &SessionState) -> bool {
    let found = visit_expressions(query, |part| {
        let AstExpr::Function(call) = part else {
            return ControlFlow::Continue(());
        };
        let name = call.name.0.last().and_then(|part| part.as_ident());
        let name = name.map(folded);
        let known = name.and_then(|name| state.scalar_functions().get(&name).cloned());
        match known.is_some_and(|it| it.signature().volatility == Volatility::Volatile) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    found.is_break()
}

/// How often a name is read as a relation's.
pub(super) fn reads(node: &impl Visit, name: &str) -> usize {
    struct Reads<'a>(&'a str, usize);
    impl Visitor for Reads<'_> {
        type Break = ();

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            if let TableFactor::Table {
                name, args: None, ..
            } = factor
                && let [ObjectNamePart::Identifier(only)] = name.0.as_slice()
            {
                self.1 += usize::from(only.value == self.0);
            }
            ControlFlow::Continue(())
        }
    }
    let mut reads = Reads(name, 0);
    // Nothing breaks the walk.
    let _ = node.visit(&mut reads);
    reads.1
}

/// Has rows that are marked, and may be others each time, computed once.
///
/// # Errors
/// None that planning the query has not met.
pub fn rewrite(plan: LogicalPlan) -> QueryResult<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| match &node {
        LogicalPlan::SubqueryAlias(alias) => {
            let number = alias.alias.table().strip_prefix(MARK);
            match number.and_then(|number| number.parse().ok()) {
                Some(number) if is_volatile(&alias.input)? => {
                    Ok(Transformed::yes(RowsOnce::numbered(number, node)))
                }
                _ => Ok(Transformed::no(node)),
            }
        }
        // A plan is finished again once its parameters are bound, or as a part of another one.
        LogicalPlan::Extension(_) => {
            let outer = of_plan(&node);
            let inner = outer.and_then(|outer| Some((outer.number, of_plan(&outer.input)?)));
            Ok(match inner {
                Some((number, inner)) => {
                    Transformed::yes(RowsOnce::numbered(number, inner.input.clone()))
                }
                None => Transformed::no(node),
            })
        }
        _ => Ok(Transformed::no(node)),
    });
    rewritten.data()
}

fn of_plan(plan: &LogicalPlan) -> Option<&RowsOnce> {
    match plan {
        LogicalPlan::Extension(Extension { node }) => node.as_any().downcast_ref::<RowsOnce>(),
        _ => None,
    }
}

/// Whether rows may be other ones each time that they are computed.
///
/// # Errors
/// None that planning the query has not met.
pub fn is_volatile(plan: &LogicalPlan) -> QueryResult<bool> {
    let mut is_one = false;
    plan.apply_with_subqueries(|node| {
        // What is computed once is the same for all who read it.
        if of_plan(node).is_some() {
            return Ok(TreeNodeRecursion::Jump);
        }
        is_one |= node.expressions().iter().any(Expr::is_volatile);
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(is_one)
}

/// A plan whose rows are none of another reader's: those of a view are computed for each place where
/// it is read.
///
/// # Errors
/// None that planning the query has not met.
pub fn apart(plan: &LogicalPlan) -> QueryResult<Option<LogicalPlan>> {
    let mut numbers = HashMap::new();
    let renumbered = plan.clone().transform_up_with_subqueries(|node| {
        let Some(once) = of_plan(&node) else {
            return Ok(Transformed::no(node));
        };
        let number = *numbers.entry(once.number).or_insert_with(next);
        let input = once.input.clone();
        Ok(Transformed::yes(RowsOnce::numbered(number, input)))
    })?;
    Ok(renumbered.transformed.then_some(renumbered.data))
}

/// Rows that are computed once for all places of a plan that have this number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowsOnce {
    /// The number.
    pub number: u64,
    input: LogicalPlan,
}

impl RowsOnce {
    /// Rows of a plan that may stand in several places of another one.
    pub fn of(plan: LogicalPlan) -> LogicalPlan {
        Self::numbered(next(), plan)
    }

    fn numbered(number: u64, input: LogicalPlan) -> LogicalPlan {
        LogicalPlan::Extension(Extension {
            node: Arc::new(Self { number, input }),
        })
    }
}

impl PartialOrd for RowsOnce {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.number.partial_cmp(&other.number)
    }
}

impl UserDefinedLogicalNodeCore for RowsOnce {
    fn name(&self) -> &str {
        "RowsOnce"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowsOnce")
    }

    fn with_exprs_and_inputs(
        &self,
        _: Vec<Expr>,
        mut inputs: Vec<LogicalPlan>,
    ) -> QueryResult<Self> {
        match (inputs.pop(), inputs.is_empty()) {
            (Some(input), true) => Ok(Self {
                number: self.number,
                input,
            }),
            _ => datafusion::common::internal_err!("RowsOnce has one input"),
        }
    }
}
