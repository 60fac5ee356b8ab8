//! Arrow's errors of casts, in Postgres's words. Arrow tells them by text alone.

use super::{Error, SqlState, lower_first};

/// The error of a value that a cast cannot take.
pub(super) fn from_message(message: &str) -> Error {
    unreadable_text(message)
        .or_else(|| out_of_range(message))
        .unwrap_or_else(|| {
            let sqlstate = match message.contains("for type interval") {
                true => SqlState::INVALID_DATETIME_FORMAT,
                false => SqlState::INVALID_TEXT_REPRESENTATION,
            };
            Error::new(sqlstate, lower_first(message))
        })
}

/// `Cannot cast string 'abc' to value of Int32 type`
fn unreadable_text(message: &str) -> Option<Error> {
    let rest = message
        .strip_prefix("Cannot cast string '")
        .or_else(|| message.strip_prefix("Cannot cast value '"))?;
    let (text, rest) = rest.rsplit_once("' to value of ")?;
    let arrow = rest.strip_suffix(" type")?;
    let name = sql_name(arrow)?;
    let is_whole = text
        .trim_start_matches(['-', '+'])
        .bytes()
        .all(|byte| byte.is_ascii_digit());
    if is_whole && !text.is_empty() && (arrow.starts_with("Int") || arrow.starts_with("UInt")) {
        return Some(Error::new(
            SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
            format!("value \"{text}\" is out of range for type {name}"),
        ));
    }
    let sqlstate = match name {
        "date" | "time" | "timestamp" | "interval" => SqlState::INVALID_DATETIME_FORMAT,
        _ => SqlState::INVALID_TEXT_REPRESENTATION,
    };
    Some(Error::new(
        sqlstate,
        format!("invalid input syntax for type {name}: \"{text}\""),
    ))
}

/// A number that another type cannot hold.
pub(super) fn out_of_range(message: &str) -> Option<Error> {
    let error = |message: String| Some(Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message));
    if let Some(rest) = message.strip_prefix("Can't cast value ") {
        let (_, arrow) = rest.rsplit_once(" to type ")?;
        let name = sql_name(arrow)?;
        return error(format!("{name} out of range"));
    }
    let is_decimal = [" to Decimal", " in a Decimal"]
        .iter()
        .any(|part| message.contains(part));
    let overflows = ["Overflowing on", "overflow", "too large", "too small"]
        .iter()
        .any(|part| message.contains(part));
    if is_decimal && overflows {
        return error("numeric field overflow".to_owned())
            .map(|error| error.with_detail(format!("{message}.")));
    }
    None
}

/// SQL's name of a type that Arrow's `Debug` or `Display` shows.
pub(super) fn sql_name(arrow: &str) -> Option<&'static str> {
    let kind = arrow.split('(').next().unwrap_or(arrow);
    Some(match kind {
        "Boolean" => "boolean",
        "Int8" | "UInt8" | "Int16" => "smallint",
        "UInt16" | "Int32" => "integer",
        "UInt32" | "Int64" => "bigint",
        "UInt64" | "Decimal128" | "Decimal256" => "numeric",
        "Float16" | "Float32" => "real",
        "Float64" => "double precision",
        "Date32" | "Date64" => "date",
        "Time32" | "Time64" => "time",
        "Timestamp" => "timestamp",
        "Interval" | "Duration" => "interval",
        "Utf8" | "LargeUtf8" | "Utf8View" | "String" => "text",
        "Binary" | "LargeBinary" | "BinaryView" | "FixedSizeBinary" => "bytea",
        "List" | "LargeList" | "FixedSizeList" => "array",
        "Struct" => "record",
        "Null" => "unknown",
        _ => return None,
    })
}
