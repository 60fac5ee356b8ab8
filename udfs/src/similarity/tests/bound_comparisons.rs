//! Comparisons with a bound in them give the truth values that they gave without.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use proptest::prelude::*;

use super::texts;

fn context(with_rule: bool, pairs: &[(String, String)]) -> SessionContext {
    let mut context = SessionContext::new();
    crate::register_all(&mut context).unwrap();
    if with_rule {
        for rule in crate::optimizer_rules() {
            context.add_optimizer_rule(rule);
        }
    }
    let with_null = |texts: Vec<&str>| -> ArrayRef {
        let nulls = [None, Some("a")].into_iter();
        Arc::new(StringArray::from_iter(
            texts.into_iter().map(Some).chain(nulls),
        ))
    };
    let left = with_null(pairs.iter().map(|(left, _)| left.as_str()).collect());
    let right = with_null(pairs.iter().map(|(_, right)| right.as_str()).collect());
    let batch = RecordBatch::try_from_iter([("a", left), ("b", right)]).unwrap();
    context.register_batch("t", batch).unwrap();
    context
}

async fn show(context: &SessionContext, statement: &str) -> String {
    let frame = context.sql(statement).await.unwrap();
    let batches = frame.collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}

fn blocking<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

/// The calls that get a bound, and constants to compare them with.
const CALLS: [(&str, &[&str]); 7] = [
    ("levenshtein(a, b)", &["-1", "0", "2", "2.5", "3"]),
    ("edit_distance(a, b)", &["1", "4"]),
    ("osa_distance(a, b)", &["0", "2", "2.5"]),
    ("damerau_levenshtein(a, b)", &["0", "2", "2.5"]),
    (
        "jaro_similarity(a, b)",
        &["-0.5", "0", "0.5", "0.75", "1", "1.5"],
    ),
    ("jaro_winkler_similarity(a, b)", &["0", "0.85", "1"]),
    ("normalized_levenshtein(a, b)", &["0", "0.5", "0.75", "1"]),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn truth_values_stay(pairs in prop::collection::vec(texts(), 1..12)) {
        let plain = context(false, &pairs);
        let ruled = context(true, &pairs);
        for (call, constants) in CALLS {
            let comparisons = constants.iter().flat_map(|constant| {
                let operators = ["<", "<=", ">", ">=", "=", "<>"];
                operators.map(|operator| [
                    format!("{call} {operator} {constant}"),
                    format!("{constant} {operator} {call}"),
                ])
            });
            for comparison in comparisons.flatten() {
                let statement = format!("SELECT {comparison} FROM t");
                let (expected, given) = blocking(async {
                    (show(&plain, &statement).await, show(&ruled, &statement).await)
                });
                prop_assert_eq!(given, expected, "{}", comparison);
            }
        }
    }
}

async fn plan(statement: &str) -> String {
    let context = context(true, &[]);
    show(&context, &format!("EXPLAIN {statement}")).await
}

#[tokio::test]
async fn a_comparison_gets_its_bound() {
    for (comparison, bounded) in [
        (
            "levenshtein(a, b) <= 2",
            "levenshtein_less_equal(t.a, t.b, Int64(2))",
        ),
        (
            "levenshtein(a, b) < 2",
            "levenshtein_less_equal(t.a, t.b, Int64(1))",
        ),
        (
            "3 >= osa_distance(a, b)",
            "osa_distance(t.a, t.b, Int64(3))",
        ),
        (
            "damerau_levenshtein(a, 'x') = 1",
            "damerau_levenshtein(t.a, Utf8(\"x\"), Int64(1))",
        ),
        (
            "jaro_winkler_similarity(a, b) >= 0.9",
            "jaro_winkler_similarity(t.a, t.b, Float64(0.9))",
        ),
        (
            "CAST(jaro_similarity(a, b) AS DOUBLE) > 0.8",
            "jaro_similarity(t.a, t.b, Float64(0.8))",
        ),
    ] {
        for statement in [
            format!("SELECT * FROM t WHERE {comparison}"),
            format!("SELECT {comparison} FROM t"),
            format!("SELECT count(CASE WHEN {comparison} THEN 1 END) FROM t"),
        ] {
            let plan = plan(&statement).await;
            assert!(plan.contains(bounded), "{statement}\n{plan}");
        }
    }
}

#[tokio::test]
async fn the_condition_of_a_join_gets_its_bound() {
    let plan = plan("SELECT t.a FROM t JOIN t u ON levenshtein(t.a, u.b) <= 2").await;
    let bounded = "levenshtein_less_equal(t.a, u.b, Int64(2))";
    assert!(plan.contains(bounded), "{plan}");
}

#[tokio::test]
async fn what_gains_nothing_stays() {
    for statement in [
        "SELECT * FROM t WHERE levenshtein(a, b) <= -1",
        "SELECT * FROM t WHERE jaro_similarity(a, b) > 0",
        "SELECT * FROM t WHERE levenshtein(a, b) <= length(a)",
        "SELECT * FROM t WHERE levenshtein(a, b, 1, 2, 3) <= 2",
        "SELECT CASE WHEN levenshtein(a, b) <= 1 THEN 2 WHEN levenshtein(a, b) <= 2 THEN 1 END FROM t",
    ] {
        let plan = plan(statement).await;
        assert!(!plan.contains("less_equal"), "{statement}\n{plan}");
        assert!(!plan.contains("t.b, Float64"), "{statement}\n{plan}");
    }
}
