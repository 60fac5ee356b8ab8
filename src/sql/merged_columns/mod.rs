//! Columns that a join merges: `l FULL JOIN r USING (id)`, `l NATURAL RIGHT JOIN r`.
//!
//! The merged column is that of the left side; of a `RIGHT JOIN` that of the right one, and of a `FULL
//! JOIN` the one that is not NULL. `*` has it first, before what is left of both sides (ISO/IEC 9075-2,
//! 7.10). DataFusion's planner takes the left one always, and leaves it where it is; its name is ambiguous
//! in a condition, and in a subquery that of a column of the query around, where that has such a one. So
//! `*` is said in full, and what the name of the column stands for is put in its place; where a join is
//! `RIGHT` or `FULL`, all joins of the query get a condition.

mod names;
mod tree;

use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, Ident, JoinConstraint, JoinOperator, OrderBy, OrderByKind, Query, Select,
    SelectItem, SetExpr, TableAlias, TableFactor, TableWithJoins, Visitor, VisitorMut,
};

use self::names::Names;
use self::tree::{Side, Trees};
use super::column_names::name_of;
use super::cursor::folded;
use super::known_columns::{KnownColumns, constraint};
use super::{Statement, parse_one};
use crate::error::{Error, Result};
use crate::sql::walk::{Visit, VisitMut, ended, flow};

/// Says what the names of merged columns stand for.
///
/// # Errors
/// 42702 and 42703 for a name in `USING` that one side has twice or not at all; 0A000 where that cannot
/// be known; what looking up a relation meets.
pub async fn rewrite(query: &mut Query, state: &SessionState) -> Result<()> {
    let mut tables = Tables::default();
    let _ = Visit::visit(&*query, &mut tables);
    if !tables.merges {
        return Ok(());
    }
    let mut rewriter = Rewriter {
        columns: tables.columns.looked_up(state).await?,
    };
    ended(VisitMut::visit(query, &mut rewriter))
}

/// Asks for the columns of all tables that a query names, and whether it merges any.
#[derive(Default)]
struct Tables {
    merges: bool,
    columns: KnownColumns,
}

impl Visitor for Tables {
    type Break = std::convert::Infallible;

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        self.merges |= select.from.iter().any(|table| merges(table, &|_| true));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        self.columns.unnamed(factor);
        ControlFlow::Continue(())
    }
}

/// Whether there is a join among these that merges columns, by an operator of a kind.
fn merges(table: &TableWithJoins, is_meant: &dyn Fn(&JoinOperator) -> bool) -> bool {
    let is_one = |operator: &JoinOperator| {
        let merged = matches!(
            constraint(operator),
            Some(JoinConstraint::Using(_) | JoinConstraint::Natural)
        );
        merged && is_meant(operator)
    };
    let within = |factor: &TableFactor| match factor {
        TableFactor::NestedJoin {
            table_with_joins, ..
        } => merges(table_with_joins, is_meant),
        _ => false,
    };
    let mut joins = table.joins.iter();
    within(&table.relation)
        || joins.any(|join| is_one(&join.join_operator) || within(&join.relation))
}

/// Whether the left side's column is not the merged one.
fn is_right_or_full(operator: &JoinOperator) -> bool {
    matches!(
        operator,
        JoinOperator::Right(_) | JoinOperator::RightOuter(_) | JoinOperator::FullOuter(_)
    )
}

struct Rewriter {
    columns: KnownColumns,
}

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.columns.enter_query(query);
        flow(self.rewrite_body(&mut query.body, query.order_by.as_mut()))
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.columns.leave();
        ControlFlow::Continue(())
    }
}

impl Rewriter {
    fn rewrite_body(&mut self, body: &mut SetExpr, order_by: Option<&mut OrderBy>) -> Result<()> {
        match body {
            SetExpr::Select(select) => self.rewrite_select(select, order_by),
            // Their order is by columns of the answer.
            SetExpr::SetOperation { left, right, .. } => {
                self.rewrite_body(left, None)?;
                self.rewrite_body(right, None)
            }
            _ => Ok(()),
        }
    }

    fn rewrite_select(
        &mut self,
        select: &mut Select,
        order_by: Option<&mut OrderBy>,
    ) -> Result<()> {
        if !select.from.iter().any(|table| merges(table, &|_| true)) {
            return Ok(());
        }
        let mut unnamed = 0;
        for table in &mut select.from {
            name_factors(table, &mut unnamed)?;
        }
        let is_left_one = !select
            .from
            .iter()
            .any(|table| merges(table, &is_right_or_full));
        let names = tree::names(&select.from);
        let mut trees = Trees {
            names: &names,
            columns: &mut self.columns,
            writes: !is_left_one,
        };
        let mut sides = Vec::new();
        for table in &mut select.from {
            match trees.of_joined(table) {
                Ok(side) => sides.push(side),
                // The planner knows all columns, and merges these as it should.
                Err(_) if is_left_one => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        let merged = tree::merged(&sides);
        let mut names = Names::new(&merged, &mut self.columns);
        replace(select, order_by, &mut names);
        expand_wildcards(select, &sides);
        Ok(())
    }
}

/// Puts what they stand for in the place of the names of a query, but for those in `FROM`.
fn replace(select: &mut Select, order_by: Option<&mut OrderBy>, names: &mut Names) {
    let from = std::mem::take(&mut select.from);
    let projection = std::mem::take(&mut select.projection);
    let outputs: Vec<Option<String>> = projection.iter().map(output).collect();
    let _ = VisitMut::visit(select, names);
    select.from = from;
    select.projection = projection
        .into_iter()
        .map(|item| replace_item(item, &outputs, names))
        .collect();
    let is_distinct_on = matches!(select.distinct, Some(Distinct::On(_)));
    let Some(OrderBy {
        kind: OrderByKind::Expressions(keys),
        ..
    }) = order_by
    else {
        return;
    };
    for key in keys {
        // A name alone is one of the answer, if that has it; `*` has all.
        let is_output = match &key.expr {
            Expr::Identifier(name) => outputs
                .iter()
                .any(|output| output.is_none() || *output == Some(folded(name))),
            _ => false,
        };
        if !is_output || is_distinct_on {
            let _ = VisitMut::visit(key, names);
        }
    }
}

/// The name of a column of the answer; none of `*`.
fn output(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::UnnamedExpr(value) => Some(name_of(value)),
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        _ => None,
    }
}

fn replace_item(item: SelectItem, outputs: &[Option<String>], names: &mut Names) -> SelectItem {
    match item {
        SelectItem::UnnamedExpr(mut value) => {
            let name = name_of(&value);
            let is_column = matches!(value, Expr::Identifier(_));
            let changed = names.replace(&mut value);
            let same = outputs.iter().flatten().filter(|other| **other == name);
            match changed && (is_column || same.count() == 1) {
                true => named_item(name, value),
                false => SelectItem::UnnamedExpr(value),
            }
        }
        SelectItem::ExprWithAlias { mut expr, alias } => {
            names.replace(&mut expr);
            SelectItem::ExprWithAlias { expr, alias }
        }
        mut other => {
            let _ = VisitMut::visit(&mut other, names);
            other
        }
    }
}

/// A column of the answer that has a name, by itself where it is a column.
fn named_item(name: String, value: Expr) -> SelectItem {
    match value {
        Expr::CompoundIdentifier(_) => SelectItem::UnnamedExpr(value),
        expr => SelectItem::ExprWithAlias {
            expr,
            alias: Ident::with_quote('"', name),
        },
    }
}

/// Says `*` in full.
fn expand_wildcards(select: &mut Select, sides: &[Side]) {
    let projection = std::mem::take(&mut select.projection);
    select.projection = projection
        .into_iter()
        .flat_map(|item| match item {
            SelectItem::Wildcard(options) if options == Default::default() => {
                sides.iter().flat_map(Side::items).collect()
            }
            other => vec![other],
        })
        .collect();
}

/// Gives subqueries without a name one, by which their columns can be said, and makes subqueries of
/// joins that have a name, which hides those within.
fn name_factors(table: &mut TableWithJoins, unnamed: &mut usize) -> Result<()> {
    let joined = table.joins.iter_mut().map(|join| &mut join.relation);
    for factor in std::iter::once(&mut table.relation).chain(joined) {
        match factor {
            TableFactor::Derived { alias, .. } if alias.is_none() => {
                *unnamed += 1;
                *alias = Some(TableAlias {
                    explicit: true,
                    name: Ident::with_quote('"', format!("tributary:joined {unnamed}")),
                    columns: Vec::new(),
                    at: None,
                });
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => match alias.take() {
                Some(alias) => {
                    *factor = TableFactor::Derived {
                        lateral: false,
                        subquery: all_of(table_with_joins)?,
                        alias: Some(alias),
                        sample: None,
                    };
                }
                None => name_factors(table_with_joins, unnamed)?,
            },
            _ => {}
        }
    }
    Ok(())
}

/// `SELECT * FROM` a join, which is taken.
fn all_of(from: &mut TableWithJoins) -> Result<Box<Query>> {
    let mut statement = parse_one("SELECT * FROM tributary_joined")?;
    if let Statement::Query(query) = &mut statement
        && let SetExpr::Select(select) = query.body.as_mut()
        && let Some(table) = select.from.first_mut()
    {
        std::mem::swap(table, from);
    }
    match statement {
        Statement::Query(query) => Ok(query),
        _ => Err(Error::internal("a query is parsed as something else")),
    }
}
