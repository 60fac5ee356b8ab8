//! `@>`, `<@` and `&&` of arrays, planned as `array_has_all` and `array_has_any`: an element that is NULL is
//! among no elements, and an array that is NULL makes the answer so. DataFusion finds NULL among others.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{filter, is_not_null};
use arrow::datatypes::DataType;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};
use datafusion::scalar::ScalarValue;

use super::converted::only_value;
use super::inner::as_inner;
use super::list_rows::ListRows;

/// DataFusion's function, which is given no NULL to look for.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Containment {
    inner: Arc<ScalarUDF>,
}

impl Containment {
    /// What takes the place of a function; none for one that is another.
    pub(super) fn of(inner: &Arc<ScalarUDF>) -> Option<Self> {
        let is_own = inner.inner().downcast_ref::<Self>().is_some();
        let is_meant = matches!(inner.name(), "array_has_all" | "array_has_any");
        (is_meant && !is_own).then(|| Self {
            inner: Arc::clone(inner),
        })
    }
}

impl ScalarUDFImpl for Containment {
    as_inner!();

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        if columns.iter().any(|column| column.data_type().is_null()) {
            return Ok(ColumnarValue::Scalar(ScalarValue::Boolean(None)));
        }
        let [own, sought] = columns.as_slice() else {
            return self.inner.invoke_with_args(args);
        };
        let Some(lists) = sought.as_list_opt::<i32>() else {
            return self.inner.invoke_with_args(args);
        };
        let is_column = |given: &ColumnarValue| matches!(given, ColumnarValue::Array(_));
        let is_constant = !args.args.iter().any(is_column);
        let (rows, nulls) = (own.len(), NullBuffer::union(own.nulls(), sought.nulls()));
        let (values, have_null) = without_nulls(lists)?;
        args.number_rows = rows;
        args.args = vec![
            ColumnarValue::Array(Arc::clone(own)),
            ColumnarValue::Array(Arc::new(values)),
        ];
        let found = self.inner.invoke_with_args(args)?.into_array(rows)?;
        let found = found.as_boolean();
        let wants_all = self.name() == "array_has_all";
        let answers = have_null.into_iter().enumerate().map(|(row, has_null)| {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            let is_found = found.is_valid(row) && found.value(row);
            (!is_null).then_some(is_found && !(wants_all && has_null))
        });
        let answers: ArrayRef = Arc::new(answers.collect::<BooleanArray>());
        Ok(match is_constant {
            true => ColumnarValue::Scalar(only_value(&answers)?),
            false => ColumnarValue::Array(answers),
        })
    }
}

/// Lists without the elements that are NULL, and which of them had some.
fn without_nulls(lists: &ListArray) -> Result<(ListArray, Vec<bool>)> {
    let all = ListRows::of(lists)?;
    let is_value = is_not_null(&all.elements)?;
    let mut lengths = vec![0_usize; lists.len()];
    for (row, is_value) in all.rows.values().iter().zip(is_value.values()) {
        if let Some(length) = lengths.get_mut(*row as usize) {
            *length += usize::from(is_value);
        }
    }
    let had_null = all.lengths.iter().zip(&lengths);
    let had_null = had_null.map(|(before, now)| before != now).collect();
    let DataType::List(item) = lists.data_type() else {
        return internal_err!("{} is no array", lists.data_type());
    };
    let values = filter(&all.elements, &is_value)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    let lists = ListArray::try_new(Arc::clone(item), offsets, values, lists.nulls().cloned())?;
    Ok((lists, had_null))
}
