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
        let detail = field_of(message).unwrap_or_else(|| format!("{message}."));
        return error("numeric field overflow".to_owned()).map(|error| error.with_detail(detail));
    }
    None
}

/// `1234.5 is too large to store in a Decimal128 of precision 4. Max is 999.9`
fn field_of(message: &str) -> Option<String> {
    let (_, rest) = message.split_once(" to store in a Decimal")?;
    let (_, rest) = rest.split_once(" of precision ")?;
    let (precision, bound) = rest.split_once(". M")?;
    let (_, bound) = bound.split_once(" is ")?;
    let precision: usize = precision.parse().ok()?;
    let scale = bound.split_once('.').map_or(0, |(_, digits)| {
        digits.bytes().take_while(u8::is_ascii_digit).count()
    });
    let limit = match precision.checked_sub(scale)? {
        0 => "1".to_owned(),
        digits => format!("10^{digits}"),
    };
    Some(format!(
        "A field with precision {precision}, scale {scale} must round to an absolute value less than {limit}."
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_of_a_numeric_that_overflows_is_told() {
        for (message, detail) in [
            (
                "1234.5 is too large to store in a Decimal128 of precision 4. Max is 999.9",
                "A field with precision 4, scale 1 must round to an absolute value less than 10^3.",
            ),
            (
                "-99999 is too small to store in a Decimal128 of precision 4. Min is -9999",
                "A field with precision 4, scale 0 must round to an absolute value less than 10^4.",
            ),
            (
                "5.55 is too large to store in a Decimal128 of precision 2. Max is 0.99",
                "A field with precision 2, scale 2 must round to an absolute value less than 1.",
            ),
        ] {
            let error = out_of_range(message).unwrap();
            assert_eq!(error.message(), "numeric field overflow");
            assert_eq!(error.detail(), Some(detail));
        }
    }
}
