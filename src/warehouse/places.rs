//! Where rows of a version stand, so that a statement can say which of them it changes.

use std::collections::BTreeMap;
use std::ops::Range;

use roaring::RoaringBitmap;

/// The column of [`super::Modification::rows`] with the number of a row's file: UInt32.
pub const FILE_COLUMN: &str = "tributary:file";

/// The column of [`super::Modification::rows`] with a row's place in its file, from 0: Int64.
pub const PLACE_COLUMN: &str = "tributary:place";

/// A set of rows of one version of a table.
#[derive(Clone, Debug, Default)]
pub struct Places(BTreeMap<u32, RoaringBitmap>);

impl Places {
    /// Takes in a row; false where it was in already, or cannot be a row of a file.
    pub fn insert(&mut self, file: u32, place: i64) -> bool {
        u32::try_from(place).is_ok_and(|place| self.0.entry(file).or_default().insert(place))
    }

    /// Takes in the rows of a file from a place up to another one.
    pub(super) fn insert_all(&mut self, file: u32, places: Range<u32>) {
        self.0.entry(file).or_default().insert_range(places);
    }

    /// Takes in all rows of another set.
    pub fn take_in(&mut self, others: Self) {
        for (file, rows) in others.0 {
            *self.0.entry(file).or_default() |= rows;
        }
    }

    /// Whether a row is in the set.
    pub fn contains(&self, file: u32, place: i64) -> bool {
        u32::try_from(place)
            .is_ok_and(|place| self.0.get(&file).is_some_and(|rows| rows.contains(place)))
    }

    /// Whether no row is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many rows are in the set.
    pub fn len(&self) -> u64 {
        self.0.values().map(RoaringBitmap::len).sum()
    }

    /// The bytes that the set takes in memory, about.
    pub fn bytes(&self) -> usize {
        self.0.values().map(RoaringBitmap::serialized_size).sum()
    }

    /// The rows of a file that are in the set.
    pub(super) fn of(&self, file: u32) -> RoaringBitmap {
        self.0.get(&file).cloned().unwrap_or_default()
    }

    /// Whether a file has a row in the set.
    pub(super) fn has_file(&self, file: u32) -> bool {
        self.0.contains_key(&file)
    }

    /// The files that have a row in the set, and the rows of each that are in it.
    pub(super) fn files(&self) -> impl Iterator<Item = (u32, &RoaringBitmap)> {
        self.0.iter().map(|(file, rows)| (*file, rows))
    }
}
