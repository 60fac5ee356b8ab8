//! Entities as people have decided: the entities of records that are one become one.

use datafusion::error::Result;

use super::components::Components;
use super::decisions::Decisions;
use super::pair::Pair;
use super::records::Records;
use super::restricted::{RestrictedSets, strongest_first};
use crate::interrupt::listen;

/// Joins the entities of records that must be one, of which `entity_of` tells the first record of
/// each. What speaks against it does not count, not even that a source has each entity once: those who
/// decide know better, and records that were one with either of the two stay so.
///
/// Where that would join two that are kept apart, the decided links hold first, and then the pairs that
/// made the entities, the strongest first, as far as nothing is kept apart. `least` are the log-odds of
/// the weakest pair that links.
pub(super) fn join_decided(
    records: &Records,
    entity_of: Vec<u32>,
    pairs: &[Pair],
    least: f32,
    decisions: &Decisions,
) -> Result<Vec<u32>> {
    if decisions.links().next().is_none() {
        return Ok(entity_of);
    }
    let mut components = Components::new(entity_of.len());
    for (record, first) in (0..).zip(&entity_of) {
        components.join(record, *first);
    }
    for pair in decisions.links() {
        components.join(pair.left, pair.right);
    }
    let mut contradicted = vec![false; entity_of.len()];
    for (left, right) in decisions.kept_apart() {
        let first = components.find(left);
        if first == components.find(right) {
            contradicted[first as usize] = true;
        }
    }
    let joined = components.into_roots();
    if !contradicted.contains(&true) {
        return Ok(joined);
    }
    let is_contradicted = |record: u32| contradicted[joined[record as usize] as usize];
    let mut inside: Vec<Pair> = pairs
        .iter()
        .filter(|pair| {
            let is_one = entity_of[pair.left as usize] == entity_of[pair.right as usize];
            is_one && pair.log_odds >= least && is_contradicted(pair.left)
        })
        .copied()
        .collect();
    strongest_first(records, &mut inside);
    let mut sets = RestrictedSets::new(decisions, None);
    let mut components = Components::new(entity_of.len());
    for (record, first) in (0..).zip(&joined) {
        if !is_contradicted(record) {
            components.join(record, *first);
        }
    }
    let links = decisions.links().filter(|pair| is_contradicted(pair.left));
    let listener = listen();
    for pair in links.chain(inside) {
        listener.check()?;
        if sets.join(pair.left, pair.right) {
            components.join(pair.left, pair.right);
        }
    }
    Ok(components.into_roots())
}
