//! `pg_cancel_backend(pid)`: stops what a connection runs, or a refresh of the scheduler's.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};
use super::functions::number;

/// The function. As in PostgreSQL, true says that it was asked to stop, and false that there is
/// nothing of this number.
pub fn function() -> ScalarUDF {
    let pid: &[&[DataType]] = &[&[DataType::Int64]];
    let call = Call::Act(|sources, values| {
        let pid = number(values, 0);
        let canceled = pid.map(|pid| match i32::try_from(pid) {
            Ok(pid) => sources.cancel(pid),
            Err(_) => Ok(false),
        });
        Ok(ScalarValue::Boolean(canceled.transpose()?))
    });
    CatalogFunction::udf("pg_cancel_backend", pid, DataType::Boolean, call)
}
