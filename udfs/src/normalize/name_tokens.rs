//! Parts the text of a name into words.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::name_words::Roles;
use super::unicode::is_invisible;

/// What parts words beside white space.
const SEPARATORS: [char; 6] = ['.', '/', '&', '+', '_', '|'];

/// The words of a text: letters, apostrophes and hyphens. Buffers are kept from text to text.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The words one behind the other, as they are written and in small letters.
    written: String,
    small: String,
    words: Vec<Word>,
}

/// Where a word stands in both texts, and what it may be.
#[derive(Debug)]
struct Word {
    written: Range<usize>,
    small: Range<usize>,
    roles: Roles,
}

impl Words {
    /// Forgets all words.
    pub(super) fn clear(&mut self) {
        self.written.clear();
        self.small.clear();
        self.words.clear();
    }

    /// Takes in the words of a text and gives their numbers. Dots part words, but not in `Ph.D.`.
    pub(super) fn split(&mut self, text: &str) -> Range<usize> {
        let first = self.words.len();
        for chunk in text.split_whitespace() {
            if !self.push_whole(chunk) {
                chunk
                    .split(SEPARATORS)
                    .for_each(|part| self.push(&clean_word(part)));
            }
        }
        first..self.words.len()
    }

    /// A word as it is written.
    pub(super) fn written(&self, word: usize) -> &str {
        self.words
            .get(word)
            .and_then(|word| self.written.get(word.written.clone()))
            .unwrap_or_default()
    }

    /// A word in small letters.
    pub(super) fn small(&self, word: usize) -> &str {
        self.words
            .get(word)
            .and_then(|word| self.small.get(word.small.clone()))
            .unwrap_or_default()
    }

    /// What a word may be.
    pub(super) fn roles(&self, word: usize) -> Roles {
        self.words
            .get(word)
            .map(|word| word.roles)
            .unwrap_or_default()
    }

    /// Whether all words are of ASCII.
    pub(super) fn are_ascii(&self) -> bool {
        self.written.is_ascii()
    }

    fn push(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        let (start, small_start) = (self.written.len(), self.small.len());
        self.written.push_str(word);
        self.push_last(start, small_start);
    }

    /// Makes a word of what was written last.
    fn push_last(&mut self, start: usize, small_start: usize) {
        let written = start..self.written.len();
        let word = &self.written[start..];
        if word.is_ascii() {
            self.small.push_str(word);
            self.small[small_start..].make_ascii_lowercase();
        } else {
            self.small.push_str(&word.to_lowercase());
        }
        let small = small_start..self.small.len();
        let roles = Roles::of(&self.small[small_start..]);
        self.words.push(Word {
            written,
            small,
            roles,
        });
    }

    /// Takes in what stands between blanks as one word, where it is one, without its dots.
    fn push_whole(&mut self, chunk: &str) -> bool {
        let (start, small_start) = (self.written.len(), self.small.len());
        let is_plain = if chunk.is_ascii() {
            self.write_ascii(chunk)
        } else {
            self.written.extend(chunk.chars().filter_map(clean));
            false
        };
        if self.written.len() == start {
            return false;
        }
        self.push_last(start, small_start);
        let known = self.words.last().map(|word| word.roles);
        if is_plain || known.is_some_and(|roles| roles.title || roles.is_honour()) {
            return true;
        }
        self.written.truncate(start);
        self.small.truncate(small_start);
        self.words.pop();
        false
    }

    /// Writes the letters, digits, apostrophes and hyphens of a chunk of ASCII, and tells whether
    /// [`clean_word`] would keep all of them, and separators would not part them.
    fn write_ascii(&mut self, chunk: &str) -> bool {
        let mut is_plain = true;
        // Where a separator stood, and whether a mark may stand there.
        let (mut is_ended, mut may_be_mark) = (false, false);
        let start = self.written.len();
        for byte in chunk.bytes() {
            let is_mark = matches!(byte, b'\'' | b'`' | b'-');
            if !is_mark && !byte.is_ascii_alphanumeric() {
                is_ended |= self.written.len() > start && SEPARATORS.contains(&char::from(byte));
                continue;
            }
            is_plain &= !is_ended && !byte.is_ascii_digit() && (may_be_mark || !is_mark);
            may_be_mark = !is_mark;
            let byte = if byte == b'`' { b'\'' } else { byte };
            self.written.push(char::from(byte));
        }
        is_plain && may_be_mark
    }
}

/// A letter, digit, accent, apostrophe or hyphen, of which there is one kind each.
fn clean(character: char) -> Option<char> {
    match character {
        '\'' | '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2BC}' | '\u{2B9}' | '\u{2032}' | '`'
        | '\u{B4}' | '\u{FF07}' => Some('\''),
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        invisible if is_invisible(invisible) => None,
        letter if letter.is_alphanumeric() || is_combining_mark(letter) => Some(letter),
        _ => None,
    }
}

/// What is clean of a text, without digits, and without apostrophes and hyphens at the ends; `'t`
/// and `'s` stay.
fn clean_word(text: &str) -> String {
    let letters: String = text
        .chars()
        .filter_map(clean)
        .filter(|letter| !letter.is_numeric())
        .collect();
    if matches!(letters.as_str(), "'t" | "'T" | "'s" | "'S") {
        return letters;
    }
    let mut word = String::with_capacity(letters.len());
    for letter in letters.trim_matches(['\'', '-']).chars() {
        let doubled = matches!(letter, '\'' | '-') && word.ends_with(['\'', '-']);
        if !doubled {
            word.push(letter);
        }
    }
    word
}
