//! Successes out of trials, and what they say of the rate behind them.

use std::f64::consts::{PI, SQRT_2};

use arrow::array::{Array, Float64Array};
use arrow::datatypes::Float64Type;
use datafusion::error::Result;
use statrs::function::erf::erfc_inv;
use statrs::function::gamma::gamma_ur;

use crate::FunctionError;
use crate::arguments::{Call, Form, Kind};

/// From here on not every whole number is one of double precision: 2^53.
const MOST_TRIALS: f64 = 9_007_199_254_740_992.0;

/// Of so many trials, so many were a success.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proportion {
    pub(super) successes: f64,
    pub(super) trials: f64,
}

impl Proportion {
    /// Counts that can be.
    ///
    /// # Errors
    /// 22023 for a negative count, NaN, and more successes than trials; 22003 for more than 2^53.
    fn checked(function: &str, successes: f64, trials: f64) -> Result<Self, FunctionError> {
        for (name, count) in [("successes", successes), ("trials", trials)] {
            // NaN is not within, and the infinities are beyond the most.
            if !(0.0..).contains(&count) {
                return Err(FunctionError::invalid_argument(format!(
                    "{function}: the number of {name} is {count}"
                ))
                .with_hint("Give the successes before the trials, both from 0 on."));
            }
            if count > MOST_TRIALS {
                return Err(FunctionError::out_of_range(format!(
                    "{function}: the number of {name} is {count}, more than 2^53"
                ))
                .with_hint("Counts beyond 2^53 are not exact in double precision."));
            }
        }
        if successes > trials {
            return Err(FunctionError::invalid_argument(format!(
                "{function}: {successes} successes are more than {trials} trials"
            ))
            .with_hint("Give the successes before the trials; of rates, multiply by the trials."));
        }
        Ok(Self { successes, trials })
    }

    /// The share of successes; NaN without trials.
    pub(super) fn rate(self) -> f64 {
        self.successes / self.trials
    }

    /// The score interval of E. B. Wilson, "Probable inference, the law of succession, and
    /// statistical inference", Journal of the American Statistical Association 22 (1927): the rates
    /// that lie at most `z` of their own standard errors away from the one observed.
    pub(super) fn wilson_interval(self, z: f64) -> [f64; 2] {
        let failures = self.trials - self.successes;
        let low = lower_limit(self.successes, failures, z);
        // Of a small rate, the complement of the complement would have lost digits.
        let high = if self.successes < failures {
            upper_root(self.successes, failures, z) / (self.trials + z * z)
        } else {
            1.0 - lower_limit(failures, self.successes, z)
        };
        [low, high]
    }
}

/// The lower of the two roots: as the product of both over the upper one, which loses nothing to
/// cancellation, and is 0 for no successes.
fn lower_limit(successes: f64, failures: f64, z: f64) -> f64 {
    if successes == 0.0 {
        return 0.0;
    }
    let trials = successes + failures;
    successes * (successes / trials) / upper_root(successes, failures, z)
}

/// The upper of the two roots, times `trials + z * z`.
fn upper_root(successes: f64, failures: f64, z: f64) -> f64 {
    let half = z * z / 2.0;
    let spread = successes * (failures / (successes + failures)) + half / 2.0;
    successes + half + z * spread.sqrt()
}

/// The arguments `(successes, trials)` of a function from a position on.
#[derive(Debug)]
pub(super) struct Proportions {
    function: &'static str,
    successes: Float64Array,
    trials: Float64Array,
}

impl Proportions {
    /// Reads the two arguments.
    pub(super) fn new(function: &'static str, call: &Call<'_>, position: usize) -> Result<Self> {
        Ok(Self {
            function,
            successes: call.numbers::<Float64Type>(position)?,
            trials: call.numbers::<Float64Type>(position + 1)?,
        })
    }

    /// The proportion of a row; `None` where one of both is NULL.
    pub(super) fn get(&self, row: usize) -> Result<Option<Proportion>, FunctionError> {
        if self.successes.is_null(row) || self.trials.is_null(row) {
            return Ok(None);
        }
        let (successes, trials) = (self.successes.value(row), self.trials.value(row));
        Proportion::checked(self.function, successes, trials).map(Some)
    }
}

/// What functions of `(successes, trials, other_successes, other_trials [, parameter])` take.
pub(super) const TWO_GROUPS: Form = Form {
    name: "",
    parameters: &[Kind::Number; 5],
    counts: &[4, 5],
};

/// The arguments `(successes, trials, other_successes, other_trials)` of a function.
#[derive(Debug)]
pub(super) struct TwoProportions([Proportions; 2]);

impl TwoProportions {
    /// Reads the four arguments.
    pub(super) fn new(function: &'static str, call: &Call<'_>) -> Result<Self> {
        let first = Proportions::new(function, call, 0)?;
        let second = Proportions::new(function, call, 2)?;
        Ok(Self([first, second]))
    }

    /// Both proportions of a row; `None` where one of the counts is NULL.
    pub(super) fn get(&self, row: usize) -> Result<Option<[Proportion; 2]>, FunctionError> {
        let [first, second] = &self.0;
        let (first, second) = (first.get(row)?, second.get(row)?);
        Ok(first.zip(second).map(|(first, second)| [first, second]))
    }
}

/// A number that may be left out of a call.
#[derive(Debug)]
pub(super) struct Parameter {
    given: Option<Float64Array>,
    default: f64,
}

impl Parameter {
    /// Reads the argument at this position, if there is one.
    pub(super) fn new(call: &Call<'_>, position: usize, default: f64) -> Result<Self> {
        let given = match call.count() > position {
            true => Some(call.numbers::<Float64Type>(position)?),
            false => None,
        };
        Ok(Self { given, default })
    }

    /// The number of a row; `None` where it is NULL.
    pub(super) fn get(&self, row: usize) -> Option<f64> {
        match &self.given {
            None => Some(self.default),
            Some(given) => given.is_valid(row).then(|| given.value(row)),
        }
    }
}

/// The argument `confidence` of a function, where it is given.
#[derive(Debug)]
pub(super) struct Confidence {
    function: &'static str,
    given: Parameter,
}

impl Confidence {
    /// What is taken where none is given.
    const DEFAULT: f64 = 0.95;

    /// Reads the argument at this position, if there is one.
    pub(super) fn new(function: &'static str, call: &Call<'_>, position: usize) -> Result<Self> {
        let given = Parameter::new(call, position, Self::DEFAULT)?;
        Ok(Self { function, given })
    }

    /// The share of the normal distribution within this many standard deviations of its mean is the
    /// confidence of the row; `None` where it is NULL.
    ///
    /// # Errors
    /// 22023 for a confidence that is not between 0 and 1.
    pub(super) fn deviations(&self, row: usize) -> Result<Option<f64>, FunctionError> {
        let Some(confidence) = self.given.get(row) else {
            return Ok(None);
        };
        if !(confidence > 0.0 && confidence < 1.0) {
            return Err(FunctionError::invalid_argument(format!(
                "{}: the confidence is {confidence}",
                self.function
            ))
            .with_hint("Give a number between 0 and 1, such as 0.95."));
        }
        Ok(Some(deviations_beyond(1.0 - confidence)))
    }
}

/// The share of the normal distribution that is more than this many standard deviations away from
/// its mean, in either direction: the upper tail of the chi-squared distribution of one degree of
/// freedom, which is computed with more digits here than the error function.
pub(super) fn beyond(deviations: f64) -> f64 {
    match deviations * deviations / 2.0 {
        0.0 => 1.0,
        half => gamma_ur(0.5, half),
    }
}

/// How many standard deviations away from the mean this share of the normal distribution begins.
fn deviations_beyond(share: f64) -> f64 {
    let deviations = SQRT_2 * erfc_inv(share);
    // A step of Newton's method doubles the ten digits of the inverse.
    let density = 2.0 * (-deviations * deviations / 2.0).exp() / (2.0 * PI).sqrt();
    match (beyond(deviations) - share) / density {
        step if step.is_finite() => deviations + step,
        _ => deviations,
    }
}
