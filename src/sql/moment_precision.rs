//! Types with fewer digits of a second than moments have: `timestamp(3)`, `timestamptz(0)`, `time(1)`,
//! `interval(2)`, and intervals of some fields alone: `interval day to minute`.
//! And the moments of now by their names in SQL: `current_timestamp(0)`, `localtimestamp`, `localtime`.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, CastKind, ColumnDef, DataType, DateTimeField, Expr, FunctionArg,
    FunctionArgExpr, FunctionArguments, Ident, Interval, IntervalFields, Query, TimezoneInfo,
    Value, VisitorMut,
};
use tributary_udfs::postgres::{MOMENT_DIGITS, ROUND_MOMENT};

use super::cursor::folded;
use super::standard_forms;
use crate::sql::walk::VisitMut;

/// The key of a recorded column's metadata that holds the digits of a second of its type.
pub const MOMENT_PRECISION: &str = "tributary.moment_precision";

/// The digits of a second that a type limits its values to, or the elements of its arrays; none for all that there
/// are.
pub fn of(data_type: &DataType) -> Option<u8> {
    let digits = match data_type {
        DataType::Timestamp(Some(digits), _) | DataType::Time(Some(digits), _) => digits,
        DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) => return of(element),
        _ => return None,
    };
    u8::try_from(*digits)
        .ok()
        .filter(|digits| *digits < MOMENT_DIGITS)
}

/// The type without its digits, where it limits them.
pub fn stored(data_type: &DataType) -> Option<DataType> {
    of(data_type)?;
    match data_type {
        DataType::Timestamp(_, zone) => Some(DataType::Timestamp(None, *zone)),
        DataType::Time(_, zone) => Some(DataType::Time(None, *zone)),
        DataType::Array(ArrayElemTypeDef::SquareBracket(element, length)) => {
            let element = ArrayElemTypeDef::SquareBracket(Box::new(stored(element)?), *length);
            Some(DataType::Array(element))
        }
        _ => None,
    }
}

/// The digits of a declared column's values.
pub fn of_column(columns: &[ColumnDef], name: &str) -> Option<u8> {
    let column = columns.iter().find(|column| folded(&column.name) == name)?;
    of(&column.data_type)
}

/// Has casts to such types round.
pub fn rewrite(query: &mut Query) {
    struct Rewriter;
    impl VisitorMut for Rewriter {
        type Break = Infallible;

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
            let changed = rounding(expr).or_else(|| limited_interval(expr));
            if let Some(changed) = changed.or_else(|| now(expr)) {
                *expr = changed;
            }
            ControlFlow::Continue(())
        }
    }
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Rewriter);
}

fn rounding(expr: &mut Expr) -> Option<Expr> {
    let data_type = match expr {
        Expr::Cast { data_type, .. } => data_type,
        Expr::TypedString(typed) => &mut typed.data_type,
        _ => return None,
    };
    let digits = of(data_type)?;
    *data_type = stored(data_type)?;
    let value = std::mem::replace(expr, Expr::value(Value::Null));
    Some(rounded(value, digits))
}

/// A cast to an interval that has some fields, or digits of a second, alone.
fn limited_interval(expr: &mut Expr) -> Option<Expr> {
    let Expr::Cast {
        data_type: DataType::Interval { fields, precision },
        expr: value,
        ..
    } = expr
    else {
        return None;
    };
    let limits = (fields.take(), precision.take());
    if limits == (None, None) {
        return None;
    }
    let (fields, precision) = limits;
    // A number in a text is of the last field.
    if let Some(fields) = &fields
        && let Expr::Value(text) = value.as_ref()
        && matches!(text.value, Value::SingleQuotedString(_))
    {
        let (first, last) = ends(fields);
        return Some(Expr::Interval(Interval {
            value: std::mem::replace(value, Box::new(Expr::value(Value::Null))),
            leading_field: Some(first),
            leading_precision: None,
            last_field: last,
            fractional_seconds_precision: precision,
        }));
    }
    let mut limited = std::mem::replace(expr, Expr::value(Value::Null));
    let unit = fields.as_ref().and_then(least_unit);
    if let Some(unit) = unit {
        let mut function = standard_forms::call(Ident::new("date_trunc"));
        let unit = Expr::value(Value::SingleQuotedString(unit.to_owned()));
        function.args = standard_forms::arguments(vec![unit, limited]);
        limited = Expr::Function(function);
    }
    let digits = precision.and_then(|digits| u8::try_from(digits).ok());
    match digits.filter(|digits| *digits < MOMENT_DIGITS) {
        Some(digits) => Some(rounded(limited, digits)),
        None => Some(limited),
    }
}

/// The first and the last field of those that an interval has.
fn ends(fields: &IntervalFields) -> (DateTimeField, Option<DateTimeField>) {
    use DateTimeField::{Day, Hour, Minute, Month, Second, Year};
    match fields {
        IntervalFields::Year => (Year, None),
        IntervalFields::Month => (Month, None),
        IntervalFields::Day => (Day, None),
        IntervalFields::Hour => (Hour, None),
        IntervalFields::Minute => (Minute, None),
        IntervalFields::Second => (Second, None),
        IntervalFields::YearToMonth => (Year, Some(Month)),
        IntervalFields::DayToHour => (Day, Some(Hour)),
        IntervalFields::DayToMinute => (Day, Some(Minute)),
        IntervalFields::DayToSecond => (Day, Some(Second)),
        IntervalFields::HourToMinute => (Hour, Some(Minute)),
        IntervalFields::HourToSecond => (Hour, Some(Second)),
        IntervalFields::MinuteToSecond => (Minute, Some(Second)),
    }
}

/// The least field of an interval that is not cut into smaller ones.
fn least_unit(fields: &IntervalFields) -> Option<&'static str> {
    match ends(fields) {
        (_, Some(DateTimeField::Month)) | (DateTimeField::Month, None) => Some("month"),
        (DateTimeField::Year, None) => Some("year"),
        (DateTimeField::Day, None) => Some("day"),
        (_, Some(DateTimeField::Hour)) | (DateTimeField::Hour, None) => Some("hour"),
        (_, Some(DateTimeField::Minute)) | (DateTimeField::Minute, None) => Some("minute"),
        _ => None,
    }
}

fn rounded(value: Expr, digits: u8) -> Expr {
    let mut function = standard_forms::call(Ident::new(ROUND_MOMENT));
    let digits = Expr::value(Value::Number(digits.to_string(), false));
    function.args = standard_forms::arguments(vec![value, digits]);
    Expr::Function(function)
}

/// The moment of now that a function without arguments, or of digits, is.
fn now(expr: &Expr) -> Option<Expr> {
    let Expr::Function(function) = expr else {
        return None;
    };
    let [name] = function.name.0.as_slice() else {
        return None;
    };
    let name = name.as_ident().filter(|name| name.quote_style.is_none())?;
    let data_type = match name.value.to_ascii_lowercase().as_str() {
        "current_timestamp" => None,
        "localtimestamp" => Some(DataType::Timestamp(None, TimezoneInfo::None)),
        "localtime" => Some(DataType::Time(None, TimezoneInfo::None)),
        _ => return None,
    };
    let digits = match &function.args {
        FunctionArguments::None => None,
        FunctionArguments::List(list) => match list.args.as_slice() {
            [] => None,
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))] => {
                match &value.value {
                    Value::Number(digits, _) => Some(digits.parse::<u8>().ok()?),
                    _ => return None,
                }
            }
            _ => return None,
        },
        FunctionArguments::Subquery(_) => return None,
    };
    if data_type.is_none() && digits.is_none() {
        return None;
    }
    let mut now = standard_forms::call(Ident::new("now"));
    now.args = standard_forms::arguments(Vec::new());
    let mut value = Expr::Function(now);
    if let Some(data_type) = data_type {
        value = Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(value),
            data_type,
            array: false,
            format: None,
        };
    }
    Some(match digits.filter(|digits| *digits < MOMENT_DIGITS) {
        Some(digits) => rounded(value, digits),
        None => value,
    })
}
