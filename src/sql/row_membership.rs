//! `(a, b) IN (SELECT x, y ...)`: whether a row is among those of a subquery, and how it compares with
//! them.
//!
//! DataFusion compares one value alone with those of a subquery. So the subquery becomes a relation
//! whose columns are compared with the values: in one `EXISTS` where a condition has only to be true,
//! and in two elsewhere, since a NULL may keep the answer open. Where a subquery is one row, the
//! comparison is its value.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, Ident, JoinConstraint, JoinOperator, Query, Select, SelectItem,
    SetExpr, TableAliasColumnDef, TableFactor, UnaryOperator, Value, VisitorMut,
};

use super::cursor::folded;
use super::quantified::Quantified;
use super::row_comparison::{self, compare, is_comparison, is_row, take};
use super::{Statement, column_names, parse_one};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow, visit_expressions_mut, visit_own_expressions};

/// What the relation of a subquery is called.
const ROWS: &str = "__rows";

/// Says what compares rows by their fields, and what compares them with those of subqueries by
/// `EXISTS`. `is_aggregate` tells functions of many rows.
///
/// # Errors
/// 42601 for rows of several lengths; 0A000 for an aggregate in a row beside a subquery.
pub fn rewrite(query: &mut Query, is_aggregate: &dyn Fn(&str) -> bool) -> Result<()> {
    ended(VisitMut::visit(query, &mut Rewriter { is_aggregate }))
}

/// Says what compares rows within an expression that stands by itself.
///
/// # Errors
/// 42601 for rows of several lengths.
pub fn rewrite_expression(expr: &mut Expr) -> Result<()> {
    let compare = |part: &mut Expr| flow(row_comparison::rewrite(part));
    ended(visit_expressions_mut(expr, compare))
}

struct Rewriter<'a> {
    is_aggregate: &'a dyn Fn(&str) -> bool,
}

impl VisitorMut for Rewriter<'_> {
    type Break = Error;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        flow(self.conditions(select))
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        flow(
            self.value(expr)
                .and_then(|()| row_comparison::rewrite(expr)),
        )
    }
}

impl Rewriter<'_> {
    /// The conditions of a selection, which only have to be true.
    fn conditions(&self, select: &mut Select) -> Result<()> {
        for condition in select.selection.iter_mut().chain(&mut select.having) {
            self.conjunct(condition)?;
        }
        for join in select.from.iter_mut().flat_map(|table| &mut table.joins) {
            if let JoinOperator::Inner(JoinConstraint::On(condition))
            | JoinOperator::Join(JoinConstraint::On(condition)) = &mut join.join_operator
            {
                self.conjunct(condition)?;
            }
        }
        Ok(())
    }

    fn conjunct(&self, condition: &mut Expr) -> Result<()> {
        match condition {
            Expr::Nested(inner) => self.conjunct(inner),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And | BinaryOperator::Or,
                right,
            } => {
                self.conjunct(left)?;
                self.conjunct(right)
            }
            other => {
                if let Some(beside) = Beside::take(other) {
                    self.check(&beside)?;
                    *other = match beside.asked {
                        Asked::Any => beside.exists(beside.holds()?)?,
                        Asked::All => {
                            let may = test(beside.fails()?, |it| Expr::IsNotFalse(Box::new(it)));
                            not(beside.exists(may)?)
                        }
                        Asked::Only => beside.value()?,
                    };
                }
                Ok(())
            }
        }
    }

    fn value(&self, expr: &mut Expr) -> Result<()> {
        if let Some(beside) = Beside::take(expr) {
            self.check(&beside)?;
            *expr = beside.value()?;
        }
        Ok(())
    }

    /// Refuses rows of several lengths, and aggregates among the fields: they would be ones of the
    /// subquery.
    fn check(&self, beside: &Beside) -> Result<()> {
        let few_or_many = match width(&beside.subquery.body).map(|it| it.cmp(&beside.row.len())) {
            Some(Ordering::Less) => Some("few"),
            Some(Ordering::Greater) => Some("many"),
            _ => None,
        };
        if let Some(few_or_many) = few_or_many {
            let message = format!("subquery has too {few_or_many} columns");
            return Err(Error::new(SqlState::SYNTAX_ERROR, message));
        }
        let found = visit_own_expressions(&beside.row, |expr| match self.is_of_many_rows(expr) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        match found {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                let what = "an aggregate or a window function in a row beside those of a subquery";
                Err(Error::unsupported(what)
                    .with_hint("Compute it in a subquery in FROM, and compare its columns."))
            }
        }
    }

    /// Whether an expression is a call of an aggregate or of a window function.
    fn is_of_many_rows(&self, expr: &Expr) -> bool {
        let Expr::Function(call) = expr else {
            return false;
        };
        let name = call.name.0.last().and_then(|part| part.as_ident());
        name.is_some_and(|name| {
            let name = folded(name);
            call.over.is_some() || (self.is_aggregate)(&name)
        })
    }
}

fn test(condition: Expr, by: impl FnOnce(Expr) -> Expr) -> Expr {
    by(Expr::Nested(Box::new(condition)))
}

fn not(condition: Expr) -> Expr {
    Expr::UnaryOp {
        op: UnaryOperator::Not,
        expr: Box::new(condition),
    }
}

/// What is asked of a row and those of a subquery.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Whether the comparison holds with any row.
    Any,
    /// Whether it does with all.
    All,
    /// Whether it does with the only one.
    Only,
}

/// A row beside those of a subquery.
struct Beside {
    row: Vec<Expr>,
    operator: BinaryOperator,
    asked: Asked,
    subquery: Box<Query>,
}

impl Beside {
    /// That of `IN`, `ANY`, `ALL` and of a comparison; leaves nothing sensible behind.
    fn take(expr: &mut Expr) -> Option<Self> {
        let (row, operator, asked, subquery): (&mut Expr, _, _, &Query) = match expr {
            Expr::InSubquery {
                expr,
                subquery,
                negated: false,
            } => (expr, BinaryOperator::Eq, Asked::Any, subquery),
            Expr::InSubquery { expr, subquery, .. } => {
                (expr, BinaryOperator::NotEq, Asked::All, subquery)
            }
            Expr::BinaryOp { left, op, right } => {
                (left, op.clone(), Asked::Only, subquery_of(right)?)
            }
            other => {
                let compared = Quantified::of(other)?;
                let asked = match compared.is_all {
                    true => Asked::All,
                    false => Asked::Any,
                };
                let subquery = subquery_of(compared.many)?;
                (compared.value, compared.operator.clone(), asked, subquery)
            }
        };
        if !is_row(row) || !is_comparison(&operator) {
            return None;
        }
        let subquery = Box::new(subquery.clone());
        Some(Self {
            row: take(row),
            operator,
            asked,
            subquery,
        })
    }

    /// That the comparison holds with the row of the subquery that is looked at.
    fn holds(&self) -> Result<Expr> {
        self.compared(&self.operator)
    }

    /// That it does not, as a comparison, which can be a join.
    fn fails(&self) -> Result<Expr> {
        self.compared(&opposite(&self.operator))
    }

    fn compared(&self, operator: &BinaryOperator) -> Result<Expr> {
        let columns = (0..self.row.len()).map(|index| {
            let column = vec![Ident::new(ROWS), Ident::new(column(index))];
            Expr::CompoundIdentifier(column)
        });
        compare(self.row.clone(), operator, columns.collect())
    }

    /// The answer, NULL where it is open.
    fn value(&self) -> Result<Expr> {
        let when = |condition: Expr, result: Value| CaseWhen {
            condition,
            result: Expr::value(result),
        };
        let decides = match self.asked {
            Asked::Only => {
                let holds = self.holds()?;
                return Ok(Expr::Subquery(self.select(|select| {
                    select.projection = vec![SelectItem::UnnamedExpr(holds)];
                })?));
            }
            Asked::Any => self.holds()?,
            Asked::All => self.fails()?,
        };
        let open = test(self.holds()?, |it| Expr::IsNull(Box::new(it)));
        let is_any = self.asked == Asked::Any;
        Ok(Expr::Case {
            case_token: AttachedToken::empty(),
            end_token: AttachedToken::empty(),
            operand: None,
            conditions: vec![
                when(self.exists(decides)?, Value::Boolean(is_any)),
                when(self.exists(open)?, Value::Null),
            ],
            else_result: Some(Box::new(Expr::value(Value::Boolean(!is_any)))),
        })
    }

    /// That there is a row of the subquery of which this is true.
    fn exists(&self, condition: Expr) -> Result<Expr> {
        Ok(Expr::Exists {
            subquery: self.select(|select| select.selection = Some(condition))?,
            negated: false,
        })
    }

    /// A selection from the rows of the subquery.
    fn select(&self, fill: impl FnOnce(&mut Select)) -> Result<Box<Query>> {
        let template = format!("SELECT 1 FROM (SELECT 1) AS {ROWS}");
        let Statement::Query(mut query) = parse_one(&template)? else {
            return Err(Error::internal("a template is no query"));
        };
        let mut rows = self.subquery.clone();
        if !column_names::has_several_wildcards(&rows) {
            column_names::make_unique(&mut rows);
        }
        if let SetExpr::Select(select) = query.body.as_mut() {
            for table in &mut select.from {
                if let TableFactor::Derived {
                    subquery, alias, ..
                } = &mut table.relation
                {
                    subquery.clone_from(&rows);
                    if let Some(alias) = alias {
                        let names = 0..self.row.len();
                        let names =
                            names.map(|index| TableAliasColumnDef::from_name(column(index)));
                        alias.columns = names.collect();
                    }
                }
            }
            fill(select);
        }
        Ok(query)
    }
}

fn subquery_of(expr: &Expr) -> Option<&Query> {
    match expr {
        Expr::Nested(inner) => subquery_of(inner),
        Expr::Subquery(subquery) => Some(subquery),
        _ => None,
    }
}

/// How many columns a query has, if its text tells.
pub fn width(body: &SetExpr) -> Option<usize> {
    match body {
        SetExpr::Select(select) => {
            let is_one = |item: &SelectItem| {
                matches!(
                    item,
                    SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }
                )
            };
            let are_told = select.projection.iter().all(is_one);
            are_told.then_some(select.projection.len())
        }
        SetExpr::SetOperation { left, .. } => width(left),
        SetExpr::Query(query) => width(&query.body),
        SetExpr::Values(values) => values.rows.first().map(|row| row.len()),
        _ => None,
    }
}

/// The operator that is true where this one is false, and false where it is true.
fn opposite(operator: &BinaryOperator) -> BinaryOperator {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    match operator {
        Eq => NotEq,
        Lt => GtEq,
        LtEq => Gt,
        Gt => LtEq,
        GtEq => Lt,
        _ => Eq,
    }
}

fn column(index: usize) -> String {
    format!("__{index}")
}
