//! Takes the time of day off a date.

use super::unicode::is_digits;

/// The text before a time of day, which must be one: `T10:15`, ` 10:15:00.5 +02:00`, ` 3 pm`.
pub(super) fn without_time(text: &str) -> Option<&str> {
    let Some(colon) = text.find(':') else {
        return Some(text);
    };
    let before = text.get(..colon)?;
    let hour = before.trim_end_matches(|last: char| last.is_ascii_digit());
    let date = hour
        .strip_suffix(['T', 't'])
        .filter(|date| date.ends_with(|last: char| last.is_ascii_digit()))
        .or_else(|| hour.ends_with([' ', '\u{A0}']).then_some(hour))?;
    is_time(text.get(hour.len()..)?).then(|| date.trim_end().trim_end_matches(','))
}

/// Hours below 24, minutes and seconds below 60, a fraction, am or pm, a zone.
fn is_time(text: &str) -> bool {
    let end = text
        .find(|character: char| {
            !character.is_ascii_digit() && !matches!(character, ':' | '.' | ',')
        })
        .unwrap_or(text.len());
    let (clock, rest) = text.split_at(end);
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let mut fields = clock.split(':');
    let mut below = |limit: u8, optional: bool| match fields.next() {
        Some(field) => {
            (1..=2).contains(&field.len()) && field.parse::<u8>().is_ok_and(|value| value < limit)
        }
        None => optional,
    };
    let clock_is_right = below(25, false) && below(60, false) && below(61, true);
    let nothing_more = fields.next().is_none();
    clock_is_right && nothing_more && is_digits(fraction) && is_zone(rest)
}

fn is_zone(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let text = ["am", "pm", "a.m.", "p.m."]
        .iter()
        .find_map(|half| text.strip_prefix(half))
        .unwrap_or(&text)
        .trim();
    let name = text.trim_start_matches(|first: char| first.is_ascii_lowercase());
    let offset_is_right = name.is_empty()
        || name.strip_prefix(['+', '-']).is_some_and(|offset| {
            matches!(offset.len(), 2 | 4 | 5)
                && offset
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b':')
        });
    text.len() - name.len() <= 5 && offset_is_right
}
