//! Arrays.

mod array_assign;
mod array_fill;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use crate::arguments::declare;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[&array_assign::FUNCTION, &array_fill::FUNCTION])
}
