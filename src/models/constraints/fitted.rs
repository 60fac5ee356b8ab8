//! Texts as columns of limited length keep them.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringBuilder};
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
    match object.character_length(column) {
        Some(length) if length.is_limit() => ScalarUDF::new_from_impl(Fitted {
            length,
            column: place(object, column),
            signature: Signature::exact(vec![DataType::Utf8], Volatility::Immutable),
        })
        .call(vec![value]),
        _ => value,
    }
}

/// The texts of a column as it keeps them.
///
/// # Errors
/// 22001 for one that is too long, naming the column.
pub(super) fn fit(
    texts: &ArrayRef,
    length: CharacterLength,
    column: &ColumnPlace,
) -> QueryResult<ArrayRef> {
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
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let texts = ColumnarValue::values_to_arrays(&arguments.args)?;
        match texts.first() {
            Some(texts) => Ok(ColumnarValue::Array(fit(texts, self.length, &self.column)?)),
            None => datafusion::common::exec_err!("a text is expected"),
        }
    }
}
