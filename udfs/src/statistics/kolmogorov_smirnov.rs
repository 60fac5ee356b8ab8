//! The two-sample Kolmogorov-Smirnov test.

use std::cmp::Ordering;
use std::f64::consts::PI;

use super::observations::Compared;
use crate::interrupt::Watch;

/// How many steps an exact probability may take; this many take less than a second.
const MOST_STEPS: u128 = 100_000_000;

/// The greatest distance between two empirical distribution functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Distance {
    /// How many numbers each group has, the fewer first.
    sizes: [u64; 2],
    /// The distance times both sizes.
    product: u128,
}

impl Distance {
    /// The distance between two groups of sorted numbers; `None` for categories.
    pub(super) fn of(compared: &Compared<'_>) -> Option<Self> {
        let Compared::Numbers { reference, other } = compared else {
            return None;
        };
        let [first, second] = [reference.len() as u64, other.len() as u64];
        let (mut seen, mut product) = ([0_usize; 2], 0);
        // Behind all equal numbers the functions have made all of their steps there.
        while let (Some(left), Some(right)) = (reference.get(seen[0]), other.get(seen[1])) {
            let order = left.total_cmp(right);
            if order != Ordering::Greater {
                seen[0] += equal_to(left, &reference[seen[0]..]);
            }
            if order != Ordering::Less {
                seen[1] += equal_to(right, &other[seen[1]..]);
            }
            let left = seen[0] as u128 * u128::from(second);
            let right = seen[1] as u128 * u128::from(first);
            product = left.abs_diff(right).max(product);
        }
        Some(Self {
            sizes: [first.min(second), first.max(second)],
            product,
        })
    }

    /// From 0 to 1.
    pub(super) fn statistic(self) -> f64 {
        let [few, many] = self.sizes.map(u128::from);
        self.product as f64 / (few * many) as f64
    }

    /// The probability of a distance at least as great between two samples of one distribution.
    pub(super) fn p_value(self) -> f64 {
        let [few, many] = self.sizes.map(u128::from);
        // A row of the lattice has that many points less than the distance away from the diagonal.
        let steps = (few * many).min(2 * self.product);
        if steps <= MOST_STEPS {
            self.exact_probability()
        } else {
            let size = few as f64 * many as f64 / (few + many) as f64;
            limiting_probability(size.sqrt() * self.statistic())
        }
    }

    /// Each order of the two samples put together is a path on a lattice from (0, 0) to their sizes,
    /// all of them equally likely without ties; the distance is how far a path leads away from the
    /// diagonal. The last step to a point came from the left in as many of the paths as the point is
    /// far to the right: J. L. Hodges, "The significance probability of the Smirnov two-sample
    /// test", Arkiv för Matematik 3 (1958).
    fn exact_probability(self) -> f64 {
        if self.product == 0 {
            return 1.0;
        }
        let [few, many] = self.sizes.map(|size| size as usize);
        let reach = self.product;
        // How likely a path to the point is to have been as far away; 1 outside of the band.
        let mut reached = vec![1.0; many + 1];
        let mut watch = Watch::default();
        for row in 0..=few {
            let middle = row as u128 * many as u128;
            // The points of the row within the band: |row * many - column * few| < reach.
            let first = match middle.checked_sub(reach) {
                Some(outside) => (outside / few as u128) as usize + 1,
                None => 0,
            };
            let last = (((middle + reach - 1) / few as u128) as usize).min(many);
            if watch.is_interrupted_after(last.saturating_sub(first)) {
                break;
            }
            let mut left = match first {
                0 => 0.0,
                _ => 1.0,
            };
            for (column, point) in (first..).zip(&mut reached[first..=last]) {
                let both = (row + column) as f64;
                left = match row + column {
                    0 => 0.0,
                    _ => *point * (row as f64 / both) + left * (column as f64 / both),
                };
                *point = left;
            }
        }
        reached.last().copied().unwrap_or(1.0).min(1.0)
    }
}

/// How many numbers at the front are equal to this one.
fn equal_to(number: &f64, sorted: &[f64]) -> usize {
    sorted
        .iter()
        .take_while(|other| other.total_cmp(number) == Ordering::Equal)
        .count()
}

/// The upper tail of the Kolmogorov distribution: N. Smirnov, "Table for estimating the goodness of
/// fit of empirical distributions", Annals of Mathematical Statistics 19 (1948). Of its two series,
/// each converges fast on its side of 1.
fn limiting_probability(distance: f64) -> f64 {
    if distance <= 0.0 {
        return 1.0;
    }
    if distance < 1.0 {
        let base = -PI * PI / (8.0 * distance * distance);
        let terms = (1..10).map(|k| (base * f64::from((2 * k - 1) * (2 * k - 1))).exp());
        return 1.0 - (2.0 * PI).sqrt() / distance * terms.sum::<f64>();
    }
    let terms = (1..10).map(|k| {
        let term = (-2.0 * f64::from(k * k) * distance * distance).exp();
        if k % 2 == 1 { term } else { -term }
    });
    2.0 * terms.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.special.kolmogorov` of SciPy 1.17.1.
    #[test]
    fn limit_equals_scipy() {
        for (distance, expected) in KOLMOGOROV {
            let probability = limiting_probability(distance);
            assert!(
                (probability - expected).abs() < 1e-14,
                "{distance}: {probability}"
            );
        }
    }

    const KOLMOGOROV: [(f64, f64); 6] = [
        (0.2, 0.999_999_999_999_495),
        (0.5, 0.963_945_243_664_875_1),
        (0.9, 0.392_730_707_940_654_3),
        (1.0, 0.269_999_671_677_354_56),
        (1.5, 0.022_217_962_616_525_127),
        (3.0, 3.045_995_948_942_526e-8),
    ];
}
