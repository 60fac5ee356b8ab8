//! Ids of entities that stay.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap};

use datafusion::error::Result;

use super::clusters::Clusters;
use super::options::ResolveOptions;
use super::records::Records;
use super::threads;

/// Up to how many ids for one record they are looked up in a table of all.
const SPARSE: usize = 4;
/// The entity of now of one of before that has no records, and of one whose records are in several.
const NOWHERE: u32 = u32::MAX;
const IN_SEVERAL: u32 = u32::MAX - 1;
/// How many entities are sorted by one task.
const PIECE: usize = 1 << 16;

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
/// its id, and where several ids meet, the oldest, which is the least, stays. The others stay with the
/// largest of their other parts that would have a new one. `previous` is by
/// record; `next` is the first id that was never given. The options say how many threads work.
///
/// # Errors
/// Where the work is interrupted.
pub fn entity_ids(
    records: &Records,
    clusters: &Clusters,
    previous: &[Option<u64>],
    next: u64,
    options: &ResolveOptions,
) -> Result<EntityIds> {
    let all = || (0..records.len() as u32).filter(|record| !records.is_removed(*record));
    let entity_of = |record: u32| clusters.entity_of[record as usize];
    // How many records of each entity of before are in which entity of now.
    let before = |record: u32| previous.get(record as usize).copied().flatten();
    let moves = || all().filter_map(move |record| Some((before(record)?, entity_of(record))));
    let moves = in_order(moves, records.len());
    let asked = asked_by_name(&moves, records.len());
    let names = FirstNames::of(records, clusters, &asked, options.workers());
    let mut ids: Vec<Option<u64>> = vec![None; records.len()];
    let heirs = keep(&moves, &names, &mut ids);
    let mut created: Vec<u32> = all()
        .filter(|record| entity_of(*record) == *record && ids[*record as usize].is_none())
        .collect();
    // By their names: in an order that does not depend on that of the records.
    names.sort(&mut created)?;
    let mut origins: HashMap<u32, BTreeMap<u64, usize>> = HashMap::new();
    let of_created = moves
        .iter()
        .filter(|(_, entity)| ids[*entity as usize].is_none());
    for (id, entity) in of_created {
        *origins.entry(*entity).or_default().entry(*id).or_default() += 1;
    }
    let mut changes = Vec::new();
    let mut next = next;
    for entity in created {
        ids[entity as usize] = Some(next);
        let most = origins
            .get(&entity)
            .and_then(|from| from.iter().max_by_key(|(id, size)| (**size, Reverse(**id))));
        changes.push(match most {
            Some((from, _)) => Change::Split {
                entity: next,
                from: *from,
            },
            None => Change::Created { entity: next },
        });
        next += 1;
    }
    changes.extend(ended(records, previous, &heirs, &ids));
    let mut of_records = vec![None; records.len()];
    for record in all() {
        of_records[record as usize] = ids[entity_of(record) as usize];
    }
    Ok(EntityIds {
        of_records,
        changes,
        next,
    })
}

/// The entities of before and of now of records, in order: of each of these, or once of all records of an
/// entity of before that are in one of now, as most are. There are so many records.
fn in_order<I: Iterator<Item = (u64, u32)>>(
    moves: impl Fn() -> I,
    records: usize,
) -> Vec<(u64, u32)> {
    let ids = moves().map(|(id, _)| id + 1).max().unwrap_or(0);
    let Some(ids) = usize::try_from(ids)
        .ok()
        .filter(|ids| *ids <= SPARSE * records)
    else {
        let mut moves: Vec<(u64, u32)> = moves().collect();
        moves.sort_unstable();
        return moves;
    };
    let mut entities = vec![NOWHERE; ids];
    for (id, entity) in moves() {
        let known = &mut entities[id as usize];
        *known = match *known {
            NOWHERE => entity,
            known if known == entity => entity,
            _ => IN_SEVERAL,
        };
    }
    let is_in_several = |(id, _): &(u64, u32)| entities[*id as usize] == IN_SEVERAL;
    let mut several: Vec<(u64, u32)> = moves().filter(is_in_several).collect();
    several.sort_unstable();
    let mut several = several.into_iter().peekable();
    let mut ordered = Vec::with_capacity(records.min(ids) + several.len());
    for (id, entity) in (0..).zip(&entities) {
        match *entity {
            NOWHERE => {}
            IN_SEVERAL => {
                while let Some(one) = several.next_if(|(of, _)| *of == id) {
                    ordered.push(one);
                }
            }
            entity => ordered.push((id, entity)),
        }
    }
    ordered
}

/// Gives entities the ids of before that stay, and tells of each of these where it is, or with what
/// its records have become one. `moves` are the entities of before and of now of each record, in order.
fn keep(moves: &[(u64, u32)], names: &FirstNames<'_>, ids: &mut [Option<u64>]) -> Vec<(u64, u32)> {
    let before = || moves.chunk_by(|left, right| left.0 == right.0);
    let mut heirs: Vec<(u64, u32)> = Vec::new();
    for moves in before() {
        let Some((id, entity)) = largest_part(moves, names, |_| true) else {
            continue;
        };
        heirs.push((id, entity));
        // The ids come in ascending order: an older one is there already.
        ids[entity as usize].get_or_insert(id);
    }
    for (moves, heir) in before().zip(&mut heirs) {
        if ids[heir.1 as usize] == Some(heir.0) {
            continue;
        }
        let is_free = |entity: u32| ids[entity as usize].is_none();
        if let Some((id, entity)) = largest_part(moves, names, is_free) {
            *heir = (id, entity);
            ids[entity as usize] = Some(id);
        }
    }
    heirs
}

/// The entities of before that are no more, in the order of their ids. `heirs` tells of those that have
/// records still where these are, and `ids` which id each entity of now has.
fn ended(
    records: &Records,
    previous: &[Option<u64>],
    heirs: &[(u64, u32)],
    ids: &[Option<u64>],
) -> Vec<Change> {
    let is_gone = |record: usize| record >= records.len() || records.is_removed(record as u32);
    let has_heir = |id: &u64| heirs.binary_search_by_key(id, |(id, _)| *id).is_ok();
    let of_gone = previous.iter().enumerate();
    let of_gone = of_gone.filter_map(|(record, id)| id.filter(|_| is_gone(record)));
    let mut gone: Vec<u64> = of_gone.filter(|id| !has_heir(id)).collect();
    gone.sort_unstable();
    gone.dedup();
    let gone = gone.into_iter().map(|id| (id, Change::Gone { entity: id }));
    let merged = heirs.iter().filter_map(|(id, entity)| {
        let into = ids[*entity as usize].filter(|into| into != id)?;
        Some((*id, Change::Merged { entity: *id, into }))
    });
    let mut ended: Vec<(u64, Change)> = gone.chain(merged).collect();
    ended.sort_unstable_by_key(|(id, _)| *id);
    ended.into_iter().map(|(_, change)| change).collect()
}

/// Which entities may be told apart by their names: those that have a part of one of before, and those
/// that have none whole and may be new. Most are one of before, and more.
fn asked_by_name(moves: &[(u64, u32)], records: usize) -> Vec<bool> {
    let before = || moves.chunk_by(|left, right| left.0 == right.0);
    let is_whole = |moves: &&[(u64, u32)]| moves[0].1 == moves[moves.len() - 1].1;
    let mut asked = vec![true; records];
    for moves in before().filter(is_whole) {
        asked[moves[0].1 as usize] = false;
    }
    for (_, entity) in before().filter(|moves| !is_whole(moves)).flatten() {
        asked[*entity as usize] = true;
    }
    asked
}

/// The id of an entity of before, and that entity of now which most of its records are in, of those
/// that may have it; of equal ones that of the first name.
fn largest_part(
    moves: &[(u64, u32)],
    names: &FirstNames<'_>,
    may_have: impl Fn(u32) -> bool,
) -> Option<(u64, u32)> {
    let parts = moves.chunk_by(|left, right| left.1 == right.1);
    let parts = parts.filter(|part| may_have(part[0].1));
    let largest = parts.max_by(|left, right| {
        let by_size = left.len().cmp(&right.len());
        by_size.then_with(|| names.compare(right[0].1, left[0].1))
    });
    largest.map(|part| part[0])
}

/// The names of entities, each of which is the first among those of its records.
struct FirstNames<'a> {
    records: &'a Records,
    /// The record that has it, by the first record of the entity.
    first: Vec<u32>,
    workers: usize,
}

impl<'a> FirstNames<'a> {
    /// Those of the entities that are asked for.
    fn of(records: &'a Records, clusters: &Clusters, asked: &[bool], workers: usize) -> Self {
        let mut first: Vec<u32> = (0..records.len() as u32).collect();
        for record in 0..records.len() as u32 {
            let entity = clusters.entity_of[record as usize] as usize;
            if !asked[entity] {
                continue;
            }
            let first = &mut first[entity];
            if records.is_removed(*first)
                || record != *first
                    && !records.is_removed(record)
                    && records.key(record) < records.key(*first)
            {
                *first = record;
            }
        }
        Self {
            records,
            first,
            workers,
        }
    }

    fn name(&self, entity: u32) -> &str {
        self.records.key(self.first[entity as usize])
    }

    fn compare(&self, left: u32, right: u32) -> Ordering {
        self.name(left).cmp(self.name(right))
    }

    /// Sorts entities by their names, most of which differ in their first 24 bytes.
    fn sort(&self, entities: &mut Vec<u32>) -> Result<()> {
        let start = |entity: u32| {
            let mut start = [0; 3];
            let name = self.name(entity).as_bytes().chunks(size_of::<u64>());
            for (word, bytes) in start.iter_mut().zip(name) {
                let mut padded = [0; size_of::<u64>()];
                padded[..bytes.len()].copy_from_slice(bytes);
                *word = u64::from_be_bytes(padded);
            }
            start
        };
        let compare = |left: &([u64; 3], u32), right: &([u64; 3], u32)| {
            let by_start = left.0.cmp(&right.0);
            by_start.then_with(|| self.compare(left.1, right.1))
        };
        let pieces: Vec<&[u32]> = entities.chunks(PIECE).collect();
        let sorted = threads::map(
            self.workers,
            pieces.len(),
            || (),
            |(), at| {
                let mut piece: Vec<_> = pieces[at].iter().map(|it| (start(*it), *it)).collect();
                piece.sort_unstable_by(compare);
                Ok(piece)
            },
        )?;
        // Pieces that are in order are merged.
        let mut sorted = sorted.concat();
        sorted.sort_by(compare);
        entities.clear();
        entities.extend(sorted.into_iter().map(|(_, entity)| entity));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The parts of each entity of before are those that sorting tells, but for how often one is told that
        /// is the only one.
        #[test]
        fn moves_are_in_the_order_that_sorting_gives(
            moves in proptest::collection::vec((0..40_u64, 0..6_u32), 0..60),
            least in 0..3_u64,
        ) {
            let moves: Vec<(u64, u32)> = moves.into_iter().map(|(id, entity)| (id + least * 1000, entity)).collect();
            let mut expected = moves.clone();
            expected.sort_unstable();
            let of = |moves: &[(u64, u32)]| {
                let of_ids = moves.chunk_by(|left, right| left.0 == right.0).map(|moves| {
                    let is_one = moves[0] == moves[moves.len() - 1];
                    moves[..if is_one { 1 } else { moves.len() }].to_vec()
                });
                of_ids.collect::<Vec<_>>()
            };
            let found = in_order(|| moves.iter().copied(), moves.len());
            prop_assert_eq!(of(&found), of(&expected));
        }
    }
}
