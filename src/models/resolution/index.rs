//! Models in memory: for questions that need all records at hand, and for refreshes, which change
//! what has changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, SchemaRef};
use futures::TryStreamExt;
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tributary_udfs::resolve::{Clusters, GroupScores, Pair, Progress, Records, Resolver};

use super::learned::Learned;
use super::previous::Previous;
use super::row_hashes::RowHashes;
use super::{Companion, Resolved, places, scan};
use crate::catalog::Oid;
use crate::error::{Error, Result};

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
    /// The hash of each record as its query gave it.
    pub hashes: Vec<u64>,
    /// What groups of records said when entities were made of them, where a refresh has found it out for the
    /// next one.
    pub scores: GroupScores,
    /// The columns of the query.
    pub schema: SchemaRef,
}

impl Index {
    async fn read(model: &Resolved) -> Result<Self> {
        let learned = Learned::read(model).await?.model;
        let table = model.table(Companion::Records).await?;
        let schema = table.schema();
        let taking = model.input(&schema).await?;
        let pool = &model.instance.runtime().memory_pool;
        let mut builder = taking.builder(pool)?;
        let hashes = RowHashes::new(pool);
        let mut rows = scan::stream(&model.instance, table, None).await?;
        while let Some(batch) = rows.try_next().await? {
            hashes.push(&batch)?;
            builder.push(taking.with_keys(batch)?)?;
        }
        let resolver = scan::blocking(move || {
            let records = builder.finish_for(learned.columns())?;
            let mut resolver = Resolver::new(records, learned)?;
            resolver.share()?;
            Ok(resolver)
        })
        .await?;
        let records = resolver.records();
        let entities = Previous::read(model, records).await?.entities;
        let pairs = places::pairs(model, records).await?;
        let index = Self {
            clusters: clusters(model, records, &entities).await?,
            hashes: hashes.take(),
            scores: GroupScores::default(),
            resolver,
            entities,
            pairs,
            schema,
        };
        index.keep()?;
        Ok(index)
    }

    /// Has the pool know what it takes.
    ///
    /// # Errors
    /// 53200 where there is not as much.
    pub fn keep(&self) -> Result<()> {
        // Number, hash, first record, membership and confidence.
        let a_record = size_of::<Option<u64>>() + size_of::<u64>() + 3 * size_of::<u32>();
        let bytes = size_of_val(self.pairs.as_slice()) + self.entities.len() * a_record;
        Ok(self.resolver.keep(bytes + self.scores.bytes())?)
    }

    /// The same once more, to be changed.
    fn fork(&self, progress: &Arc<Progress>) -> Result<Self> {
        let index = Self {
            resolver: self.resolver.fork(progress)?,
            entities: self.entities.clone(),
            pairs: self.pairs.clone(),
            clusters: self.clusters.clone(),
            hashes: self.hashes.clone(),
            scores: self.scores.clone(),
            schema: Arc::clone(&self.schema),
        };
        index.keep()?;
        Ok(index)
    }
}

/// The clusters of a version.
async fn clusters(
    model: &Resolved,
    records: &Records,
    entities: &[Option<u64>],
) -> Result<Clusters> {
    let mut membership = vec![0.0; records.len()];
    let mut confidence = vec![0.0; records.len()];
    let clusters = Arc::clone(&model.clusters);
    let entity = clusters.schema().index_of("entity_id")?;
    let mut rows = scan::stream(&model.instance, clusters, None).await?;
    while let Some(batch) = rows.try_next().await? {
        let found = places::places(&batch, 0, entity, records)?;
        for (at, values) in [&mut membership, &mut confidence].into_iter().enumerate() {
            let column = batch.columns().get(entity + 1 + at);
            let column = column.and_then(|column| column.as_primitive_opt::<Float64Type>());
            let column = column
                .ok_or_else(|| Error::internal("clusters without the columns of their members"))?;
            for (place, value) in found.iter().zip(column.values()) {
                if let Some(place) = place {
                    values[*place as usize] = *value as f32;
                }
            }
        }
    }
    Ok(Clusters {
        entity_of: first_of(entities),
        membership,
        confidence,
    })
}

/// For each record the first one of its entity.
pub fn first_of(entities: &[Option<u64>]) -> Vec<u32> {
    let mut first = HashMap::new();
    (0..)
        .zip(entities)
        .map(|(record, entity)| match entity {
            Some(entity) => *first.entry(*entity).or_insert(record),
            None => record,
        })
        .collect()
}

type Key = (Oid, i64);

#[derive(Clone)]
struct Slot {
    key: Key,
    index: Arc<OnceCell<Arc<Index>>>,
    /// Whether it was asked for anything but to be changed.
    is_asked: Arc<AtomicBool>,
}

/// The versions of models that were asked for, or made, last. They go when memory is short.
#[derive(Default)]
pub struct Indexes(Mutex<Vec<Slot>>);

impl Indexes {
    fn slot(&self, key: Key) -> Slot {
        let mut slots = self.0.lock();
        // Of a model, only the version that is asked for is worth its memory.
        slots.retain(|slot| slot.key.0 != key.0 || slot.key.1 >= key.1);
        let at = slots.iter().position(|slot| slot.key == key);
        let slot = at.map_or_else(
            || Slot {
                key,
                index: Arc::default(),
                is_asked: Arc::default(),
            },
            |at| slots.remove(at),
        );
        slots.push(slot.clone());
        let surplus = slots.len().saturating_sub(KEPT);
        slots.drain(..surplus);
        slot
    }

    /// A version of a model in memory; it is read by the first who asks, and others wait for that.
    ///
    /// # Errors
    /// What the store says; 53200 where memory does not suffice.
    pub async fn get(&self, model: &Resolved) -> Result<Arc<Index>> {
        let slot = self.slot((model.object.oid, model.version));
        slot.is_asked.store(true, Ordering::Relaxed);
        self.look(model).await
    }

    /// The same, for a look before a refresh: that need not leave it for others who ask it.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub async fn look(&self, model: &Resolved) -> Result<Arc<Index>> {
        let slot = self.slot((model.object.oid, model.version));
        let index = slot
            .index
            .get_or_try_init(|| async { Index::read(model).await.map(Arc::new) })
            .await?;
        Ok(Arc::clone(index))
    }

    /// A version of a model in memory, to be changed. Where others ask it, these keep theirs.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub async fn take(&self, model: &Resolved, progress: &Arc<Progress>) -> Result<Index> {
        let key = (model.object.oid, model.version);
        let known = self.0.lock().iter().find(|slot| slot.key == key).cloned();
        let index = known.as_ref().and_then(|slot| slot.index.get().cloned());
        if let (Some(slot), Some(index)) = (known, index) {
            let is_asked = slot.is_asked.load(Ordering::Relaxed);
            drop(slot);
            if !is_asked {
                self.0.lock().retain(|slot| slot.key != key);
                return match Arc::try_unwrap(index) {
                    Ok(mut index) => {
                        index.resolver.tell(progress);
                        Ok(index)
                    }
                    Err(index) => index.fork(progress),
                };
            }
            return index.fork(progress);
        }
        let mut index = Index::read(model).await?;
        index.resolver.tell(progress);
        Ok(index)
    }

    /// Keeps a version that was just made, in the place of the one before.
    pub fn put(&self, oid: Oid, version: i64, index: Index) {
        let is_asked = {
            let slots = self.0.lock();
            let before = slots.iter().find(|slot| slot.key.0 == oid);
            before.is_some_and(|slot| slot.is_asked.load(Ordering::Relaxed))
        };
        let slot = self.slot((oid, version));
        slot.is_asked.store(is_asked, Ordering::Relaxed);
        // Who has read it meanwhile has the same.
        let _ = slot.index.set(Arc::new(index));
    }

    /// Lets go of a model that was dropped.
    pub fn forget(&self, oid: Oid) {
        self.drop_those(|slot| slot.key.0 == oid);
    }

    /// Lets go of a model all of which is made anew, unless others ask it meanwhile.
    pub fn forget_unasked(&self, oid: Oid) {
        self.drop_those(|slot| slot.key.0 == oid && !slot.is_asked.load(Ordering::Relaxed));
    }

    /// Lets go of all models, for memory is short; answers whether there were any.
    pub fn release(&self) -> bool {
        self.drop_those(|slot| slot.index.get().is_some())
    }

    /// Lets go of some models; answers whether there were any.
    fn drop_those(&self, is_gone: impl Fn(&Slot) -> bool) -> bool {
        let mut slots = self.0.lock();
        let gone: Vec<Slot> = slots.extract_if(.., |slot| is_gone(slot)).collect();
        // What they hold goes when others may ask again.
        drop(slots);
        !gone.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Instance;
    use crate::sql::QualifiedName;
    use crate::test_server::{begin, block_on, open, run};

    fn is_in_memory(instance: &Instance, model: Oid) -> bool {
        let slots = instance.indexes.0.lock();
        slots
            .iter()
            .any(|slot| slot.key.0 == model && slot.index.get().is_some())
    }

    #[test]
    fn a_model_that_is_made_anew_goes_unless_others_ask_it() {
        block_on(made_anew);
    }

    async fn made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let instance = open(folder.path()).await;
        let session = begin(&instance);
        run(
            &session,
            "CREATE TABLE person AS SELECT * FROM (VALUES (1, 'Ada Lovelace'), (2, 'Ada Lovelace'),
                 (3, 'Bob Stone')) v (id, name);
             CREATE MODEL same OPTIONS (model_type = 'entity_resolution', unique_id = 'id')
                 AS SELECT * FROM person",
        )
        .await;
        let name = QualifiedName::new("public", "same");
        let snapshot = instance.catalog.snapshot();
        let object = snapshot.relation(&name).unwrap();
        let oid = object.oid;
        assert!(is_in_memory(&instance, oid), "for the next refresh");
        instance.indexes.forget_unasked(oid);
        assert!(!is_in_memory(&instance, oid));

        // All of it is made anew: what was asked before is there for who asks meanwhile, and after.
        let model = Resolved::latest(&instance, object).await.unwrap().unwrap();
        instance.indexes.get(&model).await.unwrap();
        instance.indexes.forget_unasked(oid);
        assert!(is_in_memory(&instance, oid));
        run(&session, "REFRESH MODEL same FULL").await;
        instance.indexes.forget_unasked(oid);
        assert!(is_in_memory(&instance, oid));
    }
}
