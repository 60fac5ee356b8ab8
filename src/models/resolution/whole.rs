//! A refresh that resolves all records: by what a model has learned, or by what they teach.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use tributary_udfs::resolve::{Model, Progress, RecordsBuilder, Resolver, Stage, Taught};

use super::finding::{Entities, Paired};
use super::input::Input;
use super::previous::Previous;
use super::refresh::{Refresh, Step, stages};
use super::row_hashes::RowHashes;
use super::writing::Told;
use super::written_behind::WrittenBehind;
use super::{Companion, Resolved, links, parameters, scan};
use crate::catalog::journal::RefreshRecord;
use crate::error::Result;
use crate::instance::StatementContext;
use crate::models::table_id;
use crate::sources::RejectedRows;
use crate::warehouse::Commit;

/// All records of a query, as they come.
pub(super) struct All<'a> {
    pub(super) rows: SendableRecordBatchStream,
    pub(super) taking: &'a Input,
    /// What its sources leave out.
    pub(super) rejected: &'a Arc<RejectedRows>,
}

impl Refresh<'_> {
    /// Resolves all records. `next` is the least number that no entity has had, where that is known.
    pub(super) async fn resolve_all(
        &self,
        step: Step<'_>,
        all: All<'_>,
        (before, next): (Option<&Resolved>, Option<u64>),
        model: Option<Model>,
        record: &mut RefreshRecord,
    ) -> Result<Commit> {
        let All {
            rows,
            taking,
            rejected,
        } = all;
        let (instance, context) = (self.instance, step.context);
        let (columns, progress) = (step.columns, step.progress);
        let pool = &instance.runtime().memory_pool;
        // Both of them would take twice the memory, and nothing is read of the one before.
        instance.indexes.forget_unasked(self.object.oid);
        let schema = rows.schema();
        let (behind, unwritten) = WrittenBehind::new(Arc::clone(&schema), pool);
        // Records are resolved while they are still being written.
        let resolving = async {
            let Taken { builder, hashes } = self.take(rows, taking, progress, behind).await?;
            let (resolver, unknown_labels) = match model {
                Some(model) => (resolver(builder, model).await?, 0),
                None => self.learn(context, taking, builder, columns).await?,
            };
            let previous = match before {
                Some(before) => Previous::read(before, resolver.records()).await?,
                None => Previous::none(resolver.records().len(), pool)?,
            };
            let decided = self.decided(context, resolver.records(), columns).await?;
            let paired = Paired::find(resolver).await?;
            // The pairs are written while entities are made of them.
            let pairs = paired.rows(&self.columns_of_pairs(columns));
            let (pairs, entities) = tokio::try_join!(
                self.write(Companion::Pairs, pairs, record.id),
                Entities::find(&paired, &decided, previous, next, None),
            )?;
            let (found, previous) = entities.found(paired)?;
            Ok((pairs, found, previous, (decided, unknown_labels), hashes))
        };
        let (records, (pairs, found, previous, (decided, unknown_labels), hashes)) = tokio::try_join!(
            self.write(Companion::Records, unwritten, record.id),
            resolving,
        )?;
        progress.begin(Stage::Write);
        record.rows_read = Some(records.rows);
        record.warning = self.warning(&found);
        record.warn(self.left_out(&found));
        record.warn(self.passed_over(&decided));
        record.warn(self.unknown_labels(unknown_labels));
        record.warn(step.left_out.notices());
        record.rows_rejected = rejected.count();
        record.warn(rejected.remarks());
        record.pairs = Some(progress.pairs().0);
        let mut versions = BTreeMap::new();
        versions.insert(Companion::Records, records.version);
        versions.insert(Companion::Pairs, pairs.version);

        let told = Told {
            found: &found,
            previous: &previous,
            decided: &decided,
            decided_before: &step.decided_before,
            before,
            read_to: step.read_to,
            functions: step.functions,
        };
        let info = self.tell(told, columns, versions, record).await?;
        let clusters = found.clusters(found.all(), columns);
        let table = table_id(self.object);
        let commit = instance
            .warehouse
            .replace_with(&table, clusters, info, step.participant)
            .await?;
        self.keep(found, hashes.take(), schema, commit.version)
            .await;
        record.stages = stages(progress);
        Ok(commit)
    }

    /// The records as the engine takes them in, which has them written behind its back.
    async fn take(
        &self,
        mut rows: SendableRecordBatchStream,
        taking: &Input,
        progress: &Arc<Progress>,
        behind: WrittenBehind,
    ) -> Result<Taken> {
        let pool = &self.instance.runtime().memory_pool;
        let mut builder = taking.builder(pool)?.telling(progress);
        let hashes = RowHashes::new(pool);
        while let Some(batch) = rows.next().await.transpose()? {
            hashes.push(&batch)?;
            builder.push(taking.with_keys(batch.clone())?)?;
            behind.put(batch).await;
        }
        behind.end().await;
        Ok(Taken { builder, hashes })
    }

    /// Learns a model from the records, and from what its definition tells of them; answers how many labels
    /// name records that are not there, too.
    async fn learn(
        &self,
        context: &StatementContext,
        taking: &Input,
        builder: RecordsBuilder,
        columns: &Schema,
    ) -> Result<(Resolver, usize)> {
        let records = scan::blocking(move || Ok(builder.finish()?)).await?;
        let labels = links::labels(context, self.definition, (&records, columns)).await?;
        let taught = Taught {
            labels: labels.pairs,
            parameters: parameters::read(context, self.definition).await?,
        };
        let options = taking.options.clone();
        let resolver =
            scan::blocking(move || Ok(Resolver::train_with(records, &options, &taught)?)).await?;
        Ok((resolver, labels.passed_over))
    }
}

/// What is taken of the records as they pass.
struct Taken {
    builder: RecordsBuilder,
    hashes: RowHashes,
}

/// The records with a model that is known.
async fn resolver(builder: RecordsBuilder, model: Model) -> Result<Resolver> {
    scan::blocking(move || {
        let records = builder.finish_for(model.columns())?;
        Ok(Resolver::new(records, model)?)
    })
    .await
}
