//! Human decisions over clusters: they always hold.
//!
//! Records that must be one entity join their clusters. A cluster with records that cannot be one is
//! made again: its pairs join records, the most probable first, unless that would bring two together
//! that a decision keeps apart.

use std::collections::{HashMap, HashSet};

use tributary_udfs::resolve::{Pair, Records};

use crate::error::{Error, Result, SqlState};

/// Pairs of records, by their places.
#[derive(Debug, Default)]
pub struct Decisions {
    /// Those that are one entity.
    pub must: Vec<(u32, u32)>,
    /// Those that are two.
    pub cannot: Vec<(u32, u32)>,
}

impl Decisions {
    /// Has the decisions hold in clusters: each record's entry is a record that stands for its
    /// cluster. Pairs below the threshold join nothing.
    ///
    /// # Errors
    /// 22023 where the decisions contradict each other.
    pub fn apply(
        &self,
        clusters: Vec<u32>,
        pairs: &[Pair],
        threshold: f64,
        records: &Records,
    ) -> Result<Vec<u32>> {
        if self.must.is_empty() && self.cannot.is_empty() {
            return Ok(clusters);
        }
        self.check(clusters.len(), records)?;
        let joined: Vec<(u32, u32, f64)> = pairs
            .iter()
            .map(|pair| (pair.left, pair.right, pair.probability()))
            .filter(|(_, _, probability)| *probability >= threshold)
            .collect();
        Ok(self.hold(&clusters, &joined))
    }

    /// Refuses decisions that contradict each other.
    fn check(&self, count: usize, records: &Records) -> Result<()> {
        let mut sets = Sets::new(count);
        for (left, right) in &self.must {
            sets.join(*left, *right);
        }
        for (left, right) in &self.cannot {
            if sets.find(*left) == sets.find(*right) {
                let name = |record: u32| records.id(record).to_owned();
                return Err(Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!(
                        "records {} and {} must be one entity and cannot be one",
                        name(*left),
                        name(*right)
                    ),
                )
                .with_hint("Take one of the decisions out of must_link or cannot_link."));
            }
        }
        Ok(())
    }

    fn hold(&self, clusters: &[u32], pairs: &[(u32, u32, f64)]) -> Vec<u32> {
        let mut sets = Sets::new(clusters.len());
        for (record, cluster) in (0..).zip(clusters) {
            sets.join(record, *cluster);
        }
        for (left, right) in &self.must {
            sets.join(*left, *right);
        }
        let broken: HashSet<u32> = self
            .cannot
            .iter()
            .filter_map(|(left, right)| {
                let (left, right) = (sets.find(*left), sets.find(*right));
                (left == right).then_some(left)
            })
            .collect();
        if broken.is_empty() {
            return sets.roots();
        }
        let is_broken: Vec<bool> = (0..clusters.len() as u32)
            .map(|record| broken.contains(&sets.find(record)))
            .collect();
        let mut again = Sets::new(clusters.len());
        for record in 0..clusters.len() as u32 {
            if !is_broken[record as usize] {
                again.join(record, sets.find(record));
            }
        }
        for (left, right) in &self.must {
            again.join(*left, *right);
        }
        let mut apart: HashMap<u32, HashSet<u32>> = HashMap::new();
        for (left, right) in &self.cannot {
            let (left, right) = (again.find(*left), again.find(*right));
            apart.entry(left).or_default().insert(right);
            apart.entry(right).or_default().insert(left);
        }
        let mut inner: Vec<&(u32, u32, f64)> = pairs
            .iter()
            .filter(|(left, right, _)| {
                is_broken[*left as usize] && sets.find(*left) == sets.find(*right)
            })
            .collect();
        inner.sort_by(|left, right| {
            let order = right.2.total_cmp(&left.2);
            order.then_with(|| (left.0, left.1).cmp(&(right.0, right.1)))
        });
        for (left, right, _) in inner {
            let (left, right) = (again.find(*left), again.find(*right));
            if left == right || apart.get(&left).is_some_and(|apart| apart.contains(&right)) {
                continue;
            }
            again.join(left, right);
            let (root, other) = match again.find(left) == left {
                true => (left, right),
                false => (right, left),
            };
            for enemy in apart.remove(&other).unwrap_or_default() {
                if let Some(of_enemy) = apart.get_mut(&enemy) {
                    of_enemy.remove(&other);
                    of_enemy.insert(root);
                }
                apart.entry(root).or_default().insert(enemy);
            }
        }
        again.roots()
    }
}

/// Sets of records by union and find; the first record of a set stands for it.
struct Sets(Vec<u32>);

impl Sets {
    fn new(records: usize) -> Self {
        Self((0..records as u32).collect())
    }

    fn find(&mut self, record: u32) -> u32 {
        let mut record = record;
        while self.0[record as usize] != record {
            let above = self.0[self.0[record as usize] as usize];
            self.0[record as usize] = above;
            record = above;
        }
        record
    }

    fn join(&mut self, left: u32, right: u32) {
        let (left, right) = (self.find(left), self.find(right));
        self.0[left.max(right) as usize] = left.min(right);
    }

    fn roots(mut self) -> Vec<u32> {
        (0..self.0.len() as u32)
            .map(|record| self.find(record))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decisions_hold_and_the_best_pairs_stay() {
        let decisions = Decisions {
            must: vec![(4, 5)],
            cannot: vec![(0, 2)],
        };
        // A chain 0-1-2-3, whose weakest link within the two that cannot meet is 1-2.
        let pairs = [(1, 0, 0.9), (2, 1, 0.6), (3, 2, 0.8)];
        let held = decisions.hold(&[0, 0, 0, 0, 4, 5], &pairs);
        assert_eq!(held, [0, 0, 2, 2, 4, 4]);
    }

    proptest! {
        #[test]
        fn what_cannot_be_one_is_not_and_what_must_is(
            clusters in prop::collection::vec(0_u32..4, 12),
            pairs in prop::collection::vec((0_u32..12, 0_u32..12, 0.5_f64..1.0), 0..30),
            must in prop::collection::vec((0_u32..12, 0_u32..12), 0..4),
            cannot in prop::collection::vec((0_u32..12, 0_u32..12), 0..6),
        ) {
            let mut sets = Sets::new(12);
            for (left, right) in &must {
                sets.join(*left, *right);
            }
            let mut cannot = cannot;
            cannot.retain(|(left, right)| sets.find(*left) != sets.find(*right));
            let decisions = Decisions { must, cannot };
            let held = decisions.hold(&clusters, &pairs);
            for (left, right) in &decisions.must {
                prop_assert_eq!(held[*left as usize], held[*right as usize]);
            }
            for (left, right) in &decisions.cannot {
                prop_assert_ne!(held[*left as usize], held[*right as usize]);
            }
        }
    }
}
