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

use crate::arguments::declare;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[
        &damerau_levenshtein::FUNCTION,
        &jaro_similarity::FUNCTION,
        &jaro_winkler_similarity::FUNCTION,
        &levenshtein::FUNCTION,
    ])
}
