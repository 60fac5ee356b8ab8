//! Which features are compared, where there are too many.

use super::comparison::{Comparison, MOST};
use super::feature::Feature;
use super::feature_kind::{FeatureKind, features};
use super::options::ResolveOptions;
use super::records::Records;
use super::resolver::Resolver;

/// The features that are compared, ascending. Of too many, those of columns of which it is said what
/// they hold come first, and then those that tell most.
pub(super) fn compared_features(records: &Records, options: &ResolveOptions) -> Vec<usize> {
    let mut places: Vec<(bool, f64, usize)> = comparable(records)
        .map(|(place, feature)| {
            let column = &records.columns()[feature.column];
            let is_said = options.declared(&column.name).is_some();
            (is_said, entropy(feature, records.len()), place)
        })
        .collect();
    places.sort_by(|left, right| {
        let by_saying = right.0.cmp(&left.0);
        by_saying.then_with(|| right.1.total_cmp(&left.1))
    });
    places.truncate(MOST);
    let mut places: Vec<usize> = places.into_iter().map(|(.., place)| place).collect();
    places.sort_unstable();
    places
}

/// The features that tell something to be compared, by their places.
fn comparable(records: &Records) -> impl Iterator<Item = (usize, &Feature)> {
    let all = records.features().iter().enumerate();
    all.filter(|(_, feature)| feature.kind != FeatureKind::Key && !is_without_codes(feature))
}

/// How much a feature tells of a record, in nats; of what is compared by levels of its own nobody knows.
fn entropy(feature: &Feature, records: usize) -> f64 {
    if feature.kind == FeatureKind::Levels {
        return f64::INFINITY;
    }
    let total = records.max(1) as f64;
    // Values of one record each, which are most, take no logarithm.
    let counts = feature.counts[1..].iter().map(|count| f64::from(*count));
    let entropy = counts.map(|count| match count {
        0.0 => 0.0,
        1.0 => total.ln() / total,
        count => count / total * (total.ln() - count.ln()),
    });
    entropy.sum()
}

/// Whether a text's codes say nothing, for hardly any text has one.
fn is_without_codes(feature: &Feature) -> bool {
    let (without, with) = match feature.counts.split_first() {
        Some((without, with)) => (*without, with.iter().sum::<u32>()),
        None => (0, 0),
    };
    feature.kind == FeatureKind::Codes && with < without / 8
}

impl Resolver {
    /// What could be compared and is not, by the names that comparisons have, as there is too much of
    /// it.
    pub fn left_out(&self) -> Vec<String> {
        let compared = &self.model.comparisons;
        if compared.len() < MOST {
            return Vec::new();
        }
        let is_compared = |place: usize| compared.iter().any(|of| of.feature == place);
        comparable(&self.records)
            .filter(|(place, _)| !is_compared(*place))
            .map(|(place, feature)| {
                let column = &self.records.columns()[feature.column];
                let several = features(column.kind).len() > 1;
                Comparison::new(place, feature, &column.name, several, false).name
            })
            .collect()
    }
}
