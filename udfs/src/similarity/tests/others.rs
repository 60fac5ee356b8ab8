//! Functions that need no kernel of their own, and the names of other databases.

use super::*;

fn number<T: arrow::datatypes::ArrowPrimitiveType>(
    name: &str,
    texts: [&str; 2],
) -> Option<T::Native> {
    let args = texts.map(|text| ColumnarValue::Scalar(ScalarValue::from(text)));
    let answer = call(name, args.to_vec(), 1);
    let answer = answer.as_primitive::<T>();
    answer.is_valid(0).then(|| answer.value(0))
}

proptest! {
    #[test]
    fn hamming_equals_strsim((left, right) in texts()) {
        let expected = strsim::hamming(&left, &right).ok().map(|distance| distance as i32);
        prop_assert_eq!(number::<Int32Type>("hamming", [&left, &right]), expected);
    }

    #[test]
    fn monge_elkan_equals_its_definition(
        left in "([abé]{1,4} ?){0,4}",
        right in "([abé]{1,4} ?){0,4}",
    ) {
        let best = |word: &str| {
            let others = right.split_whitespace();
            others.map(|other| strsim::jaro_winkler(word, other)).fold(0.0, f64::max)
        };
        let words: Vec<f64> = left.split_whitespace().map(best).collect();
        let expected = match (words.is_empty(), right.trim().is_empty()) {
            (true, true) => 1.0,
            (true, false) => 0.0,
            _ => words.iter().sum::<f64>() / words.len() as f64,
        };
        let similarity = number::<Float64Type>("monge_elkan", [&left, &right]).unwrap();
        prop_assert!((similarity - expected).abs() < 1e-12, "{similarity} {expected}");
    }

    #[test]
    fn a_distance_of_jaro_winkler_is_what_is_missing_to_1((left, right) in texts()) {
        let distances = floats("jaro_winkler_distance", &left, &right);
        let similarities = floats("jaro_winkler_similarity", &left, &right);
        prop_assert_eq!(distances, similarities.map(|similarity| 1.0 - similarity));
    }

    #[test]
    fn edit_distance_is_capped((left, right) in texts(), max in 0..9_i64) {
        let expected = (strsim::levenshtein(&left, &right) as i64).min(max);
        for mut args in three_ways(&left, &right) {
            args.push(ColumnarValue::Scalar(ScalarValue::from(max)));
            let answer = call("edit_distance", args, 1);
            prop_assert_eq!(i64::from(answer.as_primitive::<Int32Type>().value(0)), expected);
        }
    }

    #[test]
    fn the_triangle_inequality_holds_for_metrics(a in "[abé]{0,7}", b in "[abé]{0,7}", c in "[abé]{0,7}") {
        for name in ["levenshtein", "damerau_levenshtein"] {
            let distance = |left: &str, right: &str| integers(name, left, right)[0];
            prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c), "{}", name);
            prop_assert_eq!(distance(&a, &b), distance(&b, &a), "{}", name);
            prop_assert_eq!(distance(&a, &b) == 0, a == b, "{}", name);
        }
    }
}

/// A map from words to weights, one in all rows.
fn weights(of: &[(&str, f64)]) -> ColumnarValue {
    use arrow::array::{Float64Builder, MapBuilder, StringBuilder};
    let mut builder = MapBuilder::new(None, StringBuilder::new(), Float64Builder::new());
    for (word, weight) in of {
        builder.keys().append_value(word);
        builder.values().append_value(*weight);
    }
    builder.append(true).unwrap();
    let map = ScalarValue::try_from_array(&builder.finish(), 0).unwrap();
    ColumnarValue::Scalar(map)
}

/// The weight of words that are not in the table is the heaviest.
const WEIGHTS: [(&str, f64); 3] = [("a", 0.5), ("b", 2.0), ("c", 0.0)];

fn slow_tfidf(left: &str, right: &str) -> f64 {
    let weight = |word: &str| {
        let found = WEIGHTS.iter().find(|(of, _)| *of == word);
        found.map_or(2.0, |(_, weight)| *weight)
    };
    let count =
        |text: &str, word: &str| text.split_whitespace().filter(|of| *of == word).count() as f64;
    let part = |text: &str, word: &str| count(text, word) * weight(word);
    let vocabulary = ["a", "b", "c", "d", "é"];
    let dot = |left: &str, right: &str| {
        let products = vocabulary
            .iter()
            .map(|word| part(left, word) * part(right, word));
        products.sum::<f64>()
    };
    let lengths = (dot(left, left), dot(right, right));
    if lengths.0 == 0.0 || lengths.1 == 0.0 {
        return if lengths.0 == lengths.1 { 1.0 } else { 0.0 };
    }
    dot(left, right) / (lengths.0 * lengths.1).sqrt()
}

proptest! {
    #[test]
    fn tfidf_cosine_equals_its_definition(left in "([abcdé] ){0,6}", right in "([abcdé] ){0,6}") {
        let expected = slow_tfidf(&left, &right);
        for mut args in three_ways(&left, &right) {
            args.push(weights(&WEIGHTS));
            let similarity = call("tfidf_cosine", args, 1).as_primitive::<Float64Type>().value(0);
            prop_assert!((similarity - expected).abs() < 1e-9, "{similarity} {expected}");
            prop_assert!((0.0..=1.0).contains(&similarity));
        }
    }
}

#[test]
fn a_weight_that_is_none_is_an_error() {
    for weight in [-1.0, f64::NAN, f64::INFINITY] {
        let text = || ColumnarValue::Scalar(ScalarValue::from("a"));
        let args = vec![text(), text(), weights(&[("a", weight)])];
        let message = try_call("tfidf_cosine", args, 1).unwrap_err().to_string();
        assert!(
            message.contains("of \"a\" is negative or not finite"),
            "{message}"
        );
    }
}

/// What Snowflake's and SQL Server's own documentation shows.
#[test]
fn equal_the_examples_of_their_homes() {
    for (left, right, expected) in [
        ("", "", 0),
        ("Gute nacht", "Ich weis nicht", 56),
        ("Snowflake", "Oracle", 61),
        ("święta", "swieta", 77),
        ("MARTHA", "martha", 100),
    ] {
        let given = number::<Int32Type>("jarowinkler_similarity", [left, right]);
        assert_eq!(given, Some(expected), "{left} {right}");
    }
    let distance = number::<Float64Type>("jaro_winkler_distance", ["Colour", "Color"]).unwrap();
    assert!(
        (distance - 0.033_333_333_333_333_3).abs() < 1e-12,
        "{distance}"
    );
    for (left, right, expected) in [("", "", 100), ("a", "", 0), ("Colour", "Color", 83)] {
        let given = number::<Int32Type>("edit_distance_similarity", [left, right]);
        assert_eq!(given, Some(expected), "{left} {right}");
    }
}

#[test]
fn a_negative_cap_is_an_error() {
    let text = || ColumnarValue::Scalar(ScalarValue::from("a"));
    let args = vec![text(), text(), ColumnarValue::Scalar(ScalarValue::from(-1))];
    let message = try_call("edit_distance", args, 1).unwrap_err().to_string();
    assert!(
        message.contains("the greatest distance -1 is negative"),
        "{message}"
    );
}
