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
use tributary_udfs::resolve::{
    Decisions, Model, Progress, RecordsBuilder, Resolver, Stage, Taught, entity_ids,
};

use super::changed::RowHashes;
use super::found::Found;
use super::history::{self, Cause};
use super::input::Input;
use super::learned::{Learned, Report};
use super::previous::Previous;
use super::{Companion, Resolved, columns_of, links, parameters, places, scan};
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
use crate::warehouse::{Commit, CommitInfo};

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
        let known = match (known, self.extent) {
            (None, _) => None,
            (Some(Ok(known)), _) => Some(known),
            (Some(Err(error)), Extent::Usual) => return Err(error),
            // Learning again is what mends it; what it numbered is in its clusters.
            (Some(Err(_)), Extent::Anew) => None,
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
        let taking = Input::new(&context.state, self.definition, &rows.schema())?;
        let (rows, taken) = self.take(rows, taking.clone(), progress)?;
        let mut versions = BTreeMap::new();
        let records = self.write(Companion::Records, rows, record.id).await?;
        versions.insert(Companion::Records, records.version);
        record.rows_read = Some(records.rows);
        record.rows_rejected = rejected.count();

        let next = known.as_ref().map(|known| known.next_entity);
        let model = match self.extent {
            Extent::Usual => known.map(|known| known.model),
            Extent::Anew => None,
        };
        let stays = model.is_some();
        let resolver = match model {
            Some(model) => resolver(taken.builder, model).await?,
            None => self.learn(&context, &taking, taken.builder).await?,
        };
        let changed = match (&before, stays) {
            (Some(before), true) => {
                let hashes = taken.hashes;
                hashes.changed(&input, before, resolver.records()).await?
            }
            _ => None,
        };
        if changed.is_some() {
            record.mode = INCREMENTAL.to_owned();
        }
        let found = Finding {
            context: &context,
            before: before.as_ref(),
            changed,
            next,
        };
        let (found, previous, decided) = self.find(found, resolver).await?;
        let found = Arc::new(found);
        record.pairs = Some(progress.pairs().0);
        progress.begin(Stage::Write);

        let target = Object {
            schema: Arc::clone(&columns),
            ..self.object.clone()
        };
        let pairs = found.pairs(&columns_of(&target, ModelFunction::Pairs));
        let pairs = self.write(Companion::Pairs, pairs, record.id).await?;
        versions.insert(Companion::Pairs, pairs.version);
        let learned = Learned {
            model: found.resolver.model().clone(),
            next_entity: found.entities.next,
            report: Report::new(&found),
        };
        let learned = one(learned.row()?);
        let learned = self.write(Companion::Learned, learned, record.id).await?;
        versions.insert(Companion::Learned, learned.version);
        let reason = record.reason.clone();
        let cause = Cause {
            refresh_id: record.id,
            reason: &reason,
            must: members(&decided.must),
            cannot: members(&decided.cannot),
        };
        let schema = columns_of(&target, ModelFunction::History);
        let changes = match &before {
            Some(_) => history::rows(&found, &previous, &cause, &schema)?,
            None => RecordBatch::new_empty(schema),
        };
        let history = self
            .add_history(before.as_ref(), changes, record.id)
            .await?;
        versions.insert(Companion::History, history);

        let info = CommitInfo {
            parameters: versions
                .into_iter()
                .map(|(companion, version)| (companion.name().to_owned(), version.to_string()))
                .collect(),
            refresh_id: Some(record.id.to_string()),
            ..CommitInfo::new("REFRESH")
        };
        let clusters = found.clusters(&columns);
        instance
            .warehouse
            .replace_with(&table_id(self.object), clusters, info, participant)
            .await
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
            hashes: RowHashes::default(),
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

    /// Finds pairs and entities, and gives these their numbers.
    async fn find(
        &self,
        finding: Finding<'_>,
        resolver: Resolver,
    ) -> Result<(Found, Previous, Decided)> {
        let records = resolver.records();
        let previous = match finding.before {
            Some(before) => Previous::read(before, records).await?,
            None => Previous::none(records),
        };
        let context = finding.context;
        let decided = Decided {
            must: links::read(context, self.definition, links::MUST_LINK, records).await?,
            cannot: links::read(context, self.definition, links::CANNOT_LINK, records).await?,
        };
        let decisions = Decisions::new(records, &decided.must, &decided.cannot)
            .map_err(DataFusionError::from)?;
        // Pairs of records that are what they were are what they were too.
        let kept = match (finding.before, &finding.changed) {
            (Some(before), Some(changed)) => {
                let changed: HashSet<u32> = changed.iter().copied().collect();
                let stays = |record: u32| !changed.contains(&record);
                places::pairs(before, records, stays).await?
            }
            _ => Vec::new(),
        };
        resolver.hold(size_of_val(kept.as_slice()))?;
        let (changed, next) = (finding.changed, finding.next);
        scan::blocking(move || {
            let mut pairs = kept;
            match &changed {
                Some(changed) => pairs.extend(resolver.pairs_of(changed)?),
                None => pairs = resolver.pairs()?,
            }
            pairs.sort_unstable_by_key(|pair| (pair.left, pair.right));
            let clusters = resolver.clusters(&pairs, &decisions)?;
            let next = previous.next_entity(next);
            let entities = entity_ids(resolver.records(), &clusters, &previous.entities, next);
            let found = Found {
                resolver,
                pairs,
                clusters,
                entities,
            };
            Ok((found, previous, decided))
        })
        .await
    }

    async fn write(
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

/// What is known when pairs are to be found.
struct Finding<'a> {
    context: &'a StatementContext,
    before: Option<&'a Resolved>,
    /// The records that are not what they were; none where all may be others.
    changed: Option<Vec<u32>>,
    /// The least number that no entity has had.
    next: Option<u64>,
}

/// Human decisions, by the places of records.
struct Decided {
    must: Vec<(u32, u32)>,
    cannot: Vec<(u32, u32)>,
}

/// The mode of a refresh that scores what has changed alone, in `tributary.refreshes`.
const INCREMENTAL: &str = "incremental";

fn commit_info(refresh_id: u64) -> CommitInfo {
    CommitInfo {
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
fn one(batch: RecordBatch) -> SendableRecordBatchStream {
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
