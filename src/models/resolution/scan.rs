//! Reading the tables of a model.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::datasource::provider_as_source;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use futures::TryStreamExt;
use tokio::sync::oneshot;
use tributary_udfs::interrupt::RaisedOnDrop;

use crate::error::{Error, Result};
use crate::execute::query;
use crate::instance::{Instance, Reading};

/// The rows of a table, in its own order.
///
/// # Errors
/// What the store says.
pub async fn stream(
    instance: &Arc<Instance>,
    table: Arc<dyn TableProvider>,
    filter: Option<Expr>,
) -> Result<SendableRecordBatchStream> {
    let mut settings = instance.configuration.session.clone();
    // One after the other: the numbers of new entities follow the order of records.
    settings.target_partitions = 1;
    let context = instance.statement(&settings, Reading::Rows);
    let mut plan = LogicalPlanBuilder::scan("rows", provider_as_source(table), None)?;
    if let Some(filter) = filter {
        plan = plan.filter(filter)?;
    }
    query::stream(context.state, plan.build()?).await
}

/// Some columns of a table, by their places.
///
/// # Errors
/// What the store says.
pub async fn columns(
    instance: &Arc<Instance>,
    table: Arc<dyn TableProvider>,
    columns: Vec<usize>,
) -> Result<SendableRecordBatchStream> {
    let context = instance.statement(&instance.configuration.session, Reading::Rows);
    let source = provider_as_source(table);
    let plan = LogicalPlanBuilder::scan("rows", source, Some(columns))?;
    query::stream(context.state, plan.build()?).await
}

/// All rows of a small table.
///
/// # Errors
/// What the store says.
pub async fn all(
    instance: &Arc<Instance>,
    table: Arc<dyn TableProvider>,
) -> Result<Vec<RecordBatch>> {
    let rows = stream(instance, table, None).await?;
    Ok(rows.try_collect().await?)
}

/// Runs what takes long on a thread of its own, which serves no clients and for whose end a server
/// that stops does not wait. It is interrupted once nobody waits for its answer any more.
///
/// # Errors
/// Those of the work.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (answer, answered) = oneshot::channel();
    let waiting = RaisedOnDrop::default();
    let interrupt = waiting.0.clone();
    std::thread::Builder::new()
        .name("resolve".to_owned())
        .spawn(move || {
            // Nobody waits where the statement was cancelled.
            let _ = answer.send(interrupt.within(work));
        })?;
    answered
        .await
        .map_err(|_| Error::internal("resolving ended abnormally"))?
}
