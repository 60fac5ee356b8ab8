//! What the names of the columns of one query let expect, each beside the others.

use super::hint::{Hint, OF_PERSONS, apart_at_capitals, plain, words};

impl Hint {
    /// What the names of the columns of one query let expect: what one is may depend on the others.
    pub(super) fn of_all(names: &[&str]) -> Vec<Self> {
        let mut hints: Vec<Self> = names.iter().map(|name| Self::of(name)).collect();
        // The name that somebody was born with may stand beside the one of today.
        let is_of_birth = |name: &str| {
            let name = plain(name);
            let words = ["geburt", "birth", "naissance", "maiden"];
            words.iter().any(|word| name.contains(word))
        };
        let has = |wanted: Self| {
            let mut all = hints.iter().zip(names);
            all.any(|(hint, name)| *hint == wanted && !is_of_birth(name))
        };
        // `name` beside `vorname` is the family's, and beside `surname` the given one.
        let rest = match (has(Self::Given), has(Self::Family)) {
            (true, false) => Self::FamilyOrFull,
            (false, true) => Self::GivenOrFull,
            _ => return hints,
        };
        let all = hints.iter_mut().zip(names);
        let mut open = all.filter(|(hint, name)| **hint == Self::Name && is_name_of_person(name));
        if let (Some((hint, _)), None) = (open.next(), open.next()) {
            *hint = rest;
        }
        hints
    }
}

/// Whether this is `name`, or that of a customer or the like.
fn is_name_of_person(name: &str) -> bool {
    const PERSONS: [&str; 16] = [
        "person", "persons", "people", "customer", "cust", "client", "kunde", "kunden", "patient",
        "member", "mitglied", "contact", "kontakt", "guest", "student", "employee",
    ];
    let apart = plain(&apart_at_capitals(name));
    let mut words = words(&apart).into_iter();
    let is_open = |word: &str| {
        let word = word.strip_suffix("name").unwrap_or(word);
        PERSONS.contains(&word) || OF_PERSONS.contains(&word)
    };
    words.all(is_open)
}
