//! The tokens of a path.

use crate::FunctionError;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name without quotation marks; keywords are names until the grammar asks for them.
    Name(String),
    String(String),
    Variable(String),
    /// As written, and whether it is an integer.
    Number(String, bool),
    Symbol(&'static str),
}

/// Longer ones first.
const SYMBOLS: [&str; 27] = [
    "&&", "||", "==", "!=", "<>", "<=", ">=", "**", "!", "=", "<", ">", "$", "@", "?", "(", ")",
    "[", "]", "{", "}", ".", ",", "*", "/", "%", "+",
];

/// Names end before these.
const SPECIAL: &str = "?%$.[]{}()|&!=<>@#,*:-+/\"\\";

/// What a text that is no path gives.
pub(super) fn syntax_error(detail: impl AsRef<str>) -> FunctionError {
    FunctionError {
        sqlstate: "42601",
        message: format!("{} of jsonpath input", detail.as_ref()),
        hint: None,
    }
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FunctionError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = match comment.find("*/") {
                Some(end) => comment.get(end + 2..).unwrap_or_default(),
                None => return Err(syntax_error("unexpected end of comment at end")),
            };
            continue;
        }
        if first == '"' {
            let (string, behind) = string(rest)?;
            tokens.push(Token::String(string));
            rest = behind;
            continue;
        }
        if first == '$' {
            let behind = rest.get(1..).unwrap_or_default();
            if behind.starts_with('"') {
                let (name, behind) = string(behind)?;
                tokens.push(Token::Variable(name));
                rest = behind;
                continue;
            }
            let (name, behind) = name(behind)?;
            if !name.is_empty() {
                tokens.push(Token::Variable(name));
                rest = behind;
                continue;
            }
        }
        let is_fraction = first == '.'
            && rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
            && !matches!(
                tokens.last(),
                Some(Token::Name(_) | Token::String(_) | Token::Variable(_))
            );
        if first.is_ascii_digit() || is_fraction {
            let (number, behind) = number(rest)?;
            tokens.push(number);
            rest = behind;
            continue;
        }
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            tokens.push(Token::Symbol(symbol));
            rest = rest.get(symbol.len()..).unwrap_or_default();
            continue;
        }
        if first == '-' {
            tokens.push(Token::Symbol("-"));
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let (name, behind) = name(rest)?;
        if name.is_empty() {
            return Err(syntax_error(format!("syntax error at or near \"{first}\"")));
        }
        tokens.push(Token::Name(name));
        rest = behind;
    }
}

fn name(text: &str) -> Result<(String, &str), FunctionError> {
    let mut name = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '\\' {
            rest = escape(rest, &mut name)?;
        } else if first.is_ascii_whitespace() || SPECIAL.contains(first) {
            break;
        } else {
            name.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    Ok((name, rest))
}

fn string(text: &str) -> Result<(String, &str), FunctionError> {
    let mut string = String::new();
    let mut rest = text.get(1..).unwrap_or_default();
    loop {
        let Some(first) = rest.chars().next() else {
            return Err(syntax_error("unterminated quoted string at end"));
        };
        match first {
            '"' => return Ok((string, rest.get(1..).unwrap_or_default())),
            '\\' => rest = escape(rest, &mut string)?,
            other => {
                string.push(other);
                rest = rest.get(other.len_utf8()..).unwrap_or_default();
            }
        }
    }
}

/// Reads what stands behind a backslash, and surrogates as the pair that they are.
fn escape<'a>(text: &'a str, out: &mut String) -> Result<&'a str, FunctionError> {
    let rest = text.get(1..).unwrap_or_default();
    let Some(first) = rest.chars().next() else {
        return Err(syntax_error("unexpected end after backslash at end"));
    };
    let behind = rest.get(first.len_utf8()..).unwrap_or_default();
    let plain = match first {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' => {
            let digits = behind.get(..2).unwrap_or_default();
            let code = u32::from_str_radix(digits, 16)
                .map_err(|_| syntax_error("invalid hexadecimal character sequence at end"))?;
            out.push(character(code)?);
            return Ok(behind.get(2..).unwrap_or_default());
        }
        'u' => {
            let (code, behind) = unicode(behind)?;
            if !(0xd800..=0xdbff).contains(&code) {
                out.push(character(code)?);
                return Ok(behind);
            }
            let low = behind.strip_prefix("\\u").ok_or_else(surrogate)?;
            let (low, behind) = unicode(low)?;
            if !(0xdc00..=0xdfff).contains(&low) {
                return Err(surrogate());
            }
            out.push(character(0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff))?);
            return Ok(behind);
        }
        other => other,
    };
    out.push(plain);
    Ok(behind)
}

fn unicode(text: &str) -> Result<(u32, &str), FunctionError> {
    let wrong = || syntax_error("invalid Unicode escape sequence at end");
    let (digits, behind) = match text.strip_prefix('{') {
        Some(rest) => {
            let end = rest.find('}').filter(|end| (1..=6).contains(end));
            let end = end.ok_or_else(wrong)?;
            (rest.get(..end), rest.get(end + 1..))
        }
        None => (text.get(..4), text.get(4..)),
    };
    let code = u32::from_str_radix(digits.unwrap_or_default(), 16).map_err(|_| wrong())?;
    Ok((code, behind.unwrap_or_default()))
}

fn character(code: u32) -> Result<char, FunctionError> {
    if code == 0 {
        return Err(FunctionError {
            sqlstate: "22P05",
            message: "unsupported Unicode escape sequence".to_owned(),
            hint: None,
        });
    }
    char::from_u32(code).ok_or_else(surrogate)
}

fn surrogate() -> FunctionError {
    FunctionError::invalid_text("jsonpath")
        .with_hint("Unicode low surrogate must follow a high surrogate.")
}

fn number(text: &str) -> Result<(Token, &str), FunctionError> {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    let mut is_integer = true;
    if end > 1 && bytes.first() == Some(&b'0') {
        return Err(junk(text));
    }
    if bytes.get(end) == Some(&b'.') && !text.get(end..).unwrap_or_default().starts_with(".*") {
        is_integer = false;
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let behind = digits(end + 1 + sign);
        if behind == end + 1 + sign {
            return Err(junk(text));
        }
        is_integer = false;
        end = behind;
    }
    let rest = text.get(end..).unwrap_or_default();
    let is_name = |next: char| !next.is_ascii_whitespace() && !SPECIAL.contains(next);
    if rest.chars().next().is_some_and(is_name) {
        return Err(junk(text));
    }
    let written = text.get(..end).unwrap_or_default();
    Ok((Token::Number(written.to_owned(), is_integer), rest))
}

fn junk(text: &str) -> FunctionError {
    let near: String = text.chars().take(10).collect();
    syntax_error(format!(
        "trailing junk after numeric literal at or near \"{near}\""
    ))
}
