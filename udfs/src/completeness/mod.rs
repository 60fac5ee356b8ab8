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

/// The functions of this folder that count rows, so that DISTINCT makes no sense of them.
pub(crate) const NOT_DISTINCT: [&str; 2] = ["completeness", "missing_rate"];

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    share::declare(&[&completeness::SHARE, &missing_rate::SHARE])
}
