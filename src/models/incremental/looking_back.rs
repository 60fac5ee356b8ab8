//! Refreshing by reading the rows of the latest versions again, as the option `lookback` says.
//!
//! The watermark is the greatest version that the files of the view have: it is there with its rows, or
//! is not, whatever cuts a refresh off, and a full refresh mends it where a row had a version that was
//! wrong. The rows that are read are put in as into any keyed table, so that what is there already, and
//! what is not later than that, changes nothing.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::{Column, ScalarValue};
use datafusion::datasource::provider_as_source;
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use futures::TryStreamExt;

use super::attempt::{Attempt, Planned};
use super::measured::Measured;
use crate::catalog::Object;
use crate::catalog::journal::RefreshRecord;
use crate::error::Result;
use crate::instance::{Instance, StatementContext};
use crate::models::backfill::{Backfill, Range};
use crate::models::expectation::{Expectations, enforce};
use crate::models::lookback::Lookback;
use crate::models::rejected::{self, Keep};
use crate::models::{refresh, table_id};
use crate::sources::RejectedRows;
use crate::warehouse::{At, Greatest, Participant};

impl Planned<'_> {
    /// Reads the rows of the latest versions again, and puts them in. The `reason` is why nothing better
    /// could be done.
    pub(super) async fn look_back(
        &self,
        lookback: &Lookback,
        columns: &SchemaRef,
        reason: String,
        participant: Option<Arc<dyn Participant>>,
        expectations: &Arc<Expectations>,
        record: &mut RefreshRecord,
    ) -> Result<Attempt> {
        let (instance, object) = (self.instance, self.object);
        let Some(from) = since(instance, self.context, object, lookback).await? else {
            return Ok(Attempt::Full(format!(
                "it has no value of {} to look back from; {reason}",
                lookback.column
            )));
        };
        let (rejections, writer) = rejected::begin(instance, object, Keep::New, Some(record.id));
        let rejected = Arc::new(RejectedRows::new(rejections.sender()));
        let mut state = self.context.state.clone();
        state.config_mut().set_extension(Arc::clone(&rejected));
        record.mode_reason = Some(format!(
            "read from {} = {} on: {reason}",
            lookback.column,
            shown(&from)
        ));
        let range = Range { from, to: None };
        let backfill = Backfill {
            instance,
            object,
            state: &state,
            plan: &self.analysis.plan,
            columns,
            range: &range,
            watermark: Some(self.watermark),
        };
        let dropped = rejections.clone();
        let checked = |rows| {
            let rows = enforce(
                rows,
                Arc::clone(expectations),
                object.name.to_string(),
                dropped,
            );
            writer.precede(refresh::count(rows, Arc::clone(self.progress)))
        };
        let commit = Box::pin(backfill.run(checked, rejections.clone(), participant, record));
        let commit = commit.await?;
        record.rows_rejected += rejected.count();
        record.warn(rejected.remarks());
        Ok(Attempt::Done(commit))
    }
}

/// The version from which on rows are read again; none where the object has none to look back from, or
/// all would be read.
///
/// # Errors
/// What reading the object's table says.
pub(super) async fn since(
    instance: &Arc<Instance>,
    context: &StatementContext,
    object: &Object,
    lookback: &Lookback,
) -> Result<Option<ScalarValue>> {
    let table = table_id(object);
    let greatest = instance.warehouse.greatest(&table, &lookback.column);
    let latest = match greatest.await? {
        Greatest::Nothing => return Ok(None),
        Greatest::Value(value) => value,
        Greatest::Unknown => {
            let relation = instance.warehouse.scan(&table, At::Latest).await?;
            let source = provider_as_source(relation);
            let column = Expr::Column(Column::from_name(&lookback.column));
            let plan = LogicalPlanBuilder::scan("tributary:own", source, None)?
                .aggregate(Vec::<Expr>::new(), [max(column)])?
                .build()?;
            let rows = Measured::default().run(&context.state, &plan).await?;
            let rows: Vec<_> = rows.try_collect().await?;
            match rows.iter().find(|batch| batch.num_rows() > 0) {
                Some(batch) => ScalarValue::try_from_array(batch.column(0), 0)?,
                None => return Ok(None),
            }
        }
    };
    Ok(match latest.is_null() {
        true => None,
        false => lookback.since(&latest),
    })
}

/// A version, for people.
pub(super) fn shown(version: &ScalarValue) -> String {
    let text = version.cast_to(&arrow::datatypes::DataType::Utf8);
    match text {
        Ok(ScalarValue::Utf8(Some(text))) => text.replacen('T', " ", 1),
        _ => version.to_string(),
    }
}
