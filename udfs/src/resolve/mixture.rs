//! The mixture of matching and other pairs, fitted by expectation maximisation.
//!
//! I. P. Fellegi and A. B. Sunter, "A theory for record linkage", JASA 64 (1969); W. E. Winkler,
//! "Using the EM algorithm for weight computation in the Fellegi-Sunter model" (1988). Their
//! comparisons are independent within each class, which those of pairs that do not match are not,
//! and which makes probabilities overconfident. Here these are a tree of dependences (who lives in
//! a town has a postcode of it): M. Meila and M. I. Jordan, "Learning with mixtures of trees", JMLR
//! 1 (2000), after C. K. Chow and C. N. Liu (1968). And they are of two classes: people who live
//! together share a name, an address and often a telephone, all at once, which no single
//! distribution says of all pairs. Matches stay independent: with a tree of their own they take in
//! people of one household, as the pairs that share everything but what is one's own.
//!
//! Where none of this is known and matches are not clear, pairs that are alike in whatever way are a
//! class that is learned.
//!
//! The sample stands for all pairs of records, those of blocks with a weight of one and random
//! ones with that of all the others, so that what the blocks select does not bias the estimates.

use datafusion::error::Result;
use serde::{Deserialize, Serialize};

use super::compare::Pattern;
use super::comparison::MISSING_LEVEL;
use super::gaps::{Gaps, present};
use super::taught::Known;
use super::threads;
use super::tree::{Edge, Tree, Weighted};
use crate::interrupt::listen;

/// How often the parameters are estimated at most.
const ROUNDS: usize = 60;
/// How often they are at least.
const LEAST_ROUNDS: usize = 20;
/// Every how many rounds the tree is chosen anew.
const ROUNDS_OF_A_TREE: usize = 8;
/// How many rounds there are before the tree is chosen where it left no matches.
const ROUNDS_BEFORE_A_TREE: usize = 12;
/// The same where they may be many a record.
const ROUNDS_BEFORE_MANY: usize = 8;
/// How many patterns are weighed by one task.
const CHUNK: usize = 4096;
/// How many pairs that agree on most are looked at, and which share of them is to match.
const SUREST: f64 = 10.0;
const SURE: f64 = 0.5;
/// How probable matches are, on average, for them to be clear from other pairs.
const CLEAR: f64 = 0.9;
/// How many a record are many.
const MANY: f64 = 3.0;
/// By how much more of the pairs that agree on most are to match for another mixture to be better.
const SURER: f64 = 0.02;
/// The change in the number of matches at which the estimates are held to stand.
const SETTLED: f64 = 1e-4;
/// The share of what makes pairs match that other pairs have too: shared telephones, copied
/// identifiers. Agreement on one value alone is never more certain than this leaves it.
const CONTAMINATION: f64 = 0.01;
/// How many of two records that a third one links are not related at all, for each that match.
const UNRELATED: f64 = 0.1;
/// As how many pairs counts what is expected of matches, and of related ones.
const EXPECTED_PAIRS: f64 = 20.0;
/// As which share of the matches it counts where they are held to it; and by how much more probable they
/// are to be then.
const HELD: f64 = 0.5;
const CLEARER: f64 = 0.05;
/// How many pairs are held to be alike, for each that matches, before any is seen.
const ALIKE: f64 = 10.0;
/// How many of the related pairs are expected to share what some of them do.
const SHARING: f64 = 0.5;

/// A pattern and the pairs that have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) pattern: Pattern,
    /// How many pairs of all it stands for.
    pub(super) pairs: f64,
    /// The same with trimmed weights, for what is learned of the few pairs that match.
    pub(super) trimmed: f64,
    /// How many of them were found in blocks.
    pub(super) candidates: f64,
}

/// The parameters of the mixture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Mixture {
    /// The natural logarithm of the odds that two records taken at random match.
    pub(super) prior: f64,
    pub(super) matches: Tree,
    pub(super) others: Tree,
    /// Pairs that are related and do not match, where there may be some.
    pub(super) related: Option<Related>,
    /// What it says that values are missing, where it says anything.
    #[serde(default)]
    pub(super) gaps: Gaps,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Related {
    /// The logarithm of their share of the pairs that do not match.
    pub(super) share: f64,
    pub(super) tree: Tree,
    /// The levels of comparisons of which one is not missing where two records are related.
    pub(super) told_by: u64,
}

/// What is known of the classes beforehand: the share of each level of each comparison.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) matches: Vec<Vec<f64>>,
    pub(super) others: Vec<Vec<f64>>,
    pub(super) related: Option<Vec<Vec<f64>>>,
    /// The greatest share of matches that differ.
    pub(super) differing_matches: Vec<f64>,
    /// The first level of equal values.
    pub(super) first_exact: Vec<usize>,
    /// What is known of things of which there may be many records.
    pub(super) many: Option<Many>,
    /// Whether related pairs differ as any others do.
    pub(super) own: Vec<bool>,
    /// Whether some related pairs share it as matches do, and the rest differ as any others.
    pub(super) at_times: Vec<bool>,
    /// Whether sources have each entity once.
    pub(super) one_to_one: bool,
    /// What is not to be estimated.
    pub(super) known: Known,
}

impl Expected {
    /// The shares of levels among pairs that are alike in one half of what is compared, whichever it is.
    fn half_alike(&self) -> Vec<Vec<f64>> {
        let comparisons = self.matches.iter().zip(&self.others);
        let half = |(m, u): (&f64, &f64)| f64::midpoint(*m, *u);
        comparisons
            .map(|(matches, others)| matches.iter().zip(others).map(half).collect())
            .collect()
    }
}

/// What is known of things of which there may be many records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Many {
    /// The levels of comparisons, as a pattern has them, of which one is to be there for related pairs to
    /// be told from matches.
    pub(super) told_by: u64,
}

/// How a mixture is come by.
#[derive(Clone, Copy, Debug, Default)]
struct Course {
    /// The round from which on dependences are looked for.
    first_tree: usize,
    /// Where there may be many records of a thing.
    many: Option<Many>,
    /// The share of the matches as which counts what is expected of them, at least.
    held: f64,
    /// Whether what is missing says something.
    gaps: bool,
    /// Whether there is a class of pairs that are alike in whatever way and do not match.
    alike: bool,
}

/// How much of a pattern's pairs is of each class.
#[derive(Clone, Copy, Debug, Default)]
struct Shares {
    matches: f64,
    related: f64,
    others: f64,
}

impl Mixture {
    /// The natural logarithm of the odds of a match.
    #[inline]
    pub(super) fn log_odds(&self, pattern: Pattern) -> f64 {
        self.prior_of(pattern) + self.matches.log_probability(pattern) - self.log_other(pattern)
    }

    /// The same before any value is compared: by what there is to be compared.
    #[inline]
    pub(super) fn prior_of(&self, pattern: Pattern) -> f64 {
        self.prior + self.gaps.log(pattern)
    }

    /// The related pairs, where a pattern tells any from matches.
    #[inline]
    fn related_by(&self, pattern: Pattern) -> Option<&Related> {
        let related = self.related.as_ref();
        related.filter(|related| pattern.0 & related.told_by != 0)
    }

    /// The evidence against a match of two records that are known to be related somehow: 0 where
    /// there is none.
    pub(super) fn conflict(&self, pattern: Pattern) -> f64 {
        let related = self.related_by(pattern).map_or(0.0, |related| {
            (related.share - self.prior + related.tree.log_probability(pattern)).exp()
        });
        let others = UNRELATED * self.others.log_probability(pattern).exp();
        (self.matches.log_probability(pattern) - (others + related).ln()).min(0.0)
    }

    /// The logarithm of the probability of a pattern among pairs that do not match.
    #[inline]
    pub(super) fn log_other(&self, pattern: Pattern) -> f64 {
        let others = self.others.log_probability(pattern);
        match self.related_by(pattern) {
            None => others,
            Some(related) => {
                let related = related.share + related.tree.log_probability(pattern);
                let (greater, less) = if others > related {
                    (others, related)
                } else {
                    (related, others)
                };
                greater + (less - greater).exp().ln_1p()
            }
        }
    }

    /// How many of related pairs share what is compared, as far as `before` of them do: the others
    /// agree on it as pairs that are not related.
    fn sharing(&self, related: &[Weighted], at: usize, before: f64) -> f64 {
        let (mut all, mut sharing) = (EXPECTED_PAIRS, EXPECTED_PAIRS * SHARING);
        for Weighted { pattern, weight } in related {
            let level = pattern.level(at);
            if level != MISSING_LEVEL {
                let share = before * self.matches.share(at, level);
                let not = (1.0 - before) * self.others.share(at, level);
                all += weight;
                sharing += weight * share / (share + not).max(f64::MIN_POSITIVE);
            }
        }
        sharing / all
    }

    fn shares(&self, pattern: Pattern) -> Shares {
        let matches = probability(self.log_odds(pattern));
        let related = self.related_by(pattern).map_or(0.0, |related| {
            let log = related.share + related.tree.log_probability(pattern);
            (log - self.log_other(pattern)).exp() * (1.0 - matches)
        });
        Shares {
            matches,
            related,
            others: (1.0 - matches - related).max(0.0),
        }
    }

    /// Fits the mixture to a sample, which stands for all pairs.
    pub(super) fn fit(
        sample: &[Counted],
        expected: &Expected,
        matches_a_record: f64,
        pairs_a_record: f64,
        workers: usize,
    ) -> Result<Self> {
        let begun = (matches_a_record, pairs_a_record);
        let fit = |course| Self::fit_with(sample, expected, begun, course, workers);
        let (mut mixture, mut clear) = fit(Course::default())?;
        let total: f64 = sample.iter().map(|counted| counted.pairs).sum();
        let surest = surest(sample, expected);
        let few = |of: &Self| of.sure(&surest, total, SUREST);
        let all = |of: &Self| of.sure(&surest, total, f64::INFINITY);
        // What is missing says something where it makes matches clearer, and more of the pairs that agree on
        // most, too. Elsewhere it would say what comparisons that depend on each other pretend.
        let mut gaps = false;
        if clear < CLEAR && has_gaps(sample) {
            let (other, other_clear) = fit(Course {
                gaps: true,
                ..Course::default()
            })?;
            let is_clearer = other_clear > clear + SURER && all(&other) > all(&mixture) + SURER;
            if is_clearer && few(&other) >= SURE {
                (mixture, clear, gaps) = (other, other_clear, true);
            }
        }
        let later = |first_tree| Course {
            first_tree,
            gaps,
            ..Course::default()
        };
        // Where entities have very many records, which agree with each other in whatever way,
        // dependences among other pairs may explain some of the matches, too, and what is left is not
        // clear. Then matches are found first.
        if expected.many.is_some() && clear < CLEAR {
            let (other, _) = fit(Course {
                many: expected.many,
                ..later(ROUNDS_BEFORE_MANY)
            })?;
            let a_record = other.prior.exp() * pairs_a_record;
            if a_record >= MANY && all(&other) > all(&mixture) + SURER {
                return Ok(other);
            }
        }
        // So they are where few comparisons tell all, or entities are few, and dependences explain the
        // matches until none is left, or until what is merely related is taken for them.
        let sure = few(&mixture);
        if sure < SURE {
            let (other, _) = fit(later(ROUNDS_BEFORE_A_TREE))?;
            if sure == 0.0 || few(&other) >= SURE {
                return Ok(other);
            }
            // Where records are full of gaps, they do so whenever they are looked for: then they are not.
            let (other, _) = fit(later(ROUNDS))?;
            if few(&other) >= SURE {
                return Ok(other);
            }
            return Ok(mixture);
        }
        // Where matches are few for what is alike, they drift to it: more of them are alike in fewer
        // ways, until hardly any is sure. Held to what is expected of matches, they are surer, unless
        // they are as they are for good.
        if clear < CLEAR && !expected.one_to_one {
            // Where no pairs are known to be related, what is alike and does not match is a class of its
            // own: of things of one kind in one place, say.
            for alike in [true, false] {
                if alike && expected.related.is_some() {
                    continue;
                }
                let (held, held_clear) = fit(Course {
                    held: HELD,
                    alike,
                    ..later(0)
                })?;
                if held_clear > clear + CLEARER && few(&held) >= SURE {
                    return Ok(held);
                }
            }
        }
        Ok(mixture)
    }

    /// Of as many pairs as there are matches among all, `most` at most, the surest first: the share that
    /// matches. 0 where there is no match.
    fn sure(&self, surest: &[Weighted], total: f64, most: f64) -> f64 {
        let matches = (total * probability(self.prior)).min(most);
        if total * probability(self.prior) < 1.0 {
            return 0.0;
        }
        let (mut left, mut found) = (matches, 0.0);
        for Weighted { pattern, weight } in surest {
            let taken = weight.min(left);
            found += taken * self.shares(*pattern).matches;
            left -= taken;
            if left <= 0.0 {
                break;
            }
        }
        found / matches
    }

    /// The same, by one course; and how probable the matches are, on average.
    ///
    /// Where there may be many records of a thing, agreement never says the contrary, whatever else
    /// agrees, and what has no codes is no variant that differs by them: either would take the records
    /// of one thing for other pairs.
    fn fit_with(
        sample: &[Counted],
        expected: &Expected,
        (matches_a_record, pairs_a_record): (f64, f64),
        course: Course,
        workers: usize,
    ) -> Result<(Self, f64)> {
        let Course {
            first_tree,
            many,
            held,
            gaps,
            alike,
        } = course;
        let told_by = many.map_or(u64::MAX, |many| many.told_by);
        let half = expected.half_alike();
        let of_related = match alike {
            true => Some(&half),
            false => expected.related.as_ref(),
        };
        let total: f64 = sample.iter().map(|counted| counted.pairs).sum();
        let prior = (matches_a_record / pairs_a_record.max(1.0)).ln();
        let mut mixture = Self {
            prior,
            matches: Tree::independent(&expected.matches),
            others: Tree::independent(&expected.others),
            related: of_related.map(|shares| Related {
                share: match alike {
                    true => prior + ALIKE.ln(),
                    false => prior,
                },
                tree: Tree::independent(shares),
                told_by,
            }),
            gaps: Gaps::default(),
        };
        mixture
            .others
            .keep_above(&mixture.matches, CONTAMINATION * prior.exp());
        expected.known.hold(&mut mixture);
        let may_be_related = |counted: &&Counted| counted.pattern.0 & told_by != 0;
        let related_at_most: f64 = {
            let related = sample.iter().filter(may_be_related);
            related.map(|counted| counted.pairs).sum()
        };
        let mut edges: Vec<Edge> = Vec::new();
        let mut sharing = vec![SHARING; expected.at_times.len()];
        let listener = listen();
        let shares_of = |mixture: &Self| -> Result<Vec<Shares>> {
            let shares = threads::map(
                workers,
                sample.len().div_ceil(CHUNK),
                || (),
                |(), task| {
                    let chunk = &sample[task * CHUNK..sample.len().min((task + 1) * CHUNK)];
                    let patterns = chunk.iter().map(|counted| counted.pattern);
                    let shares = patterns.map(|pattern| mixture.shares(pattern));
                    Ok(shares.collect::<Vec<_>>())
                },
            )?;
            Ok(shares.concat())
        };
        let mut shares = shares_of(&mixture)?;
        for round in 0..ROUNDS {
            listener.check()?;
            let matches = weigh(sample, &shares, |counted, share| {
                counted.trimmed * share.matches
            });
            let others = weigh(sample, &shares, |counted, share| {
                counted.pairs * share.others
            });
            if round == first_tree || round > first_tree && round % ROUNDS_OF_A_TREE == 4 {
                let candidates = weigh(sample, &shares, |counted, share| {
                    counted.candidates * share.others
                });
                edges = Tree::edges_of_others(&others, &candidates, expected);
            }
            let of_matches: f64 = matches.iter().map(|weighted| weighted.weight).sum();
            let prior = (of_matches.max(0.5) / (total - of_matches).max(1.0)).ln();
            let as_expected = EXPECTED_PAIRS.max(held * of_matches);
            let mut next = Self {
                prior,
                matches: Tree::estimate(&matches, &[], &expected.matches, as_expected),
                others: Tree::estimate(&others, &edges, &expected.others, 1.0),
                related: None,
                gaps: Gaps::default(),
            };
            if gaps {
                let patterns = sample.iter().zip(&shares).map(|(counted, share)| {
                    let matches = counted.trimmed * share.matches;
                    (counted.pattern, counted.pairs, matches)
                });
                next.gaps = Gaps::estimate(patterns, EXPECTED_PAIRS);
            }
            next.matches.differ_at_most(&expected.differing_matches);
            expected.known.hold_matches(&mut next.matches);
            if many.is_some() {
                let first_exact = &expected.first_exact;
                next.others.agree_at_most(&next.matches, first_exact);
            }
            next.others
                .keep_above(&next.matches, CONTAMINATION * prior.exp());
            if let Some(of_related) = of_related {
                let related = weigh(sample, &shares, |counted, share| {
                    counted.trimmed * share.related
                });
                let sum: f64 = related.iter().map(|weighted| weighted.weight).sum();
                let tree = if alike {
                    // Nothing is known of what they share: they are what the others do not explain and
                    // what is not as matches are expected to be.
                    Tree::estimate(&related, &[], of_related, EXPECTED_PAIRS)
                } else {
                    // They share what is shared as matches do: learned on their own, they drift to
                    // whatever else the others do not explain, and leave households to the matches.
                    let mut tree = next.matches.clone();
                    tree.keep(&expected.own, of_related);
                    // Not all who live together have one telephone. How many do is learned: it is what
                    // a telephone in common says of two records that tell no more.
                    for at in (0..sharing.len()).filter(|at| expected.at_times[*at]) {
                        sharing[at] = mixture.sharing(&related, at, sharing[at]);
                        tree.blend(at, &next.others, sharing[at]);
                    }
                    tree
                };
                next.related = Some(Related {
                    share: ((sum + 1.0) / (related_at_most - of_matches).max(1.0)).ln(),
                    tree,
                    told_by,
                });
            }
            expected.known.hold(&mut next);
            let now = shares_of(&next)?;
            let change: f64 = sample
                .iter()
                .zip(shares.iter().zip(&now))
                .filter(|(_, (before, _))| before.matches > 1e-6)
                .map(|(counted, (before, now))| {
                    counted.trimmed * (now.matches - before.matches).abs()
                })
                .sum();
            (mixture, shares) = (next, now);
            let settled = change < SETTLED * of_matches.max(1.0);
            if round >= LEAST_ROUNDS && settled {
                break;
            }
        }
        mixture.round();
        let weighed = sample.iter().zip(&shares);
        let (matches, sure) = weighed.fold((0.0, 0.0), |(matches, sure), (counted, shares)| {
            let weight = counted.trimmed * shares.matches;
            (matches + weight, sure + weight * shares.matches)
        });
        Ok((mixture, sure / f64::max(matches, f64::MIN_POSITIVE)))
    }

    pub(super) fn round(&mut self) {
        self.prior = round(self.prior);
        self.matches.round();
        self.others.round();
        if let Some(related) = &mut self.related {
            related.share = round(related.share);
            related.tree.round();
        }
    }
}

/// Whether not all pairs are compared by the same.
fn has_gaps(sample: &[Counted]) -> bool {
    let mut present = sample.iter().map(|counted| present(counted.pattern));
    let first = present.next();
    present.any(|other| Some(other) != first)
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

fn weigh(
    sample: &[Counted],
    shares: &[Shares],
    weigh: impl Fn(&Counted, &Shares) -> f64,
) -> Vec<Weighted> {
    sample
        .iter()
        .zip(shares)
        .map(|(counted, shares)| Weighted {
            pattern: counted.pattern,
            weight: weigh(counted, shares),
        })
        .filter(|weighted| weighted.weight > 1e-6)
        .collect()
}

/// A logarithm to six decimals. With so few digits it is the same when it was written as text and
/// read again, whatever the reader: what was scored before and after are the same then.
pub(super) fn round(log: f64) -> f64 {
    (log * 1e6).round() / 1e6
}

/// The probability of log-odds.
#[inline]
pub(super) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
