//! Makes the customers: households, their members, and what those are called and like.

use super::address::Home;
use super::calendar::{Day, LAST_DAY};
use super::country::{Code, Country};
use super::email::Addresses;
use super::person::{Device, Person, Records, Tier};
use super::random::{Purpose, Random};

/// The people that share a home.
struct Household<'a> {
    country: &'a Country,
    family: String,
    homes: Vec<Home>,
    landline: String,
    head_birth: Day,
    head_female: bool,
    head_given: &'static str,
    /// The number of the first member, who lends its uniqueness to the shared e-mail address.
    first: u64,
    shares_email: bool,
}

/// Makes people: those of a block of numbers.
pub struct People {
    seed: u64,
    countries: [Country; 5],
    addresses: Addresses,
}

/// Of a hundred customers, how many live in each country.
const COUNTRY_WEIGHTS: [u32; 5] = [38, 20, 22, 12, 8];
/// Of a hundred households, how many have one customer, two, three, four.
const HOUSEHOLD_WEIGHTS: [u32; 4] = [62, 25, 9, 4];

impl People {
    /// The people of a seed; `customers` sets how long the numbers in e-mail addresses are.
    pub fn new(seed: u64, customers: u64) -> Self {
        Self {
            seed,
            countries: [Code::Us, Code::Uk, Code::De, Code::Fr, Code::Au].map(Country::new),
            addresses: Addresses::new(seed, customers),
        }
    }

    /// The people numbered from `first` to `end`, who make whole households.
    pub fn block(&self, first: u64, end: u64) -> Vec<Person<'_>> {
        let mut random = Random::new(self.seed, Purpose::Household, first);
        let mut people = Vec::new();
        let mut number = first;
        while number < end {
            let household = self.household(number, &mut random);
            let members = random.weighted(&HOUSEHOLD_WEIGHTS) as u64 + 1;
            for role in 0..members.min(end - number) {
                people.push(self.member(&household, number + role, role));
            }
            number += members;
        }
        people
    }

    fn household(&self, first: u64, random: &mut Random) -> Household<'_> {
        let country = &self.countries[random.weighted(&COUNTRY_WEIGHTS)];
        let mut homes = vec![Home::new(country, Day::new(2000, 1, 1), random)];
        if random.chance(220) {
            let moved = Day(LAST_DAY.0 - random.between(30, 1800));
            homes.push(Home::new(country, moved, random));
        }
        let landline = country.landline(homes[0].city, random);
        let age = 19 + random.below(36) + random.below(34);
        let head_birth = Day(LAST_DAY.0 - age as i64 * 365 - random.between(0, 364));
        let head_female = random.chance(520);
        Household {
            country,
            family: country.surname(random),
            homes,
            landline,
            head_birth,
            head_female,
            head_given: country.given_name(head_female, head_birth.year(), random),
            first,
            shares_email: random.chance(220),
        }
    }

    fn member<'a>(&self, household: &Household<'a>, number: u64, role: u64) -> Person<'a> {
        let random = &mut Random::new(self.seed, Purpose::Person, number);
        let country = household.country;
        let (female, birth) = member_sex_and_birth(household, role, random);
        let given = match role {
            0 => household.head_given,
            // A child named after the parent: the namesake that matching must not fall for.
            2.. if female == household.head_female && random.chance(50) => household.head_given,
            _ => country.given_name(female, birth.year(), random),
        };
        let family = if role == 1 && random.chance(250) {
            country.surname(random)
        } else {
            household.family.clone()
        };
        let joined = joined(random);
        let former_family = (female && role < 2 && random.chance(130)).then(|| {
            let married = Day(LAST_DAY.0 - random.between(20, 2200));
            (country.surname(random), married)
        });
        let mut homes = household.homes.clone();
        if role >= 2 && random.chance(300) {
            let moved = Day(LAST_DAY.0 - random.between(20, 900));
            homes.retain(|home| home.since < moved);
            homes.push(Home::new(country, moved, random));
        }
        let city = homes[0].city;
        let former_mobile = random.chance(120).then(|| {
            let changed = Day(LAST_DAY.0 - random.between(20, 1500));
            (country.mobile(city, random), changed)
        });
        let name_then = former_family.as_ref().map_or(&family, |(name, _)| name);
        let email = if household.shares_email && random.chance(650) {
            self.addresses.shared(household.first, &household.family)
        } else {
            self.addresses.own(number, given, name_then, birth, random)
        };
        let second_email = random
            .chance(280)
            .then(|| self.addresses.work(number, given, &family, random));
        Person {
            number,
            country,
            female,
            given,
            middle: random
                .chance(250)
                .then(|| char::from(b'A' + random.below(26) as u8)),
            mobile: country.mobile(city, random),
            landline: household.landline.clone(),
            email,
            second_email,
            tier: tier(random),
            device: device(birth.year(), random),
            records: records(random),
            family,
            former_family,
            birth,
            homes,
            former_mobile,
            joined,
        }
    }
}

/// Customers came in ever greater numbers: more of them joined lately.
fn joined(random: &mut Random) -> Day {
    let span = 400 + random.below(2600);
    Day(LAST_DAY.0 - 5 - random.below(span) as i64)
}

fn member_sex_and_birth(household: &Household<'_>, role: u64, random: &mut Random) -> (bool, Day) {
    let youngest = LAST_DAY.0 - 18 * 365 - 10;
    match role {
        0 => (household.head_female, household.head_birth),
        1 => {
            let same_sex = random.chance(60);
            let birth = household.head_birth.0 + random.between(-2200, 2200);
            (household.head_female == same_sex, Day(birth.min(youngest)))
        }
        _ => {
            let birth = household.head_birth.0 + random.between(20 * 365, 36 * 365);
            // Parents who are too young for grown children share the home with siblings instead.
            let birth = if birth > youngest {
                household.head_birth.0 + random.between(-3000, 3000)
            } else {
                birth
            };
            (random.chance(500), Day(birth.min(youngest)))
        }
    }
}

/// Everybody is known to one system at least; most to two or three.
fn records(random: &mut Random) -> Records {
    let twice = |first: u64, second: u64, random: &mut Random| {
        u64::from(random.chance(first)) * (1 + u64::from(random.chance(second)))
    };
    let mut records = Records {
        crm: twice(620, 80, random),
        shop: twice(700, 60, random),
        newsletter: twice(550, 40, random),
        web: twice(600, 300, random),
    };
    if records.crm + records.shop + records.newsletter == 0 {
        records.shop = 1;
    }
    records
}

fn tier(random: &mut Random) -> Tier {
    match random.below(100) {
        0..6 => Tier::Top,
        6..35 => Tier::Regular,
        35..75 => Tier::Occasional,
        _ => Tier::Dormant,
    }
}

fn device(birth_year: i64, random: &mut Random) -> Device {
    let phones = if birth_year < 1965 { 30 } else { 62 };
    match random.below(100) {
        chosen if chosen < phones => Device::Phone,
        chosen if chosen < phones + 10 => Device::Tablet,
        _ => Device::Desktop,
    }
}
