//! How functions read their arguments and give their answers, a whole array at a time.

mod call;
mod form;
mod function;
mod lists;
mod pairs;
mod records;
mod strings;
#[cfg(test)]
mod tests;
mod texts;
mod window;

pub(crate) use call::Call;
pub(crate) use form::{Form, Kind, is_text};
pub(crate) use function::{Function, declare, forms};
pub(crate) use lists::text_list;
pub(crate) use pairs::{Metric, Native, Sides};
pub(crate) use records::{check_length, number_record, record};
pub(crate) use strings::Strings;
pub(crate) use texts::TextWriter;
pub(crate) use window::{Partition, WindowFunction, declare_window};
