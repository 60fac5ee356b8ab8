//! `row_number`, `rank`, `dense_rank` and `ntile` in PostgreSQL's types, `bigint` and `integer`.
//! DataFusion's are unsigned, which would be numerics to a client.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use arrow::array::ArrayRef;
use arrow::compute::{SortOptions, cast};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::functions_window::ntile::ntile_udwf;
use datafusion::functions_window::rank::{dense_rank_udwf, rank_udwf};
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::function::{
    ExpressionArgs, PartitionEvaluatorArgs, WindowUDFFieldArgs,
};
use datafusion::logical_expr::{
    Documentation, LimitEffect, PartitionEvaluator, ReversedUDWF, Signature, WindowUDF,
    WindowUDFImpl,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::scalar::ScalarValue;

static ROW_NUMBER: LazyLock<Arc<WindowUDF>> =
    LazyLock::new(|| signed(row_number_udwf(), DataType::Int64));

/// `row_number`, whose answers are `bigint`.
#[must_use]
pub fn row_number() -> Arc<WindowUDF> {
    Arc::clone(&ROW_NUMBER)
}

/// Registers the functions, in the place of DataFusion's of the same names.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let functions = [
        row_number(),
        signed(rank_udwf(), DataType::Int64),
        signed(dense_rank_udwf(), DataType::Int64),
        signed(ntile_udwf(), DataType::Int32),
    ];
    for function in functions {
        registry.register_udwf(function)?;
    }
    Ok(())
}

fn signed(inner: Arc<WindowUDF>, answer: DataType) -> Arc<WindowUDF> {
    Arc::new(WindowUDF::new_from_impl(RowNumbers { inner, answer }))
}

/// A function that numbers rows, and the type of its numbers.
#[derive(Debug, PartialEq, Eq, Hash)]
struct RowNumbers {
    inner: Arc<WindowUDF>,
    answer: DataType,
}

impl WindowUDFImpl for RowNumbers {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn expressions(&self, args: ExpressionArgs) -> Vec<Arc<dyn PhysicalExpr>> {
        self.inner.expressions(args)
    }

    fn partition_evaluator(
        &self,
        args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Signed {
            inner: self.inner.partition_evaluator_factory(args)?,
            answer: self.answer.clone(),
        }))
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        let field = self.inner.field(args)?.as_ref().clone();
        Ok(Arc::new(field.with_data_type(self.answer.clone())))
    }

    fn sort_options(&self) -> Option<SortOptions> {
        self.inner.sort_options()
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(given)
    }

    fn reverse_expr(&self) -> ReversedUDWF {
        self.inner.reverse_expr()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn limit_effect(&self, args: &[Arc<dyn PhysicalExpr>]) -> LimitEffect {
        self.inner.inner().limit_effect(args)
    }
}

/// What numbers the rows of a partition, in another type.
#[derive(Debug)]
struct Signed {
    inner: Box<dyn PartitionEvaluator>,
    answer: DataType,
}

impl PartitionEvaluator for Signed {
    fn get_range(&self, row: usize, rows: usize) -> Result<Range<usize>> {
        self.inner.get_range(row, rows)
    }

    fn is_causal(&self) -> bool {
        self.inner.is_causal()
    }

    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let numbers = self.inner.evaluate_all(values, rows)?;
        Ok(cast(&numbers, &self.answer)?)
    }

    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> Result<ScalarValue> {
        self.inner.evaluate(values, range)?.cast_to(&self.answer)
    }

    fn evaluate_all_with_rank(&self, rows: usize, ranks: &[Range<usize>]) -> Result<ArrayRef> {
        let numbers = self.inner.evaluate_all_with_rank(rows, ranks)?;
        Ok(cast(&numbers, &self.answer)?)
    }

    fn supports_bounded_execution(&self) -> bool {
        self.inner.supports_bounded_execution()
    }

    fn uses_window_frame(&self) -> bool {
        self.inner.uses_window_frame()
    }

    fn include_rank(&self) -> bool {
        self.inner.include_rank()
    }
}
