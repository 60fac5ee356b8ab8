//! How much of the data is there.

#[expect(
    clippy::module_inception,
    reason = "a file has the SQL name of its function"
)]
mod completeness;
mod counts;
mod missing_rate;
mod share;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::logical_expr::AggregateUDF;

use crate::arguments::declare_aggregates;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    declare_aggregates(&[&completeness::FUNCTION, &missing_rate::FUNCTION])
}
