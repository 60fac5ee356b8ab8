//! Texts as columns of limited length keep them, and those within arrays.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray, ListArray, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use tributary_udfs::postgres::{CharacterLength, rounded_moment};

use super::declared::place;
use crate::catalog::Object;
use crate::error::{ColumnPlace, Error};

/// A value of a column as the column keeps it.
pub fn fitted(value: Expr, object: &Object, column: &str) -> Expr {
    if let Some(digits) = object.moment_precision(column) {
        return rounded_moment(value, digits);
    }
    let length = object.character_length(column);
    let length = length.or_else(|| object.item_length(column));
    let field = object.schema.field_with_name(column);
    match (length.filter(CharacterLength::is_limit), field) {
        (Some(length), Ok(field)) => ScalarUDF::new_from_impl(Fitted {
            length,
            column: place(object, column),
            kept: field.data_type().clone(),
            signature: Signature::exact(vec![field.data_type().clone()], Volatility::Immutable),
        })
        .call(vec![value]),
        _ => value,
    }
}

/// The texts of a column, or those within its arrays, as it keeps them.
///
/// # Errors
/// 22001 for one that is too long, naming the column.
pub(super) fn fit(
    texts: &ArrayRef,
    length: CharacterLength,
    column: &ColumnPlace,
) -> QueryResult<ArrayRef> {
    if let Some(lists) = texts.as_list_opt::<i32>() {
        let DataType::List(item) = lists.data_type() else {
            return datafusion::common::internal_err!("an array is of no type of arrays");
        };
        return Ok(Arc::new(ListArray::try_new(
            Arc::clone(item),
            lists.offsets().clone(),
            fit(lists.values(), length, column)?,
            lists.nulls().cloned(),
        )?));
    }
    let mut kept = StringBuilder::with_capacity(texts.len(), 0);
    for text in texts.as_string::<i32>() {
        let text = text.map(|text| length.fit(text)).transpose();
        kept.append_option(text.map_err(|error| {
            let error = datafusion::error::DataFusionError::from(error);
            let told = format!(
                "Column \"{}\" of relation \"{}\".",
                column.column, column.relation
            );
            Error::from(error)
                .with_detail(told)
                .with_column(column.clone())
        })?);
    }
    Ok(Arc::new(kept.finish()))
}

/// The function that fits the texts of a column.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Fitted {
    length: CharacterLength,
    column: ColumnPlace,
    /// The type of the column's values.
    kept: DataType,
    signature: Signature,
}

impl ScalarUDFImpl for Fitted {
    fn name(&self) -> &str {
        "tributary_fitted"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> QueryResult<DataType> {
        Ok(self.kept.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let texts = ColumnarValue::values_to_arrays(&arguments.args)?;
        match texts.first() {
            Some(texts) => Ok(ColumnarValue::Array(fit(texts, self.length, &self.column)?)),
            None => datafusion::common::exec_err!("a text is expected"),
        }
    }
}
