//! What tests hold an index against: every pair, by the SQL function.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::DFSchema;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryPool, MemoryReservation, UnboundedMemoryPool,
};
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::prelude::SessionContext;

use super::all_pairs::AllPairs;
use super::cancellation::Cancellation;
use super::index::{Build, Index, Search};
use super::pairs::Pairs;
use super::predicate::{Bound, Metric, Predicate};
use super::texts::Texts;

/// The predicate as an expression over the columns `left` and `right`, as SQL would be planned.
pub(crate) fn expression(predicate: Predicate) -> Arc<dyn PhysicalExpr> {
    let mut context = SessionContext::new();
    crate::register_all(&mut context).unwrap();
    let (name, n) = match predicate.metric {
        Metric::Levenshtein => ("levenshtein", None),
        Metric::Osa => ("osa_distance", None),
        Metric::DamerauLevenshtein => ("damerau_levenshtein", None),
        Metric::Hamming => ("hamming", None),
        Metric::NormalizedLevenshtein => ("normalized_levenshtein", None),
        Metric::Jaro => ("jaro_similarity", None),
        Metric::JaroWinkler => ("jaro_winkler_similarity", None),
        Metric::Jaccard { n } => ("jaccard", Some(n)),
        Metric::Dice { n } => ("sorensen_dice", Some(n)),
        Metric::Cosine { n } => ("cosine", Some(n)),
        Metric::Overlap { n } => ("overlap_coefficient", Some(n)),
        Metric::Trigram => ("similarity", None),
        Metric::TokenSort => ("token_sort_ratio", None),
        Metric::TokenSet => ("token_set_ratio", None),
    };
    let mut arguments = vec![col("left"), col("right")];
    arguments.extend(n.map(|n| lit(i64::from(n))));
    let call: Expr = context.udf(name).unwrap().call(arguments);
    let comparison = match predicate.bound {
        Bound::AtMost(distance) => call.lt_eq(lit(i64::from(distance))),
        Bound::AtLeast(similarity) => call.gt_eq(lit(similarity)),
    };
    let argument = |name| Field::new(name, DataType::Utf8, true);
    let schema = Schema::new(vec![argument("left"), argument("right")]);
    let schema = DFSchema::try_from(schema).unwrap();
    context.create_physical_expr(comparison, &schema).unwrap()
}

/// As much memory as there is.
fn memory() -> MemoryReservation {
    let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
    MemoryConsumer::new("a test").register(&pool)
}

/// What an index is built with.
pub(crate) fn build(predicate: Predicate, texts: Arc<Texts>) -> Build {
    Build {
        predicate,
        expression: expression(predicate),
        texts,
        threads: 2,
        memory: Arc::new(memory()),
        cancellation: Cancellation::default(),
    }
}

/// All pairs (probe, build) that an index finds, sorted; `limit` is that of one search.
pub(crate) fn search(
    index: &dyn Index,
    texts: &Texts,
    self_join: bool,
    limit: usize,
) -> Vec<(u32, u32)> {
    let mut scratch = index.scratch();
    let mut found = Vec::new();
    let mut ids = texts.ids();
    while !ids.is_empty() {
        let mut pairs = Pairs::with_limit(limit);
        let search = Search {
            texts,
            ids: ids.clone(),
            self_join,
            cancellation: &Cancellation::default(),
        };
        let next = index.search(&search, &mut scratch, &mut pairs).unwrap();
        assert!(ids.start < next && next <= ids.end);
        assert!(pairs.len() as u64 <= pairs.candidates);
        ids.start = next;
        found.extend(pairs.probe.into_iter().zip(pairs.build));
    }
    found.sort_unstable();
    found
}

/// What an index must find.
pub(crate) fn expected(build: &Build, texts: &Texts, self_join: bool) -> Vec<(u32, u32)> {
    search(&AllPairs::new(build), texts, self_join, usize::MAX)
}

#[test]
fn all_pairs_within_a_distance() {
    let predicate = Predicate {
        metric: Metric::Levenshtein,
        bound: Bound::AtMost(1),
    };
    let (texts, _) = Texts::new(&["", "a", "ab", "abc", "xyz"]);
    let build = build(predicate, Arc::new(texts));
    let (probe, _) = Texts::new(&["b", "abcd"]);
    let index = build.index().unwrap();
    assert_eq!(
        search(index.as_ref(), &probe, false, 1),
        [(0, 0), (0, 1), (0, 2), (1, 3)]
    );
    assert_eq!(
        search(index.as_ref(), &build.texts, true, 2),
        [
            (0, 0),
            (1, 0),
            (1, 1),
            (2, 1),
            (2, 2),
            (3, 2),
            (3, 3),
            (4, 4)
        ]
    );
    assert_eq!(
        expected(&build, &build.texts, true),
        search(index.as_ref(), &build.texts, true, usize::MAX)
    );
}
