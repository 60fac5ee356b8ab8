//! What differs by country: names, cities, how a postcode, a telephone number and a street are
//! written.

use super::random::{Random, Weighted};
use super::tables::{given_names, places, surnames};

/// The five countries that the retailer ships to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The United States.
    Us,
    /// The United Kingdom.
    Uk,
    /// Germany.
    De,
    /// France.
    Fr,
    /// Australia.
    Au,
}

/// How each system names a country, and its money and telephone prefix.
pub struct Facts {
    /// ISO 3166-1 alpha-2.
    pub iso: &'static str,
    /// In English, in full.
    pub name: &'static str,
    /// As the newsletter tool has it.
    pub short: &'static str,
    /// ISO 4217.
    pub currency: &'static str,
    /// What is dialled before a number from abroad.
    pub dial: &'static str,
}

impl Code {
    /// What is to be known of it.
    pub fn facts(self) -> Facts {
        let (iso, name, short, currency, dial) = match self {
            Self::Us => ("US", "United States", "USA", "USD", "1"),
            Self::Uk => ("GB", "United Kingdom", "UK", "GBP", "44"),
            Self::De => ("DE", "Germany", "GER", "EUR", "49"),
            Self::Fr => ("FR", "France", "FRA", "EUR", "33"),
            Self::Au => ("AU", "Australia", "AUS", "AUD", "61"),
        };
        Facts {
            iso,
            name,
            short,
            currency,
            dial,
        }
    }
}

/// A country's tables, ready to draw from.
pub struct Country {
    /// Which one.
    pub code: Code,
    female: Names,
    male: Names,
    surnames: &'static [(&'static str, [u32; 3])],
    plain_surnames: &'static [(&'static str, u32)],
    surname_weights: Weighted,
    surname_parts: (&'static [&'static str], &'static [&'static str]),
    /// Its cities.
    pub cities: &'static [places::City],
    city_weights: Weighted,
}

struct Names {
    names: &'static [given_names::Given],
    eras: [Weighted; 3],
}

impl Names {
    fn new(names: &'static [given_names::Given]) -> Self {
        Self {
            names,
            eras: [0, 1, 2].map(|era| Weighted::new(names.iter().map(|name| name.1[era]))),
        }
    }

    fn pick(&self, era: usize, random: &mut Random) -> &'static str {
        self.names[self.eras[era].pick(random)].0
    }
}

/// Of a thousand people, how many carry a rare surname.
const RARE_SURNAMES: u64 = 640;

impl Country {
    /// The tables of a country.
    pub fn new(code: Code) -> Self {
        use given_names as given;
        let (female, male) = match code {
            Code::De => (given::GERMAN_FEMALE, given::GERMAN_MALE),
            Code::Fr => (given::FRENCH_FEMALE, given::FRENCH_MALE),
            Code::Us | Code::Uk | Code::Au => (given::ENGLISH_FEMALE, given::ENGLISH_MALE),
        };
        let column = match code {
            Code::Uk => 1,
            Code::Au => 2,
            _ => 0,
        };
        let (english, plain, parts) = match code {
            Code::De => (
                &[][..],
                surnames::GERMAN,
                (surnames::GERMAN_FIRST, surnames::GERMAN_SECOND),
            ),
            Code::Fr => (
                &[][..],
                surnames::FRENCH,
                (surnames::FRENCH_FIRST, surnames::FRENCH_SECOND),
            ),
            _ => (
                surnames::ENGLISH,
                &[][..],
                (surnames::ENGLISH_FIRST, surnames::ENGLISH_SECOND),
            ),
        };
        let cities = match code {
            Code::Us => places::US_CITIES,
            Code::Uk => places::UK_CITIES,
            Code::De => places::DE_CITIES,
            Code::Fr => places::FR_CITIES,
            Code::Au => places::AU_CITIES,
        };
        Self {
            code,
            female: Names::new(female),
            male: Names::new(male),
            surnames: english,
            plain_surnames: plain,
            surname_weights: Weighted::new(
                english
                    .iter()
                    .map(|(_, weights)| weights[column])
                    .chain(plain.iter().map(|&(_, weight)| weight)),
            ),
            surname_parts: parts,
            cities,
            city_weights: Weighted::new(cities.iter().map(|city| city.weight)),
        }
    }

    /// A given name for somebody born in `year`.
    pub fn given_name(&self, female: bool, year: i64, random: &mut Random) -> &'static str {
        let era = match year {
            ..1965 => 0,
            1965..1990 => 1,
            _ => 2,
        };
        let names = if female { &self.female } else { &self.male };
        names.pick(era, random)
    }

    /// A surname: one of the frequent ones, or one of the thousands of rare ones.
    pub fn surname(&self, random: &mut Random) -> String {
        if random.chance(RARE_SURNAMES) {
            let (first, second) = self.surname_parts;
            let mut name = first[random.index(first.len())].to_owned();
            name.push_str(second[random.skewed(second.len())]);
            return name;
        }
        let index = self.surname_weights.pick(random);
        let name = match self.surnames.get(index) {
            Some((name, _)) => name,
            None => self.plain_surnames[index - self.surnames.len()].0,
        };
        name.to_owned()
    }

    /// A city, by how many live there.
    pub fn city(&self, random: &mut Random) -> &'static places::City {
        &self.cities[self.city_weights.pick(random)]
    }

    /// A postcode of a city.
    pub fn postcode(&self, city: &places::City, random: &mut Random) -> String {
        const LETTERS: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";
        match self.code {
            Code::Uk => format!(
                "{}{} {}{}{}",
                city.postcode,
                random.below(20) + 1,
                random.below(9) + 1,
                char::from(random.pick(LETTERS)),
                char::from(random.pick(LETTERS)),
            ),
            _ => format!("{}{:02}", city.postcode, random.below(100)),
        }
    }

    /// The national significant number of a mobile.
    pub fn mobile(&self, city: &places::City, random: &mut Random) -> String {
        const UK: &[&str] = &[
            "741", "743", "753", "755", "771", "772", "785", "787", "796",
        ];
        const DE: &[&str] = &[
            "1511", "1512", "1515", "1516", "1520", "1522", "1573", "1577",
        ];
        match self.code {
            Code::Us => self.landline(city, random),
            Code::Uk => format!("{}{:07}", random.pick(UK), random.below(10_000_000)),
            Code::De => format!("{}{:07}", random.pick(DE), random.below(10_000_000)),
            Code::Fr => format!("6{:08}", random.digits(8)),
            Code::Au => format!("4{}{:07}", random.below(4), random.below(10_000_000)),
        }
    }

    /// The national significant number of a telephone at home.
    pub fn landline(&self, city: &places::City, random: &mut Random) -> String {
        match self.code {
            Code::Us => {
                let exchange = 220 + random.below(680);
                // N11 codes are services, not exchanges.
                let exchange = if exchange % 100 == 11 {
                    exchange + 1
                } else {
                    exchange
                };
                format!("{}{exchange}{:04}", city.area, random.below(10_000))
            }
            Code::Uk => {
                let digits = 10 - city.area.len() as u32;
                match city.area {
                    "20" => format!("207{}", random.digits(7)),
                    "23" | "29" => format!("{}80{}", city.area, random.digits(6)),
                    area => format!(
                        "{area}{}",
                        random.digits(digits).max(2 * 10_u64.pow(digits - 1))
                    ),
                }
            }
            Code::De => format!("{}{}", city.area, random.digits(7)),
            Code::Fr => format!("{}{}", city.area, random.digits(8)),
            Code::Au => format!("{}{:07}", city.area, random.below(10_000_000)),
        }
    }
}
