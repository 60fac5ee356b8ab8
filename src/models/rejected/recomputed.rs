//! What stays of the rows that were rejected, where the rows of some keys are computed again: those of
//! other keys, and those that sources could not read.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::execute_stream;
use futures::TryStreamExt;
use serde_json::Value;

use super::row_json::is_lost;
use super::{row_as_json, table_id};
use crate::catalog::Object;
use crate::catalog::system::rejected_rows_schema;
use crate::error::{Error, Result};
use crate::instance::{Instance, Reading};
use crate::warehouse::At;

/// More rows than this are not looked through.
const MOST: u64 = 10_000;

/// Rows that stay rejected.
#[derive(Debug)]
pub struct Staying {
    /// They.
    pub(super) rows: Vec<RecordBatch>,
    /// Whether others do not.
    pub(super) some_go: bool,
    _memory: Option<MemoryReservation>,
}

impl Staying {
    /// Those of an object's rejected rows that are not of these keys, whose columns have these names; none
    /// where the rows are too many, or do not tell of which keys they are.
    ///
    /// # Errors
    /// What reading the rows says; 53200 where memory is short.
    pub async fn of(
        instance: &Arc<Instance>,
        object: &Object,
        names: &[String],
        keys: &[RecordBatch],
    ) -> Result<Option<Self>> {
        let (warehouse, table) = (&instance.warehouse, table_id(object));
        let mut staying = Self {
            rows: Vec::new(),
            some_go: false,
            _memory: None,
        };
        let rejected = match warehouse.exists(&table).await? {
            true => warehouse.size(&table, At::Latest).await?.rows,
            false => Some(0),
        };
        match rejected {
            Some(0) => return Ok(Some(staying)),
            Some(rows) if rows <= MOST => {}
            _ => return Ok(None),
        }
        let state = instance
            .statement(&instance.configuration.session, Reading::Rows)
            .state;
        let pool = &state.runtime_env().memory_pool;
        let memory = MemoryConsumer::new("rows that were rejected before").register(pool);
        let keys = keys_as_json(keys)?;
        let relation = warehouse.scan(&table, At::Latest).await?;
        let plan = relation.scan(&state, None, &[], None).await?;
        let mut rows = execute_stream(plan, state.task_ctx())?;
        while let Some(batch) = rows.try_next().await? {
            let Some(stays) = stays(&batch, names, &keys)? else {
                return Ok(None);
            };
            staying.some_go |= stays.false_count() > 0;
            let batch = filter_record_batch(&batch, &stays)?;
            memory.try_grow(batch.get_array_memory_size())?;
            staying.rows.push(batch);
        }
        staying._memory = Some(memory);
        Ok(Some(staying))
    }
}

/// The values of each key, as the records of rejected rows have them.
fn keys_as_json(keys: &[RecordBatch]) -> Result<HashSet<String>> {
    let mut found = HashSet::new();
    for batch in keys {
        let schema = batch.schema();
        let names = schema.fields().iter().map(|field| field.name().clone());
        let names: Vec<String> = names.collect();
        for row in 0..batch.num_rows() {
            let record: Value = read(&row_as_json(batch, row)?)?;
            found.insert(key_of(&record, &names));
        }
    }
    Ok(found)
}

/// Which rejected rows stay; none where one does not tell of which key it is.
fn stays(
    batch: &RecordBatch,
    names: &[String],
    keys: &HashSet<String>,
) -> Result<Option<BooleanArray>> {
    let schema = rejected_rows_schema();
    let column = |name: &str| -> Result<_> { Ok(batch.column(schema.index_of(name)?)) };
    let (source, record) = (column("source")?, column("record")?.as_string::<i32>());
    let mut stays = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        if source.is_valid(row) {
            stays.push(true);
            continue;
        }
        match serde_json::from_str::<Value>(record.value(row)) {
            Ok(record) if record.is_object() && tells_key(&record, names) => {
                stays.push(!keys.contains(&key_of(&record, names)));
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(stays.into()))
}

fn read(json: &str) -> Result<Value> {
    serde_json::from_str(json)
        .map_err(|error| Error::internal(format!("a row was not written as JSON: {error}")))
}

/// Whether a record has the values of a key as they were.
fn tells_key(record: &Value, names: &[String]) -> bool {
    let mut values = names.iter().filter_map(|name| record.get(name));
    !values.any(is_lost)
}

/// The values of a key in a record; what a record lacks is NULL.
fn key_of(record: &Value, names: &[String]) -> String {
    let values = names.iter().map(|name| record.get(name).cloned());
    Value::Array(values.map(Option::unwrap_or_default).collect()).to_string()
}
