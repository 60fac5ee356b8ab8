//! The option that PostgreSQL's tables have for how full their pages are, which clients such as pgbench
//! write.

use super::define::Choice;
use crate::error::{Error, Result, SqlState};
use crate::sql::Options;

/// The option.
pub const OPTION: Choice = Choice {
    name: "fillfactor",
    values: &[],
    description: "How full PostgreSQL's pages of a table are made, in percent: 10 to 100. It is kept, and shown in `pg_class.reloptions`, for clients that write it; tables have no such pages here, and it changes nothing.",
};

/// The least and the most that PostgreSQL takes.
const BOUNDS: std::ops::RangeInclusive<i32> = 10..=100;

/// Checks the value of the option.
///
/// # Errors
/// 22023 for one that is no integer, or out of bounds.
pub fn check(options: &Options) -> Result<()> {
    let Some(value) = options.get(OPTION.name) else {
        return Ok(());
    };
    let name = OPTION.name;
    let Ok(percent) = value.parse::<i32>() else {
        let message = format!("invalid value for integer option \"{name}\": {value}");
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
    };
    if !BOUNDS.contains(&percent) {
        let message = format!("value {value} out of bounds for option \"{name}\"");
        let (least, most) = (BOUNDS.start(), BOUNDS.end());
        return Err(
            Error::new(SqlState::INVALID_PARAMETER_VALUE, message).with_detail(format!(
                "Valid values are between \"{least}\" and \"{most}\"."
            )),
        );
    }
    Ok(())
}
