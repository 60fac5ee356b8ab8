//! Connected components by union and find.

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
