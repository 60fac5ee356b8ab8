//! Records with a model: finds the pairs that match, and the entities that they make.

use super::blocks::{Blocks, Oversized};
use super::clusters::{Clusters, cluster};
use super::compare::Comparer;
use super::mixture::probability;
use super::model::Model;
use super::options::ResolveOptions;
use super::records::Records;
use super::scorer::Scorer;
use super::threads;
use super::training::{may_match, train, words_of};

/// How many records' candidates are found by one task.
const CHUNK: usize = 2048;
/// Blocks of more records are split or left out.
const LARGEST_BLOCK: usize = 400;
/// Pairs that are less probable are not kept.
const LEAST_PROBABILITY: f64 = 0.01;

/// A pair of records that may be one entity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The places of the records; the left one came later.
    pub left: u32,
    /// See `left`.
    pub right: u32,
    /// The natural logarithm of the odds that they are one entity.
    pub log_odds: f32,
}

impl Pair {
    /// The probability that they are one entity.
    pub fn probability(&self) -> f64 {
        probability(f64::from(self.log_odds))
    }

    /// The binary logarithm of the odds: the match weight.
    pub fn weight(&self) -> f64 {
        f64::from(self.log_odds) / std::f64::consts::LN_2
    }
}

/// A blocking rule and what it does, as `entity_blocking_report` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleReport {
    /// What records of a block agree on.
    pub rule: String,
    /// How many pairs share a block of this rule.
    pub pairs: u64,
    /// How many records the largest block has.
    pub largest: u32,
    /// How many blocks were too large, and were split.
    pub split: usize,
    /// How many blocks were left out, as nothing splits them.
    pub dropped: usize,
}

/// Records with a model.
#[derive(Debug)]
pub struct Resolver {
    records: Records,
    model: Model,
    blocks: Vec<Blocks>,
    oversized: Vec<Oversized>,
}

impl Resolver {
    /// Learns a model from records.
    pub fn train(records: Records, options: &ResolveOptions) -> Self {
        let mut model = train(&records, options);
        let Model { rules, words, .. } = &mut model;
        let words: &[_] = words;
        let made = {
            let rules: Vec<_> = rules
                .iter()
                .map(|rule| std::sync::Mutex::new(rule.clone()))
                .collect();
            threads::map(
                options.workers(),
                rules.len(),
                || (),
                |(), at| {
                    let mut rule = rules[at]
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .clone();
                    let (blocks, oversized) =
                        Blocks::learn(&mut rule, &records, words, LARGEST_BLOCK);
                    (rule, blocks, oversized)
                },
            )
        };
        let mut blocks = Vec::new();
        let mut oversized = Vec::new();
        rules.clear();
        for (rule, of_rule, told) in made {
            rules.push(rule);
            blocks.push(of_rule);
            oversized.push(told);
        }
        Self {
            records,
            model,
            blocks,
            oversized,
        }
    }

    /// Takes a model that stands.
    pub fn new(records: Records, model: Model) -> Self {
        let blocks = threads::map(
            model.options.workers(),
            model.rules.len(),
            || (),
            |(), at| Blocks::new(&model.rules[at], &records, &model.words),
        );
        Self {
            records,
            oversized: vec![Oversized::default(); blocks.len()],
            model,
            blocks,
        }
    }

    /// The records.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The pairs that are probable enough to be shown, by their records.
    pub fn pairs(&self) -> Vec<Pair> {
        let weights = words_of(&self.model.comparisons, &self.model.words);
        let comparer = Comparer::new(
            &self.records,
            &self.records,
            &self.model.comparisons,
            weights,
        );
        let options = &self.model.options;
        let least = (LEAST_PROBABILITY / (1.0 - LEAST_PROBABILITY)).ln();
        let found = threads::map(
            options.workers(),
            self.records.len().div_ceil(CHUNK),
            || (Scorer::new(&comparer, &self.model.mixture), Vec::new()),
            |(scorer, others), task| {
                let mut pairs = Vec::new();
                let end = self.records.len().min((task + 1) * CHUNK) as u32;
                for left in (task * CHUNK) as u32..end {
                    self.candidates(left, others);
                    for right in others.iter() {
                        if !may_match(&self.records, options, left, *right) {
                            continue;
                        }
                        let (_, log_odds) = scorer.score(left, *right);
                        if log_odds >= least {
                            pairs.push(Pair {
                                left,
                                right: *right,
                                log_odds: log_odds as f32,
                            });
                        }
                    }
                }
                pairs
            },
        );
        found.concat()
    }

    /// The records before one that it is to be compared to, each once.
    fn candidates(&self, record: u32, others: &mut Vec<u32>) {
        others.clear();
        if self.model.rules.is_empty() {
            others.extend(0..record);
            return;
        }
        for blocks in &self.blocks {
            for block in blocks.with(record) {
                others.extend(block.iter().take_while(|other| **other < record));
            }
        }
        others.sort_unstable();
        others.dedup();
    }

    /// The entities that pairs make.
    pub fn clusters(&self, pairs: &[Pair]) -> Clusters {
        self.clusters_at(pairs, self.model.options.threshold)
    }

    /// The entities that pairs make at another threshold.
    pub fn clusters_at(&self, pairs: &[Pair], threshold: f64) -> Clusters {
        cluster(self, pairs, threshold)
    }

    /// What each blocking rule does.
    pub fn blocking_report(&self) -> Vec<RuleReport> {
        let report = |at: usize| {
            let rule = &self.model.rules[at];
            let name = |part: &super::rule::KeyPart| {
                let feature = &self.records.features()[part.feature];
                part.part.describe(&self.model.columns[feature.column].name)
            };
            RuleReport {
                rule: rule
                    .parts
                    .iter()
                    .map(name)
                    .collect::<Vec<_>>()
                    .join(" and "),
                pairs: self.blocks[at].pairs(),
                largest: self.blocks[at].largest(),
                split: self.oversized[at].blocks,
                dropped: self.oversized[at].dropped,
            }
        };
        (0..self.model.rules.len()).map(report).collect()
    }
}
