//! Numbers of entities that stay, whatever records come and go.
//!
//! An entity of the version before goes on as the cluster that has most of its records; of several
//! that go on as one cluster the oldest gives its number. So a merge keeps the older number, and a
//! split keeps it with the larger part.

use std::collections::HashMap;

/// The number of no entity.
pub const NONE: i64 = 0;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is new, and makes a new entity.
    Created,
    /// It is new, and belongs to an entity that was there.
    Joined,
    /// Its entity became part of another one.
    Merged,
    /// It left its entity, which goes on without it, for a new one.
    Split,
    /// It left its entity, which goes on without it, for another one.
    Moved,
}

impl Event {
    /// The event as `entity_history` tells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Joined => "joined",
            Self::Merged => "merged",
            Self::Split => "split",
            Self::Moved => "moved",
        }
    }
}

/// The entities of records, with their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identities {
    /// The entity of each record.
    pub entities: Vec<i64>,
    /// The records whose entity is another one than before, in their order.
    pub changes: Vec<(u32, Event)>,
    /// The number of the next entity that is new.
    pub next: i64,
}

/// Gives clusters their numbers. `clusters` has for each record a record that stands for its
/// cluster, `previous` the entity that it belonged to, or [`NONE`]; `next` is the number of the next
/// entity that is new.
pub fn assign(clusters: &[u32], previous: &[i64], next: i64) -> Identities {
    // How many records each cluster has of each entity of before.
    let mut shared: HashMap<(i64, u32), u32> = HashMap::new();
    for (cluster, entity) in clusters.iter().zip(previous) {
        if *entity != NONE {
            *shared.entry((*entity, *cluster)).or_default() += 1;
        }
    }
    // Where each entity goes on; the first of clusters that have as much of it.
    let mut continued: HashMap<i64, (u32, u32)> = HashMap::new();
    for ((entity, cluster), count) in shared {
        let best = continued.entry(entity).or_insert((count, cluster));
        if (count, std::cmp::Reverse(cluster)) > (best.0, std::cmp::Reverse(best.1)) {
            *best = (count, cluster);
        }
    }
    let mut numbers: HashMap<u32, i64> = HashMap::new();
    for (entity, (_, cluster)) in continued {
        let number = numbers.entry(cluster).or_insert(entity);
        *number = (*number).min(entity);
    }
    let kept: std::collections::HashSet<i64> = numbers.values().copied().collect();
    let mut identities = Identities {
        next,
        ..Identities::default()
    };
    identities.entities.reserve(clusters.len());
    for (record, (cluster, before)) in (0..).zip(clusters.iter().zip(previous)) {
        let now = *numbers.entry(*cluster).or_insert_with(|| {
            identities.next += 1;
            identities.next - 1
        });
        identities.entities.push(now);
        let event = match *before {
            before if before == now => continue,
            NONE if kept.contains(&now) => Event::Joined,
            NONE => Event::Created,
            before if !kept.contains(&before) => Event::Merged,
            _ if kept.contains(&now) => Event::Moved,
            _ => Event::Split,
        };
        identities.changes.push((record, event));
    }
    identities
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(identities: &Identities) -> Vec<(u32, &'static str)> {
        let changes = identities.changes.iter();
        changes
            .map(|(record, event)| (*record, event.name()))
            .collect()
    }

    #[test]
    fn a_merge_keeps_the_older_number_and_a_split_keeps_it_with_the_larger_part() {
        let merged = assign(&[0, 0, 0, 3], &[7, 7, 2, 9], 10);
        assert_eq!(merged.entities, [2, 2, 2, 9]);
        assert_eq!(events(&merged), [(0, "merged"), (1, "merged")]);
        let split = assign(&[0, 1, 1], &[4, 4, 4], 10);
        assert_eq!(split.entities, [10, 4, 4]);
        assert_eq!(events(&split), [(0, "split")]);
        assert_eq!(split.next, 11);
    }

    #[test]
    fn new_records_join_or_make_entities() {
        let found = assign(&[0, 0, 2, 2], &[5, NONE, NONE, NONE], 6);
        assert_eq!(found.entities, [5, 5, 6, 6]);
        let expected = [(1, "joined"), (2, "created"), (3, "created")];
        assert_eq!(events(&found), expected);
        let moved = assign(&[0, 0, 0, 3, 3], &[1, 1, 2, 2, 2], 6);
        assert_eq!(moved.entities, [1, 1, 1, 2, 2]);
        assert_eq!(events(&moved), [(2, "moved")]);
    }

    proptest! {
        #[test]
        fn numbers_tell_clusters_apart_and_stay(
            records in prop::collection::vec((0_u32..6, 0_i64..6), 0..40),
        ) {
            let clusters: Vec<u32> = records.iter().map(|record| record.0).collect();
            let previous: Vec<i64> = records.iter().map(|record| record.1).collect();
            let found = assign(&clusters, &previous, 6);
            for (left, right) in (0..records.len()).flat_map(|l| (0..l).map(move |r| (l, r))) {
                prop_assert_eq!(
                    clusters[left] == clusters[right],
                    found.entities[left] == found.entities[right]
                );
            }
            // Every entity whose records stay together, alone, keeps its number.
            for (record, before) in previous.iter().enumerate().filter(|(_, e)| **e != NONE) {
                let members = |e: &i64| e == before;
                let together = (0..records.len()).all(|other| {
                    members(&previous[other]) == (clusters[other] == clusters[record])
                });
                if together {
                    prop_assert_eq!(found.entities[record], *before);
                }
            }
            // And a second time nothing changes.
            let again = assign(&clusters, &found.entities, found.next);
            prop_assert_eq!(&again.entities, &found.entities);
            prop_assert!(again.changes.is_empty());
        }
    }
}
