//! Functions over channels: `pg_notify` and what tells who listens.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};
use super::functions::{TEXT, string, text};
use super::session_functions::list;
use crate::catalog::system::SystemSources;
use crate::error::Result;

/// The channels of the session as an array: `pg_listening_channels()` is a row of each.
pub const LISTENING_CHANNELS: &str = "listening_channels_of_session";

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    let texts = DataType::new_list(DataType::Utf8, true);
    vec![
        CatalogFunction::udf("pg_notify", &[&[TEXT, TEXT]], TEXT, Call::Act(notify)),
        CatalogFunction::udf(
            LISTENING_CHANNELS,
            &[&[]],
            texts,
            Call::Answer(|sources, _| list(sources.listening_channels())),
        ),
        CatalogFunction::udf(
            "pg_notification_queue_usage",
            &[&[]],
            DataType::Float64,
            Call::Answer(|sources, _| {
                ScalarValue::Float64(Some(sources.notification_queue_usage()))
            }),
        ),
    ]
}

/// NULL is an empty text, as in PostgreSQL.
fn notify(sources: &dyn SystemSources, values: &[ScalarValue]) -> Result<ScalarValue> {
    let channel = string(values, 0).unwrap_or_default();
    let payload = string(values, 1).unwrap_or_default();
    sources.notify(&channel, &payload)?;
    Ok(text(Some("")))
}
