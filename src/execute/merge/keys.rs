//! The columns that tell a row of the table which several rows of the source match.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Query, Visitor};

use super::super::modify::{Beside, Changing, folded};
use crate::models::constraints;
use crate::sql::walk::Visit;

/// The table's columns that the condition of the join reads, however their names are written; where it
/// reads none, those of the table's key.
pub fn of(on: &Expr, changing: &Changing, beside: &Beside) -> Vec<String> {
    let mut finder = Finder {
        changing,
        beside,
        depth: 0,
        found: Vec::new(),
    };
    let _: ControlFlow<()> = on.visit(&mut finder);
    if finder.found.is_empty() {
        return constraints::key_of(&changing.object).unwrap_or_default();
    }
    finder.found
}

struct Finder<'a> {
    changing: &'a Changing,
    beside: &'a Beside,
    /// How many subqueries are around.
    depth: usize,
    found: Vec<String>,
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

impl Visitor for Finder<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        // What a subquery compares says nothing of the row.
        if self.depth == 0
            && let Some(column) = self.column(expression)
            && !self.found.contains(&column)
        {
            self.found.push(column);
        }
        ControlFlow::Continue(())
    }
}
