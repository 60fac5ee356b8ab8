//! The same statements with and without similarity joins.

mod cancelled;
mod degenerate;
mod memory;
mod plans;
mod same_rows;

pub(super) use same_rows::{FILTERS, JOINS, KEYS, sample, statement};

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};

/// A row of a test's table: a key, a number and a text.
pub(super) type Row = (Option<i64>, Option<i64>, Option<String>);

/// How a statement runs.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) partitions: usize,
    pub(super) batch_size: usize,
    pub(super) memory: Option<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            partitions: 2,
            batch_size: 8192,
            memory: None,
        }
    }
}

impl Settings {
    pub(super) fn context(&self) -> SessionContext {
        let runtime = match self.memory {
            None => Arc::new(RuntimeEnv::default()),
            Some(bytes) => RuntimeEnvBuilder::new()
                .with_memory_limit(bytes, 1.0)
                .build_arc()
                .unwrap(),
        };
        let config = SessionConfig::new()
            .with_target_partitions(self.partitions)
            .with_batch_size(self.batch_size);
        let builder = SessionStateBuilder::new_with_default_features()
            .with_config(config)
            .with_runtime_env(runtime);
        let mut state = crate::with_similarity_joins(builder).build();
        crate::register_all(&mut state).unwrap();
        SessionContext::new_with_state(state)
    }
}

/// Registers a table with an id a row, in as many partitions as the rows are split into.
pub(super) fn register(context: &SessionContext, name: &str, rows: &[Row], partitions: usize) {
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("k", DataType::Int64, true),
        Field::new("v", DataType::Int64, true),
        Field::new("name", DataType::Utf8, true),
    ]));
    let size = rows.len().div_ceil(partitions).max(1);
    let mut id = 0;
    let mut batches: Vec<Vec<RecordBatch>> = rows
        .chunks(size)
        .map(|rows| {
            let ids = Int64Array::from_iter_values(id..id + rows.len() as i64);
            id += rows.len() as i64;
            let columns: Vec<ArrayRef> = vec![
                Arc::new(ids),
                Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>()),
                Arc::new(rows.iter().map(|row| row.1).collect::<Int64Array>()),
                Arc::new(
                    rows.iter()
                        .map(|row| row.2.as_deref())
                        .collect::<StringArray>(),
                ),
            ];
            vec![RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()]
        })
        .collect();
    if batches.is_empty() {
        batches.push(Vec::new());
    }
    let table = MemTable::try_new(schema, batches).unwrap();
    context.register_table(name, Arc::new(table)).unwrap();
}

pub(super) async fn switch(context: &SessionContext, on: bool) {
    let value = if on { "on" } else { "off" };
    let set = format!("SET tributary.similarity_join = '{value}'");
    context.sql(&set).await.unwrap().collect().await.unwrap();
}

/// The rows of a statement, as text, sorted.
async fn rows(context: &SessionContext, statement: &str) -> Vec<String> {
    let mut rows = ordered_rows(context, statement).await;
    rows.sort_unstable();
    rows
}

/// The rows of a statement, as text, in its order.
pub(super) async fn ordered_rows(context: &SessionContext, statement: &str) -> Vec<String> {
    let batches = context.sql(statement).await.unwrap().collect().await;
    shown(&batches.unwrap_or_else(|error| panic!("{statement}: {error}")))
}

/// Rows as text.
pub(super) fn shown(batches: &[RecordBatch]) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in batches {
        let options = FormatOptions::new().with_null("NULL");
        let columns: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let values: Vec<String> = columns
                .iter()
                .map(|column| column.value(row).to_string())
                .collect();
            rows.push(values.join(" "));
        }
    }
    rows
}

/// The physical plan of a statement, as text.
pub(super) async fn plan(context: &SessionContext, statement: &str) -> String {
    let plan = context.sql(statement).await.unwrap();
    let plan = plan.create_physical_plan().await.unwrap();
    datafusion::physical_plan::displayable(plan.as_ref())
        .indent(false)
        .to_string()
}

/// The similarities that joins are planned for, with `{a}` and `{b}` for the texts.
const SIMILARITIES: [(&str, &[&str]); 15] = [
    (
        "levenshtein",
        &[
            "levenshtein({a}, {b}) <= 2",
            "levenshtein({b}, {a}) < 2",
            "1 = levenshtein({a}, {b})",
            "3 >= levenshtein({a}, {b}, 1, 1, 1)",
            "levenshtein({a}, {b}) BETWEEN 1 AND 3",
        ],
    ),
    ("osa_distance", &["osa_distance({a}, {b}) <= 2"]),
    (
        "damerau_levenshtein",
        &[
            "damerau_levenshtein({a}, {b}) <= 1",
            "damerau_levenshtein({a}, {b}) = 2",
        ],
    ),
    ("hamming", &["hamming({a}, {b}) <= 2"]),
    (
        "normalized_levenshtein",
        &[
            "normalized_levenshtein({a}, {b}) >= 0.75",
            "normalized_levenshtein({a}, {b}) > 0.5",
        ],
    ),
    (
        "jaro_similarity",
        &[
            "jaro_similarity({a}, {b}) >= 0.85",
            "jaro_similarity({a}, {b}, 0.9) > 0.2",
        ],
    ),
    (
        "jaro_winkler_similarity",
        &[
            "jaro_winkler_similarity({a}, {b}) >= 0.92",
            "0.8 < jaro_winkler_similarity({b}, {a})",
            "jaro_winkler_similarity({a}, {b}, 0.85) >= 0.7",
        ],
    ),
    (
        "jaccard",
        &["jaccard({a}, {b}) >= 0.8", "jaccard({a}, {b}, 2) > 0.5"],
    ),
    ("sorensen_dice", &["sorensen_dice({a}, {b}) >= 0.7"]),
    ("cosine", &["cosine({a}, {b}, 3) >= 0.6"]),
    (
        "overlap_coefficient",
        &["overlap_coefficient({a}, {b}) >= 0.9"],
    ),
    (
        "similarity",
        &[
            "similarity({a}, {b}) >= 0.5",
            "similarity({a}, {b}) > 0.3",
            "{a} % {b}",
        ],
    ),
    (
        "similarity_dist",
        &[
            "similarity_dist({a}, {b}) < 0.6",
            "similarity_dist({a}, {b}) = 0.5",
            "0.4 >= similarity_dist({b}, {a})",
        ],
    ),
    ("token_sort_ratio", &["token_sort_ratio({a}, {b}) >= 80"]),
    ("token_set_ratio", &["token_set_ratio({a}, {b}) > 85.5"]),
];

/// The conditions of [`SIMILARITIES`] whose function there is, over two texts.
pub(super) fn conditions(a: &str, b: &str) -> Vec<String> {
    let functions = crate::all_scalar_functions();
    SIMILARITIES
        .iter()
        .filter(|(name, _)| functions.iter().any(|function| function.name() == *name))
        .flat_map(|(_, conditions)| conditions.iter())
        .map(|condition| condition.replace("{a}", a).replace("{b}", b))
        .collect()
}
