//! From records with a model to pairs, and from these to entities and their numbers.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use tributary_udfs::resolve::{
    Clusters, Decisions, EntityIds, GroupScores, Pair, Resolver, entity_ids,
};

use super::found::{Found, pairs, rows};
use super::previous::Previous;
use super::scan;
use crate::error::{Error, Result};

/// Records with a model, and the pairs that match.
pub struct Paired {
    pub resolver: Resolver,
    /// In the order of their records.
    pub pairs: Vec<Pair>,
}

impl Paired {
    /// Finds the pairs.
    ///
    /// # Errors
    /// 53200 where memory does not suffice; an interrupt.
    pub async fn find(resolver: Resolver) -> Result<Arc<Self>> {
        scan::blocking(move || {
            let pairs = resolver.pairs()?;
            Ok(Self::sorted(resolver, pairs))
        })
        .await
    }

    /// Takes pairs that were found already.
    ///
    /// # Errors
    /// An interrupt.
    pub async fn of(resolver: Resolver, pairs: Vec<Pair>) -> Result<Arc<Self>> {
        scan::blocking(move || Ok(Self::sorted(resolver, pairs))).await
    }

    fn sorted(resolver: Resolver, mut pairs: Vec<Pair>) -> Arc<Self> {
        pairs.sort_by_key(|pair| (pair.left, pair.right));
        Arc::new(Self { resolver, pairs })
    }

    /// The pairs, in columns of these types.
    pub fn rows(self: &Arc<Self>, schema: &SchemaRef) -> SendableRecordBatchStream {
        let columns = Arc::clone(schema);
        rows(self, schema, self.pairs.len(), move |paired, range| {
            pairs(&paired.resolver, &paired.pairs[range], &columns)
        })
    }
}

/// Human decisions, by the places of records.
pub struct Decided {
    pub must: Vec<(u32, u32)>,
    pub cannot: Vec<(u32, u32)>,
    /// How many there are of records that are not there.
    pub passed_over: usize,
}

/// The entities that pairs make, with their numbers.
pub struct Entities {
    clusters: Clusters,
    ids: EntityIds,
    /// What records belonged to.
    previous: Previous,
    scores: GroupScores,
}

impl Entities {
    /// Finds the entities; `next` is the least number that no entity has had, where that is known, and
    /// `scores` what groups of records said before, where that is to be known the next time.
    ///
    /// # Errors
    /// 22023 for decisions that contradict each other; 53200 where memory does not suffice; an
    /// interrupt.
    pub async fn find(
        paired: &Arc<Paired>,
        decided: &Decided,
        previous: Previous,
        next: Option<u64>,
        scores: Option<GroupScores>,
    ) -> Result<Self> {
        let records = paired.resolver.records();
        let decisions = Decisions::new(records, &decided.must, &decided.cannot)
            .map_err(DataFusionError::from)?;
        let paired = Arc::clone(paired);
        scan::blocking(move || {
            let Paired { resolver, pairs } = &*paired;
            let (clusters, scores) = match scores {
                Some(mut scores) => {
                    let clusters = resolver.clusters_knowing(pairs, &decisions, &mut scores)?;
                    (clusters, scores)
                }
                None => (
                    resolver.clusters(pairs, &decisions)?,
                    GroupScores::default(),
                ),
            };
            let next = previous.next_entity(next);
            let (records, options) = (resolver.records(), resolver.model().options());
            let ids = entity_ids(records, &clusters, &previous.entities, next, options)?;
            Ok(Self {
                clusters,
                ids,
                previous,
                scores,
            })
        })
        .await
    }

    /// Puts together what was found. Gives what records belonged to, too.
    ///
    /// # Errors
    /// Where somebody still reads the pairs.
    pub fn found(self, paired: Arc<Paired>) -> Result<(Arc<Found>, Previous)> {
        let Paired { resolver, pairs } = Arc::into_inner(paired)
            .ok_or_else(|| Error::internal("the pairs are still being read"))?;
        let found = Found {
            resolver,
            pairs,
            clusters: self.clusters,
            entities: self.ids,
            scores: self.scores,
        };
        Ok((Arc::new(found), self.previous))
    }
}
