//! Which mixtures are found, of pairs that are made of what they are to find.

use super::super::compare::Pattern;
use super::super::expected::Expected;
use super::super::fit::{Course, Fitting};
use super::super::fits;
use super::super::gaps::Gaps;
use super::super::mixture::{Counted, Mixture, probability};
use super::super::taught::Known;
use super::super::tree::Tree;

/// How often a pair has each of the levels of a comparison.
type Shares = [f64; 4];

/// Values are missing, differ, are alike, or equal.
const DIFFERENT: u8 = 1;
const EQUAL: u8 = 3;

/// So many pairs, of which each comparison has levels by its own shares.
#[derive(Clone, Copy)]
struct Class<'a> {
    pairs: f64,
    shares: &'a [Shares],
}

fn pattern(levels: &[u8]) -> Pattern {
    let levels = levels.iter().enumerate();
    levels.fold(Pattern::default(), |pattern, (at, level)| {
        pattern.with(at, *level)
    })
}

/// How many pairs of classes have each pattern, and what is expected of them.
fn sample(classes: &[Class<'_>]) -> (Vec<Counted>, Expected) {
    let comparisons = classes[0].shares.len();
    let all: f64 = classes.iter().map(|class| class.pairs).sum();
    let mut sample = Vec::new();
    let mut others = vec![vec![0.0; 4]; comparisons];
    for number in 0..3_usize.pow(comparisons as u32) {
        let digit = |at: usize| number / 3_usize.pow(at as u32) % 3;
        let levels: Vec<u8> = (0..comparisons).map(|at| digit(at) as u8 + 1).collect();
        let of_class = |class: &Class<'_>| {
            let shares = levels.iter().zip(class.shares);
            let share: f64 = shares
                .map(|(level, shares)| shares[usize::from(*level)])
                .product();
            class.pairs * share
        };
        let pairs: f64 = classes.iter().map(of_class).sum();
        for (level, shares) in levels.iter().zip(&mut others) {
            shares[usize::from(*level)] += pairs / all;
        }
        sample.push(Counted {
            pattern: pattern(&levels),
            pairs,
            trimmed: pairs,
            candidates: pairs,
            squares: pairs,
        });
    }
    let expected = Expected {
        matches: vec![vec![0.0, 0.1, 0.15, 0.75]; comparisons],
        others,
        related: None,
        seen: Vec::new(),
        differing_matches: vec![0.6; comparisons],
        first_exact: vec![usize::from(EQUAL); comparisons],
        many: None,
        own: vec![false; comparisons],
        sharing: vec![None; comparisons],
        couples: None,
        twins: None,
        one_to_one: false,
        known: Known::default(),
    };
    (sample, expected)
}

/// Others agree on what is as rare.
fn by_chance(rare: f64) -> Shares {
    [0.0, 1.0 - 2.0 * rare, rare, rare]
}

/// Of addresses of e-mail that are made of names, more are equal by chance than there are matches, and
/// nothing else of these is.
#[test]
fn what_goes_together_is_not_taken_for_few_matches() {
    let matches = [[0.0, 0.2, 0.0, 0.8]; 4];
    let of_name = |rare: f64| [0.0, 1.0 - rare, 0.0, rare];
    let others = [1e-4, 1e-6, 1e-3, 1e-3].map(of_name);
    let equal = [0.0, 0.0, 0.0, 1.0];
    let together = [equal, equal, of_name(1e-3), of_name(1e-3)];
    let class = |pairs: f64, shares| Class { pairs, shares };
    let (sample, expected) = sample(&[
        class(28.0, &matches[..]),
        class(4.5e6, &others[..]),
        class(40.0, &together[..]),
    ]);
    let fitting = Fitting::new(&sample, &expected, (0.5, 3000.0), 1).unwrap();
    let fit = |strict: bool| {
        let course = Course {
            strict,
            ..Course::default()
        };
        fitting.fit(course).unwrap().mixture
    };
    let (loose, strict) = (fit(false), fit(true));
    let odds = |mixture: &Mixture, levels: &[u8]| probability(mixture.log_odds(pattern(levels)));
    let of_name = [EQUAL, EQUAL, DIFFERENT, DIFFERENT];
    assert!(odds(&loose, &of_name) > 0.9);
    assert!(odds(&strict, &of_name) < 0.1);
    for differing in 0..4 {
        let mut levels = [EQUAL; 4];
        levels[differing] = DIFFERENT;
        assert!(odds(&strict, &levels) > 0.9, "{levels:?}");
    }
    // And it is likelier that they are none, by more than may be so by chance.
    assert!(fitting.likelier(&strict, &loose) > 2.0);
    let chosen = fits::fit(&sample, &|| Ok(None), &expected, 0.5, 3000.0, 1).unwrap();
    assert!(odds(&chosen, &of_name) < 0.1);
}

/// The same addresses where no two records are one: what is made of a name says no more than the name.
#[test]
fn what_goes_together_alone_is_no_match() {
    let by_chance = |rare: f64| [0.0, 1.0 - rare, 0.0, rare];
    let others = [1e-6, 1e-6, 1e-3, 1e-3].map(by_chance);
    let equal = [0.0, 0.0, 0.0, 1.0];
    let together = [equal, by_chance(1e-6), equal, equal];
    let unrelated = Class {
        pairs: 4.5e6,
        shares: &others[..],
    };
    let (apart, _) = sample(&[unrelated]);
    let (sample, expected) = sample(&[
        unrelated,
        Class {
            pairs: 60.0,
            shares: &together,
        },
    ]);
    let of_name = pattern(&[EQUAL, DIFFERENT, EQUAL, EQUAL]);
    let fitting = Fitting::new(&sample, &expected, (0.5, 3000.0), 1).unwrap();
    let loose = fitting.fit(Course::default()).unwrap().mixture;
    assert!(probability(loose.log_odds(of_name)) > 0.9);
    let mixture = fits::fit(&sample, &|| Ok(None), &expected, 0.5, 3000.0, 1).unwrap();
    assert!(probability(mixture.log_odds(of_name)) < 0.1);
    // Two records of one would still be seen.
    assert!(probability(mixture.log_odds(pattern(&[EQUAL; 4]))) > 0.9);
    // It goes together in pairs that are known not to match, or it does not, and then matches do.
    for (known_apart, is_match) in [(&sample, false), (&apart, true)] {
        let known_apart = || Ok(Some(known_apart.clone()));
        let mixture = fits::fit(&sample, &known_apart, &expected, 0.5, 3000.0, 1).unwrap();
        assert_eq!(probability(mixture.log_odds(of_name)) > 0.5, is_match);
    }
}

/// Neither matches nor others depend on anything here, and there are as many matches as others explain
/// some of, where these are allowed to.
#[test]
fn dependences_that_make_nothing_likelier_explain_no_matches() {
    let (records, matching) = (5000.0, 22_500.0);
    let matches = [[0.0, 0.1, 0.15, 0.75]; 3];
    let others = [3e-3, 2e-3, 1e-4].map(by_chance);
    let (sample, expected) = sample(&[
        Class {
            pairs: matching,
            shares: &matches,
        },
        Class {
            pairs: records * (records - 1.0) / 2.0,
            shares: &others,
        },
    ]);
    let all: f64 = sample.iter().map(|counted| counted.pairs).sum();
    let found = |mixture: &Mixture| all * probability(mixture.prior);
    let fitting = Fitting::new(&sample, &expected, (0.5, records), 1).unwrap();
    let depending = fitting.fit(Course::default()).unwrap().mixture;
    assert!(found(&depending) < 0.95 * matching, "{}", found(&depending));
    let mixture = fits::fit(&sample, &|| Ok(None), &expected, 0.5, records, 1).unwrap();
    let found = found(&mixture);
    assert!((found / matching - 1.0).abs() < 0.02, "{found}");
}

/// Nearly all pairs have equal values, matches more rarely, and none was seen with any others.
#[test]
fn no_more_pairs_than_all_have_a_level_that_was_not_seen() {
    let equal = [0.0, 0.0, 0.0, 1.0];
    let (_, mut expected) = sample(&[Class {
        pairs: 100.0,
        shares: &[equal],
    }]);
    expected.seen = vec![vec![false, false, false, true]];
    let mut mixture = Mixture {
        prior: -5.0,
        matches: Tree::independent(&[vec![0.0, 0.6, 0.3, 0.1]]),
        others: Tree::independent(&[vec![0.0, 1e-9, 1e-9, 1.0]]),
        related: None,
        gaps: Gaps::default(),
    };
    mixture.bound_unseen(&expected);
    for level in [DIFFERENT, 2, EQUAL] {
        let share = mixture.others.share(0, level);
        assert!(share <= 1.0, "{level}: {share}");
        // Nor does any speak for a match.
        assert!(mixture.matches.share(0, level) <= share, "{level}: {share}");
    }
}
