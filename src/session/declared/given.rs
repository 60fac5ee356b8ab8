//! What is known of values that others are made of, and the domain of what is made of them: arrays of values of a
//! domain are of its arrays, and their elements are of it.

use super::common::Branch;
use crate::session::domains::DomainKind;

/// What is known of a value.
#[derive(Clone, Debug, Default)]
pub(super) struct GivenValue {
    /// Whether it takes the type that stands beside it.
    pub(super) is_open: bool,
    /// The type that clients are told of, where it is not that of the value.
    pub(super) told: Option<String>,
    /// The domain that it is of.
    pub(super) domain: Option<DomainKind>,
}

impl GivenValue {
    pub(super) fn branch(&self) -> Branch {
        match self.is_open {
            true => Branch::Open,
            false => Branch::Of(self.told.clone()),
        }
    }
}

/// The domain of what has the values of several expressions. As in PostgreSQL, a domain beside anything else,
/// be it a literal, is what it is over; an array of one is what it is.
pub(super) fn alternatives<'a>(
    values: impl Iterator<Item = &'a GivenValue> + Clone,
) -> Option<DomainKind> {
    let first = values.clone().find_map(|value| value.domain)?;
    let mut values = values;
    let is_same = |value: &GivenValue| value.domain == Some(first);
    values
        .all(|value| is_same(value) || value.is_open && first.is_array)
        .then_some(first)
}

/// The domain of an array of values.
pub(super) fn array(elements: Option<DomainKind>) -> Option<DomainKind> {
    elements.map(|kind| DomainKind {
        is_array: true,
        ..kind
    })
}

/// The domain of the elements of an array.
pub(super) fn element(array: Option<DomainKind>) -> Option<DomainKind> {
    array.filter(|kind| kind.is_array).map(|kind| DomainKind {
        is_array: false,
        ..kind
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_kept_among_its_own_values_alone() {
        let email = DomainKind {
            oid: 20_000,
            array_oid: 20_001,
            is_array: false,
        };
        let of = |domain| GivenValue {
            domain,
            ..GivenValue::default()
        };
        let open = GivenValue {
            is_open: true,
            ..GivenValue::default()
        };
        let emails = array(Some(email));
        let (value, values, text) = (of(Some(email)), of(emails), of(None));
        let among = |all: &[&GivenValue]| alternatives(all.iter().copied());
        assert_eq!(among(&[&value, &value]), Some(email));
        assert_eq!(among(&[&value, &open]), None);
        assert_eq!(among(&[&text, &value]), None);
        assert_eq!(among(&[&open, &values]), emails);
        assert_eq!(among(&[&values, &text]), None);
        assert_eq!(element(emails), Some(email));
        assert_eq!(element(Some(email)), None);
    }
}
