//! Graded keys against every pair.

use std::sync::Arc;

use proptest::prelude::*;

use super::Grades;
use crate::join::predicate::{Bound, Metric, Predicate};
use crate::join::reference::{build, expected, search};
use crate::join::set::{SetSimilarity, Sets};
use crate::join::texts::Texts;

/// Texts that share many n-grams, some of which have many and some none.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[abc]{0,7}",
        6 => "(ann|otto|maria|lee) [a-c]{2,9}",
        2 => "[ab]{2,4}( [ab]{1,4}){0,4}",
        1 => "[aé日𝒳ß ]{0,9}",
        1 => "[-. ]{0,3}",
        1 => "[a-f ]{60,160}",
    ]
}

fn metric() -> impl Strategy<Value = Metric> {
    (0..5, 1..4_u32).prop_map(|(metric, n)| match metric {
        0 => Metric::Jaccard { n },
        1 => Metric::Dice { n },
        2 => Metric::Cosine { n },
        3 => Metric::Overlap { n },
        _ => Metric::Trigram,
    })
}

fn distinct(texts: &[String]) -> Arc<Texts> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Arc::new(Texts::new(&texts).0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn graded_keys_find_what_the_function_finds(
        texts in prop::collection::vec(text(), 0..90),
        probes in prop::collection::vec(text(), 0..20),
        metric in metric(),
        at_least in prop_oneof![
            prop::sample::select(vec![0.0, 0.25, 0.5, 0.6, f64::from(0.6_f32), 0.75, 1.0]),
            0.2..1.0_f64,
        ],
        mut last in prop::array::uniform3(0..80_u32),
        limit in prop::sample::select(vec![1, 50, usize::MAX]),
    ) {
        last.sort_unstable();
        let similarity = SetSimilarity::of_metric(metric).unwrap();
        let predicate = Predicate { metric, bound: Bound::AtLeast(at_least) };
        let texts = distinct(&texts);
        let build = build(predicate, Arc::clone(&texts));
        let index = Sets::index(&build, similarity, at_least).unwrap();
        let index = index.with_grades(Grades { last });
        for (probes, self_join) in [(distinct(&probes), false), (texts, true)] {
            prop_assert_eq!(
                search(&index, &probes, self_join, limit),
                expected(&build, &probes, self_join)
            );
        }
    }
}
