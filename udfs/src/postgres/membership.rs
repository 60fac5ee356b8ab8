//! `array_has`, by which `value = ANY (array)` is planned, with the three truths of SQL: NULL where the
//! array or the value is NULL, and where no element is the value and one of them is NULL. Nothing is
//! among the elements of an array that has none, not even NULL.
//!
//! DataFusion's answers false where it finds none, whatever the elements are.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};
use datafusion::scalar::ScalarValue;

use super::inner::as_inner;

/// DataFusion's function, whose answers are looked at once more where a NULL may matter.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Membership {
    inner: Arc<ScalarUDF>,
}

impl Membership {
    /// What takes the place of a function; none for one that is another.
    pub(super) fn of(inner: &Arc<ScalarUDF>) -> Option<Self> {
        let is_own = inner.inner().downcast_ref::<Self>().is_some();
        (inner.name() == "array_has" && !is_own).then(|| Self {
            inner: Arc::clone(inner),
        })
    }
}

impl ScalarUDFImpl for Membership {
    as_inner!();

    // A list that is written out becomes `IN`, which has the three truths.
    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        self.inner.simplify(args, info)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (given, rows) = (args.args.clone(), args.number_rows);
        let found = self.inner.invoke_with_args(args)?;
        match given.as_slice() {
            [lists, sought] => with_nulls(lists, sought, found, rows),
            _ => Ok(found),
        }
    }
}

/// Whether values were found in lists, given that those that are NULL say nothing.
fn with_nulls(
    lists: &ColumnarValue,
    sought: &ColumnarValue,
    found: ColumnarValue,
    rows: usize,
) -> Result<ColumnarValue> {
    let are_scalars = [lists, sought].map(|value| matches!(value, ColumnarValue::Scalar(_)));
    let rows = if are_scalars == [true; 2] { 1 } else { rows };
    // A list that stands for all rows is not repeated.
    let list_rows = if are_scalars[0] { 1 } else { rows };
    let value_rows = if are_scalars[1] { 1 } else { rows };
    // Of a NULL without a type, too.
    let unknown = sought.to_array(value_rows)?.logical_nulls();
    let unknown = unknown.filter(|nulls| nulls.null_count() > 0);
    let Some(lists) = Lists::of(&lists.to_array(list_rows)?) else {
        return Ok(found);
    };
    if unknown.is_none() && lists.have_no_null() {
        return Ok(found);
    }
    let found = found.to_array(rows)?;
    let found = found.as_boolean();
    let answers = (0..rows).map(|row| {
        let list = if are_scalars[0] { 0 } else { row };
        let value = if are_scalars[1] { 0 } else { row };
        if found.is_valid(row) && found.value(row) {
            return Some(true);
        }
        match lists.at(list)? {
            (0, _) => Some(false),
            (_, true) => None,
            _ => match &unknown {
                Some(unknown) if unknown.is_null(value) => None,
                _ => Some(false),
            },
        }
    });
    let answers = BooleanArray::from_iter(answers);
    Ok(match are_scalars {
        [true, true] => ColumnarValue::Scalar(ScalarValue::try_from_array(&answers, 0)?),
        _ => ColumnarValue::Array(Arc::new(answers)),
    })
}

/// Where the elements of lists begin and end, and which of them are NULL.
struct Lists {
    /// Where each list begins, and where the last one ends.
    offsets: Vec<usize>,
    /// Which lists are NULL.
    nulls: Option<NullBuffer>,
    /// Which elements are.
    elements: Option<NullBuffer>,
}

impl Lists {
    /// None for what is no array of lists.
    fn of(lists: &ArrayRef) -> Option<Self> {
        let (offsets, values) = match lists.data_type() {
            DataType::List(_) => {
                let lists = lists.as_list::<i32>();
                let offsets = lists.offsets().iter();
                let offsets = offsets.map(|offset| usize::try_from(*offset).ok());
                (offsets.collect::<Option<Vec<_>>>()?, lists.values())
            }
            DataType::LargeList(_) => {
                let lists = lists.as_list::<i64>();
                let offsets = lists.offsets().iter();
                let offsets = offsets.map(|offset| usize::try_from(*offset).ok());
                (offsets.collect::<Option<Vec<_>>>()?, lists.values())
            }
            DataType::FixedSizeList(_, size) => {
                let size = usize::try_from(*size).ok()?;
                let offsets = (0..=lists.len()).map(|row| row.saturating_mul(size));
                (offsets.collect(), lists.as_fixed_size_list().values())
            }
            _ => return None,
        };
        Some(Self {
            offsets,
            nulls: lists.nulls().cloned(),
            elements: values.logical_nulls(),
        })
    }

    /// Whether no element is NULL, and no list.
    fn have_no_null(&self) -> bool {
        let nulls = [&self.nulls, &self.elements].into_iter().flatten();
        nulls.map(NullBuffer::null_count).all(|count| count == 0)
    }

    /// How many elements a list has, and whether one of them is NULL; none where the list is.
    fn at(&self, row: usize) -> Option<(usize, bool)> {
        let is_null = self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        let (begin, end) = (*self.offsets.get(row)?, *self.offsets.get(row + 1)?);
        let has_null = |nulls: &NullBuffer| (begin..end).any(|element| nulls.is_null(element));
        let has_null = self.elements.as_ref().is_some_and(has_null);
        (!is_null).then(|| (end.saturating_sub(begin), has_null))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int32Array, ListArray};
    use arrow::datatypes::Int32Type;

    use super::*;

    fn lists() -> ListArray {
        ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
            Some(vec![Some(1), Some(2), None]),
            Some(vec![Some(1), Some(2)]),
            Some(vec![]),
            None,
        ])
    }

    fn asked(lists: ColumnarValue, sought: ColumnarValue, found: BooleanArray) -> BooleanArray {
        let rows = found.len();
        let found = ColumnarValue::Array(Arc::new(found));
        let answer = with_nulls(&lists, &sought, found, rows).unwrap();
        answer.to_array(rows).unwrap().as_boolean().clone()
    }

    #[test]
    fn what_is_not_found_beside_null_is_not_known() {
        let all = ColumnarValue::Array(Arc::new(lists()));
        let three = ColumnarValue::Scalar(ScalarValue::Int32(Some(3)));
        let found = BooleanArray::from(vec![Some(false), Some(false), Some(false), None]);
        let expected = BooleanArray::from(vec![None, Some(false), Some(false), None]);
        assert_eq!(asked(all.clone(), three, found), expected);
        let one = ColumnarValue::Scalar(ScalarValue::Int32(Some(1)));
        let found = BooleanArray::from(vec![Some(true), Some(true), Some(false), None]);
        let expected = found.clone();
        assert_eq!(asked(all.clone(), one, found), expected);
        let null = ColumnarValue::Scalar(ScalarValue::Int32(None));
        let found = BooleanArray::from(vec![None, None, None, None]);
        let expected = BooleanArray::from(vec![None, None, Some(false), None]);
        assert_eq!(asked(all, null, found), expected);
    }

    #[test]
    fn one_list_serves_all_rows() {
        let list = ScalarValue::List(Arc::new(lists().slice(0, 1)));
        let sought = Int32Array::from(vec![Some(1), Some(3), None]);
        let found = BooleanArray::from(vec![Some(true), Some(false), None]);
        let expected = BooleanArray::from(vec![Some(true), None, None]);
        let sought = ColumnarValue::Array(Arc::new(sought));
        assert_eq!(asked(ColumnarValue::Scalar(list), sought, found), expected);
    }

    #[test]
    fn lists_that_begin_within_others_have_their_own_elements() {
        let some = ColumnarValue::Array(Arc::new(lists().slice(1, 2)));
        let three = ColumnarValue::Scalar(ScalarValue::Int32(Some(3)));
        let found = BooleanArray::from(vec![Some(false), Some(false)]);
        let expected = found.clone();
        assert_eq!(asked(some, three, found), expected);
    }
}
