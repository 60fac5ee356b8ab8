//! True Damerau-Levenshtein distance: insert, delete, substitute, and swap two neighbours, where
//! more may be edited between the two that were swapped.
//!
//! C. Zhao and S. Sahni, "String correction using the Damerau-Levenshtein distance", BMC
//! Bioinformatics 20 (2019): the recurrence of Lowrance and Wagner (1975) needs, of all earlier
//! rows, only two values a column, so that rows rather than the table are kept.

use std::collections::HashMap;

use super::characters::{Character, without_common_affixes};
use crate::interrupt::Watch;

/// What is kept between two texts.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// The row above the current one; cell `j` stands for the first `j` characters of the text.
    above: Vec<u32>,
    /// The current row.
    row: Vec<u32>,
    /// For each column, the cell before it in the row above the last row that matched there.
    before_match: Vec<u32>,
    last_rows: LastRows,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            above: Vec::new(),
            row: Vec::new(),
            before_match: Vec::new(),
            last_rows: LastRows {
                ascii: [0; 128],
                wide: HashMap::new(),
            },
        }
    }
}

/// The last row, counted from 1, in which a character stood; 0 is none.
#[derive(Debug)]
struct LastRows {
    ascii: [u32; 128],
    wide: HashMap<u32, u32>,
}

impl LastRows {
    #[inline]
    fn get(&self, code: u32) -> u32 {
        match self.ascii.get(code as usize) {
            Some(row) => *row,
            None => self.wide.get(&code).copied().unwrap_or(0),
        }
    }

    #[inline]
    fn set(&mut self, code: u32, row: u32) {
        match self.ascii.get_mut(code as usize) {
            Some(place) => *place = row,
            None => {
                self.wide.insert(code, row);
            }
        }
    }

    fn unset<C: Character>(&mut self, text: &[C]) {
        for character in text {
            if let Some(place) = self.ascii.get_mut(character.code() as usize) {
                *place = 0;
            }
        }
        self.wide.clear();
    }
}

impl Scratch {
    /// The distance of two texts.
    pub(crate) fn distance<C: Character>(&mut self, left: &[C], right: &[C]) -> usize {
        let (left, right) = without_common_affixes(left, right);
        if left.is_empty() || right.is_empty() {
            return left.len().max(right.len());
        }
        self.start(left.len(), right.len());
        let mut watch = Watch::default();
        for (index, character) in left.iter().enumerate() {
            if watch.is_interrupted_after(right.len()) {
                break;
            }
            std::mem::swap(&mut self.above, &mut self.row);
            self.fill_row(index as u32 + 1, *character, right);
            self.last_rows.set(character.code(), index as u32 + 1);
        }
        self.last_rows.unset(left);
        self.row.last().map_or(0, |distance| *distance as usize)
    }

    fn start(&mut self, left: usize, right: usize) {
        let unreachable = (left + right) as u32;
        self.row.clear();
        self.row.extend(0..=right as u32);
        self.above.clear();
        self.above.resize(right + 1, unreachable);
        self.before_match.clear();
        self.before_match.resize(right + 1, unreachable);
    }

    /// Fills the row of one character, the row before it being above.
    #[inline]
    fn fill_row<C: Character>(&mut self, number: u32, character: C, text: &[C]) {
        let unreachable = number + text.len() as u32;
        // The last column that matched in this row (0: none), and the cell two rows up and left
        // of it: the start of a swap that ends here.
        let mut last_match = 0;
        let mut before_last_match = unreachable;
        // The cell of the row two above, in the column before: overwritten as the row is filled.
        let mut two_above = self.row[0];
        self.row[0] = number;
        let mut left = number;
        for (index, other) in text.iter().enumerate() {
            let column = index + 1;
            let overwritten = self.row[column];
            let mut best = (left + 1).min(self.above[column] + 1);
            if character == *other {
                best = best.min(self.above[index]);
                last_match = column;
                self.before_match[column] = self.above[index.saturating_sub(1)];
                if index == 0 {
                    self.before_match[column] = unreachable;
                }
                before_last_match = two_above;
            } else {
                best = best.min(self.above[index] + 1);
                let last_row = self.last_rows.get(other.code());
                if last_row != 0 && last_match != 0 {
                    if column - last_match == 1 {
                        best = best.min(self.before_match[column] + (number - last_row));
                    } else if number - last_row == 1 {
                        best = best.min(before_last_match + (column - last_match) as u32);
                    }
                }
            }
            two_above = overwritten;
            left = best;
            self.row[column] = best;
        }
    }
}
