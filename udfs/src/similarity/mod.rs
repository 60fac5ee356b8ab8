//! How alike two texts are.

mod bound_comparisons;
mod cosine;
mod costs;
mod cutoff;
mod damerau_levenshtein;
mod date_similarity;
mod distance;
mod document_frequencies;
mod edit_distance;
mod edit_distance_similarity;
mod geo_distance;
mod hamming;
mod jaccard;
mod jaro_similarity;
mod jaro_winkler_distance;
mod jaro_winkler_similarity;
mod jarowinkler_similarity;
pub(crate) mod kernel;
mod lcs_similarity;
mod levenshtein;
mod levenshtein_less_equal;
mod monge_elkan;
mod ngram_set;
mod normalized_levenshtein;
mod numeric_similarity;
mod osa_distance;
mod overlap_coefficient;
mod parameter;
mod partial_ratio;
mod ratio;
mod sorensen_dice;
mod term_table;
mod term_weights;
#[cfg(test)]
mod tests;
mod tfidf_cosine;
mod token_ratio;
mod token_set_ratio;
mod token_sort_ratio;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

pub(crate) use jaro_winkler_similarity::{LONGEST_PREFIX, raise};

use crate::arguments::{declare, declare_aggregates};

pub(crate) use bound_comparisons::BoundComparisons;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[
        &cosine::FUNCTION,
        &damerau_levenshtein::FUNCTION,
        &date_similarity::FUNCTION,
        &edit_distance::FUNCTION,
        &edit_distance_similarity::FUNCTION,
        &geo_distance::FUNCTION,
        &hamming::FUNCTION,
        &jaccard::FUNCTION,
        &jaro_similarity::FUNCTION,
        &jaro_winkler_distance::FUNCTION,
        &jaro_winkler_similarity::FUNCTION,
        &jarowinkler_similarity::FUNCTION,
        &lcs_similarity::FUNCTION,
        &levenshtein::FUNCTION,
        &levenshtein_less_equal::FUNCTION,
        &monge_elkan::FUNCTION,
        &normalized_levenshtein::FUNCTION,
        &numeric_similarity::FUNCTION,
        &osa_distance::FUNCTION,
        &overlap_coefficient::FUNCTION,
        &partial_ratio::FUNCTION,
        &sorensen_dice::FUNCTION,
        &tfidf_cosine::FUNCTION,
        &token_set_ratio::FUNCTION,
        &token_sort_ratio::FUNCTION,
    ])
}

/// The aggregate functions of this folder.
pub(crate) fn aggregates() -> Vec<Arc<AggregateUDF>> {
    declare_aggregates(&[&term_weights::FUNCTION])
}
