//! How much of the data is there.

#[expect(
    clippy::module_inception,
    reason = "a file has the SQL name of its function"
)]
mod completeness;
mod counts;
mod given;
mod missing_rate;
mod num_nonnulls;
mod num_nulls;
mod share;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

use crate::arguments::{declare, declare_aggregates};

/// The scalar functions of this folder.
pub(crate) fn scalar_functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[&num_nonnulls::FUNCTION, &num_nulls::FUNCTION])
}

/// The aggregates of this folder.
pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    declare_aggregates(&[&completeness::FUNCTION, &missing_rate::FUNCTION])
}
