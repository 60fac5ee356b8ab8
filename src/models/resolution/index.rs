//! Models in memory, for questions that need all records at hand.

use std::sync::Arc;

use futures::TryStreamExt;
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tributary_udfs::resolve::{Clusters, Pair, Resolver};

use super::learned::Learned;
use super::previous::Previous;
use super::{Companion, Resolved, places, scan};
use crate::catalog::Oid;
use crate::error::Result;

/// How many versions of models are kept.
const KEPT: usize = 4;

/// A version of a model in memory, of which it takes as much from the pool.
pub struct Index {
    /// The records, with what was learned.
    pub resolver: Resolver,
    /// The entity of each record, by its number.
    pub entities: Vec<Option<u64>>,
    /// The pairs that were kept.
    pub pairs: Vec<Pair>,
    /// The entities as they are served: for each record the first of its entity.
    pub clusters: Clusters,
}

impl Index {
    async fn read(model: &Resolved) -> Result<Self> {
        let learned = Learned::read(model).await?.model;
        let table = model.table(Companion::Records).await?;
        let taking = model.input(&table.schema())?;
        let mut builder = taking.builder(&model.instance.runtime().memory_pool)?;
        let mut rows = scan::stream(&model.instance, table, None).await?;
        while let Some(batch) = rows.try_next().await? {
            builder.push(taking.with_keys(batch)?)?;
        }
        let resolver = scan::blocking(move || {
            let records = builder.finish_for(learned.columns())?;
            Ok(Resolver::new(records, learned)?)
        })
        .await?;
        let records = resolver.records();
        let entities = Previous::read(model, records).await?.entities;
        let pairs = places::pairs(model, records, |_| true).await?;
        let of_records = size_of::<Option<u64>>() + size_of::<u32>();
        resolver.hold(size_of_val(pairs.as_slice()) + entities.len() * of_records)?;
        let clusters = Clusters {
            entity_of: first_of(&entities),
            membership: Vec::new(),
            confidence: Vec::new(),
        };
        Ok(Self {
            resolver,
            entities,
            pairs,
            clusters,
        })
    }
}

/// For each record the first one of its entity.
fn first_of(entities: &[Option<u64>]) -> Vec<u32> {
    let mut first = std::collections::HashMap::new();
    (0..)
        .zip(entities)
        .map(|(record, entity)| match entity {
            Some(entity) => *first.entry(*entity).or_insert(record),
            None => record,
        })
        .collect()
}

type Slot = ((Oid, i64), Arc<OnceCell<Arc<Index>>>);

/// The versions of models that were asked for last.
#[derive(Default)]
pub struct Indexes(Mutex<Vec<Slot>>);

impl Indexes {
    /// A version of a model in memory; it is read by the first who asks, and others wait for that.
    ///
    /// # Errors
    /// What the store says; 53200 where memory does not suffice.
    pub async fn get(&self, model: &Resolved) -> Result<Arc<Index>> {
        let key = (model.object.oid, model.version);
        let slot = {
            let mut slots = self.0.lock();
            // Of a model, only the version that is asked for is worth its memory.
            slots.retain(|((oid, version), _)| *oid != key.0 || *version >= key.1);
            let at = slots.iter().position(|(known, _)| *known == key);
            let slot = at.map_or_else(|| (key, Arc::default()), |at| slots.remove(at));
            slots.push(slot.clone());
            let surplus = slots.len().saturating_sub(KEPT);
            slots.drain(..surplus);
            slot.1
        };
        let index = slot
            .get_or_try_init(|| async { Index::read(model).await.map(Arc::new) })
            .await?;
        Ok(Arc::clone(index))
    }

    /// Lets go of a model that was dropped.
    pub fn forget(&self, oid: Oid) {
        self.0.lock().retain(|((known, _), _)| *known != oid);
    }
}
