//! Aggregates over windows whose answers depend on the order of the rows: arrays, texts, and what is computed of
//! floats, which rounds at each of them.
//!
//! Where rows come in the opposite order already, as another window has it, DataFusion computes a window
//! backwards instead of sorting them again, if its function says that it can be. These are told not to.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, Expr, ExprSchemable, ReversedUDAF,
    Signature, WindowFunctionDefinition,
};

/// Has the function of a window that has an order be computed in it, where that makes a difference; answers
/// whether it is so from now on.
pub(super) fn keep_order(function: &mut WindowFunction, schema: &DFSchema) -> bool {
    let WindowFunctionDefinition::AggregateUDF(aggregate) = &function.fun else {
        return false;
    };
    let (order, args) = (&function.params.order_by, &function.params.args);
    let is_kept = aggregate.inner().downcast_ref::<InOrder>().is_some();
    if order.is_empty() || is_kept || !depends_on_order(aggregate, args, schema) {
        return false;
    }
    let inner = Arc::clone(aggregate);
    let own = AggregateUDF::new_from_impl(InOrder { inner });
    function.fun = WindowFunctionDefinition::AggregateUDF(Arc::new(own));
    true
}

fn depends_on_order(aggregate: &AggregateUDF, args: &[Expr], schema: &DFSchema) -> bool {
    let is_float = |arg: &Expr| {
        let own = arg.get_type(schema);
        own.is_ok_and(|own| matches!(own, DataType::Float32 | DataType::Float64))
    };
    match aggregate.name() {
        "array_agg" | "string_agg" => true,
        "count" | "max" | "min" => false,
        _ => args.iter().any(is_float),
    }
}

/// The aggregate that is computed in the order of its window; any other itself.
pub(super) fn of_any_order(aggregate: &AggregateUDF) -> &AggregateUDF {
    match aggregate.inner().downcast_ref::<InOrder>() {
        Some(kept) => &kept.inner,
        None => aggregate,
    }
}

/// An aggregate that is never computed backwards.
#[derive(Debug, PartialEq, Eq, Hash)]
struct InOrder {
    inner: Arc<AggregateUDF>,
}

impl AggregateUDFImpl for InOrder {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(given)
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.inner.return_type(given)
    }

    fn return_field(&self, given: &[FieldRef]) -> Result<FieldRef> {
        self.inner.return_field(given)
    }

    fn is_nullable(&self) -> bool {
        self.inner.is_nullable()
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(args)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.inner.accumulator(args)
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.inner.create_sliding_accumulator(args)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::NotSupported
    }

    fn supports_null_handling_clause(&self) -> bool {
        self.inner.supports_null_handling_clause()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}
