//! Jaro and Jaro-Winkler joins against every pair.

use std::sync::Arc;

use proptest::prelude::*;

use super::Jaro;
use crate::join::index::Index;
use crate::join::predicate::{Bound, Metric, Predicate};
use crate::join::reference::{build, expected, search};
use crate::join::texts::Texts;
use crate::similarity::kernel::jaro::from_counts;
use crate::similarity::raise;

/// Texts that share many characters; few alphabets, so that similarities repeat.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[abc]{0,7}",
        4 => "[a-f]{5,12} [a-f]{4,9}",
        2 => "(anna|otto|maria)[a-d ]{0,6}",
        1 => "[aé日𝒳]{0,9}",
        1 => "[ab]{60,70}",
        1 => "x{0,3}[a-d]{100,140}",
    ]
}

/// Thresholds that pairs attain, the next float above, and others.
fn threshold() -> impl Strategy<Value = f64> {
    let attained = (
        1..20_usize,
        1..20_usize,
        0..20_usize,
        0..10_usize,
        0..=4_usize,
    )
        .prop_map(|(left, right, matches, misplaced, prefix)| {
            let matches = matches.min(left).min(right);
            let similarity = from_counts(left, right, matches, misplaced.min(matches));
            raise(similarity, prefix.min(matches))
        });
    let attained = (attained, any::<bool>()).prop_map(|(similarity, above)| {
        if above {
            similarity.next_up()
        } else {
            similarity
        }
    });
    let fixed = prop::sample::select(vec![0.0, 0.5, 0.7, 0.7_f64.next_up(), 0.8, 0.9, 0.92, 1.0]);
    prop_oneof![attained, fixed, 0.6..1.0_f64]
}

fn distinct(texts: &[String]) -> Arc<Texts> {
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    texts.sort_unstable();
    texts.dedup();
    Arc::new(Texts::new(&texts).0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_index_finds_what_the_function_finds(
        texts in prop::collection::vec(text(), 0..80),
        probes in prop::collection::vec(text(), 0..20),
        at_least in threshold(),
        winkler in any::<bool>(),
        combined in prop::option::of(1..5_usize),
        limit in prop::sample::select(vec![1, 50, usize::MAX]),
    ) {
        let metric = if winkler { Metric::JaroWinkler } else { Metric::Jaro };
        let predicate = Predicate { metric, bound: Bound::AtLeast(at_least) };
        let texts = distinct(&texts);
        let build = build(predicate, Arc::clone(&texts));
        let index = Jaro::index(&build, winkler, at_least).unwrap().unwrap().with_combined(combined);
        prop_assert!(index.size() <= build.size());
        for (probes, self_join) in [(distinct(&probes), false), (texts, true)] {
            prop_assert_eq!(
                search(&index, &probes, self_join, limit),
                expected(&build, &probes, self_join)
            );
        }
    }
}
