//! `generate_series` of numerics, as an array that `unnest` makes rows of.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, Field, FieldRef};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use super::super::converted::only_value;
use super::series::{MOST, no_step, too_many};
use crate::FunctionError;

/// Registers the function, in the place of the one that knows integers and moments.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let inner = registry.udf("generate_series_array")?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(NumericSeries { inner })))?;
    Ok(())
}

/// The function, whose series of other values are those of the one within.
#[derive(Debug, PartialEq, Eq, Hash)]
struct NumericSeries {
    inner: Arc<ScalarUDF>,
}

/// The type of the numbers where they are numerics: they have the digits of the one that has most.
fn number_type(given: &[DataType]) -> Option<DataType> {
    if !matches!(given.len(), 2 | 3) || !given.iter().any(DataType::is_decimal) {
        return None;
    }
    let scales = given.iter().map(|given| match given {
        DataType::Decimal128(_, scale) => Some(*scale),
        other => (other.is_integer() || other.is_null()).then_some(0),
    });
    let scales: Option<Vec<i8>> = scales.collect();
    let scale = scales?.into_iter().max()?;
    Some(DataType::Decimal128(DECIMAL128_MAX_PRECISION, scale))
}

fn list_of(number: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(number, true)))
}

impl ScalarUDFImpl for NumericSeries {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match number_type(given) {
            Some(number) => Ok(vec![number; given.len()]),
            None => self.inner.inner().coerce_types(given),
        }
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match number_type(given) {
            Some(number) => Ok(list_of(number)),
            None => self.inner.return_type(given),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let given = args.arg_fields.iter();
        let given: Vec<DataType> = given.map(|field| field.data_type().clone()).collect();
        match number_type(&given) {
            Some(number) => Ok(Arc::new(Field::new(self.name(), list_of(number), true))),
            None => self.inner.return_field_from_args(args),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given: Vec<DataType> = args.args.iter().map(ColumnarValue::data_type).collect();
        let Some(number) = number_type(&given) else {
            return self.inner.invoke_with_args(args);
        };
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let numbers = arrays.iter().map(|array| -> Result<Decimal128Array> {
            let numbers = cast(array, &number)?;
            Ok(numbers.as_primitive::<Decimal128Type>().clone())
        });
        let numbers = numbers.collect::<Result<Vec<_>>>()?;
        let (first, last, step) = match numbers.as_slice() {
            [first, last] => (first, last, None),
            [first, last, step] => (first, last, Some(step)),
            _ => return internal_err!("a series has two ends and a step"),
        };
        let one = unit(&number);
        let (mut values, mut lengths) = (Vec::new(), Vec::with_capacity(first.len()));
        let mut valid = Vec::with_capacity(first.len());
        for row in 0..first.len() {
            let is_valid = numbers.iter().all(|numbers| numbers.is_valid(row));
            let before = values.len();
            if is_valid {
                let step = step.map_or(one, |step| step.value(row));
                series(first.value(row), last.value(row), step, &mut values)?;
            }
            valid.push(is_valid);
            lengths.push(values.len() - before);
        }
        let values = Decimal128Array::from(values).with_data_type(number.clone());
        let lists = ListArray::try_new(
            Arc::new(Field::new_list_field(number, true)),
            OffsetBuffer::from_lengths(lengths),
            Arc::new(values),
            Some(NullBuffer::from(valid)),
        )?;
        let lists: ArrayRef = Arc::new(lists);
        let is_column = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Array(_));
        Ok(match args.args.iter().any(is_column) {
            true => ColumnarValue::Array(lists),
            false => ColumnarValue::Scalar(only_value(&lists)?),
        })
    }
}

/// The number 1.
fn unit(number: &DataType) -> i128 {
    match number {
        DataType::Decimal128(_, scale) => 10_i128.saturating_pow(u32::from(scale.unsigned_abs())),
        _ => 1,
    }
}

/// Appends the numbers from one to another.
fn series(
    first: i128,
    last: i128,
    step: i128,
    values: &mut Vec<i128>,
) -> Result<(), FunctionError> {
    if step == 0 {
        return Err(no_step());
    }
    let before = values.len();
    let mut next = Some(first);
    while let Some(value) = next
        && if step > 0 {
            value <= last
        } else {
            value >= last
        }
    {
        if values.len() - before == MOST {
            return Err(too_many());
        }
        values.push(value);
        next = value.checked_add(step);
    }
    Ok(())
}
