//! Takes a postal address apart.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use datafusion::common::HashSet;

use super::address_text::Habits;
use super::address_words::{ENGLISH_STREET_WORDS, ENGLISH_STREETS, POST_BOXES, UNITS};
use super::country_text::country;
use super::folding::{fold_words, with_folded};
use super::normalize_state::state_of;
use super::postcode_text;

/// The parts of an address, as they were written but for postal code, state and country; empty
/// where the address does not have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) house_number: Cow<'a, str>,
    pub(super) street: Cow<'a, str>,
    pub(super) unit: Cow<'a, str>,
    pub(super) po_box: String,
    pub(super) locality: Cow<'a, str>,
    pub(super) city: Cow<'a, str>,
    pub(super) state: &'static str,
    pub(super) postcode: String,
    pub(super) country: &'static str,
}

/// Where an address is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The country's ISO code; empty where it is not known.
    code: &'static str,
    habits: Habits,
}

impl Place {
    /// The country that a text names, as `normalize_country` takes it.
    pub(super) fn named(text: &str) -> Self {
        Self::of_code(country(text).map_or("", |country| country.0))
    }

    fn of_code(code: &'static str) -> Self {
        Self {
            code,
            habits: Habits::of_country(code),
        }
    }
}

/// Reads addresses; buffers are kept from address to address.
#[derive(Debug, Default)]
pub(super) struct AddressReader {
    words: Vec<Range<usize>>,
    lines: Vec<Line>,
}

/// One line of an address, or what stands between two commas: the numbers of its words.
type Line = Range<usize>;

impl AddressReader {
    /// The parts of an address of a place, unless the text names another country at its end; `None`
    /// where no letter or digit is in the text.
    pub(super) fn read<'a>(&mut self, text: &'a str, place: Place) -> Option<Address<'a>> {
        self.words.clear();
        self.lines.clear();
        for line in text.split([',', ';', '\n', '\r']) {
            let first = self.words.len();
            let words = line.split_whitespace().map(|word| {
                let start = word.as_ptr().addr() - text.as_ptr().addr();
                start..start + word.len()
            });
            if has_letter_or_digit(line) {
                self.words.extend(words);
                self.lines.push(first..self.words.len());
            }
        }
        if self.lines.is_empty() {
            return None;
        }
        let parts = Parts {
            text,
            words: &self.words,
            lines: &mut self.lines,
            address: Address::default(),
        };
        Some(parts.take(place))
    }
}

/// An address of which lines are taken away, one after the other.
struct Parts<'a, 'b> {
    text: &'a str,
    /// Where each word stands in the text.
    words: &'b [Range<usize>],
    lines: &'b mut Vec<Line>,
    address: Address<'a>,
}

impl<'a> Parts<'a, '_> {
    fn take(mut self, place: Place) -> Address<'a> {
        self.take_country(place.code);
        let place = match self.address.country {
            "" => place,
            code => Place::of_code(code),
        };
        if matches!(
            place.habits,
            Habits::German | Habits::French | Habits::Unknown
        ) {
            self.take_postcode_and_city(place.code);
        }
        if self.address.postcode.is_empty() {
            self.take_postcode_at_end(place.code);
            self.take_state(place.code);
        }
        if self.address.city.is_empty() {
            self.take_city();
        }
        self.take_boxes_and_units();
        if !self.lines.is_empty() {
            let street = self.lines.remove(0);
            self.take_street(street, place.habits);
        }
        self.address.locality = match &self.lines[..] {
            [] => Cow::default(),
            [line] => self.joined(line.clone()),
            lines => {
                let lines: Vec<_> = lines.iter().map(|line| self.joined(line.clone())).collect();
                Cow::Owned(lines.join(", "))
            }
        };
        self.address
    }

    fn word(&self, word: usize) -> &'a str {
        let place = self.words.get(word).cloned();
        place
            .and_then(|place| self.text.get(place))
            .unwrap_or_default()
    }

    /// Words with one blank between.
    fn joined(&self, words: Range<usize>) -> Cow<'a, str> {
        let Some(places @ [first, .., last]) = self.words.get(words.clone()) else {
            return Cow::Borrowed(words.map(|word| self.word(word)).next().unwrap_or_default());
        };
        let is_joined =
            |places: &[Range<usize>; 2]| self.text.get(places[0].end..places[1].start) == Some(" ");
        if places.array_windows().all(is_joined) {
            return Cow::Borrowed(self.text.get(first.start..last.end).unwrap_or_default());
        }
        let words: Vec<&str> = words.map(|word| self.word(word)).collect();
        Cow::Owned(words.join(" "))
    }

    fn has_digit(&self, line: &Line) -> bool {
        let mut words = line.clone().map(|word| self.word(word));
        words.any(|word| word.bytes().any(|byte| byte.is_ascii_digit()))
    }

    fn take_country(&mut self, default: &str) {
        let Some(last) = self.lines.last().filter(|_| self.lines.len() > 1) else {
            return;
        };
        if let Some(code) = written_country(&self.joined(last.clone()), default) {
            self.address.country = code;
            self.lines.pop();
        }
    }

    /// `10115 Berlin`, wherever it stands: the last one, in a line of its own or behind a street.
    fn take_postcode_and_city(&mut self, code: &str) {
        for at in (0..self.lines.len()).rev() {
            let line = self.lines[at].clone();
            // Of a street and a number alone, the number is the house's.
            let mut before_others = (line.start..line.end.saturating_sub(1)).rev();
            let found =
                before_others.find_map(|word| Some((word, exact_postcode(self.word(word), code)?)));
            if let Some((word, postcode)) = found {
                self.address.postcode = postcode;
                let mut city = word + 1..line.end;
                if city.len() > 1
                    && let Some(country) = written_country(self.word(city.end - 1), code)
                {
                    self.address.country = country;
                    city.end -= 1;
                }
                self.address.city = self.joined(city);
                // What follows is below the city's name, such as its district.
                self.lines[at].end = word;
                if self.lines[at].is_empty() {
                    self.lines.remove(at);
                }
                return;
            }
        }
    }

    /// `IL 62701`, `SW1A 1AA`: one word or two at the very end.
    fn take_postcode_at_end(&mut self, code: &str) {
        let Some(last) = self.lines.last().cloned() else {
            return;
        };
        let found = [2, 1].into_iter().find_map(|words| {
            let start = last
                .end
                .checked_sub(words)
                .filter(|start| *start >= last.start)?;
            Some((start, exact_postcode(&self.joined(start..last.end), code)?))
        });
        if let Some((start, postcode)) = found {
            self.address.postcode = postcode;
            self.end_last_line(start);
        }
    }

    fn take_state(&mut self, code: &str) {
        // New York alone is the city, unless one stands before it.
        let behind_city = match &self.lines[..] {
            [before, _] => !self.has_digit(before),
            lines => lines.len() > 2,
        };
        let Some(last) = self.lines.last().cloned() else {
            return;
        };
        let first = last.start + usize::from(!behind_city);
        let found = [3, 2, 1].into_iter().find_map(|words| {
            let start = last
                .end
                .checked_sub(words)
                .filter(|start| *start >= first)?;
            Some((start, state_of(&self.joined(start..last.end), code)?))
        });
        if let Some((start, state)) = found {
            self.address.state = state;
            self.end_last_line(start);
        }
    }

    fn end_last_line(&mut self, end: usize) {
        if let Some(last) = self.lines.last_mut() {
            last.end = end;
            if Range::is_empty(last) {
                self.lines.pop();
            }
        }
    }

    /// The last line; where there is only one, what stands behind the street in it.
    fn take_city(&mut self) {
        let (line, is_only) = match &mut self.lines[..] {
            [] => return,
            [line] => (line.clone(), true),
            [.., line] => (line.clone(), false),
        };
        if !is_only {
            self.lines.pop();
            self.address.city = self.joined(line);
            return;
        }
        let is_known = !self.address.state.is_empty() || !self.address.postcode.is_empty();
        let street = line.clone().rev().find(|word| is_street(self.word(*word)));
        if is_known && street.is_none() && !self.has_digit(&line) {
            self.lines.pop();
            self.address.city = self.joined(line);
        } else if let Some(street) = street.filter(|street| *street > line.start) {
            let mut end = street + 1;
            if end < line.end && is_unit(self.word(end)) {
                end += 2;
            } else if end < line.end && self.word(end).starts_with('#') {
                end += 1;
            }
            let end = end.min(line.end);
            self.lines[0].end = end;
            self.address.city = self.joined(end..line.end);
        }
    }

    fn take_boxes_and_units(&mut self) {
        let mut lines = std::mem::take(self.lines);
        lines.retain(|line| {
            if let Some(number) = self.post_box(line) {
                self.address.po_box = number;
                return false;
            }
            // A line of two words: Apt 4, #5.
            let first = self.word(line.start);
            let unit = match line.len() {
                1 if first.starts_with('#') => first.trim_start_matches('#'),
                2 if first == "#" || is_unit(first) => self.word(line.start + 1),
                _ => return true,
            };
            self.address.unit = Cow::Borrowed(unit);
            false
        });
        *self.lines = lines;
    }

    /// The number of a post-office box, if a line is one.
    fn post_box(&self, line: &Line) -> Option<String> {
        // All words for it begin so.
        let mut characters = self.word(line.start).chars();
        let first = characters.find(|first| first.is_alphanumeric());
        if first.is_some_and(|first| first.is_ascii() && !matches!(first, 'p' | 'P' | 'b' | 'B')) {
            return None;
        }
        let folded = fold_words(&self.joined(line.clone()));
        let words: Vec<&str> = folded.split(' ').collect();
        let mut starts = POST_BOXES.iter();
        let number = starts.find_map(|start| words.strip_prefix(*start))?;
        let is_number = number
            .first()?
            .starts_with(|first: char| first.is_ascii_digit());
        is_number.then(|| number.join(" "))
    }

    fn take_street(&mut self, mut line: Line, habits: Habits) {
        if line.len() > 2 && is_unit(self.word(line.start)) {
            self.address.unit = Cow::Borrowed(self.word(line.start + 1));
            line.start += 2;
        } else if let Some(at) = (line.start + 1..line.end).find(|at| {
            self.word(*at).starts_with('#') || *at + 1 < line.end && is_unit(self.word(*at))
        }) {
            let first = self.word(at);
            self.address.unit = match first.trim_start_matches('#') {
                number if first.starts_with('#') && !number.is_empty() => Cow::Borrowed(number),
                _ => self.joined(at + 1..line.end),
            };
            line.end = at;
        }
        let is_number = |word: usize| {
            self.word(word)
                .starts_with(|first: char| first.is_ascii_digit())
        };
        let is_letter = |word: usize| matches!(self.word(word).as_bytes(), [letter] if letter.is_ascii_alphabetic());
        let number_behind = habits == Habits::German
            || habits == Habits::Unknown && (line.is_empty() || !is_number(line.start));
        if number_behind {
            let letters = usize::from(!line.is_empty() && is_letter(line.end - 1));
            let end = line.end - letters;
            if end > line.start + 1 && is_number(end - 1) {
                let number = end - 1..line.end;
                self.address.house_number = match letters {
                    0 => Cow::Borrowed(self.word(number.start)),
                    _ => Cow::Owned(number.clone().map(|word| self.word(word)).collect()),
                };
                line.end = number.start;
            }
        } else if line.len() > 1 && is_number(line.start) {
            let number = self.word(line.start);
            line.start += 1;
            match number.split_once('/') {
                Some((unit, number)) if habits == Habits::Australian => {
                    self.address.unit = Cow::Borrowed(unit);
                    self.address.house_number = Cow::Borrowed(number);
                }
                _ => self.address.house_number = Cow::Borrowed(number),
            }
            if line.len() > 1 && is_repeated(self.word(line.start)) {
                self.address.house_number =
                    Cow::Owned([&self.address.house_number, " ", self.word(line.start)].concat());
                line.start += 1;
            }
        }
        self.address.street = self.joined(line);
    }
}

fn has_letter_or_digit(line: &str) -> bool {
    match line.is_ascii() {
        true => line.bytes().any(|byte| byte.is_ascii_alphanumeric()),
        false => !fold_words(line).is_empty(),
    }
}

/// The country that a text names in full; a shorter name may be a state: CA, DE. No such name has a
/// digit.
fn written_country(text: &str, default: &str) -> Option<&'static str> {
    if text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let is_long = with_folded(text, |folded| {
        folded.len() > 3 || matches!(folded, "usa" | "uk" | "u k")
    });
    let found = country(text).filter(|_| is_long && state_of(text, default).is_none());
    found.map(|country| country.0)
}

/// The postal code that a text is as it stands: nothing filled in, no country in front.
fn exact_postcode(text: &str, code: &str) -> Option<String> {
    if code.is_empty() || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count = |text: &str| {
        text.chars()
            .filter(|character| character.is_alphanumeric())
            .count()
    };
    let postcode = postcode_text::normalize(text, code)?;
    let country_in_front = text.len() > 3 && postcode.len() >= 4 && text.ends_with(&postcode);
    (count(text) == count(&postcode) || country_in_front).then_some(postcode)
}

/// Words for a part of a building.
static UNIT_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| UNITS.iter().map(|(word, _)| *word).collect());

/// Words that end the name of a street.
static STREET_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let written_out = [
        "st",
        "dr",
        "road",
        "avenue",
        "lane",
        "court",
        "place",
        "boulevard",
    ];
    let short = ENGLISH_STREETS.iter().map(|(word, _)| *word);
    let words = ENGLISH_STREET_WORDS.iter().copied().chain(written_out);
    words.chain(short).collect()
});

fn is_unit(word: &str) -> bool {
    with_folded(word, |folded| UNIT_WORDS.contains(folded))
}

fn is_street(word: &str) -> bool {
    with_folded(word, |folded| STREET_WORDS.contains(folded))
}

/// Whether a word tells houses of one number apart, in France.
fn is_repeated(word: &str) -> bool {
    with_folded(word, |folded| matches!(folded, "bis" | "ter" | "quater"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// House number, street, unit, post box, locality, city, state, postal code, country.
    fn parts(text: &str, country: &str) -> [String; 9] {
        let mut reader = AddressReader::default();
        let address = reader.read(text, Place::named(country)).unwrap();
        [
            address.house_number.into_owned(),
            address.street.into_owned(),
            address.unit.into_owned(),
            address.po_box,
            address.locality.into_owned(),
            address.city.into_owned(),
            address.state.to_owned(),
            address.postcode,
            address.country.to_owned(),
        ]
    }

    #[test]
    fn addresses_as_people_write_them() {
        let cases = [
            (
                "US",
                "742 Evergreen Terrace, Springfield, IL 62701",
                [
                    "742",
                    "Evergreen Terrace",
                    "",
                    "",
                    "",
                    "Springfield",
                    "IL",
                    "62701",
                    "",
                ],
            ),
            (
                "US",
                "1600 Pennsylvania Ave NW, Apt 4, Washington, DC 20500-0003, USA",
                [
                    "1600",
                    "Pennsylvania Ave NW",
                    "4",
                    "",
                    "",
                    "Washington",
                    "DC",
                    "20500-0003",
                    "US",
                ],
            ),
            (
                "US",
                "12 Main St #5 Springfield Illinois 62701",
                [
                    "12",
                    "Main St",
                    "5",
                    "",
                    "",
                    "Springfield",
                    "IL",
                    "62701",
                    "",
                ],
            ),
            (
                "US",
                "350 Fifth Avenue, New York, NY 10118",
                [
                    "350",
                    "Fifth Avenue",
                    "",
                    "",
                    "",
                    "New York",
                    "NY",
                    "10118",
                    "",
                ],
            ),
            (
                "US",
                "New York, NY",
                ["", "", "", "", "", "New York", "NY", "", ""],
            ),
            (
                "US",
                "350 5th Ave, New York 10118",
                ["350", "5th Ave", "", "", "", "New York", "", "10118", ""],
            ),
            (
                "US",
                "PO Box 123, Austin, TX 78701",
                ["", "", "", "123", "", "Austin", "TX", "78701", ""],
            ),
            (
                "UK",
                "Flat 2, 10 Downing Street, London SW1A 2AA, United Kingdom",
                [
                    "10",
                    "Downing Street",
                    "2",
                    "",
                    "",
                    "London",
                    "",
                    "SW1A 2AA",
                    "GB",
                ],
            ),
            (
                "GB",
                "1 High Street, Shirley, Southampton, so15 3nn",
                [
                    "1",
                    "High Street",
                    "",
                    "",
                    "Shirley",
                    "Southampton",
                    "",
                    "SO15 3NN",
                    "",
                ],
            ),
            (
                "DE",
                "Hauptstraße 5 a, 10115 Berlin",
                ["5a", "Hauptstraße", "", "", "", "Berlin", "", "10115", ""],
            ),
            (
                "DE",
                "Straße des 17. Juni 135 10623 Berlin Deutschland",
                [
                    "135",
                    "Straße des 17. Juni",
                    "",
                    "",
                    "",
                    "Berlin",
                    "",
                    "10623",
                    "DE",
                ],
            ),
            (
                "FR",
                "12 bis rue de la Paix\n75002 Paris\nFrance",
                [
                    "12 bis",
                    "rue de la Paix",
                    "",
                    "",
                    "",
                    "Paris",
                    "",
                    "75002",
                    "FR",
                ],
            ),
            (
                "AU",
                "2/10 George St, Sydney NSW 2000",
                ["10", "George St", "2", "", "", "Sydney", "NSW", "2000", ""],
            ),
            ("DE", "5 a", ["", "5 a", "", "", "", "", "", "", ""]),
            (
                "DE",
                "Hauptstraße 5",
                ["5", "Hauptstraße", "", "", "", "", "", "", ""],
            ),
        ];
        for (country, text, expected) in cases {
            assert_eq!(parts(text, country), expected, "{text}");
        }
        let mut reader = AddressReader::default();
        assert_eq!(reader.read(" ,; ", Place::named("US")), None);
    }
}
