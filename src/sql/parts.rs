//! The parts of a statement that reads or changes rows, for what looks at all of them or changes them.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Visitor, VisitorMut};

use super::Statement;
use super::merge::Action;
use super::with_changes;
use crate::sql::walk::{Visit, VisitMut};

/// Visits each part of a statement by `&`, or by `&mut` where `$mutable` is `mut`.
macro_rules! each_part {
    ($statement:ident, $visitor:ident, $visit:path, $with:path, $($mutable:tt)?) => {
        match $statement {
            Statement::Query(query) => $visit(query, $visitor),
            Statement::Insert(insert) => {
                $visit(&$($mutable)? insert.source, $visitor)?;
                if let Some(clause) = &$($mutable)? insert.on_conflict
                    && let Some(update) = &$($mutable)? clause.update
                {
                    for assignment in &$($mutable)? update.assignments {
                        $visit(&$($mutable)? assignment.value, $visitor)?;
                    }
                    $visit(&$($mutable)? update.condition, $visitor)?;
                }
                $visit(&$($mutable)? insert.returning, $visitor)
            }
            Statement::Update(update) => {
                $visit(&$($mutable)? update.with, $visitor)?;
                $visit(&$($mutable)? update.from, $visitor)?;
                for assignment in &$($mutable)? update.assignments {
                    $visit(&$($mutable)? assignment.value, $visitor)?;
                }
                $visit(&$($mutable)? update.condition, $visitor)?;
                $visit(&$($mutable)? update.returning, $visitor)
            }
            Statement::Delete(delete) => {
                $visit(&$($mutable)? delete.with, $visitor)?;
                $visit(&$($mutable)? delete.using, $visitor)?;
                $visit(&$($mutable)? delete.condition, $visitor)?;
                $visit(&$($mutable)? delete.returning, $visitor)
            }
            Statement::Merge(merge) => {
                $visit(&$($mutable)? merge.with, $visitor)?;
                $visit(&$($mutable)? merge.source, $visitor)?;
                $visit(&$($mutable)? merge.on, $visitor)?;
                for clause in &$($mutable)? merge.clauses {
                    $visit(&$($mutable)? clause.condition, $visitor)?;
                    match &$($mutable)? clause.action {
                        Action::Update(assignments) => {
                            for assignment in assignments {
                                $visit(&$($mutable)? assignment.value, $visitor)?;
                            }
                        }
                        Action::Insert { values, .. } => $visit(values, $visitor)?,
                        Action::UpdateAll
                        | Action::Delete
                        | Action::InsertAll
                        | Action::DoNothing => {}
                    }
                }
                $visit(&$($mutable)? merge.returning, $visitor)
            }
            Statement::WithChanges(with) => $with(with, $visitor),
            _ => ControlFlow::Continue(()),
        }
    };
}

/// Visits all parts of a query, or of a statement that changes rows.
pub fn visit<V: Visitor>(statement: &Statement, visitor: &mut V) -> ControlFlow<V::Break> {
    each_part!(statement, visitor, Visit::visit, with_changes::visit,)
}

/// [`visit`], where parts may change.
pub fn visit_mut<V: VisitorMut>(
    statement: &mut Statement,
    visitor: &mut V,
) -> ControlFlow<V::Break> {
    each_part!(
        statement,
        visitor,
        VisitMut::visit,
        with_changes::visit_mut,
        mut
    )
}
