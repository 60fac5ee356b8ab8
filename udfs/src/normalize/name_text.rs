//! Writes the name of a person in one way.

use super::name_words::{
    CONJUNCTIONS, DEGREES, GENERATIONS, MAC_NAMES, PARTICLES, PLACEHOLDERS, TITLES, WEAK_PARTICLES,
};
use super::unicode::{compatible, is_invisible};

/// How the letters of a text are written.
#[derive(Clone, Copy, PartialEq)]
enum Case {
    /// All capitals, all small, or no letter that has a case.
    Uniform,
    Mixed,
}

/// The name in one way, or None where nothing is left of it.
pub(super) fn normalize(text: &str) -> Option<String> {
    let text = compatible(text);
    let (words, generation) = named(&text)?;
    let is_mixed = words.iter().any(|word| stays_small(word));
    let whole = if is_mixed { Case::Mixed } else { Case::Uniform };
    let mut name = String::with_capacity(text.len());
    for position in 0..words.len() {
        if position > 0 {
            name.push(' ');
        }
        push_word(&words, position, whole, &mut name);
    }
    if let Some(generation) = generation {
        name.push(' ');
        name.push_str(generation);
    }
    Some(compatible(&name))
}

/// Whether anything is left of a compatible text, so that [`normalize`] gives a name.
pub(super) fn is_name(text: &str) -> bool {
    named(text).is_some()
}

/// The words of a name, without titles and degrees, and the generation; `None` without a word.
fn named(text: &str) -> Option<(Vec<String>, Option<&'static str>)> {
    if PLACEHOLDERS.contains(&text.trim().to_lowercase().as_str()) {
        return None;
    }
    let (mut words, generation) = in_order(&without_remarks(text));
    words.drain(..titles_before(&words));
    (!words.is_empty()).then_some((words, generation))
}

/// What opens a remark.
const OPENING: [char; 7] = ['(', '[', '{', '"', '“', '„', '«'];

/// Without what stands in brackets or double quotes: nicknames and comments.
fn without_remarks(text: &str) -> String {
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
            return kept;
        };
        let tail = after.get(close..).unwrap_or_default();
        let width = tail.chars().next().map_or(0, char::len_utf8);
        rest = tail.get(width..).unwrap_or_default();
    }
    kept.push_str(rest);
    kept
}

/// The words with the given name first, without degrees; and the generation.
fn in_order(text: &str) -> (Vec<String>, Option<&'static str>) {
    let mut generation = None;
    let mut segments: Vec<Vec<String>> = Vec::new();
    for segment in text.split([',', ';']) {
        let mut words = words(segment);
        // A name needs a word besides what is behind it; a segment behind a name does not.
        let needed = usize::from(segments.is_empty());
        generation = without_honours(&mut words, needed).or(generation);
        if !words.is_empty() {
            segments.push(words);
        }
    }
    if segments.len() == 2 {
        segments.swap(0, 1);
    }
    let mut words = segments.concat();
    generation = without_honours(&mut words, 1).or(generation);
    (words, generation)
}

/// Takes degrees and generations off the end, as long as more words are there than are needed;
/// gives the generation.
fn without_honours(words: &mut Vec<String>, needed: usize) -> Option<&'static str> {
    let mut generation = None;
    while words.len() > needed {
        let last = words.last()?.to_lowercase();
        let found = GENERATIONS.iter().find(|(known, _)| *known == last);
        match found {
            Some((_, written)) => generation = generation.or(Some(*written)),
            None if DEGREES.contains(last.as_str()) => {}
            None => break,
        }
        words.pop();
    }
    generation
}

/// The words of a text: letters, apostrophes and hyphens; dots part words, but not in `Ph.D.`.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for chunk in text.split_whitespace() {
        let undotted = clean(&chunk.replace('.', ""));
        let lower = undotted.to_lowercase();
        let is_known = DEGREES.contains(lower.as_str()) || TITLES.contains(lower.as_str());
        let is_generation = GENERATIONS.iter().any(|(known, _)| *known == lower);
        if is_known || is_generation {
            found.push(undotted);
            continue;
        }
        let parts = chunk.split(['.', '/', '&', '+', '_', '|']).map(clean_word);
        found.extend(parts.filter(|part| !part.is_empty()));
    }
    found
}

/// Letters, digits, accents, and one kind of apostrophe and hyphen.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|character| !is_invisible(*character))
        .filter_map(|character| match character {
            '\'' | '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2BC}' | '\u{2B9}' | '\u{2032}'
            | '`' | '\u{B4}' | '\u{FF07}' => Some('\''),
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
            letter if letter.is_alphanumeric() => Some(letter),
            mark if unicode_normalization::char::is_combining_mark(mark) => Some(mark),
            _ => None,
        })
        .collect()
}

/// As [`clean`], without digits, and without apostrophes and hyphens at the ends; `'t` and `'s`
/// stay.
fn clean_word(text: &str) -> String {
    let cleaned = clean(text);
    let letters: String = cleaned
        .chars()
        .filter(|letter| !letter.is_numeric())
        .collect();
    if matches!(letters.to_lowercase().as_str(), "'t" | "'s") {
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

/// How many titles stand in front, those of several people included.
pub(super) fn titles_before(words: &[String]) -> usize {
    let is_title = |position: usize| {
        words
            .get(position)
            .is_some_and(|word| TITLES.contains(word.to_lowercase().as_str()))
    };
    let mut start = 0;
    while start < words.len() {
        let joins = start > 0
            && is_title(start + 1)
            && CONJUNCTIONS.contains(&words[start].to_lowercase().as_str());
        if !joins && !is_title(start) {
            break;
        }
        start += 1;
    }
    start
}

fn case_of(letters: impl Iterator<Item = char>) -> Case {
    let (mut upper, mut lower) = (false, false);
    for letter in letters {
        upper |= letter.is_uppercase();
        // A sharp s has no capital in use: STRAßER is all capitals.
        lower |= letter.is_lowercase() && letter != 'ß';
    }
    if upper && lower {
        Case::Mixed
    } else {
        Case::Uniform
    }
}

fn push_word(words: &[String], position: usize, whole: Case, name: &mut String) {
    let word = &words[position];
    let lower = word.to_lowercase();
    let is_last = position + 1 == words.len();
    if !is_last && is_small(words, position, &lower, whole) {
        name.push_str(&lower);
        return;
    }
    let is_initials =
        word.chars().count() <= 2 && word.chars().all(char::is_uppercase) && whole == Case::Mixed;
    if is_initials {
        name.push_str(word);
        return;
    }
    for (index, part) in word.split('-').enumerate() {
        if index > 0 {
            name.push('-');
        }
        push_part(part, name);
    }
}

/// Whether a word that another follows is a particle.
fn is_small(words: &[String], position: usize, lower: &str, whole: Case) -> bool {
    let next = words.get(position + 1).map(|word| word.to_lowercase());
    let next = next.as_deref().unwrap_or_default();
    let before_particle = PARTICLES.contains(next) || WEAK_PARTICLES.contains(next);
    if PARTICLES.contains(lower) {
        // In front, a capital is taken as meant: Van Morrison, but VAN GOGH and van Gogh.
        let typed_small = words[position] == lower;
        return position > 0 || whole == Case::Uniform || typed_small || before_particle;
    }
    WEAK_PARTICLES.contains(lower)
        && (position > 0 || (before_particle && position + 2 < words.len()))
}

/// Whether a word has a small letter that stays small: one behind another letter.
fn stays_small(word: &str) -> bool {
    let mut pairs = word.chars().zip(word.chars().skip(1));
    pairs.any(|(first, second)| first.is_alphabetic() && second.is_lowercase())
}

/// One part of a word with hyphens.
fn push_part(part: &str, name: &mut String) {
    let lower = part.to_lowercase();
    let starts_small = part.chars().next().is_some_and(char::is_lowercase);
    let rest_is_upper = part.chars().skip(1).all(|letter| !letter.is_lowercase());
    let inverted = starts_small && rest_is_upper;
    // Capitals within a word are taken as meant (DeShawn, deVries), but not jOHN.
    let within = part.chars().skip(1).any(char::is_uppercase);
    if case_of(part.chars()) == Case::Mixed && within && !inverted {
        name.push_str(part);
        return;
    }
    let prefix = match lower.get(..2) {
        Some("mc") if lower.chars().count() >= 5 => 2,
        _ if MAC_NAMES.contains(lower.as_str()) && case_of(part.chars()) == Case::Uniform => 3,
        _ => 0,
    };
    let apostrophe = lower.find('\'').map(|at| at + 1);
    let capital_after = apostrophe
        .filter(|at| {
            lower
                .get(*at..)
                .is_some_and(|rest| rest.chars().count() >= 3)
        })
        .unwrap_or(0);
    for (at, letter) in lower.char_indices() {
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
