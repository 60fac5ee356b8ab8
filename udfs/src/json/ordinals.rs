//! The numbers of a list's elements, for `WITH ORDINALITY`, and the rows of lists for outer joins.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::function::{Answer, Arguments, Compute, Definition, Parameter};

pub(super) static FUNCTION: Definition = Definition {
    name: "tributary_ordinals",
    parameters: &[Parameter::Any],
    answer: Answer::Ordinals,
    compute: Compute::Whole(ordinals),
    ..Definition::STRICT
};

fn ordinals(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let columns = arguments.columns()?;
    let Some(lists) = columns
        .first()
        .and_then(|column| column.as_list_opt::<i32>())
    else {
        return exec_err!("lists are expected");
    };
    let lengths: Vec<usize> = lists
        .iter()
        .map(|list| list.map_or(0, |list| list.len()))
        .collect();
    let numbers: Int64Array = lengths
        .iter()
        .flat_map(|length| 1..=i64::try_from(*length).unwrap_or(i64::MAX))
        .collect();
    Ok(Arc::new(ListArray::try_new(
        Arc::new(Field::new("item", DataType::Int64, true)),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(numbers),
        lists.nulls().cloned(),
    )?))
}

/// A list of `true` for each row that lists give together; NULL where they give none, so that an
/// outer join keeps the row that they are of.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ListRows {
    signature: Signature,
}

impl ListRows {
    /// The function.
    pub fn udf() -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::new_from_impl(Self {
            signature: Signature::variadic_any(Volatility::Immutable),
        }))
    }
}

impl ScalarUDFImpl for ListRows {
    fn name(&self) -> &str {
        "tributary_list_rows"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::new_list(DataType::Boolean, true))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut lengths = vec![0; args.number_rows];
        for argument in &args.args {
            let lists = cast(
                &argument.to_array(args.number_rows)?,
                &DataType::new_large_list(element_type(&argument.data_type())?, true),
            )?;
            for (longest, list) in lengths.iter_mut().zip(lists.as_list::<i64>().iter()) {
                *longest = list.map_or(0, |list| list.len()).max(*longest);
            }
        }
        let valid: NullBuffer = lengths.iter().map(|length| *length > 0).collect();
        let rows = BooleanArray::from(vec![true; lengths.iter().sum()]);
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(
            Arc::new(Field::new_list_field(DataType::Boolean, true)),
            OffsetBuffer::from_lengths(lengths),
            Arc::new(rows),
            Some(valid),
        )?)))
    }
}

fn element_type(lists: &DataType) -> Result<DataType> {
    match lists {
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::FixedSizeList(element, _) => Ok(element.data_type().clone()),
        other => plan_err!("a list is expected, not {other}"),
    }
}
