//! `pg_sleep(seconds)`: waits, and answers an empty text for PostgreSQL's `void`.

use std::time::Duration;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;
use futures::FutureExt;

use super::function::{Call, CatalogFunction, Wait};
use super::functions::TEXT;

/// The function.
pub fn function() -> ScalarUDF {
    let seconds: &[&[DataType]] = &[&[DataType::Float64]];
    let call: Wait = |_, values| {
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
    };
    CatalogFunction::udf("pg_sleep", seconds, TEXT, Call::Wait(call))
}
