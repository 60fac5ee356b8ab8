//! Selections whose rows are one group, also where there are none, though no aggregate says so: by `GROUP BY ()`,
//! and by `HAVING` without groups, as in `SELECT 1 FROM t HAVING true` (ISO/IEC 9075-2, 7.14).
//!
//! DataFusion's planner knows neither; so the condition gets an aggregate. Beside other groups, `()` divides
//! them no further.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, GroupByExpr, Ident, Query, Select, Value, VisitorMut,
};

use super::cursor::folded;
use super::standard_forms::{arguments, call};
use crate::sql::walk::{Visit, VisitMut, visit_expressions};

/// Adds an aggregate, `count(true) IS NOT NULL`, to the conditions of such selections, and leaves `()` out.
/// `is_aggregate` tells functions of many rows.
pub fn rewrite(query: &mut Query, is_aggregate: &dyn Fn(&str) -> bool) {
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Rewriter { is_aggregate });
}

struct Rewriter<'a> {
    is_aggregate: &'a dyn Fn(&str) -> bool,
}

impl VisitorMut for Rewriter<'_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let GroupByExpr::Expressions(groups, _) = &mut select.group_by else {
            return ControlFlow::Continue(());
        };
        let is_said = groups.iter().any(is_empty_group);
        groups.retain(|group| !is_empty_group(group));
        let is_one_group = groups.is_empty() && (is_said || select.having.is_some());
        if !is_one_group || self.aggregates(&select.projection) || self.aggregates(&select.having) {
            return ControlFlow::Continue(());
        }
        let is_there = Expr::IsNotNull(Box::new(count()));
        select.having = Some(match select.having.take() {
            Some(condition) => Expr::BinaryOp {
                left: Box::new(Expr::Nested(Box::new(condition))),
                op: BinaryOperator::And,
                right: Box::new(is_there),
            },
            None => is_there,
        });
        ControlFlow::Continue(())
    }
}

impl Rewriter<'_> {
    fn aggregates<T: Visit>(&self, part: &T) -> bool {
        let found = visit_expressions(part, |expression| match expression {
            Expr::Function(function) if self.is_called(function) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        found.is_break()
    }

    fn is_called(&self, function: &Function) -> bool {
        let name = function.name.0.last().and_then(|part| part.as_ident());
        let name = name.map(folded);
        function.over.is_none() && name.is_some_and(|name| (self.is_aggregate)(&name))
    }
}

/// Whether a group is that of all rows, `()`.
fn is_empty_group(group: &Expr) -> bool {
    matches!(group, Expr::Tuple(parts) if parts.is_empty())
}

fn count() -> Expr {
    let mut function = call(Ident::new("count"));
    function.args = arguments(vec![Expr::value(Value::Boolean(true))]);
    Expr::Function(function)
}
