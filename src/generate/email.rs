//! The e-mail addresses that people choose, each of them once.

use super::calendar::Day;
use super::mess;
use super::random::{Permutation, Random};

const DOMAINS: &[&str] = &[
    "kmail.example",
    "kmail.example",
    "kmail.example",
    "outpost.example",
    "freemail.example",
    "inboxly.example",
];
const COMPANIES: &[&str] = &[
    "acme",
    "brightside",
    "cobalt",
    "dynamo",
    "evergreen",
    "foxglove",
    "granite",
    "harbour",
    "ironwood",
    "jubilee",
    "kestrel",
    "lighthouse",
    "meridian",
    "northwind",
    "orchard",
    "pinnacle",
    "quarry",
    "redwood",
    "summit",
    "tailwind",
    "umbra",
    "vantage",
    "westgate",
    "zephyr",
];
const HANDLES: &[&str] = &[
    "sunny", "blue", "happy", "wild", "lucky", "silver", "crazy", "little", "quiet", "green",
];
const ANIMALS: &[&str] = &[
    "fox", "wolf", "bear", "panda", "tiger", "otter", "eagle", "koala", "lynx", "heron",
];

/// Gives out addresses; the number in each makes it the only one.
pub struct Addresses {
    codes: Permutation,
    digits: usize,
}

impl Addresses {
    /// The addresses of so many customers.
    pub fn new(seed: u64, customers: u64) -> Self {
        let mut size = 1000;
        let mut digits = 3;
        while size < customers {
            size *= 10;
            digits += 1;
        }
        Self {
            codes: Permutation::new(seed, 1, size),
            digits,
        }
    }

    /// The address of a person, made when they had this surname.
    pub fn own(
        &self,
        number: u64,
        given: &str,
        family: &str,
        birth: Day,
        random: &mut Random,
    ) -> String {
        let code = self.code(number);
        let (given, family) = (local_part(given), local_part(family));
        let initial = given.get(..1).unwrap_or("x");
        let local = match random.below(8) {
            0 | 1 => format!("{given}.{family}{code}"),
            2 => format!("{given}{family}{code}"),
            3 => format!("{initial}.{family}{code}"),
            4 => format!("{family}.{given}{code}"),
            5 => format!("{given}_{code}"),
            6 => format!("{given}{}.{code}", birth.year() % 100),
            _ => format!("{}{}{code}", random.pick(HANDLES), random.pick(ANIMALS)),
        };
        format!("{local}@{}", random.pick(DOMAINS))
    }

    /// The one address of the household whose first member has this number.
    pub fn shared(&self, first: u64, family: &str) -> String {
        let domain = DOMAINS[(first % DOMAINS.len() as u64) as usize];
        format!("the.{}s{}@{domain}", local_part(family), self.code(first))
    }

    /// The address of a person at work.
    pub fn work(&self, number: u64, given: &str, family: &str, random: &mut Random) -> String {
        format!(
            "{}.{}{}@{}.example",
            local_part(given),
            local_part(family),
            self.code(number),
            random.pick(COMPANIES),
        )
    }

    /// A number that nobody else has, as people put one after their name where it is taken.
    fn code(&self, number: u64) -> String {
        format!("{:0width$}", self.codes.apply(number), width = self.digits)
    }
}

/// The letters of a name that fit into an e-mail address.
fn local_part(name: &str) -> String {
    mess::plain_letters(name)
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}
