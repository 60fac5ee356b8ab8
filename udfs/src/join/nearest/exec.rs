//! `NearestRowsExec`, the operator.

use std::fmt;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::filter_record_batch;
use arrow::compute::kernels::numeric::neg;
use arrow::datatypes::Float64Type;
use arrow::record_batch::RecordBatch;
use datafusion::common::internal_err;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{
    CardinalityEffect, ChildrenPropertiesMode, apply_expression_roots,
};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};
use futures::TryStreamExt;

use super::bounded::Bounded;
use super::furthest::Furthest;

/// Leaves out rows that are further from a constant than as many others as are asked for.
#[derive(Debug)]
pub(in crate::join) struct NearestRowsExec {
    input: Arc<dyn ExecutionPlan>,
    by: Bounded,
    rows: usize,
    metrics: ExecutionPlanMetricsSet,
}

impl NearestRowsExec {
    pub(in crate::join) fn new(input: Arc<dyn ExecutionPlan>, by: Bounded, rows: usize) -> Self {
        Self {
            input,
            by,
            rows,
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    /// What rows are near by.
    pub(in crate::join) fn by(&self) -> &Bounded {
        &self.by
    }

    /// How many rows are asked for.
    pub(in crate::join) fn rows(&self) -> usize {
        self.rows
    }
}

impl DisplayAs for NearestRowsExec {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = if self.by.is_similarity { "DESC" } else { "ASC" };
        let by = self.by.expression();
        match format {
            DisplayFormatType::TreeRender => {
                writeln!(f, "by={by} {order}")?;
                writeln!(f, "rows={}", self.rows)
            }
            _ => write!(f, "NearestRowsExec: by={by} {order}, rows={}", self.rows),
        }
    }
}

impl ExecutionPlan for NearestRowsExec {
    fn name(&self) -> &'static str {
        "NearestRowsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        apply_expression_roots([self.by.expression()], f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = children.as_slice() else {
            return internal_err!("NearestRowsExec has one child");
        };
        Ok(Arc::new(Self::new(
            Arc::clone(input),
            self.by.clone(),
            self.rows,
        )))
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
        let input = self.input.execute(partition, context)?;
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let by = self.by.clone();
        let mut furthest = Furthest::new(self.rows);
        let nearest = input.and_then(move |rows| {
            let timer = metrics.elapsed_compute().timer();
            let nearest = nearest(&by, &mut furthest, &rows);
            drop(timer);
            let nearest = nearest.map(|rows| rows.record_output(&metrics));
            std::future::ready(nearest)
        });
        let schema = self.schema();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, nearest)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::LowerEqual
    }
}

fn nearest(by: &Bounded, furthest: &mut Furthest, rows: &RecordBatch) -> Result<RecordBatch> {
    let sign = if by.is_similarity { -1.0 } else { 1.0 };
    let values = by.evaluate(rows, furthest.bound().map(|bound| sign * bound))?;
    let distances = if by.is_similarity {
        neg(&values)?.as_primitive::<Float64Type>().clone()
    } else {
        values
    };
    let taken = furthest.take(&distances, by.nulls_first);
    Ok(filter_record_batch(rows, &taken)?)
}
