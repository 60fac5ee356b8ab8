//! The identifiers that each system gives: unique within it, and telling nothing of the person.

use super::random::Permutation;

/// The most customers there can be.
pub const MOST_CUSTOMERS: u64 = 1_000_000_000;
/// The most records of one person in a system.
pub const MOST_RECORDS: u64 = 2;
/// The most orders, and the most events, of one person.
pub const MOST_ACTIONS: u64 = 64;

const BASE_62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CONTACT_DIGITS: u32 = 7;

/// The identifiers of all systems.
pub struct Identifiers {
    contact: Permutation,
    account: Permutation,
    member: Permutation,
    browser: Permutation,
    order: Permutation,
    event: Permutation,
}

impl Identifiers {
    /// The identifiers of a seed.
    pub fn new(seed: u64) -> Self {
        let records = MOST_CUSTOMERS * MOST_RECORDS;
        let actions = MOST_CUSTOMERS * MOST_ACTIONS;
        Self {
            contact: Permutation::new(seed, 2, 62_u64.pow(CONTACT_DIGITS)),
            account: Permutation::new(seed, 3, 2 * records),
            member: Permutation::new(seed, 4, 1 << 40),
            browser: Permutation::new(seed, 5, 1 << 48),
            order: Permutation::new(seed, 6, 2 * actions),
            event: Permutation::new(seed, 7, 1 << 52),
        }
    }

    /// A contact of the CRM: `003Qx0000` and seven letters or digits.
    pub fn contact(&self, person: u64, copy: u64) -> String {
        let mut rest = self.contact.apply(person * MOST_RECORDS + copy);
        let mut id = String::from("003Qx0000");
        for _ in 0..CONTACT_DIGITS {
            id.push(char::from(BASE_62[(rest % 62) as usize]));
            rest /= 62;
        }
        id
    }

    /// An account of the shop: ten digits.
    pub fn account(&self, person: u64, copy: u64) -> u64 {
        5_000_000_000 + self.account.apply(person * MOST_RECORDS + copy)
    }

    /// A member of the newsletter: ten hexadecimal digits.
    pub fn member(&self, person: u64, copy: u64) -> String {
        format!("{:010x}", self.member.apply(person * MOST_RECORDS + copy))
    }

    /// A browser: twelve hexadecimal digits.
    pub fn browser(&self, person: u64, copy: u64) -> String {
        format!("{:012x}", self.browser.apply(person * MOST_RECORDS + copy))
    }

    /// An order: twelve digits.
    pub fn order(&self, person: u64, count: u64) -> u64 {
        400_000_000_000 + self.order.apply(person * MOST_ACTIONS + count)
    }

    /// An event: thirteen hexadecimal digits.
    pub fn event(&self, person: u64, count: u64) -> String {
        format!("{:013x}", self.event.apply(person * MOST_ACTIONS + count))
    }
}
