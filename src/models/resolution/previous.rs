//! The entities of the version before.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use futures::TryStreamExt;
use tributary_udfs::resolve::Records;

use super::{Resolved, scan};
use crate::error::{Error, Result};

/// What records belonged to. It takes its memory from the pool.
#[derive(Debug)]
pub struct Previous {
    /// The entity of each record of now; none of one that is new.
    pub entities: Vec<Option<u64>>,
    /// The records that are not there any more.
    pub removed: Vec<Removed>,
    memory: MemoryReservation,
}

/// A record that is not there any more.
#[derive(Debug)]
pub struct Removed {
    /// Its identifier.
    pub id: String,
    /// What it had as its source, where there are any.
    pub source: Option<String>,
    /// The entity that it belonged to.
    pub entity: u64,
}

impl Previous {
    /// Of so many records that are all new.
    ///
    /// # Errors
    /// 53200 where memory does not suffice.
    pub fn none(records: usize, pool: &Arc<dyn MemoryPool>) -> Result<Self> {
        Self::of(vec![None; records], pool)
    }

    /// By the entities of records.
    ///
    /// # Errors
    /// 53200 where memory does not suffice.
    pub fn of(entities: Vec<Option<u64>>, pool: &Arc<dyn MemoryPool>) -> Result<Self> {
        let memory = MemoryConsumer::new("entities of before").register(pool);
        memory.try_grow(size_of_val(entities.as_slice()))?;
        Ok(Self {
            entities,
            removed: Vec::new(),
            memory,
        })
    }

    /// Tells of a record that is not there any more.
    ///
    /// # Errors
    /// 53200 where memory does not suffice.
    pub fn remove(&mut self, id: &str, source: Option<&str>, entity: u64) -> Result<()> {
        let bytes = size_of::<Removed>() + id.len() + source.map_or(0, str::len);
        self.memory.try_grow(bytes)?;
        self.removed.push(Removed {
            id: id.to_owned(),
            source: source.map(str::to_owned),
            entity,
        });
        Ok(())
    }

    /// Reads a version of the model, whose columns may be others than those of now.
    ///
    /// # Errors
    /// What the store says.
    pub async fn read(resolved: &Resolved, records: &Records) -> Result<Self> {
        let pool = &resolved.instance.runtime().memory_pool;
        let mut previous = Self::none(records.len(), pool)?;
        let clusters = resolved.clusters.clone();
        let mut rows = scan::stream(&resolved.instance, clusters, None).await?;
        let entity = rows.schema().index_of("entity_id")?;
        while let Some(batch) = rows.try_next().await? {
            let names = batch.columns()[..entity]
                .iter()
                .map(|column| cast(column, &DataType::Utf8))
                .collect::<Result<Vec<ArrayRef>, _>>()?;
            let [id, source @ ..] = names.as_slice() else {
                return Err(Error::internal("clusters without the records' identifier"));
            };
            let id = id.as_string::<i32>();
            let source = source.first().map(|source| source.as_string::<i32>());
            let entities = batch.column(entity).as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                let source = source
                    .filter(|source| source.is_valid(row))
                    .map(|source| source.value(row));
                let entity = entities.value(row).unsigned_abs();
                match records.find(source.unwrap_or(""), id.value(row)) {
                    Some(record) => previous.entities[record as usize] = Some(entity),
                    None => previous.remove(id.value(row), source, entity)?,
                }
            }
        }
        Ok(previous)
    }

    /// The least number that no entity has had; `known` is the least that was not given out, where
    /// that is known.
    pub fn next_entity(&self, known: Option<u64>) -> u64 {
        let had = self.entities.iter().flatten().copied();
        let gone = self.removed.iter().map(|gone| gone.entity);
        let after = had.chain(gone).max().unwrap_or(0) + 1;
        known.map_or(after, |known| known.max(after))
    }
}
