//! How many trigrams texts share: PostgreSQL's `pg_trgm`.

mod ascii;
mod characters;
mod extent;
mod extent_lanes;
mod extents;
mod lanes;
mod numbering;
mod operators;
mod overlap;
mod pairs;
mod set_limit;
mod show_limit;
mod show_trgm;
mod similarity;
mod similarity_dist;
mod similarity_op;
mod strict_word_similarity;
mod strict_word_similarity_commutator_op;
mod strict_word_similarity_dist_commutator_op;
mod strict_word_similarity_dist_op;
mod strict_word_similarity_op;
mod table;
#[cfg(test)]
mod tests;
mod thresholds;
mod trigrams;
mod word_similarity;
mod word_similarity_commutator_op;
mod word_similarity_dist_commutator_op;
mod word_similarity_dist_op;
mod word_similarity_op;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

pub(crate) use operators::TrigramOperators;
pub(crate) use overlap::Overlap;
pub(crate) use pairs::distance;
pub use thresholds::TrigramThresholds;
pub(crate) use trigrams::distinct;

use crate::arguments::declare;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[
        &set_limit::FUNCTION,
        &show_limit::FUNCTION,
        &show_trgm::FUNCTION,
        &similarity::FUNCTION,
        &similarity_dist::FUNCTION,
        &similarity_op::FUNCTION,
        &strict_word_similarity::FUNCTION,
        &strict_word_similarity_commutator_op::FUNCTION,
        &strict_word_similarity_dist_commutator_op::FUNCTION,
        &strict_word_similarity_dist_op::FUNCTION,
        &strict_word_similarity_op::FUNCTION,
        &word_similarity::FUNCTION,
        &word_similarity_commutator_op::FUNCTION,
        &word_similarity_dist_commutator_op::FUNCTION,
        &word_similarity_dist_op::FUNCTION,
        &word_similarity_op::FUNCTION,
    ])
}
