//! What happened to a table, from its log.

use std::sync::{Arc, LazyLock};

use arrow::array::{Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use futures::TryStreamExt as _;
use serde_json::Value;

use super::entry::{REFRESH_ID, commit_info};
use super::patch::PATCH;
use super::table::{READ_TO, Table};
use super::types::UTC;
use crate::error::Result;

/// The columns of a table's history.
pub static HISTORY_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()));
    Arc::new(Schema::new(vec![
        Field::new("version", DataType::Int64, false),
        Field::new("timestamp", time, true),
        Field::new("operation", DataType::Utf8, true),
        Field::new("parameters", DataType::Utf8, true),
        Field::new("rows", DataType::Int64, true),
        Field::new("bytes", DataType::Int64, true),
        Field::new("files", DataType::Int64, true),
        Field::new("refresh_id", DataType::Utf8, true),
        Field::new("user_metadata", DataType::Utf8, true),
        Field::new("engine", DataType::Utf8, true),
    ]))
});

/// The history of a table, latest version first, so many versions at most. What another engine does not
/// tell is NULL.
pub(super) async fn history(table: &Table, most: usize) -> Result<RecordBatch> {
    let mut entries = table.entries().await?;
    entries.reverse();
    entries.truncate(most);
    let versions: Vec<u64> = entries.iter().map(|(version, _)| *version).collect();
    let mut read = std::pin::pin!(table.read_entries(versions));
    let mut infos: Vec<(i64, Value)> = Vec::with_capacity(entries.len());
    for (_, meta) in &entries {
        let Some((version, entry)) = read.try_next().await? else {
            break;
        };
        let mut info = commit_info(&entry).unwrap_or_default();
        info[PATCH] = Value::Null;
        if info["timestamp"].as_i64().is_none() {
            info["timestamp"] = meta.last_modified.timestamp_millis().into();
        }
        infos.push((i64::try_from(version).unwrap_or(i64::MAX), info));
    }
    let versions = infos.iter().map(|(version, _)| *version);
    let times = infos
        .iter()
        .map(|(_, info)| info["timestamp"].as_i64()?.checked_mul(1000));
    let texts = |key: &str| -> Arc<StringArray> {
        Arc::new(infos.iter().map(|(_, info)| info[key].as_str()).collect())
    };
    let metrics = |key: &str| -> Arc<Int64Array> {
        Arc::new(infos.iter().map(|(_, info)| metric(info, key)).collect())
    };
    let parameters = infos.iter().map(|(_, info)| {
        let mut parameters = info["operationParameters"].as_object().cloned()?;
        // How far a refresh has read is for the next one.
        parameters.remove(READ_TO);
        Some(Value::Object(parameters).to_string())
    });
    Ok(RecordBatch::try_new(
        Arc::clone(&HISTORY_SCHEMA),
        vec![
            Arc::new(versions.collect::<Int64Array>()),
            Arc::new(
                times
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone(UTC),
            ),
            texts("operation"),
            Arc::new(parameters.collect::<StringArray>()),
            metrics("numOutputRows"),
            metrics("numOutputBytes"),
            metrics("numFiles"),
            texts(REFRESH_ID),
            texts("userMetadata"),
            texts("engineInfo"),
        ],
    )?)
}

/// A metric of a commit; some engines write numbers, some write them as text.
fn metric(info: &Value, key: &str) -> Option<i64> {
    let metric = &info["operationMetrics"][key];
    metric.as_i64().or_else(|| metric.as_str()?.parse().ok())
}
