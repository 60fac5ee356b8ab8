//! What a model is learned from.

use std::collections::HashSet;

use super::super::choice::{candidates, sample_size, to_learn_from};
use super::super::learning_pairs::LearningPairs;
use super::super::training::comparisons;
use super::super::word_weights::WordCounts;
use super::people::{options, people, records};

/// However many records there are, several are seen of a block that is as large as one may be:
/// otherwise every rule seems to cost nothing, and those that find the fewest matches are taken.
#[test]
fn costs_are_estimated_from_blocks_that_are_seen() {
    for records in [100, 50_000, 2_000_000, 40_000_000, 1_000_000_000] {
        let seen = sample_size(records, 240).min(records);
        assert!(seen * 240 >= records * 5, "{seen} of {records}");
    }
}

/// The pairs to learn from weigh as much as the pairs of the table that they stand for.
#[test]
fn pairs_to_learn_from_stand_for_all_pairs() {
    let made = people(900, 21);
    let options = options(&[]);
    let records = records(&made, &options);
    let words: Vec<WordCounts> = records.features().iter().map(WordCounts::of).collect();
    let comparisons = comparisons(&records, &options).unwrap();
    let candidates = candidates(&records, &comparisons, &words, &options, 60).unwrap();
    let strata = to_learn_from(&candidates, &records, 5.0, 28);
    let pairs = LearningPairs::of_blocks(&records, &options, &words, &strata).unwrap();
    let each: HashSet<&(u32, u32)> = pairs.pairs[..pairs.candidates].iter().collect();
    assert_eq!(each.len(), pairs.candidates);
    let all = |left: u32| (0..records.len() as u32).map(move |right| (left, right));
    for features in [
        &[][..],
        &[0],
        &[1],
        &[5],
        &[6],
        &[0, 1],
        &[1, 6],
        &[0, 5, 6],
    ] {
        let agree = |(left, right): &(u32, u32)| {
            let (left_row, right_row) = (records.row(*left), records.row(*right));
            let same = |at: &usize| {
                !left_row[*at].is_missing() && left_row[*at].code == right_row[*at].code
            };
            left != right && features.iter().all(same)
        };
        let weights = pairs.pairs.iter().zip(&pairs.weights);
        let estimated: f64 = weights
            .filter(|(pair, _)| agree(pair))
            .map(|(_, weight)| weight)
            .sum();
        let counted = (0..records.len() as u32)
            .flat_map(all)
            .filter(agree)
            .count() as f64;
        assert!(
            (estimated / counted - 1.0).abs() < 0.05,
            "{features:?}: {estimated} for {counted}"
        );
    }
}
