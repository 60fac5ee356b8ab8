//! Which of several fits of a mixture is taken.
//!
//! Expectation maximisation finds one of many maxima, and how the classes are made decides which. One
//! course is taken where it finds matches that are clear; where they are not, others are tried.

use datafusion::error::Result;
use hashbrown::HashMap;

use super::compare::Pattern;
use super::expected::Expected;
use super::fit::{Course, Fit, Fitting, ROUNDS};
use super::mixture::{Counted, Mixture, probability};
use super::tree::{Tree, Weighted};

/// How many rounds there are before the tree is chosen where it left no matches, or fewer.
const ROUNDS_BEFORE_A_TREE: usize = 12;
/// The same where they may be many a record.
const ROUNDS_BEFORE_MANY: usize = 8;
/// How many pairs that agree on most are looked at, and which share of them is to match.
const SUREST: f64 = 10.0;
const SURE: f64 = 0.5;
/// How probable matches are, on average, for them to be clear from other pairs.
const CLEAR: f64 = 0.9;
/// How many a record are few, and how many are many.
const FEW: f64 = 0.05;
const MANY: f64 = 3.0;
/// By how much more of the pairs that agree on most are to match for another mixture to be better.
const SURER: f64 = 0.02;
/// As which share of the matches counts what is expected of them where they are held to it; and by how much
/// more probable they are to be then.
const HELD: f64 = 0.5;
const CLEARER: f64 = 0.05;
/// Which share of what is held to be alike by chance is to be more than chance for it not to be.
const REFUTED: f64 = 0.5;
/// By how many standard deviations a mixture is to be likelier than another one to be taken for it.
const LIKELIER: f64 = 2.0;

/// A sample of pairs that are known not to match, made where it is asked for; none where there are none.
pub(super) type Apart<'a> = &'a dyn Fn() -> Result<Option<Vec<Counted>>>;

/// Fits a mixture to a sample, which stands for all pairs.
pub(super) fn fit(
    sample: &[Counted],
    apart: Apart<'_>,
    expected: &Expected,
    matches_a_record: f64,
    pairs_a_record: f64,
    workers: usize,
) -> Result<Mixture> {
    let begun = (matches_a_record, pairs_a_record);
    let fits = Fits {
        fitting: Fitting::new(sample, expected, begun, workers)?,
        surest: surest(sample, expected),
        apart,
        expected,
        pairs_a_record,
    };
    fits.best()
}

struct Fits<'a> {
    fitting: Fitting<'a>,
    surest: Vec<Weighted>,
    apart: Apart<'a>,
    expected: &'a Expected,
    pairs_a_record: f64,
}

/// Has a class of pairs that are alike in whatever way and do not match, and matches as they are expected.
fn alike(begun: Course) -> Course {
    Course {
        held: HELD,
        alike: true,
        ..begun
    }
}

impl Fits<'_> {
    fn best(&self) -> Result<Mixture> {
        let mut begun = Course::default();
        let mut best = self.fitting.fit(begun)?;
        // Two who live together and are called otherwise are taken for one where they share the number of an
        // account, or their day of birth, unless it is learned that some do. That they do is likelier where
        // they are many.
        if self.expected.couples.is_some() {
            let couples = Course {
                couples: true,
                ..begun
            };
            (best, begun) = self.likelier((best, begun), couples)?;
        }
        if self.expected.twins.is_some() {
            let twins = Course {
                twins: true,
                ..begun
            };
            (best, begun) = self.likelier((best, begun), twins)?;
        }
        if let Some((strict, is_settled)) = self.strict(begun, &best)? {
            if is_settled {
                return Ok(strict.mixture);
            }
            best = strict;
        }
        // What is missing says something where it makes matches clearer, and more of the pairs that agree on
        // most, too. Elsewhere it would say what comparisons that depend on each other pretend.
        if best.clear < CLEAR && self.fitting.has_gaps() {
            let gaps = Course {
                gaps: true,
                ..begun
            };
            let other = self.fitting.fit(gaps)?;
            let is_clearer = other.clear > best.clear + SURER;
            if is_clearer && self.all(&other) > self.all(&best) + SURER && self.is_sure(&other) {
                (best, begun) = (other, gaps);
            }
        }
        let later = |first_tree| Course {
            first_tree,
            ..begun
        };
        // Where entities have very many records, which agree with each other in whatever way,
        // dependences among other pairs may explain some of the matches, too, and what is left is not
        // clear. Then matches are found first. Not all of them are explained, so that entities are seen to have
        // many records before, too.
        let may_be_many = self.expected.many.is_some() && self.a_record(&best) >= MANY;
        if may_be_many && best.clear < CLEAR {
            let other = self.fitting.fit(Course {
                many: self.expected.many,
                ..later(ROUNDS_BEFORE_MANY)
            })?;
            if self.a_record(&other) >= MANY && self.all(&other) > self.all(&best) + SURER {
                return Ok(other.mixture);
            }
        }
        // Dependences among other pairs may explain some of the matches. They do not where that is no
        // likelier than that matches are found first; nor where entities are seen to have many records, and
        // more of the pairs that agree on most match then.
        if self.may_be_surer(&best) {
            let other = self.fitting.fit(later(ROUNDS_BEFORE_A_TREE))?;
            let is_likelier = self.fitting.likelier(&best.mixture, &other.mixture) > LIKELIER;
            let are_many = self.a_record(&best) >= MANY && self.is_surer(&other, &best);
            let are_more = other.mixture.prior > best.mixture.prior;
            if are_many || are_more && !is_likelier && self.is_sure(&other) {
                best = other;
            }
        }
        // So they are where few comparisons tell all, or entities are few, and dependences explain the
        // matches until none is left, or until what is merely related is taken for them.
        let sure = self.few(&best);
        if sure < SURE {
            let other = self.fitting.fit(later(ROUNDS_BEFORE_A_TREE))?;
            if sure == 0.0 || other.clear >= CLEAR && self.is_sure(&other) {
                return Ok(other.mixture);
            }
            // Where they are not clear then, what is alike in whatever way may be taken for them, for what is
            // related is not all that is alike.
            let mut others = vec![other];
            if !self.expected.one_to_one {
                others.push(self.fitting.fit(alike(begun))?);
            }
            others.retain(|other| self.is_sure(other));
            if let Some(likeliest) = self.likeliest(others) {
                return Ok(likeliest.mixture);
            }
            // Where records are full of gaps, they do so whenever they are looked for: then they are not.
            let other = self.fitting.fit(later(ROUNDS))?;
            return Ok(match self.is_sure(&other) {
                true => other.mixture,
                false => best.mixture,
            });
        }
        // Where matches are few for what is alike, they drift to it: more of them are alike in fewer
        // ways, until hardly any is sure.
        if best.clear < CLEAR && !self.expected.one_to_one {
            // Where no pairs are known to be related, what is alike and does not match is a class of its
            // own: of things of one kind in one place, say. With it, pairs are likelier to be as they are,
            // which is no matter of how clear matches are: they may be clearer where what is alike is taken
            // for them.
            if self.expected.related.is_none() {
                let other = self.fitting.fit(alike(begun))?;
                let likelier = self.fitting.likelier(&other.mixture, &best.mixture);
                if likelier > LIKELIER && self.is_sure(&other) {
                    return Ok(other.mixture);
                }
            }
            // Held to what is expected of matches, they are surer, unless they are as they are for good.
            let held = self.fitting.fit(Course {
                held: HELD,
                ..later(0)
            })?;
            if held.clear > best.clear + CLEARER && self.is_sure(&held) {
                return Ok(held.mixture);
            }
        }
        Ok(best.mixture)
    }

    /// A mixture and its course, or that of another course where the sample is likelier by it.
    fn likelier(&self, (best, begun): (Fit, Course), course: Course) -> Result<(Fit, Course)> {
        let other = self.fitting.fit(course)?;
        let likelier = self.fitting.likelier(&other.mixture, &best.mixture);
        Ok(match likelier > LIKELIER && self.is_sure(&other) {
            true => (other, course),
            false => (best, begun),
        })
    }

    /// What agrees because it goes together, as an address of e-mail and the name that it is made of, is taken
    /// for a match where matches are few, and then no dependence is seen any more. Where what differs in
    /// anything is no match at first, the dependence is seen before matches are learned. None where that is no
    /// better; and whether it is for good.
    fn strict(&self, begun: Course, best: &Fit) -> Result<Option<(Fit, bool)>> {
        let are_few = self.a_record(best) < FEW;
        if !are_few && !self.may_be_surer(best) && best.clear + SURER >= 1.0 {
            return Ok(None);
        }
        let strict = self.fitting.fit(Course {
            strict: true,
            ..begun
        })?;
        let likelier = self.fitting.likelier(&strict.mixture, &best.mixture);
        // Where it leaves no matches, and is likelier, there are none.
        let are_none = likelier > LIKELIER && self.matches(&strict) < 1.0;
        let is_clearer = strict.clear > best.clear + SURER;
        let is_as_sure = self.few(&strict) + SURER > self.few(best);
        let is_told = is_clearer || self.is_surer(&strict, best) || are_few && is_as_sure;
        // Of two that are as likely, the one whose matches are clear.
        let is_clear = is_clearer && strict.clear >= CLEAR && best.clear < CLEAR;
        let is_settled = is_clear && likelier > -LIKELIER;
        let is_better = is_settled || is_told && likelier > LIKELIER;
        let is_taken = are_none || is_better && self.is_sure(&strict);
        let is_taken = is_taken && !self.is_refuted(&strict.mixture, &best.mixture)?;
        Ok(is_taken.then_some((strict, are_none || is_settled)))
    }

    /// Whether most of what a mixture holds to agree by chance, and another one to match, is hardly ever so
    /// alike among pairs that are known not to match: these are decoys, as in J. E. Elias and S. P. Gygi,
    /// "Target-decoy search strategy", Nature Methods 4 (2007).
    fn is_refuted(&self, mixture: &Mixture, other: &Mixture) -> Result<bool> {
        let Some(decoys) = (self.apart)()? else {
            return Ok(false);
        };
        let by_chance = self.fitting.total / decoys.iter().map(|of| of.pairs).sum::<f64>().max(1.0);
        let by_chance: HashMap<Pattern, f64> = decoys
            .iter()
            .map(|of| (of.pattern, of.trimmed * by_chance))
            .collect();
        let (mut doubted, mut refuted) = (0.0, 0.0);
        for counted in self.fitting.sample {
            let (pattern, seen) = (counted.pattern, counted.trimmed);
            let doubt = other.shares(pattern).matches * (1.0 - mixture.shares(pattern).matches);
            let by_chance = by_chance.get(&pattern).copied().unwrap_or_default();
            doubted += doubt * seen;
            if seen - by_chance > LIKELIER * (seen + by_chance).sqrt() {
                refuted += doubt * (seen - by_chance);
            }
        }
        Ok(refuted > REFUTED * doubted)
    }

    /// Of mixtures the one that the sample is likeliest by; the first of those that are nearly as likely.
    fn likeliest(&self, fits: Vec<Fit>) -> Option<Fit> {
        fits.into_iter().reduce(|best, other| {
            let likelier = self.fitting.likelier(&other.mixture, &best.mixture);
            match likelier > LIKELIER {
                true => other,
                false => best,
            }
        })
    }

    /// How many matches there are.
    fn matches(&self, fit: &Fit) -> f64 {
        self.fitting.total * probability(fit.mixture.prior)
    }

    /// How many matches a record has.
    fn a_record(&self, fit: &Fit) -> f64 {
        fit.mixture.prior.exp() * self.pairs_a_record
    }

    /// Whether more of the pairs that agree on most may match by another mixture.
    fn may_be_surer(&self, fit: &Fit) -> bool {
        self.all(fit) + SURER < 1.0
    }

    /// Whether they do.
    fn is_surer(&self, fit: &Fit, other: &Fit) -> bool {
        self.is_sure(fit) && self.all(fit) > self.all(other) + SURER
    }

    fn is_sure(&self, fit: &Fit) -> bool {
        self.few(fit) >= SURE
    }

    fn few(&self, fit: &Fit) -> f64 {
        self.sure(fit, SUREST)
    }

    fn all(&self, fit: &Fit) -> f64 {
        self.sure(fit, f64::INFINITY)
    }

    /// Of as many pairs as there are matches among all, `most` at most, the surest first: the share that
    /// matches. 0 where there is no match.
    fn sure(&self, fit: &Fit, most: f64) -> f64 {
        let matches = self.matches(fit);
        if matches < 1.0 {
            return 0.0;
        }
        let matches = matches.min(most);
        let (mut left, mut found) = (matches, 0.0);
        for Weighted { pattern, weight } in &self.surest {
            let taken = weight.min(left);
            found += taken * fit.mixture.shares(*pattern).matches;
            left -= taken;
            if left <= 0.0 {
                break;
            }
        }
        found / matches
    }
}

/// Pairs of blocks, those first that agree on most by what is expected: whatever else matches, they do.
fn surest(sample: &[Counted], expected: &Expected) -> Vec<Weighted> {
    let matches = Tree::independent(&expected.matches);
    let others = Tree::independent(&expected.others);
    let evidence = |counted: &Counted| {
        matches.log_probability(counted.pattern) - others.log_probability(counted.pattern)
    };
    let mut by_evidence: Vec<(f64, &Counted)> = sample
        .iter()
        .filter(|counted| counted.candidates > 0.0)
        .map(|counted| (evidence(counted), counted))
        .collect();
    by_evidence.sort_by(|left, right| right.0.total_cmp(&left.0));
    let weighted = by_evidence.into_iter().map(|(_, counted)| Weighted {
        pattern: counted.pattern,
        weight: counted.trimmed,
    });
    weighted.collect()
}
