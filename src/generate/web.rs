//! The web tracker: events of browsers, some of which logged in or left an e-mail address.

use super::block::Block;
use super::calendar::{DAY, Day, LAST_DAY, Moment};
use super::identifiers::{Identifiers, MOST_ACTIONS};
use super::person::{Device, Person, Tier};
use super::random::Random;
use super::target::{FIRST_EVENT_MONTH, Target};

const SOURCES: &[(&str, &str)] = &[
    ("", ""),
    ("", ""),
    ("google", "brand"),
    ("google", "generic"),
    ("newsletter", "autumn-loyalty"),
    ("newsletter", "summer-styles"),
    ("instagram", "creators"),
];

/// Of twenty steps in the shop, how many are of each kind.
const STEPS: &[(&str, u32)] = &[
    ("page_view", 8),
    ("product_view", 6),
    ("search", 2),
    ("add_to_cart", 3),
    ("checkout", 1),
];

/// What one browser of a person sends along with each event.
struct Browser {
    id: String,
    /// The account it is logged in to, as JSON; empty where it is not.
    account: String,
    /// The e-mail address it left in a form, as JSON.
    email: String,
    device: &'static str,
    software: &'static str,
}

/// Adds what the web tracker saw of a person.
pub fn add(person: &Person<'_>, ids: &Identifiers, random: &mut Random, block: &mut Block) {
    let mut events = 0;
    for copy in 0..person.records.web {
        let browser = browser(person, copy, ids, random);
        block.truth("web", &browser.id, person.number);
        let sessions = match person.tier {
            Tier::Top => 1 + random.below(5),
            Tier::Regular => 1 + random.below(3),
            Tier::Occasional | Tier::Dormant => 1 + random.below(2),
        };
        for _ in 0..sessions {
            add_session(person, &browser, ids, &mut events, random, block);
        }
    }
}

fn browser(person: &Person<'_>, copy: u64, ids: &Identifiers, random: &mut Random) -> Browser {
    let account = if person.records.shop > 0 && random.chance(550) {
        let account = ids.account(person.number, random.below(person.records.shop));
        format!(",\"user_id\":\"{account}\"")
    } else {
        String::new()
    };
    let email = if random.chance(250) {
        format!(",\"email\":\"{}\"", person.email)
    } else {
        String::new()
    };
    let (device, software) = match (person.device, copy) {
        (Device::Desktop, 0) | (Device::Phone, 1) => random.pick(&[
            ("Windows PC", "Chrome"),
            ("Windows PC", "Edge"),
            ("Mac", "Safari"),
        ]),
        (Device::Tablet, 0) => random.pick(&[("iPad", "Safari"), ("Android tablet", "Chrome")]),
        _ => random.pick(&[("iPhone", "Safari"), ("Android phone", "Chrome")]),
    };
    Browser {
        id: ids.browser(person.number, copy),
        account,
        email,
        device,
        software,
    }
}

fn add_session(
    person: &Person<'_>,
    browser: &Browser,
    ids: &Identifiers,
    events: &mut u64,
    random: &mut Random,
    block: &mut Block,
) {
    let first = Day::new(FIRST_EVENT_MONTH.0, FIRST_EVENT_MONTH.1, 1)
        .0
        .max(person.joined.0);
    let day = Day(first + random.below((LAST_DAY.0 - first + 1).max(1) as u64) as i64);
    let mut moment = day.at(random.between(6 * 3600, 22 * 3600));
    let (source, campaign) = random.pick(SOURCES);
    let weights: Vec<u32> = STEPS.iter().map(|step| step.1).collect();
    for _ in 0..1 + random.skewed(5) {
        if *events == MOST_ACTIONS {
            return;
        }
        let name = STEPS[random.weighted(&weights)].0;
        let received = received(moment, random);
        let path = match name {
            "product_view" | "add_to_cart" => format!("/product/{}", 1000 + random.skewed(900)),
            "search" => "/search".to_owned(),
            "checkout" => "/checkout".to_owned(),
            _ => random
                .pick(&["/", "/sale", "/women", "/men", "/home"])
                .to_owned(),
        };
        let utm = if source.is_empty() {
            String::new()
        } else {
            format!(",\"utm_source\":\"{source}\",\"utm_campaign\":\"{campaign}\"")
        };
        let id = ids.event(person.number, *events);
        let line = |received: Moment| {
            format!(
                "{{\"event_id\":\"{id}\",\"event\":\"{name}\",\"ts\":{},\"received_at\":{},\
                 \"anonymous_id\":\"{}\"{}{},\"device\":\"{}\",\"browser\":\"{}\",\
                 \"path\":\"{path}\"{utm}}}",
                moment.0 * 1000,
                received.0 * 1000,
                browser.id,
                browser.account,
                browser.email,
                browser.device,
                browser.software,
            )
        };
        block.line(Target::events_of(received), received.0, &line(received));
        // Trackers send again what they are not sure arrived.
        if random.chance(15) {
            let again = Moment((received.0 + random.between(1, 90)).min(end().0));
            block.line(Target::events_of(again), again.0, &line(again));
        }
        if random.below(1500) == 0 {
            let whole = line(received);
            let cut = whole.len() - 1 - random.index(whole.len() / 2);
            let half = whole.get(..cut).unwrap_or("{");
            block.line(Target::events_of(received), received.0, half);
            block.broken += 1;
        }
        *events += 1;
        moment = Moment((moment.0 + random.between(5, 600)).min(end().0));
    }
}

/// Most events arrive at once; telephones without a network send theirs days later.
fn received(moment: Moment, random: &mut Random) -> Moment {
    let delay = if random.chance(20) {
        random.between(DAY, 20 * DAY)
    } else {
        random.between(0, 4)
    };
    Moment((moment.0 + delay).min(end().0))
}

/// The last second of the data.
const fn end() -> Moment {
    LAST_DAY.at(DAY - 1)
}
