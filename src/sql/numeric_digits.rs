//! How many digits `NUMERIC(precision, scale)` may have.

use std::ops::RangeInclusive;

use datafusion::sql::sqlparser::ast::{DataType, ExactNumberInfo};

use crate::error::{Error, Result, SqlState};

/// As many digits has a type in Postgres.
const PRECISIONS: RangeInclusive<u64> = 1..=1000;
/// And here.
const MOST_DIGITS: u64 = 76;

/// Checks the digits of a numeric type; the planner reads no more than their last eight bits.
///
/// # Errors
/// 22023 for a number of digits that no type has, 0A000 for one that is too many here.
pub fn check(data_type: &DataType) -> Result<()> {
    let (DataType::Numeric(digits) | DataType::Decimal(digits) | DataType::Dec(digits)) = data_type
    else {
        return Ok(());
    };
    let precision = match digits {
        ExactNumberInfo::None => return Ok(()),
        ExactNumberInfo::Precision(precision)
        | ExactNumberInfo::PrecisionAndScale(precision, _) => *precision,
    };
    if !PRECISIONS.contains(&precision) {
        let message = format!("NUMERIC precision {precision} must be between 1 and 1000");
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
    }
    if precision > MOST_DIGITS {
        let error = Error::unsupported(format!("a NUMERIC precision of {precision}"));
        return Err(error.with_hint(format!("Take at most {MOST_DIGITS} digits.")));
    }
    Ok(())
}
