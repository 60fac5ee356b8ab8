//! Texts for campaigns.

mod column;
mod engine;
mod failure;
mod render_template;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use crate::arguments::declare;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[&render_template::FUNCTION])
}
