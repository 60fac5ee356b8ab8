//! In which order dates have their parts.

use serde::{Deserialize, Serialize};

use crate::normalize::date_text::{self, Order};

/// How the dates of a column are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DateOrder {
    #[default]
    Ymd,
    Dmy,
    Mdy,
}

impl DateOrder {
    pub(super) const ALL: [Self; 3] = [Self::Ymd, Self::Dmy, Self::Mdy];

    pub(super) fn order(self) -> Order {
        match self {
            Self::Ymd => Order::Ymd,
            Self::Dmy => Order::Dmy,
            Self::Mdy => Order::Mdy,
        }
    }

    /// Whether the text is a date of this order.
    pub(super) fn reads(self, text: &str) -> bool {
        date_text::parse(text, self.order()).is_some()
    }
}
