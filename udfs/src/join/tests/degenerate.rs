//! Data of which every pair is alike, or a single text is huge.

use futures::StreamExt;

use super::{Row, Settings, register, rows, switch};

/// As much memory as a small server would give.
const MEMORY: usize = 256 << 20;

fn settings() -> Settings {
    Settings {
        memory: Some(MEMORY),
        ..Settings::default()
    }
}

fn named(names: impl Iterator<Item = String>) -> Vec<Row> {
    names
        .enumerate()
        .map(|(at, name)| (Some(at as i64 % 2), Some(at as i64), Some(name)))
        .collect()
}

#[tokio::test]
async fn equal_texts_cost_no_more_than_is_given_out() {
    const COUNT: usize = if cfg!(debug_assertions) {
        200_000
    } else {
        1_000_000
    };
    let context = settings().context();
    let equal = named((0..COUNT).map(|_| "equal".to_string()));
    register(&context, "a", &equal, 2);
    register(&context, "b", &equal[..COUNT / 2], 1);
    for (statement, expected) in [
        (
            "SELECT count(*) FROM a LEFT SEMI JOIN b ON levenshtein(a.name, b.name) <= 1",
            COUNT,
        ),
        (
            "SELECT count(*) FROM b RIGHT SEMI JOIN a ON levenshtein(a.name, b.name) <= 1 AND b.v > 5",
            COUNT,
        ),
        (
            "SELECT count(*) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE a.k = b.k AND a.name % b.name)",
            COUNT,
        ),
    ] {
        assert_eq!(
            rows(&context, statement).await,
            [expected.to_string()],
            "{statement}"
        );
    }
    // As many pairs as nobody can wait for, given out as they are found.
    let pairs = "SELECT a.id, b.id FROM a JOIN b ON jaro_winkler_similarity(a.name, b.name) >= 0.9";
    let mut stream = context
        .sql(pairs)
        .await
        .unwrap()
        .execute_stream()
        .await
        .unwrap();
    let mut taken = 0;
    while taken < 100_000 {
        taken += stream.next().await.unwrap().unwrap().num_rows();
    }
}

#[tokio::test]
async fn all_pairs_of_equal_texts_are_counted() {
    let context = settings().context();
    let equal = named((0..3000).map(|_| "equal".to_string()));
    register(&context, "a", &equal, 2);
    for on in [
        "levenshtein(x.name, y.name) <= 1",
        "similarity(x.name, y.name) > 0.9",
    ] {
        let statement = format!("SELECT count(*) FROM a x JOIN a y ON x.id < y.id AND {on}");
        assert_eq!(rows(&context, &statement).await, ["4498500"], "{statement}");
    }
}

#[tokio::test]
async fn one_text_may_be_huge() {
    for (length, on) in [
        (10 << 20, "levenshtein(a.name, b.name) <= 1"),
        (1 << 20, "jaro_winkler_similarity(a.name, b.name) >= 0.99"),
        (1 << 20, "similarity(a.name, b.name) > 0.9"),
    ] {
        let context = settings().context();
        let mut names: Vec<String> = (100..120).map(|at| format!("{at} {at}")).collect();
        names.push("abcdefghij".repeat(length / 10));
        let names = named(names.into_iter());
        register(&context, "a", &names, 1);
        register(&context, "b", &names, 2);
        let statement = format!("SELECT count(*) FROM a JOIN b ON a.id >= b.id AND {on}");
        assert_eq!(rows(&context, &statement).await, ["21"], "{on}");
    }
}

#[tokio::test]
async fn texts_that_share_a_prefix_are_told_apart() {
    let context = settings().context();
    let prefix = "the same beginning of all ".repeat(3);
    let names = named((0..300).map(|at| format!("{prefix}{:03}", at * 37 % 300)));
    register(&context, "a", &names, 2);
    register(&context, "b", &names[..60], 1);
    for on in [
        "levenshtein(a.name, b.name) <= 1",
        "jaro_winkler_similarity(a.name, b.name) >= 0.995",
        "sorensen_dice(a.name, b.name) >= 0.98",
    ] {
        let statement = format!("SELECT count(*), sum(a.id + 2 * b.id) FROM a JOIN b ON {on}");
        switch(&context, false).await;
        let expected = rows(&context, &statement).await;
        switch(&context, true).await;
        assert_eq!(rows(&context, &statement).await, expected, "{on}");
    }
}
