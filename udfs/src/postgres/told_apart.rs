//! `array_agg` and `string_agg` of values that are told apart, in an order of these values.
//!
//! DataFusion's sort such values themselves, and say nevertheless that their input has to be sorted: beside
//! another order they are turned around with it, and answer in the opposite order. Here the order is part of
//! the function, so that nothing is asked of the input.

use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::functions_aggregate::string_agg::string_agg_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, ReversedUDAF, Signature,
};
use datafusion::physical_expr::PhysicalSortExpr;

use super::forms_apart::FormsApart;

/// An aggregate of DataFusion's that gives the values apart, and in this order.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ToldApart {
    inner: Arc<AggregateUDF>,
    order: SortOptions,
}

impl ToldApart {
    /// What takes the place of an aggregate; none for one whose answer has no order.
    pub(super) fn of(function: &AggregateUDF, order: SortOptions) -> Option<Arc<AggregateUDF>> {
        let known = [array_agg_udaf(), string_agg_udaf()];
        let inner = known.into_iter().find(|it| **it == *function)?;
        Some(Arc::new(AggregateUDF::new_from_impl(Self { inner, order })))
    }
}

impl AggregateUDFImpl for ToldApart {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.inner.return_type(given)
    }

    /// Where groups tell the values apart already, it is not asked to: it does so that it can sort them.
    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(StateFieldsArgs {
            is_distinct: true,
            ..args
        })
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let is_by_form = FormsApart::is_answer(args.return_type());
        let value = args.exprs.first().filter(|_| !is_by_form);
        let keys: Vec<PhysicalSortExpr> = value
            .map(|value| PhysicalSortExpr::new(Arc::clone(value), self.order))
            .into_iter()
            .collect();
        let inner = self.inner.accumulator(AccumulatorArgs {
            order_bys: &keys,
            is_reversed: false,
            is_distinct: true,
            ..args
        })?;
        Ok(match is_by_form {
            true => Box::new(FormsApart::new(inner, self.order)),
            false => inner,
        })
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::NotSupported
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn supports_null_handling_clause(&self) -> bool {
        self.inner.supports_null_handling_clause()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}
