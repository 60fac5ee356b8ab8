//! How many rows a full refresh found to be others than they were.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::datasource::provider_as_source;
use datafusion::execution::SessionState;
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, lit, when};
use futures::TryStreamExt;

use super::measured::Measured;
use crate::catalog::Object;
use crate::error::Result;
use crate::instance::{Instance, RowHash};
use crate::models::{keyed, table_id};
use crate::warehouse::{At, CHANGE_SIGN};

/// How many rows a version has put in the place of others, or added, or taken out, whether or not a
/// refresh by keys would have: of a unique key the keys count, and else a row that came and one that went
/// count once. None where the version before had other columns.
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
    let hash = RowHash::new().of(own).alias("tributary:hash");
    let keyed = keyed::of(object)?;
    let key = keyed.map(|keyed| keyed.key).unwrap_or_default();
    let key: Vec<Expr> = key.iter().map(|name| column(name)).collect();
    let surplus = "tributary:surplus";
    let came = when(column(surplus).gt(lit(0_i64)), column(surplus)).otherwise(lit(0_i64))?;
    let went = when(column(surplus).lt(lit(0_i64)), column(surplus)).otherwise(lit(0_i64))?;
    let differing = rows(&feed.plain)?
        .union(rows(&feed.mixed)?.build()?)?
        .aggregate(
            key.iter().cloned().chain([hash]),
            [sum(column(CHANGE_SIGN)).alias(surplus)],
        )?
        .filter(column(surplus).not_eq(lit(0_i64)))?;
    let none = Vec::<Expr>::new();
    let plan = match key.is_empty() {
        // Whether what came stands for what went is not known: as much as can be does.
        true => differing.aggregate(none, [sum(came).alias("came"), sum(went).alias("went")])?,
        false => {
            let count = count(lit(1_i64)).alias("came");
            let keys = differing.project(key)?.distinct()?;
            keys.aggregate(none, [count])?
                .project([column("came"), lit(0_i64).alias("went")])?
        }
    };
    let plan = plan.build()?;
    let found = Measured::default().run(state, &plan).await?;
    let found: Vec<_> = found.try_collect().await?;
    let total = |place: usize| {
        let batch = found.iter().find(|batch| batch.num_rows() > 0);
        let column = batch.map(|batch| batch.column(place).as_primitive::<Int64Type>());
        let sum = column.and_then(|column| column.iter().next().flatten());
        sum.unwrap_or(0).unsigned_abs()
    };
    Ok(Some(total(0).max(total(1))))
}
