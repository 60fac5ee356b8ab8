//! Ids of entities that stay.

use std::collections::{BTreeMap, BTreeSet};

use super::clusters::Clusters;
use super::records::Records;

/// What became of an entity.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Change {
    /// It is new, and so are all of its records.
    Created {
        /// Its id.
        entity: u64,
    },
    /// It is new, and was part of another.
    Split {
        /// Its id.
        entity: u64,
        /// The entity that most of its records were part of.
        from: u64,
    },
    /// It is no more, for it is one with an older one.
    Merged {
        /// Its id.
        entity: u64,
        /// The entity that most of its records are part of.
        into: u64,
    },
    /// It is no more, as all of its records are gone.
    Gone {
        /// Its id.
        entity: u64,
    },
}

/// Which id each record's entity has.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityIds {
    /// By record; none for those that were removed.
    pub of_records: Vec<Option<u64>>,
    /// What became of entities, in order.
    pub changes: Vec<Change>,
    /// The id that the next new entity gets.
    pub next: u64,
}

/// Gives entities their ids: the one that most of the records of an entity of before are in keeps
/// its id, and where several ids meet, the oldest, which is the least, stays. `previous` is by
/// record; `next` is the first id that was never given.
pub fn entity_ids(
    records: &Records,
    clusters: &Clusters,
    previous: &[Option<u64>],
    next: u64,
) -> EntityIds {
    let before = |record: usize| previous.get(record).copied().flatten();
    // The entities in an order that does not depend on that of the records.
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for record in 0..records.len() as u32 {
        if !records.is_removed(record) {
            let entity = clusters.entity_of[record as usize];
            members.entry(entity).or_default().push(record);
        }
    }
    let mut entities: Vec<Vec<u32>> = members.into_values().collect();
    let name = |members: &[u32]| members.iter().map(|record| records.key(*record)).min();
    entities.sort_by(|left, right| name(left).cmp(&name(right)));
    let mut parts: BTreeMap<u64, BTreeMap<usize, usize>> = BTreeMap::new();
    for (entity, members) in entities.iter().enumerate() {
        for id in members.iter().filter_map(|record| before(*record as usize)) {
            *parts.entry(id).or_default().entry(entity).or_default() += 1;
        }
    }
    // The largest part of each entity of before; of equal ones that of the first name.
    let mut heirs: BTreeMap<u64, usize> = BTreeMap::new();
    let mut ids: Vec<Option<u64>> = vec![None; entities.len()];
    for (id, parts) in &parts {
        let largest = parts
            .iter()
            .max_by_key(|(entity, size)| (**size, std::cmp::Reverse(**entity)));
        if let Some((entity, _)) = largest {
            heirs.insert(*id, *entity);
            // The ids come in ascending order: an older one is there already.
            ids[*entity].get_or_insert(*id);
        }
    }
    let mut changes = Vec::new();
    let mut next = next;
    let mut of_records = vec![None; records.len()];
    for (entity, members) in entities.iter().enumerate() {
        let id = ids[entity].unwrap_or_else(|| {
            let id = next;
            next += 1;
            let mut origins: BTreeMap<u64, usize> = BTreeMap::new();
            for id in members.iter().filter_map(|record| before(*record as usize)) {
                *origins.entry(id).or_default() += 1;
            }
            let most = origins
                .iter()
                .max_by_key(|(id, size)| (**size, std::cmp::Reverse(**id)));
            changes.push(match most {
                Some((from, _)) => Change::Split {
                    entity: id,
                    from: *from,
                },
                None => Change::Created { entity: id },
            });
            id
        });
        ids[entity] = Some(id);
        for record in members {
            of_records[*record as usize] = Some(id);
        }
    }
    let known: BTreeSet<u64> = previous.iter().flatten().copied().collect();
    for id in known {
        match heirs.get(&id).and_then(|entity| ids[*entity]) {
            None => changes.push(Change::Gone { entity: id }),
            Some(into) if into != id => changes.push(Change::Merged { entity: id, into }),
            Some(_) => {}
        }
    }
    EntityIds {
        of_records,
        changes,
        next,
    }
}
