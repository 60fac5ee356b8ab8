//! Takes the name of a person apart.

use std::ops::Range;

use super::name_text::{Names, has_remarks, titles_before};
use super::unicode::compatible;

/// The parts of a name, each written as [`Names::normalize`] writes it; empty where the name does
/// not have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) prefix: String,
    pub(super) given: String,
    pub(super) middle: String,
    pub(super) family: String,
    pub(super) suffix: String,
    pub(super) nickname: String,
}

/// Reads names; buffers are kept from name to name.
#[derive(Debug, Default)]
pub(super) struct NameReader {
    names: Names,
    name: Name,
    prefixes: Vec<usize>,
    suffixes: Vec<usize>,
    segments: Vec<Range<usize>>,
    /// The given name and names in the middle.
    given: Vec<usize>,
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

impl NameReader {
    /// The parts of a name, or `None` where nothing of a name is in the text.
    pub(super) fn read(&mut self, text: &str) -> Option<&Name> {
        let text = compatible(text);
        // Placeholders such as `n/a` are no names.
        self.names.take(&text)?;
        self.name.clear();
        if has_remarks(&text) {
            let (text, nickname) = without_nickname(&text);
            if let Some(nickname) = nickname {
                self.names.normalize(nickname, &mut self.name.nickname);
            }
            self.names.split(&text);
        }
        self.take_segments();
        self.prefixes.clear();
        for segment in &mut self.segments {
            let start = segment.start;
            segment.start += titles_before(&self.names.words, segment.clone());
            self.prefixes.extend(start..segment.start);
        }
        self.segments.retain(|segment| !segment.is_empty());
        self.given.clear();
        let family = match &self.segments[..] {
            [] => return None,
            [words] => {
                let words = words.clone();
                self.split(words)
            }
            [family, given @ ..] => {
                self.given.extend(given.iter().cloned().flatten());
                family.clone()
            }
        };
        let (names, name) = (&mut self.names, &mut self.name);
        let mut given = self.given.iter().copied();
        names.write_words(family, &mut name.family);
        names.write_words(given.by_ref().take(1), &mut name.given);
        names.write_words(given, &mut name.middle);
        if name.family.is_empty() && !self.prefixes.is_empty() {
            // Dr. Müller.
            std::mem::swap(&mut name.given, &mut name.family);
        }
        self.push_honours();
        Some(&self.name)
    }

    /// Takes the words between commas, and what stands behind a name apart from these.
    fn take_segments(&mut self) {
        self.segments.clear();
        self.suffixes.clear();
        let words = &self.names.words;
        for segment in &self.names.segments {
            let needed = segment.start + usize::from(self.segments.is_empty());
            let honours = segment.clone().rev();
            let honours = honours.take_while(|word| *word >= needed);
            let honours = honours.take_while(|word| words.roles(*word).is_honour());
            let behind = segment.end - honours.count();
            self.suffixes.extend(behind..segment.end);
            if behind > segment.start {
                self.segments.push(segment.start..behind);
            }
        }
    }

    /// Takes the given name and names in the middle; gives the family name with its particles.
    fn split(&mut self, words: Range<usize>) -> Range<usize> {
        if words.len() == 1 {
            self.given.extend(words);
            return 0..0;
        }
        // A particle in front of everything is a name: Van Morrison.
        let mut family = words.end - 1;
        while family > words.start + 1 && self.names.words.roles(family - 1).is_any_particle() {
            family -= 1;
        }
        self.given.extend(words.start..family);
        family..words.end
    }

    /// Writes titles, degrees and generations.
    fn push_honours(&mut self) {
        let (words, name) = (&self.names.words, &mut self.name);
        for (honours, part) in [
            (&self.prefixes, &mut name.prefix),
            (&self.suffixes, &mut name.suffix),
        ] {
            for (position, word) in honours.iter().enumerate() {
                if position > 0 {
                    part.push(' ');
                }
                let roles = words.roles(*word);
                match (roles.generation, words.small(*word)) {
                    (Some(generation), _) => part.push_str(generation),
                    (None, conjunction) if roles.conjunction => part.push_str(conjunction),
                    (None, honour) => push_honour(honour, roles.degree, part),
                }
            }
        }
    }
}

impl Name {
    fn clear(&mut self) {
        for part in [
            &mut self.prefix,
            &mut self.given,
            &mut self.middle,
            &mut self.family,
            &mut self.suffix,
            &mut self.nickname,
        ] {
            part.clear();
        }
    }
}

/// Writes a title or a degree that is given in small letters.
fn push_honour(small: &str, is_degree: bool, part: &mut String) {
    let written = match small {
        "phd" => "PhD",
        "dphil" => "DPhil",
        "mphil" => "MPhil",
        "edd" => "EdD",
        "bsc" => "BSc",
        "msc" => "MSc",
        "beng" => "BEng",
        "meng" => "MEng",
        _ if is_degree && !matches!(small, "esq" | "esquire") => {
            part.extend(small.chars().flat_map(char::to_uppercase));
            return;
        }
        _ => {
            let mut letters = small.chars();
            part.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            letters.as_str()
        }
    };
    part.push_str(written);
}

/// The text without the first nickname in brackets or double quotes, and that.
fn without_nickname(text: &str) -> (String, Option<&str>) {
    for (opening, closing) in BRACKETS {
        if let Some((before, rest)) = text.split_once(opening)
            && let Some((nickname, after)) = rest.split_once(closing)
        {
            return ([before, " ", after].concat(), Some(nickname));
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
        let mut reader = NameReader::default();
        for (text, expected) in cases {
            let name = reader.read(text).unwrap();
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
            assert_eq!(reader.read(text), None, "{text}");
        }
    }
}
