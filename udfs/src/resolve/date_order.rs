//! In which order dates have their parts.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::text_forms::has_form_of_date;
use crate::normalize::date_text::{self, Order};

/// How dates are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DateOrder {
    #[default]
    Ymd,
    Dmy,
    Mdy,
}

impl DateOrder {
    const ALL: [Self; 3] = [Self::Ymd, Self::Dmy, Self::Mdy];

    fn order(self) -> Order {
        match self {
            Self::Ymd => Order::Ymd,
            Self::Dmy => Order::Dmy,
            Self::Mdy => Order::Mdy,
        }
    }

    /// The day that the text is in this order.
    fn read(self, text: &str) -> Option<NaiveDate> {
        date_text::parse(text, self.order())
    }

    /// Of some texts, the order that reads most; of such orders, the first of these.
    fn of_most<'a>(texts: impl Iterator<Item = &'a str>, first: [Self; 3]) -> (Self, usize) {
        let mut read = [0_usize; 3];
        for text in texts {
            for (order, read) in first.iter().zip(&mut read) {
                *read += usize::from(order.read(text).is_some());
            }
        }
        let orders = first.into_iter().zip(read);
        orders.fold(
            (first[0], 0),
            |best, next| {
                if next.1 > best.1 { next } else { best }
            },
        )
    }
}

/// What stands between the parts of a date.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mark {
    Dot,
    Slash,
    Dash,
    /// Nothing, or a blank.
    None,
}

impl Mark {
    fn of(text: &str) -> Self {
        let mark = text
            .chars()
            .find(|letter| matches!(letter, '.' | '/' | '-'));
        match mark {
            Some('.') => Self::Dot,
            Some('/') => Self::Slash,
            Some(_) => Self::Dash,
            None => Self::None,
        }
    }
}

/// How the dates of a column are written that have a mark: where systems were merged, those of each are
/// written in its own way.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(super) struct MarkedOrders {
    dots: DateOrder,
    slashes: DateOrder,
    dashes: DateOrder,
}

/// How the dates of a column are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct DateOrders {
    /// Most of them, and those without a mark.
    pub(super) most: DateOrder,
    /// Models that were learned before it was looked for have none, and read all in one order.
    pub(super) marked: Option<MarkedOrders>,
}

impl DateOrders {
    /// Those that read most of some values, and how many they read.
    pub(super) fn of(values: &[&str]) -> (Self, usize) {
        let (most, read_by_one) = DateOrder::of_most(values.iter().copied(), DateOrder::ALL);
        // What may be of any order is as most are; with dots, hardly anybody writes the month first.
        let as_most = match most {
            DateOrder::Ymd => DateOrder::ALL,
            DateOrder::Dmy => [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd],
            DateOrder::Mdy => [DateOrder::Mdy, DateOrder::Dmy, DateOrder::Ymd],
        };
        let with_dots = [DateOrder::Dmy, DateOrder::Ymd, DateOrder::Mdy];
        let of = |mark: Mark, first: [DateOrder; 3]| {
            let marked = values.iter().copied();
            DateOrder::of_most(marked.filter(|value| Mark::of(value) == mark), first).0
        };
        let orders = Self {
            most,
            marked: Some(MarkedOrders {
                dots: of(Mark::Dot, with_dots),
                slashes: of(Mark::Slash, as_most),
                dashes: of(Mark::Dash, as_most),
            }),
        };
        // Other things than dates are read more easily where any order will do.
        let has_form = |value: &&&str| has_form_of_date(value) && orders.read(value).is_some();
        let read = values.iter().filter(has_form).count();
        (orders, read.max(read_by_one))
    }

    /// The day that the text is, in the order of those with the same mark; where that is none, with the
    /// day and the month changed.
    pub(super) fn read(self, text: &str) -> Option<NaiveDate> {
        let Some(marked) = self.marked else {
            return self.most.read(text);
        };
        let order = match Mark::of(text) {
            Mark::Dot => marked.dots,
            Mark::Slash => marked.slashes,
            Mark::Dash => marked.dashes,
            // A mistyped digit would make another date of it.
            Mark::None => return self.most.read(text),
        };
        // The order that has read nothing reads nothing again.
        let orders = [order, DateOrder::Dmy, DateOrder::Mdy];
        orders.iter().find_map(|order| order.read(text))
    }
}
