//! Values in place of missing ones.

mod amounts;
mod carry;
mod center;
mod constants;
mod features;
mod gaps;
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
#[cfg(test)]
mod tests;
mod times;
mod was_imputed;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::logical_expr::{ScalarUDF, WindowUDF};

use crate::arguments::{self, Form, Hints, Kind, WindowFunction};

/// What the functions that fill gaps have in common; the rest a file says itself.
const FILLING: WindowFunction = WindowFunction {
    form: Form {
        name: "",
        parameters: &[Kind::Any],
        counts: &[1],
    },
    hints: Hints {
        nulls: "It fills NULLs from what is not NULL: leave the clause out.",
        frame: "Leave the frame out, or fill from it by an aggregate: \
                coalesce(value, avg(value) OVER (... ROWS BETWEEN ...)).",
    },
    answer: |_, given| Ok(given.first().cloned().unwrap_or(DataType::Null)),
    ..WindowFunction::UNORDERED
};

/// The functions that fill gaps.
static IMPUTATIONS: [&WindowFunction; 10] = [
    &impute_constant::FUNCTION,
    &impute_hot_deck::FUNCTION,
    &impute_knn::FUNCTION,
    &impute_last::FUNCTION,
    &impute_linear::FUNCTION,
    &impute_mean::FUNCTION,
    &impute_median::FUNCTION,
    &impute_mode::FUNCTION,
    &impute_next::FUNCTION,
    &impute_spline::FUNCTION,
];

/// The functions that fill gaps.
pub(crate) fn functions() -> Vec<Arc<WindowUDF>> {
    arguments::declare_windows(&IMPUTATIONS)
}

/// The functions that tell where gaps were filled.
pub(crate) fn scalar_functions() -> Vec<Arc<ScalarUDF>> {
    arguments::declare(&[&was_imputed::FUNCTION])
}
