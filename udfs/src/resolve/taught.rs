//! What a model is told before it learns: labelled pairs, and parameters that are known.

use super::comparison::{Comparison, MISSING_LEVEL};
use super::kind::nearest_hint;
use super::mixture::Mixture;
use super::tree::Tree;
use crate::FunctionError;
use crate::wording::quoted;

/// What a model is told before it learns.
#[derive(Clone, Debug, Default)]
pub struct Taught {
    /// Pairs of records of which it is known whether they are one entity.
    pub labels: Vec<Label>,
    /// Parameters that are known, and not estimated.
    pub parameters: Vec<KnownParameter>,
}

/// A pair of records of which it is known whether it is one entity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Label {
    /// The places of the records.
    pub left: u32,
    /// See `left`.
    pub right: u32,
    /// Whether they are one entity.
    pub is_match: bool,
}

/// A parameter that is known, named as [`Parameter`](super::Parameter) names it.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownParameter {
    /// The comparison; `prior` for the probability that two records taken at random are one entity,
    /// which is its `m`.
    pub comparison: String,
    /// The label of the level; none for `prior`.
    pub level: Option<String>,
    /// The share of matching pairs that have this level; none where it is to be estimated.
    pub m: Option<f64>,
    /// The share of other pairs that have it, likewise.
    pub u: Option<f64>,
}

/// What a model holds of any two records, where a comparison would stand.
const PRIOR: &str = "prior";

impl Taught {
    /// Whether it is known how many pairs match.
    pub(super) fn tells_prior(&self) -> bool {
        let mut parameters = self.parameters.iter();
        parameters.any(|known| known.is_prior() && known.m.is_some())
    }
}

/// The parameters of a mixture that are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The logarithm of the odds of a match.
    prior: Option<f64>,
    /// By comparison and level; none where they are to be estimated.
    matches: Vec<Vec<Option<f64>>>,
    others: Vec<Vec<Option<f64>>>,
}

impl Known {
    pub(super) fn new(
        parameters: &[KnownParameter],
        comparisons: &[Comparison],
    ) -> Result<Self, FunctionError> {
        let unknown: Vec<Vec<Option<f64>>> = comparisons
            .iter()
            .map(|comparison| vec![None; comparison.levels])
            .collect();
        let mut known = Self {
            prior: None,
            matches: unknown.clone(),
            others: unknown,
        };
        for parameter in parameters {
            let KnownParameter { m, u, .. } = parameter;
            for (name, share) in [("m", m), ("u", u)] {
                if share.is_some_and(|share| !(share > 0.0 && share <= 1.0)) {
                    return Err(FunctionError::invalid_argument(format!(
                        "{name} of {} is no share of pairs",
                        parameter.described()
                    ))
                    .with_hint("It is more than 0 and at most 1."));
                }
            }
            if parameter.is_prior() {
                if m.is_some_and(|prior| prior >= 1.0) {
                    return Err(FunctionError::invalid_argument(format!(
                        "m of {} is no probability of a match",
                        parameter.described()
                    ))
                    .with_hint(
                        "It is more than 0 and less than 1: not all records are one entity.",
                    ));
                }
                known.prior = m.map(|prior| (prior / (1.0 - prior)).ln());
                continue;
            }
            let (at, level) = parameter.place(comparisons)?;
            known.matches[at][level] = m.or(known.matches[at][level]);
            known.others[at][level] = u.or(known.others[at][level]);
        }
        for (name, shares) in [("m", &known.matches), ("u", &known.others)] {
            for (comparison, shares) in comparisons.iter().zip(shares) {
                let sum: f64 = shares.iter().flatten().sum();
                // What was rounded when it was written down may be a little more.
                if sum > 1.001 {
                    return Err(FunctionError::invalid_argument(format!(
                        "{name} of the levels of {} are {sum:.3} together",
                        quoted(&comparison.name)
                    ))
                    .with_hint("They are shares of the same pairs, and are 1 together."));
                }
            }
        }
        Ok(known)
    }

    /// Gives a mixture what is known.
    pub(super) fn hold(&self, mixture: &mut Mixture) {
        if let Some(prior) = self.prior {
            mixture.prior = prior;
        }
        self.hold_matches(&mut mixture.matches);
        for (at, shares) in self.others.iter().enumerate() {
            mixture.others.hold(at, shares);
        }
    }

    /// Gives the class of matches what is known of it.
    pub(super) fn hold_matches(&self, matches: &mut Tree) {
        for (at, shares) in self.matches.iter().enumerate() {
            matches.hold(at, shares);
        }
    }

    /// Takes shares of levels among pairs that do not match for known, where none of that comparison is known.
    pub(super) fn learn_of_others(&mut self, at: usize, shares: &[Option<f64>]) {
        let known = &mut self.others[at];
        if known.iter().all(Option::is_none) {
            for (known, share) in known.iter_mut().zip(shares) {
                *known = *share;
            }
        }
    }

    /// Whether the share of a level among matches is known.
    pub(super) fn is_held(&self, at: usize, level: u8) -> bool {
        let shares = self.matches.get(at);
        let share = shares.and_then(|shares| shares.get(usize::from(level)));
        share.is_some_and(Option::is_some)
    }

    /// Whether the prior is known.
    pub(super) fn is_prior_held(&self) -> bool {
        self.prior.is_some()
    }
}

impl KnownParameter {
    /// Whether it is the prior. One of a level is of a column that is called so.
    fn is_prior(&self) -> bool {
        self.comparison == PRIOR && self.level.is_none()
    }

    fn described(&self) -> String {
        match &self.level {
            Some(level) => format!("level {} of {}", quoted(level), quoted(&self.comparison)),
            None => quoted(&self.comparison).to_string(),
        }
    }

    /// The comparison and the level, by their places.
    fn place(&self, comparisons: &[Comparison]) -> Result<(usize, usize), FunctionError> {
        let names = || {
            comparisons
                .iter()
                .map(|comparison| comparison.name.as_str())
        };
        let Some(at) = names().position(|name| name == self.comparison) else {
            return Err(FunctionError::invalid_argument(format!(
                "a parameter is given of {}, which is not compared",
                quoted(&self.comparison)
            ))
            .with_hint(nearest_hint(&self.comparison, names())));
        };
        let comparison = &comparisons[at];
        let levels = MISSING_LEVEL + 1..comparison.levels as u8;
        let labels: Vec<String> = levels.map(|level| comparison.label(level)).collect();
        let level = self.level.as_deref().unwrap_or_default();
        match labels.iter().position(|label| label == level) {
            Some(found) => Ok((at, found + 1)),
            None => Err(FunctionError::invalid_argument(format!(
                "comparison {} has no level {}",
                quoted(&self.comparison),
                quoted(level)
            ))
            .with_hint(format!("Its levels are: {}.", labels.join("; ")))),
        }
    }
}
