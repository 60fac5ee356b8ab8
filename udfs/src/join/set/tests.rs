//! Set joins against every pair.

use std::sync::Arc;

use proptest::prelude::*;

use super::{SetSimilarity, Sets, TokenSet, TokenSort};
use crate::join::index::Index;
use crate::join::predicate::{Bound, Metric, Predicate};
use crate::join::reference::{build, expected, search};
use crate::join::texts::Texts;
use crate::similarity::kernel::subsequence::ratio;

/// Texts that share many n-grams, some of them without any.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[abc]{0,7}",
        4 => "(ann|otto|maria|lee) [a-c]{2,6}",
        2 => "[ab]{2,4}( [ab]{1,4}){0,4}",
        1 => "[aé日𝒳ß ]{0,9}",
        1 => "[-. ]{0,3}",
        1 => "[a-d ]{60,160}",
        1 => "[A-Za-c]{1,6}",
    ]
}

/// Texts that share words, in any order and number.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "a",
        "ab",
        "ann",
        "anna",
        "smith",
        "smyth",
        "é",
        "日本語",
        "incorporated",
        "of",
    ]);
    prop_oneof![
        4 => prop::collection::vec(word, 0..5).prop_map(|words| words.join(" ")),
        1 => prop::collection::vec("[ab]{1,9}", 5..14).prop_map(|words| words.join("  ")),
        1 => text(),
    ]
}

/// A ratio that two texts of words may have, or the next float above.
fn threshold_of_words() -> impl Strategy<Value = f64> {
    let attained = (0..30_usize, 1..40_usize, any::<bool>()).prop_map(|(edits, lengths, above)| {
        let ratio = ratio(edits.min(lengths), lengths);
        if above { ratio.next_up() } else { ratio }
    });
    prop_oneof![3 => attained, 1 => 1.0..100.0_f64]
        .prop_filter("all pairs are as similar as 0", |at_least| *at_least > 0.0)
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

/// What a threshold is made of: a similarity that sets attain, or any number.
#[derive(Clone, Copy, Debug)]
enum Threshold {
    Attained {
        sizes: (usize, usize),
        common: usize,
        above: bool,
    },
    Any(f64),
}

impl Threshold {
    fn of(self, similarity: SetSimilarity) -> f64 {
        match self {
            Self::Any(threshold) => threshold,
            Self::Attained {
                sizes: (left, right),
                common,
                above,
            } => {
                let similarity = similarity.of(left, right, common.min(left).min(right));
                if above {
                    similarity.next_up()
                } else {
                    similarity
                }
            }
        }
    }
}

fn threshold() -> impl Strategy<Value = Threshold> {
    let attained = ((1..20_usize, 1..20_usize), 1..20_usize, any::<bool>()).prop_map(
        |(sizes, common, above)| Threshold::Attained {
            sizes,
            common,
            above,
        },
    );
    let fixed = prop::sample::select(vec![0.0, 0.3, 0.5, 0.6, f64::from(0.6_f32), 0.7, 0.8, 1.0]);
    prop_oneof![
        3 => attained,
        1 => fixed.prop_map(Threshold::Any),
        1 => (0.2..1.0_f64).prop_map(Threshold::Any),
    ]
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
        texts in prop::collection::vec(text(), 0..70),
        probes in prop::collection::vec(text(), 0..20),
        metric in metric(),
        threshold in threshold(),
        combined in prop::option::of(1..5_usize),
        limit in prop::sample::select(vec![1, 50, usize::MAX]),
    ) {
        let similarity = SetSimilarity::of_metric(metric).unwrap();
        let at_least = threshold.of(similarity);
        let predicate = Predicate { metric, bound: Bound::AtLeast(at_least) };
        let texts = distinct(&texts);
        let build = build(predicate, Arc::clone(&texts));
        let index = Sets::index(&build, similarity, at_least).unwrap().with_combined(combined);
        prop_assert!(index.size() <= build.size());
        for (probes, self_join) in [(distinct(&probes), false), (texts, true)] {
            prop_assert_eq!(
                search(&index, &probes, self_join, limit),
                expected(&build, &probes, self_join)
            );
        }
    }
    #[test]
    fn sorted_words_find_what_the_function_finds(
        texts in prop::collection::vec(text(), 0..60),
        probes in prop::collection::vec(text(), 0..20),
        sizes in (1..20_usize, 1..20_usize),
        common in 1..20_usize,
        above in any::<bool>(),
        combined in prop::option::of(1..5_usize),
        limit in prop::sample::select(vec![1, 50, usize::MAX]),
    ) {
        let (left, right) = sizes;
        let attained = ratio(left + right - 2 * common.min(left).min(right), left + right);
        let at_least = if above { attained.next_up() } else { attained };
        let predicate = Predicate { metric: Metric::TokenSort, bound: Bound::AtLeast(at_least) };
        let texts = distinct(&texts);
        let build = build(predicate, Arc::clone(&texts));
        let index = TokenSort::index(&build, at_least).unwrap().unwrap().with_combined(combined);
        prop_assert!(index.size() <= build.size());
        for (probes, self_join) in [(distinct(&probes), false), (texts, true)] {
            prop_assert_eq!(
                search(&index, &probes, self_join, limit),
                expected(&build, &probes, self_join)
            );
        }
    }

    #[test]
    fn sets_of_words_find_what_the_function_finds(
        texts in prop::collection::vec(words(), 0..60),
        probes in prop::collection::vec(words(), 0..20),
        at_least in threshold_of_words(),
        limit in prop::sample::select(vec![1, 50, usize::MAX]),
    ) {
        let predicate = Predicate { metric: Metric::TokenSet, bound: Bound::AtLeast(at_least) };
        let texts = distinct(&texts);
        let build = build(predicate, Arc::clone(&texts));
        let index = TokenSet::index(&build, at_least).unwrap().unwrap();
        prop_assert!(index.size() <= build.size());
        for (probes, self_join) in [(distinct(&probes), false), (texts, true)] {
            prop_assert_eq!(
                search(&index, &probes, self_join, limit),
                expected(&build, &probes, self_join)
            );
        }
    }
}
