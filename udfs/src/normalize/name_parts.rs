//! Takes the name of a person apart.

use super::name_text;
use super::name_words::{CONJUNCTIONS, DEGREES, GENERATIONS, PARTICLES, WEAK_PARTICLES};
use super::unicode::compatible;

/// The parts of a name, each written as [`name_text::normalize`] writes it; empty where the name
/// does not have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) prefix: String,
    pub(super) given: String,
    pub(super) middle: String,
    pub(super) family: String,
    pub(super) suffix: String,
    pub(super) nickname: String,
}

/// What opens a nickname, and what closes it.
const BRACKETS: [(char, char); 6] = [
    ('(', ')'),
    ('"', '"'),
    ('“', '”'),
    ('„', '“'),
    ('«', '»'),
    ('[', ']'),
];

impl Name {
    /// The parts of a name, or `None` where nothing of a name is in the text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = compatible(text);
        // Placeholders such as `n/a` are no names.
        if !name_text::is_name(&text) {
            return None;
        }
        let (text, nickname) = without_nickname(&text);
        let mut name = Self {
            nickname: nickname
                .and_then(|nickname| name_text::normalize(&nickname))
                .unwrap_or_default(),
            ..Self::default()
        };
        let mut suffixes = Vec::new();
        let mut segments = Vec::new();
        for segment in text.split([',', ';']) {
            let mut words = name_text::words(segment);
            let needed = usize::from(segments.is_empty());
            let behind = words_behind(&words, needed);
            suffixes.extend(words.split_off(behind));
            if !words.is_empty() {
                segments.push(words);
            }
        }
        let mut prefixes = Vec::new();
        for segment in &mut segments {
            let titles = name_text::titles_before(segment);
            prefixes.extend(segment.drain(..titles));
        }
        segments.retain(|segment| !segment.is_empty());
        match &segments[..] {
            [] => return None,
            [words] => name.split(words),
            [family, given @ ..] => {
                let given = given.concat();
                name.family = written(family);
                name.set_given(&given);
            }
        }
        if name.family.is_empty() && !prefixes.is_empty() {
            // Dr. Müller.
            std::mem::swap(&mut name.given, &mut name.family);
        }
        name.prefix = honours(&prefixes);
        name.suffix = honours(&suffixes);
        Some(name)
    }

    /// A given name, names in the middle, and a family name with its particles.
    fn split(&mut self, words: &[String]) {
        let Some((last, before)) = words.split_last() else {
            return;
        };
        if before.is_empty() {
            self.given = written(std::slice::from_ref(last));
            return;
        }
        // A particle in front of everything is a name: Van Morrison.
        let mut family = before.len();
        while family > 1 && is_particle(&words[family - 1]) {
            family -= 1;
        }
        self.family = written(&words[family..]);
        self.set_given(&words[..family]);
    }

    fn set_given(&mut self, words: &[String]) {
        let (given, middle) = words.split_at(words.len().min(1));
        self.given = written(given);
        self.middle = written(middle);
    }
}

fn is_particle(word: &str) -> bool {
    let lower = word.to_lowercase();
    PARTICLES.contains(lower.as_str()) || WEAK_PARTICLES.contains(lower.as_str())
}

fn written(words: &[String]) -> String {
    let joined = words.join(" ");
    name_text::normalize(&joined).unwrap_or(joined)
}

/// How many words stand before degrees and generations at the end.
fn words_behind(words: &[String], needed: usize) -> usize {
    let mut end = words.len();
    while end > needed {
        let lower = words[end - 1].to_lowercase();
        let is_generation = GENERATIONS.iter().any(|(known, _)| *known == lower);
        if !is_generation && !DEGREES.contains(lower.as_str()) {
            break;
        }
        end -= 1;
    }
    end
}

/// Titles, degrees and generations, as they are written.
fn honours(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| honour(word)).collect();
    words.join(" ")
}

fn honour(word: &str) -> String {
    let lower = word.to_lowercase();
    if let Some((_, written)) = GENERATIONS.iter().find(|(known, _)| *known == lower) {
        return (*written).to_owned();
    }
    if CONJUNCTIONS.contains(&lower.as_str()) {
        return lower;
    }
    match lower.as_str() {
        "phd" => return "PhD".to_owned(),
        "dphil" => return "DPhil".to_owned(),
        "mphil" => return "MPhil".to_owned(),
        "edd" => return "EdD".to_owned(),
        "bsc" => return "BSc".to_owned(),
        "msc" => return "MSc".to_owned(),
        "beng" => return "BEng".to_owned(),
        "meng" => return "MEng".to_owned(),
        "esq" | "esquire" => {}
        degree if DEGREES.contains(degree) => return degree.to_uppercase(),
        _ => {}
    }
    let mut letters = lower.chars();
    let first = letters.next();
    let capital = first.into_iter().flat_map(char::to_uppercase);
    capital.chain(letters).collect()
}

/// The text without the first nickname in brackets or double quotes, and that.
fn without_nickname(text: &str) -> (String, Option<String>) {
    for (opening, closing) in BRACKETS {
        if let Some((before, rest)) = text.split_once(opening)
            && let Some((nickname, after)) = rest.split_once(closing)
        {
            return (format!("{before} {after}"), Some(nickname.to_owned()));
        }
    }
    (text.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_people_write_them() {
        let cases = [
            ("Ada Lovelace", ["", "Ada", "", "Lovelace", "", ""]),
            ("LOVELACE, ADA", ["", "Ada", "", "Lovelace", "", ""]),
            (
                "Dr. Martin Luther King, Jr.",
                ["Dr", "Martin", "Luther", "King", "Jr", ""],
            ),
            (
                "ludwig van beethoven",
                ["", "Ludwig", "", "van Beethoven", "", ""],
            ),
            (
                "García Márquez, Gabriel José",
                ["", "Gabriel", "José", "García Márquez", "", ""],
            ),
            (
                "William (Bill) H. Gates III",
                ["", "William", "H", "Gates", "III", "Bill"],
            ),
            (
                "Prof. Dr. Anna Müller PhD",
                ["Prof Dr", "Anna", "", "Müller", "PhD", ""],
            ),
            ("Mr and Mrs Smith", ["Mr and Mrs", "", "", "Smith", "", ""]),
            ("Madonna", ["", "Madonna", "", "", "", ""]),
            ("Van Morrison", ["", "Van", "", "Morrison", "", ""]),
        ];
        for (text, expected) in cases {
            let name = Name::parse(text).unwrap();
            let parts = [
                &name.prefix[..],
                &name.given,
                &name.middle,
                &name.family,
                &name.suffix,
                &name.nickname,
            ];
            assert_eq!(parts, expected, "{text}");
        }
        for text in ["", " ", "n/a", "!?", "Dr."] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
    }
}
