//! Whether there is anything to be compared at all.

use super::blocks::Blocks;
use super::key_part::NO_KEY;
use super::options::Link;
use super::records::Records;
use super::resolver::Resolver;

/// Why no two of several records are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Idle {
    /// No column tells records apart.
    NoColumn,
    /// Records of different sources are to be compared, and all are of one.
    OneSource,
    /// Records of one source are to be compared, and no two are.
    OneASource,
    /// There are no blocks: all that records could share is shared by too many.
    NoRule,
    /// No two records share a block.
    NoBlock,
}

impl Resolver {
    /// Why no two records are compared; none where some are, or where there are no two.
    pub fn idle(&self) -> Option<Idle> {
        if self.records.present() < 2 {
            return None;
        }
        if self.model.compares_nothing() {
            return Some(Idle::NoColumn);
        }
        let mut of_sources = vec![0_u32; self.records.sources() + 1];
        let all = 0..self.records.len() as u32;
        for record in all.filter(|record| !self.records.is_removed(*record)) {
            of_sources[self.records.source_code(record) as usize] += 1;
        }
        let sources = of_sources.iter().filter(|records| **records > 0).count();
        let options = &self.model.options;
        let is_across = options.link == Link::LinkOnly || options.is_one_to_one();
        if is_across && sources < 2 {
            return Some(Idle::OneSource);
        }
        if options.link == Link::Dedupe && of_sources.iter().all(|records| *records < 2) {
            return Some(Idle::OneASource);
        }
        if !self.model.compares_all && self.model.rules.is_empty() {
            return Some(Idle::NoRule);
        }
        let shares_none = |blocks: &Blocks| blocks.pairs() == 0;
        let is_apart = !self.model.compares_all
            && self.copies.is_empty()
            && self.blocks.iter().all(shares_none);
        is_apart.then_some(Idle::NoBlock)
    }

    /// How many of some records have nothing that a blocking rule goes by, and are compared to none.
    pub fn without_key(&self, records: &[u32]) -> usize {
        if self.model.compares_all {
            return 0;
        }
        let of_none = |record: &&u32| {
            !self.records.is_removed(**record) && !self.has_key(&self.records, **record)
        };
        records.iter().filter(of_none).count()
    }

    /// Whether one of some records that are no part of these has values to compare, and nothing that a
    /// blocking rule goes by: whatever it is like, nothing is found.
    pub fn leaves_uncompared(&self, others: &Records) -> bool {
        if self.model.compares_all {
            return false;
        }
        let has_value = |record: u32| {
            let row = others.row(record);
            let mut compared = self.model.comparisons.iter();
            compared.any(|comparison| !row[comparison.feature].is_missing())
        };
        let mut all = 0..others.len() as u32;
        all.any(|record| {
            let is_compared = self.has_key(others, record) || self.meets_copies(others, record);
            has_value(record) && !is_compared
        })
    }

    /// Whether a record has something that a blocking rule goes by.
    fn has_key(&self, records: &Records, record: u32) -> bool {
        self.model.rules.iter().any(|rule| {
            let keys = rule.keys(records, &self.model.words, record);
            keys[..rule.slots()].iter().any(|key| *key != NO_KEY)
        })
    }
}
