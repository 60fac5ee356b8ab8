//! What names in `ORDER BY` mean: one that stands alone is a column of the answer, by the name that
//! Postgres gives it, and all others are columns of the rows that the answer is computed from.
//!
//! DataFusion looks for both among both. So the answer's columns get names of their own where such
//! names would be taken for them, and their right ones above the order.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr,
    Value, VisitorMut,
};

use super::column_names::name_of;
use super::cursor::folded;
use super::shown::Shown;
use super::{Statement, parse_one};
use crate::error::{Error, Result};
use crate::sql::walk::{VisitMut, visit_own_expressions};

/// The relation that has the rows in their order.
const ORDERED: &str = "tributary:ordered";

/// Says such names so that DataFusion finds what they mean.
///
/// # Errors
/// None that parsing the query has not met.
pub fn rewrite(query: &mut Query) -> Result<()> {
    let mut rewriter = Rewriter {
        depth: 0,
        failed: Ok(()),
    };
    let _ = VisitMut::visit(query, &mut rewriter);
    rewriter.failed
}

struct Rewriter {
    /// How many queries are around.
    depth: usize,
    failed: Result<()>,
}

impl VisitorMut for Rewriter {
    type Break = Infallible;

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<Infallible> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        self.depth -= 1;
        if self.failed.is_ok() {
            self.failed = of_query(query, self.depth > 0);
        }
        ControlFlow::Continue(())
    }
}

/// A column of an answer.
struct Output {
    name: String,
    /// Whether it has the name by `AS`.
    is_given: bool,
    /// Whether it is the column of this name of the rows below.
    is_column: bool,
    /// Whether it is computed of one of this name.
    reads_its_name: bool,
}

impl Output {
    fn of(item: &SelectItem) -> Option<Self> {
        let (expression, name, is_given) = match item {
            SelectItem::UnnamedExpr(expression) => (expression, name_of(expression), false),
            SelectItem::ExprWithAlias { expr, alias } => (expr, folded(alias), true),
            _ => return None,
        };
        let is_column = match expression {
            Expr::Identifier(column) => folded(column) == name,
            Expr::CompoundIdentifier(parts) => {
                parts.last().map(folded).as_deref() == Some(name.as_str())
            }
            _ => false,
        };
        Some(Self {
            reads_its_name: reads(expression, &name, Reads::AnyName),
            name,
            is_given,
            is_column,
        })
    }

    /// Whether a sort key reads the column of this name of the rows below.
    fn hides_what_is_read_by(&self, key: &Expr) -> bool {
        !self.is_column
            && (reads(key, &self.name, Reads::QualifiedNames)
                || !matches!(key, Expr::Identifier(_)) && reads(key, &self.name, Reads::AnyName))
    }
}

fn of_query(query: &mut Query, is_within: bool) -> Result<()> {
    let (SetExpr::Select(select), Some(order_by)) = (query.body.as_mut(), &mut query.order_by)
    else {
        return Ok(());
    };
    if let Some(Distinct::Distinct) = select.distinct {
        place_keys(&select.projection, order_by);
    }
    let outputs: Vec<Option<Output>> = select.projection.iter().map(Output::of).collect();
    let keys = keys(order_by);
    let is_hidden = outputs.iter().flatten().any(|output| {
        let mut keys = keys.iter();
        keys.any(|key| output.hides_what_is_read_by(key))
    });
    if is_hidden {
        return rename(query, &outputs, is_within);
    }
    for (item, output) in select.projection.iter_mut().zip(&outputs) {
        let Some(output) = output else { continue };
        let is_meant = keys.iter().any(|key| is_name(key, &output.name));
        if !output.is_given && !output.is_column && is_meant {
            let name = Ident::with_quote('"', &output.name);
            give_name(item, name);
        }
    }
    Ok(())
}

/// Has rows that are there once be ordered by the places of columns that are computed as keys are: the
/// planner would look for what keys are computed from.
fn place_keys(items: &[SelectItem], order_by: &mut OrderBy) {
    let OrderByKind::Expressions(keys) = &mut order_by.kind else {
        return;
    };
    let expressions = items.iter().map(|item| match item {
        SelectItem::UnnamedExpr(expression) => Some(expression),
        SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    });
    // What stands behind all columns of a relation has no place that is known.
    let known: Vec<&Expr> = expressions.map_while(|expression| expression).collect();
    for key in keys {
        let is_computed = !matches!(
            key.expr,
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_)
        );
        let place = known.iter().position(|known| **known == key.expr);
        if let Some(place) = place.filter(|_| is_computed) {
            let place = (place + 1).to_string();
            key.expr = Expr::Value(Value::Number(place, false).into());
        }
    }
}

/// Gives the columns of an answer names of their own, and the right ones in a query around it. What a
/// client is answered has its names by their places (`column_names::rename`), and would lose its order
/// in a query around it.
fn rename(query: &mut Query, outputs: &[Option<Output>], is_within: bool) -> Result<()> {
    let (SetExpr::Select(select), Some(order_by)) = (query.body.as_mut(), &mut query.order_by)
    else {
        return Ok(());
    };
    let own_name = |index: usize, output: &Output| {
        Ident::with_quote('"', format!("{} [{}]", output.name, index + 1))
    };
    for key in keys(order_by) {
        let mut named = outputs.iter().enumerate();
        let meant = named.find_map(|(index, output)| {
            let output = output.as_ref()?;
            is_name(key, &output.name).then(|| own_name(index, output))
        });
        if let Some(name) = meant {
            *key = Expr::Identifier(name);
        }
    }
    let mut items = Vec::with_capacity(outputs.len());
    for (index, (item, output)) in select.projection.iter_mut().zip(outputs).enumerate() {
        let Some(output) = output else { continue };
        let name = own_name(index, output);
        give_name(item, name.clone());
        items.push(format!(
            "{name} AS {}",
            Ident::with_quote('"', &output.name)
        ));
    }
    group_by_new_names(select, outputs, own_name);
    // Which columns a wildcard stands for is not known here.
    if !is_within || items.len() < outputs.len() {
        return Ok(());
    }
    let text = format!(
        "SELECT {} FROM ({}) AS \"{ORDERED}\"",
        items.join(", "),
        Shown(&*query)
    );
    let Statement::Query(around) = parse_one(&text)? else {
        return Err(Error::internal("a query with an order is no query"));
    };
    *query = *around;
    Ok(())
}

/// `GROUP BY` the name of a column of the answer goes on meaning that.
fn group_by_new_names(
    select: &mut Select,
    outputs: &[Option<Output>],
    own_name: impl Fn(usize, &Output) -> Ident,
) {
    let GroupByExpr::Expressions(groups, _) = &mut select.group_by else {
        return;
    };
    for group in groups {
        let mut named = outputs.iter().enumerate();
        let meant = named.find_map(|(index, output)| {
            let output = output.as_ref()?;
            let is_meant = output.is_given
                && !output.is_column
                && !output.reads_its_name
                && is_name(group, &output.name);
            is_meant.then(|| own_name(index, output))
        });
        if let Some(name) = meant {
            *group = Expr::Identifier(name);
        }
    }
}

fn keys(order_by: &mut OrderBy) -> Vec<&mut Expr> {
    match &mut order_by.kind {
        OrderByKind::Expressions(sorted) => sorted.iter_mut().map(|sort| &mut sort.expr).collect(),
        OrderByKind::All(_) => Vec::new(),
    }
}

fn give_name(item: &mut SelectItem, name: Ident) {
    match item {
        SelectItem::UnnamedExpr(expr) => {
            *item = SelectItem::ExprWithAlias {
                expr: expr.clone(),
                alias: name,
            };
        }
        SelectItem::ExprWithAlias { alias, .. } => *alias = name,
        _ => {}
    }
}

/// Whether a sort key is this name, by itself.
fn is_name(key: &Expr, name: &str) -> bool {
    matches!(key, Expr::Identifier(own) if folded(own) == name)
}

/// Which names count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    QualifiedNames,
    AnyName,
}

/// Whether a column of this name is read in an expression, but for its subqueries.
fn reads(expression: &Expr, name: &str, which: Reads) -> bool {
    let found = visit_own_expressions(expression, |part| {
        let is_read = match part {
            Expr::CompoundIdentifier(parts) => parts.last().map(folded).as_deref() == Some(name),
            Expr::Identifier(column) => which == Reads::AnyName && folded(column) == name,
            _ => false,
        };
        match is_read {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    found.is_break()
}
