//! How two groups spread over the same categories, or over the same bins of numbers.

use super::observations::Compared;
use super::quantile::percentile_cont;

/// How often each category or bin was seen in the reference group and in the other one.
pub(super) type Counts = Vec<[u64; 2]>;

/// Whose quantiles the bins of numbers lie between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edges {
    /// Those of the reference group.
    Reference,
    /// Those of both groups put together.
    Both,
}

/// The counts of the categories, or of so many bins of equal share, as far as the numbers allow: a
/// bin reaches from above the edge below it up to its own, the outermost ones to the infinities,
/// and equal edges are one. NaN has a bin of its own.
pub(super) fn counts(compared: &Compared<'_>, edges: Edges, bins: usize) -> Counts {
    match compared {
        Compared::Categories(counts) => counts.clone(),
        Compared::Numbers { reference, other } => {
            let edges = match edges {
                Edges::Reference => quantiles(reference, bins),
                Edges::Both => {
                    let mut both = [*reference, *other].concat();
                    both.sort_unstable_by(f64::total_cmp);
                    quantiles(&both, bins)
                }
            };
            let [reference, other] = [reference, other].map(|numbers| in_bins(numbers, &edges));
            let counts = reference.into_iter().zip(other);
            counts
                .map(|(reference, other)| [reference, other])
                .collect()
        }
    }
}

/// The distinct quantiles between so many bins, of the sorted numbers that are finite.
fn quantiles(sorted: &[f64], bins: usize) -> Vec<f64> {
    let start = sorted.partition_point(|number| *number == f64::NEG_INFINITY);
    let end = sorted.partition_point(|number| *number < f64::INFINITY);
    let finite = sorted.get(start..end).unwrap_or_default();
    let mut edges: Vec<f64> = (1..bins)
        .filter_map(|bin| percentile_cont(finite, bin as f64 / bins as f64))
        .collect();
    edges.dedup();
    edges
}

/// How many of the sorted numbers stand in each bin, and last of all how many are NaN.
fn in_bins(sorted: &[f64], edges: &[f64]) -> Vec<u64> {
    let up_to = |edge: f64| sorted.partition_point(|number| *number <= edge);
    let mut counts = Vec::with_capacity(edges.len() + 2);
    let mut below = 0;
    for end in edges.iter().copied().chain([f64::INFINITY]).map(up_to) {
        counts.push((end - below) as u64);
        below = end;
    }
    counts.push((sorted.len() - below) as u64);
    counts
}

/// The share of each category or bin in the reference group, and in the other one.
pub(super) fn shares(counts: &[[u64; 2]]) -> impl Iterator<Item = [f64; 2]> {
    let totals = [0, 1].map(|group| {
        let counts = counts.iter().map(|counts| counts[group]);
        counts.sum::<u64>() as f64
    });
    let counts = counts.iter();
    counts.map(move |counts| [0, 1].map(|group| counts[group] as f64 / totals[group]))
}
