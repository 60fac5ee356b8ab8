//! Which relations the clauses of a `MERGE` see: one for rows that do not match sees one side alone.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Ident, Query, VisitorMut};

use super::Changing;
use super::beside::Beside;
use super::found::known_names;
use crate::error::{Error, Result, SqlState};
use crate::sql::cursor::folded;
use crate::sql::merge::{Action, Clause, When};
use crate::sql::walk::{VisitMut, ended};

/// Gives the columns of a clause for rows that do not match the name of the side that has them, and
/// refuses the other side.
///
/// # Errors
/// 42P01 for a relation and 42703 for a column of the other side.
pub fn restrict(
    clause: &mut Clause,
    changing: &Changing,
    source: &[String],
    beside: &Beside,
) -> Result<()> {
    let (target, columns) = (std::slice::from_ref(&changing.name), changing.columns());
    let in_target = |column: &str| {
        let is_there = columns.index_of(column).is_ok();
        is_there.then_some(changing.name.as_str())
    };
    let in_source = |column: &str| beside.relation_of(column);
    let (target, source) = (Side(target, &in_target), Side(source, &in_source));
    let (seen, hidden) = match clause.when {
        When::Matched => return Ok(()),
        When::NotMatched => (source, target),
        When::NotMatchedBySource => (target, source),
    };
    let when = clause.when;
    let is_ambiguous = |column: &str| when == When::NotMatched && beside.is_ambiguous(column);
    let mut restriction = Restriction {
        seen,
        hidden,
        is_ambiguous: &is_ambiguous,
        around: Vec::new(),
    };
    let mut visit = |tree: &mut Option<Expr>| ended(tree.visit(&mut restriction));
    visit(&mut clause.condition)?;
    match &mut clause.action {
        Action::Update(assignments) => assignments
            .iter_mut()
            .try_for_each(|assignment| visit(&mut assignment.value)),
        Action::Insert { values, .. } => values.iter_mut().try_for_each(visit),
        // They name no columns.
        Action::UpdateAll | Action::InsertAll | Action::Delete | Action::DoNothing => Ok(()),
    }
}

/// The names of relations, and which of them has a column.
struct Side<'a>(&'a [String], &'a dyn Fn(&str) -> Option<&'a str>);

struct Restriction<'a> {
    seen: Side<'a>,
    hidden: Side<'a>,
    /// Whether several relations that are seen have a column.
    is_ambiguous: &'a dyn Fn(&str) -> bool,
    /// The names of relations in the subqueries around.
    around: Vec<Vec<String>>,
}

impl VisitorMut for Restriction<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.around.push(known_names(&query.body));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.around.pop();
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Error> {
        match expression {
            Expr::CompoundIdentifier(parts) => {
                let Some(relation) = parts.first().map(folded) else {
                    return ControlFlow::Continue(());
                };
                let is_shadowed = self.around.iter().flatten().any(|known| *known == relation);
                if self.hidden.0.contains(&relation) && !is_shadowed {
                    return ControlFlow::Break(
                        Error::new(
                            SqlState::UNDEFINED_TABLE,
                            format!("invalid reference to FROM-clause entry for table \"{relation}\""),
                        )
                        .with_hint(format!(
                            "There is an entry for table \"{relation}\", but it cannot be referenced from this part of the query."
                        )),
                    );
                }
            }
            Expr::Identifier(name) if self.around.is_empty() => {
                let column = folded(name);
                if let Some(relation) = (self.seen.1)(&column) {
                    // It is refused where the clause is planned.
                    if (self.is_ambiguous)(&column) {
                        return ControlFlow::Continue(());
                    }
                    let relation = Ident::with_quote('"', relation);
                    *expression = Expr::CompoundIdentifier(vec![relation, name.clone()]);
                } else if let Some(relation) = (self.hidden.1)(&column) {
                    return ControlFlow::Break(
                        Error::new(
                            SqlState::UNDEFINED_COLUMN,
                            format!("column \"{column}\" does not exist"),
                        )
                        .with_hint(format!(
                            "There is a column named \"{column}\" in table \"{relation}\", but it cannot be referenced from this part of the query."
                        )),
                    );
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
