//! `impute_median(value) OVER (...)`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal128Type, Decimal256Type, Field, FieldRef, Float64Type,
    Int32Type, Int64Type, i256,
};
use datafusion::error::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    Documentation, PartitionEvaluator, Signature, Volatility, WindowUDFImpl,
};
use datafusion_macros::user_doc;

use super::only_argument;
use crate::FunctionError;
use crate::arguments::{Form, Kind};

const FORM: Form = Form {
    name: "impute_median",
    parameters: &[Kind::Any],
    counts: &[1],
};

#[user_doc(
    doc_section(label = "Imputation Functions"),
    description = r"Fills gaps with the median: the value itself where it is not NULL, elsewhere the median of all that are not NULL in the partition, or NULL where none is. `ORDER BY` and the frame of the window make no difference.

Integers and floats give double precision; decimals, dates, times, timestamps and durations keep their type. Between two middle values the median is halfway, rounded down to what the type can hold; NaN counts as greater than any number.",
    syntax_example = "impute_median(value) OVER (PARTITION BY ...)",
    sql_example = r#"```sql
> SELECT id, impute_median(age) OVER (PARTITION BY segment) AS age, age IS NULL AS imputed
  FROM (VALUES (1, 'a', 20), (2, 'a', 31), (3, 'a', NULL), (4, 'b', NULL)) AS t(id, segment, age)
  ORDER BY id;
+----+------+---------+
| id | age  | imputed |
+----+------+---------+
| 1  | 20.0 | false   |
| 2  | 31.0 | false   |
| 3  | 25.5 | true    |
| 4  |      | true    |
+----+------+---------+
```"#,
    argument(
        name = "value",
        description = "A number, date, time, timestamp or duration."
    ),
    related_udf(name = "impute_mode")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ImputeMedian {
    signature: Signature,
}

impl ImputeMedian {
    pub(crate) fn new() -> Self {
        Self {
            signature: Form::signature(Volatility::Immutable),
        }
    }
}

impl WindowUDFImpl for ImputeMedian {
    fn name(&self) -> &str {
        FORM.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn field(&self, field_args: WindowUDFFieldArgs) -> Result<FieldRef> {
        let argument = only_argument(&FORM, &field_args)?;
        let answer = answer_type(argument.data_type())?;
        Ok(Arc::new(Field::new(field_args.name(), answer, true)))
    }

    fn partition_evaluator(
        &self,
        _args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(WholePartition))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// What a median of this type is, or an error where there is none.
fn answer_type(given: &DataType) -> Result<DataType, FunctionError> {
    match given {
        DataType::Null => Ok(DataType::Float64),
        given if given.is_integer() || given.is_floating() => Ok(DataType::Float64),
        DataType::Interval(_) => Err(no_median(given)),
        given if given.is_decimal() || given.is_temporal() => Ok(given.clone()),
        given => Err(no_median(given)),
    }
}

fn no_median(given: &DataType) -> FunctionError {
    FunctionError::no_such_form(format!(
        "impute_median takes a number, date, time or duration, not {given}"
    ))
    .with_hint("impute_mode fills gaps in values of any type that can be compared.")
}

/// Sees all rows of a partition at once, whatever the frame.
#[derive(Debug)]
struct WholePartition;

impl PartitionEvaluator for WholePartition {
    fn evaluate_all(&mut self, values: &[ArrayRef], _num_rows: usize) -> Result<ArrayRef> {
        let Some(values) = values.first() else {
            return Err(
                FunctionError::no_such_form("impute_median takes 1 argument, not 0").into(),
            );
        };
        fill_gaps(values)
    }
}

/// Fills with the median, computed over the numbers that stand behind the type.
pub(super) fn fill_gaps(values: &ArrayRef) -> Result<ArrayRef> {
    let answer = answer_type(values.data_type())?;
    let working = match &answer {
        DataType::Date32 | DataType::Time32(_) => DataType::Int32,
        given if given.is_temporal() => DataType::Int64,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        other => other.clone(),
    };
    let numbers = cast(values, &working)?;
    let filled: ArrayRef = match &working {
        DataType::Int32 => Arc::new(fill::<Int32Type>(numbers.as_primitive())),
        DataType::Int64 => Arc::new(fill::<Int64Type>(numbers.as_primitive())),
        DataType::Float64 => Arc::new(fill::<Float64Type>(numbers.as_primitive())),
        DataType::Decimal128(..) => Arc::new(fill::<Decimal128Type>(numbers.as_primitive())),
        DataType::Decimal256(..) => Arc::new(fill::<Decimal256Type>(numbers.as_primitive())),
        other => return Err(no_median(other).into()),
    };
    Ok(cast(&filled, &answer)?)
}

fn fill<T>(numbers: &PrimitiveArray<T>) -> PrimitiveArray<T>
where
    T: ArrowPrimitiveType,
    T::Native: Halfway,
{
    if numbers.null_count() == 0 {
        return numbers.clone();
    }
    let mut known: Vec<T::Native> = numbers.iter().flatten().collect();
    let Some(median) = median(&mut known) else {
        return numbers.clone();
    };
    let filled = numbers.iter().map(|number| number.unwrap_or(median));
    PrimitiveArray::<T>::from_iter_values(filled).with_data_type(numbers.data_type().clone())
}

/// The median in linear time; the order of the numbers is lost.
fn median<N: Halfway>(numbers: &mut [N]) -> Option<N> {
    if numbers.is_empty() {
        return None;
    }
    let middle = numbers.len() / 2;
    let even = numbers.len().is_multiple_of(2);
    let (below, upper, _) =
        numbers.select_nth_unstable_by(middle, |left, right| left.compare(*right));
    let lower = below
        .iter()
        .copied()
        .max_by(|left, right| left.compare(*right));
    match lower {
        Some(lower) if even => Some(lower.halfway(*upper)),
        _ => Some(*upper),
    }
}

/// A number with a middle between two of its kind.
trait Halfway: ArrowNativeTypeOp {
    /// The middle between this and one that is not less, rounded down.
    fn halfway(self, upper: Self) -> Self;
}

impl Halfway for f64 {
    fn halfway(self, upper: Self) -> Self {
        if self == upper {
            // Also two infinities, whose difference is no number.
            self
        } else if self.is_sign_negative() == upper.is_sign_negative() {
            self + (upper - self) / 2.0
        } else {
            f64::midpoint(self, upper)
        }
    }
}

/// What both have in common, and half of what they have not: the sum would not always fit.
macro_rules! halfway_of_integers {
    ($($native:ty),+) => {
        $(impl Halfway for $native {
            fn halfway(self, upper: Self) -> Self {
                (self & upper) + ((self ^ upper) >> 1)
            }
        })+
    };
}

halfway_of_integers!(i32, i64, i128, i256);
