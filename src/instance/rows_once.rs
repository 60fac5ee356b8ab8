//! Runs [`RowsOnce`]: who reads first has the rows computed, and all read what was kept. What does not
//! fit into memory is kept in a file.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::config::ConfigOptions;
use datafusion::common::internal_err;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, SpillFile, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::{Distribution, EquivalenceProperties};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::spill::{SpillManager, get_record_batch_memory_size};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, Partitioning, PlanProperties};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use futures::future::{BoxFuture, Shared};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use parking_lot::Mutex;

use crate::boxed::Scanned;
use crate::session::rows_once::RowsOnce;
use crate::unary::{Unary, UnaryExec};

/// DataFusion's planner, which plans our nodes too.
#[derive(Debug)]
pub(super) struct Planner;

impl QueryPlanner for Planner {
    fn create_physical_plan<'life0, 'life1, 'life2, 'async_trait>(
        &'life0 self,
        plan: &'life1 LogicalPlan,
        session: &'life2 dyn Session,
    ) -> Scanned<'async_trait>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        'life2: 'async_trait,
        Self: 'async_trait,
    {
        fn boxed<'a>(plan: &'a LogicalPlan, session: &'a dyn Session) -> Scanned<'a> {
            Box::pin(async move {
                let planner =
                    DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(NodePlanner)]);
                planner.create_physical_plan(plan, session).await
            })
        }
        boxed(plan, session)
    }
}

struct NodePlanner;

#[async_trait]
impl ExtensionPlanner for NodePlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let once = node.as_any().downcast_ref::<RowsOnce>();
        Ok(match (once, inputs) {
            (Some(once), [input]) => {
                let own = ReadOnce::new(once.number, Arc::default());
                Some(Arc::new(UnaryExec::new(Arc::clone(input), own)))
            }
            _ => None,
        })
    }
}

/// Has all places of one number read the same rows.
#[derive(Debug)]
pub(super) struct ShareRows;

impl PhysicalOptimizerRule for ShareRows {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut known: HashMap<u64, Arc<Kept>> = HashMap::new();
        plan.transform_up(|plan| {
            let Some(once) = plan.downcast_ref::<UnaryExec<ReadOnce>>() else {
                return Ok(Transformed::no(plan));
            };
            let number = once.own.number;
            let rows = Arc::clone(known.entry(number).or_default());
            let input = Arc::clone(&once.input);
            let shared = UnaryExec::new(input, ReadOnce::new(number, rows));
            Ok(Transformed::yes(Arc::new(shared) as Arc<dyn ExecutionPlan>))
        })
        .data()
    }

    fn name(&self) -> &str {
        "share_rows"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The rows, once somebody has asked for them.
#[derive(Default)]
struct Kept(Mutex<Option<Computing>>);

type Computing = Shared<BoxFuture<'static, Result<Arc<Rows>, Arc<DataFusionError>>>>;

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

/// Rows in their order: those in the file come first.
struct Rows {
    file: Option<(Arc<dyn SpillFile>, SpillManager)>,
    batches: Vec<RecordBatch>,
    _reservation: MemoryReservation,
}

impl Rows {
    async fn compute(
        mut input: SendableRecordBatchStream,
        context: Arc<TaskContext>,
        metrics: SpillMetrics,
    ) -> Result<Self> {
        let consumer = MemoryConsumer::new("rows that are read several times");
        let pool = context.memory_pool();
        let reservation = consumer.with_can_spill(true).register(pool);
        let manager = SpillManager::new(context.runtime_env(), metrics, input.schema());
        let mut file = None;
        let mut batches: Vec<RecordBatch> = Vec::new();
        while let Some(batch) = input.next().await {
            let batch = batch?;
            let size = get_record_batch_memory_size(&batch);
            if reservation.try_grow(size).is_ok() {
                batches.push(batch);
                continue;
            }
            let file = match &mut file {
                Some(file) => file,
                None => file.insert(manager.create_in_progress_file("rows read several times")?),
            };
            for batch in batches.drain(..).chain([batch]) {
                file.append_batch(&batch)?;
            }
            reservation.free();
        }
        let file = match file {
            Some(mut file) => file.finish()?.map(|file| (file, manager)),
            None => None,
        };
        Ok(Self {
            file,
            batches,
            _reservation: reservation,
        })
    }

    /// All rows.
    fn read(self: Arc<Self>) -> Result<impl StreamExt<Item = Result<RecordBatch>>> {
        let spilled = match &self.file {
            Some((file, manager)) => manager
                .read_spill_as_stream_unbuffered(Arc::clone(file), None)?
                .boxed(),
            None => stream::empty().boxed(),
        };
        let places = stream::iter(0..self.batches.len());
        let kept = places.map(move |place| match self.batches.get(place) {
            Some(batch) => Ok(batch.clone()),
            None => internal_err!("a batch is not kept"),
        });
        Ok(spilled.chain(kept))
    }
}

/// Reads rows that are computed once.
#[derive(Clone, Debug)]
struct ReadOnce {
    number: u64,
    rows: Arc<Kept>,
    metrics: ExecutionPlanMetricsSet,
}

impl ReadOnce {
    fn new(number: u64, rows: Arc<Kept>) -> Self {
        let metrics = ExecutionPlanMetricsSet::new();
        Self {
            number,
            rows,
            metrics,
        }
    }
}

impl Unary for ReadOnce {
    const NAME: &'static str = "RowsOnceExec";

    const KEEPS_ORDER: bool = false;

    fn over(&self, _: &Arc<dyn ExecutionPlan>) -> Result<Self> {
        Ok(Self::new(self.number, Arc::clone(&self.rows)))
    }

    fn properties(&self, input: &Arc<dyn ExecutionPlan>) -> Arc<PlanProperties> {
        Arc::new(PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        ))
    }

    fn distribution(&self) -> Distribution {
        Distribution::SinglePartition
    }

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let schema = input.schema();
        let mut rows = self.rows.0.lock();
        let computing = match rows.as_ref() {
            Some(computing) => computing.clone(),
            None => {
                let input = input.execute(partition, Arc::clone(&context))?;
                let metrics = SpillMetrics::new(&self.metrics, partition);
                let computed = Rows::compute(input, context, metrics);
                let computed = computed.map(|rows| rows.map(Arc::new).map_err(Arc::new));
                rows.insert(computed.boxed().shared()).clone()
            }
        };
        drop(rows);
        let rows = stream::once(computing).map(|rows| match rows {
            Ok(rows) => rows.read(),
            Err(error) => Err(DataFusionError::Shared(error)),
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            schema,
            rows.try_flatten(),
        )))
    }
}
