//! Queries and expressions as text that reads back as them.

use std::fmt;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectNamePart, TableFactor, UnaryOperator, VisitorMut,
};

use crate::sql::walk::VisitMut;

/// Displays a query or expression.
///
/// sqlparser's own display puts a table's version after its alias, where it is not read, and runs
/// the signs of `- -1` together to a comment.
pub struct Shown<'a, T>(pub &'a T);

impl<T: Clone + VisitMut + fmt::Display> fmt::Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tree = self.0.clone();
        let _ = tree.visit(&mut Verbatim);
        tree.fmt(f)
    }
}

/// Replaces what would be displayed wrongly by names that hold the right text: a name that is not
/// quoted is displayed as it is.
struct Verbatim;

impl VisitorMut for Verbatim {
    type Break = ();

    fn post_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            name,
            version,
            alias: Some(_),
            ..
        } = table
            && let Some(ObjectNamePart::Identifier(last)) = name.0.last_mut()
            && let Some(version) = version.take()
        {
            *last = Ident::new(format!("{last} {version}"));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::UnaryOp { op, expr } = expression
            && *op != UnaryOperator::PGPostfixFactorial
        {
            let operand = expr.to_string();
            if !operand.starts_with(|c: char| c.is_alphanumeric() || "(_'\"$ ".contains(c)) {
                **expr = Expr::Identifier(Ident::new(format!(" {operand}")));
            }
        }
        ControlFlow::Continue(())
    }
}
