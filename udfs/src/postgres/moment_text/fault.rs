//! Why a text is no date, time or interval.

use crate::FunctionError;

/// Why a text is no date or time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Fault {
    Syntax,
    OutOfRange,
    /// Fields that are in their ranges, but make an interval that is longer than there are any.
    TooLong,
    /// A month or day that may have been meant in another order.
    MonthOrDay,
    Displacement,
    Zone(String),
}

impl Fault {
    pub(in super::super) fn error(self, data_type: &str, text: &str) -> FunctionError {
        let (sqlstate, message) = match &self {
            Self::Syntax => (
                "22007",
                format!("invalid input syntax for type {data_type}: \"{text}\""),
            ),
            Self::OutOfRange if data_type == "interval" => (
                "22015",
                format!("interval field value out of range: \"{text}\""),
            ),
            Self::TooLong => ("22008", "interval out of range".to_owned()),
            Self::OutOfRange | Self::MonthOrDay => (
                "22008",
                format!("date/time field value out of range: \"{text}\""),
            ),
            Self::Displacement => (
                "22009",
                format!("time zone displacement out of range: \"{text}\""),
            ),
            Self::Zone(name) => ("22023", format!("time zone \"{name}\" not recognized")),
        };
        let hint = (self == Self::MonthOrDay)
            .then(|| "Perhaps you need a different \"datestyle\" setting.".to_owned());
        FunctionError {
            sqlstate,
            message,
            hint,
        }
    }
}
