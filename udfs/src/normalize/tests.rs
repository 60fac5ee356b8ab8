//! What holds for every normaliser, through SQL.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::logical_expr::ColumnarValue;
use datafusion::prelude::SessionContext;

use crate::{FunctionError, register_all};

fn context() -> SessionContext {
    let mut context = SessionContext::new();
    register_all(&mut context).expect("every function registers");
    context
}

/// What a query answers in its first column, NULL as `None`.
async fn answers(context: &SessionContext, query: &str) -> Vec<Option<String>> {
    let frame = context
        .sql(query)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"));
    let batches = frame
        .collect()
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"));
    let mut answers = Vec::new();
    for batch in batches {
        let column = batch.column(0);
        let options = FormatOptions::default();
        let formatter = ArrayFormatter::try_new(column.as_ref(), &options).unwrap();
        for row in 0..batch.num_rows() {
            answers.push(
                column
                    .is_valid(row)
                    .then(|| formatter.value(row).to_string()),
            );
        }
    }
    answers
}

/// The error of a query, which must be one of a function.
async fn error(query: &str) -> FunctionError {
    let context = context();
    let failure = match context.sql(query).await {
        Ok(frame) => frame.collect().await.map(|_| ()),
        Err(failure) => Err(failure),
    };
    let failure = failure.expect_err(query);
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&failure);
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref::<FunctionError>() {
            return found.clone();
        }
        source = error.source();
    }
    panic!("{query}: {failure}");
}

const CALLS: [&str; 32] = [
    "fuzzy_enum(v, ['bobby', 'Smith John'], 0.7)",
    "hash_pii(v, 'a key of sixteen bytes')",
    "is_disposable_email(v)",
    "normalize_country(v)",
    "normalize_currency(v)",
    "normalize_postcode(v, 'DE')",
    "normalize_postcode(v, r)",
    "normalize_state(v, r)",
    "parse_address(v, r)",
    "parse_money(v)",
    "parse_name(v)",
    "parse_url(v)",
    "parse_user_agent(v)",
    "to_iso8601(v, 'DMY')",
    "url_parameter(v, 'x')",
    "email_domain(v)",
    "fingerprint(v)",
    "is_valid_email(v)",
    "is_valid_phone(v, 'GB')",
    "is_valid_phone(v, r)",
    "map_enum(v, '{\"smith, john\": \"x\"}', 'other')",
    "map_enum(v, MAP {'Smith, John': 'x'}, r)",
    "nickname_root(v)",
    "normalize_address(v, 'DE')",
    "normalize_address(v, r)",
    "normalize_email(v)",
    "normalize_email(v, 'gmail')",
    "normalize_name(v)",
    "normalize_phone(v, 'GB')",
    "normalize_phone(v, r)",
    "parse_date(v, 'DMY')",
    "unaccent(squash_whitespace(v))",
];

#[tokio::test]
async fn every_string_type_gives_the_same_answers() {
    let values: ArrayRef = Arc::new(StringArray::from(vec![
        Some("Smith, John"),
        None,
        Some("020 7946 0958"),
        Some("J.Doe+x@GMail.com"),
        Some("03/04/2021"),
        Some(""),
        Some("Müllerstr. 5 a"),
        Some("020 7946 0958"),
        Some("bob"),
    ]));
    let regions: ArrayRef = Arc::new(StringArray::from(vec![
        Some("GB"),
        Some("DE"),
        Some("GB"),
        None,
        Some("US"),
        Some("FR"),
        Some("DE"),
        Some("zz"),
        Some("AU"),
    ]));
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let types = [
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        dictionary,
    ];
    for call in CALLS {
        let mut expected = None;
        for data_type in &types {
            let column = |array: &ArrayRef| cast(array, data_type).unwrap();
            let batch =
                RecordBatch::try_from_iter([("v", column(&values)), ("r", column(&regions))]);
            let context = context();
            context.register_batch("t", batch.unwrap()).unwrap();
            let found = answers(&context, &format!("SELECT {call} FROM t")).await;
            assert!(found[1].is_none(), "{call} of NULL");
            let expected = expected.get_or_insert_with(|| found.clone());
            assert_eq!(&found, expected, "{call} over {data_type}");
        }
        // The same row by row, as constants.
        let rows = values.len();
        let expected = expected.unwrap();
        let text = |array: &ArrayRef, row: usize| {
            let strings = array.as_any().downcast_ref::<StringArray>().unwrap();
            match array.is_valid(row) {
                true => format!("'{}'", strings.value(row)),
                false => "NULL".to_string(),
            }
        };
        for row in (0..rows).filter(|row| regions.is_valid(*row) && *row != 7) {
            let constant = call
                .replace("(v", &format!("({}", text(&values, row)))
                .replace(", r)", &format!(", {})", text(&regions, row)));
            let found = answers(&context(), &format!("SELECT {constant}")).await;
            assert_eq!(found[0], expected[row], "{constant}");
        }
    }
}

#[tokio::test]
async fn a_column_of_orders_options_or_maps_is_read_row_by_row() {
    let context = context();
    let rows =
        |call: &str, values: &str| format!("SELECT {call} FROM (VALUES {values}) AS t(v, o)");
    assert_eq!(
        answers(
            &context,
            &rows(
                "parse_date(v, o)",
                "('1/2/2021', 'DMY'), ('1/2/2021', 'mdy'), ('1/2/2021', NULL)"
            )
        )
        .await,
        [Some("2021-02-01".into()), Some("2021-01-02".into()), None]
    );
    assert_eq!(
        answers(
            &context,
            &rows(
                "normalize_email(v, o)",
                "('a.b+c@gmail.com', 'gmail'), ('a.b+c@gmail.com', ''), ('a@b.de', NULL)"
            )
        )
        .await,
        [
            Some("ab@gmail.com".into()),
            Some("a.b+c@gmail.com".into()),
            None
        ]
    );
    assert_eq!(
        answers(
            &context,
            &rows(
                "map_enum(v, o)",
                "('a', '{\"a\": \"b\"}'), ('a', '{\"a\": \"c\"}'), ('a', NULL)"
            )
        )
        .await,
        [Some("b".into()), Some("c".into()), None]
    );
    assert_eq!(
        answers(
            &context,
            &rows(
                "map_enum(v, MAP {'a': o, 'b': 'z'})",
                "('a', 'x'), ('a', 'y'), ('b', 'y')"
            )
        )
        .await,
        [Some("x".into()), Some("y".into()), Some("z".into())]
    );
    assert_eq!(
        answers(
            &context,
            &rows(
                "map_enum(v, MAP {'1': 10, '2': 20})",
                "('1', 'x'), ('2', 'y'), ('3', 'y')"
            )
        )
        .await,
        [Some("10".into()), Some("20".into()), None]
    );
}

#[tokio::test]
async fn wrong_arguments_are_errors_that_say_what_is_right() {
    for (query, sqlstate, says) in [
        ("SELECT parse_date('x', 'YDM')", "22023", "YDM"),
        (
            "SELECT parse_date('31/02/2021', 'DMY', 'error')",
            "22007",
            "31/02/2021",
        ),
        ("SELECT parse_date('x', 'DMY', 'fail')", "22023", "fail"),
        ("SELECT parse_date('x')", "42883", "argument"),
        ("SELECT parse_date(5, 'DMY')", "42883", "text"),
        ("SELECT normalize_phone('5', 'Germany')", "22023", "Germany"),
        ("SELECT is_valid_phone('5', 'GER')", "22023", "GER"),
        (
            "SELECT normalize_email('a@b.de', 'hotmail')",
            "22023",
            "hotmail",
        ),
        ("SELECT map_enum('a', 'a=b')", "22023", "map"),
        ("SELECT map_enum('a', 5)", "42883", "JSON object"),
        ("SELECT map_enum('a', MAP {'a': [1]})", "42883", "map"),
        ("SELECT normalize_name('a', 'b')", "42883", "argument"),
    ] {
        let error = error(query).await;
        assert_eq!(error.sqlstate, sqlstate, "{query}: {error}");
        assert!(error.message.contains(says), "{query}: {error}");
    }
}

#[tokio::test]
async fn a_date_that_must_be_one_is_checked_in_every_row() {
    let query = "SELECT parse_date(v, 'DMY', 'error') FROM (VALUES ('1/2/2021'), ('soon')) AS t(v)";
    assert_eq!(error(query).await.sqlstate, "22007");
    let query = "SELECT parse_date(v, 'DMY', 'null') FROM (VALUES ('1/2/2021'), ('soon')) AS t(v)";
    let found = answers(&context(), query).await;
    assert_eq!(found, [Some("2021-02-01".to_string()), None]);
}

#[test]
fn a_text_that_no_row_has_is_not_read() {
    let texts = StringArray::from(vec!["Ada Lovelace".to_owned(), "x".repeat(1 << 17)]);
    let keys = Int32Array::from(vec![Some(0), None, Some(0)]);
    let dictionary = DictionaryArray::new(keys, Arc::new(texts));
    let names = ColumnarValue::Array(Arc::new(dictionary));
    let answer = crate::tests::call("parse_name", vec![names], 3);
    let family = answer.as_struct().column_by_name("family").unwrap();
    let family: Vec<_> = family.as_string::<i32>().iter().collect();
    assert_eq!(family, [Some("Lovelace"), None, Some("Lovelace")]);
    assert!(answer.is_null(1));
}
