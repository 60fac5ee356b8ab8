//! How functions read their arguments and give their answers, a whole array at a time.

mod aggregate;
mod call;
mod clauses;
mod declaration;
mod effort;
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

pub(crate) use aggregate::{Aggregate, Clause, Distinct, declare_aggregates};
pub(crate) use call::Call;
pub(crate) use clauses::Clauses;
pub(crate) use declaration::Definition;
pub(crate) use form::{Form, Kind, is_comparable, is_text};
pub(crate) use function::{Function, declare};
pub(crate) use lists::text_list;
pub(crate) use pairs::{Metric, Native, Sides};
pub(crate) use records::{check_length, number_record, record};
pub(crate) use strings::Strings;
pub(crate) use texts::TextWriter;
pub(crate) use window::{Hints, Partition, WindowFunction, declare_windows};
