//! Keys of joins that have the name of something else: `a.id = b.n::int`.
//!
//! DataFusion computes them beside the columns of their side, and refuses two of one name. It gives casts
//! of its own another one, and does not know ours, which leave a column its name.

use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// Before the place of a key.
const COMPUTED: &str = "tributary:key:";

/// Gives such keys names of their own.
#[derive(Debug)]
pub(super) struct NameJoinKeys;

impl OptimizerRule for NameJoinKeys {
    fn name(&self) -> &str {
        "name_join_keys"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Join(mut join) = plan else {
            return Ok(Transformed::no(plan));
        };
        let (left, right): (Vec<Expr>, Vec<Expr>) = join.on.iter().cloned().unzip();
        let left_shared = shared_names(&left, &join.left);
        let right_shared = shared_names(&right, &join.right);
        let is_changed = left_shared
            .iter()
            .chain(&right_shared)
            .any(|shared| *shared);
        if is_changed {
            let left = named(left, &left_shared, "left");
            let right = named(right, &right_shared, "right");
            join.on = left.into_iter().zip(right).collect();
        }
        let join = LogicalPlan::Join(join);
        Ok(match is_changed {
            true => Transformed::yes(join),
            false => Transformed::no(join),
        })
    }
}

/// Which keys of a side are computed under the name of a column of it, or of another key.
fn shared_names(keys: &[Expr], side: &LogicalPlan) -> Vec<bool> {
    if keys.iter().all(has_own_name) {
        return vec![false; keys.len()];
    }
    let mut taken: Vec<String> = side
        .schema()
        .columns()
        .iter()
        .map(|it| it.flat_name())
        .collect();
    taken.extend(side.schema().fields().iter().map(|it| it.name().clone()));
    let names: Vec<String> = keys
        .iter()
        .map(|key| key.schema_name().to_string())
        .collect();
    let places = keys.iter().zip(&names);
    let shares = places.map(|(key, name)| {
        let of_other = || {
            let mut others = keys.iter().zip(&names);
            others.any(|(other, its)| its == name && other != key)
        };
        !has_own_name(key) && (taken.contains(name) || of_other())
    });
    shares.collect()
}

/// Whether a key is no more than a column, or is given a name by DataFusion.
fn has_own_name(key: &Expr) -> bool {
    matches!(
        key,
        Expr::Column(_) | Expr::Cast(_) | Expr::TryCast(_) | Expr::Alias(_)
    )
}

fn named(keys: Vec<Expr>, shared: &[bool], side: &str) -> Vec<Expr> {
    let keys = keys.into_iter().zip(shared).enumerate();
    let named = keys.map(|(place, (key, shares))| match shares {
        true => key.alias(format!("{COMPUTED}{side}:{place}")),
        false => key,
    });
    named.collect()
}
