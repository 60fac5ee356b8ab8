//! Writes the name of a person in one way.

use std::borrow::Cow;
use std::ops::Range;

use super::name_tokens::Words;
use super::name_words::{MAC_NAMES, PLACEHOLDERS};
use super::unicode::compatible;

/// How the letters of a text are written.
#[derive(Clone, Copy, PartialEq)]
enum Case {
    /// All capitals, all small, or no letter that has a case.
    Uniform,
    Mixed,
}

/// Writes names; buffers are kept from name to name.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The words of the name at hand.
    pub(super) words: Words,
    /// The words between commas, as they were written.
    pub(super) segments: Vec<Range<usize>>,
    /// The words that are written, in order.
    order: Vec<usize>,
}

impl Names {
    /// Writes the name in one way; false where nothing is left of it.
    pub(super) fn normalize(&mut self, text: &str, name: &mut String) -> bool {
        let text = compatible(text);
        let Some(generation) = self.take(&text) else {
            return false;
        };
        self.write(generation, name);
        true
    }

    /// Takes in a compatible text, and gives the generation; `None` where nothing is left of it, so
    /// that [`Self::normalize`] gives no name.
    pub(super) fn take(&mut self, text: &str) -> Option<Option<&'static str>> {
        if is_placeholder(text.trim()) {
            return None;
        }
        self.split(&without_remarks(text));
        self.order.clear();
        let mut generation = None;
        // The lengths of the first segment and of all, and how many there are.
        let (mut first, mut segments) = (0, 0);
        for segment in &self.segments {
            let start = self.order.len();
            self.order.extend(segment.clone());
            // A name needs a word besides what is behind it; a segment behind a name does not.
            let needed = start + usize::from(segments == 0);
            generation = without_honours(&self.words, &mut self.order, needed).or(generation);
            if self.order.len() > start {
                segments += 1;
            }
            if segments == 1 && start == 0 {
                first = self.order.len();
            }
        }
        if segments == 2 {
            self.order.rotate_left(first);
        }
        self.in_front_of_a_name(generation)
    }

    /// Writes words that a compatible text was parted into, as [`Self::normalize`] writes them when
    /// blanks join them; as they are where nothing would be left of them.
    pub(super) fn write_words(&mut self, words: impl Iterator<Item = usize>, name: &mut String) {
        self.order.clear();
        self.order.extend(words);
        if !self.words.are_ascii() {
            let joined = self.joined();
            if let Cow::Owned(compatible) = compatible(&joined) {
                // Without what stood between them, accents may have joined their letters.
                if !Self::default().normalize(&compatible, name) {
                    name.push_str(&joined);
                }
                return;
            }
        }
        let start = name.len();
        self.push_joined(name);
        if !is_placeholder(&name[start..])
            && let Some(generation) = self.in_front_of_a_name(None)
        {
            name.truncate(start);
            self.write(generation, name);
        }
    }

    /// Parts a text into segments and those into words.
    pub(super) fn split(&mut self, text: &str) {
        self.words.clear();
        self.segments.clear();
        for segment in text.split([',', ';']) {
            self.segments.push(self.words.split(segment));
        }
    }

    /// Takes degrees, generations and titles off; gives the generation, or `None` where no word is
    /// left.
    fn in_front_of_a_name(
        &mut self,
        generation: Option<&'static str>,
    ) -> Option<Option<&'static str>> {
        let generation = without_honours(&self.words, &mut self.order, 1).or(generation);
        let titles = titles_before(&self.words, self.order.iter().copied());
        self.order.drain(..titles);
        (!self.order.is_empty()).then_some(generation)
    }

    fn joined(&self) -> String {
        let mut joined = String::new();
        self.push_joined(&mut joined);
        joined
    }

    fn push_joined(&self, joined: &mut String) {
        for (position, word) in self.order.iter().enumerate() {
            if position > 0 {
                joined.push(' ');
            }
            joined.push_str(self.words.written(*word));
        }
    }

    fn write(&self, generation: Option<&str>, name: &mut String) {
        let start = name.len();
        let mut words = self.order.iter().map(|word| self.words.written(*word));
        let whole = match words.any(stays_small) {
            true => Case::Mixed,
            false => Case::Uniform,
        };
        for position in 0..self.order.len() {
            if position > 0 {
                name.push(' ');
            }
            self.push_word(position, whole, name);
        }
        if let Some(generation) = generation {
            name.push(' ');
            name.push_str(generation);
        }
        if let Cow::Owned(compatible) = compatible(&name[start..]) {
            name.truncate(start);
            name.push_str(&compatible);
        }
    }

    fn push_word(&self, position: usize, whole: Case, name: &mut String) {
        let number = self.order[position];
        let (word, small) = (self.words.written(number), self.words.small(number));
        if self.is_small(position, whole) {
            name.push_str(small);
            return;
        }
        let is_initials = whole == Case::Mixed
            && word.chars().count() <= 2
            && word.chars().all(char::is_uppercase);
        if is_initials {
            name.push_str(word);
            return;
        }
        if !word.contains('-') {
            push_part(word, small, name);
            return;
        }
        for (index, part) in word.split('-').enumerate() {
            if index > 0 {
                name.push('-');
            }
            push_part(part, &part.to_lowercase(), name);
        }
    }

    /// Whether a word is a particle that another follows.
    fn is_small(&self, position: usize, whole: Case) -> bool {
        let Some(next) = self.order.get(position + 1) else {
            return false;
        };
        let number = self.order[position];
        let roles = self.words.roles(number);
        let before_particle = self.words.roles(*next).is_any_particle();
        if roles.particle {
            // In front, a capital is taken as meant: Van Morrison, but VAN GOGH and van Gogh.
            let typed_small = self.words.written(number) == self.words.small(number);
            return position > 0 || whole == Case::Uniform || typed_small || before_particle;
        }
        roles.weak_particle
            && (position > 0 || (before_particle && position + 2 < self.order.len()))
    }
}

/// Whether a text stands in a field that has no name.
fn is_placeholder(text: &str) -> bool {
    let mut known = PLACEHOLDERS.iter();
    known.any(|known| text.eq_ignore_ascii_case(known))
}

/// What opens a remark.
const OPENING: [char; 7] = ['(', '[', '{', '"', '“', '„', '«'];

/// Whether a text has a remark, or the beginning of one.
pub(super) fn has_remarks(text: &str) -> bool {
    text.contains(OPENING)
}

/// Without what stands in brackets or double quotes: nicknames and comments.
fn without_remarks(text: &str) -> Cow<'_, str> {
    if !has_remarks(text) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find(OPENING) {
        let (before, from) = rest.split_at(open);
        kept.push_str(before);
        kept.push(' ');
        let width = from.chars().next().map_or(0, char::len_utf8);
        let after = from.get(width..).unwrap_or_default();
        let close = after.find([')', ']', '}', '"', '”', '»']);
        let Some(close) = close else {
            // A bracket that nothing closes is noise by itself.
            kept.push_str(&after.replace(OPENING, " "));
            return Cow::Owned(kept);
        };
        let tail = after.get(close..).unwrap_or_default();
        let width = tail.chars().next().map_or(0, char::len_utf8);
        rest = tail.get(width..).unwrap_or_default();
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// Takes degrees and generations off the end, as long as more words are there than are needed;
/// gives the generation.
fn without_honours(words: &Words, order: &mut Vec<usize>, needed: usize) -> Option<&'static str> {
    let mut generation = None;
    while order.len() > needed {
        let last = words.roles(*order.last()?);
        if !last.is_honour() {
            break;
        }
        generation = generation.or(last.generation);
        order.pop();
    }
    generation
}

/// How many titles stand in front, those of several people included.
pub(super) fn titles_before(words: &Words, order: impl Iterator<Item = usize>) -> usize {
    let mut order = order.map(|word| words.roles(word)).peekable();
    let mut titles = 0;
    while let Some(roles) = order.next() {
        let joins = titles > 0 && roles.conjunction && order.peek().is_some_and(|next| next.title);
        if !joins && !roles.title {
            break;
        }
        titles += 1;
    }
    titles
}

/// Whether a word has a small letter that stays small: one behind another letter.
fn stays_small(word: &str) -> bool {
    let mut pairs = word.chars().zip(word.chars().skip(1));
    pairs.any(|(first, second)| first.is_alphabetic() && second.is_lowercase())
}

/// Which letters a word has.
#[derive(Clone, Copy, Default)]
struct Letters {
    starts_small: bool,
    /// Whether a capital is behind the first letter, or a small letter.
    capital_behind: bool,
    small_behind: bool,
    are_mixed: bool,
}

impl Letters {
    fn of(part: &str) -> Self {
        let mut letters = Self::default();
        let (mut upper, mut lower) = (false, false);
        for (position, letter) in part.chars().enumerate() {
            let (is_upper, is_lower) = (letter.is_uppercase(), letter.is_lowercase());
            upper |= is_upper;
            // A sharp s has no capital in use: STRAßER is all capitals.
            lower |= is_lower && letter != 'ß';
            if position == 0 {
                letters.starts_small = is_lower;
            } else {
                letters.capital_behind |= is_upper;
                letters.small_behind |= is_lower;
            }
        }
        letters.are_mixed = upper && lower;
        letters
    }
}

/// One part of a word with hyphens, which is given in small letters too.
fn push_part(part: &str, small: &str, name: &mut String) {
    let letters = Letters::of(part);
    let inverted = letters.starts_small && !letters.small_behind;
    // Capitals within a word are taken as meant (DeShawn, deVries), but not jOHN.
    if letters.are_mixed && letters.capital_behind && !inverted {
        name.push_str(part);
        return;
    }
    let prefix = match small.get(..2) {
        Some("mc") if small.chars().count() >= 5 => 2,
        Some("ma") if !letters.are_mixed && MAC_NAMES.contains(small) => 3,
        _ => 0,
    };
    let apostrophe = small.find('\'').map(|at| at + 1);
    let capital_after = apostrophe
        .filter(|at| {
            small
                .get(*at..)
                .is_some_and(|rest| rest.chars().count() >= 3)
        })
        .unwrap_or(0);
    for (at, letter) in small.char_indices() {
        if at == 0 || (at == prefix && prefix > 0) || (at == capital_after && at > 0) {
            name.push(capital(letter));
        } else {
            name.push(letter);
        }
    }
}

/// The capital of a letter that has one of one character; `ß` has none.
fn capital(letter: char) -> char {
    let mut upper = letter.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(capital), None) => capital,
        _ => letter,
    }
}

#[cfg(test)]
mod tests;
