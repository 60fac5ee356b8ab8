//! `SELECT` and its like.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::common::ParamValues;
use datafusion::dataframe::DataFrame;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use futures::StreamExt;

use crate::error::{Error, Result};
use crate::instance::Reading;
use crate::session::{Outcome, Prepared, Session, plan};
use crate::sources::RejectedRows;

/// Runs a query.
///
/// # Errors
/// What planning and the first batch say; later batches speak for themselves.
pub async fn execute(
    session: &Session,
    prepared: &Prepared,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    let Some(plan) = &prepared.plan else {
        return Err(Error::internal("a query was prepared without a plan"));
    };
    let plan = bind(plan.clone(), parameters)?;
    let rejected = Arc::new(RejectedRows::counting());
    let mut state = session.state(Reading::Rows);
    state.config_mut().set_extension(Arc::clone(&rejected));
    let rows = stream(state, plan).await?;
    let schema = prepared.schema.clone().unwrap_or_else(|| rows.schema());
    let names = Arc::clone(&schema);
    let notices = session.notices();
    let rows = rows.map(move |batch| {
        let batch = batch?;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&names),
            batch.columns().to_vec(),
            &rows,
        )?)
    });
    // Rows of a source that were left out are told of when the last row was sent.
    let told = futures::stream::once(async move {
        if let Some(notice) = rejected.notice() {
            notices.push(notice);
        }
        None
    });
    let stream = Box::pin(RecordBatchStreamAdapter::new(
        schema,
        rows.chain(told.filter_map(|none| async { none })),
    ));
    Ok(Outcome::Rows {
        tag: "SELECT",
        stream,
    })
}

/// Puts values in the place of parameters.
///
/// # Errors
/// 42804 where a value does not fit its place.
pub fn bind(plan: LogicalPlan, parameters: Vec<ScalarValue>) -> Result<LogicalPlan> {
    if parameters.is_empty() {
        return Ok(plan);
    }
    Ok(plan.with_param_values(ParamValues::from(parameters))?)
}

/// Begins to run a plan.
///
/// # Errors
/// What the optimizer and the planner say.
pub async fn stream(state: SessionState, plan: LogicalPlan) -> Result<SendableRecordBatchStream> {
    let wanted = plan::columns(&plan);
    let plan = plan::cast_to(plan, &wanted)?;
    Ok(DataFrame::new(state, plan).execute_stream().await?)
}
