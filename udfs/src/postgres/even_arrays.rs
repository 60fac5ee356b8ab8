//! Arrays of several dimensions, whose parts are as long as each other: what an array of arrays is made of, or
//! is put together from. To DataFusion these are lists of any lists.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray};
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::DataType;
use datafusion::common::ExprSchema;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
};

use super::converted::only_value;
use super::inner::as_inner;
use crate::FunctionError;

/// DataFusion's function, whose answers are looked at where they are arrays of arrays.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct EvenArrays {
    inner: Arc<ScalarUDF>,
}

impl EvenArrays {
    /// What takes the place of a function; none for one that is another, or has no arrays of arrays.
    pub(super) fn of(
        inner: &Arc<ScalarUDF>,
        arguments: &[Expr],
        schema: &dyn ExprSchema,
    ) -> Option<Self> {
        let is_nested = |argument: &Expr| match argument.get_type(schema) {
            Ok(DataType::List(item)) => inner.name() == "make_array" || item.data_type().is_list(),
            _ => false,
        };
        let is_own = inner.inner().downcast_ref::<Self>().is_some();
        let is_made = matches!(
            inner.name(),
            "array_append" | "array_concat" | "array_prepend" | "make_array"
        );
        (is_made && !is_own && arguments.iter().any(is_nested)).then(|| Self {
            inner: Arc::clone(inner),
        })
    }

    fn uneven(&self) -> FunctionError {
        let message = match self.inner.name() {
            "make_array" => {
                "multidimensional arrays must have array expressions with matching dimensions"
            }
            _ => "cannot concatenate incompatible arrays",
        };
        FunctionError {
            sqlstate: "2202E",
            message: message.to_owned(),
            hint: None,
        }
    }
}

impl ScalarUDFImpl for EvenArrays {
    as_inner!();

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given = args.args.clone();
        let is_constant = given
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_constant { 1 } else { args.number_rows };
        let mut made = self.inner.invoke_with_args(args)?.to_array(rows)?;
        // An array without elements adds none.
        match (self.inner.name(), given.as_slice()) {
            ("array_append", [array, part]) | ("array_prepend", [part, array]) => {
                let (array, part) = (array.to_array(rows)?, part.to_array(rows)?);
                if let Some(part) = part.as_list_opt::<i32>()
                    && array.data_type() == made.data_type()
                {
                    let adds_none = |row| part.is_null(row) || part.value_length(row) == 0;
                    let adds_none: BooleanArray =
                        (0..rows).map(|row| Some(adds_none(row))).collect();
                    made = zip(&adds_none, &array, &made)?;
                }
            }
            _ => {}
        }
        if let Some(lists) = made.as_list_opt::<i32>() {
            let are_even = (0..lists.len()).all(|row| dimensions(lists, row).is_some());
            if !are_even {
                return Err(self.uneven().into());
            }
        }
        Ok(match is_constant {
            true => ColumnarValue::Scalar(only_value(&made)?),
            false => ColumnarValue::Array(made),
        })
    }
}

/// How long an array is in each of its dimensions, of which one without elements has none, and NULL; nothing
/// where parts of it differ in that.
pub(super) fn dimensions(lists: &ListArray, row: usize) -> Option<Vec<usize>> {
    let length = usize::try_from(lists.value_length(row)).ok()?;
    if length == 0 || lists.is_null(row) {
        return Some(Vec::new());
    }
    let parts: ArrayRef = lists.value(row);
    let Some(parts) = parts.as_list_opt::<i32>() else {
        return Some(vec![length]);
    };
    let mut of_parts: Option<Vec<usize>> = None;
    for part in 0..parts.len() {
        let own = dimensions(parts, part)?;
        if *of_parts.get_or_insert_with(|| own.clone()) != own {
            return None;
        }
    }
    let mut all = vec![length];
    all.extend(of_parts.unwrap_or_default());
    Some(all)
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int32Builder, ListBuilder};

    use super::*;

    fn of(parts: &[Option<&[i32]>]) -> ListArray {
        let mut lists = ListBuilder::new(ListBuilder::new(Int32Builder::new()));
        for part in parts {
            match part {
                Some(part) => {
                    lists.values().values().append_slice(part);
                    lists.values().append(true);
                }
                None => lists.values().append(false),
            }
        }
        lists.append(true);
        lists.finish()
    }

    #[test]
    fn parts_of_an_array_are_as_long_as_each_other() {
        assert_eq!(
            dimensions(&of(&[Some(&[1, 2]), Some(&[3, 4])]), 0),
            Some(vec![2, 2])
        );
        assert_eq!(dimensions(&of(&[Some(&[1, 2]), Some(&[3])]), 0), None);
        assert_eq!(dimensions(&of(&[Some(&[1]), None]), 0), None);
        assert_eq!(dimensions(&of(&[None, None]), 0), Some(vec![2]));
        assert_eq!(dimensions(&of(&[]), 0), Some(vec![]));
    }
}
