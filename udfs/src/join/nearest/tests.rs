//! The nearest rows, held against a sort of all of them.

use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::super::tests::{Row, Settings, ordered_rows, plan, register, switch};

pub(in super::super) const STATEMENTS: [&str; 16] = [
    "SELECT id, name FROM a ORDER BY levenshtein(name, 'anna smith'), id LIMIT 10",
    "SELECT id, levenshtein('jon', name) AS d FROM a ORDER BY d, v DESC, id LIMIT 5 OFFSET 3",
    "SELECT id FROM a ORDER BY damerau_levenshtein(name, 'john') NULLS FIRST, id LIMIT 7",
    "SELECT id FROM a ORDER BY jaro_winkler_similarity(name, 'anna') DESC, id LIMIT 9",
    "SELECT id FROM a ORDER BY jaro_similarity(lower(name), 'anna') DESC NULLS LAST, id LIMIT 9",
    "SELECT id, name FROM a WHERE v > 1 ORDER BY levenshtein(name, 'smyth'), id LIMIT 4",
    "SELECT id FROM a ORDER BY levenshtein(name, '') LIMIT 200",
    "SELECT id FROM a ORDER BY hamming(name, 'anna'), id LIMIT 6",
    "SELECT id FROM a ORDER BY similarity_dist(name, 'anna smith'), id LIMIT 8",
    "SELECT id, similarity('jon smith', name) AS s FROM a ORDER BY s DESC NULLS LAST, id LIMIT 8",
    "SELECT id FROM a ORDER BY jaccard(name, 'anna', 2) DESC NULLS LAST, id LIMIT 5",
    "SELECT id FROM a ORDER BY sorensen_dice(name, 'anna') DESC, id LIMIT 5",
    "SELECT id FROM a ORDER BY cosine(name, 'hanna x') DESC, id LIMIT 5",
    "SELECT id FROM a ORDER BY overlap_coefficient('john', name, 1) DESC NULLS LAST, id LIMIT 5",
    "SELECT id FROM a ORDER BY token_sort_ratio(name, 'smith anna') DESC NULLS LAST, id LIMIT 5",
    "SELECT id FROM a ORDER BY token_set_ratio(name, 'smith anna') DESC NULLS LAST, id LIMIT 5",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_nearest_rows_are_those_of_a_sort(
        partitions in 1..4_usize,
        batch_size in prop_oneof![Just(5_usize), Just(64)],
        a in prop::collection::vec(
            (
                prop::option::of(0..3_i64),
                prop::option::of(0..4_i64),
                prop::option::weighted(0.8, "(ann|anna|hanna|jon|john)?( (smith|smyth|x))?"),
            ),
            0..200,
        ),
    ) {
        let a: Vec<Row> = a;
        let settings = Settings { partitions, batch_size, memory: None };
        Runtime::new().unwrap().block_on(async {
            let context = settings.context();
            register(&context, "a", &a, partitions);
            for statement in &STATEMENTS {
                switch(&context, false).await;
                let mut expected = ordered_rows(&context, statement).await;
                switch(&context, true).await;
                let plan = plan(&context, statement).await;
                assert!(plan.contains("NearestRowsExec"), "{statement}\n{plan}");
                let mut found = ordered_rows(&context, statement).await;
                if !statement.contains(", id LIMIT") {
                    // The order of equals is free.
                    found.sort_unstable();
                    expected.sort_unstable();
                }
                assert_eq!(found, expected, "{statement}\n{plan}");
            }
        });
    }
}

#[tokio::test]
async fn other_orders_are_left_to_the_sort() {
    let context = Settings::default().context();
    register(&context, "a", &super::super::tests::sample(1), 1);
    for statement in [
        "SELECT id FROM a ORDER BY levenshtein(name, 'x') DESC LIMIT 10",
        "SELECT id FROM a ORDER BY jaro_similarity(name, 'x') LIMIT 10",
        "SELECT id FROM a ORDER BY id, levenshtein(name, 'x') LIMIT 10",
        "SELECT id FROM a ORDER BY levenshtein(name, 'x')",
        "SELECT id FROM a ORDER BY levenshtein(name, lower(name)) LIMIT 10",
    ] {
        let plan = plan(&context, statement).await;
        assert!(!plan.contains("NearestRowsExec"), "{statement}\n{plan}");
    }
}
