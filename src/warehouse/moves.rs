//! Where rows of an earlier version of a table stand in a later one, where files only came or lost rows
//! in between: see [`Modification::keeping_files`].

use std::collections::HashMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::Modification;
use crate::error::Result;

/// The files of the earlier version, by their numbers in it; none for one that has lost all rows.
pub struct Moves(Vec<Option<Moved>>);

/// A file in the later version.
struct Moved {
    number: u32,
    /// The rows that are gone by then.
    gone: Option<Arc<RoaringBitmap>>,
}

impl Moves {
    /// The number that a row's file has in the later version; none where the row is gone by then.
    pub fn file_of(&self, file: u32, place: i64) -> Option<u32> {
        let moved = self.0.get(file as usize)?.as_ref()?;
        let place = u32::try_from(place).ok()?;
        let is_gone = moved.gone.as_ref().is_some_and(|gone| gone.contains(place));
        (!is_gone).then_some(moved.number)
    }
}

impl Modification {
    /// Where the rows that an earlier change sees stand in the version that this one changes.
    ///
    /// # Errors
    /// Those of reading which rows are gone.
    pub async fn moves_from(&self, earlier: &Self) -> Result<Moves> {
        let files = self.snapshot.files.iter().zip(0..);
        let numbers: HashMap<&str, (u32, _)> = files
            .map(|(file, number)| (file.path.as_str(), (number, file)))
            .collect();
        let mut moved = Vec::with_capacity(earlier.snapshot.files.len());
        for file in &earlier.snapshot.files {
            let Some((number, now)) = numbers.get(file.path.as_str()) else {
                moved.push(None);
                continue;
            };
            let gone = match &now.gone {
                Some(gone) => Some(Arc::clone(gone.rows(&self.table.place).await?)),
                None => None,
            };
            let number = *number;
            moved.push(Some(Moved { number, gone }));
        }
        Ok(Moves(moved))
    }
}
