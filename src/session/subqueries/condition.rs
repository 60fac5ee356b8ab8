//! Subqueries in conditions, of which NULL is as good as false.

use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, binary_expr, lit, not};

use super::dependent::projected;
use super::guards::open_after;
use super::references::{has_subquery, references};
use super::shape::{filtered, gives_one_row, no_rows, only_column, subquery};
use super::{Rows, as_membership, pulled_up};

impl Rows<'_> {
    /// A condition, or a part of it. A conjunct becomes a semi join or an anti join that knows of NULL;
    /// what stands below an `OR`, a mark join.
    pub(super) fn condition(
        &mut self,
        condition: Expr,
        is_conjunct: bool,
    ) -> Result<Transformed<Expr>> {
        if !has_subquery(&condition) {
            return Ok(Transformed::no(condition));
        }
        match condition {
            Expr::BinaryExpr(BinaryExpr { op, .. })
                if matches!(op, Operator::And | Operator::Or) =>
            {
                let is_conjunct = is_conjunct && op == Operator::And;
                let mut parts = operands(condition, op);
                parts.reverse();
                let depth = self.guards.len();
                // As in PostgreSQL, conditions without subqueries come first.
                if is_conjunct {
                    for part in parts.as_slice() {
                        self.guard(open_after(op, part));
                    }
                }
                let mut parts = parts.into_iter();
                let first = parts.next().unwrap_or_else(|| lit(true));
                let mut whole = self.condition(first, is_conjunct)?;
                if !is_conjunct {
                    self.guard(open_after(op, &whole.data));
                }
                for part in parts {
                    let part = self.condition(part, is_conjunct)?;
                    if !is_conjunct {
                        self.guard(open_after(op, &part.data));
                    }
                    let is_changed = whole.transformed || part.transformed;
                    let both = binary_expr(whole.data, op, part.data);
                    whole = Transformed::new_transformed(both, is_changed);
                }
                self.guards.truncate(depth);
                Ok(whole)
            }
            Expr::Not(inner) => match *inner {
                Expr::InSubquery(membership) => {
                    let opposite = InSubquery {
                        negated: !membership.negated,
                        ..membership
                    };
                    self.condition(Expr::InSubquery(opposite), is_conjunct)
                }
                Expr::Exists(exists) => {
                    let opposite = Exists {
                        negated: !exists.negated,
                        ..exists
                    };
                    self.condition(Expr::Exists(opposite), is_conjunct)
                }
                inner => self.parts(not(inner)),
            },
            Expr::Exists(exists) => self.has_rows(exists),
            Expr::InSubquery(membership) => self.is_surely_among(membership, is_conjunct),
            Expr::SetComparison(compared) => match as_membership(&compared) {
                Some(membership) => self.is_surely_among(membership, is_conjunct),
                None => self.parts(Expr::SetComparison(compared)),
            },
            other => self.parts(other),
        }
    }

    fn has_rows(&mut self, exists: Exists) -> Result<Transformed<Expr>> {
        let plan = &exists.subquery.subquery;
        if references(plan)?.is_empty() {
            return Ok(Transformed::no(Expr::Exists(exists)));
        }
        Ok(Transformed::yes(match self.exists(plan)? {
            Expr::Exists(found) => Expr::Exists(Exists {
                negated: exists.negated,
                ..found
            }),
            found if exists.negated => not(found),
            found => found,
        }))
    }

    /// `value [NOT] IN (subquery)` where NULL is as good as false.
    fn is_surely_among(
        &mut self,
        membership: InSubquery,
        is_conjunct: bool,
    ) -> Result<Transformed<Expr>> {
        let value = self.parts(*membership.expr)?;
        let is_changed = value.transformed;
        let membership = InSubquery {
            expr: Box::new(value.data),
            ..membership
        };
        let (value, rows) = (&membership.expr, &membership.subquery.subquery);
        let references = references(rows)?;
        let is_correlated = !references.is_empty();
        let is_simple = !is_correlated
            || !gives_one_row(rows) && self.has_all(&references) && pulled_up::are_rows(rows)?;
        if !is_simple || has_subquery(value) {
            let found = self.parts(Expr::InSubquery(membership))?;
            return Ok(Transformed::yes(found.data));
        }
        let has_columns = value.any_column_refs() || value.contains_outer();
        // A mark join would have a column that no relation names twice.
        let column = only_column(rows)?;
        let is_named = matches!(&column, Expr::Column(column) if column.relation.is_some());
        let is_joined =
            has_columns && (is_conjunct || is_named) && !self.are_documents(value, rows);
        if is_joined && (is_conjunct && !is_correlated || !membership.negated) {
            return Ok(match column {
                _ if has_output(rows)? => {
                    Transformed::new_transformed(Expr::InSubquery(membership), is_changed)
                }
                column => Transformed::yes(Expr::InSubquery(InSubquery {
                    subquery: subquery(projected(rows.as_ref().clone(), vec![column])?),
                    ..membership
                })),
            });
        }
        // No row is equal, and none may be.
        let value = self.seen_within(value)?;
        let rows = self.apart_from(rows.as_ref().clone(), &value)?;
        let equal = only_column(&rows)?.eq(value);
        let sought = match membership.negated {
            true => filtered(&rows, Expr::IsNotFalse(Box::new(equal)))?,
            false => filtered(&rows, equal)?,
        };
        let references = super::references(&sought)?;
        let is_a_join = !references.is_empty()
            && self.has_all(&references)
            && pulled_up::are_rows(&sought)?
            && (is_correlated || is_conjunct || !membership.negated);
        Ok(Transformed::yes(match (is_a_join, membership.negated) {
            (true, negated) => Expr::Exists(Exists::new(subquery(sought), negated)),
            (false, true) if references.is_empty() => self.value(no_rows(sought)?)?,
            (false, true) => not(self.is_among(InSubquery {
                negated: false,
                ..membership
            })?),
            (false, false) => self.exists(&sought)?,
        }))
    }
}

/// Whether DataFusion knows the column of a subquery, as it does not of `VALUES`.
fn has_output(rows: &LogicalPlan) -> Result<bool> {
    Ok(rows.head_output_expr()?.is_some())
}

/// What an operator puts together, the last first. A long chain is no deep recursion.
fn operands(mut condition: Expr, op: Operator) -> Vec<Expr> {
    let mut operands = Vec::new();
    loop {
        match condition {
            Expr::BinaryExpr(part) if part.op == op => {
                operands.push(*part.right);
                condition = *part.left;
            }
            first => {
                operands.push(first);
                return operands;
            }
        }
    }
}
