//! Regular expressions where PostgreSQL finds something else than the crate `regex`, or the crate
//! nothing: of several matches that begin at one place PostgreSQL takes the longest, or the shortest
//! where the expression prefers that, whatever is written first; and expressions may look around and
//! refer back to groups.
//!
//! As in PostgreSQL's `regcomp.c` and `regexec.c`, a part of an expression has an end that it prefers,
//! and what it matches is found from the outside to the inside: the end of the whole first, then, from
//! left to right, the ends of the parts that together reach it.

mod ends;
mod matcher;
mod parser;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use regex::{Regex, RegexBuilder};

use ends::Ends;
use parser::Parser;

use super::regular_expression::{Flags, invalid, reason};
use crate::FunctionError;

/// An expression that is taken apart.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    root: Arc<Node>,
    groups: usize,
    is_beyond_automata: bool,
}

/// Where an expression matches: the whole, then its groups, in bytes.
pub(super) type Spans = Vec<Option<(usize, usize)>>;

impl Pattern {
    /// Reads an expression, without what may stand before it to say how it is to be read.
    ///
    /// # Errors
    /// 2201B for one that is none.
    pub(super) fn read(expression: &str, flags: Flags) -> Result<Self, FunctionError> {
        let parsed = Parser::new(expression, flags).read()?;
        let pattern = Self {
            root: Arc::new(parsed.root),
            groups: parsed.groups,
            is_beyond_automata: parsed.is_beyond_automata,
        };
        if pattern.is_beyond_automata {
            // The crate reads no more of it than its classes.
            Regex::new(&parsed.classes).map_err(|error| invalid(&reason(&error)))?;
        }
        Ok(pattern)
    }

    /// Whether the crate has no such expressions, since it looks around or refers back.
    pub(super) fn is_beyond_automata(&self) -> bool {
        self.is_beyond_automata
    }

    /// Whether the crate finds the same: where only single characters are repeated, and all as often,
    /// or as seldom, as can be.
    pub(super) fn is_simple(&self) -> bool {
        !self.root.traits.is_mixed && self.root.is_simple()
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    /// The match that begins at this byte.
    ///
    /// # Errors
    /// 54000 where that takes too long to find.
    pub(super) fn match_at(&self, text: &str, at: usize) -> Result<Option<Spans>, FunctionError> {
        matcher::match_at(self, &mut Ends::new(text), at)
    }

    /// The first match that begins at this byte or behind it.
    ///
    /// # Errors
    /// 54000 where that takes too long to find.
    pub(super) fn find(&self, text: &str, from: usize) -> Result<Option<Spans>, FunctionError> {
        let mut ends = Ends::new(text);
        let starts = text.get(from..).unwrap_or_default().char_indices();
        for at in starts.map(|(byte, _)| from + byte).chain([text.len()]) {
            if let Some(found) = matcher::match_at(self, &mut ends, at)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// Which of several ends a part takes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Preference {
    /// It says nothing of that; it takes the longest.
    #[default]
    Unsaid,
    Longest,
    Shortest,
}

/// What is known of a part but for what it matches.
#[derive(Clone, Copy, Debug, Default)]
struct Traits {
    preference: Preference,
    /// Parts of it prefer the longest, and others the shortest.
    is_mixed: bool,
    has_groups: bool,
    refers_back: bool,
}

impl Traits {
    fn of(preference: Preference) -> Self {
        Self {
            preference,
            ..Self::default()
        }
    }

    /// Those of a part and the next one: the first to prefer anything decides.
    fn and(self, next: Self) -> Self {
        let differ = self.preference != Preference::Unsaid
            && next.preference != Preference::Unsaid
            && self.preference != next.preference;
        Self {
            preference: match self.preference {
                Preference::Unsaid => next.preference,
                said => said,
            },
            is_mixed: self.is_mixed || next.is_mixed || differ,
            has_groups: self.has_groups || next.has_groups,
            refers_back: self.refers_back || next.refers_back,
        }
    }

    /// Whether nothing but its end is of interest.
    fn is_plain(self) -> bool {
        !(self.is_mixed || self.has_groups || self.refers_back)
    }
}

/// A part of an expression.
#[derive(Clone, Debug)]
struct Node {
    what: What,
    traits: Traits,
}

#[derive(Clone, Debug)]
enum What {
    One(Set),
    Place(Place),
    Look {
        inner: Arc<Node>,
        is_ahead: bool,
        is_negated: bool,
    },
    Series(Vec<Node>),
    Choice(Vec<Node>),
    Group {
        number: usize,
        inner: Arc<Node>,
    },
    Repeat {
        inner: Arc<Node>,
        times: Times,
    },
    /// What a group has matched.
    Reference {
        number: usize,
        body: Arc<Node>,
        times: Times,
    },
}

/// How often a part is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    least: usize,
    most: usize,
}

impl Times {
    const ONCE: Self = Self { least: 1, most: 1 };
}

/// A set of characters.
#[derive(Clone, Debug)]
enum Set {
    Any,
    /// But for the end of a line.
    InLine,
    Character(char),
    Class(Class),
}

impl Set {
    fn has(&self, character: char) -> bool {
        match self {
            Self::Any => true,
            Self::InLine => character != '\n',
            Self::Character(one) => *one == character,
            Self::Class(class) => class.has(character),
        }
    }
}

/// A class of characters as the crate reads it.
#[derive(Clone, Debug)]
struct Class {
    written: String,
    ignores_case: bool,
    /// Which characters of ASCII it has, and what tells of others.
    read: OnceLock<Option<(u128, Regex)>>,
}

impl Class {
    fn new(written: String, ignores_case: bool) -> Self {
        Self {
            written,
            ignores_case,
            read: OnceLock::new(),
        }
    }

    fn has(&self, character: char) -> bool {
        let read = self.read.get_or_init(|| {
            let mut expression = RegexBuilder::new(&format!("\\A(?:{})\\z", self.written));
            let expression = expression
                .case_insensitive(self.ignores_case)
                .build()
                .ok()?;
            let has = |code: u8| expression.is_match(char::from(code).encode_utf8(&mut [0; 4]));
            let ascii = (0..128).filter(|code| has(*code));
            let ascii = ascii.fold(0_u128, |all, code| all | 1 << code);
            Some((ascii, expression))
        });
        match read {
            Some((ascii, _)) if character.is_ascii() => ascii >> u32::from(character) & 1 == 1,
            Some((_, expression)) => expression.is_match(character.encode_utf8(&mut [0; 4])),
            None => false,
        }
    }
}

/// What must be true of a place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    End,
    LineStart,
    LineEnd,
    WordStart,
    WordEnd,
    WordEdge,
    NoWordEdge,
}

impl Place {
    fn is_at(self, text: &str, at: usize) -> bool {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at..).and_then(|behind| behind.chars().next());
        let is_word = |character: Option<char>| {
            character.is_some_and(|character| character.is_alphanumeric() || character == '_')
        };
        match self {
            Self::Start => before.is_none(),
            Self::End => behind.is_none(),
            Self::LineStart => before.is_none_or(|before| before == '\n'),
            Self::LineEnd => behind.is_none_or(|behind| behind == '\n'),
            Self::WordStart => !is_word(before) && is_word(behind),
            Self::WordEnd => is_word(before) && !is_word(behind),
            Self::WordEdge => is_word(before) != is_word(behind),
            Self::NoWordEdge => is_word(before) == is_word(behind),
        }
    }
}

impl Node {
    /// A part that prefers nothing.
    fn of(what: What) -> Self {
        Self {
            what,
            traits: Traits::default(),
        }
    }

    fn nothing() -> Self {
        Self::of(What::Series(Vec::new()))
    }

    /// One part behind the other. Neighbours of which only the ends are of interest are one part.
    fn series(parts: Vec<Self>) -> Self {
        let mut items: Vec<Self> = Vec::new();
        let mut plain: Option<(Vec<Self>, Traits)> = None;
        let whole = |(parts, traits): (Vec<Self>, Traits)| Self {
            what: What::Series(parts),
            traits,
        };
        for part in parts {
            let traits = match &plain {
                Some((_, traits)) => traits.and(part.traits),
                None => part.traits,
            };
            if !traits.is_plain() {
                items.extend(plain.take().map(whole));
                items.push(part);
                continue;
            }
            match &mut plain {
                Some((parts, known)) => {
                    parts.push(part);
                    *known = traits;
                }
                None => plain = Some((vec![part], traits)),
            }
        }
        items.extend(plain.take().map(whole));
        if items.len() == 1
            && let Some(only) = items.pop()
        {
            return only;
        }
        let traits = items
            .iter()
            .fold(Traits::default(), |traits, item| traits.and(item.traits));
        Self {
            what: What::Series(items),
            traits,
        }
    }

    /// One of several parts, of which there is the longest.
    fn choice(mut branches: Vec<Self>) -> Self {
        if branches.len() == 1
            && let Some(only) = branches.pop()
        {
            return only;
        }
        let traits = branches
            .iter()
            .fold(Traits::of(Preference::Longest), |traits, branch| {
                traits.and(branch.traits)
            });
        Self {
            what: What::Choice(branches),
            traits,
        }
    }

    /// So many of this part, as many or as few as the preference says.
    fn repeated(self, times: Times, preference: Preference) -> Self {
        let traits = Traits::of(preference).and(self.traits);
        let own = self.traits.preference;
        let says_nothing_new = preference == Preference::Unsaid
            || !self.traits.is_mixed && (own == Preference::Unsaid || own == preference);
        if times == Times::ONCE && says_nothing_new {
            return match own == traits.preference {
                true => self,
                false => Self {
                    what: What::Series(vec![self]),
                    traits,
                },
            };
        }
        let what = match self.what {
            What::Reference { number, body, .. } => What::Reference {
                number,
                body,
                times,
            },
            // Of a group the last repetition is of interest alone.
            _ if times.least > 0 && self.traits.has_groups && !self.traits.refers_back => {
                let before = Self {
                    what: What::Repeat {
                        inner: Arc::new(self.without_groups()),
                        times: Times {
                            least: times.least - 1,
                            most: match times.most {
                                usize::MAX => usize::MAX,
                                most => most - 1,
                            },
                        },
                    },
                    traits: Traits::of(traits.preference),
                };
                What::Series(vec![before, self])
            }
            _ => What::Repeat {
                inner: Arc::new(self),
                times,
            },
        };
        Self { what, traits }
    }

    /// The same without groups.
    fn without_groups(&self) -> Self {
        let each = |parts: &[Self]| parts.iter().map(Self::without_groups).collect();
        let what = match &self.what {
            What::Group { inner, .. } => return inner.without_groups(),
            What::Series(parts) => What::Series(each(parts)),
            What::Choice(branches) => What::Choice(each(branches)),
            What::Repeat { inner, times } => What::Repeat {
                inner: Arc::new(inner.without_groups()),
                times: *times,
            },
            other => other.clone(),
        };
        Self {
            what,
            traits: Traits {
                has_groups: false,
                ..self.traits
            },
        }
    }

    fn is_simple(&self) -> bool {
        match &self.what {
            What::One(_) | What::Place(_) => true,
            What::Series(parts) => parts.iter().all(Self::is_simple),
            What::Group { inner, .. } => inner.is_simple(),
            What::Repeat { inner, .. } => matches!(inner.what, What::One(_)),
            // Branches of one length end at one place.
            What::Choice(branches) => {
                let width = branches.first().and_then(Self::width);
                width.is_some()
                    && branches
                        .iter()
                        .all(|branch| branch.width() == width && branch.is_simple())
            }
            What::Look { .. } | What::Reference { .. } => false,
        }
    }

    /// How many characters it matches, where that is always the same.
    fn width(&self) -> Option<usize> {
        match &self.what {
            What::One(_) => Some(1),
            What::Place(_) | What::Look { .. } => Some(0),
            What::Series(parts) => sum(parts.iter().map(Self::width)),
            What::Choice(branches) => {
                let width = branches.first().and_then(Self::width)?;
                let is_same = branches.iter().all(|branch| branch.width() == Some(width));
                is_same.then_some(width)
            }
            What::Group { inner, .. } => inner.width(),
            What::Repeat { inner, times } if times.least == times.most => {
                inner.width()?.checked_mul(times.most)
            }
            What::Repeat { .. } | What::Reference { .. } => None,
        }
    }

    /// The most characters that it matches; none where there is no limit.
    fn most_characters(&self) -> Option<usize> {
        match &self.what {
            What::One(_) => Some(1),
            What::Place(_) | What::Look { .. } => Some(0),
            What::Series(parts) => sum(parts.iter().map(Self::most_characters)),
            What::Choice(branches) => branches
                .iter()
                .map(Self::most_characters)
                .try_fold(0, |most, branch| Some(most.max(branch?))),
            What::Group { inner, .. } => inner.most_characters(),
            What::Repeat { inner, times } => inner.most_characters()?.checked_mul(times.most),
            What::Reference { .. } => None,
        }
    }
}

/// The sum of counts; none where one of them is none, or together they are too many.
fn sum(mut counts: impl Iterator<Item = Option<usize>>) -> Option<usize> {
    counts.try_fold(0_usize, |sum, count| sum.checked_add(count?))
}
