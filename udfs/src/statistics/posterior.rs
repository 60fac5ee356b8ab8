//! What is known of a rate after some trials: a beta distribution, looked at in log-odds.
//!
//! In log-odds the density of every beta distribution is smooth and falls off on both sides, with
//! parameters less than 1 too; it is integrated panel by panel to nearly full precision, however
//! great the counts.

use super::gauss_legendre::{NODES, RULE, legendre};

/// Where the logarithm of the density is this much below its peak, it ends: what lies beyond is less
/// than the rounding of what does not.
const DEPTH: f64 = 45.0;
/// The widest panel. The nearest singularities of the density in log-odds are pi away from the real
/// line, so that this is narrow enough for 16 nodes.
const WIDEST: f64 = 2.0;
/// The widest panel in standard deviations.
const WIDEST_DEVIATIONS: f64 = 3.0;

/// A beta distribution.
#[derive(Debug)]
pub(super) struct Posterior {
    /// The parameters: successes and failures, each with the prior's.
    alpha: f64,
    beta: f64,
    /// The log-odds with the greatest density, which all others here are counted from.
    peak: f64,
    /// Where the first panel starts.
    start: f64,
    /// How wide each panel is.
    width: f64,
    panels: Vec<Panel>,
}

/// The probability within a panel as a polynomial of the place in it.
#[derive(Debug)]
struct Panel {
    /// The probability up to the panel.
    below: f64,
    /// The density's coefficients in Legendre polynomials.
    coefficients: [f64; NODES],
}

impl Posterior {
    /// The beta distribution of two parameters that are more than 0.
    pub(super) fn new(alpha: f64, beta: f64) -> Self {
        let mut posterior = Self {
            alpha,
            beta,
            peak: (alpha / beta).ln(),
            start: 0.0,
            width: 0.0,
            panels: Vec::new(),
        };
        let deviation = (1.0 / alpha + 1.0 / beta).sqrt();
        posterior.start = posterior.end_of_support(-deviation);
        let length = posterior.end_of_support(deviation) - posterior.start;
        let count = (length / (WIDEST_DEVIATIONS * deviation).min(WIDEST)).ceil();
        posterior.width = length / count;
        posterior.fill_panels(count as usize);
        posterior
    }

    /// The mean of the rate.
    pub(super) fn mean(&self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    /// The standard deviation of the rate.
    pub(super) fn deviation(&self) -> f64 {
        let both = self.alpha + self.beta;
        (self.mean() * (self.beta / both) / (both + 1.0)).sqrt()
    }

    /// The logarithm of the density, less that at the peak: with `m` the rate at the peak it is
    /// alpha * ln(rate / m) + beta * ln((1 - rate) / (1 - m)), written so that no two great numbers
    /// cancel out where one parameter is far greater than the other.
    fn log_density(&self, offset: f64) -> f64 {
        let (less, more, offset) = match self.alpha <= self.beta {
            true => (self.alpha, self.beta, offset),
            false => (self.beta, self.alpha, -offset),
        };
        let both = less + more;
        let share = less / both;
        // From here on the exponential is all there is of its like, and might overflow.
        let grown = if offset < 30.0 {
            (share * offset.exp_m1()).ln_1p()
        } else {
            offset + (share + more / both * (-offset).exp()).ln()
        };
        less * offset - both * grown
    }

    /// Where the density has fallen off, in the direction of the first step.
    fn end_of_support(&self, step: f64) -> f64 {
        let mut far = step;
        while self.log_density(far) > -DEPTH {
            far *= 2.0;
        }
        let mut near = 0.0;
        for _ in 0..20 {
            let middle = f64::midpoint(near, far);
            if self.log_density(middle) > -DEPTH {
                near = middle;
            } else {
                far = middle;
            }
        }
        far
    }

    fn fill_panels(&mut self, count: usize) {
        let mut below = 0.0;
        for index in 0..count {
            let start = self.start + index as f64 * self.width;
            let mut coefficients = [0.0; NODES];
            for (node, weight) in RULE.nodes.iter().zip(&RULE.weights) {
                let offset = start + self.width / 2.0 * (node + 1.0);
                let density = self.log_density(offset).exp();
                let polynomials = legendre(*node);
                for (degree, coefficient) in coefficients.iter_mut().enumerate() {
                    let norm = (2 * degree + 1) as f64 / 2.0;
                    *coefficient += norm * weight * density * polynomials[degree];
                }
            }
            let panel = Panel {
                below,
                coefficients,
            };
            below += self.width / 2.0 * panel.integral(1.0);
            self.panels.push(panel);
        }
        // The panels' sum, rather than a beta function, makes the probabilities add up to 1.
        for panel in &mut self.panels {
            panel.below /= below;
            for coefficient in &mut panel.coefficients {
                *coefficient *= self.width / 2.0 / below;
            }
        }
    }

    /// The probability of log-odds less than these.
    fn cumulative(&self, log_odds: f64) -> f64 {
        let place = (log_odds - self.peak - self.start) / self.width;
        if place <= 0.0 {
            return 0.0;
        }
        match self.panels.get(place as usize) {
            Some(panel) => panel.below + panel.integral(2.0 * place.fract() - 1.0),
            None => 1.0,
        }
    }

    /// The mean of a function of the log-odds over those between two bounds, with what the
    /// probability there is as its weight.
    fn expect(&self, from: f64, to: f64, function: impl Fn(f64) -> f64) -> f64 {
        let end = self.start + self.width * self.panels.len() as f64;
        let (least, most) = (from - self.peak, to - self.peak);
        if least.max(self.start) >= most.min(end) {
            return 0.0;
        }
        let density = |offset: f64| {
            let place = (offset - self.start) / self.width;
            let index = (place as usize).min(self.panels.len() - 1);
            let point = 2.0 * (place - index as f64) - 1.0;
            self.panels[index].density(point) * 2.0 / self.width
        };
        let edges = self.edges(least, most, end);
        let panels = edges.windows(2).map(|edge| {
            RULE.integrate(edge[0], edge[1], |offset| {
                density(offset) * function(self.peak + offset)
            })
        });
        panels.sum()
    }

    /// Between which offsets to integrate from `least` to `most`, as far as there is a density:
    /// panel by panel, and closer and closer to a bound that lies within, where the function may
    /// rise from 0 as steeply as a root does.
    fn edges(&self, least: f64, most: f64, end: f64) -> Vec<f64> {
        /// The smallest panel is 4^-12 as wide as the others.
        const STEPS: i32 = 12;
        let (from, to) = (least.max(self.start), most.min(end));
        let count = ((to - from) / self.width).ceil() as usize;
        let width = (to - from) / count as f64;
        let closer = || (1..=STEPS).map(|step| width * 0.25_f64.powi(step));
        let mut edges = vec![from];
        if least > self.start {
            edges.extend(closer().map(|distance| from + distance));
            edges[1..].reverse();
        }
        edges.extend((1..count).map(|index| from + index as f64 * width));
        if most < end {
            edges.extend(closer().map(|distance| to - distance));
        }
        edges.push(to);
        edges
    }
}

impl Panel {
    /// The density at a point from -1 to 1.
    fn density(&self, point: f64) -> f64 {
        let polynomials = legendre(point);
        let terms = self.coefficients.iter().zip(polynomials);
        terms.map(|(coefficient, value)| coefficient * value).sum()
    }

    /// The integral of the density from -1 to a point: that of a Legendre polynomial is the
    /// difference of its neighbours.
    fn integral(&self, point: f64) -> f64 {
        let polynomials = legendre(point);
        let [constant, rest @ ..] = &self.coefficients;
        let rest = rest
            .iter()
            .zip(polynomials.windows(3).map(|near| near[2] - near[0]));
        let rest = rest.zip((1..).map(|degree| f64::from(2 * degree + 1)));
        let sum: f64 = rest
            .map(|((coefficient, difference), norm)| coefficient * difference / norm)
            .sum();
        constant * (point + 1.0) + sum
    }
}

/// The probability that the second rate is greater than the first. The density of the one that is
/// known better is integrated, over which the other one's probability hardly bends.
pub(super) fn probability_greater(first: &Posterior, second: &Posterior) -> f64 {
    let (from, to) = (f64::NEG_INFINITY, f64::INFINITY);
    let probability = if second.width <= first.width {
        second.expect(from, to, |log_odds| first.cumulative(log_odds))
    } else {
        first.expect(from, to, |log_odds| 1.0 - second.cumulative(log_odds))
    };
    probability.clamp(0.0, 1.0)
}

/// The probability that the second rate is at most so much greater than the first.
fn probability_within(first: &Posterior, second: &Posterior, difference: f64) -> f64 {
    if second.deviation() < first.deviation() {
        // As the first, of failures for successes: -difference is how much less the second is.
        return 1.0 - below_shifted(second, first, -difference);
    }
    below_shifted(first, second, difference)
}

/// The probability that the rate of `other` is less than that of `known` and a difference.
fn below_shifted(known: &Posterior, other: &Posterior, difference: f64) -> f64 {
    // Where rate + difference leaves 0 to 1 on either side, the probability is 0 or 1.
    let least = match -difference {
        least if least > 0.0 => (least / (1.0 - least)).ln(),
        _ => f64::NEG_INFINITY,
    };
    let most = match 1.0 - difference {
        most if most < 1.0 => (most / difference).ln(),
        _ => f64::INFINITY,
    };
    let within = known.expect(least, most, |log_odds| {
        let odds = (-log_odds.abs()).exp();
        let (small, great) = (odds / (1.0 + odds), 1.0 / (1.0 + odds));
        let (rate, complement) = match log_odds < 0.0 {
            true => (small, great),
            false => (great, small),
        };
        let (shifted, rest) = (rate + difference, complement - difference);
        match shifted > 0.0 && rest > 0.0 {
            true => other.cumulative((shifted / rest).ln()),
            false if rest <= 0.0 => 1.0,
            false => 0.0,
        }
    });
    within + (1.0 - known.cumulative(most))
}

/// The difference that the second rate is greater than the first by at most, with this probability:
/// a quantile of the difference, by the Illinois method (M. Dowell and P. Jarratt, BIT 11, 1971).
pub(super) fn quantile_of_difference(
    first: &Posterior,
    second: &Posterior,
    probability: f64,
) -> f64 {
    /// No one can tell such probabilities apart.
    const TOLERANCE: f64 = 1e-11;
    let excess = |difference| probability_within(first, second, difference) - probability;
    let mean = second.mean() - first.mean();
    let deviation = first.deviation().hypot(second.deviation());
    let mut low = (mean - 10.0 * deviation).max(-1.0);
    let mut high = (mean + 10.0 * deviation).min(1.0);
    let (mut below, mut above) = (-probability, 1.0 - probability);
    for step in 0..200 {
        // Halving now and then keeps the worst case short.
        let difference = match step % 3 {
            2 => f64::midpoint(low, high),
            _ => (low * above - high * below) / (above - below),
        };
        let value = excess(difference);
        if value.abs() < TOLERANCE || difference <= low || difference >= high {
            return difference;
        }
        if value < 0.0 {
            (low, below) = (difference, value);
            above /= 2.0;
        } else {
            (high, above) = (difference, value);
            below /= 2.0;
        }
    }
    f64::midpoint(low, high)
}
