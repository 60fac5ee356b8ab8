//! The order of arrays of several dimensions: their elements decide, one behind the other, and among arrays of the
//! same elements how long they are in each dimension. To Arrow they are lists, of whose parts the first that differ
//! decide.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray, DynComparator, Int64Builder, ListBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::{DFSchema, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ExprSchemable, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    SortExpr, Volatility,
};

use super::comparable;
use super::converted::only_value;
use super::even_arrays::dimensions;
use super::functions::{array_leaves, has_dimensions, leaves};

/// Compares arrays of several dimensions by their places; NULL comes last.
pub(super) fn in_order(one: &ArrayRef, other: &ArrayRef) -> Result<DynComparator> {
    let by_elements = comparable::in_order(&leaves(one)?, &leaves(other)?)?;
    let (ones, others) = (one.as_list::<i32>().clone(), other.as_list::<i32>().clone());
    Ok(Box::new(move |one, other| {
        by_elements(one, other)
            .then_with(|| dimensions(&ones, one).cmp(&dimensions(&others, other)))
    }))
}

/// What rows are ordered by for a key: for arrays of several dimensions their elements, and how long they are in
/// each dimension.
pub(super) fn keys(key: SortExpr, schema: &DFSchema) -> Vec<SortExpr> {
    let own = key.expr.get_type(schema);
    if !own.is_ok_and(|own| has_dimensions(&own)) {
        return vec![key];
    }
    let SortExpr {
        expr,
        asc,
        nulls_first,
    } = key;
    let lengths = array_lengths().call(vec![expr.clone()]);
    let elements = array_leaves().call(vec![expr]);
    [elements, lengths]
        .map(|key| key.sort(asc, nulls_first))
        .to_vec()
}

/// How long an array is in each of its dimensions, as an array; in plans alone.
pub(super) fn array_lengths() -> ScalarUDF {
    ScalarUDF::new_from_impl(ArrayLengths {
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ArrayLengths {
    signature: Signature,
}

impl ScalarUDFImpl for ArrayLengths {
    fn name(&self) -> &str {
        "array_lengths"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        let item = Field::new_list_field(DataType::Int64, true);
        Ok(DataType::List(Arc::new(item)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let lengths = |arrays: &ArrayRef| -> Result<ArrayRef> {
            let Some(arrays) = arrays.as_list_opt::<i32>() else {
                return exec_err!("{} is no array", arrays.data_type());
            };
            let mut all = ListBuilder::new(Int64Builder::new());
            for row in 0..arrays.len() {
                let own = dimensions(arrays, row).filter(|_| arrays.is_valid(row));
                let own = own.map(|own| own.into_iter().map(|length| i64::try_from(length).ok()));
                all.append_option(own);
            }
            Ok(Arc::new(all.finish()))
        };
        match args.args.as_slice() {
            [ColumnarValue::Array(arrays)] => Ok(ColumnarValue::Array(lengths(arrays)?)),
            [ColumnarValue::Scalar(array)] => {
                let lengths = lengths(&array.to_array()?)?;
                Ok(ColumnarValue::Scalar(only_value(&lengths)?))
            }
            _ => exec_err!("one array has lengths"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use arrow::array::{Int32Builder, ListArray};

    use super::*;

    fn of(parts: &[&[i32]]) -> ListArray {
        let mut lists = ListBuilder::new(ListBuilder::new(Int32Builder::new()));
        for part in parts {
            lists.values().values().append_slice(part);
            lists.values().append(true);
        }
        lists.append(true);
        lists.finish()
    }

    #[test]
    fn elements_decide_before_lengths_do() {
        let compare = |one: &[&[i32]], other: &[&[i32]]| {
            let (one, other): (ArrayRef, ArrayRef) = (Arc::new(of(one)), Arc::new(of(other)));
            in_order(&one, &other).unwrap()(0, 0)
        };
        assert_eq!(
            compare(&[&[1, 2], &[3, 4]], &[&[1, 2, 3], &[0, 0, 0]]),
            Ordering::Greater
        );
        assert_eq!(compare(&[&[1], &[2]], &[&[1, 2]]), Ordering::Greater);
        assert_eq!(compare(&[&[1], &[2]], &[&[1, 3]]), Ordering::Less);
        assert_eq!(compare(&[], &[&[1]]), Ordering::Less);
        assert_eq!(compare(&[&[1, 2]], &[&[1, 2]]), Ordering::Equal);
    }
}
