//! Functions of DataFusion's whose answers PostgreSQL has in another type: lengths of arrays, and places
//! in them, are `integer`; an array without elements has no length and no dimensions.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array};
use arrow::compute::kernels::cmp::eq;
use arrow::compute::nullif;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature,
};
use datafusion::scalar::ScalarValue;

use super::converted::only_value;

const INTEGERS: [&str; 4] = [
    "array_length",
    "array_ndims",
    "array_position",
    "cardinality",
];

/// Registers the functions, in the place of DataFusion's of the same names.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for name in INTEGERS {
        let inner = registry.udf(name)?;
        let retyped = Retyped {
            inner,
            answer: DataType::Int32,
        };
        registry.register_udf(Arc::new(ScalarUDF::new_from_impl(retyped)))?;
    }
    Ok(())
}

/// A function, and the type of its answers.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Retyped {
    inner: Arc<ScalarUDF>,
    answer: DataType,
}

impl ScalarUDFImpl for Retyped {
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

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.inner.return_type(given)?;
        Ok(self.answer.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let field = self.inner.return_field_from_args(args)?;
        let is_nullable =
            field.is_nullable() || matches!(self.name(), "array_length" | "array_ndims");
        let field = Field::new(field.name(), self.answer.clone(), is_nullable);
        Ok(Arc::new(field))
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.inner().coerce_types(given)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let ("array_length", [lists, dimension]) = (self.name(), args.args.as_slice())
            && matches!(lists.data_type(), DataType::List(_))
        {
            return lengths(lists, dimension, args.number_rows);
        }
        let given = args.arg_fields.iter();
        let given: Vec<DataType> = given.map(|field| field.data_type().clone()).collect();
        let inner = self.inner.return_type(&given)?;
        let field = args.return_field.as_ref().clone().with_data_type(inner);
        args.return_field = Arc::new(field);
        let lists = args.args.first().cloned();
        let answer = self.inner.invoke_with_args(args)?;
        let answer = answer.cast_to(&self.answer, None)?;
        match self.name() {
            "array_length" => of_elements(answer),
            "array_ndims" => match lists {
                Some(lists) => of_dimensions(&lists, answer),
                None => Ok(answer),
            },
            _ => Ok(answer),
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

/// How long arrays are in a dimension. DataFusion looks for the dimensions of an array in its first element,
/// whether it has one or not.
fn lengths(lists: &ColumnarValue, dimension: &ColumnarValue, rows: usize) -> Result<ColumnarValue> {
    let both = [lists, dimension];
    let mut both = both.iter();
    let is_constant = both.all(|value| matches!(value, ColumnarValue::Scalar(_)));
    let rows = if is_constant { 1 } else { rows };
    let lists = lists.to_array(rows)?;
    let dimensions = dimension.cast_to(&DataType::Int64, None)?.to_array(rows)?;
    let dimensions = dimensions.as_primitive::<Int64Type>();
    let pairs = lists.as_list::<i32>().iter().zip(dimensions);
    let lengths: Int32Array = pairs
        .map(|(list, dimension)| length(list?, dimension?))
        .collect();
    Ok(match is_constant {
        true => ColumnarValue::Scalar(only_value(&(Arc::new(lengths) as ArrayRef))?),
        false => ColumnarValue::Array(Arc::new(lengths)),
    })
}

/// How long an array is in a dimension; none where it has no such one.
fn length(array: ArrayRef, dimension: i64) -> Option<i32> {
    if dimension < 1 {
        return None;
    }
    let mut part = array;
    for _ in 1..dimension {
        let lists = part.as_list_opt::<i32>()?;
        if lists.is_empty() {
            return None;
        }
        part = lists.value(0);
    }
    i32::try_from(part.len()).ok().filter(|length| *length > 0)
}

/// Lengths, of which an array without elements has none.
fn of_elements(lengths: ColumnarValue) -> Result<ColumnarValue> {
    Ok(match lengths {
        ColumnarValue::Array(lengths) => {
            let is_zero = eq(&lengths, &Int32Array::new_scalar(0))?;
            ColumnarValue::Array(nullif(&lengths, &is_zero)?)
        }
        ColumnarValue::Scalar(ScalarValue::Int32(length)) => {
            ColumnarValue::Scalar(ScalarValue::Int32(length.filter(|length| *length != 0)))
        }
        other => other,
    })
}

/// Numbers of dimensions, of which an array without elements has none.
fn of_dimensions(lists: &ColumnarValue, answer: ColumnarValue) -> Result<ColumnarValue> {
    let lists = lists.to_array(1)?;
    let Some(lists) = lists.as_list_opt::<i32>() else {
        return Ok(answer);
    };
    let lengths = lists.offsets().lengths();
    let is_empty: BooleanArray = lengths.map(|length| Some(length == 0)).collect();
    Ok(match answer {
        ColumnarValue::Array(numbers) => ColumnarValue::Array(nullif(&numbers, &is_empty)?),
        ColumnarValue::Scalar(_) if is_empty.true_count() > 0 => {
            ColumnarValue::Scalar(ScalarValue::Int32(None))
        }
        scalar => scalar,
    })
}
