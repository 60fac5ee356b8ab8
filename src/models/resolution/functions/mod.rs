//! What functions on models answer, in a statement: a file a function.

mod entity_blocking_report;
mod entity_calibration;
mod entity_evaluate;
mod entity_explain;
mod entity_label_suggestions;
mod entity_lookup;
mod entity_pairs;
mod entity_parameters;
mod entity_unlinkable;
mod incoming;
mod incoming_repeats;
mod lateral;
mod looked_up;
mod named_record;

pub(super) use incoming::Taking;
pub use lateral::LateralCalls;
pub use looked_up::LookedUp;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;
use futures::future::BoxFuture;

use super::index::Index;
use super::{Companion, Resolved, columns_of, computed, links};
use crate::catalog::Snapshot;
use crate::config::SessionSettings;
use crate::error::{Error, Result, SqlState};
use crate::execute::query;
use crate::instance::{Asker, Reading, StatementContext};
use crate::sources::RejectedRows;
use crate::sql::model_functions::{Call, ModelFunction};
use crate::sql::plain_record::PlainRecord;

/// What a model holds of any two records, where a comparison would stand.
const PRIOR: &str = "prior";

/// A version of a model, asked by a statement.
#[derive(Clone)]
pub struct Asked {
    /// The model.
    pub model: Arc<Resolved>,
    /// The catalog that the statement sees.
    pub snapshot: Arc<Snapshot>,
    /// The settings of its session.
    pub settings: SessionSettings,
    /// The relation that the call names beside the model.
    pub relation: Option<Arc<dyn TableProvider>>,
    /// Who is told of what is found as it answers.
    pub told_to: Option<Arc<RejectedRows>>,
}

impl Asked {
    /// The rows that a call answers with.
    ///
    /// # Errors
    /// What the store says.
    pub async fn call(self, call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        match call.function {
            ModelFunction::Clusters => return Ok(Arc::clone(&self.model.clusters)),
            ModelFunction::Pairs => return entity_pairs::relation(&self.model).await,
            ModelFunction::History => return self.model.table(Companion::History).await,
            // They come with the rows of a query.
            function if function.takes_columns() && call.arguments.is_empty() => {
                let columns = columns_of(&self.model.object, function);
                return Ok(Arc::new(lateral::BesideRows::new(self, columns)));
            }
            _ => {}
        }
        if call.function == ModelFunction::Lookup
            && let [record] = call.arguments.as_slice()
            && let Some(record) = PlainRecord::parse(record)
        {
            let columns = columns_of(&self.model.object, call.function);
            return Ok(Arc::new(LookedUp::new(self, columns, record)));
        }
        let function = call.function;
        let arguments = Arc::new(call.arguments.clone());
        let schema = columns_of(&self.model.object, function);
        let columns = Arc::clone(&schema);
        computed::relation(function.name(), schema, move || {
            let asked = self.clone();
            let arguments = Arc::clone(&arguments);
            let columns = Arc::clone(&columns);
            Box::pin(async move { asked.compute(function, &arguments, columns).await })
                as BoxFuture<'static, Result<RecordBatch>>
        })
    }

    async fn compute(
        &self,
        function: ModelFunction,
        arguments: &[String],
        columns: SchemaRef,
    ) -> Result<RecordBatch> {
        match (function, arguments) {
            (ModelFunction::Explain, [left, right]) => self.explain(left, right, columns).await,
            (ModelFunction::LabelSuggestions, [most]) => self.suggest(most, columns).await,
            (ModelFunction::Lookup, [record]) => self.lookup(record, columns).await,
            (ModelFunction::Calibration, _) => self.calibration(columns).await,
            (ModelFunction::Unlinkable, _) => self.unlinkable(columns).await,
            (ModelFunction::Evaluate, _) => self.evaluate(columns).await,
            (ModelFunction::Parameters, _) => self.parameters(columns).await,
            (ModelFunction::BlockingReport, _) => self.blocking_report(columns).await,
            _ => Err(Error::internal(format!(
                "{} has other arguments",
                function.name()
            ))),
        }
    }

    fn context(&self) -> StatementContext {
        let instance = &self.model.instance;
        let snapshot = Arc::clone(&self.snapshot);
        instance.statement_of(&Asker::server(), snapshot, &self.settings, Reading::Rows)
    }

    /// The value of an argument.
    async fn value(&self, argument: &str) -> Result<ScalarValue> {
        let context = self.context();
        let plan = links::table(&context, &format!("SELECT {argument}")).await;
        let plan = plan.map_err(|error| match error.sqlstate() {
            SqlState::UNDEFINED_COLUMN | SqlState::UNDEFINED_TABLE => error.with_hint(
                "What a function on a model is asked for is computed before any row is read: write a value, or a subquery. Only entity_lookup and entity_explain take columns of what stands before them in FROM.",
            ),
            _ => error,
        })?;
        let rows = query::stream(context.state, plan).await?;
        let rows: Vec<RecordBatch> = rows.try_collect().await?;
        let first = rows.iter().find(|batch| batch.num_rows() > 0);
        let value = first.map(|batch| ScalarValue::try_from_array(batch.column(0), 0));
        Ok(value.transpose()?.unwrap_or(ScalarValue::Null))
    }

    /// The model in memory.
    async fn index(&self) -> Result<Arc<Index>> {
        self.model.instance.indexes.get(&self.model).await
    }
}

/// The probability that a weight stands for.
fn probability(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}
