//! Functions that wait, such as those that tell how large tables are, are computed in columns of their
//! own before rows are put in order by what they answer: DataFusion's sort cannot wait.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, Sort, SortExpr};

/// Who the columns are of that rows are put in order by.
const KEYS: &str = "tributary:sort";

/// Puts such columns below the sorts that are by them, and leaves them out above.
///
/// # Errors
/// What DataFusion says of a plan that it has made.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let LogicalPlan::Sort(sort) = node else {
            return Ok(Transformed::no(node));
        };
        if !sort.expr.iter().any(|key| waits(&key.expr)) {
            return Ok(Transformed::no(LogicalPlan::Sort(sort)));
        }
        let columns = sort.input.schema().columns().into_iter().map(Expr::Column);
        let columns: Vec<Expr> = columns.collect();
        let mut computed = columns.clone();
        let mut keys = Vec::with_capacity(sort.expr.len());
        for key in sort.expr {
            if !waits(&key.expr) {
                keys.push(key);
                continue;
            }
            let name = format!("k{}", computed.len());
            computed.push(key.expr.alias_qualified(Some(KEYS), &name));
            let expr = Expr::Column(Column::new(Some(KEYS), name));
            keys.push(SortExpr { expr, ..key });
        }
        let below = Projection::try_new(computed, sort.input)?;
        let ordered = LogicalPlan::Sort(Sort {
            expr: keys,
            input: Arc::new(LogicalPlan::Projection(below)),
            fetch: sort.fetch,
        });
        let above = Projection::try_new(columns, Arc::new(ordered))?;
        Ok(Transformed::yes(LogicalPlan::Projection(above)))
    });
    rewritten.data()
}

/// Whether an expression calls a function that waits.
fn waits(expression: &Expr) -> bool {
    let calls = |part: &Expr| match part {
        Expr::ScalarFunction(call) => call.func.as_async().is_some(),
        _ => false,
    };
    expression
        .exists(|part| Ok(calls(part)))
        .unwrap_or_default()
}
