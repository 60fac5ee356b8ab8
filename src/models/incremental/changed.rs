//! Reads what has changed of inputs, and the keys that follow, into memory that is accounted for.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::common::Column;
use datafusion::datasource::provider_as_source;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::functions_aggregate::sum::sum;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableScan, lit};
use futures::TryStreamExt;

use super::measured::{Measured, keeping_nulls};
use crate::error::Result;
use crate::instance::{RowHash, any_of, has_equals};
use crate::warehouse::{CHANGE_SIGN, ChangeFeed};

/// Rows that are held in memory.
#[derive(Debug)]
pub struct Held {
    /// The rows.
    pub rows: Arc<dyn TableProvider>,
    /// The same.
    pub batches: Vec<RecordBatch>,
    /// How many they are.
    pub count: usize,
    /// Whether one of their values is NULL.
    pub has_null: bool,
    _memory: MemoryReservation,
}

impl Held {
    /// No rows.
    ///
    /// # Errors
    /// None that could be told.
    pub fn none(state: &SessionState) -> Result<Self> {
        let schema: SchemaRef = Arc::new(Schema::empty());
        let pool = &state.runtime_env().memory_pool;
        Ok(Self {
            rows: Arc::new(MemTable::try_new(schema, vec![Vec::new()])?),
            batches: Vec::new(),
            count: 0,
            has_null: false,
            _memory: MemoryConsumer::new("incremental refresh").register(pool),
        })
    }

    /// Takes in all rows of a stream, unless they are more than `most`.
    ///
    /// # Errors
    /// What the rows say; 53200 where memory is short.
    pub async fn all(
        state: &SessionState,
        mut rows: SendableRecordBatchStream,
        schema: &SchemaRef,
        most: usize,
    ) -> Result<Option<Self>> {
        let pool = &state.runtime_env().memory_pool;
        let memory = MemoryConsumer::new("incremental refresh").register(pool);
        let (mut batches, mut count, mut has_null) = (Vec::new(), 0_usize, false);
        while let Some(batch) = rows.try_next().await? {
            count += batch.num_rows();
            if count > most {
                return Ok(None);
            }
            has_null |= batch.columns().iter().any(|column| column.null_count() > 0);
            memory.try_grow(batch.get_array_memory_size())?;
            // A scan may read no column, and then only the number of its rows counts.
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let columns = batch.columns().to_vec();
            let schema = Arc::clone(schema);
            batches.push(RecordBatch::try_new_with_options(
                schema, columns, &options,
            )?);
        }
        let partitions = vec![batches.clone()];
        Ok(Some(Self {
            rows: Arc::new(MemTable::try_new(Arc::clone(schema), partitions)?),
            batches,
            count,
            has_null,
            _memory: memory,
        }))
    }
}

/// Which of the rows that have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Came,
    Went,
    Both,
}

/// The rows of a scan that came or went, each once: equal ones that came and went cancel out.
///
/// # Errors
/// What reading them says.
pub async fn of_scan(
    state: &SessionState,
    scan: &TableScan,
    feed: &ChangeFeed,
    side: Side,
    measured: &mut Measured,
) -> Result<Held> {
    let wanted = scan.projected_schema.as_arrow();
    let rows = |rows: &Arc<dyn TableProvider>| -> Result<LogicalPlanBuilder> {
        let source = provider_as_source(Arc::clone(rows));
        let names = wanted.fields().iter().map(|field| field.name().clone());
        let columns = names
            .chain([CHANGE_SIGN.to_owned()])
            .map(|name| Expr::Column(Column::from_name(name)));
        Ok(LogicalPlanBuilder::scan("tributary:feed", source, None)?.project(columns)?)
    };
    let column = |name: &str| Expr::Column(Column::from_name(name));
    let all = rows(&feed.plain)?.union(rows(&feed.mixed)?.build()?)?;
    // What is equal and not the same has changed, and a group of such values keeps none of them.
    let (more, alike): (Vec<_>, Vec<_>) = wanted
        .fields()
        .iter()
        .partition(|field| has_equals(field.data_type()));
    let more: Vec<Expr> = more.iter().map(|field| column(field.name())).collect();
    let same = (!more.is_empty()).then(|| RowHash::new().of(more.clone()).alias("tributary:hash"));
    let by = alike.iter().map(|field| column(field.name())).chain(same);
    let surplus = "tributary:surplus";
    let kept = more.into_iter().map(any_of);
    let summed = sum(column(CHANGE_SIGN)).alias(surplus);
    let is_wanted = match side {
        Side::Came => column(surplus).gt(lit(0_i64)),
        Side::Went => column(surplus).lt(lit(0_i64)),
        Side::Both => column(surplus).not_eq(lit(0_i64)),
    };
    let names = wanted.fields().iter().map(|field| column(field.name()));
    let plan = all
        .aggregate(by, [summed].into_iter().chain(kept))?
        .filter(is_wanted)?
        .project(names)?
        .build()?;
    let rows = measured.run(state, &plan).await?;
    let schema: SchemaRef = Arc::new(wanted.clone());
    let held = Held::all(state, rows, &schema, usize::MAX).await?;
    held.ok_or_else(|| crate::error::Error::internal("changes without a limit have met it"))
}

/// The distinct keys that a plan gives; none where they are more than `most`.
///
/// # Errors
/// What reading them says.
pub async fn keys(
    state: &SessionState,
    plan: LogicalPlan,
    most: usize,
    measured: &mut Measured,
) -> Result<Option<Held>> {
    let distinct = LogicalPlanBuilder::from(plan).distinct()?.build()?;
    let fields = distinct.schema().fields().iter().enumerate();
    let fields = fields.map(|(number, field)| {
        let named = field.as_ref().clone().with_name(format!("k{number}"));
        named.with_nullable(true)
    });
    let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let rows = measured.run(&keeping_nulls(state), &distinct).await?;
    Held::all(state, rows, &schema, most).await
}
