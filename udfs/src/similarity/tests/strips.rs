//! Patterns that are longer than a strip, against tables that are filled cell by cell.

use proptest::prelude::*;

use crate::similarity::kernel::block_masks::STRIP;
use crate::similarity::kernel::edit::{Prepared, Scratch};
use crate::similarity::kernel::subsequence::{self, ratio};

/// Texts of up to some strips, of few characters, so that they have much in common.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{0,500}", "[a-e]{100,500}", "[abé日]{0,400}"]
}

/// The length of the longest common subsequence of two texts.
fn common(left: &[char], right: &[char]) -> usize {
    let mut row = vec![0; right.len() + 1];
    for character in left {
        let mut diagonal = 0;
        for (place, other) in right.iter().enumerate() {
            let above = row[place + 1];
            row[place + 1] = if character == other {
                diagonal + 1
            } else {
                above.max(row[place])
            };
            diagonal = above;
        }
    }
    row[right.len()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn strips_count_as_the_whole_table(left in text(), right in text()) {
        let (lefts, rights): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
        let levenshtein = strsim::levenshtein(&left, &right);
        prop_assert_eq!(Scratch::<false>::default().distance(&lefts, &rights), levenshtein);
        prop_assert_eq!(Prepared::<false>::new(&left).distance(&right), levenshtein);
        let alignment = strsim::osa_distance(&left, &right);
        prop_assert_eq!(Scratch::<true>::default().distance(&lefts, &rights), alignment);
        prop_assert_eq!(Prepared::<true>::new(&left).distance(&right), alignment);
        let length = subsequence::Scratch::default().length(&lefts, &rights);
        prop_assert_eq!(length, common(&lefts, &rights));
    }

    #[test]
    fn parts_of_a_text_are_found_by_strips(
        pattern in prop::collection::vec(prop::sample::select(vec!['a', 'b', 'c']), STRIP + 1..STRIP + 40),
        text in prop::collection::vec(prop::sample::select(vec!['a', 'b', 'c']), STRIP + 41..2 * STRIP),
    ) {
        let parts = (1..pattern.len()).flat_map(|length| [&text[..length], &text[text.len() - length..]]);
        let parts = parts.chain(text.windows(pattern.len()));
        let best = parts
            .map(|part| {
                let lengths = pattern.len() + part.len();
                ratio(lengths - 2 * common(&pattern, part), lengths)
            })
            .fold(0.0, f64::max);
        prop_assert_eq!(subsequence::Scratch::default().partial_ratio(&pattern, &text), best);
    }
}
