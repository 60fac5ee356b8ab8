//! Asks a model of records: which are like another one, and which are like none.

use datafusion::error::Result;

use super::compare::Comparer;
use super::mixture::probability;
use super::options::Link;
use super::pair::{Pair, least_log_odds};
use super::records::Records;
use super::resolver::Resolver;
use super::scorer::Scorer;
use super::training::words_of;

impl Resolver {
    /// The records that are like others, which are no part of them: for each of `others`, its
    /// pairs, in which `left` is its place and `right` that of a record, the likeliest first.
    ///
    /// # Errors
    /// What comparing by levels of their own meets.
    pub fn lookup(&self, others: &Records) -> Result<Vec<Pair>> {
        let weights = words_of(&self.model.comparisons, &self.model.words);
        let comparer = Comparer::new(others, &self.records, &self.model.comparisons, weights);
        let mut scorer = Scorer::new(&comparer, &self.model.mixture);
        let least = least_log_odds();
        let mut pairs = Vec::new();
        let mut found = Vec::new();
        for other in 0..others.len() as u32 {
            found.clear();
            if self.model.compares_all {
                let all = 0..self.records.len() as u32;
                found.extend(all.filter(|record| !self.records.is_removed(*record)));
            }
            for (rule, blocks) in self.model.rules.iter().zip(&self.blocks) {
                for key in rule.keys(others, &self.model.words, other) {
                    blocks.find(key, |record| found.push(record));
                }
            }
            found.sort_unstable();
            found.dedup();
            self.retain_linkable(others.source(other), &mut found);
            let start = pairs.len();
            let candidates: Vec<(u32, u32)> = found.iter().map(|record| (other, *record)).collect();
            scorer.score(&candidates, |(left, right), _, log_odds| {
                if log_odds >= least {
                    pairs.push(Pair {
                        left,
                        right,
                        log_odds: log_odds as f32,
                    });
                }
            })?;
            pairs[start..].sort_by(|one, two| {
                let by_odds = two.log_odds.total_cmp(&one.log_odds);
                by_odds.then_with(|| one.right.cmp(&two.right))
            });
        }
        Ok(pairs)
    }

    /// Leaves the records that one of a source may be linked to: by the option `link`, those of others or
    /// of that one. Of which source it is need not be known: then it may be any.
    fn retain_linkable(&self, source: &str, found: &mut Vec<u32>) {
        if source.is_empty() {
            return;
        }
        let is_one_source = |record: &u32| self.records.source(*record) == source;
        match self.model.options.link {
            Link::LinkAndDedupe => {}
            Link::LinkOnly => found.retain(|record| !is_one_source(record)),
            Link::Dedupe => found.retain(is_one_source),
        }
    }

    /// The records that say so little that not even an equal one would be linked to them, with
    /// the weight that it would have.
    ///
    /// # Errors
    /// What comparing by levels of their own meets.
    pub fn unlinkable(&self) -> Result<Vec<(u32, f64)>> {
        let comparer = self.comparer();
        let mut scorer = Scorer::new(&comparer, &self.model.mixture);
        let threshold = self.model.threshold();
        let copies: Vec<(u32, u32)> = (0..self.records.len() as u32)
            .filter(|record| !self.records.is_removed(*record))
            .map(|record| (record, record))
            .collect();
        let mut unlinkable = Vec::new();
        scorer.score(&copies, |(record, _), _, log_odds| {
            if probability(log_odds) < threshold {
                unlinkable.push((record, log_odds / std::f64::consts::LN_2));
            }
        })?;
        Ok(unlinkable)
    }
}
