//! Refreshing a model: its query's records are resolved, and become the model's next version.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use tributary_udfs::resolve::{Model, Progress, Records};

use super::calls::{FUNCTIONS_CHANGED, Functions};
use super::changed::{Changed, Held};
use super::finding::Decided;
use super::found::Found;
use super::index::Index;
use super::input::Input;
use super::learned::Learned;
use super::outgrown::Outgrown;
use super::taken_back::Decisions;
use super::whole::All;
use super::{Resolved, links, scan};
use crate::catalog::Object;
use crate::catalog::journal::{RefreshRecord, StageTime};
use crate::error::{Error, Result, SqlState};
use crate::execute::query;
use crate::instance::{Instance, Reading, StatementContext};
use crate::models::incremental::Watermark;
use crate::models::progress::Rows;
use crate::models::refresh::{Catalogued, Extent, count, participant};
use crate::models::rejected::{self, Keep};
use crate::models::replacement;
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
    /// Whether it learns again, or makes its entities anew of what it has found.
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
        let may_learn = learns || matches!(catalogued, Catalogued::Replaced(..));
        let known = match known {
            None => None,
            Some(Ok(known)) => Some(known),
            // Learning again is what mends it; what it numbered is in its clusters.
            Some(Err(_)) if may_learn => None,
            Some(Err(error)) => return Err(error),
        };
        if let (false, Some(known)) = (learns, &known)
            && let Some(reason) = lacks_knowledge(&known.model)
            && self.extent != Extent::Entities
        {
            learns = true;
            record.mode_reason = Some(reason.to_owned());
        }

        let decided_before = known
            .as_ref()
            .map(|known| known.report.decisions.clone())
            .unwrap_or_default();
        let settings = &instance.configuration.session;
        let left_out = Arc::new(RejectedRows::counting());
        let context = instance
            .statement(settings, Reading::Rows)
            .collecting(&left_out);
        let progress = &instance.running.resolves(record.id);
        let pool = &instance.runtime().memory_pool;
        if let (false, Some(before), Some(known)) = (learns, &before, &known)
            && self.extent == Extent::Entities
            && self.unfinished(before).await?.is_none()
        {
            let read_to = before.read_to();
            let step = Step {
                functions: before.told_functions(),
                context: &context,
                left_out: &left_out,
                progress,
                columns: &self.object.schema,
                participant: participant(instance, self.object, catalogued, &self.object.schema),
                read_to: read_to.as_ref(),
                decided_before,
            };
            let (version, nothing) = ((before, known.next_entity), Changed::nothing(pool));
            return self.update(step, version, nothing, None, record).await;
        }
        let functions = Functions::of(&context.snapshot, self.definition)?.told()?;
        if let (false, Some(before)) = (learns, &before)
            && !before.has_learned_with(functions.as_deref(), &context.snapshot)
        {
            // What two records were compared by is not known any more.
            learns = true;
            record.mode_reason = Some(FUNCTIONS_CHANGED.to_owned());
        }
        let plan = plan::definition(&context, &self.definition.query, &[]).await?;
        let input = plan::columns(&plan);
        let columns = super::columns(&context.state, self.definition, &input).await?;
        let taking = Input::new(&context.state, self.definition, &input).await?;
        let participant = participant(instance, self.object, catalogued, &columns);
        let source = self.source(&context, &plan).await?;
        let step = Step {
            context: &context,
            left_out: &left_out,
            progress,
            columns: &columns,
            participant,
            read_to: Some(&source.watermark),
            functions: functions.as_deref(),
            decided_before,
        };
        if let (false, Some(known)) = (learns, &known) {
            match self.check_columns(&known.model, &taking) {
                Err(_) if may_learn => learns = true,
                checked => checked?,
            }
        }
        let mut is_updated = false;
        if let (false, Some(before), Some(known)) = (learns, &before, &known) {
            match self.obstacle(before, &input, &columns).await? {
                obstacle @ Some(_) => record.mode_reason = obstacle,
                None => {
                    is_updated = true;
                    let version = (before, known.next_entity);
                    match self.traced(&source, &context, before).await? {
                        Ok(changed) => {
                            let updated =
                                self.update(step, version, changed, Some(&taking), record);
                            return updated.await;
                        }
                        Err(reason) => {
                            record.mode_reason = Some(format!("all records are read: {reason}"));
                        }
                    }
                }
            }
        }

        let (rejections, writer) =
            rejected::begin(instance, self.object, Keep::Latest, Some(record.id));
        let rejected = Arc::new(RejectedRows::new(rejections.sender()));
        let mut state = context.state.clone();
        state.config_mut().set_extension(Arc::clone(&rejected));
        let rows = query::stream(state, plan).await?;
        let mut rows = writer.precede(count(rows, Arc::clone(self.progress)));
        if let (false, Some(known)) = (learns, &known)
            && let Some(most) = known.model.most_records()
        {
            let outgrown = Outgrown::look(rows, most).await?;
            rows = outgrown.rows;
            learns = outgrown.is_outgrown;
            if learns {
                record.mode_reason = Some(Outgrown::reason(most));
            }
        }
        if let (true, false, Some(before), Some(known)) = (is_updated, learns, &before, &known) {
            let index = instance.indexes.look(before).await?;
            let names = self.names();
            let changed = Changed::read(Held::new(&index, &names), rows, pool).await?;
            drop(index);
            record.rows_rejected = rejected.count();
            record.warn(rejected.remarks());
            let version = (before, known.next_entity);
            return self
                .update(step, version, changed, Some(&taking), record)
                .await;
        }
        let next = known.as_ref().map(|known| known.next_entity);
        let model = match learns {
            false => known.map(|known| known.model),
            true => None,
        };
        let model = model.map(|mut model| {
            model.adopt(&taking.options);
            model
        });
        let all = All {
            rows,
            taking: &taking,
            rejected: &rejected,
        };
        let version = (before.as_ref(), next);
        self.resolve_all(step, all, version, model, record).await
    }

    /// Keeps what was found in memory, for who asks it, and for the next refresh.
    pub(super) async fn keep(
        &self,
        found: Arc<Found>,
        hashes: Vec<u64>,
        schema: SchemaRef,
        version: i64,
    ) {
        let Some(found) = Arc::into_inner(found) else {
            return;
        };
        let mut resolver = found.resolver;
        let sharing = scan::blocking(move || {
            resolver.share()?;
            Ok(resolver)
        });
        // Where memory is short it is read again when it is needed.
        let Ok(resolver) = sharing.await else {
            return;
        };
        let index = Index {
            entities: found.entities.of_records,
            resolver,
            pairs: found.pairs,
            clusters: found.clusters,
            scores: found.scores,
            hashes,
            schema,
        };
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

    /// What humans have decided of records, whose clusters have these columns.
    pub(super) async fn decided(
        &self,
        context: &StatementContext,
        records: &Records,
        columns: &Schema,
    ) -> Result<Decided> {
        let of = |option| links::read(context, self.definition, option, (records, columns));
        let (must, cannot) = (of(links::MUST_LINK).await?, of(links::CANNOT_LINK).await?);
        Ok(Decided {
            passed_over: must.passed_over + cannot.passed_over,
            must: must.pairs,
            cannot: cannot.pairs,
        })
    }
}

/// Why a model has yet to learn, where it was made of records of which nothing is learned.
pub(super) fn lacks_knowledge(model: &Model) -> Option<&'static str> {
    match (model.compares_nothing(), model.has_learned_nothing()) {
        // It was made of no records, or of some that had nothing to tell them apart.
        (true, _) => Some("it has compared nothing so far, and learns anew"),
        (false, true) => Some("none of its records differed so far, and it learns anew"),
        (false, false) => None,
    }
}

/// How long each stage took.
pub(super) fn stages(progress: &Progress) -> Vec<StageTime> {
    let spent = progress.spent().into_iter();
    spent
        .map(|(stage, spent)| StageTime {
            stage: stage.name().to_owned(),
            microseconds: u64::try_from(spent.as_micros()).unwrap_or(u64::MAX),
        })
        .collect()
}

/// What a refresh has at hand when it is known what there is to do.
pub(super) struct Step<'a> {
    pub(super) context: &'a StatementContext,
    /// What its sources leave out.
    pub(super) left_out: &'a Arc<RejectedRows>,
    pub(super) progress: &'a Arc<Progress>,
    /// The columns of the clusters.
    pub(super) columns: &'a SchemaRef,
    pub(super) participant: Option<Arc<dyn Participant>>,
    /// How far the inputs of the query were read, where that is known.
    pub(super) read_to: Option<&'a Watermark>,
    /// What tells the functions of users that its options call.
    pub(super) functions: Option<&'a str>,
    /// What people had decided at the version before.
    pub(super) decided_before: Decisions,
}
