//! The numbers of a list's elements, for `WITH ORDINALITY`, and lists for outer joins.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
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

/// A list, and NULL for one without elements: an outer join keeps the row that it is of.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct RowsOrNull {
    signature: Signature,
}

impl RowsOrNull {
    /// The function.
    pub fn udf() -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::new_from_impl(Self {
            signature: Signature::any(1, Volatility::Immutable),
        }))
    }
}

impl ScalarUDFImpl for RowsOrNull {
    fn name(&self) -> &str {
        "tributary_rows_or_null"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given {
            [list] => Ok(list.clone()),
            _ => plan_err!("one list is expected"),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        match args.arg_fields {
            [list] => Ok(Arc::new(list.as_ref().clone().with_nullable(true))),
            _ => plan_err!("one list is expected"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(column) = args.args.first() else {
            return exec_err!("one list is expected");
        };
        let column = column.to_array(args.number_rows)?;
        let Some(lists) = column.as_list_opt::<i32>() else {
            return Ok(ColumnarValue::Array(column));
        };
        let valid: NullBuffer = lists
            .iter()
            .map(|list| list.is_some_and(|list| !list.is_empty()))
            .collect();
        let DataType::List(item) = lists.data_type() else {
            return exec_err!("a list is expected");
        };
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(
            Arc::clone(item),
            lists.offsets().clone(),
            Arc::clone(lists.values()),
            Some(valid),
        )?)))
    }
}
