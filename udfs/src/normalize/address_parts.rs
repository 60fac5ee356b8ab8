//! Takes a postal address apart.

use super::address_text::Habits;
use super::address_words::{ENGLISH_STREET_WORDS, ENGLISH_STREETS, POST_BOXES, UNITS};
use super::country_text::country;
use super::folding::fold_words;
use super::normalize_state::state;
use super::postcode_text;

/// The parts of an address, as they were written but for postal code, state and country; empty
/// where the address does not have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) house_number: String,
    pub(super) street: String,
    pub(super) unit: String,
    pub(super) po_box: String,
    pub(super) locality: String,
    pub(super) city: String,
    pub(super) state: String,
    pub(super) postcode: String,
    pub(super) country: String,
}

/// One line of an address, or what stands between two commas.
type Line<'a> = Vec<&'a str>;

impl Address {
    /// The parts of an address of a country, given as `normalize_country` takes it, unless the
    /// text names another at its end; `None` where no letter or digit is in the text.
    pub(super) fn parse(text: &str, default: &str) -> Option<Self> {
        let mut lines: Vec<Line<'_>> = text
            .split([',', ';', '\n', '\r'])
            .map(|line| line.split_whitespace().collect())
            .filter(|line: &Line<'_>| !fold_words(&line.concat()).is_empty())
            .collect();
        if lines.is_empty() {
            return None;
        }
        let mut address = Self::default();
        let default = country(default).map_or("", |country| country.0);
        address.take_country(&mut lines, default);
        let code = match &address.country[..] {
            "" => default.to_owned(),
            code => code.to_owned(),
        };
        let habits = Habits::of_country(&code);
        if matches!(habits, Habits::German | Habits::French | Habits::Unknown) {
            address.take_postcode_and_city(&mut lines, &code);
        }
        if address.postcode.is_empty() {
            address.take_postcode_at_end(&mut lines, &code);
            address.take_state(&mut lines, &code);
        }
        if address.city.is_empty() {
            address.take_city(&mut lines);
        }
        address.take_boxes_and_units(&mut lines);
        if !lines.is_empty() {
            let street = lines.remove(0);
            address.take_street(&street, habits);
        }
        let rest: Vec<String> = lines.iter().map(|line| line.join(" ")).collect();
        address.locality = rest.join(", ");
        Some(address)
    }

    fn take_country(&mut self, lines: &mut Vec<Line<'_>>, default: &str) {
        let Some(last) = lines.last().filter(|_| lines.len() > 1) else {
            return;
        };
        if let Some(code) = written_country(&last.join(" "), default) {
            self.country = code.to_owned();
            lines.pop();
        }
    }

    /// `10115 Berlin`, wherever it stands: the last one, in a line of its own or behind a street.
    fn take_postcode_and_city(&mut self, lines: &mut Vec<Line<'_>>, code: &str) {
        for at in (0..lines.len()).rev() {
            let line = &lines[at];
            let found = (0..line.len()).rev().find_map(|word| {
                // Of a street and a number alone, the number is the house's.
                (word + 1 < line.len()).then_some(())?;
                Some((word, exact_postcode(line[word], code)?))
            });
            if let Some((word, postcode)) = found {
                self.postcode = postcode;
                let mut city = line[word + 1..].to_vec();
                if city.len() > 1
                    && let Some(last) = city.pop()
                {
                    match written_country(last, code) {
                        Some(found) => self.country = found.to_owned(),
                        None => city.push(last),
                    }
                }
                self.city = city.join(" ");
                lines[at].truncate(word);
                // What follows is below the city's name, such as its district.
                if lines[at].is_empty() {
                    lines.remove(at);
                }
                return;
            }
        }
    }

    /// `IL 62701`, `SW1A 1AA`: one word or two at the very end.
    fn take_postcode_at_end(&mut self, lines: &mut Vec<Line<'_>>, code: &str) {
        let Some(last) = lines.last_mut() else {
            return;
        };
        for words in [2, 1] {
            let Some(start) = last.len().checked_sub(words) else {
                continue;
            };
            if let Some(postcode) = exact_postcode(&last[start..].join(" "), code) {
                self.postcode = postcode;
                last.truncate(start);
                break;
            }
        }
        if last.is_empty() {
            lines.pop();
        }
    }

    fn take_state(&mut self, lines: &mut Vec<Line<'_>>, code: &str) {
        // New York alone is the city, unless one stands before it.
        let behind_city = match &lines[..] {
            [before, _] => !has_digit(before),
            lines => lines.len() > 2,
        };
        let Some(last) = lines.last_mut() else {
            return;
        };
        for words in [3, 2, 1] {
            let Some(start) = last.len().checked_sub(words) else {
                continue;
            };
            if start == 0 && !behind_city {
                continue;
            }
            if let Some(found) = state(&last[start..].join(" "), code) {
                self.state = found.to_owned();
                last.truncate(start);
                break;
            }
        }
        if last.is_empty() {
            lines.pop();
        }
    }

    /// The last line; where there is only one, what stands behind the street in it.
    fn take_city(&mut self, lines: &mut Vec<Line<'_>>) {
        if lines.len() > 1 {
            self.city = lines.pop().unwrap_or_default().join(" ");
            return;
        }
        let Some(line) = lines.first_mut() else {
            return;
        };
        let is_known = !self.state.is_empty() || !self.postcode.is_empty();
        if is_known && !has_digit(line) && !line.iter().any(|word| is_street(word)) {
            self.city = lines.remove(0).join(" ");
        } else if let Some(street) = (1..line.len()).rev().find(|at| is_street(line[*at])) {
            let mut end = street + 1;
            if line.get(end).is_some_and(|word| is_unit(word)) {
                end += 2;
            } else if line.get(end).is_some_and(|word| word.starts_with('#')) {
                end += 1;
            }
            let end = end.min(line.len());
            self.city = line.split_off(end).join(" ");
        }
    }

    fn take_boxes_and_units(&mut self, lines: &mut Vec<Line<'_>>) {
        lines.retain(|line| {
            let folded = fold_words(&line.join(" "));
            let words: Vec<&str> = folded.split(' ').collect();
            let of_box = POST_BOXES
                .iter()
                .find_map(|start| words.strip_prefix(*start))
                .filter(|rest| {
                    !rest.is_empty() && rest[0].starts_with(|first: char| first.is_ascii_digit())
                });
            if let Some(number) = of_box {
                self.po_box = number.join(" ");
                return false;
            }
            // A line of two words: Apt 4, #5.
            let unit = match &line[..] {
                [word, number] if is_unit(word) => *number,
                [number] if number.starts_with('#') => number.trim_start_matches('#'),
                ["#", number] => *number,
                _ => return true,
            };
            self.unit = unit.to_owned();
            false
        });
    }

    fn take_street(&mut self, line: &[&str], habits: Habits) {
        let mut line = line.to_vec();
        if line.len() > 2 && is_unit(line[0]) {
            self.unit = line[1].to_owned();
            line.drain(..2);
        } else if let Some(at) = (1..line.len())
            .find(|at| line[*at].starts_with('#') || is_unit(line[*at]) && *at + 1 < line.len())
        {
            let unit = line.split_off(at);
            self.unit = match unit[0].trim_start_matches('#') {
                number if unit[0].starts_with('#') && !number.is_empty() => number.to_owned(),
                _ => unit[1..].join(" "),
            };
        }
        let is_number = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit());
        let is_letter =
            |word: &&str| word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        let number_behind = habits == Habits::German
            || habits == Habits::Unknown && !line.first().is_some_and(is_number);
        if number_behind {
            let letter = line.pop_if(|last| is_letter(&&**last));
            match line.pop_if(|last| is_number(&&**last)) {
                Some(number) if !line.is_empty() => {
                    self.house_number = format!("{number}{}", letter.unwrap_or_default());
                }
                Some(number) => line.push(number),
                None => line.extend(letter),
            }
        } else if line.len() > 1 && is_number(&line[0]) {
            let number = line.remove(0);
            match number.split_once('/') {
                Some((unit, number)) if habits == Habits::Australian => {
                    self.unit = unit.to_owned();
                    self.house_number = number.to_owned();
                }
                _ => self.house_number = number.to_owned(),
            }
            if line.len() > 1 && matches!(&fold_words(line[0])[..], "bis" | "ter" | "quater") {
                self.house_number = format!("{} {}", self.house_number, line.remove(0));
            }
        }
        self.street = line.join(" ");
    }
}

fn has_digit(line: &[&str]) -> bool {
    line.iter()
        .any(|word| word.bytes().any(|byte| byte.is_ascii_digit()))
}

/// The country that a text names in full; a shorter name may be a state: CA, DE.
fn written_country(text: &str, default: &str) -> Option<&'static str> {
    let folded = fold_words(text);
    let is_long = folded.len() > 3 || matches!(&folded[..], "usa" | "uk" | "u k");
    let found = country(text).filter(|_| is_long && state(text, default).is_none());
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

fn is_unit(word: &str) -> bool {
    let folded = fold_words(word);
    UNITS.iter().any(|(known, _)| *known == folded)
}

fn is_street(word: &str) -> bool {
    let folded = fold_words(word);
    matches!(
        &folded[..],
        "st" | "dr" | "road" | "avenue" | "lane" | "court" | "place" | "boulevard"
    ) || ENGLISH_STREET_WORDS.contains(&folded.as_str())
        || ENGLISH_STREETS.iter().any(|(known, _)| *known == folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// House number, street, unit, post box, locality, city, state, postal code, country.
    fn parts(text: &str, country: &str) -> [String; 9] {
        let address = Address::parse(text, country).unwrap();
        [
            address.house_number,
            address.street,
            address.unit,
            address.po_box,
            address.locality,
            address.city,
            address.state,
            address.postcode,
            address.country,
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
            (
                "DE",
                "Hauptstraße 5",
                ["5", "Hauptstraße", "", "", "", "", "", "", ""],
            ),
        ];
        for (country, text, expected) in cases {
            assert_eq!(parts(text, country), expected, "{text}");
        }
        assert_eq!(Address::parse(" ,; ", "US"), None);
    }
}
