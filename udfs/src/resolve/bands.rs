//! Which bands of frequencies go together among matches.
//!
//! Comparisons of matches are independent: whether two records of one thing agree on its name says nothing
//! of its address. How rare what they agree on is does. A thing of two records has a name of two records,
//! and an address; that of one with many records are all of many. Were that by chance, other pairs, among
//! which dependences are known, would explain agreement on all that is rare better than matches do.

use std::ops::Range;

use super::cooccurrence::{Cooccurrence, Table};
use super::tree::{Edge, Weighted, spanning_tree};

/// By how much likelier each parameter of a dependence has to make the matches, as a logarithm.
const WORTH: f64 = 5.0;

/// The dependences of bands on each other, among matches that agree on both, where they are worth their
/// parameters. `levels` is how many each comparison has, and `first_exact` the first that is a band.
pub(super) fn edges_of_bands(
    matches: &[Weighted],
    levels: &[usize],
    first_exact: &[usize],
) -> Vec<Edge> {
    let together = Cooccurrence::of(matches.iter().copied(), levels);
    let bands = |at: usize| first_exact[at]..levels[at];
    spanning_tree(levels.len(), |left, right| {
        let table = together.without(&[], left, right);
        gain(&table, bands(left), bands(right))
    })
}

/// By how much likelier it is, as a logarithm, that levels go together as they do than by chance, less what
/// the parameters that say so have to be worth.
fn gain(table: &Table, rows: Range<usize>, columns: Range<usize>) -> f64 {
    let of_row = |row: usize| -> f64 { columns.clone().map(|column| table.get(row, column)).sum() };
    let of_column = |column: usize| -> f64 { rows.clone().map(|row| table.get(row, column)).sum() };
    let total: f64 = rows.clone().map(of_row).sum();
    let mut gain = 0.0;
    for row in rows.clone() {
        for column in columns.clone() {
            let together = table.get(row, column);
            if together > 0.0 {
                gain += together * (together * total / (of_row(row) * of_column(column))).ln();
            }
        }
    }
    let parameters = rows.len().saturating_sub(1) * columns.len().saturating_sub(1);
    gain - parameters as f64 * WORTH
}

#[cfg(test)]
mod tests {
    use super::super::compare::Pattern;
    use super::super::expected::Expected;
    use super::super::fit::{Course, Fitting};
    use super::super::mixture::{Counted, probability};
    use super::super::taught::Known;
    use super::*;

    fn pattern(levels: [u8; 3]) -> Pattern {
        let levels = levels.into_iter().enumerate();
        levels.fold(Pattern::default(), |pattern, (at, level)| {
            pattern.with(at, level)
        })
    }

    /// Matches by a level of values that differ and two bands of equal ones. So many agree on the same band
    /// of the first two comparisons, and so many on another one. The third differs where these agree.
    fn matches(same: f64, other: f64) -> Vec<Weighted> {
        let of = |levels: [u8; 3], weight: f64| Weighted {
            pattern: pattern(levels),
            weight,
        };
        vec![
            of([2, 2, 1], same),
            of([3, 3, 1], same),
            of([2, 3, 1], other),
            of([3, 2, 1], other),
            of([1, 1, 2], same),
            of([1, 1, 3], same),
        ]
    }

    #[test]
    fn bands_that_go_together_are_told_from_those_that_do_by_chance() {
        let edges = |same: f64, other: f64| edges_of_bands(&matches(same, other), &[4; 3], &[2; 3]);
        let (parent, child) = (0, 1);
        assert_eq!(edges(100.0, 5.0), vec![Edge { parent, child }]);
        assert!(edges(100.0, 100.0).is_empty());
        // Of three matches nothing is known.
        assert!(edges(1.5, 0.0).is_empty());
    }

    #[test]
    fn what_has_one_band_depends_on_none() {
        assert!(edges_of_bands(&matches(100.0, 5.0), &[4; 3], &[3; 3]).is_empty());
    }

    /// One thing in twenty is rare, and all that is known of it is. Other pairs agree by chance, but for
    /// some that are alike in much, from which their dependences are learned.
    #[test]
    fn matches_that_are_rare_in_all_are_not_taken_for_others() {
        let (pairs, share, rare, differing) = (1e6, 0.001, 0.05, 0.2);
        let (alike, alike_in) = (5000.0, 0.3);
        let of_others = [0.0, 1.0 - 1e-3 - 1e-5, 1e-3, 1e-5];
        let of_alike = [0.0, 1.0 - alike_in, 0.99 * alike_in, 0.01 * alike_in];
        let of_things = |band: usize| {
            let mut shares = [0.0, differing, 0.0, 0.0];
            shares[band] = 1.0 - differing;
            shares
        };
        let (frequent, rarest) = (of_things(2), of_things(3));
        let levels = || 1..=3_u8;
        let all = levels().flat_map(|first| {
            levels().flat_map(move |second| levels().map(move |third| [first, second, third]))
        });
        let sample: Vec<Counted> = all
            .map(|levels| {
                let among = |shares: &[f64; 4]| -> f64 {
                    levels
                        .iter()
                        .map(|level| shares[usize::from(*level)])
                        .product()
                };
                let matches = rare * among(&rarest) + (1.0 - rare) * among(&frequent);
                let others = pairs * (1.0 - share) * among(&of_others) + alike * among(&of_alike);
                let count = pairs * share * matches + others;
                Counted {
                    pattern: pattern(levels),
                    pairs: count,
                    trimmed: count,
                    candidates: count,
                    squares: count,
                }
            })
            .collect();
        let mut others = vec![vec![0.0; 4]; 3];
        for counted in &sample {
            for (at, shares) in others.iter_mut().enumerate() {
                shares[usize::from(counted.pattern.level(at))] += counted.pairs / (pairs + alike);
            }
        }
        let expected = Expected {
            matches: vec![vec![0.0, 0.15, 0.8, 0.05]; 3],
            others,
            related: None,
            seen: Vec::new(),
            differing_matches: vec![0.6; 3],
            first_exact: vec![2; 3],
            many: None,
            own: vec![false; 3],
            sharing: vec![None; 3],
            couples: None,
            twins: None,
            one_to_one: false,
            known: Known::default(),
        };
        let fitting = Fitting::new(&sample, &expected, (0.5, 1400.0), 2).unwrap();
        let mixture = fitting.fit(Course::default()).unwrap().mixture;
        let found = probability(mixture.log_odds(pattern([3, 3, 3])));
        assert!(found > 0.9, "{found}");
    }
}
