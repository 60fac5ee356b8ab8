//! Takes apart what single links have joined.
//!
//! A chain of pairs joins whole families: each record is like the next, the first is not like the
//! last. Here two clusters become one when the strongest link between them outweighs the evidence
//! against it of all pairs of their records, the strongest first: greedy agglomeration, as in
//! correlation clustering (N. Bansal, A. Blum and S. Chawla, Machine Learning 56, 2004). The pairs of
//! two clusters say much the same over and over, so that as many say no more than the square root of
//! their number would: entities of many records hold together, too. And two entities are less likely one
//! where that would have more records than entities are seen to have.

use super::entity_sizes::EntitySizes;

/// The records of one component.
#[derive(Debug, Default)]
pub(super) struct Agglomerate {
    size: usize,
    /// The log-odds of the strongest link of two clusters.
    links: Vec<f64>,
    /// The sum of the evidence against their match.
    conflicts: Vec<f64>,
    first_of: Vec<usize>,
}

impl Agglomerate {
    /// Every record of a component is a cluster.
    pub(super) fn begin(&mut self, size: usize) {
        self.size = size;
        self.links.clear();
        self.links.resize(size * size, f64::NEG_INFINITY);
        self.conflicts.clear();
        self.conflicts.resize(size * size, 0.0);
        self.first_of.clear();
        self.first_of.extend(0..size);
    }

    /// Tells of two records the log-odds of a match and the evidence against it.
    pub(super) fn set(&mut self, left: usize, right: usize, log_odds: f64, conflict: f64) {
        for at in [left * self.size + right, right * self.size + left] {
            self.links[at] = log_odds;
            self.conflicts[at] = conflict;
        }
    }

    /// For each record the first one of its cluster, of entities of some sizes.
    pub(super) fn run(&mut self, least: f64, entities: &EntitySizes) -> &[usize] {
        let mut sizes = vec![1_usize; self.size];
        loop {
            let mut best: Option<(f64, usize, usize)> = None;
            for left in 0..self.size {
                for right in 0..left {
                    if sizes[left] == 0 || sizes[right] == 0 {
                        continue;
                    }
                    let at = left * self.size + right;
                    if self.conflicts[at] == f64::NEG_INFINITY {
                        continue;
                    }
                    let pairs = (sizes[left] * sizes[right]) as f64;
                    let by_sizes = entities.lower(sizes[left], sizes[right]);
                    let score = self.links[at] + self.conflicts[at] / pairs.sqrt() + by_sizes;
                    if score >= least && best.is_none_or(|(best, ..)| score > best) {
                        best = Some((score, left, right));
                    }
                }
            }
            let Some((_, left, right)) = best else { break };
            sizes[right] += sizes[left];
            sizes[left] = 0;
            for first in &mut self.first_of {
                if *first == left {
                    *first = right;
                }
            }
            for other in 0..self.size {
                let (from, to) = (left * self.size + other, right * self.size + other);
                let link = self.links[to].max(self.links[from]);
                let conflict = self.conflicts[to] + self.conflicts[from];
                for at in [to, other * self.size + right] {
                    self.links[at] = link;
                    self.conflicts[at] = conflict;
                }
            }
        }
        &self.first_of
    }
}
