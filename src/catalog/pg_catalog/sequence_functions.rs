//! `nextval`, `setval`, `currval` and `lastval`. A sequence is named by its name or its number; that of
//! an identity column is named `table_column_seq`.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};

use super::function::{Call, CatalogFunction, StatementCatalog};
use super::functions::{BIGINT, BOOLEAN, TEXT, number, string};
use super::relation::relation;
use crate::catalog::system::SystemSources;
use crate::sql::QualifiedName;

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    let udf = |name, arguments: &[&[DataType]], call| {
        CatalogFunction::udf(name, arguments, BIGINT, Call::Act(call))
    };
    vec![
        ScalarUDF::new_from_impl(NextValue {
            signature: Signature::one_of(
                vec![
                    TypeSignature::Exact(vec![DataType::Utf8]),
                    TypeSignature::Exact(vec![DataType::Int64]),
                ],
                Volatility::Volatile,
            ),
        }),
        udf(
            "setval",
            &[
                &[TEXT, BIGINT],
                &[BIGINT, BIGINT],
                // Else an integer beside a number would make that a text, which anything can become.
                &[BIGINT, DataType::Int32],
                &[TEXT, BIGINT, BOOLEAN],
                &[BIGINT, BIGINT, BOOLEAN],
                &[BIGINT, DataType::Int32, BOOLEAN],
            ],
            |sources, values| {
                let is_called = match values.get(2) {
                    None => true,
                    Some(ScalarValue::Boolean(Some(is_called))) => *is_called,
                    Some(_) => return Ok(ScalarValue::Int64(None)),
                };
                let (Some(name), Some(value)) = (name(sources, values), number(values, 1)) else {
                    return Ok(ScalarValue::Int64(None));
                };
                sources.set_value(&name, value, is_called)?;
                Ok(ScalarValue::Int64(Some(value)))
            },
        ),
        udf("currval", &[&[TEXT], &[BIGINT]], |sources, values| {
            let name = name(sources, values);
            let value = name.map(|name| sources.current_value(&name)).transpose()?;
            Ok(ScalarValue::Int64(value))
        }),
        udf("lastval", &[&[]], |sources, _| {
            sources
                .last_value()
                .map(|value| ScalarValue::Int64(Some(value)))
        }),
    ]
}

/// The name of a sequence that is named first.
fn name(sources: &dyn SystemSources, values: &[ScalarValue]) -> Option<String> {
    match string(values, 0) {
        Some(name) => Some(name),
        None => number(values, 0).map(|oid| of_number(sources, oid)),
    }
}

/// The name of the relation of a number; the number itself where there is none.
fn of_number(sources: &dyn SystemSources, oid: i64) -> String {
    let snapshot = sources.snapshot();
    let object = u32::try_from(oid).ok().and_then(|oid| snapshot.object(oid));
    match object {
        Some(object) => object.name.to_string(),
        None => relation(sources, oid).map_or_else(
            || oid.to_string(),
            |found| QualifiedName::new(&found.schema, &found.name).to_string(),
        ),
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct NextValue {
    signature: Signature,
}

impl ScalarUDFImpl for NextValue {
    fn name(&self) -> &str {
        "nextval"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let sources = StatementCatalog::of(&arguments.config_options)?;
        let numbers: Int64Array = match arguments.args.first() {
            // Numbers are taken for all rows at once.
            Some(ColumnarValue::Scalar(given)) => {
                match name(sources, std::slice::from_ref(given)) {
                    Some(name) => sources.next_values(&name, rows)?.into(),
                    None => Int64Array::new_null(rows),
                }
            }
            Some(ColumnarValue::Array(given)) => {
                let names = names(sources, given)?;
                let mut numbers = Vec::with_capacity(names.len());
                for name in names {
                    let taken = name.map(|name| sources.next_values(&name, 1));
                    numbers.push(taken.transpose()?.and_then(|taken| taken.first().copied()));
                }
                numbers.into()
            }
            None => return datafusion::common::exec_err!("nextval takes the name of a sequence"),
        };
        Ok(ColumnarValue::Array(Arc::new(numbers) as ArrayRef))
    }
}

fn names(sources: &dyn SystemSources, given: &ArrayRef) -> Result<Vec<Option<String>>> {
    if let Some(numbers) = given.as_primitive_opt::<Int64Type>() {
        let names = numbers.iter();
        return Ok(names
            .map(|oid| oid.map(|oid| of_number(sources, oid)))
            .collect());
    }
    let texts = cast(given, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    Ok(texts.iter().map(|name| name.map(str::to_owned)).collect())
}
