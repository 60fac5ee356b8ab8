//! Asks a model of records: which are like another one, and which are like none.

use std::cmp::Reverse;

use datafusion::error::Result;

use super::compare::Comparer;
use super::levels::Value;
use super::mixture::probability;
use super::options::Link;
use super::pair::{Pair, least_log_odds};
use super::records::Records;
use super::resolver::Resolver;
use super::scorer::Scorer;
use super::training::words_of;

/// How much of what two records have is the same.
#[derive(Clone, Copy)]
struct Sameness {
    /// Whether all of it is, what is missing included.
    is_all: bool,
    /// How many values are.
    values: usize,
}

impl Resolver {
    /// The records that are like others, which are no part of them: for each of `others`, its
    /// pairs, in which `left` is its place and `right` that of a record, the likeliest first.
    ///
    /// Before them comes a record that has all values that the other one has, and no more: it is that
    /// one, or its copy, though what nearly agrees may say as much. Of records that are as likely those
    /// come first that have more of its values, then the one that `named` tells to have its name, and
    /// then the others by their names.
    ///
    /// # Errors
    /// What comparing by levels of their own meets.
    pub fn lookup(
        &self,
        others: &Records,
        named: impl Fn(u32) -> Option<u32>,
    ) -> Result<Vec<Pair>> {
        let weights = words_of(&self.model.comparisons, &self.model.words);
        let comparer = Comparer::new(others, &self.records, &self.model.comparisons, weights);
        let mut scorer = Scorer::new(&comparer, &self.model.mixture);
        let least = least_log_odds();
        let mut pairs = Vec::new();
        let mut found = Vec::new();
        let mut alike: Vec<(Pair, Sameness)> = Vec::new();
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
            if found.is_empty() && self.meets_copies(others, other) {
                found.extend(self.firsts_of_copies());
            }
            found.sort_unstable();
            found.dedup();
            self.retain_linkable(others.source(other), &mut found);
            let candidates: Vec<(u32, u32)> = found.iter().map(|record| (other, *record)).collect();
            scorer.score(&candidates, |(left, right), _, log_odds| {
                if log_odds >= least {
                    let pair = Pair {
                        left,
                        right,
                        log_odds: log_odds as f32,
                    };
                    alike.push((pair, self.sameness(others, left, right)));
                }
            })?;
            let of_its_name = named(other);
            alike.sort_by(|(one, same), (two, as_same)| {
                let by_values = as_same.is_all.cmp(&same.is_all);
                let by_values = by_values.then_with(|| two.log_odds.total_cmp(&one.log_odds));
                let by_values = by_values.then_with(|| as_same.values.cmp(&same.values));
                let by_name = |pair: &Pair| {
                    let has_its_name = of_its_name == Some(pair.right);
                    (Reverse(has_its_name), self.records.key(pair.right))
                };
                by_values.then_with(|| by_name(one).cmp(&by_name(two)))
            });
            pairs.extend(alike.drain(..).map(|(pair, _)| pair));
        }
        Ok(pairs)
    }

    /// How much a record has of what another one has that is no part of them.
    fn sameness(&self, others: &Records, other: u32, record: u32) -> Sameness {
        let features = others.features().iter().zip(self.records.features());
        let cells = others.row(other).iter().zip(self.records.row(record));
        let mut sameness = Sameness {
            is_all: true,
            values: 0,
        };
        for ((feature, of_record), (cell, in_record)) in features.zip(cells) {
            let value = |feature, cell| Value { feature, cell };
            let are_equal = value(feature, *cell).equals(value(of_record, *in_record));
            let are_missing = cell.is_missing() && in_record.is_missing();
            sameness.is_all &= are_equal || are_missing;
            sameness.values += usize::from(are_equal);
        }
        sameness
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
