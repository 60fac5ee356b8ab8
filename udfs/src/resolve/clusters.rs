//! Entities: sets of records that are one.

use super::agglomerate::Agglomerate;
use super::compare::Comparer;
use super::components::Components;
use super::mixture::probability;
use super::resolver::{Pair, Resolver};
use super::scorer::Scorer;
use super::threads;
use super::training::words_of;

/// Components of more records are taken apart at a higher threshold first.
const LARGEST_COMPONENT: usize = 150;
/// How many components are refined by one task.
const CHUNK: usize = 256;

/// The entities of records.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// For each record the first record of its entity.
    pub entity_of: Vec<u32>,
}

/// The entities that pairs make from a probability on.
pub(super) fn cluster(resolver: &Resolver, pairs: &[Pair], threshold: f64) -> Clusters {
    let records = resolver.records().len();
    let least = (threshold / (1.0 - threshold).max(1e-12)).ln() as f32;
    let mut edges: Vec<Pair> = pairs
        .iter()
        .filter(|pair| pair.log_odds >= least)
        .copied()
        .collect();
    let mut components = join(records, &edges);
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut bar = least;
    loop {
        let mut large = vec![false; records];
        for group in members(&components) {
            match group.len() {
                0..=2 => {}
                size if size <= LARGEST_COMPONENT => groups.push(group),
                _ => group
                    .iter()
                    .for_each(|record| large[*record as usize] = true),
            }
        }
        bar += 1.0;
        edges.retain(|pair| large[pair.left as usize] && pair.log_odds >= bar);
        if edges.is_empty() {
            break;
        }
        components = join(records, &edges);
    }
    let mut entity_of = join(
        records,
        &pairs
            .iter()
            .filter(|pair| pair.log_odds >= least)
            .copied()
            .collect::<Vec<_>>(),
    );
    // Large components stay apart but for what their strongest edges join.
    let model = resolver.model();
    let weights = words_of(&model.comparisons, &model.words);
    let comparer = Comparer::new(
        resolver.records(),
        resolver.records(),
        &model.comparisons,
        weights,
    );
    let refined = threads::map(
        model.options().workers(),
        groups.len().div_ceil(CHUNK),
        || {
            (
                Scorer::new(&comparer, &model.mixture),
                Agglomerate::default(),
            )
        },
        |(scorer, agglomerate), task| {
            let chunk = &groups[task * CHUNK..groups.len().min((task + 1) * CHUNK)];
            let mut entities = Vec::new();
            for group in chunk {
                agglomerate.begin(group.len());
                for (at, left) in group.iter().enumerate() {
                    for (other, right) in group[..at].iter().enumerate() {
                        let (pattern, odds) = scorer.score(*left, *right);
                        agglomerate.set(at, other, odds, model.mixture.conflict(pattern));
                    }
                }
                for (record, first) in agglomerate.run(f64::from(least)).iter().enumerate() {
                    entities.push((group[record], group[*first]));
                }
            }
            entities
        },
    );
    for (record, entity) in refined.concat() {
        entity_of[record as usize] = entity;
    }
    Clusters { entity_of }
}

fn join(records: usize, edges: &[Pair]) -> Vec<u32> {
    let mut components = Components::new(records);
    for pair in edges {
        components.join(pair.left, pair.right);
    }
    components.into_roots()
}

/// The records of each component, ascending.
fn members(roots: &[u32]) -> Vec<Vec<u32>> {
    let mut sizes = vec![0_u32; roots.len()];
    for root in roots {
        sizes[*root as usize] += 1;
    }
    let mut numbers = vec![u32::MAX; roots.len()];
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for (record, root) in roots.iter().enumerate() {
        if sizes[*root as usize] < 2 {
            continue;
        }
        let number = &mut numbers[*root as usize];
        if *number == u32::MAX {
            *number = groups.len() as u32;
            groups.push(Vec::new());
        }
        groups[*number as usize].push(record as u32);
    }
    groups
}
