//! `WITH RECURSIVE ... UNION` over rows that are equal and not the same, such as `'1 day'` and `'24 hours'`.
//!
//! DataFusion's operator leaves out rows that are the same as one before. Where other ones are equal too,
//! their comparable forms tell it, before both parts of the query: of equal rows the first one passes.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Schema;
use arrow::row::{RowConverter, SortField};
use datafusion::common::config::ConfigOptions;
use datafusion::common::internal_err;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::recursive_query::RecursiveQueryExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use parking_lot::Mutex;
use tributary_udfs::postgres::{comparable, comparable_type, is_by_form};

use crate::unary::{Unary, UnaryExec};

/// What an entry of a set of rows takes beside the row itself, about.
const ENTRY: usize = 64;

/// Tells equal rows of recursive queries by their forms.
#[derive(Debug)]
pub(super) struct UniteByForm;

impl PhysicalOptimizerRule for UniteByForm {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| match united(plan.as_ref())? {
            Some(united) => Ok(Transformed::yes(Arc::new(united) as Arc<dyn ExecutionPlan>)),
            None => Ok(Transformed::no(plan)),
        })
        .data()
    }

    fn name(&self) -> &str {
        "unite_by_form"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// A recursive query that tells equal rows by their forms; none where they are the same.
fn united(plan: &dyn ExecutionPlan) -> Result<Option<RecursiveQueryExec>> {
    let Some(query) = plan.downcast_ref::<RecursiveQueryExec>() else {
        return Ok(None);
    };
    let schema = plan.schema();
    let mut types = schema.fields().iter().map(|field| field.data_type());
    if !query.is_distinct() || !types.any(is_by_form) {
        return Ok(None);
    }
    let passed: Arc<Mutex<Option<Passed>>> = Arc::default();
    let new_rows = |part: &Arc<dyn ExecutionPlan>, is_first| -> Arc<dyn ExecutionPlan> {
        let own = NewRows {
            is_first,
            passed: Arc::clone(&passed),
        };
        Arc::new(UnaryExec::new(Arc::clone(part), own))
    };
    let (first, next) = (
        new_rows(query.static_term(), true),
        new_rows(query.recursive_term(), false),
    );
    let name = query.name().to_owned();
    RecursiveQueryExec::try_new(name, Arc::clone(&schema), first, next, false).map(Some)
}

/// The rows that equal none before them, of either part of a recursive query.
#[derive(Clone, Debug)]
struct NewRows {
    /// Whether this is the part that is computed first, and once.
    is_first: bool,
    passed: Arc<Mutex<Option<Passed>>>,
}

impl Unary for NewRows {
    const NAME: &'static str = "NewRowsExec";

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let schema = input.schema();
        if self.is_first {
            *self.passed.lock() = Some(Passed::none(&schema, &context)?);
        }
        let passed = Arc::clone(&self.passed);
        let rows = input.execute(partition, context)?;
        let rows = rows.map(move |batch| match passed.lock().as_mut() {
            Some(passed) => passed.new_rows(&batch?),
            None => internal_err!("the first part of a recursive query comes first"),
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

/// The forms of the rows that have passed.
#[derive(Debug)]
struct Passed {
    converter: RowConverter,
    rows: HashSet<Box<[u8]>>,
    bytes: usize,
    memory: MemoryReservation,
}

impl Passed {
    fn none(schema: &Schema, context: &TaskContext) -> Result<Self> {
        let fields = schema.fields().iter();
        let forms = fields.map(|field| SortField::new(comparable_type(field.data_type())));
        Ok(Self {
            converter: RowConverter::new(forms.collect())?,
            rows: HashSet::new(),
            bytes: 0,
            memory: MemoryConsumer::new("rows of a recursive query")
                .register(context.memory_pool()),
        })
    }

    /// The rows of a batch that equal none before them, which have passed now.
    fn new_rows(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let forms = batch.columns().iter().map(comparable);
        let forms = self
            .converter
            .convert_columns(&forms.collect::<Result<Vec<_>>>()?)?;
        let mut are_new = Vec::with_capacity(batch.num_rows());
        for row in &forms {
            let is_new = !self.rows.contains(row.as_ref());
            if is_new {
                let row: Box<[u8]> = row.as_ref().into();
                self.bytes += row.len() + ENTRY;
                self.rows.insert(row);
            }
            are_new.push(is_new);
        }
        self.memory.try_resize(self.bytes)?;
        Ok(filter_record_batch(batch, &BooleanArray::from(are_new))?)
    }
}
