//! Similarities of sets of n-grams, by their definitions.

use std::collections::BTreeSet;

use super::*;

fn ngrams(text: &str, n: usize) -> BTreeSet<String> {
    let characters: Vec<char> = text.chars().collect();
    if characters.is_empty() {
        return BTreeSet::new();
    }
    let windows = characters.windows(n.min(characters.len()));
    windows.map(|window| window.iter().collect()).collect()
}

pub(super) fn slow(name: &str, left: &str, right: &str, n: usize) -> f64 {
    let (left, right) = (ngrams(left, n), ngrams(right, n));
    if left.is_empty() && right.is_empty() {
        return 1.0;
    }
    let common = left.intersection(&right).count() as f64;
    let either = left.union(&right).count() as f64;
    let (left, right) = (left.len() as f64, right.len() as f64);
    if left == 0.0 || right == 0.0 {
        return 0.0;
    }
    match name {
        "jaccard" => common / either,
        "sorensen_dice" => 2.0 * common / (left + right),
        "cosine" => common / (left * right).sqrt(),
        _ => common / left.min(right),
    }
}

pub(super) const NAMES: [(&str, usize); 4] = [
    ("jaccard", 1),
    ("sorensen_dice", 2),
    ("cosine", 2),
    ("overlap_coefficient", 2),
];

proptest! {
    #[test]
    fn equal_their_definitions((left, right) in texts(), n in 1..=6_usize) {
        for (name, default) in NAMES {
            let expected = slow(name, &left, &right, default);
            prop_assert_eq!(floats(name, &left, &right), [expected; 3], "{}", name);
            let expected = slow(name, &left, &right, n);
            for mut args in three_ways(&left, &right) {
                args.push(ColumnarValue::Scalar(ScalarValue::from(n as i32)));
                let similarity = call(name, args, 1).as_primitive::<Float64Type>().value(0);
                prop_assert_eq!(similarity, expected, "{} {}", name, n);
            }
        }
    }

    #[test]
    fn are_symmetric_and_between_0_and_1((left, right) in texts()) {
        for (name, _) in NAMES {
            let there = floats(name, &left, &right)[0];
            prop_assert_eq!(there, floats(name, &right, &left)[0], "{}", name);
            prop_assert!((0.0..=1.0).contains(&there), "{name} {there}");
            prop_assert_eq!(floats(name, &left, &left), [1.0; 3], "{}", name);
        }
    }
}

#[test]
fn each_row_may_have_its_own_n() {
    let text = |texts: [&str; 4]| ColumnarValue::Array(Arc::new(StringArray::from(texts.to_vec())));
    let n = ColumnarValue::Array(Arc::new(arrow::array::Int64Array::from(vec![
        Some(1),
        Some(2),
        None,
        Some(2),
    ])));
    let args = vec![text(["night"; 4]), text(["nacht"; 4]), n];
    let answer = call("sorensen_dice", args, 4);
    let answer: Vec<Option<f64>> = answer.as_primitive::<Float64Type>().iter().collect();
    assert_eq!(answer, [Some(0.6), Some(0.25), None, Some(0.25)]);
}

#[test]
fn an_n_out_of_range_is_an_error() {
    for n in [0, -1, 7, i64::MAX] {
        let text = || ColumnarValue::Scalar(ScalarValue::from("a"));
        let args = vec![text(), text(), ColumnarValue::Scalar(ScalarValue::from(n))];
        let message = try_call("jaccard", args, 1).unwrap_err().to_string();
        let expected = format!("jaccard: n-grams of {n} characters are not between 1 and 6 long");
        assert!(message.contains(&expected), "{message}");
    }
}
