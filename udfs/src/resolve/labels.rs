//! Learns from labelled pairs.
//!
//! Pairs are labelled where the model is in doubt, so that they are no sample of all pairs, and
//! counting them among these would mislead. What they do tell, however they were chosen, is how
//! probable a match is given a pattern. So the classes are estimated without labels first, and then
//! the shares of levels among matches, and the prior, are moved to where the labels are most
//! probable given the patterns: a logistic regression that begins, and is held, at the estimates,
//! as in A. Y. Ng and M. I. Jordan, "On discriminative vs. generative classifiers" (2001), whose
//! logistic regression is what maximises the conditional likelihood of such a model.

use std::collections::BTreeMap;

use super::compare::Pattern;
use super::comparison::MISSING_LEVEL;
use super::mixture::{Mixture, probability};
use super::taught::Known;

/// How far labels move a parameter: the variance, on the scale of logarithms, of where it may be.
/// With this, some ten labels that contradict the model in one thing change its mind in that.
const FREEDOM: f64 = 1.0;
/// How many steps are taken at most.
const STEPS: usize = 200;
/// The gain of a step at which no other is taken.
const SETTLED: f64 = 1e-6;

/// Labels of pairs of one pattern.
struct Labelled {
    pattern: Pattern,
    matches: f64,
    others: f64,
    /// The logarithm of its probability among pairs that do not match, less what is said by what it is
    /// missing and by what depends on each other among matches: these stay.
    log_other: f64,
}

/// What is moved. The shares of levels that are not known are in proportion to the exponentials of
/// these.
#[derive(Clone)]
struct Point {
    levels: Vec<Vec<f64>>,
    prior: f64,
}

/// Moves a mixture to where labels are probable.
pub(super) fn learn(mixture: &mut Mixture, labels: &[(Pattern, bool)], known: &Known) {
    let mut counts: BTreeMap<Pattern, (f64, f64)> = BTreeMap::new();
    for (pattern, is_match) in labels {
        let count = counts.entry(*pattern).or_default();
        match is_match {
            true => count.0 += 1.0,
            false => count.1 += 1.0,
        }
    }
    if counts.is_empty() {
        return;
    }
    let labelled = counts
        .into_iter()
        .map(|(pattern, (matches, others))| Labelled {
            pattern,
            matches,
            others,
            log_other: mixture.log_other(pattern)
                - mixture.gaps.log(pattern)
                - mixture.matches.dependence(pattern),
        })
        .collect();
    let learning = Learning {
        labelled,
        start: Point {
            levels: mixture.matches.logs(),
            prior: mixture.prior,
        },
        known,
    };
    let learned = learning.run();
    mixture.matches.set_logs(&learning.logs(&learned));
    mixture.prior = learned.prior;
}

struct Learning<'a> {
    labelled: Vec<Labelled>,
    start: Point,
    known: &'a Known,
}

impl Learning<'_> {
    /// Goes uphill from the start, with steps that grow until one leads down.
    fn run(&self) -> Point {
        let mut point = self.start.clone();
        let mut value = self.value(&point);
        let all: f64 = self.labelled.iter().map(Labelled::count).sum();
        let mut step = 1.0 / (all + 1.0 / FREEDOM);
        for _ in 0..STEPS {
            let gradient = self.gradient(&point);
            let mut next = point.moved(&gradient, step);
            let mut found = self.value(&next);
            while found < value && step > 1e-12 {
                step /= 2.0;
                next = point.moved(&gradient, step);
                found = self.value(&next);
            }
            if found - value < SETTLED {
                break;
            }
            (point, value) = (next, found);
            step *= 2.0;
        }
        point
    }

    fn is_free(&self, at: usize, level: usize) -> bool {
        level > usize::from(MISSING_LEVEL) && !self.known.is_held(at, level as u8)
    }

    /// The logarithms of the shares of levels.
    fn logs(&self, point: &Point) -> Vec<Vec<f64>> {
        let comparisons = self.start.levels.iter().zip(&point.levels).enumerate();
        comparisons
            .map(|(at, (start, moved))| {
                let sum = |logs: &[f64]| {
                    let free = logs.iter().enumerate();
                    let free = free.filter(|(level, _)| self.is_free(at, *level));
                    free.map(|(_, log)| log.exp()).sum::<f64>()
                };
                let change = (sum(start) / sum(moved)).ln();
                let levels = start.iter().zip(moved).enumerate();
                levels
                    .map(|(level, (start, moved))| match self.is_free(at, level) {
                        true => moved + change,
                        false => *start,
                    })
                    .collect()
            })
            .collect()
    }

    /// The logarithm of the probability of the labels, and of being as far from the start.
    fn value(&self, point: &Point) -> f64 {
        let logs = self.logs(point);
        let of_labels = self.labelled.iter().map(|label| {
            let log_odds = label.log_odds(&logs, point.prior);
            label.matches * log_probability(log_odds) + label.others * log_probability(-log_odds)
        });
        let levels = self.start.levels.iter().zip(&point.levels);
        let distance: f64 = levels
            .flat_map(|(start, moved)| start.iter().zip(moved))
            .map(|(start, moved)| (moved - start).powi(2))
            .sum();
        let distance = distance + (point.prior - self.start.prior).powi(2);
        of_labels.sum::<f64>() - distance / (2.0 * FREEDOM)
    }

    fn gradient(&self, point: &Point) -> Point {
        let logs = self.logs(point);
        let mut gradient = Point {
            levels: logs.iter().map(|logs| vec![0.0; logs.len()]).collect(),
            prior: (self.start.prior - point.prior) / FREEDOM,
        };
        // How much more often than they should pairs of a comparison's free levels match.
        let mut surplus = vec![0.0; logs.len()];
        for label in &self.labelled {
            let expected = label.count() * probability(label.log_odds(&logs, point.prior));
            let residual = label.matches - expected;
            gradient.prior += residual;
            for (at, surplus) in surplus.iter_mut().enumerate() {
                let level = usize::from(label.pattern.level(at));
                if self.is_free(at, level) {
                    gradient.levels[at][level] += residual;
                    *surplus += residual;
                }
            }
        }
        for (at, gradient) in gradient.levels.iter_mut().enumerate() {
            let free: Vec<usize> = (0..gradient.len())
                .filter(|level| self.is_free(at, *level))
                .collect();
            let mass: f64 = free.iter().map(|level| logs[at][*level].exp()).sum();
            for level in free {
                let share = logs[at][level].exp() / mass;
                let back = (self.start.levels[at][level] - point.levels[at][level]) / FREEDOM;
                gradient[level] += back - surplus[at] * share;
            }
        }
        if self.known.is_prior_held() {
            gradient.prior = 0.0;
        }
        gradient
    }
}

impl Point {
    /// The point that is so many times a direction away.
    fn moved(&self, direction: &Self, times: f64) -> Self {
        let levels = self.levels.iter().zip(&direction.levels);
        let moved = |(from, by): (&f64, &f64)| from + times * by;
        Self {
            levels: levels
                .map(|(levels, by)| levels.iter().zip(by).map(moved).collect())
                .collect(),
            prior: self.prior + times * direction.prior,
        }
    }
}

impl Labelled {
    fn count(&self) -> f64 {
        self.matches + self.others
    }

    fn log_odds(&self, logs: &[Vec<f64>], prior: f64) -> f64 {
        let levels = logs.iter().enumerate();
        let levels = levels.map(|(at, logs)| match self.pattern.level(at) {
            MISSING_LEVEL => 0.0,
            level => logs[usize::from(level)],
        });
        prior + levels.sum::<f64>() - self.log_other
    }
}

/// The logarithm of the probability of log-odds.
fn log_probability(log_odds: f64) -> f64 {
    match log_odds > 0.0 {
        true => -(-log_odds).exp().ln_1p(),
        false => log_odds - log_odds.exp().ln_1p(),
    }
}
