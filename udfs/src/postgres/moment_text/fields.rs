//! The parts that a text of a date or time falls into (`ParseDateTime` of PostgreSQL's `datetime.c`).

use super::Fault;

/// What a part is by its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Digits, perhaps with a point.
    Number,
    /// Letters.
    Word,
    /// `1999-01-08`, `08-Jan-99`, also `America/New_York`.
    Date,
    /// `04:05:06.789`
    Time,
    /// A sign and digits.
    Zone,
    /// A sign and letters: `-infinity`.
    Special,
}

/// A part, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// The most parts of a text.
const MOST: usize = 25;

/// Takes a text apart. `is_known` tells the words that stand alone where digits follow them.
pub(super) fn fields(text: &str, is_known: fn(&str) -> bool) -> Result<Vec<Field>, Fault> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        if first.is_ascii_whitespace() {
            continue;
        }
        let mut text = String::from(first);
        let kind = match first {
            '0'..='9' => number(&mut text, &mut rest),
            '.' => {
                take(&mut text, &mut rest, |next| next.is_ascii_digit());
                Kind::Number
            }
            letter if letter.is_alphabetic() => word(&mut text, &mut rest, is_known),
            '+' | '-' => {
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                match rest.peek() {
                    Some(digit) if digit.is_ascii_digit() => {
                        take(&mut text, &mut rest, |next| {
                            next.is_ascii_digit() || matches!(next, ':' | '.' | '-')
                        });
                        Kind::Zone
                    }
                    Some(letter) if letter.is_ascii_alphabetic() => {
                        take(&mut text, &mut rest, |next| next.is_ascii_alphabetic());
                        Kind::Special
                    }
                    _ => return Err(Fault::Syntax),
                }
            }
            mark if mark.is_ascii_punctuation() => continue,
            _ => return Err(Fault::Syntax),
        };
        if found.len() == MOST {
            return Err(Fault::Syntax);
        }
        found.push(Field { kind, text });
    }
    Ok(found)
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn take(text: &mut String, rest: &mut Characters<'_>, belongs: impl Fn(char) -> bool) {
    while let Some(next) = rest.next_if(|next| belongs(*next)) {
        text.push(next);
    }
}

fn number(text: &mut String, rest: &mut Characters<'_>) -> Kind {
    take(text, rest, |next| next.is_ascii_digit());
    match rest.peek().copied() {
        Some(':') => {
            take(text, rest, |next| {
                next.is_ascii_digit() || matches!(next, ':' | '.')
            });
            Kind::Time
        }
        Some(mark @ ('-' | '/' | '.')) => {
            text.push(mark);
            rest.next();
            if !rest.peek().is_some_and(char::is_ascii_digit) {
                take(text, rest, |next| next.is_alphanumeric() || next == mark);
                return Kind::Date;
            }
            take(text, rest, |next| next.is_ascii_digit());
            if rest.next_if_eq(&mark).is_some() {
                text.push(mark);
                take(text, rest, |next| next.is_ascii_digit() || next == mark);
                return Kind::Date;
            }
            if mark == '.' {
                Kind::Number
            } else {
                Kind::Date
            }
        }
        _ => Kind::Number,
    }
}

fn word(text: &mut String, rest: &mut Characters<'_>, is_known: fn(&str) -> bool) -> Kind {
    take(text, rest, char::is_alphabetic);
    let goes_on = match rest.peek() {
        Some('-' | '/' | '.') => true,
        Some(next) if *next == '+' || next.is_ascii_digit() => !is_known(&text.to_lowercase()),
        _ => false,
    };
    if !goes_on {
        return Kind::Word;
    }
    take(text, rest, |next| {
        next.is_alphanumeric() || matches!(next, '+' | '-' | '/' | '_' | '.' | ':')
    });
    Kind::Date
}
