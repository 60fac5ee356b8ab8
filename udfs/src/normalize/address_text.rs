//! Writes a postal address in one way.

use super::address_folding::fold;
use super::address_words::{
    Abbreviation, DIRECTIONS, ENGLISH_PREFIXES, ENGLISH_STREET_WORDS, ENGLISH_STREETS,
    FRENCH_STREETS, GERMAN_STREETS, NUMBER_WORDS, ORDINALS, POST_BOXES, STATES, UNITS,
};

/// Whose words and habits an address follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habits {
    /// The United States and Canada.
    American,
    /// The United Kingdom and Ireland.
    British,
    /// Australia and New Zealand.
    Australian,
    /// Germany, Austria, Switzerland and Liechtenstein.
    German,
    /// France and Monaco.
    French,
    /// Not known: English words, and what is German beyond doubt.
    Unknown,
}

impl Habits {
    /// The habits of the country with this ISO 3166 alpha-2 code, in any case.
    pub(super) fn of_country(code: &str) -> Self {
        match code.trim().to_ascii_uppercase().as_str() {
            "US" | "CA" => Self::American,
            "GB" | "UK" | "IE" => Self::British,
            "AU" | "NZ" => Self::Australian,
            "DE" | "AT" | "CH" | "LI" => Self::German,
            "FR" | "MC" => Self::French,
            _ => Self::Unknown,
        }
    }

    fn is_english(self) -> bool {
        !matches!(self, Self::German | Self::French)
    }
}

/// The name of a street has at most so many words.
const MAX_WORDS_OF_STREET: usize = 8;
/// A word that is written out may decide the word before it; more rounds than a few never help.
const MAX_ROUNDS: usize = 8;

/// The address in one way, or None where no letter or digit is in it.
pub(super) fn normalize(text: &str, habits: Habits) -> Option<String> {
    let mut address = fold(text, habits);
    for _ in 0..MAX_ROUNDS {
        let again = round(&address, habits);
        if again == address {
            break;
        }
        address = again;
    }
    (!address.is_empty()).then_some(address)
}

fn round(words: &str, habits: Habits) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut address = Address {
        habits,
        words: &words,
        in_english: habits != Habits::Unknown || words.iter().any(|word| is_street(word)),
        written: Vec::with_capacity(words.len()),
    };
    let mut position = 0;
    while position < words.len() {
        position += address.take(position);
    }
    address.written.join(" ")
}

/// An address on its way from the words that were read to the words that are written.
struct Address<'a> {
    habits: Habits,
    words: &'a [&'a str],
    /// Whether the words are English beyond doubt.
    in_english: bool,
    written: Vec<String>,
}

impl Address<'_> {
    /// Writes the word at a position; gives how many words were read.
    fn take(&mut self, position: usize) -> usize {
        if let Some(length) = self.post_box(position) {
            self.written.extend(["po".to_string(), "box".to_string()]);
            return length;
        }
        let Some(word) = self.words.get(position).copied() else {
            return 1;
        };
        let next = self.words.get(position + 1).copied().unwrap_or_default();
        if self.joins_letter(word) {
            if let Some(number) = self.written.last_mut() {
                number.push_str(word);
            }
            return 1;
        }
        if NUMBER_WORDS.contains(&word) && next.starts_with(|first: char| first.is_ascii_digit()) {
            return 1;
        }
        if word == "#" {
            if !self.written.last().is_some_and(|last| is_unit(last)) && !next.is_empty() {
                self.written.push("unit".to_string());
            }
            return 1;
        }
        if self.habits == Habits::Australian
            && position == 0
            && let Some((unit, house)) = word.split_once('/')
        {
            self.written
                .extend(["unit", unit, house].map(str::to_string));
            return 1;
        }
        let long = self.expand(position, word, next);
        self.written.push(long);
        1
    }

    fn post_box(&self, position: usize) -> Option<usize> {
        let rest = self.words.get(position..)?;
        let found = POST_BOXES.iter().find(|words| rest.starts_with(words))?;
        // "pf" and the like are boxes only with a number.
        let next = rest.get(found.len()).copied().unwrap_or_default();
        let is_box = found.len() > 1 || next.starts_with(|first: char| first.is_ascii_digit());
        is_box.then_some(found.len())
    }

    /// `12 a` is `12a`, where letters are not directions.
    fn joins_letter(&self, word: &str) -> bool {
        let is_letter = matches!(word, "a" | "b" | "c" | "d");
        let is_number =
            |last: &String| last.len() <= 4 && last.bytes().all(|byte| byte.is_ascii_digit());
        let in_use = matches!(
            self.habits,
            Habits::British | Habits::Australian | Habits::German
        );
        is_letter && in_use && self.written.last().is_some_and(is_number)
    }

    fn expand(&self, position: usize, word: &str, next: &str) -> String {
        let long = match self.habits {
            Habits::German => self.german(word, next),
            Habits::French => self.french(word, next),
            _ => self.english(position, word, next),
        };
        long.unwrap_or_else(|| word.to_string())
    }

    fn german(&self, word: &str, next: &str) -> Option<String> {
        let alone = word == "st" && next.is_empty();
        lookup(GERMAN_STREETS, word)
            .filter(|_| !alone)
            .or_else(|| self.unit(word, next))
            .map(str::to_string)
            .or_else(|| german_compound(word))
    }

    fn french(&self, word: &str, next: &str) -> Option<String> {
        let names_follow = next.starts_with(char::is_alphabetic);
        lookup(FRENCH_STREETS, word)
            .filter(|_| names_follow || word == "bat" || word == "esc")
            .or_else(|| self.unit(word, next))
            .map(str::to_string)
    }

    fn english(&self, position: usize, word: &str, next: &str) -> Option<String> {
        if STATES.contains(&word) && is_zip_code(next) {
            return None;
        }
        let long = match word {
            "st" => Some(self.by_place(position, "saint", "street")),
            "dr" => Some(self.by_place(position, "doctor", "drive")),
            _ => self
                .unit(word, next)
                .or_else(|| self.direction(position, word, next))
                .or_else(|| self.ordinal(word, next))
                .or_else(|| self.prefix(word, next))
                .or_else(|| lookup(ENGLISH_STREETS, word).filter(|_| self.ends_street(word, next))),
        };
        long.map(str::to_string).or_else(|| german_compound(word))
    }

    /// A street word stands behind the name of a street.
    fn ends_street(&self, word: &str, next: &str) -> bool {
        // These are parts of names too, before another word.
        let is_name_part = matches!(word, "la" | "al" | "br" | "ch" | "est" | "vis")
            && next.starts_with(char::is_alphabetic);
        self.written.last().is_some_and(|last| !is_unit(last)) && !is_name_part
    }

    /// `st` and `dr` behind a name are a street, in front of one they are part of it.
    fn by_place(
        &self,
        position: usize,
        in_front: &'static str,
        behind: &'static str,
    ) -> &'static str {
        let last = self.written.last().map(String::as_str);
        match is_street_at(self.words, position, last) {
            true => behind,
            false => in_front,
        }
    }

    /// A word for a part of a building, where a number or letter follows or an ordinal precedes.
    fn unit(&self, word: &str, next: &str) -> Option<&'static str> {
        let long = lookup(UNITS, word)?;
        let names = next == "#"
            || next.starts_with(|first: char| first.is_ascii_digit())
            || next.chars().count() == 1;
        let counted = long == "floor" && self.written.last().is_some_and(|last| is_ordinal(last));
        (names || counted || word.len() > 3).then_some(long)
    }

    fn direction(&self, position: usize, word: &str, next: &str) -> Option<&'static str> {
        let long = lookup(DIRECTIONS, word)?;
        let last = self.written.last().map(String::as_str).unwrap_or_default();
        if is_unit(last) {
            return None;
        }
        // 100 E Street is a street of one letter; so is Avenue E.
        let next_is_saint = matches!(next, "st" | "dr") && street_follows(self.words, position + 2);
        let names_street = word.len() == 1 && is_street(next) && is_number(last) && !next_is_saint;
        (!names_street && self.in_english && (position > 0 || !next.is_empty())).then_some(long)
    }

    fn ordinal(&self, word: &str, next: &str) -> Option<&'static str> {
        let is_counted = is_street(next) || matches!(lookup(UNITS, next), Some("floor" | "level"));
        lookup(ORDINALS, word).filter(|_| is_counted)
    }

    fn prefix(&self, word: &str, next: &str) -> Option<&'static str> {
        let name_follows = next.starts_with(char::is_alphabetic);
        lookup(ENGLISH_PREFIXES, word).filter(|_| name_follows && self.habits.is_english())
    }
}

fn lookup(words: &[Abbreviation], word: &str) -> Option<&'static str> {
    words
        .iter()
        .find(|(short, _)| *short == word)
        .map(|(_, long)| *long)
}

/// `hauptstr` is `hauptstrasse`; no English word ends so.
fn german_compound(word: &str) -> Option<String> {
    let name = word.strip_suffix("str")?;
    (name.chars().count() >= 3).then(|| format!("{name}strasse"))
}

/// Whether `st` or `dr`, at a position among the words of an address, is a street, and not part of the name
/// that it stands in front of. `last` is the word before it.
pub(crate) fn is_street_at(words: &[&str], position: usize, last: Option<&str>) -> bool {
    let next = words.get(position + 1).copied().unwrap_or_default();
    let name_follows = next.starts_with(char::is_alphabetic)
        && !is_unit(next)
        && lookup(DIRECTIONS, next).is_none()
        && !is_street(next);
    if !name_follows {
        return true;
    }
    let Some(last) = last else {
        return false;
    };
    let is_direction = DIRECTIONS.iter().any(|(_, long)| *long == last);
    let is_in_front = is_number(last)
        || is_street(last)
        || is_unit(last)
        || is_direction && street_follows(words, position + 2);
    !is_in_front
}

/// Whether a street word is among the few words from a position on.
fn street_follows(words: &[&str], position: usize) -> bool {
    let later = words.iter().skip(position).take(MAX_WORDS_OF_STREET);
    later.copied().any(is_street)
}

/// Any street word, abbreviated or not.
pub(crate) fn is_street(word: &str) -> bool {
    matches!(word, "st" | "dr")
        || ENGLISH_STREET_WORDS.contains(&word)
        || ENGLISH_STREETS
            .iter()
            .any(|(short, long)| *short == word || *long == word)
}

fn is_unit(word: &str) -> bool {
    UNITS
        .iter()
        .any(|(short, long)| *short == word || *long == word)
}

/// `12`, `12a`, `12-14`, `3/12`; not `5th`.
fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit()) && !is_ordinal(word)
}

pub(crate) fn is_ordinal(word: &str) -> bool {
    ["st", "nd", "rd", "th"].iter().any(|ending| {
        word.strip_suffix(ending).is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

/// Five digits, or five and four.
fn is_zip_code(word: &str) -> bool {
    let digits = word.split('-').next().unwrap_or_default();
    digits.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
