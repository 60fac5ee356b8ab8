//! What is planned as a similarity join, and what is not.

use super::same_rows::sample;
use super::{Row, Settings, conditions, plan, register, switch};

async fn context() -> datafusion::prelude::SessionContext {
    let context = Settings::default().context();
    register(&context, "a", &sample(1), 1);
    register(&context, "b", &sample(2), 1);
    context
}

#[tokio::test]
async fn every_condition_is_recognized() {
    let context = context().await;
    for condition in conditions("lower(a.name)", "b.name") {
        let statement = format!("SELECT a.id, b.id FROM a JOIN b ON {condition}");
        let plan = plan(&context, &statement).await;
        assert!(plan.contains("SimilarityJoinExec"), "{condition}\n{plan}");
    }
}

#[tokio::test]
async fn other_conditions_are_left_alone() {
    let context = context().await;
    for condition in [
        "levenshtein(a.name, b.name) >= 2",
        "levenshtein(a.name, b.name) <> 2",
        "levenshtein(a.name, b.name) <= a.v",
        "levenshtein(a.name, b.name, 1, 2, 1) <= 2",
        "levenshtein(a.name, concat(a.name, b.name)) <= 2",
        "levenshtein(a.name, 'x') <= 2 AND a.v < b.v",
        "NOT levenshtein(a.name, b.name) > 2 OR a.v < b.v",
        "levenshtein(a.name, b.name) <= 2 OR a.v < b.v",
        "jaro_similarity(a.name, b.name) >= 0",
        "jaro_similarity(a.name, b.name) <= 0.9",
        "levenshtein(concat(a.name, random()), b.name) <= 2",
    ] {
        let statement = format!("SELECT a.id, b.id FROM a JOIN b ON {condition}");
        let plan = plan(&context, &statement).await;
        assert!(!plan.contains("SimilarityJoinExec"), "{condition}\n{plan}");
    }
}

#[tokio::test]
async fn explain_shows_the_strategy_and_analyze_what_it_took() {
    let context = Settings::default().context();
    register(&context, "a", &sample(1), 1);
    let statement =
        "SELECT a.id, b.id FROM a JOIN a b ON a.id < b.id AND levenshtein(a.name, b.name) <= 1";
    let planned = plan(&context, statement).await;
    assert!(planned.contains("strategy="), "{planned}");
    let analyzed = super::rows(&context, &format!("EXPLAIN ANALYZE {statement}")).await;
    let analyzed = analyzed.join("\n");
    let join = analyzed
        .lines()
        .find(|line| line.contains("SimilarityJoinExec: "));
    let join = join.unwrap_or_else(|| panic!("{analyzed}"));
    for part in ["strategy=", "candidates=", "verified=", "matched="] {
        assert!(join.contains(part), "{part} {join}");
    }
    assert!(!join.contains("matched=0"), "{join}");
}

#[tokio::test]
async fn the_setting_turns_it_off() {
    let context = context().await;
    let statement = "SELECT a.id FROM a JOIN b ON levenshtein(a.name, b.name) <= 2";
    switch(&context, false).await;
    let plan_off = plan(&context, statement).await;
    assert!(plan_off.contains("NestedLoopJoinExec"), "{plan_off}");
    switch(&context, true).await;
    let plan_on = plan(&context, statement).await;
    assert!(plan_on.contains("SimilarityJoinExec"), "{plan_on}");
}

#[tokio::test]
async fn tiny_inputs_stay_a_nested_loop() {
    let context = Settings::default().context();
    register(&context, "a", &sample(1)[..3], 1);
    register(&context, "b", &sample(2)[..3], 1);
    let statement = "SELECT a.id FROM a JOIN b ON levenshtein(a.name, b.name) <= 2";
    let plan = plan(&context, statement).await;
    assert!(plan.contains("NestedLoopJoinExec"), "{plan}");
}

#[tokio::test]
async fn the_side_of_fewer_rows_is_built() {
    let context = Settings::default().context();
    let long: Vec<Row> = (0..30)
        .map(|at| (Some(at), Some(at), Some("x".repeat(500 + at as usize))))
        .collect();
    // DataFusion puts the side of fewer bytes to the left.
    register(&context, "a", &sample(1), 2);
    register(&context, "b", &long, 2);
    let statement = "SELECT a.id, b.id FROM a JOIN b ON levenshtein(a.name, b.name) <= 2";
    let plan = plan(&context, statement).await;
    assert!(plan.contains("build=right"), "{plan}");
    assert_eq!(built_rows(&context, statement).await, 30, "{plan}");
}

#[tokio::test]
async fn a_side_that_turns_out_smaller_is_built() {
    let context = Settings::default().context();
    let names = |count: usize| {
        format!("(SELECT value AS id, 'name ' || value AS name FROM generate_series(1, {count}))")
    };
    for (left, right, built) in [
        (300, 20_000, 300),
        (20_000, 300, 300),
        // Both are too large to tell.
        (90_000, 80_000, 90_000),
    ] {
        let on = "hamming(a.name, b.name) <= 0";
        let statement = format!(
            "SELECT count(*), sum(a.id - b.id) FROM {} a JOIN {} b ON {on}",
            names(left),
            names(right)
        );
        let plan = plan(&context, &statement).await;
        assert!(plan.contains("build=smaller"), "{plan}");
        assert_eq!(built_rows(&context, &statement).await, built, "{plan}");
        let found = super::rows(&context, &statement).await;
        assert_eq!(found, [format!("{} 0", left.min(right))]);
    }
}

/// How many rows the build side had.
async fn built_rows(context: &datafusion::prelude::SessionContext, statement: &str) -> usize {
    let analyzed = super::rows(context, &format!("EXPLAIN ANALYZE {statement}")).await;
    let analyzed = analyzed.join("\n");
    let (_, after) = analyzed.split_once("build_rows=").unwrap();
    let number: String = after
        .chars()
        .take_while(|character| character.is_ascii_digit() || matches!(character, '.' | ' ' | 'K'))
        .collect();
    let number = number.trim();
    match number.strip_suffix('K') {
        Some(thousands) => (thousands.trim().parse::<f64>().unwrap() * 1000.0).round() as usize,
        None => number.parse().unwrap(),
    }
}
