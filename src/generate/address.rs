//! Homes, and the ways their addresses are written.

use super::calendar::Day;
use super::country::{Code, Country};
use super::random::Random;
use super::tables::places::{self, City};

/// Where somebody lives from a day on.
#[derive(Clone)]
pub struct Home {
    /// The day of moving in.
    pub since: Day,
    /// The city.
    pub city: &'static City,
    /// The postcode.
    pub postcode: String,
    street: &'static str,
    street_type: (&'static str, &'static str),
    number: u64,
    flat: Option<u64>,
}

impl Home {
    /// A home in a country.
    pub fn new(country: &Country, since: Day, random: &mut Random) -> Self {
        let city = country.city(random);
        let street = match country.code {
            Code::De => random.pick(places::GERMAN_STREETS),
            Code::Fr => random.pick(places::FRENCH_STREETS),
            Code::Us | Code::Uk | Code::Au => random.pick(places::ENGLISH_STREETS),
        };
        let highest = if country.code == Code::Us { 2400 } else { 160 };
        Self {
            since,
            city,
            postcode: country.postcode(city, random),
            street,
            street_type: random.pick(places::ENGLISH_STREET_TYPES),
            number: random.below(highest) + 1,
            flat: random.chance(180).then(|| random.below(60) + 1),
        }
    }

    /// The line with street and number, as one of the ways in use.
    pub fn street_line(&self, country: Code, random: &mut Random) -> String {
        let number = self.number;
        match country {
            Code::De => {
                let street = match random.below(3) {
                    0 => self.street.replace("straße", "str."),
                    1 => self.street.replace("straße", "strasse"),
                    _ => self.street.to_owned(),
                };
                format!("{street} {number}")
            }
            Code::Fr => {
                let comma = if random.chance(400) { "," } else { "" };
                format!("{number}{comma} {}", self.street)
            }
            Code::Us | Code::Uk | Code::Au => {
                let (long, short) = self.street_type;
                let kind = if random.chance(500) { long } else { short };
                let line = format!("{number} {} {kind}", self.street);
                match self.flat {
                    Some(flat) if random.chance(700) => match (country, random.below(3)) {
                        (Code::Us, 0) => format!("{line}, Apt {flat}"),
                        (Code::Us, 1) => format!("{line} #{flat}"),
                        (Code::Us, _) => format!("{line} Apt. {flat}"),
                        (_, 0) => format!("Flat {flat}, {line}"),
                        _ => format!("{flat}/{line}"),
                    },
                    _ => line,
                }
            }
        }
    }

    /// The city, now and then by its other name or in capitals.
    pub fn city_name(&self, random: &mut Random) -> String {
        match random.below(20) {
            0 | 1 => self.city.alias.to_owned(),
            2 => self.city.name.to_uppercase(),
            _ => self.city.name.to_owned(),
        }
    }
}
