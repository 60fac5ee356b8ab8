//! `lag` and `lead` with a value for rows that are not there: it and the function's own have one type,
//! which is PostgreSQL's common one. DataFusion casts it to the type of the function's own.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::functions_window::lead_lag::{lag_udwf, lead_udwf};
use datafusion::logical_expr::function::{
    ExpressionArgs, PartitionEvaluatorArgs, WindowUDFFieldArgs,
};
use datafusion::logical_expr::type_coercion::binary::type_union_resolution;
use datafusion::logical_expr::{
    Documentation, LimitEffect, PartitionEvaluator, ReversedUDWF, Signature, Volatility, WindowUDF,
    WindowUDFImpl,
};
use datafusion::physical_expr::PhysicalExpr;

use super::matched_types::Category;
use crate::FunctionError;
use crate::wording::type_name;

/// Registers the functions, in the place of DataFusion's of the same names.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for inner in [lag_udwf(), lead_udwf()] {
        let function = WindowUDF::new_from_impl(LagLead::new(inner));
        registry.register_udwf(Arc::new(function))?;
    }
    Ok(())
}

/// A function whose first and third argument are of one type.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct LagLead {
    inner: Arc<WindowUDF>,
    signature: Signature,
}

impl LagLead {
    /// What stands in the place of one of DataFusion's.
    pub(super) fn new(inner: Arc<WindowUDF>) -> Self {
        Self {
            inner,
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }

    pub(super) fn no_such_form(&self, given: &[DataType]) -> FunctionError {
        let types: Vec<String> = given.iter().map(type_name).collect();
        FunctionError::no_such_form(format!(
            "function {}({}) does not exist",
            self.name(),
            types.join(", ")
        ))
    }
}

/// The type that two have in common, where they are two that can be matched.
fn common(value: &DataType, otherwise: &DataType) -> Option<DataType> {
    if value.is_numeric() && otherwise.is_numeric() {
        let floats = [value, otherwise].into_iter();
        let widest = floats
            .filter(|data_type| data_type.is_floating())
            .max_by_key(|data_type| data_type.primitive_width());
        return match widest {
            Some(float) => Some(float.clone()),
            None => type_union_resolution(&[value.clone(), otherwise.clone()]),
        };
    }
    match (value, otherwise) {
        (DataType::Date32, DataType::Timestamp(..))
        | (DataType::Timestamp(_, None), DataType::Timestamp(_, Some(_))) => {
            Some(otherwise.clone())
        }
        (DataType::Timestamp(..), DataType::Date32)
        | (DataType::Timestamp(_, Some(_)), DataType::Timestamp(_, None)) => Some(value.clone()),
        _ => None,
    }
}

impl WindowUDFImpl for LagLead {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn expressions(&self, args: ExpressionArgs) -> Vec<Arc<dyn PhysicalExpr>> {
        self.inner.expressions(args)
    }

    fn partition_evaluator(
        &self,
        args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        self.inner.partition_evaluator_factory(args)
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        self.inner.field(args)
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let [value, offset, otherwise] = given else {
            return match given.len() {
                1 | 2 => Ok(given.to_vec()),
                _ => Err(self.no_such_form(given).into()),
            };
        };
        // A text may be a literal, which is read as what it stands beside.
        let is_literal = otherwise.is_string();
        if let (Some(own), Some(other)) = (Category::of(value), Category::of(otherwise))
            && own != other
            && !is_literal
        {
            return Err(self.no_such_form(given).into());
        }
        Ok(match common(value, otherwise) {
            Some(common) => vec![common.clone(), offset.clone(), common],
            None => given.to_vec(),
        })
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
