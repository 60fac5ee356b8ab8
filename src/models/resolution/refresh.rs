//! Refreshing a model: its query's records are resolved, and become the model's next version.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use tributary_udfs::resolve::{Model, Progress, Records, RecordsBuilder, Resolver, Stage, Taught};

use super::finding::{Decided, Entities, Paired};
use super::found::Found;
use super::index::Index;
use super::input::Input;
use super::learned::Learned;
use super::outgrown::Outgrown;
use super::previous::Previous;
use super::row_hashes::RowHashes;
use super::writing::Told;
use super::written_behind::WrittenBehind;
use super::{Companion, Resolved, links, parameters, scan};
use crate::catalog::Object;
use crate::catalog::journal::{RefreshRecord, StageTime};
use crate::error::{Error, Result, SqlState};
use crate::execute::query;
use crate::instance::{Instance, Reading, StatementContext};
use crate::models::progress::Rows;
use crate::models::refresh::{Catalogued, Extent, count, participant};
use crate::models::rejected::{self, Keep};
use crate::models::replacement;
use crate::models::table_id;
use crate::session::plan;
use crate::sources::RejectedRows;
use crate::sql::create_model::CreateModel;
use crate::warehouse::{Commit, Participant};

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
        let ran = self.resolve(catalogued, record).await;
        if ran.is_err() {
            // How far it came.
            record.rows_read = record.rows_read.or(self.progress.some());
        }
        ran
    }

    async fn resolve(&self, catalogued: Catalogued, record: &mut RefreshRecord) -> Result<Commit> {
        let instance = self.instance;
        replacement::settle(&instance.catalog, &instance.warehouse, self.object.oid).await?;
        let before = Resolved::latest(instance, &Arc::new(self.object.clone())).await?;
        let known = match &before {
            Some(before) => Some(Learned::read(before).await),
            None => None,
        };
        let mut learns = self.extent == Extent::Anew;
        let known = match known {
            None => None,
            Some(Ok(known)) => Some(known),
            // Learning again is what mends it; what it numbered is in its clusters.
            Some(Err(_)) if learns => None,
            Some(Err(error)) => return Err(error),
        };
        if let (false, Some(known)) = (learns, &known)
            && known.model.compares_nothing()
        {
            // It was made of no records, or of some that had nothing to tell them apart.
            learns = true;
            record.mode_reason = Some("it has compared nothing so far, and learns anew".to_owned());
        }

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
        let mut rows = writer.precede(count(rows, Arc::clone(self.progress)));
        if let (false, Some(known)) = (learns, &known)
            && let Some(most) = known.model.most_records()
        {
            let outgrown = Outgrown::look(rows, most).await?;
            rows = outgrown.rows;
            learns = outgrown.is_outgrown;
            record.mode_reason = learns.then(|| Outgrown::reason(most));
        }
        let progress = &instance.running.resolves(record.id);
        let schema = rows.schema();
        let taking = Input::new(&context.state, self.definition, &schema)?;
        if let (false, Some(known)) = (learns, &known) {
            self.check_columns(&known.model, &taking)?;
        }
        let step = Step {
            context: &context,
            progress,
            rejected: &rejected,
            columns: &columns,
            participant,
        };
        if let (false, Some(before), Some(known)) = (learns, &before, &known) {
            match self.obstacle(before, &schema, &columns).await? {
                obstacle @ Some(_) => record.mode_reason = obstacle,
                None => {
                    let next = known.next_entity;
                    let commit = self
                        .update(step, (before, next), rows, &taking, record)
                        .await?;
                    record.stages = stages(progress);
                    return Ok(commit);
                }
            }
        }
        let next = known.as_ref().map(|known| known.next_entity);
        let model = match learns {
            false => known.map(|known| known.model),
            true => None,
        };
        let pool = &instance.runtime().memory_pool;
        let (behind, unwritten) = WrittenBehind::new(Arc::clone(&schema), pool);
        // Records are resolved while they are still being written.
        let resolving = async {
            let Taken { builder, hashes } = self.take(rows, &taking, progress, behind).await?;
            let resolver = match model {
                Some(model) => resolver(builder, model).await?,
                None => self.learn(&context, &taking, builder).await?,
            };
            let previous = match &before {
                Some(before) => Previous::read(before, resolver.records()).await?,
                None => Previous::none(resolver.records().len(), pool)?,
            };
            let decided = self.decided(&context, resolver.records()).await?;
            let paired = Paired::find(resolver).await?;
            // The pairs are written while entities are made of them.
            let pairs = paired.rows(&self.columns_of_pairs(&columns));
            let (pairs, entities) = tokio::try_join!(
                self.write(Companion::Pairs, pairs, record.id),
                Entities::find(&paired, &decided, previous, next),
            )?;
            let (found, previous) = entities.found(paired)?;
            Ok((pairs, found, previous, decided, hashes))
        };
        let (records, (pairs, found, previous, decided, hashes)) = tokio::try_join!(
            self.write(Companion::Records, unwritten, record.id),
            resolving,
        )?;
        progress.begin(Stage::Write);
        record.rows_read = Some(records.rows);
        record.warning = self.warning(&found);
        record.warn(self.left_out(&found));
        record.warn(self.passed_over(&decided));
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
            before: before.as_ref(),
        };
        let info = self.tell(told, &columns, versions, record).await?;
        let clusters = found.clusters(found.all(), &columns);
        let table = table_id(self.object);
        let commit = instance
            .warehouse
            .replace_with(&table, clusters, info, step.participant)
            .await?;
        self.keep(found, hashes.take(), schema, commit.version);
        record.stages = stages(progress);
        Ok(commit)
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

    /// Refuses records that lack what a model compares.
    pub(super) fn check_columns(&self, model: &Model, records: &Input) -> Result<()> {
        let mut names = model.columns().iter().map(|column| column.name.as_str());
        match names.find(|name| !records.has(name)) {
            None => Ok(()),
            Some(name) => Err(Error::new(
                SqlState::UNDEFINED_COLUMN,
                format!(
                    "the query of {} has no column \"{name}\" any more, which was compared",
                    self.object.described()
                ),
            )
            .with_hint(format!(
                "Learn from the columns that there are now: REFRESH MODEL {} FULL.",
                self.object.name
            ))),
        }
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

    /// Learns a model from the records, and from what its definition tells of them.
    async fn learn(
        &self,
        context: &StatementContext,
        taking: &Input,
        builder: RecordsBuilder,
    ) -> Result<Resolver> {
        let records = scan::blocking(move || Ok(builder.finish()?)).await?;
        let taught = Taught {
            labels: links::labels(context, self.definition, &records)
                .await?
                .pairs,
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
        let (must, cannot) = (of(links::MUST_LINK).await?, of(links::CANNOT_LINK).await?);
        Ok(Decided {
            passed_over: must.passed_over + cannot.passed_over,
            must: must.pairs,
            cannot: cannot.pairs,
        })
    }
}

/// How long each stage took.
fn stages(progress: &Progress) -> Vec<StageTime> {
    let spent = progress.spent().into_iter();
    spent
        .map(|(stage, spent)| StageTime {
            stage: stage.name().to_owned(),
            microseconds: u64::try_from(spent.as_micros()).unwrap_or(u64::MAX),
        })
        .collect()
}

/// What is taken of the records as they pass.
struct Taken {
    builder: RecordsBuilder,
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

/// The records with a model that is known.
async fn resolver(builder: RecordsBuilder, model: Model) -> Result<Resolver> {
    scan::blocking(move || {
        let records = builder.finish_for(model.columns())?;
        Ok(Resolver::new(records, model)?)
    })
    .await
}
