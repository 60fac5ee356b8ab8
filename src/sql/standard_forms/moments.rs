//! Moments: their fields, which `extract` and `date_part` give, and `AT TIME ZONE`.

use datafusion::sql::sqlparser::ast::{CastKind, DataType, Expr, TimezoneInfo, Value};
use tributary_udfs::postgres::{IntervalUnit, interval_unit};

use super::calls::{named_call, taken};

/// Says `AT TIME ZONE` by the function `timezone`.
pub(super) fn at_time_zone(expr: &mut Expr) {
    let Expr::AtTimeZone {
        timestamp,
        time_zone,
    } = expr
    else {
        return;
    };
    let zone = taken(time_zone);
    let moment = with_time_zone(taken(timestamp));
    *expr = named_call("timezone", vec![zone, moment]);
}

/// A literal that is a moment by where it stands.
fn with_time_zone(moment: Expr) -> Expr {
    match moment {
        Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)) => Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(Expr::Value(value)),
            data_type: DataType::Timestamp(None, TimezoneInfo::WithTimeZone),
            array: false,
            format: None,
        },
        other => other,
    }
}

/// `date_trunc('day', moment, 'Europe/Berlin')` is of the days there. Hours and less, of which a clock shows
/// some twice, have a function of their own.
pub(super) fn truncated_there(unit: &Expr, moment: &Expr, zone: &Expr) -> Expr {
    if is_of_clock(unit) {
        return named_call(
            "date_trunc_clock",
            vec![unit.clone(), moment.clone(), zone.clone()],
        );
    }
    let there = |moment: Expr| named_call("timezone", vec![zone.clone(), moment]);
    let cut = named_call("date_trunc", vec![unit.clone(), there(moment.clone())]);
    there(cut)
}

/// Whether a literal names an hour, or what is less.
fn is_of_clock(unit: &Expr) -> bool {
    use IntervalUnit::{Hour, Microsecond, Millisecond, Minute, Second};
    let Expr::Value(unit) = unit else {
        return false;
    };
    let Value::SingleQuotedString(name) = &unit.value else {
        return false;
    };
    matches!(
        interval_unit(&name.to_lowercase()),
        Some(Microsecond | Millisecond | Second | Minute | Hour)
    )
}

/// The function that extracts a field which DataFusion's `date_part` has not, or has as another type.
fn field_function(field: &str) -> Option<&'static str> {
    use IntervalUnit::{Century, Decade, Millennium, Millisecond, Second};
    Some(match (interval_unit(field), field) {
        (Some(Century | Decade | Millennium), _)
        | (
            None,
            "isoyear" | "timezone" | "timezone_h" | "timezone_hour" | "timezone_m"
            | "timezone_minute",
        ) => "extract_whole",
        (Some(Second), _) | (None, "epoch") => "extract_seconds",
        (Some(Millisecond), _) => "extract_milliseconds",
        (None, "julian" | "jd" | "j") => "extract_julian",
        _ => return None,
    })
}

/// Whether `date_part` computes a field as the double that it gives: those that are infinite where the
/// moment is, which a numeric cannot be, and those of the clock, which a date has none of for `extract`.
fn is_double(field: &str) -> bool {
    use IntervalUnit::{Day, Month, Week};
    match interval_unit(field) {
        Some(unit) => !matches!(unit, Day | Week | Month),
        None => matches!(field, "isoyear" | "julian" | "jd" | "j" | "epoch"),
    }
}

/// A field of a moment or an interval.
pub(super) fn extracted(field: &str, from: Expr) -> Expr {
    let name = Expr::value(Value::SingleQuotedString(field.to_owned()));
    match field_function(field) {
        Some(function @ ("extract_milliseconds" | "extract_julian")) => {
            named_call(function, vec![from])
        }
        Some(function) => named_call(function, vec![name, from]),
        // In parentheses it is DataFusion's, and not PostgreSQL's, which gives another type.
        None => named_call("date_part", vec![Expr::Nested(Box::new(name)), from]),
    }
}

/// A field as `date_part` gives it, before that is a double.
pub(super) fn date_part(field: &str, from: Expr) -> Expr {
    let field = field.to_lowercase();
    match is_double(&field) {
        true => {
            let name = Expr::value(Value::SingleQuotedString(field));
            named_call("double_field", vec![name, from])
        }
        false => extracted(&field, from),
    }
}
