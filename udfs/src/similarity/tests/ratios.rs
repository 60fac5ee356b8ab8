//! Ratios, by their definitions.

use std::collections::BTreeSet;

use super::*;

/// The length of the longest common subsequence, over the whole table.
fn common(left: &[char], right: &[char]) -> usize {
    let mut table = vec![vec![0; right.len() + 1]; left.len() + 1];
    for i in 0..left.len() {
        for j in 0..right.len() {
            table[i + 1][j + 1] = if left[i] == right[j] {
                table[i][j] + 1
            } else {
                table[i][j + 1].max(table[i + 1][j])
            };
        }
    }
    table[left.len()][right.len()]
}

fn slow_ratio(left: &[char], right: &[char]) -> f64 {
    let lengths = left.len() + right.len();
    if lengths == 0 {
        return 100.0;
    }
    100.0 * (2 * common(left, right)) as f64 / lengths as f64
}

fn characters(text: &str) -> Vec<char> {
    text.chars().collect()
}

pub(super) fn slow_lcs_similarity(left: &str, right: &str) -> f64 {
    let (left, right) = (characters(left), characters(right));
    match left.len().max(right.len()) {
        0 => 1.0,
        longer => common(&left, &right) as f64 / longer as f64,
    }
}

fn slow_partial(left: &str, right: &str) -> f64 {
    let (left, right) = (characters(left), characters(right));
    let (short, long) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    let one_way = |short: &[char], long: &[char]| {
        let mut best = slow_ratio(short, &[]);
        for length in 1..=short.len() {
            let starts: Vec<usize> = if length == short.len() {
                (0..=long.len() - length).collect()
            } else {
                vec![0, long.len() - length]
            };
            for start in starts {
                best = best.max(slow_ratio(short, &long[start..start + length]));
            }
        }
        best
    };
    if short.is_empty() {
        return if long.is_empty() { 100.0 } else { 0.0 };
    }
    let best = one_way(&short, &long);
    if short.len() == long.len() {
        return best.max(one_way(&long, &short));
    }
    best
}

fn join<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<char> {
    characters(&words.into_iter().collect::<Vec<_>>().join(" "))
}

fn slow_sorted(left: &str, right: &str) -> f64 {
    let sorted = |text: &str| {
        let mut words: Vec<String> = text.split_whitespace().map(String::from).collect();
        words.sort();
        join(words.iter().map(String::as_str))
    };
    slow_ratio(&sorted(left), &sorted(right))
}

fn slow_set(left: &str, right: &str) -> f64 {
    let left: BTreeSet<&str> = left.split_whitespace().collect();
    let right: BTreeSet<&str> = right.split_whitespace().collect();
    if left.is_empty() || right.is_empty() {
        return 0.0;
    }
    let both: Vec<&str> = left.intersection(&right).copied().collect();
    let and = |rest: Vec<&str>| join(both.iter().copied().chain(rest));
    let left_rest = and(left.difference(&right).copied().collect());
    let right_rest = and(right.difference(&left).copied().collect());
    let both = join(both.iter().copied());
    let whole = slow_ratio(&left_rest, &right_rest);
    if both.is_empty() {
        return whole;
    }
    whole
        .max(slow_ratio(&both, &left_rest))
        .max(slow_ratio(&both, &right_rest))
}

/// Texts of words, of which the second often has words of the first in another order.
fn sentences() -> impl Strategy<Value = (String, String)> {
    let word = || prop_oneof!["[ab]{1,3}", "[aé日𝒳]{1,4}", "[a-e]{20,40}", "a{7,9}[ab]?"];
    let words = || prop::collection::vec(word(), 0..6);
    let shuffled = words().prop_flat_map(move |words| {
        let joined = words.join(" ");
        (Just(joined), Just(words).prop_shuffle(), word())
    });
    let shuffled = shuffled.prop_map(|(joined, mut words, more)| {
        words.push(more);
        (joined, words.join("\t "))
    });
    prop_oneof![
        (words(), words()).prop_map(|(left, right)| (left.join(" "), right.join(" "))),
        shuffled,
        texts(),
    ]
}

fn near(name: &str, left: &str, right: &str, expected: f64) -> Result<(), TestCaseError> {
    for similarity in floats(name, left, right) {
        let apart = (similarity - expected).abs();
        prop_assert!(
            apart < 1e-9,
            "{name} {left:?} {right:?}: {similarity} {expected}"
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn many_pairs_of_words_are_answered_as_one(pairs in prop::collection::vec(sentences(), 1..40)) {
        let left = StringArray::from_iter_values(pairs.iter().map(|(left, _)| left));
        let right = StringArray::from_iter_values(pairs.iter().map(|(_, right)| right));
        let array = |texts: &StringArray| ColumnarValue::Array(Arc::new(texts.clone()));
        for name in ["token_sort_ratio", "token_set_ratio"] {
            let answers = call(name, vec![array(&left), array(&right)], pairs.len());
            let answers = answers.as_primitive::<Float64Type>().values();
            for ((left, right), answer) in pairs.iter().zip(answers) {
                prop_assert_eq!(*answer, floats(name, left, right)[0]);
            }
        }
    }

    #[test]
    fn equal_their_definitions((left, right) in sentences()) {
        near("partial_ratio", &left, &right, slow_partial(&left, &right))?;
        near("token_sort_ratio", &left, &right, slow_sorted(&left, &right))?;
        near("token_set_ratio", &left, &right, slow_set(&left, &right))?;
        let expected = slow_lcs_similarity(&left, &right);
        near("lcs_similarity", &left, &right, expected)?;
    }

    #[test]
    fn are_symmetric_and_between_0_and_100((left, right) in sentences()) {
        for name in ["partial_ratio", "token_sort_ratio", "token_set_ratio"] {
            let there = floats(name, &left, &right)[0];
            prop_assert_eq!(there, floats(name, &right, &left)[0], "{}", name);
            prop_assert!((0.0..=100.0).contains(&there), "{name} {there}");
        }
    }
}

/// What RapidFuzz 3.14 gives.
#[test]
fn equal_rapidfuzz() {
    let cases = [
        ("token_sort_ratio", "", "", 100.0),
        ("token_set_ratio", "", "", 0.0),
        ("partial_ratio", "", "", 100.0),
        ("partial_ratio", "", "a", 0.0),
        (
            "token_set_ratio",
            "new york mets",
            "new york yankees",
            76.19047619047619,
        ),
        (
            "token_sort_ratio",
            "fuzzy wuzzy was a bear",
            "wuzzy fuzzy was a bear",
            100.0,
        ),
        (
            "token_sort_ratio",
            "new york mets",
            "new york yankees",
            62.06896551724138,
        ),
        ("partial_ratio", "this is a test", "this is a test!", 100.0),
    ];
    for (name, left, right, expected) in cases {
        for similarity in floats(name, left, right) {
            assert!(
                (similarity - expected).abs() < 1e-9,
                "{name} {left}: {similarity}"
            );
        }
    }
}
