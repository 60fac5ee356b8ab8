//! What a column holds.

use serde::{Deserialize, Serialize};

use super::comparison::labels;
use super::feature_kind::features;
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
    /// UUIDs, which programs give and nobody writes: two that are not equal have nothing in common.
    Uuid,
    /// Addresses of pages.
    Url,
    /// IP addresses.
    IpAddress,
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
    pub const ALL: [(&'static str, Self); 18] = [
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
        ("uuid", Self::Uuid),
        ("url", Self::Url),
        ("ip_address", Self::IpAddress),
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

    /// What a column of it holds, and how that is written before it is compared.
    pub fn description(self) -> &'static str {
        match self {
            Self::GivenName => "First names, without titles and initials of others.",
            Self::FamilyName => "Surnames, without what tells generations apart, as `Jr.`.",
            Self::FullName => "Given and family name in one, which are taken apart.",
            Self::Email => {
                "E-mail addresses; providers that take several ways of writing one are known."
            }
            Self::Phone => "Telephone numbers, of which the last eight digits count.",
            Self::Date => {
                "Days, such as the date of birth. In which order day, month and year are is as most values show that have the same mark between them."
            }
            Self::Postcode => "Postal codes, without blanks.",
            Self::Street => {
                "A line of an address: house numbers, and the name of the street with its words in full."
            }
            Self::City => "Towns, suburbs, regions.",
            Self::NationalId => {
                "Numbers and codes that are meant to be one's own: of social security, customers, books. Where people have one each, which is never mistyped, two that differ keep them apart."
            }
            Self::Uuid => {
                "UUIDs, in any of the forms that PostgreSQL reads. All zeros, or all ones, is none. Where no two records have one in common it says nothing, and the column is not compared unless that is said."
            }
            Self::Url => {
                "Addresses of pages, as host and path: without the scheme, user, `www.`, usual ports, a slash or the name of an index page at the end, fragments and parameters of campaigns."
            }
            Self::IpAddress => {
                "IP addresses of versions 4 and 6, without port and length of the network; those that stand for none, or for the machine itself, are missing."
            }
            Self::Number => {
                "A quantity: how far two are apart matters. Currencies, units and separators of thousands are understood, and the decimal mark is the dot or the comma, as most values show."
            }
            Self::Category => "One of few values.",
            Self::FreeText => {
                "Titles, descriptions: what matters is the words, and how rare they are, and apart from these the codes among them."
            }
            Self::Organisation => "Names of companies, without their legal form.",
            Self::Ignore => "Not compared.",
            Self::Levels => "Compared by levels of its own.",
            Self::Key => "Not compared: records that have it in common are.",
        }
    }

    /// What the levels below equality are called for each thing that is compared of a column, the least
    /// alike first.
    pub fn levels(self) -> impl Iterator<Item = &'static [&'static str]> {
        features(self).iter().map(|feature| labels(*feature))
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
