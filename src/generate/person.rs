//! Who the customers are, before any system got hold of them.

use super::address::Home;
use super::calendar::{Day, LAST_DAY};
use super::country::{Code, Country};
use super::mess;
use super::random::{Permutation, Purpose, Random};

/// How good a customer somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Buys often and much.
    Top,
    /// Buys several times a year.
    Regular,
    /// Bought once or twice.
    Occasional,
    /// Did not buy for long, or never.
    Dormant,
}

/// What somebody mostly looks at the shop with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// A computer on a desk or a lap.
    Desktop,
    /// A telephone.
    Phone,
    /// A tablet.
    Tablet,
}

/// How many records of somebody each system has.
#[derive(Clone, Copy, Debug)]
pub struct Records {
    /// Contacts in the CRM.
    pub crm: u64,
    /// Accounts at the shop.
    pub shop: u64,
    /// Subscriptions.
    pub newsletter: u64,
    /// Browsers seen by the web tracker.
    pub web: u64,
}

/// One customer.
pub struct Person<'a> {
    /// The number in the truth, from 0.
    pub number: u64,
    /// Where they live.
    pub country: &'a Country,
    /// Sex as the names have it.
    pub female: bool,
    /// The given name.
    pub given: &'static str,
    /// The initial of a middle name.
    pub middle: Option<char>,
    /// The surname at `LAST_DAY`.
    pub family: String,
    /// The surname before a day.
    pub former_family: Option<(String, Day)>,
    /// The day of birth.
    pub birth: Day,
    /// Homes, the first one first; never empty.
    pub homes: Vec<Home>,
    /// The mobile's national number.
    pub mobile: String,
    /// The mobile's number before a day.
    pub former_mobile: Option<(String, Day)>,
    /// The telephone at home, shared by the household.
    pub landline: String,
    /// The address they use mostly, which couples may share.
    pub email: String,
    /// Another address they have.
    pub second_email: Option<String>,
    /// How good a customer.
    pub tier: Tier,
    /// What they look at the shop with.
    pub device: Device,
    /// When they became a customer.
    pub joined: Day,
    /// Which systems know them.
    pub records: Records,
}

impl Person<'_> {
    /// Where they lived on a day.
    pub fn home_on(&self, day: Day) -> &Home {
        self.homes
            .iter()
            .rev()
            .find(|home| home.since <= day)
            .unwrap_or(&self.homes[0])
    }

    /// Their surname on a day.
    pub fn family_on(&self, day: Day) -> &str {
        match &self.former_family {
            Some((former, until)) if day < *until => former,
            _ => &self.family,
        }
    }

    /// Their mobile on a day.
    pub fn mobile_on(&self, day: Day) -> &str {
        match &self.former_mobile {
            Some((former, until)) if day < *until => former,
            _ => &self.mobile,
        }
    }
}

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

/// Makes people: all of a block of numbers.
pub struct People {
    seed: u64,
    countries: [Country; 5],
    codes: Permutation,
    code_digits: usize,
}

/// Of a hundred customers, how many live in each country.
const COUNTRY_WEIGHTS: [u32; 5] = [38, 20, 22, 12, 8];
/// Of a hundred households, how many have one customer, two, three, four.
const HOUSEHOLD_WEIGHTS: [u32; 4] = [62, 25, 9, 4];

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

impl People {
    /// The people of a seed; `customers` sets how long the numbers in e-mail addresses are.
    pub fn new(seed: u64, customers: u64) -> Self {
        let mut size = 1000;
        let mut code_digits = 3;
        while size < customers {
            size *= 10;
            code_digits += 1;
        }
        Self {
            seed,
            countries: [Code::Us, Code::Uk, Code::De, Code::Fr, Code::Au].map(Country::new),
            codes: Permutation::new(seed, 1, size),
            code_digits,
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
        let email = self.email(household, number, given, name_then, birth, random);
        let second_email = random
            .chance(280)
            .then(|| self.work_email(number, given, &family, random));
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
            tier: random.pick_tier(),
            device: random.pick_device(birth.year()),
            records: records(random),
            family,
            former_family,
            birth,
            homes,
            former_mobile,
            joined,
        }
    }

    /// A number that nobody else has, as people put one after their name where it is taken.
    fn code(&self, number: u64) -> String {
        format!(
            "{:0width$}",
            self.codes.apply(number),
            width = self.code_digits
        )
    }

    fn email(
        &self,
        household: &Household<'_>,
        number: u64,
        given: &str,
        family: &str,
        birth: Day,
        random: &mut Random,
    ) -> String {
        if household.shares_email && random.chance(650) {
            let name = local_part(&household.family);
            let code = self.code(household.first);
            return format!("the.{name}s{code}@{}", DOMAINS[code.len() % DOMAINS.len()]);
        }
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

    fn work_email(&self, number: u64, given: &str, family: &str, random: &mut Random) -> String {
        format!(
            "{}.{}{}@{}.example",
            local_part(given),
            local_part(family),
            self.code(number),
            random.pick(COMPANIES),
        )
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

/// The letters of a name that fit into an e-mail address.
fn local_part(name: &str) -> String {
    mess::plain_letters(name)
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

impl Random {
    fn pick_tier(&mut self) -> Tier {
        match self.below(100) {
            0..6 => Tier::Top,
            6..35 => Tier::Regular,
            35..75 => Tier::Occasional,
            _ => Tier::Dormant,
        }
    }

    fn pick_device(&mut self, birth_year: i64) -> Device {
        let phones = if birth_year < 1965 { 30 } else { 62 };
        match self.below(100) {
            chosen if chosen < phones => Device::Phone,
            chosen if chosen < phones + 10 => Device::Tablet,
            _ => Device::Desktop,
        }
    }
}
