//! Dates, times and numbers as text by a template, and back, as PostgreSQL does.

mod by_template;
mod fields;
mod moment;
mod moment_reader;
mod moment_writer;
mod number_reader;
mod number_template;
mod number_text;
mod number_writer;
mod posix_zone;
mod roman;
mod template;
#[cfg(test)]
mod tests;
mod time_zone;
mod timezone;
mod to_char;
mod to_date;
mod to_number;
mod to_timestamp;
mod told_moment;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use crate::arguments::declare;

pub(crate) use by_template::read_by_template;
pub use posix_zone::{posix_offset, posix_zone, time_zone};
pub use time_zone::SessionTimeZone;
pub(crate) use time_zone::{DateOrder, Zone};
pub use told_moment::told_moment;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    let mut all = declare(&[
        &to_char::FUNCTION,
        &to_date::FUNCTION,
        &to_timestamp::FUNCTION,
        &timezone::FUNCTION,
    ]);
    all.push(to_number::function());
    all
}
