//! What people have decided: which records are one, and which are not.

use std::collections::{HashMap, HashSet};

use super::components::Components;
use super::pair::Pair;
use super::records::Records;
use crate::FunctionError;
use crate::wording::quoted;

/// Decisions of people about pairs of records, which always hold.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    links: Vec<(u32, u32)>,
    one: HashSet<(u32, u32)>,
    apart: HashMap<u32, Vec<u32>>,
}

impl Decisions {
    /// `must_link` are pairs of records that are one, `cannot_link` pairs that are two. Two that
    /// are one by others' being one cannot be two.
    pub fn new(
        records: &Records,
        must_link: &[(u32, u32)],
        cannot_link: &[(u32, u32)],
    ) -> Result<Self, FunctionError> {
        let mut components = Components::new(records.len());
        let ordered = |(left, right): &(u32, u32)| (*left.max(right), *left.min(right));
        for (left, right) in must_link {
            components.join(*left, *right);
        }
        let mut apart: HashMap<u32, Vec<u32>> = HashMap::new();
        for (left, right) in cannot_link {
            if components.find(*left) == components.find(*right) {
                return Err(FunctionError::invalid_argument(format!(
                    "records {} and {} cannot be linked and must be, by what was decided",
                    quoted(records.id(*left)),
                    quoted(records.id(*right))
                ))
                .with_hint("Take back one of the decisions of must_link or cannot_link."));
            }
            apart.entry(*left).or_default().push(*right);
            apart.entry(*right).or_default().push(*left);
        }
        Ok(Self {
            links: must_link.iter().map(ordered).collect(),
            one: must_link.iter().map(ordered).collect(),
            apart,
        })
    }

    /// The decided links, as pairs that are certain.
    pub(super) fn links(&self) -> impl Iterator<Item = Pair> {
        self.links.iter().map(|(left, right)| Pair {
            left: *left,
            right: *right,
            log_odds: f32::INFINITY,
        })
    }

    pub(super) fn are_one(&self, left: u32, right: u32) -> bool {
        !self.one.is_empty() && self.one.contains(&(left.max(right), left.min(right)))
    }

    pub(super) fn are_apart(&self, left: u32, right: u32) -> bool {
        !self.apart.is_empty() && self.apart_from(left).contains(&right)
    }

    /// The records that one is kept apart from.
    pub(super) fn apart_from(&self, record: u32) -> &[u32] {
        self.apart.get(&record).map_or(&[], Vec::as_slice)
    }
}
