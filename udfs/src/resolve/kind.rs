//! What a column holds.

use serde::{Deserialize, Serialize};

use crate::FunctionError;
use crate::wording::quoted;

/// What a column holds, which decides how it is cleaned and compared.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// First names.
    GivenName,
    /// Surnames.
    FamilyName,
    /// Given and family name in one.
    FullName,
    /// E-mail addresses.
    Email,
    /// Telephone numbers.
    Phone,
    /// Days, such as the date of birth.
    Date,
    /// Postal codes.
    Postcode,
    /// A line of an address, with or without the house number.
    Street,
    /// Towns, suburbs, regions.
    City,
    /// Numbers and codes that are meant to be one's own: of social security, customers, books.
    NationalId,
    /// A quantity: how far two are apart matters.
    Number,
    /// One of few values.
    Category,
    /// Titles, descriptions: what matters is the words, and how rare they are.
    FreeText,
    /// Names of companies.
    Organisation,
    /// Not compared.
    Ignore,
    /// Compared by levels of its own.
    Levels,
    /// Not compared: records that have it in common are.
    Key,
}

impl ColumnKind {
    /// Every kind that can be said of a column, by its name.
    pub const ALL: [(&'static str, Self); 15] = [
        ("given_name", Self::GivenName),
        ("family_name", Self::FamilyName),
        ("full_name", Self::FullName),
        ("email", Self::Email),
        ("phone", Self::Phone),
        ("date", Self::Date),
        ("postcode", Self::Postcode),
        ("street", Self::Street),
        ("city", Self::City),
        ("national_id", Self::NationalId),
        ("number", Self::Number),
        ("category", Self::Category),
        ("free_text", Self::FreeText),
        ("organisation", Self::Organisation),
        ("ignore", Self::Ignore),
    ];

    /// The name of the kind.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, kind)| *kind == self);
        match self {
            Self::Levels => "levels",
            Self::Key => "key",
            _ => named.map_or("", |(name, _)| name),
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Result<Self, FunctionError> {
        let found = Self::ALL
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
        found.map(|(_, kind)| *kind).ok_or_else(|| {
            FunctionError::invalid_argument(format!("there is no kind of column {}", quoted(name)))
                .with_hint(nearest_hint(name, Self::ALL.iter().map(|(name, _)| *name)))
        })
    }
}

/// What to say of a name that does not exist: the nearest, or all that do.
pub(super) fn nearest_hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let mut prepared = crate::similarity::kernel::edit::Prepared::<true>::new(&name.to_lowercase());
    let nearest = known
        .iter()
        .map(|known| (prepared.distance(&known.to_lowercase()), *known))
        .min();
    match nearest {
        Some((distance, nearest)) if distance * 2 <= name.chars().count().max(2) => {
            format!("Did you mean \"{nearest}\"?")
        }
        _ => format!("There are: {}.", known.join(", ")),
    }
}
