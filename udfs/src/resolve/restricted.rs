//! Joins the records of a component that is too large to be refined, under all restrictions.

use std::collections::{HashMap, HashSet};

use datafusion::error::Result;

use super::decisions::Decisions;
use super::pair::Pair;
use super::resolver::Resolver;
use crate::interrupt::listen;

/// The pairs of records to be joined, the strongest links first; never two that a decision, or a
/// source that has each entity once, keeps apart.
pub(super) fn join_restricted(
    resolver: &Resolver,
    group: &[u32],
    edges: &[Pair],
    decisions: &Decisions,
) -> Result<Vec<(u32, u32)>> {
    let records = resolver.records();
    let one_to_one = resolver.model().options().is_one_to_one();
    let inside: HashSet<u32> = group.iter().copied().collect();
    let mut edges: Vec<&Pair> = edges
        .iter()
        .filter(|pair| inside.contains(&pair.left))
        .collect();
    edges.sort_unstable_by(|one, other| {
        let names = |pair: &Pair| (records.key(pair.left), records.key(pair.right));
        let by_odds = other.log_odds.total_cmp(&one.log_odds);
        by_odds.then_with(|| names(one).cmp(&names(other)))
    });
    let mut set_of: HashMap<u32, usize> = HashMap::new();
    let mut sets: Vec<Vec<u32>> = Vec::new();
    for record in group {
        set_of.insert(*record, sets.len());
        sets.push(vec![*record]);
    }
    let mut joined = Vec::new();
    let listener = listen();
    for pair in edges {
        listener.check()?;
        let (Some(left), Some(right)) = (set_of.get(&pair.left), set_of.get(&pair.right)) else {
            continue;
        };
        let (left, right) = (*left, *right);
        if left == right {
            continue;
        }
        let (small, large) = if sets[left].len() <= sets[right].len() {
            (left, right)
        } else {
            (right, left)
        };
        let sources: HashSet<u32> = match one_to_one {
            true => sets[large]
                .iter()
                .map(|record| records.source_code(*record))
                .collect(),
            false => HashSet::new(),
        };
        let allowed = sets[small].iter().all(|record| {
            let apart = decisions.apart_from(*record);
            !sources.contains(&records.source_code(*record))
                && apart.iter().all(|other| set_of.get(other) != Some(&large))
        });
        if allowed {
            joined.push((pair.left, pair.right));
            let moved = std::mem::take(&mut sets[small]);
            for record in &moved {
                set_of.insert(*record, large);
            }
            sets[large].extend(moved);
        }
    }
    Ok(joined)
}
