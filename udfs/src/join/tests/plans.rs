//! What is planned as a similarity join, and what is not.

use super::same_rows::sample;
use super::{Settings, conditions, plan, register, switch};

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
