//! Finds records that share enough tokens, by combinations that are the larger the more frequent
//! their tokens are.
//!
//! A rare token is shared by so few records that it makes a key alone; of frequent ones it takes two,
//! three or four. How many tokens of a record have to have their combinations among its keys is told
//! by how many of them another may lack ([`grades`]). This is the scheme of P. Wang, C. Xiao, J. Qin,
//! W. Wang, X. Zhang, Y. Ishikawa, "Local similarity search for unstructured text", SIGMOD 2016. The
//! keys of all records are in one table, in order of the records' sizes, so that a probe looks each
//! of its keys up once ([`postings`]), and in a join with itself stops at its own place.

mod choose;
mod grades;
mod postings;
mod reach;
mod search;
mod sorting;
#[cfg(test)]
mod tests;

use datafusion::error::Result;

use super::measure::Measure;
use super::memory::{Budget, Reservation};
use super::records::{Detail, Records};
use crate::join::cancellation::Cancellation;
use choose::{Choice, Setting};
pub(crate) use grades::Grades;
use grades::Prefix;
use postings::Postings;
use reach::Sizes;
pub(crate) use search::{GradedBuffers, GradedSearch};
use sorting::Source;

/// The keys of all records.
#[derive(Debug)]
pub(crate) struct Graded {
    grades: Grades,
    sizes: Sizes,
    postings: Postings,
    /// The place of each record.
    places: Vec<u32>,
    /// In which order the records are searched for in a join with itself: those that share rare
    /// tokens one after the other, so that what they share is still in the processor's cache.
    order: Vec<u32>,
    _reservation: Reservation,
}

/// What keys are made for.
#[derive(Debug)]
pub(crate) struct Making<'a, M: Measure> {
    pub(crate) measure: &'a M,
    pub(crate) records: &'a Records<M::Detail>,
    pub(crate) self_join: bool,
    /// How many texts will be searched for.
    pub(crate) probes: usize,
    pub(crate) threads: usize,
    pub(crate) budget: &'a Budget,
    pub(crate) cancellation: &'a Cancellation,
    /// The grades to take.
    #[cfg(test)]
    pub(crate) forced: Option<Grades>,
}

impl Graded {
    /// The keys of all records; `None` where other ways to find pairs are better, or there is no
    /// memory.
    pub(crate) fn new<M: Measure>(making: &Making<'_, M>) -> Result<Option<Self>> {
        let sizes = Sizes::new(making.records);
        let setting = Setting {
            measure: making.measure,
            records: making.records,
            sizes: &sizes,
            self_join: making.self_join,
            probes: making.probes,
        };
        #[cfg(test)]
        if let Some(grades) = making.forced {
            let keys = 10.0 * making.records.len() as f64;
            return Self::chosen(making, sizes, Choice { grades, keys });
        }
        match setting.choose() {
            Some(choice) => Self::chosen(making, sizes, choice),
            None => Ok(None),
        }
    }

    fn chosen<M: Measure>(
        making: &Making<'_, M>,
        sizes: Sizes,
        choice: Choice,
    ) -> Result<Option<Self>> {
        let records = making.records;
        let missing = sizes.missing(making.measure, making.self_join);
        let keys = |place: usize, prefix: &mut Prefix| {
            let tokens = records.tokens(records.order[place]);
            match missing[sizes.at(place)] {
                Some(missing) => choice.grades.keys(tokens, missing, prefix),
                None => {
                    // Nothing is similar.
                    prefix.clear();
                    true
                }
            }
        };
        let source = Source {
            keys,
            signatures: &records.signatures,
            expected: choice.keys,
            threads: making.threads,
            cancellation: making.cancellation,
        };
        // The places, and the order with what it is sorted by.
        let own = records.len() * (2 * size_of::<u32>() + size_of::<u128>()) + sizes.memory();
        let mut reservation = None;
        let postings = Postings::new(&source, |bytes| {
            reservation = making.budget.reserve(bytes + own);
            reservation.is_some()
        })?;
        let mut places = vec![0; records.len()];
        for (place, record) in records.order.iter().enumerate() {
            places[*record as usize] = place as u32;
        }
        Ok(postings
            .zip(reservation)
            .map(|(postings, reservation)| Self {
                grades: choice.grades,
                sizes,
                postings,
                places,
                order: if making.self_join {
                    by_tokens(records)
                } else {
                    Vec::new()
                },
                _reservation: reservation,
            }))
    }
}

/// All records, in order of their rarest tokens.
fn by_tokens<D: Detail>(records: &Records<D>) -> Vec<u32> {
    let first = |record: u32| {
        let tokens = records.tokens(record).iter().chain(std::iter::repeat(&0));
        let tokens = tokens
            .take(3)
            .fold(0, |sum, token| sum << 32 | u128::from(*token));
        tokens << 32 | u128::from(record)
    };
    let mut order: Vec<u128> = (0..records.len() as u32).map(first).collect();
    order.sort_unstable();
    order.into_iter().map(|first| first as u32).collect()
}
