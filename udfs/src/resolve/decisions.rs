//! What people have decided: which records are one, and which are not.

use std::collections::{HashMap, HashSet};

use super::components::Components;
use super::pair::Pair;
use super::records::Records;
use crate::FunctionError;
use crate::wording::quoted;

/// Decisions of people about pairs of records, which always hold.
///
/// Records that are one by several decisions are a set, which is named by its first record; what
/// holds of one of them holds of all.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    links: Vec<(u32, u32)>,
    /// The set of each record that is one with another.
    sets: HashMap<u32, u32>,
    /// The sets that each set is kept apart from.
    apart: HashMap<u32, HashSet<u32>>,
}

impl Decisions {
    /// `must_link` are pairs of records that are one, `cannot_link` pairs that are two. Two that
    /// are one by others' being one cannot be two.
    pub fn new(
        records: &Records,
        must_link: &[(u32, u32)],
        cannot_link: &[(u32, u32)],
    ) -> Result<Self, FunctionError> {
        if must_link.is_empty() && cannot_link.is_empty() {
            return Ok(Self::default());
        }
        let mut components = Components::new(records.len());
        for (left, right) in must_link {
            components.join(*left, *right);
        }
        let mut apart: HashMap<u32, HashSet<u32>> = HashMap::new();
        for (left, right) in cannot_link {
            let (one, other) = (components.find(*left), components.find(*right));
            if one == other {
                return Err(FunctionError::invalid_argument(format!(
                    "records {} and {} cannot be linked and must be, by what was decided",
                    quoted(&name(records, *left)),
                    quoted(&name(records, *right))
                ))
                .with_hint("Take back one of the decisions of must_link or cannot_link."));
            }
            apart.entry(one).or_default().insert(other);
            apart.entry(other).or_default().insert(one);
        }
        let linked = must_link.iter().flat_map(|(left, right)| [*left, *right]);
        let sets = linked.map(|record| (record, components.find(record)));
        Ok(Self {
            links: must_link
                .iter()
                .map(|(left, right)| (*left.max(right), *left.min(right)))
                .collect(),
            sets: sets.collect(),
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

    /// Pairs of sets that are kept apart.
    pub(super) fn kept_apart(&self) -> impl Iterator<Item = (u32, u32)> {
        let all = self.apart.iter();
        all.flat_map(|(set, others)| others.iter().map(|other| (*set, *other)))
    }

    /// The set of a record: that record, where it is one with no other.
    pub(super) fn set_of(&self, record: u32) -> u32 {
        match self.sets.is_empty() {
            true => record,
            false => self.sets.get(&record).copied().unwrap_or(record),
        }
    }

    pub(super) fn are_apart(&self, left: u32, right: u32) -> bool {
        let others = self.apart_from(left);
        others.is_some_and(|others| others.contains(&self.set_of(right)))
    }

    /// The sets that a record is kept apart from, where there are any.
    pub(super) fn apart_from(&self, record: u32) -> Option<&HashSet<u32>> {
        match self.apart.is_empty() {
            true => None,
            false => self.apart.get(&self.set_of(record)),
        }
    }
}

/// What a record is called: by its source, too, where records have one.
fn name(records: &Records, record: u32) -> String {
    let id = records.id(record);
    match records.has_sources() {
        false => id.to_owned(),
        true => format!("{}:{id}", records.source(record)),
    }
}
