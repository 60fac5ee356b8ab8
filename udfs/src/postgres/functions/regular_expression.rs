//! PostgreSQL's regular expressions, "advanced" ones, as the crate `regex` reads them.
//!
//! (PostgreSQL manual, 9.7.3 POSIX Regular Expressions.) Of several matches that begin at one place
//! PostgreSQL takes the longest, the crate the one that is written first: where these may differ, the
//! crate finds the place and [`Pattern`] the match. References back and looking around are a
//! [`Pattern`]'s alone.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::pattern::{Pattern, Spans};
use crate::FunctionError;

/// The most memory that a compiled expression may take.
const SIZE_LIMIT: usize = 8 << 20;
/// How many expressions of one batch of rows are kept compiled.
const MOST_KEPT: usize = 64;

/// What the letters behind an expression say of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Flags {
    pub(super) is_global: bool,
    pub(super) ignores_case: bool,
    pub(super) is_expanded: bool,
    is_literal: bool,
    /// `.` and `[^a]` match no line end.
    pub(super) stops_at_lines: bool,
    /// `^` and `$` match at line ends.
    pub(super) anchors_at_lines: bool,
}

impl Flags {
    /// Reads the letters; `allows_global` is whether `g` is one.
    ///
    /// # Errors
    /// 22023 for a letter that says nothing.
    pub(super) fn read(letters: &str, allows_global: Option<&str>) -> Result<Self, FunctionError> {
        let mut flags = Self::default();
        for letter in letters.chars() {
            match (letter, allows_global) {
                ('g', None) => flags.is_global = true,
                ('g', Some(function)) => {
                    return Err(FunctionError::invalid_argument(format!(
                        "{function}() does not support the \"global\" option"
                    )));
                }
                _ => flags.add(letter)?,
            }
        }
        Ok(flags)
    }

    /// Those of the expression itself.
    pub(super) fn once(self) -> Self {
        Self {
            is_global: false,
            ..self
        }
    }

    fn add(&mut self, letter: char) -> Result<(), FunctionError> {
        match letter {
            'i' => self.ignores_case = true,
            'c' => self.ignores_case = false,
            'x' => self.is_expanded = true,
            't' => self.is_expanded = false,
            'q' => self.is_literal = true,
            'n' | 'm' => (self.stops_at_lines, self.anchors_at_lines) = (true, true),
            's' => (self.stops_at_lines, self.anchors_at_lines) = (false, false),
            'p' => (self.stops_at_lines, self.anchors_at_lines) = (true, false),
            'w' => (self.stops_at_lines, self.anchors_at_lines) = (false, true),
            // Extended expressions read as advanced ones, but for what these have beyond them.
            'e' => {}
            'b' => {
                return Err(FunctionError::unsupported(
                    "basic regular expressions are not supported",
                ));
            }
            other => {
                return Err(FunctionError::invalid_argument(format!(
                    "invalid regular expression option: \"{other}\""
                )));
            }
        }
        Ok(())
    }
}

/// Compiled expressions, which rows have in common.
#[derive(Default)]
pub(super) struct Expressions(HashMap<(String, Flags), Arc<Expression>>);

impl Expressions {
    /// The expression, compiled.
    ///
    /// # Errors
    /// 2201B for one that is none, 0A000 for what is not supported.
    pub(super) fn get(
        &mut self,
        pattern: &str,
        flags: Flags,
    ) -> Result<Arc<Expression>, FunctionError> {
        if self.0.len() >= MOST_KEPT {
            self.0.clear();
        }
        match self.0.entry((pattern.to_owned(), flags)) {
            Entry::Occupied(known) => Ok(Arc::clone(known.get())),
            Entry::Vacant(place) => {
                let compiled = Arc::new(compile(pattern, flags)?);
                Ok(Arc::clone(place.insert(compiled)))
            }
        }
    }
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    /// One of which the crate finds what PostgreSQL does.
    Crate(Regex),
    /// One of which the crate finds where a match begins.
    Both(Regex, Pattern),
    /// One that the crate does not have.
    Own(Pattern),
}

impl Expression {
    /// How many groups it has.
    pub(super) fn groups(&self) -> usize {
        match self {
            Self::Crate(regex) => regex.captures_len().saturating_sub(1),
            Self::Both(_, pattern) | Self::Own(pattern) => pattern.groups(),
        }
    }

    /// Whether it matches a text anywhere.
    ///
    /// # Errors
    /// 54000 where that takes too long to find.
    pub(super) fn is_match(&self, text: &str) -> Result<bool, FunctionError> {
        match self {
            Self::Crate(regex) | Self::Both(regex, _) => Ok(regex.is_match(text)),
            Self::Own(pattern) => Ok(pattern.find(text, 0)?.is_some()),
        }
    }

    /// The first match that begins at this byte or behind it.
    ///
    /// # Errors
    /// 54000 where that takes too long to find.
    pub(super) fn find<'t>(
        &self,
        text: &'t str,
        from: usize,
    ) -> Result<Option<Match<'t>>, FunctionError> {
        let spans = match self {
            Self::Crate(regex) => regex.captures_at(text, from).map(|found| {
                let spans = found.iter();
                spans
                    .map(|group| group.map(|group| (group.start(), group.end())))
                    .collect()
            }),
            Self::Both(regex, pattern) => match regex.find_at(text, from) {
                Some(found) => pattern.match_at(text, found.start())?,
                None => None,
            },
            Self::Own(pattern) => pattern.find(text, from)?,
        };
        Ok(spans.map(|spans| Match { text, spans }))
    }
}

/// Where an expression matches a text.
#[derive(Debug)]
pub(super) struct Match<'t> {
    text: &'t str,
    spans: Spans,
}

impl<'t> Match<'t> {
    /// The bytes at which a group begins and ends; the group 0 is the whole.
    pub(super) fn span(&self, group: usize) -> Option<(usize, usize)> {
        self.spans.get(group).copied().flatten()
    }

    /// What a group matches.
    pub(super) fn group(&self, group: usize) -> Option<&'t str> {
        let (start, end) = self.span(group)?;
        self.text.get(start..end)
    }

    /// How many groups there are, the whole among them.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }
}

/// An expression that is compiled once: one of a configuration, or of a path into documents.
#[derive(Clone, Debug)]
pub struct RegularExpression(Expression);

impl RegularExpression {
    /// Reads an expression.
    ///
    /// # Errors
    /// 2201B for one that is none, 0A000 for what is not supported.
    pub fn compile(pattern: &str) -> Result<Self, FunctionError> {
        compile(pattern, Flags::default()).map(Self)
    }

    /// Reads an expression, and the letters that say of it what they do in `regexp_match`.
    ///
    /// # Errors
    /// 2201B for one that is none, 22023 for a letter that says nothing, 0A000 for what is not supported.
    pub fn with_letters(pattern: &str, letters: &str) -> Result<Self, FunctionError> {
        compile(pattern, Flags::read(letters, Some("regexp_match"))?).map(Self)
    }

    /// Whether a text has what the expression describes, as far as that is found in time.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text).unwrap_or_default()
    }

    /// What the first pair of parentheses matches, where the expression matches a text: none within
    /// where it has no such pair, or that matches nothing.
    pub fn first_group<'a>(&self, text: &'a str) -> Option<Option<&'a str>> {
        let found = self.0.find(text, 0).ok().flatten()?;
        Some(found.group(1))
    }
}

/// Whether the crate reads an expression as it stands as PostgreSQL does.
///
/// # Errors
/// 2201B for one that is none, 0A000 for what is not supported.
pub fn reads_alike(pattern: &str) -> Result<bool, FunctionError> {
    let is_own = matches!(compile(pattern, Flags::default())?, Expression::Own(_));
    let has_prefix = pattern.starts_with("***") || pattern.starts_with("(?");
    Ok(!is_own && !has_prefix && translate(pattern, Flags::default())? == pattern)
}

fn compile(pattern: &str, mut flags: Flags) -> Result<Expression, FunctionError> {
    let mut rest = pattern;
    if let Some(literal) = pattern.strip_prefix("***=") {
        flags.is_literal = true;
        rest = literal;
    } else if let Some(advanced) = pattern.strip_prefix("***:") {
        rest = advanced;
    }
    if !flags.is_literal
        && let Some((letters, behind)) = rest
            .strip_prefix("(?")
            .and_then(|rest| rest.split_once(')'))
        && !letters.is_empty()
        && letters.bytes().all(|letter| letter.is_ascii_alphabetic())
    {
        for letter in letters.chars() {
            flags.add(letter)?;
        }
        rest = behind;
    }
    if flags.is_literal {
        return automaton(&regex::escape(rest), flags).map(Expression::Crate);
    }
    let pattern = Pattern::read(rest, flags)?;
    if pattern.is_beyond_automata() {
        return Ok(Expression::Own(pattern));
    }
    let regex = automaton(&translate(rest, flags)?, flags)?;
    // The crate forgets groups that are repeated no time.
    let has_all_groups = regex.captures_len() == pattern.groups() + 1;
    Ok(match has_all_groups && pattern.is_simple() {
        true => Expression::Crate(regex),
        false => Expression::Both(regex, pattern),
    })
}

fn automaton(translated: &str, flags: Flags) -> Result<Regex, FunctionError> {
    RegexBuilder::new(translated)
        .case_insensitive(flags.ignores_case)
        .ignore_whitespace(flags.is_expanded && !flags.is_literal)
        .dot_matches_new_line(!flags.stops_at_lines)
        .multi_line(flags.anchors_at_lines)
        .size_limit(SIZE_LIMIT)
        .build()
        .map_err(|error| invalid(&reason(&error)))
}

/// The crate shows the expression and points into it; its last line says what is wrong.
pub(super) fn reason(error: &regex::Error) -> String {
    let shown = error.to_string();
    let last = shown.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

pub(super) fn invalid(what: &str) -> FunctionError {
    FunctionError {
        sqlstate: "2201B",
        message: format!("invalid regular expression: {what}"),
        hint: None,
    }
}

fn translate(pattern: &str, flags: Flags) -> Result<String, FunctionError> {
    let mut translated = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern.chars().peekable();
    let mut before = Before::Nothing;
    while let Some(character) = rest.next() {
        let is_bound = character == '{' && rest.peek().is_some_and(char::is_ascii_digit);
        let is_blank = flags.is_expanded && character.is_ascii_whitespace();
        match character {
            '*' | '+' | '?' => before = before.quantified(character == '?')?,
            '{' if is_bound => before = before.quantified(false)?,
            _ if is_blank => {}
            '#' if flags.is_expanded => {
                // A comment ends with its line.
                rest.by_ref().find(|skipped| *skipped == '\n');
                continue;
            }
            '(' | '|' | '^' | '$' => before = Before::Nothing,
            '\\' if rest
                .peek()
                .is_some_and(|escaped| "AZmMyY".contains(*escaped)) =>
            {
                before = Before::Nothing;
            }
            // The digits of a bound, and its end.
            '0'..='9' | ',' | '}' if is_open_bound(&translated) => {}
            _ => before = Before::Operand,
        }
        match character {
            '\\' => {
                let escaped = rest
                    .next()
                    .ok_or_else(|| invalid("invalid escape \\ sequence"))?;
                escape(escaped, &mut rest, &mut translated, false)?;
            }
            '[' => bracket(&mut rest, &mut translated, flags)?,
            '(' if rest.peek() == Some(&'?') => {
                let mut ahead = rest.clone();
                ahead.next();
                match ahead.next() {
                    Some(':') => {
                        translated.push_str("(?:");
                        rest = ahead;
                    }
                    Some('#') => {
                        for skipped in rest.by_ref() {
                            if skipped == ')' {
                                break;
                            }
                        }
                    }
                    _ => return Err(invalid("quantifier operand invalid")),
                }
            }
            // Where no bound follows, it is a brace.
            '{' if !is_bound => translated.push_str("\\{"),
            '}' if !is_open_bound(&translated) => translated.push_str("\\}"),
            other => translated.push(other),
        }
    }
    Ok(translated)
}

/// Whether what was written last is a bound, such as `{2,`, that has no end yet.
fn is_open_bound(translated: &str) -> bool {
    translated.rsplit_once('{').is_some_and(|(before, bound)| {
        let is_count = |byte: u8| byte == b',' || byte.is_ascii_digit();
        !before.ends_with('\\') && bound.bytes().all(is_count)
    })
}

/// What stands before a quantifier.
#[derive(Clone, Copy)]
enum Before {
    /// What cannot be quantified: the beginning of a branch, or a constraint.
    Nothing,
    Operand,
    /// What a quantifier ends, which `?` makes one of the shortest match.
    Quantified,
    /// What nothing more can be said of.
    Shortest,
}

impl Before {
    /// What stands there behind a quantifier.
    ///
    /// # Errors
    /// 2201B where none can follow.
    fn quantified(self, is_question_mark: bool) -> Result<Self, FunctionError> {
        match (self, is_question_mark) {
            (Self::Operand, _) => Ok(Self::Quantified),
            (Self::Quantified, true) => Ok(Self::Shortest),
            _ => Err(invalid("quantifier operand invalid")),
        }
    }
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// What a backslash and a letter stand for (tables 9.19 to 9.22 of the manual).
pub(super) fn escape(
    escaped: char,
    rest: &mut Characters<'_>,
    translated: &mut String,
    in_bracket: bool,
) -> Result<(), FunctionError> {
    let plain = match escaped {
        'd' | 'w' | 's' | 'D' | 'W' | 'S' | 'n' | 'r' | 't' | 'f' | 'v' | 'a' => {
            translated.push('\\');
            translated.push(escaped);
            return Ok(());
        }
        'A' if !in_bracket => "\\A",
        'Z' if !in_bracket => "\\z",
        'm' if !in_bracket => "\\b{start}",
        'M' if !in_bracket => "\\b{end}",
        'y' if !in_bracket => "\\b",
        'Y' if !in_bracket => "\\B",
        'B' => "\\\\",
        'b' => "\\x08",
        'e' => "\\x1B",
        '0' => "\\x00",
        'u' => return code(rest, translated, 4),
        'U' => return code(rest, translated, 8),
        'x' => return code(rest, translated, 255),
        'c' => {
            let letter = rest
                .next()
                .ok_or_else(|| invalid("invalid escape \\ sequence"))?;
            translated.push_str(&format!("\\x{{{:x}}}", u32::from(letter) & 0x1f));
            return Ok(());
        }
        letter if letter.is_ascii_alphanumeric() => {
            return Err(invalid("invalid escape \\ sequence"));
        }
        other => {
            translated.push_str(&regex::escape(&other.to_string()));
            if other == ' ' || other == '#' {
                // Blanks are left out of expanded expressions.
                translated.truncate(translated.len() - regex::escape(&other.to_string()).len());
                translated.push_str(&format!("\\x{:02x}", u32::from(other)));
            }
            return Ok(());
        }
    };
    translated.push_str(plain);
    Ok(())
}

/// A character by its number, of up to so many hexadecimal digits.
fn code(
    rest: &mut Characters<'_>,
    translated: &mut String,
    most: usize,
) -> Result<(), FunctionError> {
    let mut digits = String::new();
    while digits.len() < most
        && let Some(digit) = rest.next_if(char::is_ascii_hexdigit)
    {
        digits.push(digit);
    }
    let number = u32::from_str_radix(&digits, 16).ok();
    match number.filter(|number| char::from_u32(*number).is_some()) {
        Some(number) => {
            translated.push_str(&format!("\\x{{{number:x}}}"));
            Ok(())
        }
        None => Err(invalid("invalid escape \\ sequence")),
    }
}

/// A bracket expression. The crate has nested sets and operators of sets there, PostgreSQL has none.
pub(super) fn bracket(
    rest: &mut Characters<'_>,
    translated: &mut String,
    flags: Flags,
) -> Result<(), FunctionError> {
    let unbalanced = || invalid("brackets [] not balanced");
    let whole: String = rest.clone().take(6).collect();
    for (written, boundary) in [("[:<:]]", "\\b{start}"), ("[:>:]]", "\\b{end}")] {
        if whole == written {
            rest.nth(5);
            translated.push_str(boundary);
            return Ok(());
        }
    }
    translated.push('[');
    if rest.next_if_eq(&'^').is_some() {
        translated.push('^');
        if flags.stops_at_lines {
            translated.push_str("\\n");
        }
    }
    let mut is_first = true;
    loop {
        let character = rest.next().ok_or_else(unbalanced)?;
        match character {
            ']' if !is_first => break,
            '[' => match rest.peek() {
                Some(':') => {
                    rest.next();
                    let mut name = String::new();
                    loop {
                        match rest.next().ok_or_else(unbalanced)? {
                            ':' if rest.peek() == Some(&']') => break,
                            letter => name.push(letter),
                        }
                    }
                    rest.next();
                    translated.push_str(&class(&name)?);
                }
                Some(kind @ ('.' | '=')) => {
                    let kind = *kind;
                    rest.next();
                    let element = rest.next().ok_or_else(unbalanced)?;
                    if rest.next() != Some(kind) || rest.next() != Some(']') {
                        return Err(invalid("invalid collating element"));
                    }
                    translated.push_str(&literal(element));
                }
                _ => translated.push_str("\\["),
            },
            '\\' => {
                let escaped = rest.next().ok_or_else(unbalanced)?;
                escape(escaped, rest, translated, true)?;
            }
            '-' => {
                // A range, or itself where it is first or last.
                let is_range = !is_first && rest.peek() != Some(&']');
                translated.push_str(if is_range { "-" } else { "\\-" });
            }
            other => translated.push_str(&literal(other)),
        }
        is_first = false;
    }
    translated.push(']');
    Ok(())
}

/// A character of a bracket expression that stands for itself.
fn literal(character: char) -> String {
    match character {
        ' ' | '#' | '[' | ']' | '&' | '~' | '^' | '-' | '\\' => {
            format!("\\x{:02x}", u32::from(character))
        }
        other => other.to_string(),
    }
}

/// A class of characters; letters are those of Unicode.
fn class(name: &str) -> Result<String, FunctionError> {
    Ok(match name {
        "alpha" => "\\p{Alphabetic}".to_owned(),
        "alnum" => "\\p{Alphabetic}\\p{Nd}".to_owned(),
        "digit" => "\\d".to_owned(),
        "lower" => "\\p{Lowercase}".to_owned(),
        "upper" => "\\p{Uppercase}".to_owned(),
        "space" => "\\s".to_owned(),
        "word" => "\\w".to_owned(),
        "blank" | "cntrl" | "graph" | "print" | "punct" | "xdigit" | "ascii" => {
            format!("[:{name}:]")
        }
        _ => return Err(invalid("invalid character class")),
    })
}
