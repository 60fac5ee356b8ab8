//! A refresh that takes in what has changed: the records are read and held against those of before,
//! and what was found of all others stays.
//!
//! The model in memory is changed, and so are its tables: rows go and come by their places.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream;
use tributary_udfs::resolve::{Stage, Updated};

use super::changed::Changed;
use super::finding::{Entities, Paired};
use super::index::Index;
use super::input::Input;
use super::previous::Previous;
use super::refresh::{Refresh, Step, stages};
use super::row_changes::{Gone, Rows};
use super::writing::Told;
use super::{Companion, Resolved, options, row_keys, scan};
use crate::catalog::journal::RefreshRecord;
use crate::error::Result;
use crate::models::replacement::same_columns;
use crate::models::table_id;
use crate::warehouse::Commit;

/// The mode of such a refresh, in `tributary.refreshes`.
const INCREMENTAL: &str = "incremental";

impl Refresh<'_> {
    /// What keeps the tables of a version from being changed, if anything does: they lack the
    /// columns that they are to have, or somebody has written to them since.
    pub(super) async fn obstacle(
        &self,
        before: &Resolved,
        records: &Schema,
        clusters: &Schema,
    ) -> Result<Option<String>> {
        let known = before.table(Companion::Records).await?;
        let has_columns = same_columns(&known.schema(), records)
            && same_columns(&before.clusters.schema(), clusters);
        if !has_columns {
            let reason = "its query has other columns than at the refresh before";
            return Ok(Some(reason.to_owned()));
        }
        if self.lacks_empty_sources(before).await? {
            let reason = "its tables tell sources that are empty as NULL, as an older program did";
            return Ok(Some(reason.to_owned()));
        }
        self.unfinished(before).await
    }

    /// Whether a version has records with an empty source, and its tables tell that as NULL.
    async fn lacks_empty_sources(&self, before: &Resolved) -> Result<bool> {
        if self.names().len() < 2 || before.tells_empty_sources() {
            return Ok(false);
        }
        let index = self.instance.indexes.look(before).await?;
        Ok(index.resolver.records().has_empty_sources())
    }

    /// What somebody has written to the tables of a version since.
    pub(super) async fn unfinished(&self, before: &Resolved) -> Result<Option<String>> {
        for companion in [Companion::Records, Companion::Pairs] {
            if before.latest_of(companion).await?.is_none() {
                return Ok(Some(format!(
                    "its {} were written to since, by a refresh that did not end",
                    companion.name()
                )));
            }
        }
        Ok(None)
    }

    /// Takes in what has changed since a version, and makes the entities anew. `next` is the least number
    /// that no entity has had, `taking` what takes in records where some have changed.
    pub(super) async fn update(
        &self,
        step: Step<'_>,
        (before, next): (&Resolved, u64),
        changed: Changed,
        taking: Option<&Input>,
        record: &mut RefreshRecord,
    ) -> Result<Commit> {
        INCREMENTAL.clone_into(&mut record.mode);
        record.rows_read = Some(changed.read);
        let mut index = self.instance.indexes.take(before, step.progress).await?;
        index
            .resolver
            .adopt(&options::read(self.definition)?.engine);
        let names = self.names();
        let pool = &self.instance.runtime().memory_pool;
        let mut previous = previous(&index, &changed.gone, pool)?;
        let (mut index, updated, scored) = match taking.filter(|_| !changed.is_nothing()) {
            None => (index, Updated::default(), Vec::new()),
            Some(taking) => {
                let builder = taking.builder(pool)?;
                let mut builder = builder.telling(step.progress);
                for batch in &changed.batches {
                    builder.push(taking.with_keys(batch.clone())?)?;
                }
                let removed = changed.gone.clone();
                scan::blocking(move || {
                    let mut index = index;
                    let records = builder.finish_for(index.resolver.model().columns())?;
                    let updated = index.resolver.update(&records, &removed)?;
                    drop(records);
                    let scored = index.resolver.pairs_of(&updated.to_score())?;
                    Ok((index, updated, scored))
                })
                .await?
            }
        };
        let records = index.resolver.records();
        previous.entities.resize(records.len(), None);
        let decided = self.decided(step.context, records, step.columns).await?;
        record.warn(self.passed_over(&decided));
        record.warn(step.left_out.notices());
        let places = &updated.places;
        if let Some(told) = uncompared(index.resolver.without_key(places)) {
            record.mode_reason = Some(match record.mode_reason.take() {
                None => told,
                Some(reason) => format!("{reason}; {told}"),
            });
        }
        let touched = Gone::of(records, places.iter().chain(&changed.gone));
        let scored_anew = updated.to_score();
        let rescored = Gone::of(records, scored_anew.iter().chain(&changed.gone));
        index
            .pairs
            .retain(|pair| !rescored.has(pair.left) && !rescored.has(pair.right));
        index.pairs.extend_from_slice(&scored);
        index.hashes.resize(records.len(), 0);
        for (place, hash) in places.iter().zip(&changed.hashes) {
            index.hashes[*place as usize] = *hash;
        }
        let Index {
            resolver,
            entities,
            pairs,
            clusters,
            hashes,
            mut scores,
            schema,
        } = index;
        scores.forget(places.iter().chain(&changed.gone));
        let paired = Paired::of(resolver, pairs).await?;
        let made = Entities::find(&paired, &decided, previous, Some(next), Some(scores)).await?;
        let (found, previous) = made.found(paired)?;
        record.pairs = Some(step.progress.pairs().0);
        step.progress.begin(Stage::Write);

        let records = found.resolver.records();
        let is_other = |record: &u32| {
            let at = *record as usize;
            entities.get(at) != found.entities.of_records.get(at)
                || clusters.membership.get(at) != found.clusters.membership.get(at)
                || clusters.confidence.get(at) != found.clusters.confidence.get(at)
                // Its name may be told otherwise: NULL was an empty text.
                || (names.len() > 1
                    && touched.has(*record)
                    && records.source(*record).is_empty())
        };
        let others: Vec<u32> = found.all().into_iter().filter(is_other).collect();
        let moved = Gone::of(records, others.iter().chain(&changed.gone));

        let new = stream_of(Arc::clone(&schema), changed.batches);
        let of_records = Rows::of_records(&names, &touched, new);
        let new = found.some_pairs(scored, &self.columns_of_pairs(step.columns));
        let of_pairs = Rows::of_pairs(names.len(), &rescored, new);
        // Each waits for the disk most of the time.
        let (records, pairs) = tokio::try_join!(
            self.change(before, Companion::Records, of_records, &found, record.id),
            self.change(before, Companion::Pairs, of_pairs, &found, record.id),
        )?;
        let versions = BTreeMap::from([(Companion::Records, records), (Companion::Pairs, pairs)]);
        let told = Told {
            found: &found,
            previous: &previous,
            decided: &decided,
            decided_before: &step.decided_before,
            before: Some(before),
            read_to: step.read_to,
            functions: step.functions,
        };
        let info = self.tell(told, step.columns, versions, record).await?;
        let new = found.clusters(others, step.columns);
        let rows = Rows::of_clusters(names.len(), &moved, new);
        let table = table_id(self.object);
        if row_keys::keys(step.columns, 0..names.len(), names.len()).is_some() {
            // Rows are found by indexes from now on, which the background keeps.
            let traced = &self.instance.traced_keys;
            traced.set(&step.context.snapshot, self.object.oid, &names);
        }
        let commit = self
            .modify(&table, rows, &found, info.clone(), step.participant.clone())
            .await?;
        let commit = match commit {
            Some(commit) => commit,
            // That nothing has changed is a version, too.
            None => {
                let none = stream_of(Arc::clone(step.columns), Vec::new());
                let warehouse = &self.instance.warehouse;
                warehouse
                    .append_with(&table, none, info, step.participant)
                    .await?
            }
        };
        self.keep(found, hashes, schema, commit.version).await;
        record.stages = stages(step.progress);
        Ok(commit)
    }

    /// The columns that name a record.
    pub(super) fn names(&self) -> Vec<String> {
        let options = &self.definition.options;
        ["unique_id", "source"]
            .into_iter()
            .filter_map(|name| Some(options.get(name)?.as_text()?.to_owned()))
            .collect()
    }
}

/// The entities of before, of which some records are gone.
fn previous(index: &Index, gone: &[u32], pool: &Arc<dyn MemoryPool>) -> Result<Previous> {
    let records = index.resolver.records();
    let mut previous = Previous::of(index.entities.clone(), pool)?;
    for record in gone {
        if let Some(entity) = previous.entities[*record as usize].take() {
            previous.remove(records.id(*record), records.told_source(*record), entity)?;
        }
    }
    Ok(previous)
}

fn stream_of(schema: SchemaRef, batches: Vec<RecordBatch>) -> SendableRecordBatchStream {
    let rows = stream::iter(batches.into_iter().map(Ok::<_, DataFusionError>));
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

/// What to say of so many records that have changed, and are in no block.
fn uncompared(records: usize) -> Option<String> {
    const NOTHING: &str = "nothing that a blocking rule goes by, and";
    match records {
        0 => None,
        1 => Some(format!(
            "1 record that has changed has {NOTHING} is compared to no other"
        )),
        records => Some(format!(
            "{records} records that have changed have {NOTHING} are compared to no other"
        )),
    }
}

#[cfg(test)]
mod tests;
