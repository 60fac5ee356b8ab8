//! Records that are taken in by a model that stands, and others that go.

use datafusion::error::Result;

use super::blocks::Blocks;
use super::key_part::NO_KEY;
use super::many_copies;
use super::model::Model;
use super::records::Records;
use super::resolver::{Resolver, most_of_a_block};
use super::rule::Rule;
use super::word_weights::WordCounts;

/// What has been taken in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Updated {
    /// The places of the records that came in.
    pub places: Vec<u32>,
    /// The records of blocks that are too large by now, or small again, which meet others than before.
    pub regrouped: Vec<u32>,
}

impl Updated {
    /// The records that are to be scored, for [`Resolver::pairs_of`].
    pub fn to_score(&self) -> Vec<u32> {
        let all = self.places.iter().chain(&self.regrouped);
        all.copied().collect()
    }
}

impl Resolver {
    /// Takes in records that are new or changed, read for the model's columns, and leaves out
    /// others. Blocks that are too large by then are split or left out, as when a model is learned, and
    /// those that have become small again are whole.
    pub fn update(&mut self, changed: &Records, removed: &[u32]) -> Result<Updated> {
        let before = self.records.len();
        let most_before = most_of_a_block(&self.records, &self.model.options);
        let places = self.records.absorb(changed)?;
        let may_fit = self.may_fit_again(removed);
        for record in removed {
            self.records.remove(*record);
        }
        let Self {
            records,
            model,
            blocks,
            ..
        } = self;
        let Model {
            words,
            rules,
            options,
            ..
        } = model;
        let most = most_of_a_block(records, options);
        let may_fit = may_fit || most > most_before;
        let touched: Vec<u32> = places.iter().chain(removed).copied().collect();
        let mut regrouped = Vec::new();
        for (rule, blocks) in rules.iter_mut().zip(blocks.iter_mut()) {
            let mut grown = blocks.change(&touched, |record| keys(rule, records, words, record));
            if most < most_before {
                grown.extend(blocks.keys());
            }
            regrouped.extend(split(rule, blocks, records, words, (grown, most)));
        }
        // What has changed is kept beside the blocks; when it is much, they are made anew.
        let changed: usize = self.blocks.iter().map(Blocks::changed).max().unwrap_or(0);
        if may_fit || changed * 8 > before {
            let known = self.model.rules.clone();
            self.blocks = Self::blocks_of(&self.records, &mut self.model)?;
            regrouped.extend(self.keyed_anew(&known));
        }
        self.copies = many_copies::copies(&self.records, &self.model)?;
        self.know_equal();
        self.reserve()?;
        Ok(Updated { places, regrouped })
    }

    /// Whether blocks that were too large may fit without these records.
    fn may_fit_again(&self, removed: &[u32]) -> bool {
        let Model { rules, words, .. } = &self.model;
        rules.iter().any(|rule| {
            let mut removed = removed.iter();
            removed.any(|record| rule.is_of_large(&self.records, words, *record))
        })
    }

    /// The records that rules give other keys than they did as `known`.
    fn keyed_anew(&self, known: &[Rule]) -> Vec<u32> {
        let (Model { rules, words, .. }, records) = (&self.model, &self.records);
        let mut anew = Vec::new();
        for (rule, known) in rules
            .iter()
            .zip(known)
            .filter(|(rule, known)| rule != known)
        {
            let is_other = |record: &u32| {
                rule.keys(records, words, *record) != known.keys(records, words, *record)
            };
            anew.extend((0..records.len() as u32).filter(is_other));
        }
        anew.sort_unstable();
        anew.dedup();
        anew
    }
}

/// Splits blocks of some keys that have more than `most` records, or leaves them out. Gives the records
/// of these.
fn split(
    rule: &mut Rule,
    blocks: &mut Blocks,
    records: &Records,
    words: &[WordCounts],
    (mut grown, most): (Vec<u64>, usize),
) -> Vec<u32> {
    let mut regrouped = Vec::new();
    loop {
        let large = blocks.larger_than(most, grown);
        if large.is_empty() {
            return regrouped;
        }
        let (mut oversized, mut dropped) = (Vec::new(), Vec::new());
        let mut members = Vec::new();
        for (key, of_block) in large {
            let is_finer = of_block
                .first()
                .is_some_and(|record| rule.is_finer(records, words, *record, key));
            match is_finer {
                true => dropped.push(key),
                false => oversized.push(key),
            }
            members.extend(of_block);
        }
        members.sort_unstable();
        members.dedup();
        rule.split(oversized, dropped);
        // Their parts may be too large, too.
        grown = blocks.change(&members, |record| keys(rule, records, words, record));
        regrouped.extend(members);
    }
}

/// The keys that a record has.
fn keys(rule: &Rule, records: &Records, words: &[WordCounts], record: u32) -> Vec<u64> {
    let keys = rule.keys(records, words, record);
    let keys = keys[..rule.slots()].iter().filter(|key| **key != NO_KEY);
    keys.copied().collect()
}
