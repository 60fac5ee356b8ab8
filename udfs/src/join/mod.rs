//! Joins on a similarity that do not compare every pair.
//!
//! `JOIN ... ON levenshtein(a.name, b.name) <= 2` is a nested loop in DataFusion. Here the rule
//! [`rule::SimilarityJoins`] plans it as [`exec::SimilarityJoinExec`]: the distinct texts of one
//! side are put into an [`index::Index`], which is asked, for each distinct text of the other,
//! which of its own are as similar as the predicate wants.
//!
//! From plan to rows: `rule` and `recognize` find the predicate, `exec` is the operator, `task`
//! runs one of its partitions. `gather` reads the build side into `built`, after `sample` told
//! which side that is, where statistics did not; a piece of the other side is a `probe`, which a
//! `prober` finds partners for: its `searcher` finds pairs of texts, an `expansion` makes pairs of
//! rows of them. `lead` does the same in chunks where memory is short.

mod all_pairs;
mod bitmap;
mod blocks;
mod bound;
mod built;
mod cancellation;
mod codec;
mod columns;
mod comparison;
mod cost;
mod definition;
mod edit;
mod exec;
mod expansion;
mod gather;
mod index;
mod jaro;
mod keys;
mod lead;
mod metrics;
mod nearest;
mod output;
mod overlap;
mod pairs;
mod parts;
mod pieces;
mod predicate;
mod probe;
mod prober;
mod recognize;
#[cfg(test)]
mod reference;
mod rule;
mod sample;
mod searcher;
mod set;
mod setting;
mod side;
mod similarity;
mod sorting;
mod task;
#[cfg(test)]
mod tests;
mod texts;
mod threads;
mod width;

use std::sync::Arc;

use datafusion::execution::SessionStateBuilder;
use datafusion::physical_optimizer::PhysicalOptimizerRule;

pub use codec::TributaryCodec;
pub use setting::TributaryOptions;

/// The rule that fixes how rows are distributed; what it plans for must be there before.
const DISTRIBUTION: &str = "EnsureRequirements";

/// Plans joins on a similarity of this library's functions with an index, unless
/// `tributary.similarity_join` is off.
pub fn with_similarity_joins(mut builder: SessionStateBuilder) -> SessionStateBuilder {
    let mut optimizer = builder.physical_optimizers().take().unwrap_or_default();
    let place = optimizer
        .rules
        .iter()
        .position(|rule| rule.name() == DISTRIBUTION)
        .unwrap_or(0);
    let rules: [Arc<dyn PhysicalOptimizerRule + Send + Sync>; 2] = [
        Arc::new(rule::SimilarityJoins),
        Arc::new(nearest::NearestRows),
    ];
    optimizer.rules.splice(place..place, rules);
    let config = builder.config().take().unwrap_or_default();
    let options = TributaryOptions::of(config.options());
    builder
        .with_config(config.with_option_extension(options))
        .with_physical_optimizer_rules(optimizer.rules)
}
