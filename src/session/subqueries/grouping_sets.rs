//! `GROUPING SETS`, `ROLLUP` and `CUBE` as the sets of groups that they stand for.

use datafusion::error::Result;
use datafusion::logical_expr::{Expr, GroupingSet};

use super::dependent::unsupported;

/// The most groups of a `CUBE`, of which each more doubles the sets.
const MAX_CUBE: usize = 12;

/// The sets of groups.
///
/// # Errors
/// 0A000 for a `CUBE` of many groups.
pub(super) fn of(sets: &GroupingSet) -> Result<Vec<Vec<Expr>>> {
    Ok(match sets {
        GroupingSet::GroupingSets(sets) => sets.clone(),
        GroupingSet::Rollup(groups) => {
            let lengths = (0..=groups.len()).rev();
            lengths
                .map(|length| groups.iter().take(length).cloned().collect())
                .collect()
        }
        GroupingSet::Cube(groups) if groups.len() <= MAX_CUBE => {
            let chosen = |choice: usize| {
                let places = groups.iter().enumerate();
                let chosen = places.filter(|(place, _)| choice & (1 << place) == 0);
                chosen.map(|(_, group)| group.clone()).collect()
            };
            (0..1_usize << groups.len()).map(chosen).collect()
        }
        GroupingSet::Cube(_) => return Err(unsupported()),
    })
}
