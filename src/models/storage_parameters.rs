//! The storage parameters of PostgreSQL's tables and indexes, which clients write: how full pages are, when its
//! autovacuum comes by. They are looked at as PostgreSQL looks at them, kept, and shown.

use super::define::Choice;
use super::view_options::boolean;
use crate::error::{Error, Result, SqlState};
use crate::sql::Options;

/// The option that stands for all of them in the reference.
pub const OPTION: Choice = Choice {
    name: "fillfactor",
    values: &[],
    description: "How full PostgreSQL's pages of a table are made, in percent: 10 to 100. It is kept, and shown in `pg_class.reloptions`, for clients that write it; tables have no such pages here, and it changes nothing. So are PostgreSQL's other storage parameters, such as `autovacuum_enabled` and `parallel_workers`; those of `toast.` are kept and not shown, since PostgreSQL shows them of a table of its own.",
};

/// What the names of parameters of the tables begin with in which PostgreSQL keeps long values.
pub const TOAST: &str = "toast.";

/// A parameter of tables.
struct Parameter {
    name: &'static str,
    value: Value,
    /// Whether the table of long values has it too.
    of_toast: bool,
}

/// What a parameter can be.
enum Value {
    Boolean,
    /// An integer between these.
    Integer(f64, f64),
    /// A number between these.
    Real(f64, f64),
    /// `on`, `off` or `auto`.
    Auto,
    /// A truth, however it is written, or `auto`.
    BooleanOrAuto,
}

/// The greatest integer of four bytes.
const GREATEST: f64 = 2_147_483_647.0;

const fn heap(name: &'static str, value: Value) -> Parameter {
    Parameter {
        name,
        value,
        of_toast: false,
    }
}

const fn both(name: &'static str, value: Value) -> Parameter {
    Parameter {
        name,
        value,
        of_toast: true,
    }
}

/// Those of PostgreSQL 15.
const PARAMETERS: &[Parameter] = &[
    heap(OPTION.name, Value::Integer(10.0, 100.0)),
    heap("toast_tuple_target", Value::Integer(128.0, 8160.0)),
    heap("parallel_workers", Value::Integer(0.0, 1024.0)),
    heap("user_catalog_table", Value::Boolean),
    heap(
        "autovacuum_analyze_threshold",
        Value::Integer(0.0, GREATEST),
    ),
    heap("autovacuum_analyze_scale_factor", Value::Real(0.0, 100.0)),
    both("autovacuum_enabled", Value::Boolean),
    both("vacuum_truncate", Value::Boolean),
    both("vacuum_index_cleanup", Value::BooleanOrAuto),
    both("autovacuum_vacuum_threshold", Value::Integer(0.0, GREATEST)),
    both(
        "autovacuum_vacuum_insert_threshold",
        Value::Integer(-1.0, GREATEST),
    ),
    both("autovacuum_vacuum_scale_factor", Value::Real(0.0, 100.0)),
    both(
        "autovacuum_vacuum_insert_scale_factor",
        Value::Real(0.0, 100.0),
    ),
    both("autovacuum_vacuum_cost_delay", Value::Real(0.0, 100.0)),
    both(
        "autovacuum_vacuum_cost_limit",
        Value::Integer(1.0, 10_000.0),
    ),
    both("autovacuum_freeze_min_age", Value::Integer(0.0, 1e9)),
    both("autovacuum_freeze_max_age", Value::Integer(1e5, 2e9)),
    both("autovacuum_freeze_table_age", Value::Integer(0.0, 2e9)),
    both(
        "autovacuum_multixact_freeze_min_age",
        Value::Integer(0.0, 1e9),
    ),
    both(
        "autovacuum_multixact_freeze_max_age",
        Value::Integer(1e4, 2e9),
    ),
    both(
        "autovacuum_multixact_freeze_table_age",
        Value::Integer(0.0, 2e9),
    ),
    both(
        "log_autovacuum_min_duration",
        Value::Integer(-1.0, GREATEST),
    ),
];

/// Whether an option is a storage parameter of PostgreSQL's tables.
pub fn is_one(name: &str) -> bool {
    parameter(name).is_some()
}

fn parameter(name: &str) -> Option<&'static Parameter> {
    match name.strip_prefix(TOAST) {
        Some(name) => PARAMETERS.iter().find(|it| it.of_toast && it.name == name),
        None => PARAMETERS.iter().find(|it| it.name == name),
    }
}

/// Checks the values of those that are among the options.
///
/// # Errors
/// 22023 for one that is not of the parameter's type, or out of bounds.
pub fn check(options: &Options) -> Result<()> {
    for (name, value) in &options.0 {
        if let Some(parameter) = parameter(name) {
            parameter.value.check(parameter.name, value)?;
        }
    }
    Ok(())
}

/// Checks the parameters of an index. A method that PostgreSQL has not may have any.
///
/// # Errors
/// 22023 for one that the method does not have, or that is not of its type, or out of bounds.
pub fn check_index(method: &str, options: &Options) -> Result<()> {
    let fillfactor = ("fillfactor", Value::Integer(10.0, 100.0));
    let known = match method {
        "btree" => vec![
            fillfactor,
            ("deduplicate_items", Value::Boolean),
            ("vacuum_cleanup_index_scale_factor", Value::Real(0.0, 1e10)),
        ],
        "hash" | "spgist" => vec![fillfactor],
        "gist" => vec![fillfactor, ("buffering", Value::Auto)],
        "gin" => vec![
            ("fastupdate", Value::Boolean),
            ("gin_pending_list_limit", Value::Integer(64.0, GREATEST)),
        ],
        "brin" => vec![
            ("pages_per_range", Value::Integer(1.0, 131_072.0)),
            ("autosummarize", Value::Boolean),
        ],
        _ => return Ok(()),
    };
    for (name, value) in &options.0 {
        match known.iter().find(|(known, _)| known == name) {
            Some((name, parameter)) => parameter.check(name, value)?,
            None => {
                let message = format!("unrecognized parameter \"{name}\"");
                let names: Vec<&str> = known.iter().map(|(known, _)| *known).collect();
                let hint = format!("Those of {method} are: {}.", names.join(", "));
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message).with_hint(hint));
            }
        }
    }
    Ok(())
}

impl Value {
    fn check(&self, name: &str, value: &str) -> Result<()> {
        let invalid = |what: &str| {
            let message = format!("invalid value for {what} option \"{name}\": {value}");
            Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
        };
        match self {
            Self::Boolean => match boolean(value) {
                Some(_) => Ok(()),
                None => Err(invalid("boolean")),
            },
            Self::Auto | Self::BooleanOrAuto => {
                let words = ["auto", "on", "off", "true", "false", "yes", "no", "1", "0"];
                let count = match self {
                    Self::Auto => 3,
                    _ => words.len(),
                };
                let mut words = words.iter().take(count);
                let is_word = words.any(|word| word.eq_ignore_ascii_case(value));
                match is_word {
                    true => Ok(()),
                    false => Err(invalid("enum")
                        .with_detail("Valid values are \"on\", \"off\", and \"auto\".")),
                }
            }
            Self::Integer(least, most) => {
                let number = number(value).map(f64::round_ties_even);
                let number = number.filter(|number| number.abs() <= GREATEST);
                let number = number.ok_or_else(|| invalid("integer"))?;
                within(name, value, number, (*least, *most), 0)
            }
            Self::Real(least, most) => {
                let number = number(value).ok_or_else(|| invalid("floating point"))?;
                within(name, value, number, (*least, *most), 6)
            }
        }
    }
}

/// A number as PostgreSQL reads those of its parameters: decimal, also with a point, or hexadecimal.
fn number(value: &str) -> Option<f64> {
    let value = value.trim();
    let hexadecimal = value
        .strip_prefix("0x")
        .or_else(|| value.strip_prefix("0X"));
    if let Some(digits) = hexadecimal {
        return u32::from_str_radix(digits, 16).ok().map(f64::from);
    }
    let number = value.parse::<f64>().ok();
    number.filter(|number| number.is_finite())
}

/// That a number is within bounds, which are shown with so many digits behind the point.
fn within(
    name: &str,
    value: &str,
    number: f64,
    (least, most): (f64, f64),
    digits: usize,
) -> Result<()> {
    if (least..=most).contains(&number) {
        return Ok(());
    }
    let message = format!("value {value} out of bounds for option \"{name}\"");
    let detail = format!("Valid values are between \"{least:.digits$}\" and \"{most:.digits$}\".");
    Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message).with_detail(detail))
}
