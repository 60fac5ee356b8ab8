//! How many pairs agree by chance, where one thing alone is compared.
//!
//! Of a single comparison any share of each level may be matches, and the sample is as likely: nothing else
//! agrees or differs that would tell. What tells is the form of what is there by chance. Most pairs do not
//! match, and how alike they are falls off evenly; pairs that are more alike than that goes on to are matches.
//! It is the empirical null of B. Efron, "Large-scale simultaneous hypothesis testing: the choice of a null
//! hypothesis", JASA 99 (2004): a logarithm of the density that is quadratic, fitted to what is known not to
//! match. Here it is fitted again for each level, to all that are less alike.

use super::feature::Feature;
use super::feature_kind::FeatureKind;
use super::levels::STEPS;

/// From how many levels on, of which pairs are ever fewer, the form of these tells that of the next.
const LEAST_LEVELS: usize = 3;
/// As how many pairs a level counts at least.
const LEAST_PAIRS: f64 = 0.5;
/// How wide a level is that tells how many matches are less alike: narrower ones are of other words in
/// another order.
const WIDE: f64 = 0.1;

/// How many pairs of the levels below those of equal values are there by chance, where that is told, of `pairs`
/// that have each level.
pub(super) fn by_chance(feature: &Feature, pairs: &[f64]) -> Vec<Option<f64>> {
    match feature.kind {
        FeatureKind::Text => of_likeness(pairs),
        FeatureKind::Street => of_streets(pairs, numbered(feature)),
        _ => Vec::new(),
    }
}

/// The share of the records whose streets have numbers.
fn numbered(feature: &Feature) -> f64 {
    let (mut all, mut numbered) = (0.0, 0.0);
    for (code, count) in (1..).zip(&feature.counts[1..]) {
        let text = feature.dictionary().text(code);
        all += f64::from(*count);
        numbered += f64::from(*count) * f64::from(u8::from(!text.starts_with('|')));
    }
    numbered / f64::max(all, 1.0)
}

/// By chance numbers are the same independently of what streets are called. Where both have none, and where one
/// of two has, the streets say all.
fn of_streets(pairs: &[f64], numbered: f64) -> Vec<Option<f64>> {
    let &[_, different, same_number, alike, same_street, both, ..] = pairs else {
        return Vec::new();
    };
    let have_numbers = numbered * numbered;
    let all = different + same_number + alike + same_street;
    if all * have_numbers < 1.0 {
        return Vec::new();
    }
    let streets = (alike + same_street) / have_numbers;
    let by_chance = streets * (1.0 - have_numbers + same_number / all);
    let mut told = vec![None; 5];
    told.push(Some(by_chance.min(both).max(LEAST_PAIRS)));
    told
}

/// A level of texts that are alike.
struct Likeness {
    middle: f64,
    width: f64,
    pairs: f64,
    by_chance: f64,
    is_told: bool,
}

impl Likeness {
    /// The logarithm of how many pairs there are by chance for each width.
    fn density(&self) -> f64 {
        (self.by_chance.max(LEAST_PAIRS) / self.width).ln()
    }
}

fn of_likeness(pairs: &[f64]) -> Vec<Option<f64>> {
    let edges: Vec<f64> = STEPS.into_iter().chain([1.0]).collect();
    let mut levels: Vec<Likeness> = Vec::new();
    for (edges, pairs) in edges.windows(2).zip(&pairs[2..]) {
        let mut level = Likeness {
            middle: f64::midpoint(edges[0], edges[1]),
            width: edges[1] - edges[0],
            pairs: *pairs,
            by_chance: *pairs,
            is_told: false,
        };
        // Those that are as alike as most are, or less, do not tell how it falls off.
        let of_most = levels.iter().map(Likeness::density).enumerate();
        let most = of_most.reduce(|most, at| if at.1 >= most.1 { at } else { most });
        let beyond = most.map_or(&[][..], |(at, _)| &levels[at + 1..]);
        if beyond.len() >= LEAST_LEVELS {
            level.by_chance = (next(beyond, level.middle).exp() * level.width).min(*pairs);
            level.is_told = true;
        }
        levels.push(level);
    }
    // Matches are the more, the more alike they are.
    let mut most = f64::INFINITY;
    for level in levels.iter_mut().rev().filter(|level| level.width >= WIDE) {
        let matches = ((level.pairs - level.by_chance) / level.width).min(most);
        level.by_chance = level.pairs - matches * level.width;
        most = matches;
    }
    let told = levels
        .iter()
        .map(|level| level.is_told.then_some(level.by_chance.max(LEAST_PAIRS)));
    [None, None].into_iter().chain(told).collect()
}

/// The density of a level by those of others: that of a parabola, by least squares.
fn next(levels: &[Likeness], middle: f64) -> f64 {
    let points = || {
        levels
            .iter()
            .map(|level| (level.middle - middle, level.density()))
    };
    // The sums of the powers of the places, and of these times the densities.
    let power = |power: i32| points().map(|(at, _)| at.powi(power)).sum::<f64>();
    let times = |power: i32| {
        points()
            .map(|(at, density)| density * at.powi(power))
            .sum::<f64>()
    };
    let [s0, s1, s2, s3, s4] = [0, 1, 2, 3, 4].map(power);
    let [t0, t1, t2] = [0, 1, 2].map(times);
    // Its value where the place is 0, by Cramer's rule.
    let of = |a: f64, b: f64, c: f64| {
        a * (s2 * s4 - s3 * s3) - s1 * (b * s4 - s3 * c) + s2 * (b * s3 - s2 * c)
    };
    of(t0, t1, t2) / of(s0, s1, s2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_more_alike_than_how_likeness_falls_off_are_no_chance() {
        // Names of firms, of which those of one are alike by 80 %, or equal.
        let pairs = [
            0.0,
            1_240_000.0,
            23_150.0,
            28_070.0,
            11_790.0,
            4517.0,
            924.0,
            386.0,
            6.0,
            654.0,
        ];
        let told = of_likeness(&pairs);
        assert_eq!(told[..6], [None; 6]);
        assert_eq!(told[6], Some(924.0));
        assert!(
            told[7].is_some_and(|pairs| (50.0..250.0).contains(&pairs)),
            "{told:?}"
        );
        assert_eq!(told.len(), 9);
    }

    #[test]
    fn where_nothing_is_more_alike_than_that_all_is_chance() {
        let pairs = [0.0, 9e5, 2e4, 2e4, 8e3, 1500.0, 100.0, 1.0, 0.0, 0.0];
        let told = of_likeness(&pairs);
        assert_eq!(told[6..], [Some(100.0), Some(1.0), Some(0.5)]);
    }

    #[test]
    fn what_few_matches_have_is_not_taken_for_many() {
        // As many as are alike by half, because many words are frequent, are not more than those by 80 %.
        let pairs = [0.0, 9e5, 2e4, 2e4, 4e3, 100.0, 700.0, 200.0, 0.0, 300.0];
        let told = of_likeness(&pairs);
        assert!(told[6].is_some_and(|pairs| pairs >= 499.0), "{told:?}");
    }

    #[test]
    fn numbers_and_streets_are_the_same_by_chance_independently() {
        let pairs = [0.0, 2e6, 72.0, 5000.0, 45.0, 159.0, 500.0];
        let told = of_streets(&pairs, 1.0);
        assert_eq!(told[5], Some(0.5));
        // Where few have numbers, the streets alone are alike.
        let told = of_streets(&pairs, 0.1);
        assert_eq!(told[5], Some(159.0));
        assert!(of_streets(&pairs, 0.0).is_empty());
    }
}
