//! Plans of few rows, which are worked on in one piece: to divide them among threads, and to put them
//! together again, takes longer than the work. And their rows come in the order in which they are stored
//! or were sorted for a window, or round by round of a recursive query, as clients of PostgreSQL are used to,
//! though no `ORDER BY` asks for it.

use datafusion::common::tree_node::TreeNode as _;
use datafusion::datasource::source_as_provider;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan};

use crate::catalog::system::SystemTable;
use crate::instance::machine::cores;
use crate::models::resolution::LookedUp;
use crate::warehouse;

/// So many rows are few: two batches.
const FEW: u64 = 1 << 14;

/// Whether a plan is of few rows in a session that leaves the number of pieces to the server.
pub fn is_small(plan: &LogicalPlan, state: &SessionState) -> bool {
    state.config().target_partitions() == cores() && rows(plan, &[]).is_some_and(|rows| rows <= FEW)
}

/// Has a state plan in one piece.
pub fn in_one_piece(state: &mut SessionState) {
    let options = state.config_mut().options_mut();
    options.execution.target_partitions = 1;
}

/// About how many rows the largest part of a plan has; none where that is not known. The rows of the last
/// round of a recursive query stand under the names of `rounds`: however many there are, its rounds come
/// one after another.
fn rows(plan: &LogicalPlan, rounds: &[&str]) -> Option<u64> {
    if plan.expressions().iter().any(has_subquery) {
        return None;
    }
    match plan {
        LogicalPlan::EmptyRelation(_) => Some(1),
        LogicalPlan::Values(values) => Some(values.values.len() as u64),
        LogicalPlan::TableScan(scan)
            if scan.table_name.schema().is_none() && rounds.contains(&scan.table_name.table()) =>
        {
            Some(1)
        }
        LogicalPlan::TableScan(scan) => {
            let provider = source_as_provider(&scan.source).ok()?;
            if let Some(view) = SystemTable::of(&provider) {
                return Some(view.rows());
            }
            match LookedUp::of(&provider) {
                // The entities that share a block with a record.
                Some(_) => Some(1),
                None => warehouse::rows_of(&provider),
            }
        }
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Distinct(_) => rows(plan.inputs().first()?, rounds),
        LogicalPlan::Union(union) => {
            let inputs = union.inputs.iter().map(|input| rows(input, rounds));
            inputs.sum()
        }
        LogicalPlan::Join(join) => {
            let (left, right) = (rows(&join.left, rounds)?, rows(&join.right, rounds)?);
            let is_of_one_side = matches!(
                join.join_type,
                JoinType::LeftSemi | JoinType::RightSemi | JoinType::LeftAnti | JoinType::RightAnti
            );
            Some(match join.on.is_empty() && !is_of_one_side {
                true => left.saturating_mul(right),
                // Most joins are of keys.
                false => left.saturating_add(right),
            })
        }
        LogicalPlan::RecursiveQuery(query) => {
            let mut rounds = rounds.to_vec();
            rounds.push(&query.name);
            let first = rows(&query.static_term, &rounds)?;
            Some(first.saturating_add(rows(&query.recursive_term, &rounds)?))
        }
        _ => None,
    }
}

/// Whether an expression has a query of its own.
fn has_subquery(expression: &Expr) -> bool {
    let is_one = |part: &Expr| {
        Ok(matches!(
            part,
            Expr::ScalarSubquery(_)
                | Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::SetComparison(_)
        ))
    };
    expression.exists(is_one).unwrap_or(true)
}
