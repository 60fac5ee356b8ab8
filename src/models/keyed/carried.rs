//! A history that goes on under another definition of its materialized view.

use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::{Column, DataFusionError, ScalarValue};
use datafusion::datasource::provider_as_source;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, lit};
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt as _;

use super::super::{schema_change, table_id};
use crate::catalog::Object;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::session::plan;
use crate::warehouse::{At, INTERVAL};

/// What the SQLSTATEs of values begin with that a type does not have.
const DATA_EXCEPTION: &str = "22";

/// The rows of a history that the table of an object holds, in these columns, and behind them those of a
/// query; the latter alone where the table has no history, or one of other keys or versions. Columns that
/// are new have no values in the rows of before.
///
/// # Errors
/// What the table's rows and the store say.
pub async fn carried(
    instance: &Instance,
    state: &SessionState,
    object: &Object,
    columns: &SchemaRef,
    rows: SendableRecordBatchStream,
) -> Result<SendableRecordBatchStream> {
    let (warehouse, table) = (&instance.warehouse, table_id(object));
    let Some(keyed) = super::of(object)?.filter(|keyed| keyed.has_history()) else {
        return Ok(rows);
    };
    if !warehouse.exists(&table).await? {
        return Ok(rows);
    }
    let before = warehouse.keyed(&table).await?;
    let goes_on = before.is_some_and(|before| {
        before.has_history()
            && before.key == keyed.key
            && before.versions.first() == keyed.versions.first()
    });
    if !goes_on {
        return Ok(rows);
    }
    let known = warehouse.schema(&table, At::Latest).await?;
    let values = columns.fields().iter().map(|field| {
        let value = match known.column_with_name(field.name()) {
            Some(_) => Expr::Column(Column::from_name(field.name())),
            None => lit(ScalarValue::try_from(field.data_type())?),
        };
        Ok(value.alias(field.name()))
    });
    let values = values.collect::<Result<Vec<_>>>()?;
    let source = provider_as_source(warehouse.scan(&table, At::Latest).await?);
    let plan = LogicalPlanBuilder::scan("tributary:history", source, None)?;
    let plan = plan::cast_to(plan.project(values)?.build()?, columns)?;
    let plan = state.create_physical_plan(&plan).await?;
    let changes = schema_change::described(&known, columns);
    let described = object.described();
    let known = execute_stream(plan, state.task_ctx())?.map(move |batch| {
        batch.map_err(|error| DataFusionError::from(unfit(error, &described, changes.as_deref())))
    });
    let interval = columns.fields().iter().rev().take(INTERVAL.len()).rev();
    let interval: Vec<_> = interval.cloned().collect();
    let rows = rows.map(move |batch| {
        let batch = batch?;
        let own = batch.schema();
        let fields = own.fields().iter().chain(&interval).cloned();
        let none = interval
            .iter()
            .map(|field| new_null_array(field.data_type(), batch.num_rows()));
        let values = batch.columns().iter().cloned().chain(none);
        let schema = Schema::new(fields.collect::<Vec<_>>());
        Ok(RecordBatch::try_new(Arc::new(schema), values.collect())?)
    });
    let rows = known.chain(rows);
    Ok(Box::pin(RecordBatchStreamAdapter::new(
        Arc::clone(columns),
        rows,
    )))
}

/// The error of rows of before that cannot be had in the columns of now.
fn unfit(error: DataFusionError, object: &str, changes: Option<&str>) -> Error {
    let error = Error::from(error);
    let (Some(changes), true) = (changes, error.sqlstate().0.starts_with(DATA_EXCEPTION)) else {
        return error;
    };
    let what = "a value of its history is not one of the type that its column gets";
    error
        .within(format!("{object}: {what}"))
        .with_detail(format!("What has changed: {changes}."))
        .with_hint(
            "Say with CREATE OR REPLACE that the query casts the column to its type of before. With \
             on_schema_change = 'ignore' or 'append_new_columns' columns keep a type that is wider than \
             that of the query. REFRESH ... FULL gives up the history.",
        )
}
