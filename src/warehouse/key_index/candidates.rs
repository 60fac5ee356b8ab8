//! What a lookup finds.

use std::sync::Arc;

use datafusion::execution::memory_pool::{MemoryPool, MemoryReservation};

use super::entry::Location;
use super::run_file::reserve;
use crate::error::Result;

/// Where the rows of keys may stand: for each of the keys that were asked for, in their order.
#[derive(Debug)]
pub struct Candidates {
    /// Where the locations of each key begin, and where those of the last one end.
    starts: Vec<usize>,
    locations: Vec<Location>,
    _memory: Option<MemoryReservation>,
}

impl Candidates {
    /// The locations of a key, in no order: none for a key that has none, or was not asked for.
    pub fn of(&self, key: usize) -> &[Location] {
        let start = self.starts.get(key);
        let end = self.starts.get(key + 1);
        start
            .zip(end)
            .and_then(|(start, end)| self.locations.get(*start..*end))
            .unwrap_or_default()
    }

    /// The locations of each key, as [`Self::of`] has them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[Location]> {
        (0..self.starts.len() - 1).map(|key| self.of(key))
    }

    /// The locations of all keys.
    pub fn locations(&self) -> &[Location] {
        &self.locations
    }
}

/// Locations that were found, in the order of the search.
pub(super) struct Found<'a> {
    keep: &'a (dyn Fn(Location) -> bool + Sync),
    locations: Vec<(u32, Location)>,
    pool: &'a Arc<dyn MemoryPool>,
    /// Of what is more than a few.
    memory: Option<MemoryReservation>,
}

/// So few locations are not accounted for: to tell the pool takes longer than to find them.
const FEW: usize = 64;

impl<'a> Found<'a> {
    pub fn new(keep: &'a (dyn Fn(Location) -> bool + Sync), pool: &'a Arc<dyn MemoryPool>) -> Self {
        Self {
            keep,
            locations: Vec::new(),
            pool,
            memory: None,
        }
    }

    /// Takes in a location of a key, if it is to be kept.
    pub fn push(&mut self, key: u32, location: Location) -> Result<()> {
        if !(self.keep)(location) {
            return Ok(());
        }
        if self.locations.len() == self.locations.capacity() {
            let more = self.locations.len().max(4);
            let all = self.locations.len() + more;
            if all > FEW {
                let memory = self.memory.get_or_insert_with(|| reserve(self.pool));
                memory.try_resize(all * size_of::<(u32, Location)>())?;
            }
            self.locations.reserve_exact(more);
        }
        self.locations.push((key, location));
        Ok(())
    }
}

/// Brings what was found into the order of the keys, of which there are so many.
pub(super) fn by_key(
    found: &[Found<'_>],
    keys: usize,
    pool: &Arc<dyn MemoryPool>,
) -> Result<Candidates> {
    let count: usize = found.iter().map(|found| found.locations.len()).sum();
    let memory = (keys + count > FEW).then(|| reserve(pool));
    if let Some(memory) = &memory {
        memory.try_grow((keys + 1) * size_of::<usize>() + count * size_of::<Location>())?;
    }
    let all = || found.iter().flat_map(|found| &found.locations);
    // A counting sort. `starts[key + 1]` is first the number of the key's locations, then where
    // they begin, and at last, when all are in their places, where they end.
    let mut starts = vec![0; keys + 1];
    for (key, _) in all() {
        starts[*key as usize + 1] += 1;
    }
    let mut start = 0;
    for place in &mut starts[1..] {
        start += std::mem::replace(place, start);
    }
    let nowhere = Location {
        version: 0,
        file: 0,
        row: 0,
    };
    let mut locations = vec![nowhere; count];
    for (key, location) in all() {
        let place = &mut starts[*key as usize + 1];
        locations[*place] = *location;
        *place += 1;
    }
    Ok(Candidates {
        starts,
        locations,
        _memory: memory,
    })
}
