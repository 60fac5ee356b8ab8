//! Intervals: their literals, in units that the planner reads everywhere, and `make_interval`.

use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::ast::{
    DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Interval, Value,
};
use tributary_udfs::postgres::{IntervalUnit, read_interval};

use crate::error::Result;
use crate::sql::cursor::folded;

/// `make_interval(days => 3)` with its arguments in their order.
pub(super) fn place_arguments(function: &mut Function) {
    const NAMES: [&str; 7] = ["years", "months", "weeks", "days", "hours", "mins", "secs"];
    let FunctionArguments::List(list) = &mut function.args else {
        return;
    };
    let zero = || Expr::value(Value::Number("0".to_owned(), false));
    let mut placed: Vec<Expr> = NAMES.iter().map(|_| zero()).collect();
    for (index, argument) in list.args.iter().enumerate() {
        let (place, value) = match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => (Some(index), value),
            FunctionArg::Named {
                name,
                arg: FunctionArgExpr::Expr(value),
                ..
            } => {
                let name = folded(name);
                (NAMES.iter().position(|known| *known == name), value)
            }
            _ => return,
        };
        match place.and_then(|place| placed.get_mut(place)) {
            Some(place) => *place = value.clone(),
            // The planner tells of a name that is none.
            None => return,
        }
    }
    let unnamed = |value| FunctionArg::Unnamed(FunctionArgExpr::Expr(value));
    list.args = placed.into_iter().map(unnamed).collect();
}

/// Says an interval in months, days and microseconds, which the planner reads everywhere.
pub(super) fn in_plain_units(interval: &mut Interval) -> Result<()> {
    let Expr::Value(value) = interval.value.as_mut() else {
        return Ok(());
    };
    let (Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text)) = &mut value.value
    else {
        return Ok(());
    };
    let range = match (&interval.leading_field, &interval.last_field) {
        (None, None) => None,
        (Some(only), None) => interval_unit(only).map(|unit| (unit, unit)),
        (first, last) => first
            .as_ref()
            .and_then(interval_unit)
            .zip(last.as_ref().and_then(interval_unit)),
    };
    if range.is_none() && interval.leading_field.is_some() {
        return Ok(());
    }
    let mut parts = read_interval(text, range).map_err(DataFusionError::from)?;
    // `interval '1.2345' second(2)`
    let digits = interval
        .fractional_seconds_precision
        .or(interval.leading_precision);
    if let Some(digits) = digits.and_then(|digits| u32::try_from(digits).ok())
        && let Some(unit) = 6_u32.checked_sub(digits).map(|zeros| 10_i64.pow(zeros))
    {
        let half = parts.micros.signum() * (unit / 2);
        parts.micros = (parts.micros + half) / unit * unit;
    }
    *text = format!(
        "{} mons {} days {} microseconds",
        parts.months, parts.days, parts.micros
    );
    interval.leading_field = None;
    interval.leading_precision = None;
    interval.last_field = None;
    interval.fractional_seconds_precision = None;
    Ok(())
}

fn interval_unit(field: &DateTimeField) -> Option<IntervalUnit> {
    Some(match field {
        DateTimeField::Year | DateTimeField::Years => IntervalUnit::Year,
        DateTimeField::Month | DateTimeField::Months => IntervalUnit::Month,
        DateTimeField::Day | DateTimeField::Days => IntervalUnit::Day,
        DateTimeField::Hour | DateTimeField::Hours => IntervalUnit::Hour,
        DateTimeField::Minute | DateTimeField::Minutes => IntervalUnit::Minute,
        DateTimeField::Second | DateTimeField::Seconds => IntervalUnit::Second,
        _ => return None,
    })
}
