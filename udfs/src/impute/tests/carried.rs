//! Values carried forward and backward, against looking for them.

use super::*;

/// The first value among rows, of at most so many.
fn first_of(
    values: &[Option<i64>],
    rows: impl Iterator<Item = usize>,
    limit: usize,
) -> Option<i64> {
    rows.take(limit).find_map(|row| values[row])
}

proptest! {
    #[test]
    fn the_nearest_value_on_one_side_is_taken(
        values in prop::collection::vec(prop::option::weighted(0.3, 0_i64..9), 1..40),
        limit in prop::option::of(1_usize..6),
    ) {
        let mut arguments = vec![integers(&values)];
        arguments.extend(limit.map(|limit| constant(limit as i64, values.len())));
        let limit = limit.unwrap_or(values.len());
        let last: Vec<_> = (0..values.len())
            .map(|row| values[row].or_else(|| first_of(&values, (0..row).rev(), limit)))
            .collect();
        let next: Vec<_> = (0..values.len())
            .map(|row| values[row].or_else(|| first_of(&values, row + 1..values.len(), limit)))
            .collect();
        prop_assert_eq!(of_integers(&fill("impute_last", &arguments)), last);
        prop_assert_eq!(of_integers(&fill("impute_next", &arguments)), next);
    }
}

#[tokio::test]
async fn partitions_and_order_are_those_of_the_window() {
    let output = rows(
        "SELECT k, t, impute_last(v) OVER (PARTITION BY k ORDER BY t DESC NULLS LAST) AS v
         FROM (VALUES ('a', 1, NULL), ('a', 2, 'x'), ('a', NULL, NULL), ('b', 1, NULL)) AS r(k, t, v)
         ORDER BY k, t",
    )
    .await;
    let expected = "\
+---+---+---+
| k | t | v |
+---+---+---+
| a | 1 | x |
| a | 2 | x |
| a |   | x |
| b | 1 |   |
+---+---+---+";
    assert_eq!(output, expected);
}

#[test]
fn limits_that_are_none_are_refused() {
    let values = integers(&[Some(1), None]);
    for (limit, expected) in [
        (
            integers(&[Some(0), Some(0)]),
            "impute_last: the limit 0 is not at least 1",
        ),
        (integers(&[None, None]), "impute_last: the limit is NULL"),
        (
            integers(&[Some(1), Some(2)]),
            "impute_last: the limit is not the same in all rows of a partition",
        ),
    ] {
        let error = try_fill("impute_last", &[Arc::clone(&values), limit]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
