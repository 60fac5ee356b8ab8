//! What an OVER clause may say, and what is refused.

use super::*;

const TABLE: &str = "(VALUES (1, 'a', 2.0), (2, 'a', NULL)) AS t(id, k, v)";

#[tokio::test]
async fn clauses_that_would_not_be_followed_are_refused() {
    for (call, sqlstate, expected) in [
        (
            "impute_mean(v) FILTER (WHERE id > 1) OVER ()",
            "0A000",
            "FILTER is not implemented for non-aggregate window functions",
        ),
        (
            "rank() FILTER (WHERE id > 1) OVER (ORDER BY id)",
            "0A000",
            "FILTER is not implemented for non-aggregate window functions",
        ),
        (
            "impute_mean(DISTINCT v) OVER ()",
            "0A000",
            "DISTINCT is not implemented for window functions",
        ),
        (
            "impute_last(v) IGNORE NULLS OVER (ORDER BY id)",
            "0A000",
            "impute_last takes neither IGNORE NULLS nor RESPECT NULLS",
        ),
        (
            "impute_mean(v) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
            "42P20",
            "impute_mean answers from its whole partition, not from a frame",
        ),
        (
            "impute_mean(v) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING)",
            "42P20",
            "impute_mean answers from its whole partition, not from a frame",
        ),
        (
            "impute_mean(v) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
            "42P20",
            "impute_mean answers from its whole partition, not from a frame",
        ),
        (
            "impute_last(v) OVER (PARTITION BY k)",
            "42P20",
            "impute_last needs an ORDER BY in its OVER clause",
        ),
        (
            "impute_next(v) OVER ()",
            "42P20",
            "impute_next needs an ORDER BY in its OVER clause",
        ),
        (
            "impute_linear(v) OVER ()",
            "42P20",
            "impute_linear needs an ORDER BY in its OVER clause",
        ),
        (
            "impute_spline(v) OVER ()",
            "42P20",
            "impute_spline needs an ORDER BY in its OVER clause",
        ),
        (
            "impute_hot_deck(v, 1) OVER ()",
            "42P20",
            "impute_hot_deck needs an ORDER BY in its OVER clause",
        ),
    ] {
        let error = refusal(&format!("SELECT {call} FROM {TABLE}")).await;
        assert_eq!(
            (error.sqlstate, error.message.as_str()),
            (sqlstate, expected),
            "{call}"
        );
    }
}

#[tokio::test]
async fn the_frame_that_stands_for_none_makes_no_difference() {
    for window in [
        "",
        "PARTITION BY k",
        "PARTITION BY k ORDER BY id",
        "PARTITION BY k ORDER BY id ROWS UNBOUNDED PRECEDING",
        "PARTITION BY k ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    ] {
        let output = rows(&format!(
            "SELECT impute_mean(v) OVER ({window}) AS v FROM {TABLE} WHERE id <= 2 ORDER BY id"
        ))
        .await;
        assert_eq!(output.matches("| 2.0 |").count(), 2, "{window}: {output}");
    }
}

#[tokio::test]
async fn wrong_arguments_are_named() {
    for (call, expected) in [
        ("impute_mean()", "impute_mean takes 1 argument, not 0"),
        ("impute_mean(v, 1)", "impute_mean takes 1 argument, not 2"),
        (
            "impute_median('a')",
            "impute_median takes a number, date, time or duration, not text",
        ),
        (
            "impute_mean(true)",
            "impute_mean takes a number, date, time or duration, not boolean",
        ),
        (
            "impute_linear(v, 'noon')",
            "impute_linear takes a number, date, time or duration as argument 2, not text",
        ),
        (
            "impute_last(v, 1, 2)",
            "impute_last takes 1 or 2 arguments, not 3",
        ),
        (
            "impute_last(v, 'x')",
            "impute_last takes an integer as argument 2, not text",
        ),
        (
            "impute_knn(v, 3)",
            "impute_knn takes at least 3 arguments, not 2",
        ),
        (
            "impute_knn(v, 3, id, k)",
            "impute_knn takes a number, date, time, duration or boolean as argument 4, not text",
        ),
        (
            "impute_knn(v, 0, id)",
            "impute_knn: the number of neighbours 0 is not from 1 to 1000",
        ),
        (
            "impute_hot_deck(v)",
            "impute_hot_deck takes at least 2 arguments, not 1",
        ),
        (
            "impute_hot_deck(v, NULL)",
            "impute_hot_deck: the seed is NULL",
        ),
        (
            "impute_constant(v)",
            "impute_constant takes 2 arguments, not 1",
        ),
    ] {
        let statement = format!("SELECT {call} OVER (ORDER BY id) FROM {TABLE}");
        assert_eq!(refusal(&statement).await.message, expected);
    }
}
