//! What the best candidates of records tell of the odds of a match, where sources have each entity
//! once.

use datafusion::error::Result;

use super::choice;
use super::mixture::probability;
use super::resolver::Resolver;
use super::scorer::Scorer;
use super::threads;

/// How many records are asked for their candidates, and how many it takes to say anything.
const ASKED: usize = 10_000;
const LEAST_ASKED: usize = 50;
/// How many are asked by one task.
const CHUNK: usize = 128;
/// The share of records whose second best candidate is below a score, for that to tell how many have
/// no match.
const LEAST_BELOW: f64 = 0.2;
/// At how many scores that is looked at.
const BARS: usize = 500;
/// How often that share is estimated at most, and the change at which it is held to stand.
const ROUNDS: usize = 50;
const SETTLED: f64 = 1e-3;
/// How many steps it takes to find a number between 0 and 1.
const STEPS: usize = 40;
/// The least number of records that have a candidate, for each second best one.
const LEAST_STANDING: f64 = 0.01;
/// The least threshold that is found out.
const LEAST_THRESHOLD: f64 = 0.1;
/// By how much the log-odds are moved at most: what comparisons that depend on each other pretend.
const MOST: f64 = 5.0;

/// What the best candidates tell.
pub(super) struct Told {
    /// By how much the log-odds of all pairs are to be raised for them to be 0 where of the best
    /// candidates as many match as do not.
    pub(super) shift: f64,
    /// The probability, once they are raised, from which on pairs are to be held to match.
    pub(super) threshold: f64,
}

/// What the best candidates of records tell of the odds of a match.
///
/// A record of the smaller source matches one of the other source's or none, so that the second best
/// candidate of one that has a match has none. How many second best candidates have a score tells how
/// often what does not match reaches it, and how many best ones have it how often anything does. What
/// of the best does not match is then the local false discovery rate of B. Efron, "Size, power and false
/// discovery rates", Annals of Statistics 35 (2007), with decoys in the place of a theoretical null, as
/// in J. E. Elias and S. P. Gygi, "Target-decoy search strategy", Nature Methods 4 (2007). Comparisons
/// that depend on each other make the scores of both mean more than they say, and so do no harm.
///
/// Of records that have no match, a second best candidate is as likely to reach a score as that of the
/// others where what does not match comes in families, as variants of a product do, and less likely
/// where it comes by chance. Between these two bounds the model's own odds are right.
///
/// Where matches are hard to tell, more are found than lost by taking pairs that do not quite match as
/// often as not: the F1 is the greatest for those that match with half its probability (Z. C. Lipton,
/// C. Elkan and B. Naryanaswamy, "Optimal thresholding of classifiers to maximize F1 measure", ECML
/// PKDD 2014).
pub(super) fn told(resolver: &Resolver) -> Result<Told> {
    Ok(BestTwo::new(best_two(resolver)?).told())
}

/// The log-odds of the two best candidates of records of the smaller source.
fn best_two(resolver: &Resolver) -> Result<Vec<[f64; 2]>> {
    let (records, model) = (resolver.records(), resolver.model());
    let mut of_sources = vec![0_usize; records.sources() + 1];
    for record in 0..records.len() as u32 {
        of_sources[records.source_code(record) as usize] += 1;
    }
    let [_, first, second] = of_sources[..] else {
        return Ok(Vec::new());
    };
    let smaller = if first <= second { 1 } else { 2 };
    let of_smaller = |record: &u32| records.source_code(*record) == smaller;
    let of_smaller = (0..records.len() as u32).filter(of_smaller);
    let asked = choice::sample_of(records, of_smaller, ASKED, model.options().seed);
    let comparer = resolver.comparer();
    let best = threads::map(
        model.options().workers(),
        asked.len().div_ceil(CHUNK),
        || (Scorer::new(&comparer, &model.mixture), Vec::new()),
        |(scorer, others), chunk| {
            let asked = &asked[chunk * CHUNK..asked.len().min((chunk + 1) * CHUNK)];
            let best = asked.iter().map(|record| {
                let is_other = |other| records.source_code(other) != smaller;
                resolver.candidates(*record, is_other, others);
                let pairs: Vec<(u32, u32)> = others.iter().map(|other| (*record, *other)).collect();
                let mut best = [f64::NEG_INFINITY; 2];
                scorer.score(&pairs, |_, _, odds| {
                    if odds > best[0] {
                        best = [odds, best[0]];
                    } else {
                        best[1] = best[1].max(odds);
                    }
                })?;
                Ok(best)
            });
            best.collect::<Result<Vec<_>>>()
        },
    )?;
    Ok(best.concat())
}

/// How a record comes by candidates that it does not match.
#[derive(Clone, Copy, Debug)]
enum Others {
    /// Who has one that reaches a score has a second.
    InFamilies,
    /// Their numbers are those of a Poisson process.
    ByChance,
}

impl Others {
    /// The probability that no such candidate reaches a score, where the second best ones of so many
    /// do not, and a share of the records has no match.
    fn none_reaches(self, seconds_below: f64, share: f64) -> f64 {
        match self {
            Self::InFamilies => seconds_below,
            // One that has no match has a second best candidate below the score where none or one
            // reaches it: e^-n (1 + n), where none does with e^-n.
            Self::ByChance => {
                let (mut from, mut to) = (0.0_f64, 1.0_f64);
                for _ in 0..STEPS {
                    let none = f64::midpoint(from, to);
                    match none * (1.0 - share * none.ln()) < seconds_below {
                        true => from = none,
                        false => to = none,
                    }
                }
                to
            }
        }
    }

    /// For how many records a second best candidate of a score stands that have one that they do not
    /// match there.
    fn stand_for(self, seconds_below: f64, share: f64) -> f64 {
        match self {
            Self::InFamilies => 1.0,
            Self::ByChance => {
                let expected = -self.none_reaches(seconds_below, share).ln();
                1.0 / (1.0 - share + share * expected).max(LEAST_STANDING)
            }
        }
    }
}

/// The scores of the two best candidates of records.
struct BestTwo {
    pairs: Vec<[f64; 2]>,
    /// Those of the best, and of the second best, ascending.
    firsts: Vec<f64>,
    seconds: Vec<f64>,
}

/// Scores from one to another, the candidates that have them, and how many of these are the best of
/// their records.
struct Block {
    from: f64,
    to: f64,
    firsts: f64,
    all: f64,
}

impl Block {
    fn share(&self) -> f64 {
        self.firsts / self.all
    }

    /// The probability that one of the best candidates matches, where a share of the records has no
    /// match.
    fn matching(&self, share: f64) -> f64 {
        (1.0 - share * (1.0 / self.share().max(f64::MIN_POSITIVE) - 1.0)).clamp(0.0, 1.0)
    }
}

impl BestTwo {
    fn new(pairs: Vec<[f64; 2]>) -> Self {
        let sorted = |at: usize| {
            let mut scores: Vec<f64> = pairs.iter().map(|best| best[at]).collect();
            scores.sort_unstable_by(f64::total_cmp);
            scores
        };
        Self {
            firsts: sorted(0),
            seconds: sorted(1),
            pairs,
        }
    }

    fn told(&self) -> Told {
        if self.pairs.len() < LEAST_ASKED {
            let (shift, threshold) = (0.0, 0.5);
            return Told { shift, threshold };
        }
        let bounds = [Others::InFamilies, Others::ByChance].map(|others| {
            let share = self.share_without_match(others);
            (share, self.blocks(others, share))
        });
        let of_f1 = bounds.each_ref().map(|(share, blocks)| {
            let best = best_f1(blocks, *share) / 2.0;
            best.clamp(LEAST_THRESHOLD, 0.5)
        });
        let cut = |probabilities: [f64; 2]| {
            let own = |probability: f64| (probability / (1.0 - probability)).ln();
            let mut cuts = [0, 1].map(|at| {
                let ((share, blocks), probability) = (&bounds[at], probabilities[at]);
                reaching(blocks, *share, probability, own(probability))
            });
            cuts.sort_unstable_by(f64::total_cmp);
            own((probabilities[0] + probabilities[1]) / 2.0).clamp(cuts[0], cuts[1])
        };
        let zero = cut([0.5; 2]).clamp(-MOST, MOST);
        let least = cut(of_f1).min(zero) - zero;
        Told {
            shift: -zero,
            threshold: probability(least).max(LEAST_THRESHOLD),
        }
    }

    /// The share of records whose best, or second best, candidate is below a score.
    fn below(scores: &[f64], bar: f64) -> f64 {
        let below = scores.partition_point(|score| *score < bar);
        (below + 1) as f64 / (scores.len() + 1) as f64
    }

    /// The share of records that have no match, whose best candidates are as those are that do not
    /// match: J. D. Storey, "A direct approach to false discovery rates", Journal of the Royal
    /// Statistical Society B 64 (2002), with the score below which it is the least.
    fn share_without_match(&self, others: Others) -> f64 {
        let all = self.firsts.iter().chain(&self.seconds);
        let step = (2 * self.pairs.len()).div_ceil(BARS);
        let bars: Vec<(f64, f64)> = all
            .step_by(step)
            .filter(|bar| bar.is_finite())
            .map(|bar| {
                (
                    Self::below(&self.firsts, *bar),
                    Self::below(&self.seconds, *bar),
                )
            })
            .filter(|(_, seconds)| *seconds >= LEAST_BELOW)
            .collect();
        let given = |share: f64| {
            let shares = bars.iter();
            shares
                .map(|(firsts, seconds)| firsts / others.none_reaches(*seconds, share))
                .fold(1.0, f64::min)
        };
        let mut share = given(0.0);
        for _ in 0..ROUNDS {
            let next = given(share);
            let change = (next - share).abs();
            share = next;
            if change < SETTLED {
                break;
            }
        }
        share
    }

    /// The candidates by their scores, in blocks in which the share of the best ones rises: isotonic
    /// regression by pooling adjacent violators (M. Ayer et al., "An empirical distribution function
    /// for sampling with incomplete information", Annals of Mathematical Statistics 26, 1955).
    fn blocks(&self, others: Others, share: f64) -> Vec<Block> {
        let firsts = self.firsts.iter().map(|score| (*score, 1.0, 1.0));
        let seconds = self.seconds.iter().map(|score| {
            let below = Self::below(&self.seconds, *score);
            (*score, 0.0, others.stand_for(below, share))
        });
        let mut scores: Vec<(f64, f64, f64)> = firsts
            .chain(seconds)
            .filter(|(score, ..)| score.is_finite())
            .collect();
        scores.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
        let mut blocks: Vec<Block> = Vec::new();
        for (score, firsts, all) in scores {
            let mut block = Block {
                from: score,
                to: score,
                firsts,
                all,
            };
            // Candidates of one score are of one block, whichever come first.
            while let Some(before) = blocks.last()
                && (before.to == block.from || before.share() >= block.share())
            {
                block.from = before.from;
                block.firsts += before.firsts;
                block.all += before.all;
                blocks.pop();
            }
            blocks.push(block);
        }
        blocks
    }
}

/// The score from which on the best candidates match with a probability, where the model's own is
/// `own`: where there is none between those for which this is so and the others, it is as near to that
/// as it can be.
fn reaching(blocks: &[Block], share: f64, probability: f64, own: f64) -> f64 {
    let reaches = |block: &Block| block.matching(share) >= probability;
    match blocks.iter().position(reaches) {
        None => own,
        Some(0) => own.min(blocks[0].from),
        Some(at) => own.clamp(blocks[at - 1].to, blocks[at].from),
    }
}

/// The greatest F1 that there is, where a share of the records has no match.
fn best_f1(blocks: &[Block], share: f64) -> f64 {
    let matches = |block: &Block| block.firsts * block.matching(share);
    let all: f64 = blocks.iter().map(matches).sum();
    let (mut taken, mut found, mut best) = (0.0, 0.0, 0.0_f64);
    for block in blocks.iter().rev() {
        taken += block.firsts;
        found += matches(block);
        best = best.max(2.0 * found / (taken + all).max(f64::MIN_POSITIVE));
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::hashing::mix;
    use super::*;

    /// Records of which some have a match. What does not match scores from -4 to 0, what does from 2
    /// on. A record has up to three that do not match, by chance or all of them alike.
    fn records(matched: usize, others: usize, are_alike: bool) -> BestTwo {
        let score = |at: usize, number: u64| {
            let hash = mix(at as u64, number);
            (hash % 1000) as f64 / 250.0 - 4.0
        };
        let candidates = |at: usize| {
            let number = [0, 0, 1, 1, 1, 2, 2, 3][mix(at as u64, 9) as usize % 8];
            let mut scores: Vec<f64> = (0..number)
                .map(|number| match are_alike {
                    true => score(at, 1),
                    false => score(at, number),
                })
                .collect();
            if are_alike && number == 1 {
                scores.push(scores[0]);
            }
            if at < matched {
                scores.push(2.0 + (at % 100) as f64 / 20.0);
            }
            scores.sort_unstable_by(|left, right| right.total_cmp(left));
            let at = |place: usize| scores.get(place).copied().unwrap_or(f64::NEG_INFINITY);
            [at(0), at(1)]
        };
        BestTwo::new((0..matched + others).map(candidates).collect())
    }

    #[test]
    fn the_share_without_a_match_is_found() {
        for (matched, others) in [(1800, 200), (1400, 600), (1000, 1000)] {
            let expected = others as f64 / 2000.0;
            let in_families = records(matched, others, true);
            let by_chance = records(matched, others, false);
            for share in [
                in_families.share_without_match(Others::InFamilies),
                by_chance.share_without_match(Others::ByChance),
            ] {
                assert!((share - expected).abs() < 0.1, "{share} for {expected}");
            }
        }
    }

    #[test]
    fn the_odds_are_even_where_as_many_match_as_do_not() {
        for moved in [-3.0, 0.0, 3.0] {
            for (are_alike, others) in [(true, Others::InFamilies), (false, Others::ByChance)] {
                let pairs = records(1200, 800, are_alike).pairs;
                let pairs = pairs
                    .into_iter()
                    .map(|best| best.map(|score| score + moved));
                let best = BestTwo::new(pairs.collect());
                let share = best.share_without_match(others);
                let zero = reaching(&best.blocks(others, share), share, 0.5, 0.0);
                let between = moved - 0.3..=moved + 2.0;
                assert!(between.contains(&zero), "{zero} of {moved}, {others:?}");
            }
        }
    }
}
