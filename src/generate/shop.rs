//! The shop: accounts that customers made themselves, and their orders.

use super::block::{Block, csv_line};
use super::calendar::{DAY, Day, Iso, LAST_DAY, Moment};
use super::identifiers::{Identifiers, MOST_ACTIONS};
use super::known::{Habits, Known};
use super::person::{Device, Person, Tier};
use super::phone::Style;
use super::random::Random;
use super::target::{FIRST_ORDER_YEAR, Target};

/// The columns of the accounts.
pub const CUSTOMERS_HEADER: &str = "customer_id,email,full_name,phone,address,zip,city,\
    country_code,date_of_birth,customer_group,accepts_marketing,created_at,updated_at\n";

/// The columns of the orders.
pub const ORDERS_HEADER: &str = "order_id,customer_id,ordered_at,updated_at,status,currency,\
    item_count,total,discount_code,device\n";

const HABITS: Habits = Habits {
    nickname: 170,
    typo: 30,
    email: 985,
    second_email: 120,
    tagged_email: 25,
    phone: 560,
    phone_style: Style::National,
    birth: 480,
    address: 930,
    fresh: 780,
};

const DISCOUNTS: &[&str] = &["WELCOME10", "SPRING15", "SUMMER20", "LOYAL5", "FREESHIP"];

/// Adds what the shop has of a person.
pub fn add(person: &Person<'_>, ids: &Identifiers, random: &mut Random, block: &mut Block) {
    let mut orders = 0;
    for copy in 0..person.records.shop {
        let known = Known::new(person, copy, &HABITS, random);
        let id = ids.account(person.number, copy).to_string();
        block.truth("shop", &id, person.number);
        block.csv(
            Target::ShopCustomers,
            random.between(0, 1 << 40),
            &[
                &id,
                &known.email,
                &full_name(&known, random),
                &known.phone,
                &known.street,
                &known.postcode,
                &known.city,
                person.country.code.facts().iso,
                &known
                    .birth
                    .map(|birth| Iso(birth).to_string())
                    .unwrap_or_default(),
                group(person.tier, random),
                random.pick(&["yes", "no", "yes", ""]),
                &Iso(known.created.at(random.between(0, DAY - 1))).to_string(),
                &Iso(known.changed.at(random.between(0, DAY - 1))).to_string(),
            ],
        );
        for _ in 0..order_count(person.tier, random) {
            if orders < MOST_ACTIONS {
                let number = ids.order(person.number, orders);
                add_order(person, &id, number, known.created, random, block);
                orders += 1;
            }
        }
    }
}

fn full_name(known: &Known, random: &mut Random) -> String {
    if random.chance(80) {
        format!("{}, {}", known.family.trim(), known.given.trim())
    } else {
        format!("{} {}", known.given, known.family)
    }
}

fn group(tier: Tier, random: &mut Random) -> &'static str {
    match (tier, random.below(20)) {
        (_, 0) => "",
        (Tier::Top, 1) => "vip",
        (Tier::Top, _) => "VIP",
        (Tier::Regular, 1) => "regular",
        (Tier::Regular, _) => "Regular",
        (Tier::Occasional, _) => "New",
        (Tier::Dormant, _) => "Guest",
    }
}

fn order_count(tier: Tier, random: &mut Random) -> u64 {
    match tier {
        Tier::Top => 4 + random.below(9) + random.below(9),
        Tier::Regular => 2 + random.below(5),
        Tier::Occasional => 1 + random.below(2),
        Tier::Dormant => random.below(2),
    }
}

fn add_order(
    person: &Person<'_>,
    account: &str,
    number: u64,
    since: Day,
    random: &mut Random,
    block: &mut Block,
) {
    let ordered = order_moment(person.tier, since, random);
    let items = 1 + random.skewed(6) as u64;
    let cents = order_cents(person.tier, items, random);
    let discount = if random.chance(220) {
        random.pick(DISCOUNTS)
    } else {
        ""
    };
    let facts = person.country.code.facts();
    let (number, device) = (number.to_string(), device(person.device, random));
    let (items, total) = (
        items.to_string(),
        format!("{}.{:02}", cents / 100, cents % 100),
    );
    let mut row = |changed: Moment, status: &str, random: &mut Random| {
        let (ordered_at, updated_at) = (Iso(ordered).to_string(), Iso(changed).to_string());
        let fields = [
            number.as_str(),
            account,
            &ordered_at,
            &updated_at,
            status,
            facts.currency,
            &items,
            &total,
            discount,
            device,
        ];
        let target = Target::orders_of(changed);
        block.csv(target, changed.0, &fields);
        if random.below(700) == 0 {
            block.line(target, changed.0 + 1, &broken(fields, random));
            block.broken += 1;
        }
    };
    let settled = Moment((ordered.0 + random.between(600, 6 * DAY)).min(LAST_DAY.at(DAY - 1).0));
    let status = if settled.day().0 + 4 > LAST_DAY.0 {
        random.pick(&["paid", "pending"])
    } else {
        random.pick(&[
            "delivered",
            "delivered",
            "delivered",
            "complete",
            "COMPLETE",
            "shipped",
        ])
    };
    row(settled, status, random);
    // The export holds an order again when it changed: the latest row is right.
    if random.chance(40) {
        let later = Moment(settled.0 + random.between(DAY, 20 * DAY));
        if later.day() <= LAST_DAY {
            row(
                later,
                random.pick(&["refunded", "returned", "cancelled"]),
                random,
            );
        }
    }
}

/// The best customers bought lately; the dormant ones long ago.
fn order_moment(tier: Tier, since: Day, random: &mut Random) -> Moment {
    let first = since.0.max(Day::new(FIRST_ORDER_YEAR, 1, 1).0);
    let days = (LAST_DAY.0 - first + 1).max(1) as u64;
    let ago = match tier {
        Tier::Top => {
            let bound = random.below(days) + 1;
            random.below(bound)
        }
        Tier::Regular | Tier::Occasional => random.below(days),
        Tier::Dormant => days - 1 - random.below(days.div_ceil(3)),
    };
    let hour = 7 + random.below(8) + random.below(9);
    Day(LAST_DAY.0 - ago as i64).at((hour * 3600 + random.below(3600)) as i64)
}

fn order_cents(tier: Tier, items: u64, random: &mut Random) -> u64 {
    let basket: u64 = (0..items)
        .map(|_| 499 + 100 * random.below(60) + random.below(4) * 1000)
        .sum();
    let cents = match tier {
        Tier::Top => basket * 9 / 5,
        Tier::Regular => basket * 5 / 4,
        Tier::Occasional | Tier::Dormant => basket,
    };
    // Now and then somebody loses the decimal point.
    if random.below(2500) == 0 {
        cents * 100
    } else {
        cents
    }
}

fn device(usual: Device, random: &mut Random) -> &'static str {
    if random.chance(30) {
        return "";
    }
    let actual = if random.chance(780) {
        usual
    } else {
        random.pick(&[Device::Desktop, Device::Phone, Device::Tablet])
    };
    match actual {
        Device::Desktop => "desktop",
        Device::Phone => random.pick(&["mobile", "mobile", "app-ios", "app-android"]),
        Device::Tablet => "tablet",
    }
}

/// A second, unreadable copy of a row, as broken exports hold them.
fn broken(mut fields: [&str; 10], random: &mut Random) -> String {
    match random.below(4) {
        0 => csv_line(&fields[..7]),
        1 => format!("{},", csv_line(&fields)),
        2 => {
            fields[7] = random.pick(&["N/A", "12.9O", "1.234,50"]);
            csv_line(&fields)
        }
        _ => {
            fields[2] = "0000-00-00T00:00:00Z";
            csv_line(&fields)
        }
    }
}
