//! By which columns a query for some keys looks for rows of the tables that it reads.

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Column, JoinType, TableReference};
use datafusion::logical_expr::{Expr, Join, LogicalPlan, TableScan};

use super::Analysis;
use super::delta::leaf_key;
use super::inputs::Input;
use super::restrict::WANTED;
use crate::catalog::Oid;
use crate::error::Result;

/// The tables that a restricted plan looks for rows of, and by which columns of theirs.
///
/// # Errors
/// A plan that cannot be walked.
pub fn looked_up(analysis: &Analysis, plan: &LogicalPlan) -> Result<Vec<(Oid, Vec<String>)>> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Join(join) = node
            && let Some(scan) = restricted(join)
            && let Some(known) = analysis.scans.get(&leaf_key(scan))
            && let Input::Table(table) = &known.input
        {
            let columns = join.on.iter().map(|(column, _)| match column {
                Expr::Column(column) => Some(column.name.clone()),
                _ => None,
            });
            let columns: Option<Vec<String>> = columns.collect();
            found.extend(columns.map(|columns| (table.oid, columns)));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// The scan of which a join leaves the rows that are wanted.
fn restricted(join: &Join) -> Option<&TableScan> {
    let (wanted, keys) = (join.right.schema().columns(), TableReference::from(WANTED));
    let of_keys = |column: &Column| column.relation.as_ref() == Some(&keys);
    let is_wanted = !wanted.is_empty() && wanted.iter().all(of_keys);
    if join.join_type != JoinType::LeftSemi || !is_wanted {
        return None;
    }
    scan_of(&join.left)
}

fn scan_of(plan: &LogicalPlan) -> Option<&TableScan> {
    match plan {
        LogicalPlan::TableScan(scan) => Some(scan),
        LogicalPlan::Filter(filter) => scan_of(&filter.input),
        _ => None,
    }
}
