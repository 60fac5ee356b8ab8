//! Arguments of every string type give the same answers.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, DictionaryArray, StringArray, UInt8Array, new_null_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use datafusion::prelude::SessionContext;
use proptest::prelude::*;

use crate::tests::call;

const PAIR_FUNCTIONS: [&str; 20] = [
    "edit_distance",
    "edit_distance_similarity",
    "hamming",
    "jaro_winkler_distance",
    "jarowinkler_similarity",
    "lcs_similarity",
    "monge_elkan",
    "normalized_levenshtein",
    "osa_distance",
    "cosine",
    "damerau_levenshtein",
    "jaccard",
    "jaro_similarity",
    "jaro_winkler_similarity",
    "levenshtein",
    "overlap_coefficient",
    "partial_ratio",
    "sorensen_dice",
    "token_set_ratio",
    "token_sort_ratio",
];

/// More than are computed in one group.
const ROWS: usize = 19;

fn texts(rows: usize) -> impl Strategy<Value = Vec<Option<String>>> {
    let text = prop::option::weighted(0.8, prop_oneof!["[ab]{0,3}", "[aé日]{10,20}"]);
    prop::collection::vec(text, rows)
}

/// The same texts in every encoding, whole and as a slice of more.
fn encodings(texts: &[Option<String>]) -> Vec<ArrayRef> {
    let plain: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    let dictionary = DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8View));
    let mut encodings: Vec<ArrayRef> = [DataType::LargeUtf8, DataType::Utf8View, dictionary]
        .iter()
        .map(|encoding| cast(&plain, encoding).unwrap())
        .collect();
    encodings.push(dictionary_of_nulls_and_more(&plain));
    encodings.push(Arc::clone(&plain));
    let padding: ArrayRef = Arc::new(StringArray::from(vec![Some("before"), None, Some("ab")]));
    let slices: Vec<ArrayRef> = encodings
        .iter()
        .map(|array| {
            let padding = cast(&padding, array.data_type()).unwrap();
            let longer = concat(&[&padding, array, &padding]).unwrap();
            longer.slice(padding.len(), array.len())
        })
        .collect();
    encodings.into_iter().chain(slices).collect()
}

/// A dictionary with more values than rows, where some values are NULL.
fn dictionary_of_nulls_and_more(plain: &ArrayRef) -> ArrayRef {
    let nulls = new_null_array(plain.data_type(), 2);
    let values = concat(&[&nulls, plain, &nulls]).unwrap();
    let keys: UInt8Array = (0..plain.len())
        .map(|row| plain.is_valid(row).then_some(row as u8 + 2).or(Some(0)))
        .collect();
    Arc::new(DictionaryArray::new(keys, values))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn encodings_do_not_matter(left in texts(ROWS), right in texts(ROWS)) {
        let lefts = encodings(&left);
        let rights = encodings(&right);
        for name in PAIR_FUNCTIONS {
            let ask = |left: &ArrayRef, right: &ArrayRef| {
                let args = vec![
                    ColumnarValue::Array(Arc::clone(left)),
                    ColumnarValue::Array(Arc::clone(right)),
                ];
                call(name, args, ROWS)
            };
            let expected = ask(&lefts[4], &rights[4]);
            for left in &lefts {
                for right in &rights {
                    prop_assert_eq!(&ask(left, right), &expected, "{}", name);
                }
            }
        }
    }

    #[test]
    fn a_constant_is_as_good_as_a_column_of_it(texts in texts(ROWS), constant in texts(1)) {
        let repeated: ArrayRef = Arc::new(StringArray::from(vec![constant[0].clone(); ROWS]));
        for name in PAIR_FUNCTIONS {
            for encoded in encodings(&texts) {
                let array = || ColumnarValue::Array(Arc::clone(&encoded));
                for encoding in [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View] {
                    let column = cast(&repeated, &encoding).unwrap();
                    let scalar = || ColumnarValue::Scalar(ScalarValue::try_from_array(&column, 0).unwrap());
                    let column = || ColumnarValue::Array(Arc::clone(&column));
                    prop_assert_eq!(
                        &call(name, vec![scalar(), array()], ROWS),
                        &call(name, vec![column(), array()], ROWS)
                    );
                    prop_assert_eq!(
                        &call(name, vec![array(), scalar()], ROWS),
                        &call(name, vec![array(), column()], ROWS)
                    );
                }
            }
        }
    }

    #[test]
    fn encodings_do_not_matter_to_text_answers(texts in texts(ROWS)) {
        let encodings = encodings(&texts);
        let ask = |texts: &ArrayRef| {
            call("soundex", vec![ColumnarValue::Array(Arc::clone(texts))], ROWS)
        };
        for encoded in &encodings {
            prop_assert_eq!(&ask(encoded), &ask(&encodings[4]));
        }
    }
}

#[tokio::test]
async fn wrong_arguments_are_named() {
    let mut context = SessionContext::new();
    crate::register_all(&mut context).unwrap();
    let cases = [
        (
            "levenshtein('a')",
            "levenshtein takes 2, 3 or 5 arguments, not 1",
        ),
        (
            "levenshtein('a', 1)",
            "levenshtein takes text as argument 2, not bigint",
        ),
        ("soundex('a', 'b')", "soundex takes 1 argument, not 2"),
        (
            "jaro_similarity('a', 'b', 2)",
            "jaro_similarity: the cutoff 2 is not between 0 and 1",
        ),
    ];
    for (call, expected) in cases {
        let error = match context.sql(&format!("SELECT {call}")).await {
            Ok(frame) => frame.collect().await.unwrap_err(),
            Err(error) => error,
        };
        let message = error.to_string();
        assert!(message.contains(expected), "{call}: {message}");
    }
}

#[tokio::test]
async fn an_argument_without_rows_or_type_is_fine() {
    let mut context = SessionContext::new();
    crate::register_all(&mut context).unwrap();
    for statement in [
        "SELECT levenshtein(NULL, 'a'), soundex(NULL), jaro_similarity('a', NULL, NULL)",
        "SELECT levenshtein(x, 'a', 1, 2, 3), jaro_similarity('a', x, 0.5) FROM (VALUES ('b')) AS t(x) WHERE false",
    ] {
        context
            .sql(statement)
            .await
            .unwrap()
            .collect()
            .await
            .unwrap();
    }
}
