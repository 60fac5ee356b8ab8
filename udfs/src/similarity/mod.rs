//! How alike two texts are.

mod cutoff;
mod damerau_levenshtein;
mod jaro_similarity;
mod jaro_winkler_similarity;
mod kernel;
mod levenshtein;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        Arc::new(damerau_levenshtein::DamerauLevenshtein::new().into()),
        Arc::new(jaro_similarity::JaroSimilarity::new().into()),
        Arc::new(jaro_winkler_similarity::JaroWinklerSimilarity::new().into()),
        Arc::new(levenshtein::Levenshtein::new().into()),
    ]
}
