//! Values that are others with each call are computed of rows that are in order, as in PostgreSQL:
//! `SELECT nextval('s') ... ORDER BY name` numbers the rows by their names.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, Sort, SortExpr};

/// Puts such columns above the sort that they stand below, where it is not by them.
///
/// # Errors
/// What DataFusion says of a plan that it has made.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_down_with_subqueries(|node| {
        let LogicalPlan::Sort(sort) = node else {
            return Ok(Transformed::no(node));
        };
        let LogicalPlan::Projection(projection) = sort.input.as_ref() else {
            return Ok(Transformed::no(LogicalPlan::Sort(sort)));
        };
        match keys_below(&sort, projection) {
            Some(keys) => {
                let keys = sort.expr.iter().zip(keys);
                let below = Sort {
                    expr: keys
                        .map(|(key, expr)| SortExpr {
                            expr,
                            ..key.clone()
                        })
                        .collect(),
                    input: Arc::clone(&projection.input),
                    fetch: sort.fetch,
                };
                let below = Arc::new(LogicalPlan::Sort(below));
                let above = Projection::try_new(projection.expr.clone(), below)?;
                Ok(Transformed::yes(LogicalPlan::Projection(above)))
            }
            None => Ok(Transformed::no(LogicalPlan::Sort(sort))),
        }
    });
    rewritten.data()
}

/// What the rows are put in order by, in terms of what the columns are computed of; none where that is
/// to stay above them.
fn keys_below(sort: &Sort, projection: &Projection) -> Option<Vec<Expr>> {
    let is_volatile = |expression: &Expr| expression.is_volatile();
    let gives_rows = |expression: &Expr| {
        let found = expression.exists(|part| Ok(matches!(part, Expr::Unnest(_))));
        found.unwrap_or(true)
    };
    if !projection.expr.iter().any(is_volatile) || projection.expr.iter().any(gives_rows) {
        return None;
    }
    let columns = projection.schema.columns();
    let keys = sort.expr.iter().map(|key| {
        let below = key.expr.clone().transform_up(|part| {
            let Expr::Column(column) = &part else {
                return Ok(Transformed::no(part));
            };
            let place = columns.iter().position(|own| own == column);
            let computed = place.and_then(|place| projection.expr.get(place));
            Ok(match computed {
                Some(computed) => Transformed::yes(computed.clone().unalias()),
                None => Transformed::no(part),
            })
        });
        below.data().ok().filter(|below| !is_volatile(below))
    });
    keys.collect()
}
