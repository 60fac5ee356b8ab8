//! Proposed rows that the table takes in no case: as in Postgres, a column that has no NULL, or a check,
//! refuses them before a row with their key is looked for.

use std::convert::Infallible;
use std::ops::ControlFlow;

use arrow::datatypes::SchemaRef;
use datafusion::sql::sqlparser::ast::{Expr, Ident, VisitorMut};

use super::super::modify::{Changing, EXCLUDED};
use super::Key;
use crate::models::constraints;
use crate::sql::constraint::Rule;
use crate::sql::cursor::folded;
use crate::sql::name::Quoted;
use crate::sql::renaming::names_column;
use crate::sql::shown::Shown;
use crate::sql::walk::VisitMut as _;

/// What is true of such a row; none where the table takes all. Columns that are computed, and what is
/// checked of them, are left to who puts rows in: they have no values yet.
pub(super) fn condition(changing: &Changing, keys: &[Key<'_>]) -> Option<String> {
    let object = &changing.object;
    let is_computed = |column: &str| constraints::generated_of(object, column).is_some();
    // No row has a key that is NULL.
    let is_of_keys = |column: &String| keys.iter().all(|key| key.columns.contains(column));
    let fields = object.schema.fields();
    let mut refusals = Vec::new();
    for field in fields {
        let column = field.name();
        if !field.is_nullable() && !is_computed(column) && !is_of_keys(column) {
            refusals.push(format!("{EXCLUDED}.{} IS NULL", Quoted(column)));
        }
    }
    for constraint in constraints::of(object) {
        let Rule::Check(check) = &constraint.rule else {
            continue;
        };
        let mut computed = fields.iter().filter(|field| is_computed(field.name()));
        if computed.any(|field| names_column(check, field.name())) {
            continue;
        }
        let mut check = check.clone();
        let _ = check.visit(&mut OfProposed(&object.schema));
        refusals.push(format!("({}) IS FALSE", Shown(&check)));
    }
    (!refusals.is_empty()).then(|| format!("({})", refusals.join(" OR ")))
}

/// Says of the columns of a check that they are those of the proposed row.
struct OfProposed<'a>(&'a SchemaRef);

impl VisitorMut for OfProposed<'_> {
    type Break = Infallible;

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::Identifier(name) = expression {
            let column = folded(name);
            if self.0.column_with_name(&column).is_some() {
                let parts = [EXCLUDED, column.as_str()].map(|part| Ident::with_quote('"', part));
                *expression = Expr::CompoundIdentifier(parts.to_vec());
            }
        }
        ControlFlow::Continue(())
    }
}
