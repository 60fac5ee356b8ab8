//! Functions of DataFusion's that make long texts of short ones: as in PostgreSQL, a text longer than
//! 1 GB is an error (54000), which is told before any of it is made.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};

use super::inner::as_inner;
use crate::error::FunctionError;

/// The most bytes of a text: those of PostgreSQL's MaxAllocSize.
const MAX_BYTES: u64 = 0x3fff_ffff;

/// The most bytes of the texts of one array.
const MAX_ARRAY_BYTES: u64 = i32::MAX as u64;

/// The most bytes of a character in UTF-8, by which PostgreSQL counts before it pads.
const CHARACTER_BYTES: u64 = 4;

const FUNCTIONS: [(&str, Lengthening); 4] = [
    ("repeat", Lengthening::Repeats),
    ("lpad", Lengthening::Pads),
    ("rpad", Lengthening::Pads),
    ("replace", Lengthening::Replaces),
];

/// Registers the functions, in the place of DataFusion's of the same names.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for (name, lengthening) in FUNCTIONS {
        let inner = registry.udf(name)?;
        let bounded = Bounded { inner, lengthening };
        registry.register_udf(Arc::new(ScalarUDF::new_from_impl(bounded)))?;
    }
    Ok(())
}

/// How a function makes a text longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Lengthening {
    Repeats,
    Pads,
    Replaces,
}

impl Lengthening {
    /// How many bytes it makes of the arguments in a row: at most, and at least.
    fn bytes(self, row: &Row<'_>) -> (u64, u64) {
        match self {
            Self::Repeats => {
                let bytes = row.text(0).len() as u64;
                let bytes = bytes.saturating_mul(row.count(1));
                (bytes, bytes)
            }
            Self::Pads => {
                let characters = row.count(1);
                (characters.saturating_mul(CHARACTER_BYTES), characters)
            }
            Self::Replaces => {
                let bytes = replaced(row.text(0), row.text(1), row.text(2));
                (bytes, bytes)
            }
        }
    }

    /// Refuses arguments that make too long a text.
    fn check(self, arguments: &[ArrayRef], rows: usize, function: &str) -> Result<()> {
        let mut all = 0_u64;
        for row in 0..rows {
            let (most, least) = self.bytes(&Row { arguments, row });
            if most > MAX_BYTES {
                return Err(FunctionError::limit_exceeded("requested length too large").into());
            }
            all = all.saturating_add(least);
        }
        if all > MAX_ARRAY_BYTES {
            let message = format!("{function} makes more than 2 GB of text of {rows} rows");
            return Err(FunctionError::limit_exceeded(message).into());
        }
        Ok(())
    }
}

/// How many bytes a text has once all that is `from` is `to`; at most, where that is within the limit.
fn replaced(text: &str, from: &str, to: &str) -> u64 {
    let (bytes, out, into) = (text.len() as u64, from.len() as u64, to.len() as u64);
    if out == 0 || into <= out {
        return bytes;
    }
    let grown = |times: u64| bytes.saturating_add(times.saturating_mul(into - out));
    match grown(bytes / out) {
        most if most <= MAX_BYTES => most,
        _ => grown(text.matches(from).count() as u64),
    }
}

/// The arguments in a row.
struct Row<'a> {
    arguments: &'a [ArrayRef],
    row: usize,
}

impl<'a> Row<'a> {
    /// Where the value of an argument is; none for NULL.
    fn place(&self, argument: usize) -> Option<(&'a ArrayRef, usize)> {
        let values = self.arguments.get(argument)?;
        let place = if values.len() == 1 { 0 } else { self.row };
        (!values.is_null(place)).then_some((values, place))
    }

    fn text(&self, argument: usize) -> &'a str {
        let Some((values, place)) = self.place(argument) else {
            return "";
        };
        match values.data_type() {
            DataType::Utf8 => values.as_string::<i32>().value(place),
            DataType::LargeUtf8 => values.as_string::<i64>().value(place),
            DataType::Utf8View => values.as_string_view().value(place),
            _ => "",
        }
    }

    fn count(&self, argument: usize) -> u64 {
        let Some((values, place)) = self.place(argument) else {
            return 0;
        };
        let count = match values.data_type() {
            DataType::Int64 => values.as_primitive::<Int64Type>().value(place),
            DataType::Int32 => values.as_primitive::<Int32Type>().value(place).into(),
            _ => 0,
        };
        u64::try_from(count).unwrap_or_default()
    }
}

/// A function with a limit.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    lengthening: Lengthening,
}

impl ScalarUDFImpl for Bounded {
    as_inner!();

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = args.args.iter().map(|value| match value {
            ColumnarValue::Array(values) => Ok(Arc::clone(values)),
            ColumnarValue::Scalar(value) => value.to_array(),
        });
        let arrays = arrays.collect::<Result<Vec<ArrayRef>>>()?;
        let are_constant = arrays.iter().all(|values| values.len() == 1);
        let rows = if are_constant { 1 } else { args.number_rows };
        self.lengthening.check(&arrays, rows, self.name())?;
        self.inner.invoke_with_args(args)
    }
}
