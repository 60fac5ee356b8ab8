//! The newsletter: subscriptions, and what became of each e-mail of each campaign.

use super::block::Block;
use super::calendar::{DAY, Day, German, LAST_DAY, Moment};
use super::identifiers::Identifiers;
use super::known::{Habits, Known};
use super::person::{Device, Person, Tier};
use super::phone::Style;
use super::random::Random;
use super::target::Target;

/// The columns of the subscriptions.
pub const SUBSCRIBERS_HEADER: &str = "member_id,email_address,fname,lname,mobile,country,\
    postcode,status,segment,opt_in_date,last_changed\n";

/// The columns of the campaigns' results.
pub const RESULTS_HEADER: &str = "campaign_id,campaign_name,member_id,sent_at,opened_at,\
    clicked_at,converted_at,revenue,mail_client\n";

const HABITS: Habits = Habits {
    nickname: 200,
    typo: 30,
    email: 1000,
    second_email: 130,
    tagged_email: 20,
    phone: 160,
    phone_style: Style::Mixed,
    birth: 0,
    address: 450,
    fresh: 700,
};

/// Each campaign's number, name and day.
const CAMPAIGNS: &[(&str, &str, Day)] = &[
    ("C2601", "spring-sale", Day::new(2026, 3, 12)),
    ("C2602", "summer-styles", Day::new(2026, 6, 18)),
    ("C2603", "back-to-school", Day::new(2026, 9, 3)),
    ("C2604", "autumn-loyalty", Day::new(2026, 10, 15)),
];

/// Adds what the newsletter tool has of a person.
pub fn add(person: &Person<'_>, ids: &Identifiers, random: &mut Random, block: &mut Block) {
    for copy in 0..person.records.newsletter {
        let known = Known::new(person, copy, &HABITS, random);
        let id = ids.member(person.number, copy);
        block.truth("newsletter", &id, person.number);
        let status = match random.below(100) {
            0..12 => "unsubscribed",
            12..15 => "cleaned",
            15..18 => "pending",
            18 => "Subscribed",
            _ => "subscribed",
        };
        let unnamed = random.chance(170);
        let name = |name: &str| {
            if unnamed {
                String::new()
            } else {
                name.to_owned()
            }
        };
        let facts = person.country.code.facts();
        block.csv(
            Target::Subscribers,
            random.between(0, 1 << 40),
            &[
                &id,
                &known.email,
                &name(&known.given),
                &name(&known.family),
                &known.phone,
                if random.chance(250) { "" } else { facts.short },
                &known.postcode,
                status,
                segment(person.tier, random),
                &German(known.created).to_string(),
                &German(known.changed.at(random.between(0, DAY - 1))).to_string(),
            ],
        );
        add_results(person, &id, known.created, status, random, block);
    }
}

fn segment(tier: Tier, random: &mut Random) -> &'static str {
    if random.chance(50) {
        return "";
    }
    match tier {
        Tier::Top => "A-loyal",
        Tier::Regular => "B-active",
        Tier::Occasional => "C-occasional",
        Tier::Dormant => "D-sleeping",
    }
}

/// The chances, of a thousand, that an e-mail is opened, then clicked, then bought from.
const fn response(tier: Tier) -> (u64, u64, u64) {
    match tier {
        Tier::Top => (560, 310, 240),
        Tier::Regular => (420, 220, 150),
        Tier::Occasional => (280, 130, 80),
        Tier::Dormant => (120, 60, 30),
    }
}

fn add_results(
    person: &Person<'_>,
    member: &str,
    since: Day,
    status: &str,
    random: &mut Random,
    block: &mut Block,
) {
    if status == "pending" {
        return;
    }
    let (opens, clicks, buys) = response(person.tier);
    for &(campaign, name, day) in CAMPAIGNS {
        if day < since || !random.chance(if status == "subscribed" { 850 } else { 350 }) {
            continue;
        }
        let sent = day.at(9 * 3600 + random.between(0, 7200));
        let after = |moment: Moment, most: i64, random: &mut Random| {
            Moment((moment.0 + 60 + random.between(0, most)).min(LAST_DAY.at(DAY - 1).0))
        };
        let opened = random.chance(opens).then(|| after(sent, 3 * DAY, random));
        let clicked = opened
            .filter(|_| random.chance(clicks))
            .map(|moment| after(moment, 1800, random));
        let bought = clicked
            .filter(|_| random.chance(buys))
            .map(|moment| after(moment, 2 * DAY, random));
        let revenue = bought.map(|_| 990 + random.below(14_000));
        let written =
            |moment: Option<Moment>| moment.map(|m| German(m).to_string()).unwrap_or_default();
        let fields = [
            campaign,
            name,
            member,
            &German(sent).to_string(),
            &written(opened),
            &written(clicked),
            &written(bought),
            &revenue
                .map(|cents| format!("{},{:02}", cents / 100, cents % 100))
                .unwrap_or_default(),
            client(person.device, opened.is_some(), random),
        ];
        block.csv(Target::CampaignResults, sent.0, &fields);
        if random.chance(5) {
            block.csv(Target::CampaignResults, sent.0 + 1, &fields);
        }
    }
}

fn client(device: Device, opened: bool, random: &mut Random) -> &'static str {
    match device {
        _ if !opened => "",
        Device::Desktop => random.pick(&["Outlook", "Webmail", "Thunderbird"]),
        Device::Phone => random.pick(&["iOS Mail", "Android Mail", "Webmail mobile"]),
        Device::Tablet => "iPad Mail",
    }
}
