//! `pg_sleep(seconds)`: waits, and answers an empty text for PostgreSQL's `void`.

use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;
use futures::FutureExt;

use super::functions::TEXT;
use super::waiting_function::WaitingFunction;
use crate::catalog::system::SystemSources;

/// The function.
pub fn function(sources: &Arc<dyn SystemSources>) -> ScalarUDF {
    let seconds: &[&[DataType]] = &[&[DataType::Float64]];
    WaitingFunction::udf(sources, "pg_sleep", seconds, TEXT, |_, values| {
        async move {
            let Some(ScalarValue::Float64(Some(seconds))) = values.first() else {
                return Ok(ScalarValue::Utf8(None));
            };
            // A time that has passed, or is none, is not waited for.
            if let Ok(time) = Duration::try_from_secs_f64(*seconds) {
                tokio::time::sleep(time).await;
            }
            Ok(ScalarValue::Utf8(Some(String::new())))
        }
        .boxed()
    })
}
