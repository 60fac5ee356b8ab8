//! The functions of this folder as bytes: no name that a registry knows stands for them.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{plan_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, ScalarUDFImpl};
use datafusion_proto::protobuf::ArrowType;
use prost::{Message, Oneof};

use super::arithmetic::{CheckedArithmetic, Operation};
use super::character_length::CharacterLength;
use super::conversion::{Conversion, ConversionForm};
use super::numeric_rule::NUMERIC_AVERAGE;
use super::of_elements::element_of;
use super::rule::{ARRAY_MAX, ARRAY_MIN, EXACT_SUM, FLOAT_MAX, FLOAT_MIN, POSTGRES_SUM};
use super::spread::SPREADS;
use super::texts_in_order::TEXTS_IN_ORDER;
use super::window_order::of_any_order;

/// A function.
#[derive(Clone, PartialEq, Message)]
struct Encoded {
    #[prost(oneof = "Kind", tags = "1, 2")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Kind {
    /// Arithmetic that tells of overflow, by its name.
    #[prost(string, tag = "1")]
    Arithmetic(String),
    #[prost(message, tag = "2")]
    Conversion(Cast),
}

#[derive(Clone, PartialEq, Message)]
struct Cast {
    #[prost(message, optional, tag = "1")]
    to: Option<ArrowType>,
    /// As [`CharacterLength::to_metadata`] has it.
    #[prost(string, optional, tag = "2")]
    length: Option<String>,
    /// Whether it refuses what it would have to round.
    #[prost(bool, tag = "3")]
    is_exact: bool,
    /// Whether it is one to `"char"`.
    #[prost(bool, tag = "4")]
    is_single_byte: bool,
    /// Whether it is one between dates and timestamps.
    #[prost(bool, tag = "5")]
    is_of_moments: bool,
    /// Whether what is longer than its length is refused.
    #[prost(bool, tag = "6")]
    is_fitted: bool,
}

/// The bytes of the aggregates, which tell beside their names which they are.
const EXACT: &[u8] = b"exact";
const OF_SQL: &[u8] = b"sql";
const OF_ARRAYS: &[u8] = b"arrays";

/// Writes a function of this folder, and nothing for any other.
pub(crate) fn encode(function: &ScalarUDF, buffer: &mut Vec<u8>) -> Result<()> {
    let function = function.inner();
    let kind = if let Some(arithmetic) = function.downcast_ref::<CheckedArithmetic>() {
        Kind::Arithmetic(arithmetic.name().to_string())
    } else if let Some(conversion) = function.downcast_ref::<Conversion>() {
        let form = conversion.form();
        Kind::Conversion(Cast {
            to: Some(conversion.to().try_into()?),
            length: match form {
                ConversionForm::Length(length) | ConversionForm::Fitted(length) => {
                    Some(length.to_metadata())
                }
                _ => None,
            },
            is_exact: form == ConversionForm::Exact,
            is_single_byte: form == ConversionForm::SingleByte,
            is_of_moments: form == ConversionForm::Moments,
            is_fitted: matches!(form, ConversionForm::Fitted(_)),
        })
    } else {
        return Ok(());
    };
    buffer.extend(Encoded { kind: Some(kind) }.encode_to_vec());
    Ok(())
}

/// Reads a function of this folder; an error of any other.
pub(crate) fn decode(name: &str, buffer: &[u8]) -> Result<Arc<ScalarUDF>> {
    let encoded = Encoded::decode(buffer).map_err(|error| {
        plan_datafusion_err!("the function {name} of the serialized plan cannot be read: {error}")
    })?;
    match encoded.kind {
        None => plan_err!("the serialized plan calls {name}, a function that is not registered"),
        Some(Kind::Arithmetic(name)) => match Operation::of_function(&name) {
            Some(operation) => Ok(function(CheckedArithmetic::new(operation))),
            None => plan_err!("the serialized plan has an operator {name}, which is not known"),
        },
        Some(Kind::Conversion(cast)) => {
            let to = cast.to.as_ref();
            let to: DataType = to
                .ok_or_else(|| plan_datafusion_err!("the serialized plan has a cast to no type"))?
                .try_into()?;
            let form = match cast {
                Cast { is_exact: true, .. } if to.is_decimal() => ConversionForm::Exact,
                Cast {
                    is_single_byte: true,
                    ..
                } if to == DataType::Utf8 => ConversionForm::SingleByte,
                Cast {
                    is_of_moments: true,
                    ..
                } if matches!(to, DataType::Date32 | DataType::Timestamp(..)) => {
                    ConversionForm::Moments
                }
                Cast {
                    length: Some(length),
                    is_fitted,
                    ..
                } => CharacterLength::from_metadata(&length)
                    .filter(|_| *element_of(&to) == DataType::Utf8)
                    .map(|length| match is_fitted {
                        true => ConversionForm::Fitted(length),
                        false => ConversionForm::Length(length),
                    })
                    .ok_or_else(|| {
                        plan_datafusion_err!("the serialized plan has a cast to {to} of {length}")
                    })?,
                _ => ConversionForm::Plain,
            };
            Ok(function(Conversion::new(to, form)))
        }
    }
}

fn function(implementation: impl ScalarUDFImpl + 'static) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(implementation))
}

/// The sums that overflow with an error, averages, variances and standard deviations of numerics, the extremes
/// of floats and of arrays of several dimensions, and texts in an order, each with its bytes.
fn own() -> impl Iterator<Item = (&'static Arc<AggregateUDF>, &'static [u8])> {
    let own: [&'static Arc<AggregateUDF>; 5] = [
        &EXACT_SUM,
        &NUMERIC_AVERAGE,
        &FLOAT_MIN,
        &FLOAT_MAX,
        &TEXTS_IN_ORDER,
    ];
    let own = own.into_iter().chain(SPREADS.iter());
    let of_sql: (&'static Arc<AggregateUDF>, _) = (&POSTGRES_SUM, OF_SQL);
    let of_arrays: [(&'static Arc<AggregateUDF>, _); 2] =
        [(&ARRAY_MIN, OF_ARRAYS), (&ARRAY_MAX, OF_ARRAYS)];
    own.map(|own| (own, EXACT)).chain([of_sql]).chain(of_arrays)
}

/// Writes an aggregate of this folder, and nothing for any other function.
pub(crate) fn encode_aggregate(function: &AggregateUDF, buffer: &mut Vec<u8>) {
    let function = of_any_order(function);
    if let Some((_, bytes)) = own().find(|(own, _)| function == own.as_ref()) {
        buffer.extend(bytes);
    }
}

/// Reads an aggregate of this folder; an error of any other function.
pub(crate) fn decode_aggregate(name: &str, buffer: &[u8]) -> Result<Arc<AggregateUDF>> {
    match own().find(|(own, bytes)| own.name() == name && *bytes == buffer) {
        Some((function, _)) => Ok(Arc::clone(function)),
        None => {
            plan_err!("the serialized plan calls {name}, a function that is not registered")
        }
    }
}
