//! Which records of a model's query may be others than at the version before, by what has changed of
//! the tables that it reads: no others are read again.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::Column;
use datafusion::logical_expr::LogicalPlan;

use super::Resolved;
use super::changed::{Changed, Held};
use super::index::Index;
use super::outgrown::Outgrown;
use super::places::{name_otherwise, places_of};
use super::refresh::Refresh;
use crate::catalog::{Object, Snapshot};
use crate::error::{Result, SqlState};
use crate::instance::StatementContext;
use crate::models::incremental::{self, Analysis, Measured, Tracing, Watermark};
use crate::models::refresh::count;
use crate::session::plan;
use crate::sql::Statement;
use crate::sql::create_model::CreateModel;
use crate::sql::model_options::ModelOptions;

/// The query of a model, and how far it reads its inputs.
pub(super) struct Source {
    analysis: Analysis,
    pub(super) watermark: Watermark,
}

/// The records that may be others than they were.
pub(super) enum Traced {
    /// None.
    None,
    /// Those of these identifiers.
    Some(Asked),
    /// Any, for this reason.
    Any(String),
}

/// The identifiers of records that may be others.
pub(super) struct Asked {
    key: Vec<Column>,
    keys: incremental::Held,
}

impl Refresh<'_> {
    /// What is known of the model's query.
    ///
    /// # Errors
    /// What the optimizer says; what a source says that cannot be listed.
    pub(super) async fn source(
        &self,
        context: &StatementContext,
        plan: &LogicalPlan,
    ) -> Result<Source> {
        let names = self.names();
        let analysis = Analysis::of_records(&context.state, &context.snapshot, plan, &names)?;
        let of_query = self.of_query(&context.snapshot)?;
        let watermark = analysis.watermark(self.instance, context, &of_query);
        Ok(Source {
            watermark: watermark.await?,
            analysis,
        })
    }

    /// What has changed since a version, of which nothing else is read; or why it takes all records to
    /// tell that.
    ///
    /// # Errors
    /// Those of [`Source::read`].
    pub(super) async fn traced(
        &self,
        source: &Source,
        context: &StatementContext,
        before: &Resolved,
    ) -> Result<std::result::Result<Changed, String>> {
        let index = self.instance.indexes.look(before).await?;
        let present = index.resolver.records().present();
        let asked = match source.trace(self, context, (before, present)).await? {
            Traced::Any(reason) => return Ok(Err(reason)),
            Traced::None => {
                let pool = &self.instance.runtime().memory_pool;
                return Ok(Ok(Changed::nothing(pool)));
            }
            Traced::Some(asked) => asked,
        };
        let Some(changed) = source.read(self, context, &asked, &index).await? else {
            let reason = "what has changed does not tell which records have";
            return Ok(Err(reason.to_owned()));
        };
        let now = present + changed.new - changed.gone.len();
        Ok(match index.resolver.model().most_records() {
            Some(most) if now > most => Err(Outgrown::reason(most)),
            _ => Ok(changed),
        })
    }

    /// The model as if it were its query alone: no option says which records there are.
    fn of_query(&self, snapshot: &Snapshot) -> Result<Object> {
        let mut query = self.definition.query.clone();
        let depends_on = plan::resolve_names(&mut query, snapshot, &[])?;
        let definition = CreateModel {
            options: ModelOptions::default(),
            ..self.definition.clone()
        };
        Ok(Object {
            definition: Statement::CreateModel(definition),
            depends_on,
            ..self.object.clone()
        })
    }
}

impl Source {
    fn tracing<'a>(
        &'a self,
        refresh: &'a Refresh<'_>,
        context: &'a StatementContext,
    ) -> Tracing<'a> {
        Tracing {
            instance: refresh.instance,
            context,
            analysis: &self.analysis,
            watermark: &self.watermark,
        }
    }

    /// Which records may be others than at a version, which has so many.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn trace(
        &self,
        refresh: &Refresh<'_>,
        context: &StatementContext,
        (before, records): (&Resolved, usize),
    ) -> Result<Traced> {
        let Some(then) = before.read_to() else {
            let reason = "its last version tells not how far its inputs were read";
            return Ok(Traced::Any(reason.to_owned()));
        };
        if then.definition != self.watermark.definition {
            return Ok(Traced::Any(self.analysis.why_defined_anew()));
        }
        let tracing = self.tracing(refresh, context);
        let (key, keys) = match tracing.changed(&then, records).await {
            Ok(incremental::Changed::Keys { key, keys, .. }) => (key, keys),
            Ok(incremental::Changed::Full(reason)) => return Ok(Traced::Any(reason)),
            Err(error) if error.sqlstate() == SqlState::QUERY_CANCELED => return Err(error),
            // Rows of different states of the inputs meet there, which no query brings together.
            Err(error) => {
                return Ok(Traced::Any(format!(
                    "what has changed cannot be told: {}",
                    error.message()
                )));
            }
        };
        if keys.count == 0 {
            return Ok(Traced::None);
        }
        if self.analysis.reads_sources() {
            // Rows that these leave out are told of all together.
            let reason = "it reads sources beside tables that have changed";
            return Ok(Traced::Any(reason.to_owned()));
        }
        Ok(Traced::Some(Asked { key, keys }))
    }

    /// Reads the records that may be others, and holds them against those of a version; none where that
    /// tells not what has changed.
    ///
    /// # Errors
    /// What the query meets; 23505 for an identifier that two records have; 53200 where memory does not
    /// suffice.
    pub(super) async fn read(
        &self,
        refresh: &Refresh<'_>,
        context: &StatementContext,
        asked: &Asked,
        index: &Index,
    ) -> Result<Option<Changed>> {
        let records = index.resolver.records();
        let mut places = HashSet::new();
        for batch in &asked.keys.batches {
            if name_otherwise(batch.columns(), records)? {
                return Ok(None);
            }
            places.extend(places_of(batch.columns(), records)?.into_iter().flatten());
        }
        let names = refresh.names();
        let held = Held::asked(index, &names, places);
        let mut measured = Measured::default();
        let tracing = self.tracing(refresh, context);
        // The tables get indexes of the identifiers, for the next time. A source beside these may be NULL,
        // which is not looked for by an index, and tells hardly any records apart.
        let id = asked.key.get(..1).unwrap_or_default();
        let read = tracing.looked_up(id, &asked.keys)?;
        let (traced, model) = (&refresh.instance.traced_keys, refresh.object.oid);
        traced.set_read(&context.snapshot, model, read);
        let rows = tracing.rows(&asked.key, &asked.keys, &mut measured).await?;
        let rows = count(rows, Arc::clone(refresh.progress));
        let pool = &refresh.instance.runtime().memory_pool;
        Changed::read_asked(held, rows, pool).await
    }
}
