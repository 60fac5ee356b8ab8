//! Which of several rows of a group survives: aggregates, each a window function too.
//!
//! All but `most_frequent` answer with one row: see [`survivor`].

mod accumulator;
mod by_source_priority;
mod comparable;
mod earliest_by;
mod frequency;
mod greatest_rows;
mod groups;
mod latest_by;
mod latest_by_source;
mod latest_record;
mod layout;
mod longest;
mod most_complete;
mod most_frequent;
mod record;
mod survivor;
#[cfg(test)]
mod tests;
mod window;

use std::sync::Arc;

use datafusion::logical_expr::AggregateUDF;

use crate::arguments::declare_aggregates;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    declare_aggregates(&[
        &by_source_priority::FUNCTION,
        &earliest_by::FUNCTION,
        &latest_by::FUNCTION,
        &latest_by_source::FUNCTION,
        &latest_record::FUNCTION,
        &longest::FUNCTION,
        &most_complete::FUNCTION,
        &most_frequent::FUNCTION,
    ])
}
