//! Joins in less memory than their build side takes.

use datafusion::error::DataFusionError;

use super::same_rows::sample;
use super::{Row, Settings, register, rows, switch};

/// Many rows, of wide texts.
fn wide(seed: u64, copies: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for copy in 0..copies {
        rows.extend(sample(seed).into_iter().map(|(k, v, name)| {
            let name = name.map(|name| format!("{}{name}", "wide ".repeat(copy % 30 + 100)));
            (k, v, name)
        }));
    }
    rows
}

#[tokio::test]
async fn a_build_side_that_does_not_fit_is_spilled() {
    let statements = [
        "SELECT a.id, b.id FROM a JOIN b ON levenshtein(right(a.name, 9), right(b.name, 9)) <= 1",
        "SELECT a.id, b.id FROM a LEFT JOIN b ON levenshtein(right(a.name, 9), right(b.name, 9)) <= 1 AND a.v < b.v",
        "SELECT a.id, b.id FROM a RIGHT JOIN b ON levenshtein(right(a.name, 9), right(b.name, 9)) <= 1 AND a.v < b.v",
        "SELECT a.id, b.id FROM a FULL JOIN b ON levenshtein(right(a.name, 9), right(b.name, 9)) <= 1 AND a.v < b.v",
        "SELECT a.id FROM a LEFT ANTI JOIN b ON levenshtein(right(a.name, 9), right(b.name, 9)) <= 1",
        "SELECT b.id FROM a RIGHT SEMI JOIN b ON levenshtein(right(a.name, 9), right(b.name, 9)) <= 1 AND a.v < b.v",
        "SELECT b.id FROM a RIGHT ANTI JOIN b ON a.k = b.k AND levenshtein(right(a.name, 9), right(b.name, 9)) <= 1",
        "SELECT a.id FROM a WHERE a.v = 1 OR EXISTS (SELECT 1 FROM b WHERE levenshtein(right(a.name, 9), right(b.name, 9)) <= 1)",
        "SELECT a.id, b.id FROM a JOIN a b ON a.id < b.id AND levenshtein(right(a.name, 9), right(b.name, 9)) <= 1",
    ];
    let (a, b) = (wide(1, 8), wide(2, 8));
    let mut spilled = 0;
    for statement in statements {
        let mut found = Vec::new();
        for memory in [None, Some(400_000)] {
            let settings = Settings {
                partitions: 2,
                batch_size: 100,
                memory,
            };
            let context = settings.context();
            register(&context, "a", &a, 3);
            register(&context, "b", &b, 2);
            switch(&context, true).await;
            found.push(rows(&context, statement).await);
            if memory.is_some() {
                let analyzed = rows(&context, &format!("EXPLAIN ANALYZE {statement}")).await;
                let analyzed = analyzed.join("\n");
                let join = analyzed
                    .lines()
                    .find(|line| line.contains("SimilarityJoinExec"));
                let join = join.unwrap_or_else(|| panic!("{statement}\n{analyzed}"));
                spilled += usize::from(!join.contains("spill_count=0"));
            }
        }
        assert_eq!(found[0], found[1], "{statement}");
    }
    assert!(spilled > 0);
}

#[tokio::test]
async fn memory_for_nothing_is_an_error() {
    let settings = Settings {
        partitions: 2,
        batch_size: 100,
        memory: Some(20_000),
    };
    let context = settings.context();
    register(&context, "a", &wide(1, 2), 1);
    register(&context, "b", &wide(2, 2), 1);
    let statement =
        "SELECT a.id FROM a JOIN b ON levenshtein(right(a.name, 9), right(b.name, 9)) <= 1";
    let error = context.sql(statement).await.unwrap().collect().await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("SimilarityJoin"), "{error}");
}

#[tokio::test]
async fn what_a_search_takes_is_reserved() {
    // The build side fits, and what it takes to compare two such texts does not.
    let rows = |name: &str| {
        let long = name.repeat(100_000);
        let mut rows = sample(1);
        rows.push((Some(1), Some(1), Some(long)));
        rows
    };
    let statement = "SELECT a.id FROM a JOIN b ON levenshtein(a.name, b.name) <= 2";
    let run = async |memory: usize| {
        let settings = Settings {
            memory: Some(memory),
            ..Settings::default()
        };
        let context = settings.context();
        register(&context, "a", &rows("abc"), 1);
        register(&context, "b", &rows("xyz"), 1);
        context.sql(statement).await.unwrap().collect().await
    };
    assert!(run(64 << 20).await.is_ok());
    let error = run(2_700_000).await.unwrap_err();
    assert!(
        matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)),
        "{error}"
    );
    assert!(
        error.to_string().contains("SimilarityJoinSearch"),
        "{error}"
    );
}

#[tokio::test]
async fn a_self_join_that_does_not_fit_twice_is_searched_as_it_comes() {
    let statement = "SELECT a.id, b.id FROM a JOIN a b ON a.id < b.id AND levenshtein(right(a.name, 9), right(b.name, 9)) <= 1";
    let a = wide(1, 8);
    let run = async |memory: Option<usize>| {
        let settings = Settings {
            partitions: 2,
            batch_size: 100,
            memory,
        };
        let context = settings.context();
        register(&context, "a", &a, 3);
        switch(&context, true).await;
        rows(&context, statement).await
    };
    let expected = run(None).await;
    // From less than the build side takes to more than both sides take.
    for memory in (400_000..2_000_000).step_by(100_000) {
        assert_eq!(run(Some(memory)).await, expected, "{memory}");
    }
}
