//! Numerics: their sign, their digits, and whole quotients.

mod digits;
mod div;
mod min_scale;
mod scale;
mod sign;
mod trim_scale;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use crate::arguments::declare;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    let mut all = declare(&[
        &div::FUNCTION,
        &min_scale::FUNCTION,
        &scale::FUNCTION,
        &sign::FUNCTION,
    ]);
    all.push(trim_scale::function());
    all
}
