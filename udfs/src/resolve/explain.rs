//! Why two records are held to be one entity, or two.

use std::borrow::Cow;

use datafusion::error::Result;

use super::compare::{Comparer, Pattern};
use super::feature_kind::FeatureKind;
use super::levels::Scratch;
use super::mixture::probability;
use super::pair_levels::PairLevels;
use super::resolver::Resolver;
use super::training::words_of;

/// What one comparison says of two records, as `entity_explain` shows it. The weights of all add
/// up, from the prior on, to the weight of the pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The column that is compared; empty for the prior, which says what holds of any two records that
    /// have as many values to compare.
    pub comparison: String,
    /// The cleaned value of the left record; empty where it is missing.
    pub left: String,
    /// That of the right one.
    pub right: String,
    /// The number of the level.
    pub level: u8,
    /// What the level means.
    pub label: String,
    /// The share of matching pairs with this level, of those with the levels above.
    pub m: f64,
    /// The share of other pairs with it, of those with the levels above.
    pub u: f64,
    /// The binary logarithm of m / u, and what it adds on which value they agree.
    pub weight: f64,
    /// The sum of the weights so far.
    pub total: f64,
}

impl Resolver {
    /// What each comparison says of two records; the first row is the prior.
    ///
    /// # Errors
    /// What comparing by levels of their own meets.
    pub fn explain(&self, left: u32, right: u32) -> Result<Vec<Explanation>> {
        PairLevels::new(self)?.explain(self, left, right)
    }
}

impl PairLevels {
    /// [`Resolver::explain`] of two of many records.
    ///
    /// # Errors
    /// What comparing by levels of their own meets.
    pub fn explain(&self, resolver: &Resolver, left: u32, right: u32) -> Result<Vec<Explanation>> {
        let (records, model) = (resolver.records(), resolver.model());
        let weights = words_of(&model.comparisons, &model.words);
        let equal = Cow::Borrowed(self.equal.as_slice());
        let comparer = Comparer::knowing(records, records, &model.comparisons, weights, equal);
        let mut patterns = Vec::new();
        comparer.patterns(&[(left, right)], &mut Scratch::default(), &mut patterns)?;
        let pattern = patterns.first().copied().unwrap_or_default();
        let mixture = &model.mixture;
        let prior = mixture.prior_of(pattern);
        let mut total = prior / std::f64::consts::LN_2;
        let mut rows = vec![Explanation {
            comparison: String::new(),
            left: String::new(),
            right: String::new(),
            level: 0,
            label: "prior".to_owned(),
            m: probability(prior),
            u: 1.0 - probability(prior),
            weight: total,
            total,
        }];
        // The comparisons are taken in one after the other: what each adds depends on those before.
        let mut known = Pattern::default();
        let by_values =
            |pattern: Pattern| mixture.gain(pattern, comparer.rarity(left, pattern, mixture));
        for (at, comparison) in model.comparisons.iter().enumerate() {
            let value = |record: u32| {
                let code = records.row(record)[comparison.feature].code;
                let dictionary = records.features()[comparison.feature].dictionary();
                match comparison.kind {
                    FeatureKind::Street => {
                        dictionary.text(code).replace('|', " ").trim().to_owned()
                    }
                    _ => dictionary.text(code).to_owned(),
                }
            };
            let level = pattern.level(at);
            let next = known.with(at, level);
            let m = mixture.matches.log_probability(next) - mixture.matches.log_probability(known);
            let u = mixture.log_other(next) - mixture.log_other(known);
            let by_value = by_values(next) - by_values(known);
            let weight = (m - u + by_value) / std::f64::consts::LN_2;
            total += weight;
            rows.push(Explanation {
                comparison: comparison.name.clone(),
                left: value(left),
                right: value(right),
                level,
                label: comparison.label(level),
                m: m.exp(),
                u: u.exp(),
                weight,
                total,
            });
            known = next;
        }
        Ok(rows)
    }
}
