//! `HAVING` of a selection that neither groups rows nor has an aggregate: `SELECT 1 FROM t HAVING true`.
//!
//! Its rows are one group all the same (ISO/IEC 9075-2, 7.14), also where it has none. DataFusion's planner
//! takes no `HAVING` without groups; so the condition gets an aggregate.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, GroupByExpr, Ident, Query, Select, Value, VisitorMut,
};

use super::cursor::folded;
use super::standard_forms::{arguments, call};
use crate::sql::walk::{Visit, VisitMut, visit_expressions};

/// Adds an aggregate, `count(true) IS NOT NULL`, to such conditions. `is_aggregate` tells functions of many
/// rows.
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
        let is_one_group = match &select.group_by {
            GroupByExpr::Expressions(groups, _) => groups.is_empty(),
            GroupByExpr::All(_) => false,
        };
        if !is_one_group || self.aggregates(&select.projection) || self.aggregates(&select.having) {
            return ControlFlow::Continue(());
        }
        if let Some(condition) = select.having.take() {
            select.having = Some(Expr::BinaryOp {
                left: Box::new(Expr::Nested(Box::new(condition))),
                op: BinaryOperator::And,
                right: Box::new(Expr::IsNotNull(Box::new(count()))),
            });
        }
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

fn count() -> Expr {
    let mut function = call(Ident::new("count"));
    function.args = arguments(vec![Expr::value(Value::Boolean(true))]);
    Expr::Function(function)
}
