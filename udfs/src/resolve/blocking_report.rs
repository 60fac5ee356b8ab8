//! What blocking rules do.

use super::resolver::Resolver;
use super::rule::KeyPart;

/// A blocking rule and what it does, as `entity_blocking_report` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleReport {
    /// What records of a block agree on.
    pub rule: String,
    /// How many pairs share a block of this rule.
    pub pairs: u64,
    /// How many records the largest block has.
    pub largest: u32,
    /// How many blocks were too large, and were split by one thing more.
    pub split: usize,
    /// How many blocks were left out, as they were too large even so.
    pub dropped: usize,
}

impl Resolver {
    /// What each blocking rule does; none where all pairs are compared.
    pub fn blocking_report(&self) -> Vec<RuleReport> {
        let report = |at: usize| {
            let rule = &self.model.rules[at];
            // Without anything finer, blocks that are too large are left out.
            let (split, whole) = match rule.finer {
                Some(_) => (rule.oversized.len(), 0),
                None => (0, rule.oversized.len()),
            };
            let name = |part: &KeyPart| {
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
                split,
                dropped: whole + rule.dropped.len(),
            }
        };
        (0..self.model.rules.len()).map(report).collect()
    }
}
