//! Which rows a subquery is computed for: in a branch of `CASE`, behind `AND`, `OR` or within
//! `COALESCE`, those that come so far. For the others it might fail, where PostgreSQL never computes it.

use datafusion::common::tree_node::{
    Transformed, TransformedResult, TreeNodeRecursion, TreeNodeRewriter,
};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};

use super::Rows;
use super::references::{has, has_subquery};
use super::shape::filtered;

/// The most conditions that are told of the rows of a part.
const MAX_GUARDS: usize = 32;

/// Rewrites the parts of an expression, each under what is true where it is computed.
pub(super) struct Parts<'a, 'b> {
    pub rows: &'a mut Rows<'b>,
}

impl TreeNodeRewriter for Parts<'_, '_> {
    type Node = Expr;

    fn f_down(&mut self, part: Expr) -> Result<Transformed<Expr>> {
        let rewritten = match part {
            part if !has_subquery(&part) => {
                return Ok(Transformed::new(part, false, TreeNodeRecursion::Jump));
            }
            Expr::Case(case) => Expr::Case(self.rows.case(case)?),
            Expr::ScalarFunction(call) if call.name() == "coalesce" => {
                Expr::ScalarFunction(self.rows.first_of(call)?)
            }
            Expr::BinaryExpr(both)
                if matches!(both.op, Operator::And | Operator::Or) && !has_subquery(&both.left) =>
            {
                Expr::BinaryExpr(self.rows.second_of(both)?)
            }
            part => return Ok(Transformed::no(part)),
        };
        Ok(Transformed::new(rewritten, true, TreeNodeRecursion::Jump))
    }

    fn f_up(&mut self, part: Expr) -> Result<Transformed<Expr>> {
        self.rows.part(part)
    }
}

impl Rows<'_> {
    fn case(&mut self, case: Case) -> Result<Case> {
        let depth = self.guards.len();
        let operand = match case.expr {
            Some(operand) => Some(Box::new(self.parts(*operand).data()?)),
            None => None,
        };
        let mut branches = Vec::with_capacity(case.when_then_expr.len());
        for (when, then) in case.when_then_expr {
            let when = self.parts(*when).data()?;
            let not_taken = self.guards.len();
            let is_taken = match &operand {
                Some(operand) => operand.as_ref().clone().eq(when.clone()),
                None => when.clone(),
            };
            self.guard(is_taken.clone());
            let then = self.parts(*then).data()?;
            self.guards.truncate(not_taken);
            self.guard(Expr::IsNotTrue(Box::new(is_taken)));
            branches.push((Box::new(when), Box::new(then)));
        }
        let otherwise = match case.else_expr {
            Some(otherwise) => Some(Box::new(self.parts(*otherwise).data()?)),
            None => None,
        };
        self.guards.truncate(depth);
        Ok(Case::new(operand, branches, otherwise))
    }

    /// `coalesce`, of which a value is computed where those before it are NULL.
    fn first_of(&mut self, mut call: ScalarFunction) -> Result<ScalarFunction> {
        let depth = self.guards.len();
        let mut values = Vec::with_capacity(call.args.len());
        for value in call.args {
            let value = self.parts(value).data()?;
            self.guard(value.clone().is_null());
            values.push(value);
        }
        self.guards.truncate(depth);
        call.args = values;
        Ok(call)
    }

    fn second_of(&mut self, both: BinaryExpr) -> Result<BinaryExpr> {
        let depth = self.guards.len();
        self.guard(open_after(both.op, &both.left));
        let right = self.parts(*both.right).data();
        self.guards.truncate(depth);
        Ok(BinaryExpr {
            right: Box::new(right?),
            ..both
        })
    }

    /// Notes what is true from here on, unless much is known already.
    pub(super) fn guard(&mut self, condition: Expr) {
        if self.guards.len() < MAX_GUARDS && !has_subquery(&condition) {
            self.guards.push(condition);
        }
    }

    /// The rows for which all guards hold that can be told from them. Those that hold subqueries, or
    /// might say something else at another time, are none: the more rows, the more is computed.
    pub(super) fn guarded(&self, rows: LogicalPlan) -> Result<LogicalPlan> {
        let is_told = |guard: &&Expr| {
            let read = guard.column_refs();
            let mut read = read.iter();
            !guard.is_volatile() && read.all(|column| has(rows.schema(), column))
        };
        let guards = self.guards.iter().filter(is_told).cloned();
        match conjunction(guards) {
            Some(all) => filtered(&rows, all),
            None => Ok(rows),
        }
    }
}

/// What is true where the right side of an operator decides, given the left one.
pub(super) fn open_after(operator: Operator, left: &Expr) -> Expr {
    let left = Box::new(left.clone());
    match operator {
        Operator::And => Expr::IsNotFalse(left),
        _ => Expr::IsNotTrue(left),
    }
}
