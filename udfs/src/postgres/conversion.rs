//! Casts that Arrow does otherwise than PostgreSQL.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

use super::character_length::CharacterLength;
use super::{bytes, rounding, text};

/// Whether Arrow's cast between these types gives what PostgreSQL's would not.
pub(super) fn differs(from: &DataType, to: &DataType) -> bool {
    match to {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            from.is_floating()
                || matches!(from, DataType::Decimal128(..) | DataType::Decimal256(..))
        }
        DataType::Binary => from.is_string(),
        DataType::Utf8 => {
            from.is_floating() || from.is_binary() || matches!(from, DataType::Timestamp(..))
        }
        _ => false,
    }
}

/// A cast to a type; of texts, to those of a length.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Conversion {
    to: DataType,
    length: Option<CharacterLength>,
    signature: Signature,
}

impl Conversion {
    pub(super) fn new(to: DataType, length: Option<CharacterLength>) -> Self {
        Self {
            to,
            length,
            signature: Signature::any(1, Volatility::Immutable),
        }
    }

    fn convert(&self, from: &ArrayRef) -> Result<ArrayRef> {
        let converted = if differs(from.data_type(), &self.to) {
            convert(from, &self.to)?
        } else {
            cast(from, &self.to)?
        };
        let Some(length) = self.length else {
            return Ok(converted);
        };
        let cut: StringArray = converted
            .as_string::<i32>()
            .iter()
            .map(|text| text.map(|text| length.cut(text)))
            .collect();
        Ok(Arc::new(cut))
    }
}

/// The texts that casts to text give.
pub(crate) fn as_text(from: &ArrayRef) -> Result<ArrayRef> {
    if differs(from.data_type(), &DataType::Utf8) {
        return convert(from, &DataType::Utf8);
    }
    Ok(cast(from, &DataType::Utf8)?)
}

fn convert(from: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    Ok(match (from.data_type(), to) {
        (_, DataType::Binary) => {
            let texts = cast(from, &DataType::Utf8)?;
            let mut parsed = Vec::with_capacity(texts.len());
            for text in texts.as_string::<i32>() {
                parsed.push(text.map(bytes::parse).transpose()?);
            }
            Arc::new(parsed.iter().map(Option::as_deref).collect::<BinaryArray>())
        }
        (DataType::Float64, DataType::Utf8) => {
            let floats = from.as_primitive::<Float64Type>().iter();
            Arc::new(
                floats
                    .map(|value| value.map(|value| text::float(value, text::DOUBLE_DIGITS)))
                    .collect::<StringArray>(),
            )
        }
        (from_type, DataType::Utf8) if from_type.is_floating() => {
            let floats = cast(from, &DataType::Float32)?;
            let floats = floats.as_primitive::<Float32Type>().iter();
            Arc::new(
                floats
                    .map(|value| value.map(|value| text::float(value, text::SINGLE_DIGITS)))
                    .collect::<StringArray>(),
            )
        }
        (from_type, DataType::Utf8) if from_type.is_binary() => {
            let all = cast(from, &DataType::Binary)?;
            let all = all.as_binary::<i32>().iter();
            Arc::new(
                all.map(|value| value.map(bytes::show))
                    .collect::<StringArray>(),
            )
        }
        (_, DataType::Utf8) => {
            let texts = cast(from, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>().iter();
            Arc::new(
                texts
                    .map(|value| value.map(text::timestamp))
                    .collect::<StringArray>(),
            )
        }
        _ => rounding::to_integer(from, to)?,
    })
}

impl ScalarUDFImpl for Conversion {
    fn name(&self) -> &str {
        "postgres_cast"
    }

    /// A cast leaves a column its name.
    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [value] => Ok(value.schema_name().to_string()),
            _ => internal_err!("a cast has one operand"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.to.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.to.clone(), nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(self.convert(array)?)),
            [ColumnarValue::Scalar(scalar)] => {
                let answer = self.convert(&scalar.to_array()?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                    &answer, 0,
                )?))
            }
            _ => internal_err!("a cast has one operand"),
        }
    }
}
