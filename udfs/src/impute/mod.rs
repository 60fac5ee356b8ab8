//! Values in place of missing ones.

mod amounts;
mod carry;
mod center;
mod constants;
mod features;
mod gaps;
mod imputation;
mod impute_constant;
mod impute_hot_deck;
mod impute_knn;
mod impute_last;
mod impute_linear;
mod impute_mean;
mod impute_median;
mod impute_mode;
mod impute_next;
mod impute_spline;
mod interpolation;
mod mean;
mod monotone_cubic;
mod neighbours;
mod ranking;
mod rounding;
mod rules;
#[cfg(test)]
mod tests;
mod times;
mod was_imputed;

use std::sync::Arc;

use datafusion::logical_expr::{ScalarUDF, WindowUDF};

use crate::arguments;
use imputation::Imputation;

pub(crate) use rules::ClauseRules;

/// The functions of this folder that fill gaps.
static IMPUTATIONS: [&Imputation; 10] = [
    &impute_constant::IMPUTATION,
    &impute_hot_deck::IMPUTATION,
    &impute_knn::IMPUTATION,
    &impute_last::IMPUTATION,
    &impute_linear::IMPUTATION,
    &impute_mean::IMPUTATION,
    &impute_median::IMPUTATION,
    &impute_mode::IMPUTATION,
    &impute_next::IMPUTATION,
    &impute_spline::IMPUTATION,
];

/// The functions that fill gaps.
pub(crate) fn functions() -> Vec<Arc<WindowUDF>> {
    imputation::declare(&IMPUTATIONS)
}

/// The functions that tell where gaps were filled.
pub(crate) fn scalar_functions() -> Vec<Arc<ScalarUDF>> {
    arguments::declare(&[&was_imputed::FUNCTION])
}
