//! Refreshing a model: its query's records are resolved, and become the model's next version.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use tributary_udfs::resolve::{Model, Progress, Records, RecordsBuilder, Resolver, Stage, Taught};

use super::finding::{Decided, Entities, Paired};
use super::found::Found;
use super::history::{self, Cause};
use super::index::Index;
use super::input::Input;
use super::learned::{Learned, Report};
use super::previous::Previous;
use super::row_hashes::RowHashes;
use super::{Companion, Resolved, columns_of, links, parameters, scan};
use crate::catalog::Object;
use crate::catalog::journal::RefreshRecord;
use crate::error::{Error, Result};
use crate::execute::query;
use crate::instance::{Instance, Reading, StatementContext};
use crate::models::progress::Rows;
use crate::models::refresh::{Catalogued, Extent, count, participant};
use crate::models::rejected::{self, Keep};
use crate::models::replacement::{self, same_columns};
use crate::models::table_id;
use crate::session::plan;
use crate::sources::RejectedRows;
use crate::sql::create_model::CreateModel;
use crate::sql::model_functions::ModelFunction;
use crate::warehouse::{Commit, CommitInfo, Participant};

/// One refresh of a model, by who holds its lock.
pub struct Refresh<'a> {
    /// Where it happens.
    pub instance: &'a Arc<Instance>,
    /// The model, as it is or will be.
    pub object: &'a Object,
    /// Its definition.
    pub definition: &'a CreateModel,
    /// Whether it learns again.
    pub extent: Extent,
    /// Told of the records that were read.
    pub progress: &'a Arc<Rows>,
}

impl Refresh<'_> {
    /// Resolves the records. What was found becomes visible at once, when all of it is there; a
    /// failure, or a kill, leaves the version before.
    ///
    /// # Errors
    /// What the query meets; 23502 and 23505 for records without an identifier of their own; 22023
    /// for human decisions that contradict each other.
    pub async fn run(&self, catalogued: Catalogued, record: &mut RefreshRecord) -> Result<Commit> {
        let instance = self.instance;
        replacement::settle(&instance.catalog, &instance.warehouse, self.object.oid).await?;
        let before = Resolved::latest(instance, &Arc::new(self.object.clone())).await?;
        let known = match &before {
            Some(before) => Some(Learned::read(before).await),
            None => None,
        };
        let learns = self.extent == Extent::Anew;
        let known = match known {
            None => None,
            Some(Ok(known)) => Some(known),
            // Learning again is what mends it; what it numbered is in its clusters.
            Some(Err(_)) if learns => None,
            Some(Err(error)) => return Err(error),
        };

        let (rejections, writer) =
            rejected::begin(instance, self.object, Keep::Latest, Some(record.id));
        let rejected = Arc::new(RejectedRows::new(rejections.sender()));
        let settings = &instance.configuration.session;
        let context = instance
            .statement(settings, Reading::Rows)
            .collecting(&rejected);
        let plan = plan::definition(&context, &self.definition.query, &[]).await?;
        let input = plan::columns(&plan);
        let columns = super::columns(&context.state, self.definition, &input)?;
        let participant = participant(instance, self.object, catalogued, &columns);
        let rows = query::stream(context.state.clone(), plan).await?;
        let rows = writer.precede(count(rows, Arc::clone(self.progress)));
        let running = instance.running.begin(record.id);
        let progress = &running.progress;
        let schema = rows.schema();
        let taking = Input::new(&context.state, self.definition, &schema)?;
        let step = Step {
            context: &context,
            progress,
            rejected: &rejected,
            columns: &columns,
            participant,
        };
        if let (false, Some(before), Some(known)) = (learns, &before, &known)
            && self.can_update(before, &schema, &columns).await?
        {
            let next = known.next_entity;
            return self
                .update(step, (before, next), rows, &taking, record)
                .await;
        }
        let (rows, taken) = self.take(rows, taking.clone(), progress)?;
        let mut versions = BTreeMap::new();
        let records = self.write(Companion::Records, rows, record.id).await?;
        versions.insert(Companion::Records, records.version);
        record.rows_read = Some(records.rows);
        record.rows_rejected = rejected.count();

        let next = known.as_ref().map(|known| known.next_entity);
        let model = match learns {
            false => known.map(|known| known.model),
            true => None,
        };
        let resolver = match model {
            Some(model) => resolver(taken.builder, model).await?,
            None => self.learn(&context, &taking, taken.builder).await?,
        };
        let previous = match &before {
            Some(before) => Previous::read(before, resolver.records()).await?,
            None => {
                let pool = &instance.runtime().memory_pool;
                Previous::none(resolver.records().len(), pool)?
            }
        };
        let decided = self.decided(&context, resolver.records()).await?;
        let paired = Paired::find(resolver).await?;
        record.pairs = Some(progress.pairs().0);
        // The pairs are written while entities are made of them.
        let pairs = paired.rows(&self.columns_of(&columns, ModelFunction::Pairs));
        let (pairs, entities) = tokio::try_join!(
            self.write(Companion::Pairs, pairs, record.id),
            Entities::find(&paired, &decided, previous, next),
        )?;
        versions.insert(Companion::Pairs, pairs.version);
        let (found, previous) = entities.found(paired)?;
        progress.begin(Stage::Write);

        let told = Told {
            found: &found,
            previous: &previous,
            decided: &decided,
            before: before.as_ref(),
        };
        let info = self.tell(told, &columns, versions, record).await?;
        let clusters = found.clusters(found.all(), &columns);
        let table = table_id(self.object);
        let commit = instance
            .warehouse
            .replace_with(&table, clusters, info, step.participant)
            .await?;
        self.keep(found, taken.hashes.take(), schema, commit.version);
        Ok(commit)
    }

    /// The columns that a function answers with, of a model with these columns.
    pub(super) fn columns_of(&self, columns: &SchemaRef, function: ModelFunction) -> SchemaRef {
        let target = Object {
            schema: Arc::clone(columns),
            ..self.object.clone()
        };
        columns_of(&target, function)
    }

    /// Writes what was learned, and what became of records, and gives what the commit of the
    /// clusters is to tell.
    pub(super) async fn tell(
        &self,
        told: Told<'_>,
        columns: &SchemaRef,
        mut versions: BTreeMap<Companion, i64>,
        record: &RefreshRecord,
    ) -> Result<CommitInfo> {
        let learned = Learned {
            model: told.found.resolver.model().clone(),
            next_entity: told.found.entities.next,
            report: Report::new(told.found),
        };
        let learned = one(learned.row()?);
        let learned = self.write(Companion::Learned, learned, record.id).await?;
        versions.insert(Companion::Learned, learned.version);
        let cause = Cause {
            refresh_id: record.id,
            reason: &record.reason,
            must: members(&told.decided.must),
            cannot: members(&told.decided.cannot),
        };
        let schema = self.columns_of(columns, ModelFunction::History);
        let changes = match told.before {
            Some(_) => history::rows(told.found, told.previous, &cause, &schema)?,
            None => RecordBatch::new_empty(schema),
        };
        let history = self.add_history(told.before, changes, record.id).await?;
        versions.insert(Companion::History, history);
        Ok(CommitInfo {
            parameters: versions
                .into_iter()
                .map(|(companion, version)| (companion.name().to_owned(), version.to_string()))
                .collect(),
            is_part: false,
            ..commit_info(record.id)
        })
    }

    /// Keeps what was found in memory, for who asks it, and for the next refresh.
    pub(super) fn keep(
        &self,
        found: Arc<Found>,
        hashes: Vec<u64>,
        schema: SchemaRef,
        version: i64,
    ) {
        let Some(found) = Arc::into_inner(found) else {
            return;
        };
        let index = Index {
            entities: found.entities.of_records,
            resolver: found.resolver,
            pairs: found.pairs,
            clusters: found.clusters,
            hashes,
            schema,
        };
        // Where memory is short it is read again when it is needed.
        if index.keep().is_ok() {
            self.instance.indexes.put(self.object.oid, version, index);
        }
    }

    /// The rows, which the engine's builder takes in as they pass.
    fn take(
        &self,
        rows: SendableRecordBatchStream,
        taking: Input,
        progress: &Arc<Progress>,
    ) -> Result<(SendableRecordBatchStream, Taken)> {
        let schema = rows.schema();
        let pool = &self.instance.runtime().memory_pool;
        let builder = taking.builder(pool)?.telling(progress);
        let taken = Taken {
            builder: Arc::new(Mutex::new(builder)),
            hashes: RowHashes::new(pool),
        };
        let (builder, hashes) = (Arc::clone(&taken.builder), taken.hashes.clone());
        let rows = rows.map(move |batch| {
            let batch = batch?;
            hashes.push(&batch)?;
            builder.lock().push(taking.with_keys(batch.clone())?)?;
            Ok(batch)
        });
        let rows = Box::pin(RecordBatchStreamAdapter::new(schema, rows));
        Ok((rows, taken))
    }

    /// Learns a model from the records, and from what its definition tells of them.
    async fn learn(
        &self,
        context: &StatementContext,
        taking: &Input,
        builder: Arc<Mutex<RecordsBuilder>>,
    ) -> Result<Resolver> {
        let builder = taken(builder)?;
        let records = scan::blocking(move || Ok(builder.finish()?)).await?;
        let taught = Taught {
            labels: links::labels(context, self.definition, &records).await?,
            parameters: parameters::read(context, self.definition).await?,
        };
        let options = taking.options.clone();
        scan::blocking(move || Ok(Resolver::train_with(records, &options, &taught)?)).await
    }

    /// What humans have decided of records.
    pub(super) async fn decided(
        &self,
        context: &StatementContext,
        records: &Records,
    ) -> Result<Decided> {
        let of = |option| links::read(context, self.definition, option, records);
        Ok(Decided {
            must: of(links::MUST_LINK).await?,
            cannot: of(links::CANNOT_LINK).await?,
        })
    }

    pub(super) async fn write(
        &self,
        companion: Companion,
        rows: SendableRecordBatchStream,
        refresh_id: u64,
    ) -> Result<Commit> {
        let table = companion.table_id(self.object);
        let warehouse = &self.instance.warehouse;
        warehouse
            .replace(&table, rows, commit_info(refresh_id))
            .await
    }

    /// Adds to the history of the version before, and answers the version that it has then.
    async fn add_history(
        &self,
        before: Option<&Resolved>,
        changes: RecordBatch,
        refresh_id: u64,
    ) -> Result<i64> {
        let table = Companion::History.table_id(self.object);
        let warehouse = &self.instance.warehouse;
        let Some(before) = before else {
            return Ok(self
                .write(Companion::History, one(changes), refresh_id)
                .await?
                .version);
        };
        let version = before.version_of(Companion::History)?;
        let old = before.table(Companion::History).await?;
        let is_latest = warehouse.version(&table).await? == version;
        if is_latest && same_columns(&old.schema(), &changes.schema()) {
            if changes.num_rows() == 0 {
                return Ok(version);
            }
            let added = warehouse
                .append(&table, one(changes), commit_info(refresh_id))
                .await?;
            return Ok(added.version);
        }
        // What a refresh added that was not committed goes; so does what the columns of now have no
        // place for.
        let schema = changes.schema();
        let rows = match same_columns(&old.schema(), &schema) {
            true => scan::stream(self.instance, old, None).await?,
            false => one(RecordBatch::new_empty(Arc::clone(&schema))),
        };
        let rows = rows.chain(one(changes));
        let rows = Box::pin(RecordBatchStreamAdapter::new(schema, rows));
        Ok(self
            .write(Companion::History, rows, refresh_id)
            .await?
            .version)
    }
}

/// What is taken of the records as they pass.
struct Taken {
    builder: Arc<Mutex<RecordsBuilder>>,
    hashes: RowHashes,
}

/// What a refresh has at hand when records are read.
pub(super) struct Step<'a> {
    pub(super) context: &'a StatementContext,
    pub(super) progress: &'a Arc<Progress>,
    pub(super) rejected: &'a Arc<RejectedRows>,
    /// The columns of the clusters.
    pub(super) columns: &'a SchemaRef,
    pub(super) participant: Option<Arc<dyn Participant>>,
}

/// What a refresh tells beside the clusters.
pub(super) struct Told<'a> {
    pub(super) found: &'a Found,
    pub(super) previous: &'a Previous,
    pub(super) decided: &'a Decided,
    pub(super) before: Option<&'a Resolved>,
}

/// Of a table that the commit of the clusters is to name.
pub(super) fn commit_info(refresh_id: u64) -> CommitInfo {
    CommitInfo {
        is_part: true,
        refresh_id: Some(refresh_id.to_string()),
        ..CommitInfo::new("REFRESH")
    }
}

fn members(pairs: &[(u32, u32)]) -> HashSet<u32> {
    pairs
        .iter()
        .flat_map(|(left, right)| [*left, *right])
        .collect()
}

/// The rows of one batch.
pub(super) fn one(batch: RecordBatch) -> SendableRecordBatchStream {
    let schema: SchemaRef = batch.schema();
    let rows = stream::once(async { Ok::<_, DataFusionError>(batch) });
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

/// The records with a model that is known.
async fn resolver(builder: Arc<Mutex<RecordsBuilder>>, model: Model) -> Result<Resolver> {
    let builder = taken(builder)?;
    scan::blocking(move || {
        let records = builder.finish_for(model.columns())?;
        Ok(Resolver::new(records, model)?)
    })
    .await
}

/// The builder, when all records have passed.
fn taken(builder: Arc<Mutex<RecordsBuilder>>) -> Result<RecordsBuilder> {
    let builder = Arc::into_inner(builder)
        .ok_or_else(|| Error::internal("the records are still being read"))?;
    Ok(builder.into_inner())
}
