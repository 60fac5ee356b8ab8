//! The CRM: contacts typed by sales staff in the American way.

use super::block::Block;
use super::calendar::{American, Day, Iso};
use super::identifiers::Identifiers;
use super::known::{Habits, Known};
use super::person::{Device, Person, Tier};
use super::phone::Style;
use super::random::Random;
use super::target::Target;

/// The columns of the contacts.
pub const HEADER: &str = "contact_id,salutation,first_name,last_name,email,phone,birth_date,\
    street,city,state,postal_code,country,segment,preferred_device,lead_source,email_opt_out,\
    created_date,last_modified\n";

const HABITS: Habits = Habits {
    nickname: 90,
    typo: 45,
    email: 880,
    second_email: 150,
    tagged_email: 5,
    phone: 760,
    phone_style: Style::International,
    birth: 660,
    address: 860,
    fresh: 820,
};

const LEAD_SOURCES: &[&str] = &[
    "Web",
    "Phone Inquiry",
    "Partner Referral",
    "Trade Show",
    "Other",
    "",
];

/// Adds what the CRM has of a person.
pub fn add(person: &Person<'_>, ids: &Identifiers, random: &mut Random, block: &mut Block) {
    for copy in 0..person.records.crm {
        let known = Known::new(person, copy, &HABITS, random);
        let id = ids.contact(person.number, copy);
        block.truth("crm", &id, person.number);
        block.csv(
            Target::Contacts,
            random.between(0, 1 << 40),
            &[
                &id,
                salutation(person, random),
                &known.given,
                &known.family,
                &known.email,
                &known.phone,
                &known
                    .birth
                    .map(|birth| date(birth, random))
                    .unwrap_or_default(),
                &known.street,
                &known.city,
                known.region,
                &known.postcode,
                country(person, random),
                segment(person.tier, random),
                device(person.device, random),
                random.pick(LEAD_SOURCES),
                if random.chance(120) { "true" } else { "false" },
                &American(known.created).to_string(),
                &date(known.changed, random),
            ],
        );
    }
}

/// A date in the American way; what was imported from elsewhere kept its own.
fn date(day: Day, random: &mut Random) -> String {
    match random.below(100) {
        0..3 => Iso(day).to_string(),
        3 => {
            let (year, month, date) = day.civil();
            format!("{month}/{date}/{year}")
        }
        _ => American(day).to_string(),
    }
}

fn salutation(person: &Person<'_>, random: &mut Random) -> &'static str {
    match (random.below(10), person.female) {
        (0..4, _) => "",
        (4, _) => "Dr.",
        (5, true) => "Mrs.",
        (_, true) => "Ms.",
        (_, false) => "Mr.",
    }
}

fn country(person: &Person<'_>, random: &mut Random) -> &'static str {
    let facts = person.country.code.facts();
    match random.below(20) {
        0 => facts.short,
        1 => facts.iso,
        2 => "",
        _ => facts.name,
    }
}

fn segment(tier: Tier, random: &mut Random) -> &'static str {
    if random.chance(80) {
        return "";
    }
    match tier {
        Tier::Top => "Platinum",
        Tier::Regular => "Gold",
        Tier::Occasional => "Silver",
        Tier::Dormant => "Bronze",
    }
}

fn device(device: Device, random: &mut Random) -> &'static str {
    if random.chance(450) {
        return "";
    }
    match device {
        Device::Desktop => random.pick(&["Desktop PC", "Desktop PC", "Laptop"]),
        Device::Phone => random.pick(&["Smartphone", "Smartphone", "Mobile phone"]),
        Device::Tablet => "Tablet",
    }
}
