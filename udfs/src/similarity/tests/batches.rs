//! Many pairs at once, which are computed in groups, against slow oracles for one pair.

use super::*;

type Pairs = Vec<(Option<String>, Option<String>)>;

/// Pairs of short and long texts, ASCII or not, some of them NULL.
fn pairs() -> impl Strategy<Value = Pairs> {
    let short = || prop_oneof!["[ab]{0,8}", "[a-d]{0,20}", "[abéß日]{0,12}", "[ab𝒳]{0,5}"];
    let longer = prop_oneof!["[abc]{10,40}", "[abé日]{10,40}", "[a-e]{60,90}"];
    let text = || prop_oneof![4 => short(), 1 => longer.clone()];
    let option = || prop::option::weighted(0.9, text());
    let near = texts().prop_map(|(left, right)| (Some(left), Some(right)));
    let pair = prop_oneof![(option(), option()), near];
    prop::collection::vec(pair, 0..100)
}

/// Pairs of short texts of ASCII and now and then a long one, none of them NULL: these are taken as
/// they come where only what is near counts.
fn plain_pairs() -> impl Strategy<Value = Pairs> {
    let text = || prop_oneof![12 => "[abc]{0,9}", 12 => "[a-d]{5,14}", 1 => "[a-e]{30,90}"];
    let slips = prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize), 0..4);
    let near = (text(), slips).prop_map(|(left, slips)| {
        let mut right: Vec<char> = left.chars().collect();
        for (place, kind) in slips {
            let at = place.index(right.len() + 1);
            match kind {
                0 => right.insert(at, 'a'),
                1 if at + 1 < right.len() => right.swap(at, at + 1),
                _ if at == right.len() => {}
                2 => right[at] = 'b',
                _ => drop(right.remove(at)),
            }
        }
        (Some(left), Some(right.into_iter().collect()))
    });
    let apart = (text(), text()).prop_map(|(left, right)| (Some(left), Some(right)));
    prop::collection::vec(prop_oneof![near, apart], 0..200)
}

/// The answers of a function for both columns, in several encodings.
fn answers(name: &str, pairs: &Pairs, more: Option<ScalarValue>) -> Vec<arrow::array::ArrayRef> {
    use arrow::datatypes::DataType;
    let left = StringArray::from_iter(pairs.iter().map(|(left, _)| left.as_deref()));
    let right = StringArray::from_iter(pairs.iter().map(|(_, right)| right.as_deref()));
    let dictionary = DataType::Dictionary(DataType::UInt16.into(), DataType::Utf8View.into());
    let encodings = [
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        dictionary,
    ];
    let cast = |array: &StringArray, encoding: &DataType| {
        ColumnarValue::Array(arrow::compute::cast(array, encoding).unwrap())
    };
    let mut answers = Vec::new();
    for encoding in &encodings {
        let mut args = vec![cast(&left, encoding), cast(&right, encoding)];
        args.extend(more.clone().map(ColumnarValue::Scalar));
        answers.push(call(name, args, pairs.len()));
    }
    answers
}

fn expect<T: PartialEq + std::fmt::Debug>(
    name: &str,
    pairs: &Pairs,
    given: impl IntoIterator<Item = Option<T>>,
    oracle: impl Fn(&str, &str) -> T,
) -> Result<(), TestCaseError> {
    for ((left, right), given) in pairs.iter().zip(given) {
        let expected = match (left, right) {
            (Some(left), Some(right)) => Some(oracle(left, right)),
            _ => None,
        };
        prop_assert_eq!(given, expected, "{} {:?} {:?}", name, left, right);
    }
    Ok(())
}

type Oracle = fn(&str, &str) -> usize;
type Similarity = fn(&str, &str) -> f64;

const DISTANCES: [(&str, &str, Oracle); 3] = [
    ("levenshtein", "levenshtein_less_equal", strsim::levenshtein),
    ("osa_distance", "osa_distance", strsim::osa_distance),
    (
        "damerau_levenshtein",
        "damerau_levenshtein",
        strsim::damerau_levenshtein,
    ),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn distances_equal_strsim(pairs in pairs()) {
        for (name, _, oracle) in DISTANCES {
            for answer in answers(name, &pairs, None) {
                let given = answer.as_primitive::<Int32Type>().iter();
                expect(name, &pairs, given, |left, right| oracle(left, right) as i32)?;
            }
        }
    }

    #[test]
    fn a_constant_answers_as_a_column_of_it(pairs in pairs(), text in text()) {
        let names = ["levenshtein", "damerau_levenshtein", "jaro_similarity", "lcs_similarity"];
        let rights = StringArray::from_iter(pairs.iter().map(|(_, right)| right.as_deref()));
        let lefts = StringArray::from_iter_values(pairs.iter().map(|_| &text));
        let array = |texts: &StringArray| ColumnarValue::Array(Arc::new(texts.clone()));
        let constant = ColumnarValue::Scalar(ScalarValue::from(text.as_str()));
        for name in names {
            let whole = call(name, vec![array(&lefts), array(&rights)], pairs.len());
            for args in [
                vec![constant.clone(), array(&rights)],
                vec![array(&rights), constant.clone()],
            ] {
                prop_assert_eq!(&call(name, args, pairs.len()), &whole);
            }
        }
    }

    #[test]
    fn hamming_equals_strsim(pairs in pairs(), changed in "[ab]{0,20}") {
        let mut pairs = pairs;
        let reversed: String = changed.chars().rev().collect();
        pairs.push((Some(changed), Some(reversed)));
        for answer in answers("hamming", &pairs, None) {
            let answer = answer.as_primitive::<Int32Type>();
            for ((left, right), given) in pairs.iter().zip(answer.iter()) {
                let expected = left.as_ref().zip(right.as_ref());
                let expected = expected.and_then(|(left, right)| strsim::hamming(left, right).ok());
                prop_assert_eq!(given, expected.map(|distance| distance as i32));
            }
        }
    }

    #[test]
    fn a_bound_only_cuts(
        pairs in prop_oneof![pairs(), plain_pairs()],
        max in prop_oneof![-1..12_i64, 0..5_i64],
    ) {
        for (_, name, oracle) in DISTANCES {
            for answer in answers(name, &pairs, Some(ScalarValue::from(max))) {
                let given = answer.as_primitive::<Int32Type>().iter();
                expect(name, &pairs, given, |left, right| {
                    let distance = oracle(left, right) as i32;
                    if max < 0 { distance } else { distance.min(max as i32 + 1) }
                })?;
            }
        }
    }

    #[test]
    fn jaro_equals_strsim_and_cuts(pairs in pairs(), cutoff in prop_oneof![Just(0.0), 0.0..=1.0_f64]) {
        let oracles: [(&str, Similarity); 2] = [
            ("jaro_similarity", strsim::jaro),
            ("jaro_winkler_similarity", strsim::jaro_winkler),
        ];
        for (name, oracle) in oracles {
            let whole = answers(name, &pairs, None);
            for answer in &whole {
                let given = answer.as_primitive::<Float64Type>().iter();
                let given = given.map(|given| given.map(|given| (given * 1e9).round()));
                expect(name, &pairs, given, |left, right| (oracle(left, right) * 1e9).round())?;
            }
            let cut = answers(name, &pairs, Some(ScalarValue::from(cutoff)));
            for (whole, cut) in whole.iter().zip(&cut) {
                let whole = whole.as_primitive::<Float64Type>().iter();
                let expected = whole.map(|similarity| {
                    similarity.map(|similarity| if similarity < cutoff { 0.0 } else { similarity })
                });
                prop_assert!(cut.as_primitive::<Float64Type>().iter().eq(expected));
            }
        }
    }

    #[test]
    fn the_longest_common_subsequence_equals_its_definition(pairs in pairs()) {
        for answer in answers("lcs_similarity", &pairs, None) {
            let given = answer.as_primitive::<Float64Type>().iter();
            expect("lcs_similarity", &pairs, given, ratios::slow_lcs_similarity)?;
        }
    }

    #[test]
    fn sets_of_ngrams_equal_their_definitions(pairs in pairs(), n in 1..=6_usize) {
        for (name, _) in ngrams::NAMES {
            for answer in answers(name, &pairs, Some(ScalarValue::from(n as i64))) {
                let given = answer.as_primitive::<Float64Type>().iter();
                expect(name, &pairs, given, |left, right| ngrams::slow(name, left, right, n))?;
            }
        }
    }

    #[test]
    fn normalized_levenshtein_equals_its_definition(
        pairs in prop_oneof![pairs(), plain_pairs()],
        cutoff in prop_oneof![0.0..=1.0_f64, 0.6..=1.0_f64],
    ) {
        let name = "normalized_levenshtein";
        let oracle = |left: &str, right: &str| {
            let longer = left.chars().count().max(right.chars().count());
            let distance = strsim::levenshtein(left, right);
            if longer == 0 { 1.0 } else { 1.0 - distance as f64 / longer as f64 }
        };
        for answer in answers(name, &pairs, None) {
            expect(name, &pairs, answer.as_primitive::<Float64Type>().iter(), oracle)?;
        }
        for answer in answers(name, &pairs, Some(ScalarValue::from(cutoff))) {
            expect(name, &pairs, answer.as_primitive::<Float64Type>().iter(), |left, right| {
                let similarity = oracle(left, right);
                if similarity < cutoff { 0.0 } else { similarity }
            })?;
        }
    }
}

/// Every text of few characters with every other.
#[test]
fn a_bound_only_cuts_all_short_texts() {
    let mut texts = vec![String::new()];
    let mut begin = 0;
    for _ in 0..4 {
        let end = texts.len();
        for text in begin..end {
            texts.extend(['a', 'b', 'c'].map(|letter| format!("{}{letter}", texts[text])));
        }
        begin = end;
    }
    let pairs = texts.iter().flat_map(|left| {
        let pair = |right: &String| (Some(left.clone()), Some(right.clone()));
        texts.iter().map(pair)
    });
    let pairs: Pairs = pairs.collect();
    for max in 0..4 {
        for (_, name, oracle) in DISTANCES {
            for answer in answers(name, &pairs, Some(ScalarValue::from(i64::from(max)))) {
                let given = answer.as_primitive::<Int32Type>().iter();
                let cut = |left: &str, right: &str| (oracle(left, right) as i32).min(max + 1);
                expect(name, &pairs, given, cut).unwrap();
            }
        }
    }
}
