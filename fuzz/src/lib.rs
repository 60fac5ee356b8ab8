//! What the targets share: a function called as a query calls it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::Field;
use datafusion::common::ScalarValue;
use datafusion::config::ConfigOptions;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};
use tributary_udfs::{FunctionError, all_scalar_functions};

static FUNCTIONS: LazyLock<HashMap<String, Arc<ScalarUDF>>> = LazyLock::new(|| {
    let functions = all_scalar_functions().into_iter();
    functions
        .map(|function| (function.name().to_owned(), function))
        .collect()
});

/// Calls a function with a column of one text and with constants.
///
/// # Panics
/// Where the function panics, answers another number of rows, or fails with an error that is not
/// for its user.
#[expect(clippy::panic, reason = "a panic is what a fuzzer reports")]
pub fn call(name: &str, text: &str, constants: &[&str]) {
    match try_call(name, text, constants) {
        Ok(answer) => assert_eq!(answer.len(), 1, "{name}"),
        Err(DataFusionError::External(error)) => {
            assert!(error.is::<FunctionError>(), "{name}: {error}");
        }
        Err(other) => panic!("{name}: {other}"),
    }
}

fn try_call(name: &str, text: &str, constants: &[&str]) -> Result<ArrayRef> {
    let function = &FUNCTIONS[name];
    let column: ArrayRef = Arc::new(StringArray::from(vec![text]));
    let constants = constants.iter();
    let constants = constants.map(|text| ColumnarValue::Scalar(ScalarValue::from(*text)));
    let args: Vec<ColumnarValue> = std::iter::once(ColumnarValue::Array(column))
        .chain(constants)
        .collect();
    let types: Vec<_> = args.iter().map(ColumnarValue::data_type).collect();
    let answer = function.return_type(&types)?;
    let fields = types.into_iter();
    let fields = fields.map(|given| Arc::new(Field::new("argument", given, true)));
    let answer = function.invoke_with_args(ScalarFunctionArgs {
        arg_fields: fields.collect(),
        args,
        number_rows: 1,
        return_field: Arc::new(Field::new("answer", answer, true)),
        config_options: Arc::new(ConfigOptions::default()),
    })?;
    answer.into_array(1)
}
