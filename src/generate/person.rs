//! Who a customer is, before any system got hold of them.

use super::address::Home;
use super::calendar::Day;
use super::country::Country;

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
