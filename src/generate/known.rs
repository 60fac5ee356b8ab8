//! What a record says of a person: as of a day, with the mess of how it got there.

use super::calendar::{Day, LAST_DAY};
use super::mess;
use super::person::Person;
use super::phone::{self, Style};
use super::random::Random;
use super::tables::nicknames;

/// How a system comes by its records; chances are of a thousand.
pub struct Habits {
    /// That a short form stands for the given name.
    pub nickname: u64,
    /// That a name has a slip.
    pub typo: u64,
    /// That an e-mail address is there.
    pub email: u64,
    /// That it is the second one, where there is one.
    pub second_email: u64,
    /// That it carries a tag: `name+shop@...`.
    pub tagged_email: u64,
    /// That a telephone number is there.
    pub phone: u64,
    /// How telephone numbers are written.
    pub phone_style: Style,
    /// That the day of birth is there.
    pub birth: u64,
    /// That the address is there.
    pub address: u64,
    /// That what is known is as of the last change, not as of the first entry.
    pub fresh: u64,
}

/// The fields of a record; empty where the system does not know.
pub struct Known {
    /// Given name or a form of it.
    pub given: String,
    /// Surname.
    pub family: String,
    /// E-mail address.
    pub email: String,
    /// Telephone number as written.
    pub phone: String,
    /// Day of birth.
    pub birth: Option<Day>,
    /// Street and number.
    pub street: String,
    /// City.
    pub city: String,
    /// State, county or region.
    pub region: &'static str,
    /// Postcode.
    pub postcode: String,
    /// When the record was made.
    pub created: Day,
    /// When it last changed.
    pub changed: Day,
}

impl Known {
    /// The `copy`-th record (from 0) that a system of these habits has of a person.
    pub fn new(person: &Person<'_>, copy: u64, habits: &Habits, random: &mut Random) -> Self {
        let days = (LAST_DAY.0 - person.joined.0).max(1) as u64;
        let created = Day(person.joined.0 + random.below((days / 3).max(1)) as i64);
        // A second record of the same person is made later, by a form that did not find the first.
        let created = Day((created.0 + copy as i64 * (days / 2) as i64).min(LAST_DAY.0));
        let changed = Day(LAST_DAY.0 - random.below((LAST_DAY.0 - created.0 + 1) as u64) as i64);
        let as_of = if random.chance(habits.fresh) {
            changed
        } else {
            created
        };
        let (given, family) = name(person, as_of, habits, random);
        let mut known = Self {
            given,
            family,
            email: email(person, copy, habits, random),
            phone: telephone(person, as_of, habits, random),
            birth: random.chance(habits.birth).then_some(person.birth),
            street: String::new(),
            city: String::new(),
            region: "",
            postcode: String::new(),
            created,
            changed,
        };
        if let Some(birth) = &mut known.birth
            && random.chance(12)
        {
            *birth = wrong_birth(*birth, random);
        }
        if random.chance(habits.address) {
            known.set_address(person, as_of, habits, random);
        }
        known
    }

    fn set_address(
        &mut self,
        person: &Person<'_>,
        as_of: Day,
        habits: &Habits,
        random: &mut Random,
    ) {
        let home = person.home_on(as_of);
        self.street = home.street_line(person.country.code, random);
        if random.chance(habits.typo) {
            self.street = mess::typo(&self.street, random);
        }
        self.city = home.city_name(random);
        self.region = home.city.region;
        if !random.chance(40) {
            self.postcode.clone_from(&home.postcode);
        }
    }
}

fn name(person: &Person<'_>, as_of: Day, habits: &Habits, random: &mut Random) -> (String, String) {
    let short = nicknames::of(person.given);
    let mut given = if !short.is_empty() && random.chance(habits.nickname) {
        short[random.skewed(short.len())].to_owned()
    } else {
        person.given.to_owned()
    };
    let mut family = person.family_on(as_of).to_owned();
    if random.chance(180) {
        given = mess::plain_letters(&given);
        family = mess::plain_letters(&family);
    }
    if random.chance(habits.typo) {
        given = mess::typo(&given, random);
    }
    if random.chance(habits.typo) {
        family = mess::typo(&family, random);
    }
    if let Some(middle) = person.middle
        && random.chance(250)
    {
        given = format!("{given} {middle}.");
    }
    (
        mess::letter_case(given, random),
        mess::letter_case(family, random),
    )
}

fn email(person: &Person<'_>, copy: u64, habits: &Habits, random: &mut Random) -> String {
    if !random.chance(habits.email) {
        return String::new();
    }
    // Nobody signs up twice with one address: second records have the second address, if any.
    let chance = habits.second_email + copy * 700;
    let address = match &person.second_email {
        Some(second) if random.chance(chance) => second,
        _ => &person.email,
    };
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    match random.below(1000) {
        0..12 => format!("{}@{domain}", mess::typo(local, random)),
        12..16 => {
            let host = domain.trim_end_matches(".example");
            format!("{local}@{}.example", mess::typo(host, random))
        }
        16..19 => format!("{local}{domain}"),
        19..60 => address.to_uppercase(),
        60..80 => format!(" {address} "),
        chosen if chosen >= 1000 - habits.tagged_email => format!("{local}+shop@{domain}"),
        _ => address.clone(),
    }
}

fn telephone(person: &Person<'_>, as_of: Day, habits: &Habits, random: &mut Random) -> String {
    if !random.chance(habits.phone) {
        return String::new();
    }
    let number = if random.chance(180) {
        &person.landline
    } else {
        person.mobile_on(as_of)
    };
    phone::write(person.country.code, number, habits.phone_style, random)
}

/// A day of birth that was typed wrongly: day and month swapped, or a default, or a year off.
fn wrong_birth(birth: Day, random: &mut Random) -> Day {
    let (year, month, day) = birth.civil();
    match random.below(4) {
        0 => Day::new(1900, 1, 1),
        1 if day <= 12 => Day::new(year, day, month),
        _ => Day::new(year + random.between(-1, 1), month, day.min(28)),
    }
}
