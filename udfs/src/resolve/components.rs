//! Connected components by union and find.

use super::pair::Pair;

/// Where there are fewer edges than one for so many records, most records have none.
const FEW: usize = 16;

/// Sets of records that are joined two by two: R. E. Tarjan, "Efficiency of a good but not linear
/// set union algorithm", J. ACM 22 (1975), with halving of paths. The root of a set is its first
/// record, so that the answer does not depend on the order of the unions.
#[derive(Debug)]
pub(super) struct Components {
    parents: Vec<u32>,
}

impl Components {
    /// Every record on its own.
    pub(super) fn new(records: usize) -> Self {
        Self {
            parents: (0..records as u32).collect(),
        }
    }

    /// The first record of the set that one is in.
    pub(super) fn find(&mut self, record: u32) -> u32 {
        let mut record = record;
        while self.parents[record as usize] != record {
            let parent = self.parents[record as usize];
            let above = self.parents[parent as usize];
            self.parents[record as usize] = above;
            record = above;
        }
        record
    }

    /// Makes two sets one.
    pub(super) fn join(&mut self, left: u32, right: u32) {
        let (left, right) = (self.find(left), self.find(right));
        let (first, last) = (left.min(right), left.max(right));
        self.parents[last as usize] = first;
    }

    /// The first record of each record's set.
    pub(super) fn into_roots(mut self) -> Vec<u32> {
        (0..self.parents.len() as u32)
            .map(|record| self.find(record))
            .collect()
    }
}

/// The records of each component of two or more, ascending.
pub(super) fn join(records: usize, edges: &[Pair]) -> Vec<Vec<u32>> {
    if edges.len() < records / FEW {
        join_few(edges)
    } else {
        join_many(records, edges)
    }
}

/// The same, which takes as long as there are edges, by the places of their records among these alone.
fn join_few(edges: &[Pair]) -> Vec<Vec<u32>> {
    let ends = edges.iter().flat_map(|pair| [pair.left, pair.right]);
    let mut records: Vec<u32> = ends.collect();
    records.sort_unstable();
    records.dedup();
    let place = |record: u32| records.partition_point(|other| *other < record) as u32;
    let placed = edges.iter().map(|pair| Pair {
        left: place(pair.left),
        right: place(pair.right),
        log_odds: pair.log_odds,
    });
    let placed: Vec<Pair> = placed.collect();
    let mut groups = join_many(records.len(), &placed);
    for record in groups.iter_mut().flatten() {
        *record = records[*record as usize];
    }
    groups
}

/// The same, which takes as long as there are records.
fn join_many(records: usize, edges: &[Pair]) -> Vec<Vec<u32>> {
    let mut components = Components::new(records);
    for pair in edges {
        components.join(pair.left, pair.right);
    }
    let roots = components.into_roots();
    let mut sizes = vec![0_u32; records];
    for root in &roots {
        sizes[*root as usize] += 1;
    }
    let mut numbers = vec![u32::MAX; records];
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for (record, root) in roots.iter().enumerate() {
        if sizes[*root as usize] < 2 {
            continue;
        }
        let number = &mut numbers[*root as usize];
        if *number == u32::MAX {
            *number = groups.len() as u32;
            groups.push(Vec::with_capacity(sizes[*root as usize] as usize));
        }
        groups[*number as usize].push(record as u32);
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However few of the records have edges, the groups are the same, and in the same order.
        #[test]
        fn few_edges_join_what_many_do(
            edges in proptest::collection::vec((0..60_u32, 0..60_u32), 0..50),
            more in 0..2000_usize,
        ) {
            let pair = |(left, right): (u32, u32)| Pair { left, right, log_odds: 1.0 };
            let edges: Vec<Pair> = edges.into_iter().map(pair).collect();
            let expected = join_many(60 + more, &edges);
            prop_assert_eq!(join_few(&edges), expected.clone());
            prop_assert_eq!(join(60 + more, &edges), expected);
        }
    }
}
