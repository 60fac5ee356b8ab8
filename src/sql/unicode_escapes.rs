//! `U&'d\0061ta'` and `U&"d\0061ta"`: literals and names with characters by their numbers, with another
//! escape character by `UESCAPE '!'`. The tokenizer gives them as the word, the sign and what is in quotes.

use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Word};

use super::cursor::{Failure, Parsed};
use crate::error::{Error, SqlState};

/// Puts literals and names as they are meant in the place of those with escapes.
///
/// # Errors
/// 42601 for an escape, or an escape character, that is none.
pub(super) fn read(tokens: Vec<TokenWithSpan>) -> Parsed<Vec<TokenWithSpan>> {
    if !tokens.windows(3).any(is_escaped) {
        return Ok(tokens);
    }
    let mut out = Vec::with_capacity(tokens.len());
    let mut rest = tokens.as_slice();
    while let Some((token, behind)) = rest.split_first() {
        let (Some([_, _, quoted]), true) = (rest.first_chunk::<3>(), is_escaped(rest)) else {
            out.push(token.clone());
            rest = behind;
            continue;
        };
        rest = &rest[3..];
        let (more, count) = continued(&quoted.token, rest);
        rest = &rest[count..];
        let (escape, count) = escape_character(rest)?;
        rest = &rest[count..];
        let mut read = TokenWithSpan {
            token: quoted.token.clone(),
            span: token.span,
        };
        if let Token::SingleQuotedString(text) | Token::Word(Word { value: text, .. }) =
            &mut read.token
        {
            text.push_str(&more);
            *text = unescaped(text, escape, quoted.span.start)?;
        }
        out.push(read);
    }
    Ok(out)
}

/// Whether these begin with a literal or a name with escapes; blanks would be tokens between.
fn is_escaped(tokens: &[TokenWithSpan]) -> bool {
    let [word, sign, quoted, ..] = tokens else {
        return false;
    };
    let is_sign = matches!(sign.token, Token::Ampersand);
    is_sign
        && matches!(&word.token, Token::Word(Word { value, quote_style: None, .. })
            if value.eq_ignore_ascii_case("u"))
        && matches!(
            quoted.token,
            Token::SingleQuotedString(_)
                | Token::Word(Word {
                    quote_style: Some('"'),
                    ..
                })
        )
}

/// What goes on with a literal on lines below it, and how many tokens that takes.
fn continued(quoted: &Token, tokens: &[TokenWithSpan]) -> (String, usize) {
    let (mut text, mut taken) = (String::new(), 0);
    if !matches!(quoted, Token::SingleQuotedString(_)) {
        return (text, taken);
    }
    while let Some(rest) = tokens.get(taken..) {
        let blanks = rest.iter().take_while(|it| is_blank(it)).count();
        let is_below = rest[..blanks]
            .iter()
            .any(|it| it.token.to_string().contains('\n'));
        match rest.get(blanks).map(|it| &it.token) {
            Some(Token::SingleQuotedString(more)) if is_below => {
                text.push_str(more);
                taken += blanks + 1;
            }
            _ => break,
        }
    }
    (text, taken)
}

fn is_blank(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

/// The character that escapes begin with, and how many tokens say so.
fn escape_character(tokens: &[TokenWithSpan]) -> Parsed<(char, usize)> {
    let mut solid = tokens.iter().enumerate().filter(|(_, it)| !is_blank(it));
    let is_word = |token: &Token| {
        matches!(token, Token::Word(Word { value, quote_style: None, .. })
            if value.eq_ignore_ascii_case("uescape"))
    };
    let Some((_, word)) = solid.next().filter(|(_, word)| is_word(&word.token)) else {
        return Ok(('\\', 0));
    };
    let Some((place, next)) = solid.next() else {
        let message = "UESCAPE must be followed by a simple string literal at end of input";
        return Err(wrong(message, word.span.end));
    };
    let wrong_here = |message: &str| {
        let message = format!("{message} at or near \"{}\"", next.token);
        wrong(message, next.span.start)
    };
    let Token::SingleQuotedString(text) = &next.token else {
        return Err(wrong_here(
            "UESCAPE must be followed by a simple string literal",
        ));
    };
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(escape), None) if is_escape(escape) => Ok((escape, place + 1)),
        _ => Err(wrong_here("invalid Unicode escape character")),
    }
}

/// Whether escapes may begin with a character.
fn is_escape(character: char) -> bool {
    character.is_ascii()
        && !character.is_ascii_hexdigit()
        && !matches!(
            character,
            '+' | '\'' | '"' | ' ' | '\t' | '\n' | '\r' | '\x0c'
        )
}

/// A text without its escapes.
fn unescaped(text: &str, escape: char, quote: Location) -> Parsed<String> {
    let mut out = String::with_capacity(text.len());
    // The first half of a character of two.
    let mut half: Option<u32> = None;
    let mut place = Location::new(quote.line, quote.column + 1);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let behind = &rest[character.len_utf8()..];
        let taken = match character == escape {
            false => None,
            true if behind.starts_with(escape) => Some((u32::from(escape), 2)),
            true => Some(number(behind).ok_or_else(|| no_escape(place))?),
        };
        let (code, length) = taken.unwrap_or((u32::from(character), 1));
        let is_number = length > 2;
        match (half.take(), code) {
            (Some(first), 0xDC00..=0xDFFF) if is_number => {
                let code = 0x10000 + ((first - 0xD800) << 10) + (code - 0xDC00);
                out.extend(char::from_u32(code));
            }
            (None, 0xD800..=0xDBFF) if is_number => half = Some(code),
            (Some(_), _) | (None, 0xDC00..=0xDFFF) => {
                return Err(wrong("invalid Unicode surrogate pair", place));
            }
            (None, code) => match char::from_u32(code).filter(|it| !is_number || *it != '\0') {
                Some(character) => out.push(character),
                None => return Err(wrong("invalid Unicode escape value", place)),
            },
        }
        for passed in rest.chars().take(length) {
            place = match passed {
                '\n' => Location::new(place.line + 1, 1),
                _ => Location::new(place.line, place.column + 1),
            };
        }
        rest = rest
            .char_indices()
            .nth(length)
            .map_or("", |(at, _)| &rest[at..]);
    }
    match half {
        Some(_) => Err(wrong("invalid Unicode surrogate pair", place)),
        None => Ok(out),
    }
}

/// The number that stands behind an escape character, `0061` or `+000061`, and how many characters the whole
/// escape has.
fn number(behind: &str) -> Option<(u32, usize)> {
    let (digits, count) = match behind.strip_prefix('+') {
        Some(digits) => (digits, 6),
        None => (behind, 4),
    };
    let digits = digits.get(..count)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    Some((number, if count == 6 { 8 } else { 5 }))
}

fn wrong(message: impl Into<String>, place: Location) -> Failure {
    Failure::Told(Error::new(SqlState::SYNTAX_ERROR, message), Some(place))
}

fn no_escape(place: Location) -> Failure {
    let error = Error::new(SqlState::SYNTAX_ERROR, "invalid Unicode escape")
        .with_hint("Unicode escapes must be \\XXXX or \\+XXXXXX.");
    Failure::Told(error, Some(place))
}
