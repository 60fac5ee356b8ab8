//! `SimilarityJoinExec`, the operator.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{internal_err, project_schema};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::equivalence::{ProjectionMapping, join_equivalence_properties};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, apply_expression_roots,
};
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::projection::{
    EmbeddedProjection, ProjectionExec, try_embed_projection,
};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, ExecutionPlanProperties,
    InputDistributionRequirements, Partitioning, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};

use super::cancellation::Cancellation;
use super::definition::Join;
use super::gather::Shared;
use super::index;
use super::metrics::Metrics;
use super::output::Output;
use super::parts::{Build, Parts};
use super::task::Task;

/// How many batches wait for who takes them.
const WAITING: usize = 2;

/// Joins rows whose texts are similar. One side is kept in memory, with an index over its distinct
/// texts; the other streams.
#[derive(Debug)]
pub(crate) struct SimilarityJoinExec {
    parts: Parts,
    /// The columns of both sides, before the projection.
    schema: SchemaRef,
    output: Output,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    shared: Arc<Shared>,
    strategy: Arc<OnceLock<&'static str>>,
}

impl SimilarityJoinExec {
    pub(super) fn try_new(parts: Parts) -> Result<Self> {
        let (schema, columns) = parts.schema();
        let schema = Arc::new(schema);
        parts.check(&schema)?;
        let columns = match &parts.projection {
            None => columns,
            Some(projection) => projection.iter().map(|at| columns[*at].clone()).collect(),
        };
        let properties = properties(&parts, &schema)?;
        Ok(Self {
            output: Output {
                schema: project_schema(&schema, parts.projection.as_ref())?,
                columns,
            },
            properties: Arc::new(properties),
            parts,
            schema,
            metrics: ExecutionPlanMetricsSet::new(),
            shared: Arc::default(),
            strategy: Arc::default(),
        })
    }

    /// What the join is made of.
    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The similarity, as it reads with the texts of both sides.
    fn predicate(&self) -> String {
        self.parts.similarity.to_string()
    }

    fn strategy(&self) -> &'static str {
        let planned = || index::strategy(&self.parts.similarity.predicate);
        self.strategy.get().copied().unwrap_or_else(planned)
    }
}

fn properties(parts: &Parts, schema: &SchemaRef) -> Result<PlanProperties> {
    let Parts { left, right, .. } = parts;
    let mut equivalences = join_equivalence_properties(
        left.equivalence_properties().clone(),
        right.equivalence_properties().clone(),
        &parts.join_type,
        Arc::clone(schema),
        &[false, false],
        None,
        &parts.on,
    )?;
    // Any partition may give out any row: where both sides are collected, or the build side does
    // not fit into memory.
    let streamed = if parts.build == Build::Right {
        left
    } else {
        right
    };
    let count = streamed.output_partitioning().partition_count();
    let partitioning = Partitioning::UnknownPartitioning(count);
    let boundedness = [left, right]
        .into_iter()
        .map(|side| side.boundedness())
        .find(Boundedness::is_unbounded)
        .unwrap_or(Boundedness::Bounded);
    if let Some(projection) = &parts.projection {
        let mapping = ProjectionMapping::from_indices(projection, schema)?;
        let projected = project_schema(schema, Some(projection))?;
        equivalences = equivalences.project(&mapping, projected);
    }
    Ok(PlanProperties::new(
        equivalences,
        partitioning,
        EmissionType::Both,
        boundedness,
    ))
}

impl DisplayAs for SimilarityJoinExec {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts {
            join_type,
            on,
            filter,
            projection,
            build,
            ..
        } = &self.parts;
        if format == DisplayFormatType::TreeRender {
            writeln!(f, "join_type={join_type:?}")?;
            writeln!(f, "predicate={}", self.predicate())?;
            return writeln!(f, "strategy={}", self.strategy());
        }
        write!(f, "SimilarityJoinExec: join_type={join_type:?}")?;
        if !on.is_empty() {
            let on: Vec<String> = on.iter().map(|(l, r)| format!("({l}, {r})")).collect();
            write!(f, ", on=[{}]", on.join(", "))?;
        }
        write!(f, ", predicate={}", self.predicate())?;
        match build {
            Build::Left => {}
            Build::Right => write!(f, ", build=right")?,
            Build::Smaller => write!(f, ", build=smaller")?,
        }
        if let Some(filter) = filter {
            write!(f, ", filter={}", filter.expression())?;
        }
        if let Some(projection) = projection {
            let columns: Vec<String> = projection
                .iter()
                .map(|at| format!("{}@{at}", self.schema.field(*at).name()))
                .collect();
            write!(f, ", projection=[{}]", columns.join(", "))?;
        }
        write!(f, ", strategy={}", self.strategy())
    }
}

impl ExecutionPlan for SimilarityJoinExec {
    fn name(&self) -> &'static str {
        "SimilarityJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        let mut required = vec![
            Distribution::SinglePartition,
            Distribution::UnspecifiedDistribution,
        ];
        if self.parts.build == Build::Right {
            required.reverse();
        }
        InputDistributionRequirements::new(required)
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.parts.left, &self.parts.right]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let Parts {
            on,
            similarity,
            filter,
            ..
        } = &self.parts;
        let texts = [&similarity.left, &similarity.right];
        let keys = on.iter().flat_map(|(left, right)| [left, right]);
        let filter = filter.iter().map(JoinFilter::expression);
        apply_expression_roots(texts.into_iter().chain(keys).chain(filter), f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [left, right] = children.as_slice() else {
            return internal_err!("SimilarityJoinExec has two children");
        };
        Ok(Arc::new(Self::try_new(Parts {
            left: Arc::clone(left),
            right: Arc::clone(right),
            ..self.parts.clone()
        })?))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let recompute = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, recompute)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let Parts {
            left,
            right,
            join_type,
            on,
            null_equality,
            similarity,
            filter,
            mirror,
            build,
            projection: _,
        } = self.parts.clone();
        let task = Task {
            join: Arc::new(Join {
                join_type,
                on,
                similarity,
                filter,
                output: self.output.clone(),
                batch_size: context.session_config().batch_size(),
            }),
            null_equality,
            left,
            right,
            mirror,
            sampled: build == Build::Smaller,
            partition,
            context,
            metrics: Metrics::new(&self.metrics, partition),
            shared: Arc::clone(&self.shared),
            strategy: Arc::clone(&self.strategy),
            cancellation: Cancellation::default(),
        };
        let task = if build == Build::Right {
            task.swapped()?
        } else {
            task
        };
        let partitions = task.left.output_partitioning().partition_count();
        if partitions != 1 {
            return internal_err!(
                "SimilarityJoinExec: the build side has {partitions} partitions, not one"
            );
        }
        let mut stream = RecordBatchReceiverStream::builder(self.schema(), WAITING);
        let rows = stream.tx();
        stream.spawn(task.run(rows));
        Ok(stream.build())
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn try_swapping_with_projection(
        &self,
        projection: &ProjectionExec,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        if self.parts.projection.is_some() {
            return Ok(None);
        }
        try_embed_projection(projection, self)
    }
}

impl EmbeddedProjection for SimilarityJoinExec {
    fn with_projection(&self, projection: Option<Vec<usize>>) -> Result<Self> {
        Self::try_new(Parts {
            projection,
            ..self.parts.clone()
        })
    }
}
