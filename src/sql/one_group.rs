//! Selections whose rows are one group, also where there are none, though no aggregate says so: by `GROUP BY ()`,
//! and by `HAVING` without groups, as in `SELECT 1 FROM t HAVING true` (ISO/IEC 9075-2, 7.14).
//!
//! DataFusion's planner knows neither; so the condition gets an aggregate. Beside other groups, `()` divides
//! them no further.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, GroupByExpr, Ident, OrderBy, OrderByKind, Query, Select,
    SetExpr, Value, VisitorMut,
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

    /// The places of columns, by which rows are ordered, decide nothing of one.
    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let Query { body, order_by, .. } = query;
        if let SetExpr::Select(select) = body.as_ref()
            && self.needs_aggregate(select)
            && let Some(OrderBy {
                kind: OrderByKind::Expressions(keys),
                ..
            }) = order_by
        {
            let columns = select.projection.len();
            keys.retain(|key| !is_place(&key.expr, columns));
            if keys.is_empty() {
                *order_by = None;
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let needs_aggregate = self.needs_aggregate(select);
        let GroupByExpr::Expressions(groups, _) = &mut select.group_by else {
            return ControlFlow::Continue(());
        };
        groups.retain(|group| !is_empty_group(group));
        if !needs_aggregate {
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
    /// Whether the rows of a selection are one group, and no aggregate says so.
    fn needs_aggregate(&self, select: &Select) -> bool {
        let GroupByExpr::Expressions(groups, _) = &select.group_by else {
            return false;
        };
        let is_said = select.having.is_some() || !groups.is_empty();
        groups.iter().all(is_empty_group)
            && is_said
            && !self.aggregates(&select.projection)
            && !self.aggregates(&select.having)
    }

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

/// Whether a key is the place of one of so many columns.
fn is_place(key: &Expr, columns: usize) -> bool {
    let Expr::Value(value) = key else {
        return false;
    };
    let place = match &value.value {
        Value::Number(place, _) => place.parse().ok(),
        _ => None,
    };
    place.is_some_and(|place: usize| (1..=columns).contains(&place))
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
