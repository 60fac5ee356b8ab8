//! Statistics against plain definitions, and against SciPy's answers.

mod comparisons;
mod outliers;
mod proportions;
mod series;

/// Whether two numbers are the same up to so many parts of the greater one.
fn near(left: f64, right: f64, tolerance: f64) -> bool {
    left == right || (left - right).abs() <= tolerance * left.abs().max(right.abs())
}
