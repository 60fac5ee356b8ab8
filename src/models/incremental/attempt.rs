//! One attempt to refresh a materialized view without computing all of its rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use datafusion::common::Column;
use datafusion::datasource::provider_as_source;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use parking_lot::Mutex;

use super::adding::NotAdded;
use super::changed::Held;
use super::difference::{self, Divider, NotByKey};
use super::inputs;
use super::measured::{Measured, keeping_nulls};
use super::restrict::Wanted;
use super::trace::{Changed, Tracing, told};
use super::{Analysis, FULL, INCREMENTAL, Verdict, Watermark, cannot, not_by_keys, verdict};
use crate::catalog::Object;
use crate::catalog::journal::RefreshRecord;
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, StatementContext};
use crate::models::expectation::{Expectations, enforce};
use crate::models::lookback::{self, LOOKBACK};
use crate::models::progress::Rows;
use crate::models::rejected::{self, Keep, Staying};
use crate::models::schema_change::COLUMNS_CHANGED;
use crate::models::{constraints, keyed, refresh, replacement, schema_change, table_id};
use crate::sql::create_materialized_view::CreateMaterializedView;
use crate::warehouse::{Arrival, At, Commit, CommitInfo, Keyed, Participant, Places};

/// A refresh of a materialized view that is planned.
pub struct Planned<'a> {
    /// Where it is.
    pub instance: &'a Arc<Instance>,
    /// The materialized view.
    pub object: &'a Object,
    /// Its definition.
    pub definition: &'a CreateMaterializedView,
    /// What the refresh sees.
    pub context: &'a StatementContext,
    /// What its query's plan says.
    pub analysis: &'a Analysis,
    /// How far it reads.
    pub watermark: &'a Watermark,
    /// Where it tells of rows that pass.
    pub progress: &'a Arc<Rows>,
}

/// Rows that are computed again.
struct Again<'a> {
    /// The columns that they are found by, and the names of these in the table.
    key: &'a [Column],
    names: &'a [String],
    /// The values of these.
    keys: &'a Held,
    /// What finding them took.
    measured: Measured,
    /// What stays of the rows that were left out before.
    staying: Staying,
}

/// What an incremental refresh came to.
pub enum Attempt {
    /// It is made.
    Done(Commit),
    /// It must be a full one, for this reason.
    Full(String),
}

impl Planned<'_> {
    /// Refreshes by what has changed, if that can be, or else by looking back, if the definition says so.
    ///
    /// # Errors
    /// 0A000 where the definition demands it and it is never possible; what the rows meet, or an
    /// expectation.
    pub async fn attempt(
        &self,
        columns: &SchemaRef,
        participant: Option<Arc<dyn Participant>>,
        expectations: &Arc<Expectations>,
        record: &mut RefreshRecord,
    ) -> Result<Attempt> {
        let mode = self
            .definition
            .options
            .get("refresh_mode")
            .unwrap_or("auto");
        if mode == "full" {
            return Ok(Attempt::Full("refresh_mode is full".to_owned()));
        }
        let verdict = verdict(self.analysis, self.definition, columns)?;
        if mode == INCREMENTAL
            && let Verdict::Full(obstacle) = &verdict
        {
            return Err(cannot(&self.object.name, obstacle));
        }
        let lookback = match &verdict {
            // What is late is among the changes of its inputs, which a full refresh reads too.
            Verdict::Keys(_) | Verdict::Added(Some(_)) => None,
            _ => lookback::declared(&self.definition.options, columns)?,
        };
        let mut forbidden = match verdict {
            Verdict::Added(_) => None,
            _ => not_by_keys(self.definition)?.map(|obstacle| told(&obstacle)),
        };
        if let Some(reason) = &forbidden
            && lookback.is_none()
        {
            return Ok(Attempt::Full(reason.clone()));
        }
        let before = match self.before(columns).await? {
            Ok(before) => before,
            Err(reason) => return Ok(Attempt::Full(reason)),
        };
        let mut not_added = None;
        if let Verdict::Added(key) = verdict {
            let participant = participant.clone();
            match self.add(&before, participant, expectations, record).await? {
                Ok(commit) => return Ok(Attempt::Done(commit)),
                Err(NotAdded { reason, is_by_key }) if key.is_none() || !is_by_key => {
                    forbidden = (!is_by_key).then(|| reason.clone());
                    not_added = Some(reason);
                }
                Err(_) => {}
            }
        }
        let attempt = match forbidden {
            Some(reason) => Attempt::Full(reason),
            None => {
                let participant = participant.clone();
                self.by_keys(&before, participant, expectations, record)
                    .await?
            }
        };
        let Attempt::Full(reason) = attempt else {
            return Ok(attempt);
        };
        let reason = not_added.unwrap_or(reason);
        let Some(lookback) = lookback else {
            return Ok(Attempt::Full(reason));
        };
        if before == *self.watermark && self.analysis.cause.is_none() {
            LOOKBACK.clone_into(&mut record.mode);
            return Ok(Attempt::Done(self.nothing().await?));
        }
        expectations.begin_again();
        self.look_back(
            &lookback,
            columns,
            reason,
            participant,
            expectations,
            record,
        )
        .await
    }

    /// How far the rows that are there were read, if more can be put beside them; else why not.
    async fn before(&self, columns: &SchemaRef) -> Result<std::result::Result<Watermark, String>> {
        let warehouse = &self.instance.warehouse;
        let table = table_id(self.object);
        if !warehouse.exists(&table).await? {
            return Ok(Err("never built".to_owned()));
        }
        let last = warehouse.last_refresh(&table).await?;
        let before = last.as_ref().and_then(Watermark::read);
        let absence = before.as_ref().and_then(|before| {
            schema_change::described_absence(&before.absent, &self.watermark.absent)
        });
        let is_same = replacement::same_columns(&self.object.schema, columns);
        if !is_same || absence.is_some() {
            let changes = schema_change::described(&self.object.schema, columns);
            let changes: Vec<String> = changes.into_iter().chain(absence).collect();
            return Ok(Err(match changes.is_empty() {
                false => format!("{COLUMNS_CHANGED}: {}", changes.join(", ")),
                true => "its columns are in another order".to_owned(),
            }));
        }
        let Some(before) = before else {
            let reason = "its last version tells not how far its inputs were read";
            return Ok(Err(reason.to_owned()));
        };
        let before = inputs::settled(self.instance, &self.context.snapshot, before).await?;
        if before.definition != self.watermark.definition {
            return Ok(Err(self.analysis.why_defined_anew()));
        }
        Ok(Ok(before))
    }

    /// Refreshes by the keys that have changed, if that can be.
    async fn by_keys(
        &self,
        before: &Watermark,
        participant: Option<Arc<dyn Participant>>,
        expectations: &Arc<Expectations>,
        record: &mut RefreshRecord,
    ) -> Result<Attempt> {
        let changed = match self.changed(before).await {
            Ok(changed) => changed,
            // Rows of different states of the inputs meet there, which no query brings together.
            Err(error) if error.sqlstate() != SqlState::QUERY_CANCELED => {
                return Ok(Attempt::Full(format!(
                    "what has changed cannot be told: {}",
                    error.message()
                )));
            }
            Err(error) => return Err(error),
        };
        match changed {
            Changed::Full(reason) => Ok(Attempt::Full(reason)),
            Changed::Keys {
                key,
                keys,
                measured,
            } => {
                let names = self.analysis.names(&key);
                let staying = Staying::of(self.instance, self.object, &names, &keys.batches);
                let Some(staying) = staying.await? else {
                    let reason = "rows were left out that are too many, or do not tell their keys";
                    return Ok(Attempt::Full(reason.to_owned()));
                };
                INCREMENTAL.clone_into(&mut record.mode);
                record.changed_keys = Some(keys.count as u64);
                let again = Again {
                    key: &key,
                    names: &names,
                    keys: &keys,
                    measured,
                    staying,
                };
                let taken = self.take_in(before, again, participant, expectations, record);
                match taken.await {
                    // Less is held in memory by a full refresh, which compares nothing.
                    Err(error)
                        if NotByKey::is_cause(&error)
                            || error.sqlstate() == SqlState::OUT_OF_MEMORY =>
                    {
                        FULL.clone_into(&mut record.mode);
                        record.changed_keys = None;
                        Ok(Attempt::Full(error.message().to_owned()))
                    }
                    taken => taken.map(Attempt::Done),
                }
            }
        }
    }

    /// What is known of the inputs.
    pub(super) fn tracing(&self) -> Tracing<'_> {
        Tracing {
            instance: self.instance,
            context: self.context,
            analysis: self.analysis,
            watermark: self.watermark,
        }
    }

    /// The keys that may have changed since a watermark.
    async fn changed(&self, before: &Watermark) -> Result<Changed> {
        let table = table_id(self.object);
        let size = self.instance.warehouse.size(&table, At::Latest).await?;
        let rows = usize::try_from(size.rows.unwrap_or(0)).unwrap_or(usize::MAX);
        self.tracing().changed(before, rows).await
    }

    /// Computes the rows of some keys again, and puts them in the place of those that the table has.
    async fn take_in(
        &self,
        before: &Watermark,
        again: Again<'_>,
        participant: Option<Arc<dyn Participant>>,
        expectations: &Arc<Expectations>,
        record: &mut RefreshRecord,
    ) -> Result<Commit> {
        let Again {
            key,
            names,
            keys,
            mut measured,
            staying,
        } = again;
        let (instance, object) = (self.instance, self.object);
        let keep = Keep::Staying(staying);
        let (rejections, writer) = rejected::begin(instance, object, keep, Some(record.id));
        let guard = |rows| {
            let (name, dropped) = (object.name.to_string(), rejections.clone());
            let rows = enforce(rows, Arc::clone(expectations), name, dropped);
            refresh::count(rows, Arc::clone(self.progress))
        };
        let state = &self.context.state;
        let warehouse = &self.instance.warehouse;
        let table = table_id(self.object);
        let mut info = CommitInfo {
            refresh_id: Some(record.id.to_string()),
            ..CommitInfo::new(crate::warehouse::REFRESH)
        };
        self.watermark.write(&mut info.parameters);
        let mut commit = None;
        let keyed = keyed::declared(&self.definition.options)?;
        let wanted = Wanted { keys };
        let traced = &self.instance.traced_keys;
        traced.set(&self.context.snapshot, self.object.oid, names);
        let careful = match keys.has_null {
            true => keeping_nulls(state),
            false => state.clone(),
        };
        let history = keyed.as_ref().filter(|keyed| keyed.has_history());
        let with_keys = |rows, keyed: &Keyed| {
            let (rows, without) = keyed::with_keys(rows, object, keyed, rejections.clone())?;
            Ok::<_, Error>((rows, Some(without)))
        };
        let mut without_key = None;
        let mut overtaken = Arc::new(AtomicU64::new(0));
        if let Some(history) = history.filter(|_| keys.count > 0) {
            let new = wanted.rows(&self.analysis.plan, key)?;
            let rows = guard(measured.run(&careful, &new).await?);
            let (rows, without) = with_keys(rows, history)?;
            without_key = without;
            let modification = warehouse.modify(&table).await?;
            let session = Arc::new(state.clone());
            let rows = writer.precede(rows);
            let put = modification
                .upsert(session, rows, info.clone(), participant.clone())
                .await?;
            commit = put.commit.map(|commit| Commit {
                rows: put.rows,
                ..commit
            });
        } else if keys.count > 0 {
            let modification = warehouse.modify(&table).await?;
            let modification = modification.by_keys(constraints::indexed(traced, object));
            let new = wanted.rows(&self.analysis.plan, key)?;
            let by_version = keyed.as_ref().filter(|keyed| !keyed.versions.is_empty());
            let new = match by_version {
                // Rows that are not the latest of their keys are looked at too, and columns are merged of
                // all rows of a key.
                Some(keyed) => {
                    let rows = guard(measured.run(&careful, &new).await?);
                    let (rows, without) = with_keys(rows, keyed)?;
                    without_key = without;
                    let (latest, stale) = modification.latest(rows, Arc::new(state.clone()))?;
                    overtaken = stale;
                    let latest = provider_as_source(latest);
                    LogicalPlanBuilder::scan("tributary:latest", latest, None)?.build()?
                }
                None => new,
            };
            // What is made of all rows of a key is there once, perhaps beside a deletion.
            let is_unique = keyed.is_some() && by_version.is_none();
            let old = modification.rows_of_files()?;
            let width = new.schema().fields().len();
            let schema = match width == object.schema.fields().len() {
                true => Arc::clone(&object.schema),
                false => Arc::new(old.schema().project(&(0..width).collect::<Vec<_>>())?),
            };
            let plan = difference::plan(old, new, &wanted, names, is_unique)?;
            let found = measured.run(&careful, &plan).await?;
            let gone = Arc::new(Mutex::new(Places::default()));
            let pool = &state.runtime_env().memory_pool;
            let places = names.iter().map(|name| object.schema.index_of(name));
            let divider = Divider {
                schema: Arc::clone(&schema),
                gone: Arc::clone(&gone),
                key: match is_unique {
                    true => Some(places.collect::<std::result::Result<_, _>>()?),
                    false => None,
                },
                memory: MemoryConsumer::new("rows that a refresh changes").register(pool),
            };
            let rows = found.map(move |batch| divider.divide(&batch?));
            let mut rows: SendableRecordBatchStream =
                Box::pin(RecordBatchStreamAdapter::new(schema, rows));
            if by_version.is_none() {
                rows = guard(rows);
                if let Some(keyed) = &keyed {
                    (rows, without_key) = with_keys(rows, keyed)?;
                }
            }
            // Others are written too, as they lie beside rows that go.
            let came = Arc::new(Rows::default());
            let rows = writer.precede(refresh::count(rows, Arc::clone(&came)));
            let session = Arc::new(state.clone());
            commit = modification
                .commit(session, rows, gone, info.clone(), participant.clone())
                .await?
                .map(|commit| Commit {
                    rows: came.get(),
                    ..commit
                });
        }
        let without_key = without_key.map_or(0, |without| without.load(Ordering::Relaxed));
        record.reject_without_key(without_key);
        let overtaken = overtaken.load(Ordering::Relaxed);
        keyed::tell_of_overtaken(record, object, overtaken, Arrival::Tells)?;
        record.rows_read = Some(measured.rows_read());
        record.spilled_bytes = Some(measured.spilled());
        if let Some(commit) = commit {
            return Ok(commit);
        }
        if before == self.watermark {
            return self.nothing().await;
        }
        self.watermark
            .tell(self.instance, self.object, info, participant)
            .await
    }

    /// The version that is there, and nothing written.
    pub(super) async fn nothing(&self) -> Result<Commit> {
        let table = table_id(self.object);
        Ok(Commit {
            version: self.instance.warehouse.version(&table).await?,
            rows: 0,
            bytes: 0,
            files: 0,
        })
    }
}
