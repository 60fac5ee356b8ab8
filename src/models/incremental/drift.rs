//! How many rows a full refresh found to be others than they were.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::datasource::provider_as_source;
use datafusion::execution::SessionState;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, lit, when};
use futures::TryStreamExt;

use super::measured::Measured;
use crate::catalog::Object;
use crate::error::Result;
use crate::instance::Instance;
use crate::models::table_id;
use crate::warehouse::{At, CHANGE_SIGN};

/// How many rows a version has put in the place of others, or added, or taken out: a row that has
/// changed counts once. None where the version before had other columns.
///
/// # Errors
/// What reading both versions says.
pub async fn drift(
    instance: &Arc<Instance>,
    object: &Object,
    state: &SessionState,
    version: i64,
) -> Result<Option<u64>> {
    let at = At::Version(version);
    let warehouse = &instance.warehouse;
    let Ok(feed) = warehouse.changes(&table_id(object), at, at).await else {
        return Ok(None);
    };
    let rows = |rows: &Arc<dyn TableProvider>| -> Result<LogicalPlanBuilder> {
        let source = provider_as_source(Arc::clone(rows));
        Ok(LogicalPlanBuilder::scan("tributary:feed", source, None)?)
    };
    let column = |name: &str| Expr::Column(Column::from_name(name));
    let own = object.schema.fields().iter();
    let own: Vec<Expr> = own.map(|field| column(field.name())).collect();
    let surplus = "tributary:surplus";
    let came = when(column(surplus).gt(lit(0_i64)), column(surplus)).otherwise(lit(0_i64))?;
    let went = when(column(surplus).lt(lit(0_i64)), column(surplus)).otherwise(lit(0_i64))?;
    let plan = rows(&feed.plain)?
        .union(rows(&feed.mixed)?.build()?)?
        .aggregate(own, [sum(column(CHANGE_SIGN)).alias(surplus)])?
        .aggregate(
            Vec::<Expr>::new(),
            [sum(came).alias("came"), sum(went).alias("went")],
        )?
        .build()?;
    let found = Measured::default().run(state, &plan).await?;
    let found: Vec<_> = found.try_collect().await?;
    let count = |place: usize| {
        let batch = found.iter().find(|batch| batch.num_rows() > 0);
        let column = batch.map(|batch| batch.column(place).as_primitive::<Int64Type>());
        let sum = column.and_then(|column| column.iter().next().flatten());
        sum.unwrap_or(0).unsigned_abs()
    };
    Ok(Some(count(0).max(count(1))))
}
