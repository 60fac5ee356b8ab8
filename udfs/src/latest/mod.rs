//! Which of several values of a group survives.

use std::sync::Arc;

use datafusion::logical_expr::AggregateUDF;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    vec![]
}
