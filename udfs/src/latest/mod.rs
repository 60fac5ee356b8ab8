//! Which of several values of a group survives.

mod accumulator;
mod greatest_rows;
mod groups;
mod latest_by;
mod layout;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::logical_expr::AggregateUDF;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    vec![Arc::new(latest_by::LatestBy::new().into())]
}
