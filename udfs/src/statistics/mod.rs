//! Outliers, drift and experiments.

mod bayes_uplift;
mod chi2;
mod comparison;
mod comparison_accumulator;
mod compensated_sum;
mod decomposition;
mod ewma;
mod fractions;
mod gauss_legendre;
mod interpolated;
mod iqr_outlier;
mod js_divergence;
mod kolmogorov_smirnov;
mod ks_p_value;
mod ks_statistic;
mod labels;
mod mad_score;
mod mode;
mod observations;
mod ordered_set;
mod percentile_cont;
mod percentile_disc;
mod posterior;
mod proportion;
mod psi;
mod quantile;
mod sample;
mod seasonal_residual;
mod shares;
#[cfg(test)]
mod tests;
mod two_proportion_test;
mod wilson_interval;
mod zscore;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};

use crate::arguments::{declare, declare_aggregates, declare_windows};

/// The scalar functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[
        &bayes_uplift::FUNCTION,
        &two_proportion_test::FUNCTION,
        &wilson_interval::FUNCTION,
    ])
}

/// The aggregates of this folder.
pub(crate) fn aggregate_functions() -> Vec<Arc<AggregateUDF>> {
    let mut all = declare_aggregates(&[
        &chi2::FUNCTION,
        &js_divergence::FUNCTION,
        &ks_p_value::FUNCTION,
        &ks_statistic::FUNCTION,
        &psi::FUNCTION,
    ]);
    all.extend([
        mode::function(),
        percentile_cont::function(),
        percentile_disc::function(),
    ]);
    all
}

/// The window functions of this folder.
pub(crate) fn window_functions() -> Vec<Arc<WindowUDF>> {
    declare_windows(&[
        &ewma::FUNCTION,
        &iqr_outlier::FUNCTION,
        &mad_score::FUNCTION,
        &seasonal_residual::FUNCTION,
        &zscore::FUNCTION,
    ])
}
