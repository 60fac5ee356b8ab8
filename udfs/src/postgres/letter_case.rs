//! `upper`, `lower` and `initcap`, which make one letter of one: `upper('ß')` is `ß`. DataFusion makes
//! `SS` of it, and a Greek sigma at the end of a word another than within.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};
use datafusion::scalar::ScalarValue;

use super::inner::as_inner;

/// What is made of a text's letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Case {
    Upper,
    Lower,
    /// The first of each word in upper case, the others in lower.
    Initial,
}

/// Registers the functions, in the place of DataFusion's of the same names.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for (name, case) in [
        ("upper", Case::Upper),
        ("lower", Case::Lower),
        ("initcap", Case::Initial),
    ] {
        let inner = registry.udf(name)?;
        let one_to_one = OneToOne { inner, case };
        registry.register_udf(Arc::new(ScalarUDF::new_from_impl(one_to_one)))?;
    }
    Ok(())
}

/// A function of DataFusion's, which takes texts of ASCII.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OneToOne {
    inner: Arc<ScalarUDF>,
    case: Case,
}

impl ScalarUDFImpl for OneToOne {
    as_inner!();

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = args.args.as_slice() else {
            return self.inner.invoke_with_args(args);
        };
        if !value.data_type().is_string() {
            return self.inner.invoke_with_args(args);
        }
        let given = cast(&value.to_array(1)?, &DataType::Utf8)?;
        let texts = given.as_string::<i32>();
        if texts.is_ascii() {
            return self.inner.invoke_with_args(args);
        }
        let written = texts
            .iter()
            .map(|text| text.map(|text| self.case.of_text(text)));
        let written: ArrayRef = Arc::new(written.collect::<StringArray>());
        let written = cast(&written, args.return_field.data_type())?;
        Ok(match value {
            ColumnarValue::Scalar(_) => {
                ColumnarValue::Scalar(ScalarValue::try_from_array(&written, 0)?)
            }
            ColumnarValue::Array(_) => ColumnarValue::Array(written),
        })
    }
}

impl Case {
    fn of_text(self, text: &str) -> String {
        match self {
            Self::Upper => text.chars().map(upper).collect(),
            Self::Lower => text.chars().map(lower).collect(),
            Self::Initial => {
                let mut is_within = false;
                let letter = |letter: char| {
                    let written = if is_within {
                        lower(letter)
                    } else {
                        upper(letter)
                    };
                    is_within = letter.is_alphanumeric();
                    written
                };
                text.chars().map(letter).collect()
            }
        }
    }
}

/// The one letter that is this one in upper case; itself where there is none.
fn upper(letter: char) -> char {
    let mut letters = letter.to_uppercase();
    match (letters.next(), letters.next()) {
        (Some(only), None) => only,
        _ => with_iota(letter).unwrap_or(letter),
    }
}

/// The capital of a Greek vowel with an iota below, which Unicode writes with an iota beside as well.
fn with_iota(letter: char) -> Option<char> {
    let number = u32::from(letter);
    match number {
        0x1F80..=0x1FAF if number & 8 == 0 => char::from_u32(number + 8),
        0x1FB3 | 0x1FC3 | 0x1FF3 => char::from_u32(number + 9),
        _ => None,
    }
}

/// The one letter that is this one in lower case. Unicode has two for `İ` alone, an `i` and its dot.
fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}
