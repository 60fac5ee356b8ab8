//! Cubics between known values, of which none overshoots them.
//!
//! F. N. Fritsch and R. E. Carlson, "Monotone Piecewise Cubic Interpolation", SIAM Journal on
//! Numerical Analysis 17 (1980), with the slopes of F. N. Fritsch and J. Butland, "A Method for
//! Constructing Local Monotone Piecewise Cubic Interpolants", SIAM Journal on Scientific and
//! Statistical Computing 5 (1984), for knots at any distance, and the slopes at both ends of
//! C. Moler, "Numerical Computing with MATLAB" (2004), section 3.6: `pchip` of MATLAB and
//! `PchipInterpolator` of SciPy.

use super::amounts::{Amount, Way};
use super::interpolation::Knots;
use super::times::Time;

/// The curve through a list of knots, from each to the next.
#[derive(Debug)]
pub(super) struct MonotoneCubic {
    /// How far it is from each knot to the next: half the time, and the amount.
    steps: Vec<(f64, f64)>,
    /// By how much the amount grows at each knot in half a unit of time.
    slopes: Vec<f64>,
}

impl MonotoneCubic {
    /// The curve through these knots.
    pub(super) fn new<A: Amount, T: Time>(knots: &Knots<A, T>) -> Self {
        let times = knots.times.windows(2);
        let amounts = knots.amounts.windows(2);
        let steps: Vec<(f64, f64)> = times
            .zip(amounts)
            .map(|(time, amount)| {
                let half = time[0].half_distance(time[1]);
                (half, amount[0].distance(amount[1]))
            })
            .collect();
        Self {
            slopes: slopes(&steps),
            steps,
        }
    }

    /// How far along the curve from a knot a point is that lies so far to the next one in time.
    pub(super) fn way(&self, knot: usize, linear: Way) -> Way {
        let share = match linear {
            Way::Parts(parts, of) => parts as f64 / of as f64,
            Way::Share(share) => share,
            Way::Distance(_) => return linear,
        };
        let (time, rise) = self.steps[knot];
        // The cubic in Hermite's form, less the amount at the knot.
        let square = share * share;
        let cube = square * share;
        let distance = rise * (3.0 * square - 2.0 * cube)
            + time * self.slopes[knot] * (cube - 2.0 * square + share)
            + time * self.slopes[knot + 1] * (cube - square);
        if distance.is_finite() && rise.is_finite() {
            Way::Distance(distance)
        } else {
            // Too great for floats, or no numbers: a straight line still knows what to do.
            linear
        }
    }
}

/// The slope at each knot; with two of them that of the straight line, with fewer none.
fn slopes(steps: &[(f64, f64)]) -> Vec<f64> {
    let secants: Vec<f64> = steps.iter().map(|(time, rise)| rise / time).collect();
    let (Some(first), Some(last)) = (secants.first(), secants.last()) else {
        return Vec::new();
    };
    let end = steps.len() - 1;
    if end == 0 {
        return vec![*first, *last];
    }
    let inner = steps
        .windows(2)
        .zip(secants.windows(2))
        .map(|(step, secant)| {
            let ((before, _), (behind, _)) = (step[0], step[1]);
            if agree(secant[0], secant[1]) {
                // The harmonic mean of both secants, where the shorter step weighs more.
                let left = 2.0 * behind + before;
                let right = behind + 2.0 * before;
                (left + right) / (left / secant[0] + right / secant[1])
            } else {
                0.0
            }
        });
    std::iter::once(end_slope(steps[0].0, steps[1].0, *first, secants[1]))
        .chain(inner)
        .chain([end_slope(
            steps[end].0,
            steps[end - 1].0,
            *last,
            secants[end - 1],
        )])
        .collect()
}

/// The slope of the parabola through the three knots at an end, kept from overshooting.
fn end_slope(step: f64, next_step: f64, secant: f64, next_secant: f64) -> f64 {
    let slope = ((2.0 * step + next_step) * secant - step * next_secant) / (step + next_step);
    if !agree(slope, secant) {
        0.0
    } else if !agree(secant, next_secant) && slope.abs() > 3.0 * secant.abs() {
        3.0 * secant
    } else {
        slope
    }
}

/// Whether both go up, or both down; the product of two small slopes would be 0.
fn agree(left: f64, right: f64) -> bool {
    (left > 0.0 && right > 0.0) || (left < 0.0 && right < 0.0)
}
