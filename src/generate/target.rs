//! Which files there are, and which row belongs in which.

use super::calendar::Moment;
use super::{crm, newsletter, shop};

/// The first year of which there are orders.
pub const FIRST_ORDER_YEAR: i64 = 2022;
/// The first month of which there are events, and how many months there are.
pub const FIRST_EVENT_MONTH: (i64, i64) = (2025, 11);
const ORDER_YEARS: usize = 5;
const EVENT_MONTHS: usize = 12;

/// How many files there are.
pub const FILES: usize = 5 + ORDER_YEARS + EVENT_MONTHS;

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The CRM's contacts.
    Contacts,
    /// The shop's accounts.
    ShopCustomers,
    /// The newsletter's members.
    Subscribers,
    /// What became of each e-mail of each campaign.
    CampaignResults,
    /// Which records are one person.
    Truth,
    /// Orders, by the year of their last change.
    Orders(usize),
    /// Events, by the month in which they were received.
    Events(usize),
}

impl Target {
    /// The file of an order that last changed then.
    pub fn orders_of(moment: Moment) -> Self {
        let year = moment.day().year() - FIRST_ORDER_YEAR;
        Self::Orders(year.clamp(0, ORDER_YEARS as i64 - 1) as usize)
    }

    /// The file of an event that was received then.
    pub fn events_of(moment: Moment) -> Self {
        let (year, month, _) = moment.day().civil();
        let months = (year - FIRST_EVENT_MONTH.0) * 12 + month - FIRST_EVENT_MONTH.1;
        Self::Events(months.clamp(0, EVENT_MONTHS as i64 - 1) as usize)
    }

    /// All files, in the order of their indexes.
    pub fn all() -> impl Iterator<Item = Self> {
        [
            Self::Contacts,
            Self::ShopCustomers,
            Self::Subscribers,
            Self::CampaignResults,
            Self::Truth,
        ]
        .into_iter()
        .chain((0..ORDER_YEARS).map(Self::Orders))
        .chain((0..EVENT_MONTHS).map(Self::Events))
    }

    /// A number below `FILES`.
    pub fn index(self) -> usize {
        match self {
            Self::Contacts => 0,
            Self::ShopCustomers => 1,
            Self::Subscribers => 2,
            Self::CampaignResults => 3,
            Self::Truth => 4,
            Self::Orders(year) => 5 + year,
            Self::Events(month) => 5 + ORDER_YEARS + month,
        }
    }

    /// The path within the output folder.
    pub fn path(self) -> String {
        match self {
            Self::Contacts => "crm/contacts.csv".into(),
            Self::ShopCustomers => "shop/customers.csv".into(),
            Self::Subscribers => "newsletter/subscribers.csv".into(),
            Self::CampaignResults => "newsletter/campaign_results.csv".into(),
            Self::Truth => super::TRUTH_FILE.into(),
            Self::Orders(year) => format!("shop/orders-{}.csv", FIRST_ORDER_YEAR + year as i64),
            Self::Events(month) => {
                let months = FIRST_EVENT_MONTH.1 - 1 + month as i64;
                let (year, month) = (FIRST_EVENT_MONTH.0 + months / 12, months % 12 + 1);
                format!("web/events-{year}-{month:02}.ndjson")
            }
        }
    }

    /// The first line, with its line end.
    pub fn header(self) -> &'static str {
        match self {
            Self::Contacts => crm::HEADER,
            Self::ShopCustomers => shop::CUSTOMERS_HEADER,
            Self::Subscribers => newsletter::SUBSCRIBERS_HEADER,
            Self::CampaignResults => newsletter::RESULTS_HEADER,
            Self::Truth => "system,record_id,person_id\n",
            Self::Orders(_) => shop::ORDERS_HEADER,
            Self::Events(_) => "",
        }
    }
}
