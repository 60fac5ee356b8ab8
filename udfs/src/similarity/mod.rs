//! How alike two texts are.

mod cosine;
mod cutoff;
mod damerau_levenshtein;
mod jaccard;
mod jaro_similarity;
mod jaro_winkler_similarity;
pub(crate) mod kernel;
mod levenshtein;
mod ngram_set;
mod overlap_coefficient;
mod parameter;
mod partial_ratio;
mod ratio;
mod sorensen_dice;
#[cfg(test)]
mod tests;
mod token_set_ratio;
mod token_sort_ratio;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

pub(crate) use jaro_winkler_similarity::{LONGEST_PREFIX, raise};

use crate::arguments::declare;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[
        &cosine::FUNCTION,
        &damerau_levenshtein::FUNCTION,
        &jaccard::FUNCTION,
        &jaro_similarity::FUNCTION,
        &jaro_winkler_similarity::FUNCTION,
        &levenshtein::FUNCTION,
        &overlap_coefficient::FUNCTION,
        &partial_ratio::FUNCTION,
        &sorensen_dice::FUNCTION,
        &token_set_ratio::FUNCTION,
        &token_sort_ratio::FUNCTION,
    ])
}
