//! `lag` and `lead` by a number of rows that is another one for each row, which DataFusion's own are not. They are
//! called in the place of these where the number is no literal.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use arrow::compute::{cast, interleave};
use arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::functions_window::lead_lag::{lag_udwf, lead_udwf};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    LimitEffect, PartitionEvaluator, Signature, WindowUDF, WindowUDFImpl,
};
use datafusion::physical_expr::PhysicalExpr;

use super::lag_lead::LagLead;

/// The names of `lag` and `lead` for such numbers.
pub const SHIFTED: [(&str, &str); 2] = [("lag", "tributary_lag"), ("lead", "tributary_lead")];

/// Registers the functions.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let [(_, lag), (_, lead)] = SHIFTED;
    for (name, is_ahead, inner) in [(lag, false, lag_udwf()), (lead, true, lead_udwf())] {
        let function = Shifted {
            name,
            is_ahead,
            inner: LagLead::new(inner),
        };
        registry.register_udwf(Arc::new(WindowUDF::new_from_impl(function)))?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Shifted {
    name: &'static str,
    /// Whether the rows are those behind a row in the window's order.
    is_ahead: bool,
    inner: LagLead,
}

impl WindowUDFImpl for Shifted {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn partition_evaluator(
        &self,
        _: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        let is_ahead = self.is_ahead;
        Ok(Box::new(Rows { is_ahead }))
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        self.inner.field(args)
    }

    /// The number is an integer.
    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let mut coerced = self.inner.coerce_types(given)?;
        match coerced.get_mut(1) {
            Some(number) if number.is_integer() || number.is_null() => *number = DataType::Int64,
            _ => return Err(self.inner.no_such_form(given).into()),
        }
        Ok(coerced)
    }

    fn limit_effect(&self, _: &[Arc<dyn PhysicalExpr>]) -> LimitEffect {
        LimitEffect::Unknown
    }
}

/// What the function gives for the rows of a partition.
#[derive(Debug)]
struct Rows {
    is_ahead: bool,
}

impl PartitionEvaluator for Rows {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let (value, numbers, otherwise) = match values {
            [value, numbers] => (value, numbers, None),
            [value, numbers, otherwise] => (value, numbers, Some(otherwise)),
            _ => return internal_err!("lag and lead take a value and a number"),
        };
        let Some(numbers) = numbers.as_primitive_opt::<Int64Type>() else {
            return internal_err!("the number of rows of lag and lead is no bigint");
        };
        // A literal NULL is of the type of what stands in the place of rows that are not there.
        let value = match otherwise {
            Some(otherwise) => cast(value, otherwise.data_type())?,
            None => Arc::clone(value),
        };
        let none = new_null_array(value.data_type(), 1);
        let sources: Vec<&dyn Array> = [&value, &none]
            .into_iter()
            .chain(otherwise)
            .map(|array| array.as_ref())
            .collect();
        let places = (0..rows).map(|row| {
            if numbers.is_null(row) {
                return (1, 0);
            }
            let number = numbers.value(row);
            let number = if self.is_ahead {
                number
            } else {
                number.wrapping_neg()
            };
            let place = i64::try_from(row)
                .ok()
                .and_then(|row| row.checked_add(number));
            let place = place.and_then(|place| usize::try_from(place).ok());
            match (place.filter(|place| *place < rows), otherwise) {
                (Some(place), _) => (0, place),
                (None, Some(_)) => (2, row),
                (None, None) => (1, 0),
            }
        });
        let places: Vec<(usize, usize)> = places.collect();
        Ok(interleave(&sources, &places)?)
    }
}
