//! The columns that tell a row of the table which several rows of the source match.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::Expr;

use super::super::modify::{Beside, Changing};
use crate::models::constraints;
use crate::sql::cursor::folded;
use crate::sql::walk::visit_own_expressions;

/// The table's columns that the condition of the join reads, however their names are written; where it
/// reads none, those of the table's key.
pub fn of(on: &Expr, changing: &Changing, beside: &Beside) -> Vec<String> {
    let mut found = Vec::new();
    let finder = Finder { changing, beside };
    // What a subquery compares says nothing of the row.
    let _: ControlFlow<()> = visit_own_expressions(on, |expression| {
        if let Some(column) = finder.column(expression)
            && !found.contains(&column)
        {
            found.push(column);
        }
        ControlFlow::Continue(())
    });
    match found.is_empty() {
        true => constraints::key_of(&changing.object).unwrap_or_default(),
        false => found,
    }
}

struct Finder<'a> {
    changing: &'a Changing,
    beside: &'a Beside,
}

impl Finder<'_> {
    /// The name of a column of the table.
    fn column(&self, expression: &Expr) -> Option<String> {
        let parts: Vec<String> = match expression {
            Expr::Identifier(name) => vec![folded(name)],
            Expr::CompoundIdentifier(parts) => parts.iter().map(folded).collect(),
            _ => return None,
        };
        let Changing { object, name, .. } = self.changing;
        let column = match parts.as_slice() {
            [column] if !self.beside.has_column(column) => column,
            [table, column] if table == name => column,
            [schema, table, column] if *schema == object.name.schema && table == name => column,
            _ => return None,
        };
        self.changing.columns().index_of(column).ok()?;
        Some(column.clone())
    }
}
