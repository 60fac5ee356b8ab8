//! `pg_terminate_backend(pid [, timeout])`: ends a connection, or a refresh of the scheduler's.

use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::{Instant, sleep};

use super::function::{Call, CatalogFunction};
use super::functions::number;
use crate::catalog::system::SystemSources;
use crate::error::{Error, Result, SqlState};

/// How often it is looked at whether a connection has ended that is waited for.
const PAUSE: Duration = Duration::from_millis(10);

/// The function. As in PostgreSQL, true says that the connection was told to end, or within the
/// milliseconds that are given that it has ended, and false that there is nothing of this number.
pub fn function() -> ScalarUDF {
    const INT: DataType = DataType::Int64;
    let arguments: &[&[DataType]] = &[&[INT], &[INT, INT]];
    CatalogFunction::udf(
        "pg_terminate_backend",
        arguments,
        DataType::Boolean,
        Call::Wait(terminate),
    )
}

fn terminate(
    sources: Arc<dyn SystemSources>,
    values: Vec<ScalarValue>,
) -> BoxFuture<'static, Result<ScalarValue>> {
    async move {
        let (Some(pid), timeout) = (number(&values, 0), number(&values, 1)) else {
            return Ok(ScalarValue::Boolean(None));
        };
        if values.len() > 1 && timeout.is_none() {
            return Ok(ScalarValue::Boolean(None));
        }
        let timeout = u64::try_from(timeout.unwrap_or(0)).map_err(|_| {
            let message = "\"timeout\" must not be negative";
            Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message)
        })?;
        let is_told = match i32::try_from(pid) {
            Ok(pid) => sources.terminate(pid)?,
            Err(_) => false,
        };
        if !is_told || timeout == 0 {
            return Ok(ScalarValue::Boolean(Some(is_told)));
        }
        let until = Instant::now() + Duration::from_millis(timeout);
        let is_there = || {
            let sessions = sources.sessions();
            sessions.iter().any(|session| i64::from(session.pid) == pid)
        };
        while is_there() {
            if Instant::now() >= until {
                return Ok(ScalarValue::Boolean(Some(false)));
            }
            sleep(PAUSE).await;
        }
        Ok(ScalarValue::Boolean(Some(true)))
    }
    .boxed()
}
