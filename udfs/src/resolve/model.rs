//! What was learned: parameters alone, no records.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::comparison::Comparison;
use super::mixture::Mixture;
use super::options::{EVEN, ResolveOptions};
use super::records::Column;
use super::repeats::Repeat;
use super::rule::Rule;
use super::training::most_pairs_of_all;
use super::word_weights::WordCounts;

/// The version of what a model is written as, and of what its columns are compared by.
pub(super) const FORMAT: u32 = 7;

/// Refuses a model of another version, whose numbers would be read as those of other comparisons.
fn this_format<'de, D: Deserializer<'de>>(format: D) -> Result<u32, D::Error> {
    match u32::deserialize(format)? {
        FORMAT => Ok(FORMAT),
        other => Err(D::Error::custom(format!(
            "it is of format {other}, and this version reads format {FORMAT}"
        ))),
    }
}

/// A model of which records are one entity: its parameters, as serde writes them. With the same
/// model, the same records are resolved to the same entities, at once or bit by bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    #[serde(deserialize_with = "this_format")]
    pub(super) format: u32,
    pub(super) options: ResolveOptions,
    /// The threshold that was found out, which holds where none is said.
    #[serde(default)]
    pub(super) found_threshold: Option<f64>,
    pub(super) columns: Vec<Column>,
    /// The columns that are not compared, as they repeat others.
    #[serde(default)]
    pub(super) repeats: Vec<Repeat>,
    pub(super) comparisons: Vec<Comparison>,
    pub(super) words: Vec<WordCounts>,
    pub(super) mixture: Mixture,
    pub(super) rules: Vec<Rule>,
    /// Whether all pairs are compared, whatever the rules.
    pub(super) compares_all: bool,
    /// Whether no two records differed, so that nothing was learned.
    #[serde(default)]
    pub(super) is_untaught: bool,
}

/// A level of a comparison, as `entity_parameters` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The column that is compared.
    pub comparison: String,
    /// The number of the level; 0 is that of missing values.
    pub level: u8,
    /// What the level means.
    pub label: String,
    /// The share of matching pairs that have this level, of those where no value is missing.
    pub m: f64,
    /// The share of other pairs that do.
    pub u: f64,
    /// The binary logarithm of m / u.
    pub weight: f64,
}

impl Model {
    /// The options that it was learned with.
    pub fn options(&self) -> &ResolveOptions {
        &self.options
    }

    /// The probability from which on two records are held to be one entity.
    pub fn threshold(&self) -> f64 {
        let said = self.options.threshold;
        said.or(self.found_threshold).unwrap_or(EVEN)
    }

    /// Takes those of other options that nothing was learned from: the threshold and the number of
    /// threads.
    pub fn adopt(&mut self, said: &ResolveOptions) {
        // Models of before have what was found out in the place of what is said.
        self.found_threshold = self.found_threshold.or(self.options.threshold);
        self.options.threshold = said.threshold;
        self.options.threads = said.threads;
    }

    /// The columns that are compared, with the kinds that were recognised.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns that are not compared, as they repeat others; models that were learned before they were
    /// told have none.
    pub fn repeats(&self) -> &[Repeat] {
        &self.repeats
    }

    /// Whether nothing is compared: there were no records, or their columns tell none apart.
    pub fn compares_nothing(&self) -> bool {
        self.comparisons.is_empty()
    }

    /// Whether nothing was learned: nothing is compared, or no two records differed in what is.
    pub fn has_learned_nothing(&self) -> bool {
        self.compares_nothing() || self.is_untaught
    }

    /// Whether all pairs of records are compared, for there are so few.
    pub fn compares_all(&self) -> bool {
        self.compares_all
    }

    /// Up to how many records it is fit for, where it compares all pairs of them: of more, blocks would
    /// have been learned.
    pub fn most_records(&self) -> Option<usize> {
        let most = (1 + 8 * most_pairs_of_all(&self.options))
            .isqrt()
            .div_ceil(2);
        self.compares_all.then_some(most as usize)
    }

    /// Each comparison by its name, and what its levels are called, by their numbers.
    pub fn comparisons(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        self.comparisons.iter().map(|comparison| {
            let levels = 0..comparison.levels as u8;
            let labels = levels.map(|level| comparison.label(level)).collect();
            (comparison.name.as_str(), labels)
        })
    }

    /// The probability that two records taken at random are one entity.
    pub fn prior(&self) -> f64 {
        super::mixture::probability(self.mixture.prior)
    }

    /// Every level of every comparison.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for (at, comparison) in self.comparisons.iter().enumerate() {
            for level in 1..comparison.levels as u8 {
                let m = self.mixture.matches.share(at, level);
                let u = self.mixture.others.share(at, level);
                parameters.push(Parameter {
                    comparison: comparison.name.clone(),
                    level,
                    label: comparison.label(level),
                    m,
                    u,
                    weight: (m / u).log2(),
                });
            }
        }
        parameters
    }

    /// For each comparison, those that it depends on: among matching and among other pairs.
    pub fn dependences(&self) -> Vec<(&str, Option<&str>, Option<&str>)> {
        let name = |at: usize| self.comparisons[at].name.as_str();
        (0..self.comparisons.len())
            .map(|at| {
                (
                    name(at),
                    self.mixture.matches.parent(at).map(name),
                    self.mixture.others.parent(at).map(name),
                )
            })
            .collect()
    }
}
