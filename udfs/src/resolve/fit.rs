//! Fits a mixture to a sample by one course of several.

use std::sync::OnceLock;

use datafusion::common::internal_datafusion_err;
use datafusion::error::Result;

use super::bands::edges_of_bands;
use super::cooccurrence::{Cooccurrence, LEAST_WEIGHT, Table, weighted};
use super::expected::{Expected, Many};
use super::gaps::{Gaps, Present};
use super::mixture::{Counted, Mixture, Related, Shares};
use super::threads;
use super::tree::{Edge, Tree, Weighted};
use crate::interrupt::listen;

/// How often the parameters are estimated at most.
pub(super) const ROUNDS: usize = 60;
/// How often they are at least.
const LEAST_ROUNDS: usize = 20;
/// Every how many rounds the tree is chosen anew.
const ROUNDS_OF_A_TREE: usize = 8;
/// In how many rounds, the first ones, all patterns are weighed; and every how many after these. In the
/// others those are that were of a match, or related, in part.
const WHOLE_ROUNDS: usize = 6;
const WHOLE_EVERY: usize = 4;
/// How many patterns are weighed by one task.
const CHUNK: usize = 4096;
/// The change in the number of matches at which the estimates are held to stand.
const SETTLED: f64 = 1e-4;
/// The share of what makes pairs match that other pairs have too: shared telephones, copied
/// identifiers. Agreement on one value alone is never more certain than this leaves it.
const CONTAMINATION: f64 = 0.01;
/// As how many pairs counts what is expected of matches, and of related ones.
pub(super) const EXPECTED_PAIRS: f64 = 20.0;
/// How many pairs are held to be alike, for each that matches, before any is seen.
const ALIKE: f64 = 10.0;

/// How a mixture is come by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Course {
    /// The round from which on dependences are looked for.
    pub(super) first_tree: usize,
    /// Where there may be many records of a thing.
    pub(super) many: Option<Many>,
    /// The share of the matches as which counts what is expected of them, at least.
    pub(super) held: f64,
    /// Whether what is missing says something.
    pub(super) gaps: bool,
    /// Whether there is a class of pairs that are alike in whatever way and do not match.
    pub(super) alike: bool,
    /// Whether related pairs may be couples; and twins.
    pub(super) couples: bool,
    pub(super) twins: bool,
    /// Whether what differs in anything is held not to match before anything is learned, and dependences
    /// are told by levels.
    pub(super) strict: bool,
}

/// A mixture that was fitted.
#[derive(Debug)]
pub(super) struct Fit {
    pub(super) mixture: Mixture,
    /// How probable the matches are, on average.
    pub(super) clear: f64,
}

/// A sample that mixtures are fitted to, which stands for all pairs.
pub(super) struct Fitting<'a> {
    pub(super) sample: &'a [Counted],
    expected: &'a Expected,
    /// How many matches a record is held to have before any is seen, and in how many pairs it is.
    begun: (f64, f64),
    workers: usize,
    /// How many pairs there are.
    pub(super) total: f64,
    /// How often levels occur together, among all pairs and among those of blocks.
    all: Cooccurrence,
    candidates: Cooccurrence,
    /// Where it is to be told what it says that values are missing.
    present: OnceLock<Present>,
}

/// The dependences of comparisons on each other.
#[derive(Debug, Default)]
struct Edges {
    /// Among pairs that do not match, nor are related.
    others: Vec<Edge>,
    /// Those of bands of equal values, among matches.
    bands: Vec<Edge>,
}

/// How much of each pattern is of each class.
struct Weighing {
    shares: Vec<Shares>,
    /// The patterns that are of a match, or related, in part.
    active: Vec<u32>,
}

impl Weighing {
    /// Holds that pairs which differ in anything do not match.
    fn leave_what_differs(&mut self, sample: &[Counted]) {
        for (counted, shares) in sample.iter().zip(&mut self.shares) {
            if counted.pattern.differs() {
                shares.related /= (1.0 - shares.matches).max(f64::MIN_POSITIVE);
                shares.matches = 0.0;
            }
        }
    }

    /// The patterns of a class by what they count, of what they are of each.
    fn class(&self, sample: &[Counted], weigh: impl Fn(&Counted, &Shares) -> f64) -> Vec<Weighted> {
        let active = self.active.iter().map(|at| *at as usize);
        let of = |at: usize| weighted(sample[at].pattern, weigh(&sample[at], &self.shares[at]));
        active.filter_map(of).collect()
    }
}

impl<'a> Fitting<'a> {
    pub(super) fn new(
        sample: &'a [Counted],
        expected: &'a Expected,
        begun: (f64, f64),
        workers: usize,
    ) -> Result<Self> {
        let levels: Vec<usize> = expected.matches.iter().map(Vec::len).collect();
        let tables = |weigh: fn(&Counted) -> f64| {
            let weighted = sample.iter().map(|counted| Weighted {
                pattern: counted.pattern,
                weight: weigh(counted),
            });
            Cooccurrence::of(weighted, &levels)
        };
        let weights: [fn(&Counted) -> f64; 2] = [|of| of.pairs, |of| of.candidates];
        let begin = || ();
        let made = threads::map(workers, 2, begin, |(), at| Ok(tables(weights[at])))?;
        let [all, candidates] = <[Cooccurrence; 2]>::try_from(made)
            .map_err(|_| internal_datafusion_err!("tables of pairs that were not made"))?;
        Ok(Self {
            sample,
            expected,
            begun,
            workers,
            total: sample.iter().map(|counted| counted.pairs).sum(),
            all,
            candidates,
            present: OnceLock::new(),
        })
    }

    /// Whether not all pairs are compared by the same.
    pub(super) fn has_gaps(&self) -> bool {
        self.present().has_gaps()
    }

    fn present(&self) -> &Present {
        let pairs = self.sample.iter().map(|of| (of.pattern, of.pairs));
        self.present.get_or_init(|| Present::of(pairs))
    }

    /// Fits a mixture by a course.
    ///
    /// Where there may be many records of a thing, agreement never says the contrary, whatever else
    /// agrees, and what has no codes is no variant that differs by them: either would take the records
    /// of one thing for other pairs.
    pub(super) fn fit(&self, course: Course) -> Result<Fit> {
        let half = self.expected.half_alike();
        let of_related = match course.alike {
            true => Some(&half),
            false => self.expected.related.as_ref(),
        };
        let mut mixture = self.begin(course, of_related);
        let told_by = told_by(course);
        let related_at_most: f64 = {
            let related = self.sample.iter();
            let related = related.filter(|counted| counted.pattern.0 & told_by != 0);
            related.map(|counted| counted.pairs).sum()
        };
        let (mut edges, mut of_alike): (Edges, Vec<Edge>) = (Edges::default(), Vec::new());
        let expected_sharing = self.sharing(course);
        let mut sharing = expected_sharing.clone();
        let listener = listen();
        let mut weighing = Weighing {
            shares: Vec::new(),
            active: Vec::new(),
        };
        self.weigh_all(&mixture, &mut weighing)?;
        if course.strict {
            weighing.leave_what_differs(self.sample);
        }
        for round in 0..ROUNDS {
            listener.check()?;
            let is_of_tree = round == course.first_tree
                || round > course.first_tree && round % ROUNDS_OF_A_TREE == 4;
            let matches = weighing.class(self.sample, |of, share| of.trimmed * share.matches);
            let of_matches: f64 = matches.iter().map(|weighted| weighted.weight).sum();
            if is_of_tree {
                edges = self.edges(course, &weighing, &matches);
            }
            let mut next = self.estimate(course, &edges, &weighing, &matches, of_matches);
            if let Some(of_related) = of_related {
                let related = weighing.class(self.sample, |of, share| of.trimmed * share.related);
                let sum: f64 = related.iter().map(|weighted| weighted.weight).sum();
                let tree = if course.alike {
                    // Nothing is known of what they share: they are what the others do not explain and
                    // what is not as matches are expected to be. What they share of one text they share
                    // of all that is told by it, as works of one composer do.
                    let table = |row: usize, column: usize| {
                        let (rows, columns) = (of_related[row].len(), of_related[column].len());
                        Table::of(&related, row, column, rows, columns)
                    };
                    if round > 0 && round.is_multiple_of(ROUNDS_OF_A_TREE) {
                        of_alike = Tree::edges_of_others(table, table, self.expected, false);
                    }
                    Tree::estimate(table, &of_alike, of_related, EXPECTED_PAIRS)
                } else {
                    // They share what is shared as matches do: learned on their own, they drift to
                    // whatever else the others do not explain, and leave households to the matches.
                    let mut tree = next.matches.clone();
                    tree.keep(&self.expected.own, of_related);
                    // Not all who live together have one telephone. How many do is learned: it is what
                    // a telephone in common says of two records that tell no more.
                    let of_each = sharing.iter_mut().zip(&expected_sharing).enumerate();
                    for (at, (sharing, expected)) in of_each {
                        if let Some((share, expected)) = sharing.as_mut().zip(*expected) {
                            *share = mixture.sharing(&related, at, *share, expected);
                            tree.blend(at, &next.matches, &next.others, *share);
                        }
                    }
                    tree
                };
                next.related = Some(Related {
                    share: ((sum + 1.0) / (related_at_most - of_matches).max(1.0)).ln(),
                    tree,
                    told_by,
                });
            }
            self.expected.known.hold(&mut next);
            mixture = next;
            let is_whole = round < WHOLE_ROUNDS || is_of_tree || round.is_multiple_of(WHOLE_EVERY);
            let change = match is_whole {
                true => self.weigh_all(&mixture, &mut weighing)?,
                false => self.weigh_active(&mixture, &mut weighing)?,
            };
            if round >= LEAST_ROUNDS && change < SETTLED * of_matches.max(1.0) {
                break;
            }
        }
        mixture.round();
        let weighed = self.sample.iter().zip(&weighing.shares);
        let (matches, sure) = weighed.fold((0.0, 0.0), |(matches, sure), (counted, shares)| {
            let weight = counted.trimmed * shares.matches;
            (matches + weight, sure + weight * shares.matches)
        });
        Ok(Fit {
            mixture,
            clear: sure / f64::max(matches, f64::MIN_POSITIVE),
        })
    }

    /// How many related pairs are held to share what, where that is learned by a course.
    fn sharing(&self, course: Course) -> Vec<Option<f64>> {
        let couples = self.expected.couples.as_ref().filter(|_| course.couples);
        let twins = self.expected.twins.as_ref().filter(|_| course.twins);
        let at = |of: Option<&Vec<Option<f64>>>, at: usize| of.and_then(|of| of[at]);
        let expected = self.expected.sharing.iter().enumerate();
        expected
            .map(|(place, sharing)| at(twins, place).or(at(couples, place)).or(*sharing))
            .collect()
    }

    /// By how many standard deviations a mixture is likelier than another one.
    ///
    /// The logarithms of likelihoods differ by a sum over the pairs of the sample, each as often as it
    /// stands for others, which is as exact as that sample is: Q. H. Vuong, "Likelihood ratio tests for
    /// model selection and non-nested hypotheses", Econometrica 57 (1989).
    pub(super) fn likelier(&self, one: &Mixture, other: &Mixture) -> f64 {
        let (mut gain, mut squares) = (0.0, 0.0);
        for counted in self.sample {
            let pattern = counted.pattern;
            let by = one.log_probability(pattern) - other.log_probability(pattern);
            gain += counted.pairs * by;
            squares += counted.squares * by * by;
        }
        gain / f64::max(squares, f64::MIN_POSITIVE).sqrt()
    }

    /// What is expected before any pair is weighed.
    fn begin(&self, course: Course, of_related: Option<&Vec<Vec<f64>>>) -> Mixture {
        let (matches_a_record, pairs_a_record) = self.begun;
        let prior = (matches_a_record / pairs_a_record.max(1.0)).ln();
        let mut mixture = Mixture {
            prior,
            matches: Tree::independent(&self.expected.matches),
            others: Tree::independent(&self.expected.others),
            related: of_related.map(|shares| Related {
                share: match course.alike {
                    true => prior + ALIKE.ln(),
                    false => prior,
                },
                tree: Tree::independent(shares),
                told_by: told_by(course),
            }),
            gaps: Gaps::default(),
        };
        mixture
            .others
            .keep_above(&mixture.matches, CONTAMINATION * prior.exp());
        self.expected.known.hold(&mut mixture);
        mixture
    }

    /// The dependences among pairs that do not match, nor are related, and among matches.
    fn edges(&self, course: Course, weighing: &Weighing, matches: &[Weighted]) -> Edges {
        let all = weighing.class(self.sample, |of, share| of.pairs * share.told());
        let candidates = weighing.class(self.sample, |of, share| of.candidates * share.told());
        let levels: Vec<usize> = self.expected.matches.iter().map(Vec::len).collect();
        Edges {
            others: Tree::edges_of_others(
                |left, right| self.all.without(&all, left, right),
                |left, right| self.candidates.without(&candidates, left, right),
                self.expected,
                course.strict,
            ),
            bands: edges_of_bands(matches, &levels, &self.expected.first_exact),
        }
    }

    /// The parameters of the matches and of the others.
    fn estimate(
        &self,
        course: Course,
        edges: &Edges,
        weighing: &Weighing,
        matches: &[Weighted],
        of_matches: f64,
    ) -> Mixture {
        let expected = self.expected;
        let prior = (of_matches.max(0.5) / (self.total - of_matches).max(1.0)).ln();
        let as_expected = EXPECTED_PAIRS.max(course.held * of_matches);
        let told = weighing.class(self.sample, |of, share| of.pairs * share.told());
        let of_others = |row: usize, column: usize| self.all.without(&told, row, column);
        let mut next = Mixture {
            prior,
            matches: Tree::estimate_independent(matches, &expected.matches, as_expected),
            others: Tree::estimate(of_others, &edges.others, &expected.others, 1.0),
            related: None,
            gaps: Gaps::default(),
        };
        if course.gaps {
            let active = weighing.active.iter().map(|at| *at as usize);
            let matches =
                active.map(|at| (at, self.sample[at].trimmed * weighing.shares[at].matches));
            next.gaps = self.present().gaps(matches, EXPECTED_PAIRS);
        }
        next.matches.differ_at_most(&expected.differing_matches);
        let together = |row: usize, column: usize| {
            let levels = |at: usize| expected.matches[at].len();
            Table::of(matches, row, column, levels(row), levels(column))
        };
        let first_exact = &expected.first_exact;
        next.matches
            .depend_in_bands(&edges.bands, first_exact, together);
        expected.known.hold_matches(&mut next.matches);
        if course.many.is_some() {
            next.others.agree_at_most(&next.matches, first_exact);
        }
        next.others
            .keep_above(&next.matches, CONTAMINATION * prior.exp());
        next
    }

    /// Weighs all patterns, and tells by how much the number of matches has changed.
    fn weigh_all(&self, mixture: &Mixture, weighing: &mut Weighing) -> Result<f64> {
        let tasks = self.sample.len().div_ceil(CHUNK);
        let begin = || ();
        let now = threads::map(self.workers, tasks, begin, |(), task| {
            let chunk = &self.sample[task * CHUNK..self.sample.len().min((task + 1) * CHUNK)];
            let patterns = chunk.iter().map(|counted| counted.pattern);
            let shares = patterns.map(|pattern| mixture.shares(pattern));
            Ok(shares.collect::<Vec<_>>())
        })?;
        let now = now.concat();
        let before = weighing.shares.iter().zip(&now).zip(self.sample);
        let change = before.map(|((before, now), counted)| changed(counted, before, now));
        let change: f64 = change.sum();
        let is_active = |at: &u32| {
            let at = *at as usize;
            self.sample[at].pairs * now[at].told() > LEAST_WEIGHT / 10.0
        };
        weighing.active = (0..now.len() as u32).filter(is_active).collect();
        weighing.shares = now;
        Ok(change)
    }

    /// The same of the patterns that were of a match, or related, in part. The others are what they were.
    fn weigh_active(&self, mixture: &Mixture, weighing: &mut Weighing) -> Result<f64> {
        let active = &weighing.active;
        let tasks = active.len().div_ceil(CHUNK);
        let begin = || ();
        let now = threads::map(self.workers, tasks, begin, |(), task| {
            let chunk = &active[task * CHUNK..active.len().min((task + 1) * CHUNK)];
            let patterns = chunk.iter().map(|at| self.sample[*at as usize].pattern);
            let shares = patterns.map(|pattern| mixture.shares(pattern));
            Ok(shares.collect::<Vec<_>>())
        })?;
        let mut change = 0.0;
        for (at, now) in active.iter().zip(now.into_iter().flatten()) {
            let at = *at as usize;
            change += changed(&self.sample[at], &weighing.shares[at], &now);
            weighing.shares[at] = now;
        }
        Ok(change)
    }
}

/// By how much the number of matches has changed with a pattern.
fn changed(counted: &Counted, before: &Shares, now: &Shares) -> f64 {
    match before.matches > 1e-6 {
        true => counted.trimmed * (now.matches - before.matches).abs(),
        false => 0.0,
    }
}

/// The levels of comparisons of which one is there where two records may be told to be related.
fn told_by(course: Course) -> u64 {
    course.many.map_or(u64::MAX, |many| many.told_by)
}
