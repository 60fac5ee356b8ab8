//! The distribution of patterns within a class: a tree, in which each comparison depends on one
//! other at most.

use serde::{Deserialize, Serialize};

use super::compare::Pattern;
use super::comparison::{DIFFERENT, MISSING_LEVEL};
use super::cooccurrence::Table;
use super::expected::Expected;

/// How many pairs' worth the marginal distribution counts in each row of a table.
const SMOOTHING: f64 = 8.0;

/// By how much likelier each parameter of a dependence has to make pairs, as a logarithm.
const WORTH: f64 = 5.0;

/// A pattern and how much it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighted {
    pub(super) pattern: Pattern,
    pub(super) weight: f64,
}

/// A dependence of one comparison on another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Edge {
    pub(super) parent: usize,
    pub(super) child: usize,
}

/// Each comparison's distribution, given that of its parent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Node {
    parent: Option<usize>,
    levels: usize,
    /// The logarithm of the probability of each level, by the level of the parent; the first row,
    /// of a parent that is missing, is what it is whatever the parent.
    logs: Vec<f64>,
}

impl Node {
    #[inline]
    fn log_probability(&self, pattern: Pattern, level: u8) -> f64 {
        let given = self
            .parent
            .map_or(MISSING_LEVEL, |parent| pattern.level(parent));
        self.logs[usize::from(given) * self.levels + usize::from(level)]
    }
}

impl Tree {
    /// No comparison depends on another; `shares` are those of the levels.
    pub(super) fn independent(shares: &[Vec<f64>]) -> Self {
        let nodes = shares.iter().map(|shares| Node {
            parent: None,
            levels: shares.len(),
            logs: shares.iter().map(|share| share.max(1e-300).ln()).collect(),
        });
        Self {
            nodes: nodes.collect(),
        }
    }

    /// The logarithm of the probability of a pattern; what is missing says nothing.
    #[inline]
    pub(super) fn log_probability(&self, pattern: Pattern) -> f64 {
        let mut sum = 0.0;
        for (at, node) in self.nodes.iter().enumerate() {
            let level = pattern.level(at);
            if level != MISSING_LEVEL {
                sum += node.log_probability(pattern, level);
            }
        }
        sum
    }

    /// The comparison that one depends on.
    pub(super) fn parent(&self, at: usize) -> Option<usize> {
        self.nodes[at].parent
    }

    /// The probability of a level, whatever the others are.
    pub(super) fn share(&self, at: usize, level: u8) -> f64 {
        match level {
            MISSING_LEVEL => 0.0,
            level => self.nodes[at].logs[usize::from(level)].exp(),
        }
    }

    /// The tables of a class that no comparison depends on another in. `expected` counts as so many
    /// pairs.
    pub(super) fn estimate_independent(
        sample: &[Weighted],
        expected: &[Vec<f64>],
        pairs: f64,
    ) -> Self {
        let table = |row: usize, column: usize| {
            let (rows, columns) = (expected[row].len(), expected[column].len());
            Table::of(sample, row, column, rows, columns)
        };
        Self::estimate(table, &[], expected, pairs)
    }

    /// The tables of a class, given its tree, of those of how often the levels of two comparisons occur
    /// together. `expected` counts as so many pairs.
    pub(super) fn estimate(
        table: impl Fn(usize, usize) -> Table,
        edges: &[Edge],
        expected: &[Vec<f64>],
        pairs: f64,
    ) -> Self {
        let nodes = expected.iter().enumerate().map(|(at, shares)| {
            let parent = edges
                .iter()
                .find(|edge| edge.child == at)
                .map(|edge| edge.parent);
            let levels = shares.len();
            let table = table(parent.unwrap_or(at), at);
            let mut marginal: Vec<f64> = (0..levels)
                .map(|level| {
                    let seen: f64 = (0..table.rows()).map(|row| table.get(row, level)).sum();
                    seen + pairs * shares[level]
                })
                .collect();
            marginal[0] = 0.0;
            normalise(&mut marginal);
            let rows = parent.map_or(1, |_| table.rows());
            let mut logs = Vec::with_capacity(rows * levels);
            logs.extend(marginal.iter().map(|share| share.max(1e-300).ln()));
            for row in 1..rows {
                let mut given: Vec<f64> = (0..levels)
                    .map(|level| table.get(row, level) + SMOOTHING * marginal[level])
                    .collect();
                given[0] = 0.0;
                normalise(&mut given);
                logs.extend(given.iter().map(|share| share.max(1e-300).ln()));
            }
            Node {
                parent,
                levels,
                logs,
            }
        });
        Self {
            nodes: nodes.collect(),
        }
    }

    /// Has bands depend on each other where values of both comparisons are equal: on values of which band
    /// pairs agree. How many agree, on whichever values, does not depend on what else they agree on.
    pub(super) fn depend_in_bands(
        &mut self,
        edges: &[Edge],
        first_exact: &[usize],
        table: impl Fn(usize, usize) -> Table,
    ) {
        for Edge { parent, child } in edges {
            let (rows, first_row) = (self.nodes[*parent].levels, first_exact[*parent]);
            let (node, first) = (&mut self.nodes[*child], first_exact[*child]);
            node.logs.truncate(node.levels);
            let marginal = node.logs.clone();
            let equal: f64 = marginal[first..].iter().map(|log| log.exp()).sum();
            let table = table(*parent, *child);
            for row in 1..rows {
                let mut given = marginal.clone();
                if row >= first_row {
                    let bands = marginal.iter().enumerate().skip(first);
                    let bands = bands.map(|(level, log)| {
                        table.get(row, level) + SMOOTHING * log.exp() / equal.max(1e-300)
                    });
                    let mut bands: Vec<f64> = bands.collect();
                    normalise(&mut bands);
                    for (log, band) in given[first..].iter_mut().zip(&bands) {
                        *log = (equal * band).max(1e-300).ln();
                    }
                }
                node.logs.extend(given);
            }
            node.parent = Some(*parent);
        }
    }

    /// By how much likelier a pattern is, as a logarithm, than if no comparison depended on another.
    pub(super) fn dependence(&self, pattern: Pattern) -> f64 {
        let nodes = self.nodes.iter().enumerate();
        let present = nodes
            .map(|(at, node)| (node, pattern.level(at)))
            .filter(|(_, level)| *level != MISSING_LEVEL);
        present
            .map(|(node, level)| {
                node.log_probability(pattern, level) - node.logs[usize::from(level)]
            })
            .sum()
    }

    /// Raises what is less probable than `share` of what it is in another class.
    pub(super) fn keep_above(&mut self, other: &Self, share: f64) {
        for (node, other) in self.nodes.iter_mut().zip(&other.nodes) {
            for (at, log) in node.logs.iter_mut().enumerate() {
                let floor = other.logs[at % node.levels] + share.ln();
                *log = log.max(floor);
            }
        }
    }

    /// The logarithms of the shares of each comparison's levels, whatever the others are.
    pub(super) fn logs(&self) -> Vec<Vec<f64>> {
        let row = |node: &Node| node.logs[..node.levels].to_vec();
        self.nodes.iter().map(row).collect()
    }

    /// Gives the levels of comparisons shares of these logarithms; given what they depend on, they change
    /// as much.
    pub(super) fn set_logs(&mut self, logs: &[Vec<f64>]) {
        for (node, logs) in self.nodes.iter_mut().zip(logs) {
            let (marginal, given) = node.logs.split_at_mut(node.levels);
            for row in given.chunks_mut(node.levels) {
                for ((log, before), now) in row.iter_mut().zip(&*marginal).zip(logs) {
                    *log += now - before;
                }
            }
            marginal.copy_from_slice(logs);
        }
    }

    /// Gives levels of a comparison the shares that are known of them, and the others what is left.
    /// It depends on no other comparison then.
    pub(super) fn hold(&mut self, at: usize, known: &[Option<f64>]) {
        if known.iter().all(Option::is_none) {
            return;
        }
        let node = &mut self.nodes[at];
        node.parent = None;
        node.logs.truncate(node.levels);
        let held: f64 = known.iter().flatten().sum();
        let levels = || known.iter().enumerate().skip(usize::from(DIFFERENT));
        let open = levels().filter(|(_, known)| known.is_none());
        let open: f64 = open.map(|(level, _)| node.logs[level].exp()).sum();
        let scale = ((1.0 - held).max(1e-12) / open.max(1e-300)).ln();
        for (level, known) in levels() {
            match known {
                Some(share) => node.logs[level] = share.ln(),
                None => node.logs[level] += scale,
            }
        }
    }

    /// Rounds the parameters; see [`super::mixture::round`].
    pub(super) fn round(&mut self) {
        for log in self.nodes.iter_mut().flat_map(|node| &mut node.logs) {
            *log = super::mixture::round(*log);
        }
    }

    /// Lowers the share of pairs that differ, in each row of each table, to that of a comparison.
    pub(super) fn differ_at_most(&mut self, most: &[f64]) {
        self.bound_differing(most, |share, most| share > most);
    }

    /// Lowers the share of pairs that have equal values to that of matches, whatever else agrees: to be
    /// equal may say nothing, but never the contrary.
    pub(super) fn agree_at_most(&mut self, matches: &Self, first_exact: &[usize]) {
        let different = usize::from(DIFFERENT);
        for ((node, matches), first) in self.nodes.iter_mut().zip(&matches.nodes).zip(first_exact) {
            for row in node.logs.chunks_mut(node.levels) {
                let mut differing = row[different].exp();
                for (log, most) in row.iter_mut().zip(&matches.logs).skip(*first) {
                    differing += (log.exp() - most.exp()).max(0.0);
                    *log = log.min(*most);
                }
                row[different] = differing.ln();
            }
        }
    }

    /// Raises the shares of levels that no pair was seen to have, so that such a level speaks for a match
    /// no more than the level above it, of values that are more alike. Values that differ never speak
    /// for one, but for what is seen of them given another comparison. No share is more than that of all.
    pub(super) fn bound_unseen(&mut self, matches: &Self, expected: &Expected) {
        let different = usize::from(DIFFERENT);
        for (at, (node, matches)) in self.nodes.iter_mut().zip(&matches.nodes).enumerate() {
            let first = expected.first_exact[at];
            for (given, row) in node.logs.chunks_mut(node.levels).enumerate() {
                let mut above = matches.logs[first] - row[first];
                for level in (different..first).rev() {
                    let seen = expected.seen[at][level];
                    let of_above = if seen { f64::INFINITY } else { above };
                    let most = match level == different && (given == 0 || !seen) {
                        true => of_above.min(0.0),
                        false => of_above,
                    };
                    if !expected.known.is_held(at, level as u8) {
                        row[level] = row[level].max((matches.logs[level] - most).min(0.0));
                    }
                    above = matches.logs[level] - row[level];
                }
            }
        }
    }

    /// Gives some comparisons, that depend on none then, these shares of their levels.
    pub(super) fn keep(&mut self, kept: &[bool], shares: &[Vec<f64>]) {
        for (at, node) in self.nodes.iter_mut().enumerate() {
            if kept[at] {
                node.parent = None;
                node.logs = shares[at]
                    .iter()
                    .map(|share| share.max(1e-300).ln())
                    .collect();
            }
        }
    }

    /// Gives a comparison, that depends on none then, `share` of what its levels have in one class and the
    /// rest of what they have in another.
    pub(super) fn blend(&mut self, at: usize, one: &Self, other: &Self, share: f64) {
        let node = &mut self.nodes[at];
        node.parent = None;
        node.logs.truncate(node.levels);
        let logs = one.nodes[at].logs.iter().zip(&other.nodes[at].logs);
        for (log, (one, other)) in node.logs.iter_mut().zip(logs) {
            *log = (share * one.exp() + (1.0 - share) * other.exp())
                .max(1e-300)
                .ln();
        }
    }

    /// Gives the values of a comparison that differ this share, whatever else agrees, and the other levels what
    /// is left.
    pub(super) fn differ_by(&mut self, at: usize, share: f64) {
        let different = usize::from(DIFFERENT);
        let node = &mut self.nodes[at];
        for row in node.logs.chunks_mut(node.levels) {
            let others = (1.0 - row[different].exp()).max(1e-12);
            let scale = ((1.0 - share) / others).ln();
            row.iter_mut().skip(2).for_each(|log| *log += scale);
            row[different] = share.ln();
        }
    }

    fn bound_differing(&mut self, bounds: &[f64], is_beyond: impl Fn(f64, f64) -> bool) {
        let different = usize::from(DIFFERENT);
        for (node, bound) in self.nodes.iter_mut().zip(bounds) {
            // Rows given a parent may be what they are.
            let row = &mut node.logs[..node.levels];
            let share = row[different].exp();
            if is_beyond(share, *bound) {
                let others = ((1.0 - bound) / (1.0 - share).max(1e-12)).ln();
                row.iter_mut().skip(2).for_each(|log| *log += others);
                row[different] = bound.ln();
            }
        }
    }

    /// The dependences among other pairs: those that matter most for the pairs that blocks bring
    /// together, where agreement on one thing makes agreement on another more likely. They are told by
    /// how often the levels of two comparisons occur together, among all pairs and among those. A
    /// dependence is worth the parameters of all levels, or `by_level` those of the levels alone that are
    /// worth theirs: few pairs may show what goes together, too.
    pub(super) fn edges_of_others(
        all: impl Fn(usize, usize) -> Table,
        candidates: impl Fn(usize, usize) -> Table,
        expected: &Expected,
        by_level: bool,
    ) -> Vec<Edge> {
        spanning_tree(expected.others.len(), |left, right| {
            let (rows, columns) = (expected.others[left].len(), expected.others[right].len());
            let of_candidates = candidates(left, right);
            let associations = all(left, right).associations(SMOOTHING);
            let different = usize::from(DIFFERENT);
            let together = associations
                .iter()
                .filter(|(row, column, ..)| *row > different || *column > different)
                .map(|(row, column, log, _)| (*log, of_candidates.get(*row, *column)));
            if by_level {
                // By how much likelier it is that so many are together than that only those are that are
                // by chance.
                let gain = |(log, pairs): (f64, f64)| pairs * (log - 1.0 + (-log).exp());
                return together.map(|of| (gain(of) - WORTH).max(0.0)).sum();
            }
            let gain: f64 = together.map(|(log, pairs)| log * pairs).sum();
            gain - ((rows - 2) * (columns - 2)) as f64 * WORTH
        })
    }
}

/// The tree of the greatest gains, of those that are positive (Prim's algorithm).
pub(super) fn spanning_tree(nodes: usize, gain: impl Fn(usize, usize) -> f64) -> Vec<Edge> {
    let later = |left: usize| (left + 1..nodes).map(|right| gain(left, right)).collect();
    let gains: Vec<Vec<f64>> = (0..nodes).map(later).collect();
    let gain_of = |one: usize, other: usize| {
        let first = one.min(other);
        gains[first][one.max(other) - first - 1]
    };
    let mut inside = vec![false; nodes];
    let mut edges = Vec::new();
    for start in 0..nodes {
        if inside[start] {
            continue;
        }
        inside[start] = true;
        let mut members = vec![start];
        loop {
            let mut best: Option<(f64, Edge)> = None;
            for parent in &members {
                for child in (0..nodes).filter(|child| !inside[*child]) {
                    let gain = gain_of(*parent, child);
                    if gain > best.as_ref().map_or(0.0, |(best, _)| *best) {
                        let edge = Edge {
                            parent: *parent,
                            child,
                        };
                        best = Some((gain, edge));
                    }
                }
            }
            let Some((_, edge)) = best else { break };
            inside[edge.child] = true;
            members.push(edge.child);
            edges.push(edge);
        }
    }
    edges
}

fn normalise(shares: &mut [f64]) {
    let sum: f64 = shares.iter().sum();
    if sum > 0.0 {
        shares.iter_mut().for_each(|share| *share /= sum);
    }
}
