//! Exactly the rows of the nested loop, whatever the join.

use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::{Row, Settings, conditions, plan, register, rows, switch};

/// Statements, with `{on}` for the condition of the join.
pub(in super::super) const JOINS: [&str; 14] = [
    "SELECT a.id, b.id, a.name, b.v FROM a JOIN b ON {on}",
    "SELECT a.id, b.id FROM a, b WHERE {on}",
    "SELECT a.id, b.id, b.name FROM a LEFT JOIN b ON {on}",
    "SELECT a.id, b.id, a.name FROM a RIGHT JOIN b ON {on}",
    "SELECT a.id, b.id, a.k, b.name FROM a FULL JOIN b ON {on}",
    "SELECT a.id, a.name FROM a LEFT SEMI JOIN b ON {on}",
    "SELECT a.id, a.name FROM a LEFT ANTI JOIN b ON {on}",
    "SELECT b.id, b.name FROM a RIGHT SEMI JOIN b ON {on}",
    "SELECT b.id, b.name FROM a RIGHT ANTI JOIN b ON {on}",
    "SELECT a.id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE {on})",
    "SELECT a.id FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE {on})",
    "SELECT a.id FROM a WHERE a.v = 1 OR EXISTS (SELECT 1 FROM b WHERE {on})",
    "SELECT a.id FROM a WHERE a.v NOT IN (SELECT b.v FROM b WHERE {on})",
    "SELECT count(*) FROM a JOIN b ON {on}",
];

pub(in super::super) const KEYS: [&str; 4] = [
    "",
    "a.k = b.k AND ",
    "(a.k IS NOT DISTINCT FROM b.k) AND ",
    "a.k = b.k AND a.v = b.v AND ",
];

pub(in super::super) const FILTERS: [&str; 5] = [
    "",
    " AND a.v < b.v",
    " AND a.id <> b.id",
    " AND (a.v IS NULL OR b.v > 1)",
    " AND NOT (levenshtein(a.name, b.name) = 0)",
];

/// A join on a condition. DataFusion plans no NOT IN with more keys than the one of its own.
pub(in super::super) fn statement(join: &str, key: &str, condition: &str, filter: &str) -> String {
    let key = if join.contains("NOT IN") { "" } else { key };
    join.replace("{on}", &format!("{key}{condition}{filter}"))
}

/// Texts of few letters, so that many are alike, and some that are long.
fn text() -> impl Strategy<Value = String> {
    let long = (0..3_usize, 0..40_usize, "[ab]").prop_map(|(base, place, letter)| {
        let mut text = ["abcde ", "é日x", "ab"][base].repeat([14, 25, 36][base]);
        let place = (place..text.len()).find(|at| text.is_char_boundary(*at));
        text.insert_str(place.unwrap_or(0), &letter);
        text
    });
    let longest = (0..2000_usize, "[ab]").prop_map(|(place, letter)| {
        let mut text = "abcdefgh ".repeat(230);
        text.insert_str(place, &letter);
        text
    });
    prop_oneof![
        20 => "[ab]{0,4}",
        20 => "(ann|anna|hanna|jon|john)( (smith|smyth|schmidt))?",
        10 => "[a-c]{6,9}",
        5 => "[aé日🎉]{1,6}",
        5 => " [ab ]{0,3}",
        4 => long,
        1 => longest,
    ]
}

fn row() -> impl Strategy<Value = Row> {
    (
        prop::option::weighted(0.9, 0..3_i64),
        prop::option::weighted(0.9, 0..4_i64),
        prop::option::weighted(0.95, text()),
    )
}

/// Tables on either side of the size up to which a nested loop stays.
fn table() -> impl Strategy<Value = Vec<Row>> {
    prop_oneof![
        1 => prop::collection::vec(row(), 0..6),
        6 => prop::collection::vec(row(), 20..70),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (1..4_usize, prop_oneof![Just(3), Just(17), Just(8192)]).prop_map(|(partitions, batch_size)| {
        Settings {
            partitions,
            batch_size,
            memory: None,
        }
    })
}

/// Holds statements with similarity joins against the same without.
async fn compare(settings: &Settings, a: &[Row], b: &[Row], statements: &[String]) {
    let context = settings.context();
    register(&context, "a", a, settings.partitions);
    register(&context, "b", b, 1);
    for statement in statements {
        switch(&context, false).await;
        let expected = rows(&context, statement).await;
        switch(&context, true).await;
        let found = rows(&context, statement).await;
        if found != expected {
            let plan = plan(&context, statement).await;
            let missing: Vec<_> = expected.iter().filter(|row| !found.contains(row)).collect();
            let wrong: Vec<_> = found.iter().filter(|row| !expected.contains(row)).collect();
            panic!(
                "{statement}\n{plan}\n{} rows, not {}\nmissing {missing:?}\nwrong {wrong:?}",
                found.len(),
                expected.len()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn joins_give_the_rows_of_the_nested_loop(
        settings in settings(),
        a in table(),
        b in table(),
        picks in prop::collection::vec((0..JOINS.len(), 0..KEYS.len(), 0..FILTERS.len(), any::<usize>()), 6),
    ) {
        let conditions = conditions("a.name", "b.name");
        let statements: Vec<String> = picks
            .into_iter()
            .map(|(join, key, filter, condition)| {
                let condition = &conditions[condition % conditions.len()];
                statement(JOINS[join], KEYS[key], condition, FILTERS[filter])
            })
            .collect();
        Runtime::new().unwrap().block_on(compare(&settings, &a, &b, &statements));
    }

    #[test]
    fn self_joins_give_the_rows_of_the_nested_loop(
        settings in settings(),
        a in table(),
        picks in prop::collection::vec((0..5_usize, 0..2_usize, any::<usize>()), 4),
    ) {
        let conditions = conditions("x.name", "y.name");
        let joins = ["JOIN", "LEFT JOIN", "FULL JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN"];
        let keys = ["", "x.k = y.k AND "];
        let statements: Vec<String> = picks
            .into_iter()
            .map(|(join, key, condition)| {
                let condition = &conditions[condition % conditions.len()];
                let columns = if join < 3 { "x.id, y.id" } else { "x.id" };
                format!(
                    "SELECT {columns} FROM a x {} a y ON {}x.id < y.id AND {condition}",
                    joins[join], keys[key]
                )
            })
            .collect();
        Runtime::new().unwrap().block_on(compare(&settings, &a, &[], &statements));
    }
}

/// A fixed table with much in it.
pub(in super::super) fn sample(seed: u64) -> Vec<Row> {
    let names = [
        "anna", "hanna", "jon", "john", "smith", "smyth", "schmidt", "é日本", "",
    ];
    (0..70_u64)
        .map(|row| {
            let mixed = (row * 7 + seed * 13) * 2_654_435_761 % 1_000_003;
            let text = format!(
                "{}{}{}",
                names[(mixed % 9) as usize],
                ["", " ", "x"][(mixed / 9 % 3) as usize],
                names[(mixed / 27 % 9) as usize],
            );
            (
                (!mixed.is_multiple_of(11)).then_some((mixed % 3) as i64),
                (!mixed.is_multiple_of(13)).then_some((mixed / 3 % 4) as i64),
                (!mixed.is_multiple_of(17)).then_some(text),
            )
        })
        .collect()
}

#[tokio::test]
async fn every_similarity_in_every_join() {
    let statements: Vec<String> = conditions("a.name", "b.name")
        .iter()
        .flat_map(|condition| JOINS.map(|join| join.replace("{on}", condition)))
        .collect();
    compare(&Settings::default(), &sample(1), &sample(2), &statements).await;
}

#[tokio::test]
async fn every_filter_and_key_in_every_join() {
    let condition = "levenshtein(lower(a.name), concat(b.name, '')) <= 2";
    let settings = Settings {
        partitions: 3,
        batch_size: 50,
        memory: None,
    };
    let mut statements = Vec::new();
    for join in JOINS {
        for key in KEYS {
            for filter in FILTERS {
                statements.push(statement(join, key, condition, filter));
            }
        }
    }
    compare(&settings, &sample(3), &sample(4), &statements).await;
}
