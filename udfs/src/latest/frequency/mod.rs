//! How often the values of a group occur, for `most_frequent`.

mod accumulator;
mod counts;
mod groups;
mod layout;
mod window;

pub(super) use accumulator::MostFrequent;
pub(super) use groups::MostFrequentOfGroups;
pub(super) use layout::{Layout, state_type};
pub(super) use window::MostFrequentInWindow;
