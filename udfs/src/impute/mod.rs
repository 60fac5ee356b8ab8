//! Values in place of missing ones.

mod impute_median;
mod impute_mode;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::error::Result;
use datafusion::logical_expr::WindowUDF;
use datafusion::logical_expr::function::WindowUDFFieldArgs;

use crate::FunctionError;
use crate::arguments::Form;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<WindowUDF>> {
    vec![
        Arc::new(impute_median::ImputeMedian::new().into()),
        Arc::new(impute_mode::ImputeMode::new().into()),
    ]
}

/// The one argument of a function that fills gaps, checked.
fn only_argument(form: &Form, args: &WindowUDFFieldArgs<'_>) -> Result<FieldRef> {
    let types: Vec<_> = args
        .input_fields()
        .iter()
        .map(|field| field.data_type().clone())
        .collect();
    form.check(&types)?;
    args.get_input_field(0).ok_or_else(|| {
        FunctionError::no_such_form(format!("{} takes 1 argument, not 0", form.name)).into()
    })
}
