//! How wide `FLOAT` and `FLOAT(bits)` are, as in Postgres.

use arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{self, ExactNumberInfo};

use crate::error::{Error, Result, SqlState};

/// As many bits does a `real` have.
const REAL_BITS: u64 = 24;
/// And a `double precision`.
const DOUBLE_BITS: u64 = 53;

/// The type that such a name means; `None` for another name.
///
/// # Errors
/// 22023 for a number of bits that no type has.
pub fn of(data_type: &ast::DataType) -> Result<Option<DataType>> {
    let ast::DataType::Float(bits) = data_type else {
        return Ok(None);
    };
    let bits: u64 = match bits {
        ExactNumberInfo::None => DOUBLE_BITS,
        ExactNumberInfo::Precision(bits) | ExactNumberInfo::PrecisionAndScale(bits, _) => *bits,
    };
    let message = match bits {
        0 => "precision for type float must be at least 1 bit",
        1..=REAL_BITS => return Ok(Some(DataType::Float32)),
        _ if bits <= DOUBLE_BITS => return Ok(Some(DataType::Float64)),
        _ => "precision for type float must be less than 54 bits",
    };
    Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message))
}
