//! What is compared of columns.

use serde::{Deserialize, Serialize};

use super::kind::ColumnKind;

/// What is compared of a column: most have one, full names and texts have two.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FeatureKind {
    Given,
    Family,
    Email,
    Phone,
    Date,
    Postcode,
    Street,
    Place,
    Identifier,
    Uuid,
    Url,
    Ip,
    Number,
    Category,
    Text,
    /// The numbers and codes within a text: a model, a part number, a size.
    Codes,
    /// What levels of its own compare.
    Levels,
    /// What is not compared, and makes blocks.
    Key,
}

/// The features of a column of this kind.
pub(super) fn features(kind: ColumnKind) -> &'static [FeatureKind] {
    match kind {
        ColumnKind::GivenName => &[FeatureKind::Given],
        ColumnKind::FamilyName => &[FeatureKind::Family],
        ColumnKind::FullName => &[FeatureKind::Given, FeatureKind::Family],
        ColumnKind::Email => &[FeatureKind::Email],
        ColumnKind::Phone => &[FeatureKind::Phone],
        ColumnKind::Date => &[FeatureKind::Date],
        ColumnKind::Postcode => &[FeatureKind::Postcode],
        ColumnKind::Street => &[FeatureKind::Street],
        ColumnKind::City => &[FeatureKind::Place],
        ColumnKind::NationalId => &[FeatureKind::Identifier],
        ColumnKind::Uuid => &[FeatureKind::Uuid],
        ColumnKind::Url => &[FeatureKind::Url],
        ColumnKind::IpAddress => &[FeatureKind::Ip],
        ColumnKind::Number => &[FeatureKind::Number],
        ColumnKind::Category => &[FeatureKind::Category],
        ColumnKind::FreeText => &[FeatureKind::Text, FeatureKind::Codes],
        ColumnKind::Organisation => &[FeatureKind::Text],
        ColumnKind::Levels => &[FeatureKind::Levels],
        ColumnKind::Key => &[FeatureKind::Key],
        ColumnKind::Ignore => &[],
    }
}
