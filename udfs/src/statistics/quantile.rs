//! Quantiles as `percentile_cont` has them.

/// The quantile of sorted numbers at a fraction from 0 to 1, on the straight line between the two
/// numbers next to it: PostgreSQL's `percentile_cont`, type 7 of R. J. Hyndman and Y. Fan, "Sample
/// quantiles in statistical packages", The American Statistician 50 (1996).
pub(super) fn percentile_cont(sorted: &[f64], fraction: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = fraction * last as f64;
    let below = sorted.get(position.floor() as usize)?;
    let above = sorted.get(position.ceil() as usize)?;
    Some(between(*below, *above, position.fract()))
}

/// The median in linear time; the order of the numbers is lost.
pub(super) fn median(numbers: &mut [f64]) -> Option<f64> {
    if numbers.is_empty() {
        return None;
    }
    let middle = numbers.len() / 2;
    let is_even = numbers.len().is_multiple_of(2);
    let (below, upper, _) = numbers.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp);
    match lower {
        Some(lower) if is_even => Some(between(lower, *upper, 0.5)),
        _ => Some(*upper),
    }
}

fn between(below: f64, above: f64, fraction: f64) -> f64 {
    if below == above || fraction == 0.0 {
        return below;
    }
    // As a weighted mean, which does not overflow where the difference would.
    below * (1.0 - fraction) + above * fraction
}
