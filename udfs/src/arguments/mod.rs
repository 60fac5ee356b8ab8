//! How functions read their arguments and give their answers, a whole array at a time.

mod call;
mod form;
mod function;
mod pairs;
mod strings;
#[cfg(test)]
mod tests;

pub(crate) use call::Call;
pub(crate) use form::{Form, Kind};
pub(crate) use function::{Function, declare};
pub(crate) use pairs::Metric;
pub(crate) use strings::Strings;
