//! Reads an expression part by part (PostgreSQL manual, 9.7.3.1 Regular Expression Details).

use std::iter::Peekable;
use std::str::Chars;
use std::sync::Arc;

use super::super::regular_expression::{Flags, bracket, escape, invalid};
use super::{Class, Node, Place, Preference, Set, Times, Traits, What};
use crate::FunctionError;

/// So many parentheses may be within each other.
const MOST_NESTED: usize = 100;

/// The greatest number of a bound: DUPMAX of PostgreSQL.
const MOST_TIMES: usize = 255;

pub(super) struct Parser<'e> {
    rest: Peekable<Chars<'e>>,
    flags: Flags,
    /// The groups that have begun; what those match that have ended.
    groups: Vec<Option<Arc<Node>>>,
    /// All classes of characters, as the crate reads them.
    classes: String,
    nested: usize,
    /// Whether it looks around or refers back anywhere.
    is_beyond_automata: bool,
    /// Within parentheses that look around there are no groups, and no references to any.
    is_looking: bool,
}

/// An expression that was read.
pub(super) struct Parsed {
    pub(super) root: Node,
    pub(super) groups: usize,
    pub(super) classes: String,
    pub(super) is_beyond_automata: bool,
}

impl<'e> Parser<'e> {
    pub(super) fn new(expression: &'e str, flags: Flags) -> Self {
        Self {
            rest: expression.chars().peekable(),
            flags,
            groups: Vec::new(),
            classes: String::new(),
            nested: 0,
            is_beyond_automata: false,
            is_looking: false,
        }
    }

    pub(super) fn read(mut self) -> Result<Parsed, FunctionError> {
        let root = self.choice()?;
        match self.rest.next() {
            Some(_) => Err(unbalanced()),
            None => Ok(Parsed {
                root,
                groups: self.groups.len(),
                classes: self.classes,
                is_beyond_automata: self.is_beyond_automata,
            }),
        }
    }

    fn choice(&mut self) -> Result<Node, FunctionError> {
        self.nested += 1;
        if self.nested > MOST_NESTED {
            return Err(invalid("regular expression is too complex"));
        }
        let mut branches = vec![self.branch()?];
        while self.rest.next_if_eq(&'|').is_some() {
            branches.push(self.branch()?);
        }
        self.nested -= 1;
        Ok(Node::choice(branches))
    }

    fn branch(&mut self) -> Result<Node, FunctionError> {
        let mut parts = Vec::new();
        loop {
            self.skip_blanks();
            match self.rest.next_if(|next| !matches!(next, '|' | ')')) {
                Some(first) => parts.extend(self.part(first)?),
                None => return Ok(Node::series(parts)),
            }
        }
    }

    /// A part, and how often it is repeated; none where a comment stands.
    fn part(&mut self, first: char) -> Result<Option<Node>, FunctionError> {
        let Some(part) = self.unrepeated(first)? else {
            return Ok(None);
        };
        self.skip_blanks();
        let Some((times, preference)) = self.times()? else {
            return Ok(Some(part));
        };
        self.skip_blanks();
        let is_constraint = matches!(part.what, What::Place(_) | What::Look { .. });
        if is_constraint || self.begins_times() {
            return Err(invalid("quantifier operand invalid"));
        }
        Ok(Some(match times.most {
            0 => Node::nothing(),
            _ => part.repeated(times, preference),
        }))
    }

    fn unrepeated(&mut self, first: char) -> Result<Option<Node>, FunctionError> {
        let what = match first {
            '(' => return self.parenthesis(),
            '\\' => return self.escaped().map(Some),
            '[' => {
                let mut written = String::new();
                bracket(&mut self.rest, &mut written, self.flags)?;
                match written.as_str() {
                    "\\b{start}" => What::Place(Place::WordStart),
                    "\\b{end}" => What::Place(Place::WordEnd),
                    _ => self.class(written),
                }
            }
            '.' if self.flags.stops_at_lines => What::One(Set::InLine),
            '.' => What::One(Set::Any),
            '^' if self.flags.anchors_at_lines => What::Place(Place::LineStart),
            '^' => What::Place(Place::Start),
            '$' if self.flags.anchors_at_lines => What::Place(Place::LineEnd),
            '$' => What::Place(Place::End),
            '*' | '+' | '?' => return Err(invalid("quantifier operand invalid")),
            '{' if self.rest.peek().is_some_and(char::is_ascii_digit) => {
                return Err(invalid("quantifier operand invalid"));
            }
            other => self.character(other),
        };
        Ok(Some(Node::of(what)))
    }

    fn character(&mut self, character: char) -> What {
        match self.flags.ignores_case && character.is_alphabetic() {
            true => self.class(character.to_string()),
            false => What::One(Set::Character(character)),
        }
    }

    fn class(&mut self, written: String) -> What {
        self.classes.push_str(&written);
        What::One(Set::Class(Class::new(written, self.flags.ignores_case)))
    }

    fn escaped(&mut self) -> Result<Node, FunctionError> {
        let escaped = self
            .rest
            .next()
            .ok_or_else(|| invalid("invalid escape \\ sequence"))?;
        Ok(Node::of(match escaped {
            'A' => What::Place(Place::Start),
            'Z' => What::Place(Place::End),
            'm' => What::Place(Place::WordStart),
            'M' => What::Place(Place::WordEnd),
            'y' => What::Place(Place::WordEdge),
            'Y' => What::Place(Place::NoWordEdge),
            '1'..='9' => return self.reference(escaped),
            other if !other.is_ascii_alphanumeric() => self.character(other),
            other => {
                let mut written = String::new();
                escape(other, &mut self.rest, &mut written, false)?;
                self.class(written)
            }
        }))
    }

    fn reference(&mut self, first: char) -> Result<Node, FunctionError> {
        self.is_beyond_automata = true;
        let mut digits = String::from(first);
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        let number: usize = digits.parse().unwrap_or(usize::MAX);
        let group = self.groups.get(number.saturating_sub(1)).cloned().flatten();
        match group.filter(|_| !self.is_looking) {
            Some(body) => Ok(Node {
                what: What::Reference {
                    number,
                    body,
                    times: Times::ONCE,
                },
                traits: Traits {
                    refers_back: true,
                    ..Traits::default()
                },
            }),
            None => Err(invalid("invalid backreference number")),
        }
    }

    fn parenthesis(&mut self) -> Result<Option<Node>, FunctionError> {
        if self.rest.peek() != Some(&'?') {
            return self.group().map(Some);
        }
        let mut ahead = self.rest.clone();
        ahead.next();
        let (is_ahead, is_negated) = match ahead.next() {
            Some(':') => {
                self.rest = ahead;
                return self.within().map(Some);
            }
            Some('#') => {
                self.rest.by_ref().find(|skipped| *skipped == ')');
                return Ok(None);
            }
            Some('=') => (true, false),
            Some('!') => (true, true),
            Some('<') => match ahead.next() {
                Some('=') => (false, false),
                Some('!') => (false, true),
                _ => return Err(invalid("quantifier operand invalid")),
            },
            _ => return Err(invalid("quantifier operand invalid")),
        };
        self.rest = ahead;
        self.is_beyond_automata = true;
        let was_looking = std::mem::replace(&mut self.is_looking, true);
        let inner = Arc::new(self.within()?);
        self.is_looking = was_looking;
        Ok(Some(Node::of(What::Look {
            inner,
            is_ahead,
            is_negated,
        })))
    }

    fn group(&mut self) -> Result<Node, FunctionError> {
        if self.is_looking {
            return self.within();
        }
        self.groups.push(None);
        let number = self.groups.len();
        let inner = Arc::new(self.within()?);
        if let Some(group) = self.groups.get_mut(number - 1) {
            *group = Some(Arc::clone(&inner));
        }
        let traits = Traits {
            has_groups: true,
            ..inner.traits
        };
        Ok(Node {
            what: What::Group { number, inner },
            traits,
        })
    }

    /// What stands within parentheses, up to the end of these.
    fn within(&mut self) -> Result<Node, FunctionError> {
        let inner = self.choice()?;
        match self.rest.next() {
            Some(_) => Ok(inner),
            None => Err(unbalanced()),
        }
    }

    fn begins_times(&mut self) -> bool {
        match self.rest.peek() {
            Some('*' | '+' | '?') => true,
            Some('{') => self
                .rest
                .clone()
                .nth(1)
                .is_some_and(|next| next.is_ascii_digit()),
            _ => false,
        }
    }

    /// How often what stands before is repeated, where that is said.
    fn times(&mut self) -> Result<Option<(Times, Preference)>, FunctionError> {
        if !self.begins_times() {
            return Ok(None);
        }
        let (times, has_preference) = match self.rest.next() {
            Some('*') => ((0, usize::MAX), true),
            Some('+') => ((1, usize::MAX), true),
            Some('?') => ((0, 1), true),
            _ => self.bound()?,
        };
        let is_shortest = self.rest.next_if_eq(&'?').is_some();
        let preference = match (has_preference, is_shortest) {
            (false, _) => Preference::Unsaid,
            (true, true) => Preference::Shortest,
            (true, false) => Preference::Longest,
        };
        let (least, most) = times;
        Ok(Some((Times { least, most }, preference)))
    }

    /// `2}`, `2,}` or `2,3}`, and whether it says which of several ends is taken.
    fn bound(&mut self) -> Result<((usize, usize), bool), FunctionError> {
        let least = self.count()?;
        let (most, has_preference) = match self.rest.next_if_eq(&',') {
            None => (least, false),
            Some(_) if self.rest.peek().is_some_and(char::is_ascii_digit) => (self.count()?, true),
            Some(_) => (usize::MAX, true),
        };
        if least > most || self.rest.next_if_eq(&'}').is_none() {
            return Err(invalid("invalid repetition count(s)"));
        }
        Ok(((least, most), has_preference))
    }

    fn count(&mut self) -> Result<usize, FunctionError> {
        let mut count = 0;
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            count = count * 10 + digit.to_digit(10).unwrap_or(0) as usize;
            if count > MOST_TIMES {
                return Err(invalid("invalid repetition count(s)"));
            }
        }
        Ok(count)
    }

    /// Blanks and comments of an expanded expression.
    fn skip_blanks(&mut self) {
        while self.flags.is_expanded
            && let Some(skipped) = self
                .rest
                .next_if(|next| *next == '#' || next.is_ascii_whitespace())
        {
            if skipped == '#' {
                self.rest.by_ref().find(|skipped| *skipped == '\n');
            }
        }
    }
}

fn unbalanced() -> FunctionError {
    invalid("parentheses () not balanced")
}
