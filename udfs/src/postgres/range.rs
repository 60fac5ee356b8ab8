//! Numbers that their type cannot hold.

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

use crate::FunctionError;

/// The error of an answer that `data_type` cannot hold, in PostgreSQL's words.
pub(super) fn out_of_range(data_type: &DataType) -> FunctionError {
    FunctionError::out_of_range(match data_type {
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => "smallint out of range",
        DataType::UInt16 | DataType::Int32 => "integer out of range",
        DataType::UInt32 | DataType::Int64 => "bigint out of range",
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "value out of range: overflow",
        _ => "numeric field overflow",
    })
}

/// The error of a float that is too near to zero to be told from it.
pub(super) fn underflow() -> FunctionError {
    FunctionError::out_of_range("value out of range: underflow")
}

/// Arrow's error of arithmetic, in PostgreSQL's words.
pub(super) fn arithmetic_error(error: ArrowError, data_type: &DataType) -> DataFusionError {
    match error {
        ArrowError::ArithmeticOverflow(_) => out_of_range(data_type).into(),
        other => other.into(),
    }
}
