//! Texts as the date, the time or both that their template asks for.

use super::moment_reader::read;
use super::template::{Field, Part, parse};
use crate::FunctionError;

/// What a text says of what its template asks for.
pub(crate) struct ByTemplate {
    /// Days since 1970-01-01.
    pub(crate) day: Option<i64>,
    /// Microseconds of the day.
    pub(crate) micros: Option<i64>,
    /// Seconds east of UTC.
    pub(crate) offset: Option<i64>,
}

/// Reads a text by a template.
///
/// # Errors
/// 22007 and 22008 for a text that is not as the template says, or no date or time.
pub(crate) fn read_by_template(text: &str, template: &str) -> Result<ByTemplate, FunctionError> {
    let parts = parse(template);
    let parsed = read(text, &parts)?.assemble(text)?;
    let asks = |of: fn(Field) -> bool| {
        parts
            .iter()
            .any(|part| matches!(part, Part::Pattern(pattern) if of(pattern.field)))
    };
    let is_zoned = asks(is_zone);
    if is_zoned && parsed.offset.is_none() {
        return Err(FunctionError {
            sqlstate: "22007",
            message: "input string is too short for datetime format".to_owned(),
            hint: None,
        });
    }
    Ok(ByTemplate {
        day: asks(|field| !is_time(field) && !is_zone(field) && field != Field::Exactly)
            .then_some(parsed.day),
        micros: asks(is_time).then_some(parsed.micros),
        offset: parsed.offset.filter(|_| is_zoned),
    })
}

fn is_zone(field: Field) -> bool {
    matches!(
        field,
        Field::ZoneOffset | Field::ZoneHours | Field::ZoneMinutes | Field::ZoneName(_)
    )
}

fn is_time(field: Field) -> bool {
    matches!(
        field,
        Field::Meridiem { .. }
            | Field::Fraction(_)
            | Field::Milliseconds
            | Field::Microseconds
            | Field::Hour24
            | Field::Hour12
            | Field::Minute
            | Field::Second
            | Field::SecondOfDay
    )
}
