//! Integration of smooth functions.

use std::f64::consts::PI;
use std::sync::LazyLock;

/// Nodes of the rule: it is exact for polynomials up to twice this degree, less one.
pub(super) const NODES: usize = 16;

/// The Gauss-Legendre rule from -1 to 1.
pub(super) static RULE: LazyLock<Rule> = LazyLock::new(Rule::new);

/// Where a function is looked at, and what each look counts.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) nodes: [f64; NODES],
    pub(super) weights: [f64; NODES],
}

impl Rule {
    /// The roots of the Legendre polynomial by Newton's method, from F. Tricomi's approximation of
    /// them: N. Hale and A. Townsend, "Fast and accurate computation of Gauss-Legendre and
    /// Gauss-Jacobi quadrature nodes and weights", SIAM Journal on Scientific Computing 35 (2013).
    fn new() -> Self {
        let mut rule = Self {
            nodes: [0.0; NODES],
            weights: [0.0; NODES],
        };
        let degree = NODES as f64;
        for index in 0..NODES {
            let mut node = -(PI * (index as f64 + 0.75) / (degree + 0.5)).cos();
            let mut slope = 1.0;
            // Each step doubles the digits, of which the start has three.
            for _ in 0..6 {
                let legendre = legendre(node);
                slope =
                    degree * (node * legendre[NODES] - legendre[NODES - 1]) / (node * node - 1.0);
                node -= legendre[NODES] / slope;
            }
            rule.nodes[index] = node;
            rule.weights[index] = 2.0 / ((1.0 - node * node) * slope * slope);
        }
        rule
    }

    /// The integral of a function over an interval.
    pub(super) fn integrate(&self, start: f64, end: f64, function: impl Fn(f64) -> f64) -> f64 {
        let half = (end - start) / 2.0;
        let values = self.nodes.iter().zip(&self.weights);
        let sum: f64 = values
            .map(|(node, weight)| weight * function(start + half * (node + 1.0)))
            .sum();
        half * sum
    }
}

/// The Legendre polynomials from degree 0 to `NODES` at a point, by Bonnet's recurrence.
pub(super) fn legendre(point: f64) -> [f64; NODES + 1] {
    let mut values = [1.0; NODES + 1];
    values[1] = point;
    for degree in 1..NODES {
        let n = degree as f64;
        values[degree + 1] =
            ((2.0 * n + 1.0) * point * values[degree] - n * values[degree - 1]) / (n + 1.0);
    }
    values
}
