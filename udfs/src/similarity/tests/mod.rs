//! The metrics against slow oracles.

mod batches;
mod bound_comparisons;
mod interrupted;
mod ngrams;
mod others;
mod ratios;
mod strips;

use std::sync::Arc;

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::{Float64Type, Int32Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use proptest::prelude::*;

use super::kernel::weighted::{Costs, distance as weighted_distance};
use crate::tests::{call, try_call};

/// The answer for one pair, pair by pair and with either side constant.
fn integers(name: &str, left: &str, right: &str) -> [i32; 3] {
    three_ways(left, right).map(|args| call(name, args, 1).as_primitive::<Int32Type>().value(0))
}

fn floats(name: &str, left: &str, right: &str) -> [f64; 3] {
    three_ways(left, right).map(|args| call(name, args, 1).as_primitive::<Float64Type>().value(0))
}

fn three_ways(left: &str, right: &str) -> [Vec<ColumnarValue>; 3] {
    let array = |text: &str| ColumnarValue::Array(Arc::new(StringArray::from(vec![text])));
    let scalar = |text: &str| ColumnarValue::Scalar(ScalarValue::from(text));
    [
        vec![array(left), array(right)],
        vec![scalar(left), array(right)],
        vec![array(left), scalar(right)],
    ]
}

/// Texts of few characters, ASCII or not, so that they share many, up to a length where words
/// are full and blocks begin.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab]{0,8}",
        "[abcd]{0,20}",
        "[a-e]{50,150}",
        "[abéß]{0,12}",
        "[aé日本𝒳]{0,10}",
        "[aéüö日本𝒳]{60,140}",
        "\\PC{0,70}",
    ]
}

/// Two texts, of which the second often is the first with a few edits.
fn texts() -> impl Strategy<Value = (String, String)> {
    let edited = (
        text(),
        any::<prop::sample::Index>(),
        "[abé]{0,2}",
        0_usize..3,
    )
        .prop_map(|(text, at, inserted, deleted)| {
            let characters: Vec<char> = text.chars().collect();
            let at = at.index(characters.len() + 1);
            let rest = characters.iter().skip(at + deleted);
            let edited = characters[..at].iter().copied().chain(inserted.chars());
            let edited = edited.chain(rest.copied()).collect();
            (text, edited)
        });
    prop_oneof![(text(), text()), edited]
}

/// The whole table, as the definition of PostgreSQL reads.
fn slow_weighted(source: &[char], target: &[char], costs: Costs) -> i64 {
    let (insert, delete) = (i64::from(costs.insert), i64::from(costs.delete));
    let mut table = vec![vec![0_i64; target.len() + 1]; source.len() + 1];
    for i in 0..=source.len() {
        for j in 0..=target.len() {
            table[i][j] = match (i, j) {
                (0, j) => j as i64 * insert,
                (i, 0) => i as i64 * delete,
                (i, j) => {
                    let equal = source[i - 1] == target[j - 1];
                    let replace = if equal {
                        0
                    } else {
                        i64::from(costs.substitute)
                    };
                    (table[i - 1][j - 1] + replace)
                        .min(table[i][j - 1] + insert)
                        .min(table[i - 1][j] + delete)
                }
            };
        }
    }
    table[source.len()][target.len()]
}

proptest! {
    #[test]
    fn levenshtein_equals_strsim((left, right) in texts()) {
        let expected = strsim::levenshtein(&left, &right) as i32;
        prop_assert_eq!(integers("levenshtein", &left, &right), [expected; 3]);
    }

    #[test]
    fn osa_distance_equals_strsim((left, right) in texts()) {
        let expected = strsim::osa_distance(&left, &right) as i32;
        prop_assert_eq!(integers("osa_distance", &left, &right), [expected; 3]);
    }

    #[test]
    fn damerau_levenshtein_equals_strsim((left, right) in texts()) {
        let expected = strsim::damerau_levenshtein(&left, &right) as i32;
        prop_assert_eq!(integers("damerau_levenshtein", &left, &right), [expected; 3]);
    }

    #[test]
    fn jaro_equals_strsim((left, right) in texts()) {
        let expected = strsim::jaro(&left, &right);
        for similarity in floats("jaro_similarity", &left, &right) {
            prop_assert!((similarity - expected).abs() < 1e-12, "{similarity} {expected}");
        }
    }

    #[test]
    fn jaro_winkler_equals_strsim((left, right) in texts()) {
        let expected = strsim::jaro_winkler(&left, &right);
        for similarity in floats("jaro_winkler_similarity", &left, &right) {
            prop_assert!((similarity - expected).abs() < 1e-12, "{similarity} {expected}");
        }
    }

    #[test]
    fn a_cutoff_only_cuts((left, right) in texts(), cutoff in 0.0..=1.0_f64) {
        for name in ["jaro_similarity", "jaro_winkler_similarity"] {
            let whole = floats(name, &left, &right)[0];
            for mut args in three_ways(&left, &right) {
                args.push(ColumnarValue::Scalar(ScalarValue::from(cutoff)));
                let cut = call(name, args, 1).as_primitive::<Float64Type>().value(0);
                prop_assert_eq!(cut, if whole < cutoff { 0.0 } else { whole });
            }
        }
    }

    #[test]
    fn weighted_levenshtein_equals_the_whole_table(
        (left, right) in texts(),
        insert in -2..5_i32,
        delete in -2..5_i32,
        substitute in -2..5_i32,
        max in -1..20_i32,
    ) {
        let costs = Costs { insert, delete, substitute };
        let source: Vec<char> = left.chars().collect();
        let target: Vec<char> = right.chars().collect();
        let expected = slow_weighted(&source, &target, costs);
        let mut row = Vec::new();
        prop_assert_eq!(weighted_distance(&source, &target, costs, &mut row), expected);
        for mut args in three_ways(&left, &right) {
            for cost in [insert, delete, substitute] {
                args.push(ColumnarValue::Scalar(ScalarValue::from(i64::from(cost))));
            }
            let answer = call("levenshtein", args.clone(), 1);
            prop_assert_eq!(i64::from(answer.as_primitive::<Int32Type>().value(0)), expected);
            args.push(ColumnarValue::Scalar(ScalarValue::from(max)));
            let answer = call("levenshtein_less_equal", args, 1);
            let expected = if max < 0 { expected } else { expected.min(i64::from(max) + 1) };
            prop_assert_eq!(i64::from(answer.as_primitive::<Int32Type>().value(0)), expected);
        }
    }
}

#[test]
fn known_values() {
    assert_eq!(integers("levenshtein", "", "日本"), [2; 3]);
    assert_eq!(integers("damerau_levenshtein", "ca", "abc"), [2; 3]);
    assert_eq!(floats("jaro_similarity", "", ""), [1.0; 3]);
    assert_eq!(floats("jaro_similarity", "", "a"), [0.0; 3]);
    assert_eq!(floats("jaro_winkler_similarity", "Zoë", "Zoë"), [1.0; 3]);
}

#[test]
fn a_null_gives_null() {
    let null = || ColumnarValue::Scalar(ScalarValue::Utf8(None));
    let text = || ColumnarValue::Scalar(ScalarValue::from("a"));
    let cutoff = ColumnarValue::Scalar(ScalarValue::Float64(None));
    for name in ["levenshtein", "damerau_levenshtein", "jaro_similarity"] {
        assert!(call(name, vec![null(), text()], 1).is_null(0), "{name}");
        assert!(call(name, vec![text(), null()], 1).is_null(0), "{name}");
    }
    assert!(call("jaro_similarity", vec![text(), text(), cutoff], 1).is_null(0));
}

#[test]
fn a_cost_out_of_range_is_an_error() {
    let cost = ColumnarValue::Scalar(ScalarValue::from(i32::MAX));
    let free = ColumnarValue::Scalar(ScalarValue::from(0));
    let text = |text: &str| ColumnarValue::Scalar(ScalarValue::from(text));
    let args = vec![text(""), text("ab"), cost, free.clone(), free];
    let result = try_call("levenshtein", args, 1);
    let message = result.unwrap_err().to_string();
    assert!(message.contains("out of range for an integer"), "{message}");
}
