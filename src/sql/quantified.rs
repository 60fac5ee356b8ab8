//! `x = ANY (many)` and `x <> ALL (many)`: comparisons with each of several values.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr};

/// The parts of one.
pub(super) struct Quantified<'a> {
    /// What is compared.
    pub value: &'a mut Expr,
    /// How it is.
    pub operator: &'a mut BinaryOperator,
    /// An array, or a subquery.
    pub many: &'a mut Expr,
    /// Whether the comparison must be true of all, and not of any alone.
    pub is_all: bool,
}

impl<'a> Quantified<'a> {
    /// Those of an expression, if it is one.
    pub fn of(expr: &'a mut Expr) -> Option<Self> {
        let (value, operator, many, is_all) = match expr {
            Expr::AnyOp {
                left,
                compare_op,
                right,
                ..
            } => (left, compare_op, right, false),
            Expr::AllOp {
                left,
                compare_op,
                right,
            } => (left, compare_op, right, true),
            _ => return None,
        };
        Some(Self {
            value,
            operator,
            many,
            is_all,
        })
    }

    /// Whether it compares with the rows of a subquery.
    pub fn is_of_subquery(&self) -> bool {
        matches!(self.many, Expr::Subquery(_))
    }
}
