//! Reads JSON (RFC 8259) piece by piece, as PostgreSQL's `jsonapi.c` does: what it refuses is
//! refused, in its words.

use std::borrow::Cow;

use super::failure::{invalid, too_deep, untranslatable};
use crate::error::DetailedError;

/// The most levels of a document.
pub(super) const MAX_DEPTH: usize = 1000;

/// What a text that is no JSON gives.
pub(super) type Scanned<T> = Result<T, ScanError>;

/// Boxed, since answers pass through many levels of calls.
#[derive(Debug)]
pub(super) enum ScanError {
    /// No JSON, or none that can be read.
    Invalid(Box<DetailedError>),
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
}

impl From<DetailedError> for ScanError {
    fn from(error: DetailedError) -> Self {
        Self::Invalid(Box::new(error))
    }
}

impl From<ScanError> for datafusion::error::DataFusionError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Invalid(error) => (*error).into(),
            ScanError::TooDeep => too_deep().into(),
        }
    }
}

/// A place in a text.
#[derive(Clone)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// A string as written, its quotation marks left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawString<'a> {
    /// What stands between the marks.
    pub(super) raw: &'a str,
    /// Whether any of it is an escape sequence.
    pub(super) has_escapes: bool,
}

impl<'a> RawString<'a> {
    /// The characters that are meant.
    pub(super) fn unescaped(&self) -> Scanned<Cow<'a, str>> {
        if self.has_escapes {
            unescape(self.raw).map(Cow::Owned)
        } else {
            Ok(Cow::Borrowed(self.raw))
        }
    }
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte that is no space, not taken.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                other => return Some(*other),
            }
        }
        None
    }

    /// Takes the byte that [`Self::peek`] has found.
    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// Where in the text this is.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// A part of the text.
    pub(super) fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// That nothing follows.
    pub(super) fn end(&mut self) -> Scanned<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("end of input")),
        }
    }

    /// Takes one value, which is looked at and not kept. Answers it as written.
    pub(super) fn value(&mut self) -> Scanned<&'a str> {
        self.peek();
        let start = self.at;
        self.nested_value(0)?;
        Ok(self.slice(start, self.at))
    }

    fn nested_value(&mut self, depth: usize) -> Scanned<()> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            _ => self.scalar().map(drop),
        }
    }

    fn object(&mut self, depth: usize) -> Scanned<()> {
        check_depth(depth)?;
        self.advance();
        if self.peek() == Some(b'}') {
            self.advance();
            return Ok(());
        }
        let mut is_first = true;
        loop {
            self.key(is_first)?;
            self.nested_value(depth + 1)?;
            if !self.next_member()? {
                return Ok(());
            }
            is_first = false;
        }
    }

    /// Takes a key and the colon behind it.
    pub(super) fn key(&mut self, is_first: bool) -> Scanned<RawString<'a>> {
        if self.peek() != Some(b'"') {
            let expected = if is_first {
                "string or \"}\""
            } else {
                "string"
            };
            return Err(self.expected(expected));
        }
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return Err(self.expected("\":\""));
        }
        self.advance();
        Ok(key)
    }

    /// Takes what stands behind a member of an object; whether another follows.
    pub(super) fn next_member(&mut self) -> Scanned<bool> {
        self.separator(b'}', "\",\" or \"}\"")
    }

    /// Takes what stands behind an element of an array; whether another follows.
    pub(super) fn next_element(&mut self) -> Scanned<bool> {
        self.separator(b']', "\",\" or \"]\"")
    }

    fn separator(&mut self, last: u8, expected: &str) -> Scanned<bool> {
        match self.peek() {
            Some(b',') => {
                self.advance();
                Ok(true)
            }
            Some(byte) if byte == last => {
                self.advance();
                Ok(false)
            }
            _ => Err(self.expected(expected)),
        }
    }

    fn array(&mut self, depth: usize) -> Scanned<()> {
        check_depth(depth)?;
        self.advance();
        if self.peek() == Some(b']') {
            self.advance();
            return Ok(());
        }
        loop {
            self.nested_value(depth + 1)?;
            if !self.next_element()? {
                return Ok(());
            }
        }
    }

    /// Takes a number, `true`, `false` or `null`. Answers it as written.
    pub(super) fn scalar(&mut self) -> Scanned<&'a str> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(byte) if is_word(byte) => {
                let word = self.word();
                match word {
                    "true" | "false" | "null" => Ok(word),
                    _ => Err(self.error(format!("Token \"{word}\" is invalid."))),
                }
            }
            _ => Err(self.expected("JSON value")),
        }
    }

    fn word(&mut self) -> &'a str {
        let start = self.at;
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|byte| is_word(*byte)) {
            self.at += 1;
        }
        self.slice(start, self.at)
    }

    fn number(&mut self) -> Scanned<&'a str> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let mut at = start;
        let mut is_valid = true;
        if bytes.get(at) == Some(&b'-') {
            at += 1;
        }
        match bytes.get(at) {
            Some(b'0') => at += 1,
            Some(b'1'..=b'9') => at = digits(at),
            _ => is_valid = false,
        }
        if is_valid && bytes.get(at) == Some(&b'.') {
            let end = digits(at + 1);
            is_valid = end > at + 1;
            at = end;
        }
        if is_valid && matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            if matches!(bytes.get(at), Some(b'+' | b'-')) {
                at += 1;
            }
            let end = digits(at);
            is_valid = end > at;
            at = end;
        }
        // What stands directly behind belongs to the token, and makes it none.
        let end = at;
        while bytes.get(at).is_some_and(|byte| is_word(*byte)) {
            at += 1;
        }
        self.at = at;
        let token = self.slice(start, at);
        if is_valid && at == end {
            Ok(token)
        } else {
            Err(self.error(format!("Token \"{token}\" is invalid.")))
        }
    }

    /// Takes a string.
    pub(super) fn string(&mut self) -> Scanned<RawString<'a>> {
        self.peek();
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        let mut has_escapes = false;
        loop {
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    self.escape()?;
                }
                Some(byte @ 0..=0x1f) => {
                    return Err(self.error(format!(
                        "Character with value 0x{byte:02x} must be escaped."
                    )));
                }
                Some(_) => self.at += 1,
                None => {
                    let token = self.slice(start, self.at);
                    return Err(self.error(format!("Token \"{token}\" is invalid.")));
                }
            }
        }
        let raw = self.slice(start + 1, self.at);
        self.at += 1;
        Ok(RawString { raw, has_escapes })
    }

    fn escape(&mut self) -> Scanned<()> {
        let bytes = self.text.as_bytes();
        match bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                let digits = bytes.get(self.at + 2..self.at + 6);
                if digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    self.at += 6;
                    return Ok(());
                }
                self.at += 2;
                Err(self.error("\"\\u\" must be followed by four hexadecimal digits.".to_owned()))
            }
            _ => {
                let next = self.text.get(self.at + 1..).unwrap_or_default();
                let next = next.chars().next();
                self.at += 1 + next.map_or(0, char::len_utf8);
                let next = next.map_or_else(String::new, |next| next.to_string());
                Err(self.error(format!("Escape sequence \"\\{next}\" is invalid.")))
            }
        }
    }

    /// Skips one value of a document that is known to be valid.
    pub(super) fn skip(&mut self) {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                Some(b'"') => self.skip_string(),
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                Some(b'}' | b']') => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                Some(b',' | b':') => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {
                    while bytes
                        .get(self.at)
                        .is_some_and(|byte| !matches!(byte, b',' | b']' | b'}' | b' ' | b':'))
                    {
                        self.at += 1;
                    }
                }
                None => return,
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_string(&mut self) {
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
    }

    /// Another token than was expected, or none at all.
    pub(super) fn expected(&mut self, expected: &str) -> ScanError {
        let start = self.at;
        let Some(first) = self.peek() else {
            return self.error("The input string ended unexpectedly.".to_owned());
        };
        let token = match first {
            b'"' => match self.string() {
                Ok(_) => self.slice(start, self.at),
                Err(error) => return error,
            },
            b'-' | b'0'..=b'9' => match self.number() {
                Ok(token) => token,
                Err(error) => return error,
            },
            byte if is_word(byte) => {
                let word = self.word();
                if !matches!(word, "true" | "false" | "null") {
                    return self.error(format!("Token \"{word}\" is invalid."));
                }
                word
            }
            byte => {
                self.at += 1;
                let token = self.slice(self.at - 1, self.at);
                if !matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':') {
                    return self.error(format!("Token \"{token}\" is invalid."));
                }
                token
            }
        };
        self.error(format!(
            "Expected {expected}, but found \"{}\".",
            token.trim()
        ))
    }

    fn error(&self, detail: String) -> ScanError {
        invalid(self.text, self.at, detail).into()
    }
}

/// Bytes of words; those of characters beyond ASCII too, as in PostgreSQL.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// That another level may be begun.
pub(super) fn check_depth(depth: usize) -> Scanned<()> {
    if depth < MAX_DEPTH {
        Ok(())
    } else {
        Err(ScanError::TooDeep)
    }
}

/// That a text is one JSON value, as `json` has it: what escapes of characters mean is not asked.
pub(super) fn check(text: &str) -> Scanned<()> {
    let mut scanner = Scanner::new(text);
    scanner.value()?;
    scanner.end()
}

/// The characters that a string means whose escape sequences are well-formed.
fn unescape(raw: &str) -> Scanned<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    let mut high: Option<u32> = None;
    const ALONE: &str = "Unicode low surrogate must follow a high surrogate.";
    let wrong = |detail: &str| ScanError::from(invalid(raw, raw.len(), detail.to_owned()));
    while let Some(place) = rest.find('\\') {
        if place > 0 && high.is_some() {
            return Err(wrong(ALONE));
        }
        text.push_str(rest.get(..place).unwrap_or_default());
        rest = rest.get(place + 1..).unwrap_or_default();
        let escape = rest.bytes().next().unwrap_or_default();
        if escape == b'u' {
            let digits = rest.get(1..5).unwrap_or_default();
            let code = u32::from_str_radix(digits, 16).unwrap_or_default();
            rest = rest.get(5..).unwrap_or_default();
            match (code, high.take()) {
                (0xd800..=0xdbff, None) => high = Some(code),
                (0xd800..=0xdbff, Some(_)) => {
                    return Err(wrong(
                        "Unicode high surrogate must not follow a high surrogate.",
                    ));
                }
                (0xdc00..=0xdfff, Some(high)) => {
                    let code = 0x10000 + ((high & 0x3ff) << 10) + (code & 0x3ff);
                    text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                (0xdc00..=0xdfff, None) | (_, Some(_)) => return Err(wrong(ALONE)),
                (0, None) => {
                    return Err(untranslatable("\\u0000 cannot be converted to text.").into());
                }
                (code, None) => {
                    text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
            continue;
        }
        if high.is_some() {
            return Err(wrong(ALONE));
        }
        text.push(match escape {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            other => char::from(other),
        });
        rest = rest.get(1..).unwrap_or_default();
    }
    if high.is_some() {
        return Err(wrong(ALONE));
    }
    text.push_str(rest);
    Ok(text)
}
