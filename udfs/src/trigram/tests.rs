//! The kernels against plain implementations, and the operators.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::datatypes::{Float32Type, Int64Type};
use datafusion::logical_expr::ColumnarValue;
use datafusion::prelude::{SessionConfig, SessionContext};
use proptest::prelude::*;

use super::TrigramThresholds;
use super::extent::{Bounds, Finder};
use super::overlap::{Counter, Overlap};
use crate::interrupt::Interrupt;
use crate::tests::call;

/// The trigrams of the words of a text, as texts.
fn plain_trigrams(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|character: char| !character.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .flat_map(|word| {
            let padded: Vec<char> = format!("  {word} ").chars().collect();
            let windows = padded.windows(3).map(|window| window.iter().collect());
            windows.collect::<Vec<String>>()
        })
        .collect()
}

fn plain_overlap(left: &str, right: &str) -> Overlap {
    let left: HashSet<_> = plain_trigrams(left).into_iter().collect();
    let right: HashSet<_> = plain_trigrams(right).into_iter().collect();
    Overlap {
        left: left.len() as u32,
        right: right.len() as u32,
        both: left.intersection(&right).count() as u32,
    }
}

/// Words of few letters, so that trigrams repeat, with and without what is not ASCII.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[abAB1 ,]{0,12}",
        "[a-eA-E _-]{0,60}",
        "[abäÖ ,]{0,12}",
        "[a-cя東 ]{0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn many_pairs_are_answered_as_one(pairs in prop::collection::vec((texts(), texts()), 1..100)) {
        let column = |texts: Vec<&str>| -> ArrayRef { Arc::new(StringArray::from(texts)) };
        let lefts = column(pairs.iter().map(|(left, _)| left.as_str()).collect());
        let rights = column(pairs.iter().map(|(_, right)| right.as_str()).collect());
        let answers = |name| {
            let args = [&lefts, &rights].map(|side| ColumnarValue::Array(Arc::clone(side)));
            call(name, args.to_vec(), pairs.len())
        };
        let [similarity, word, strict] =
            ["similarity", "word_similarity", "strict_word_similarity"].map(answers);
        let mut finder = Finder::default();
        for (row, (left, right)) in pairs.iter().enumerate() {
            let expected = Counter::default().count(left, right).similarity();
            prop_assert_eq!(similarity.as_primitive::<Float32Type>().value(row), expected);
            finder.prepare(left);
            for (answer, bounds) in [(&word, Bounds::Trigrams), (&strict, Bounds::Words)] {
                let expected = finder.find(right, bounds, f64::INFINITY);
                let given = answer.as_primitive::<Float32Type>().value(row);
                prop_assert_eq!(given, expected, "{:?} {:?} {:?}", bounds, left, right);
            }
        }
    }
}

proptest! {
    #[test]
    fn overlaps_equal_those_of_sets(pairs in prop::collection::vec((texts(), texts()), 1..20)) {
        let mut counter = Counter::default();
        for (left, right) in pairs {
            let expected = plain_overlap(&left, &right);
            prop_assert_eq!(counter.count(&left, &right), expected);
            counter.prepare(&left);
            prop_assert_eq!(counter.count_prepared(&right), expected);
            prop_assert_eq!(counter.count_prepared(&right), expected);
        }
    }

    /// Text that is not ASCII takes another way to the same answer.
    #[test]
    fn extents_do_not_depend_on_the_way(pattern in "[abAB1 ,]{0,8}", text in "[abAB1 ,]{0,40}") {
        let mut finder = Finder::default();
        for bounds in [Bounds::Trigrams, Bounds::Words] {
            finder.prepare(&pattern);
            let found = finder.find(&text, bounds, f64::INFINITY);
            prop_assert_eq!(finder.find(&format!("{text} —"), bounds, f64::INFINITY), found);
            prop_assert!((0.0..=1.0).contains(&found));
            for threshold in [0.2, 0.5, 0.8] {
                let alike = f64::from(finder.find(&text, bounds, threshold)) >= threshold;
                prop_assert_eq!(alike, f64::from(found) >= threshold);
            }
            finder.prepare(&format!("{pattern} —"));
            prop_assert_eq!(finder.find(&text, bounds, f64::INFINITY), found);
        }
    }

    #[test]
    fn a_part_is_at_least_as_alike_as_words(pattern in texts(), text in texts()) {
        let mut finder = Finder::default();
        finder.prepare(&text);
        let whole = finder.find(&text, Bounds::Words, f64::INFINITY);
        prop_assert_eq!(whole, if plain_trigrams(&text).is_empty() { 0.0 } else { 1.0 });
        finder.prepare(&pattern);
        let words = finder.find(&text, Bounds::Words, f64::INFINITY);
        let mut counter = Counter::default();
        // Words of the text may be all of it.
        prop_assert!(words >= counter.count(&pattern, &text).similarity());
    }
}

async fn number(context: &SessionContext, expression: &str) -> f32 {
    let frame = context.sql(&format!("SELECT {expression}")).await.unwrap();
    let batches = frame.collect().await.unwrap();
    let column = batches[0].column(0);
    match column.as_primitive_opt::<Float32Type>() {
        Some(number) => number.value(0),
        None => f32::from(u8::from(column.as_boolean().value(0))),
    }
}

#[tokio::test]
async fn operators_are_functions() {
    let config = SessionConfig::new()
        .set_str("datafusion.sql_parser.dialect", "PostgreSQL")
        .with_option_extension(TrigramThresholds::default());
    let mut context = SessionContext::new_with_config(config);
    crate::register_all(&mut context).unwrap();
    let cases = [
        ("'word' % 'two words'", 1.0),
        ("'word' % 'sentence'", 0.0),
        ("'word' <% 'two words'", 1.0),
        ("'two words' %> 'word'", 1.0),
        ("'words' <<% 'two words'", 1.0),
        ("'two words' %>> 'words'", 1.0),
        ("'word' <-> 'two words'", 0.6363636),
        ("'word' <<-> 'two words'", 0.19999999),
        ("'two words' <->> 'word'", 0.19999999),
        ("'word' <<<-> 'two words'", 0.4285714),
        ("'two words' <->>> 'word'", 0.4285714),
    ];
    for (expression, expected) in cases {
        assert_eq!(number(&context, expression).await, expected, "{expression}");
    }
    let remainder = context.sql("SELECT 7 % 4").await.unwrap();
    let batches = remainder.collect().await.unwrap();
    assert_eq!(batches[0].column(0).as_primitive::<Int64Type>().value(0), 3);
    context
        .sql("SET pg_trgm.similarity_threshold = 0.9")
        .await
        .unwrap();
    assert_eq!(number(&context, "'word' % 'two words'").await, 0.0);
    assert_eq!(number(&context, "show_limit()").await, 0.9);
}

/// Each part of the text is as like the pattern as all of it, so that no beginning is given up.
#[test]
fn the_search_of_a_long_text_ends_when_it_is_interrupted() {
    let text = "abc ".repeat(2_000_000);
    let interrupt = Interrupt::default();
    interrupt.raise();
    for (pattern, bounds) in [("abc", Bounds::Trigrams), ("abc def", Bounds::Words)] {
        let mut finder = Finder::default();
        finder.prepare(pattern);
        let found = interrupt.within(|| finder.find(&text, bounds, f64::INFINITY));
        assert!(found <= 1.0, "{pattern}");
    }
}
