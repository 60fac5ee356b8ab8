//! `(a, b) IN (SELECT x, y ...)`: whether a row is among those of a subquery.
//!
//! DataFusion compares one value alone with those of a subquery. So the subquery becomes a relation
//! whose columns are compared with the values: in one `EXISTS` where a condition has only to be true,
//! and in two elsewhere, since a NULL may keep the answer open.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, Ident, JoinConstraint, JoinOperator, Query, Select, SetExpr,
    TableAliasColumnDef, TableFactor, UnaryOperator, Value, VisitMut, VisitorMut,
};

use super::{Statement, parse_one};
use crate::error::{Error, Result};

/// What the relation of a subquery is called.
const ROWS: &str = "__rows";

/// Says what compares rows with those of subqueries by `EXISTS`.
///
/// # Errors
/// None that parsing has not met.
pub fn rewrite(query: &mut Query) -> Result<()> {
    match query.visit(&mut Rewriter) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        done(conditions(select))
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        done(value(expr))
    }
}

fn done(result: Result<()>) -> ControlFlow<Error> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

/// The conditions of a selection, which only have to be true.
fn conditions(select: &mut Select) -> Result<()> {
    for condition in select.selection.iter_mut().chain(&mut select.having) {
        conjunct(condition)?;
    }
    for join in select.from.iter_mut().flat_map(|table| &mut table.joins) {
        if let JoinOperator::Inner(JoinConstraint::On(condition))
        | JoinOperator::Join(JoinConstraint::On(condition)) = &mut join.join_operator
        {
            conjunct(condition)?;
        }
    }
    Ok(())
}

fn conjunct(condition: &mut Expr) -> Result<()> {
    match condition {
        Expr::Nested(inner) => conjunct(inner),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And | BinaryOperator::Or,
            right,
        } => {
            conjunct(left)?;
            conjunct(right)
        }
        other => {
            if let Some(membership) = Membership::take(other) {
                *other = match membership.negated {
                    true => {
                        let may_be = test(membership.equal(), |it| Expr::IsNotFalse(Box::new(it)));
                        not(membership.exists(may_be)?)
                    }
                    false => {
                        let equal = membership.equal();
                        membership.exists(equal)?
                    }
                };
            }
            Ok(())
        }
    }
}

fn value(expr: &mut Expr) -> Result<()> {
    let Some(membership) = Membership::take(expr) else {
        return Ok(());
    };
    let equal = membership.equal();
    let open = test(membership.equal(), |it| Expr::IsNull(Box::new(it)));
    let when = |condition: Expr, result: Value| CaseWhen {
        condition,
        result: Expr::value(result),
    };
    let is_in = Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![
            when(membership.exists(equal)?, Value::Boolean(true)),
            when(membership.exists(open)?, Value::Null),
        ],
        else_result: Some(Box::new(Expr::value(Value::Boolean(false)))),
    };
    *expr = match membership.negated {
        true => not(is_in),
        false => is_in,
    };
    Ok(())
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

/// A row, and the subquery that may have it.
struct Membership {
    row: Vec<Expr>,
    subquery: Box<Query>,
    negated: bool,
}

impl Membership {
    /// That of `IN`, `= ANY` and `<> ALL`; leaves nothing sensible behind.
    fn take(expr: &mut Expr) -> Option<Self> {
        let (row, subquery, negated) = match expr {
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => (expr, subquery, *negated),
            Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                right,
                ..
            } => match right.as_mut() {
                Expr::Subquery(subquery) => (left, subquery, false),
                _ => return None,
            },
            Expr::AllOp {
                left,
                compare_op: BinaryOperator::NotEq,
                right,
            } => match right.as_mut() {
                Expr::Subquery(subquery) => (left, subquery, true),
                _ => return None,
            },
            _ => return None,
        };
        let Expr::Tuple(row) = row.as_mut() else {
            return None;
        };
        let row = std::mem::take(row);
        let subquery = subquery.clone();
        Some(Self {
            row,
            subquery,
            negated,
        })
    }

    /// That the row is the one of the subquery that is looked at.
    fn equal(&self) -> Expr {
        let pairs = self.row.iter().enumerate().map(|(index, value)| {
            let column = vec![Ident::new(ROWS), Ident::new(column(index))];
            Expr::BinaryOp {
                left: Box::new(Expr::CompoundIdentifier(column)),
                op: BinaryOperator::Eq,
                right: Box::new(Expr::Nested(Box::new(value.clone()))),
            }
        });
        let all = pairs.reduce(|left, right| Expr::BinaryOp {
            left: Box::new(left),
            op: BinaryOperator::And,
            right: Box::new(right),
        });
        all.unwrap_or_else(|| Expr::value(Value::Boolean(true)))
    }

    /// That there is a row of the subquery of which this is true.
    fn exists(&self, condition: Expr) -> Result<Expr> {
        let template = format!("SELECT 1 FROM (SELECT 1) AS {ROWS}");
        let Statement::Query(mut query) = parse_one(&template)? else {
            return Err(Error::internal("a template is no query"));
        };
        if let SetExpr::Select(select) = query.body.as_mut() {
            select.selection = Some(condition);
            for table in &mut select.from {
                if let TableFactor::Derived {
                    subquery, alias, ..
                } = &mut table.relation
                {
                    subquery.clone_from(&self.subquery);
                    if let Some(alias) = alias {
                        let names = 0..self.row.len();
                        let names =
                            names.map(|index| TableAliasColumnDef::from_name(column(index)));
                        alias.columns = names.collect();
                    }
                }
            }
        }
        Ok(Expr::Exists {
            subquery: query,
            negated: false,
        })
    }
}

fn column(index: usize) -> String {
    format!("__{index}")
}
