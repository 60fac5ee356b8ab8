//! Distinct texts, each under a number.

use hashbrown::HashTable;

use super::hashing::hash_text;
use crate::FunctionError;

/// The number of what is missing.
pub(super) const MISSING: u32 = 0;

/// Where a text lies.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    start: u32,
    length: u32,
}

/// Distinct texts in order of their first appearance. Number 0 is the empty text: the missing.
#[derive(Clone, Debug)]
pub(super) struct Dictionary {
    text: String,
    entries: Vec<Entry>,
    hashes: Vec<u64>,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self {
            text: String::new(),
            entries: vec![Entry::default()],
            hashes: vec![0],
        }
    }
}

impl Dictionary {
    /// How many numbers there are, that of the missing among them.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The text of a number.
    pub(super) fn text(&self, code: u32) -> &str {
        let Entry { start, length, .. } = self.entries[code as usize];
        &self.text[start as usize..(start + length) as usize]
    }

    /// The hash of a text, which depends on nothing but the text; 0 for the missing.
    pub(super) fn hash(&self, code: u32) -> u64 {
        self.hashes[code as usize]
    }

    /// Every text but the missing one.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        (1..self.entries.len() as u32).map(|code| self.text(code))
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + self.entries.capacity() * 8 + self.hashes.capacity() * 8
    }
}

/// Gives texts their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner {
    table: HashTable<Known>,
    dictionary: Dictionary,
}

/// A text that has a number. With half of its hash beside it most others are told from it, and the
/// table grows, without a look at the dictionary, which is somewhere else in memory.
#[derive(Clone, Copy, Debug)]
struct Known {
    hash: u32,
    code: u32,
}

impl Known {
    /// What the table goes by: it takes the lowest and the highest bits.
    fn spread(&self) -> u64 {
        u64::from(self.hash) << 32 | u64::from(self.hash)
    }
}

impl Interner {
    /// The number of a text.
    pub(super) fn intern(&mut self, text: &str) -> Result<u32, FunctionError> {
        if text.is_empty() {
            return Ok(MISSING);
        }
        let hash = hash_text(text);
        if let Some(code) = self.find_hashed(text, hash) {
            return Ok(code);
        }
        let Dictionary {
            text: all,
            entries,
            hashes,
        } = &mut self.dictionary;
        let start = all.len() as u64;
        if start + text.len() as u64 > u64::from(u32::MAX) {
            return Err(FunctionError::limit_exceeded(
                "the distinct values of a column of an entity resolution are more than 4 GiB",
            ));
        }
        let code = entries.len() as u32;
        entries.push(Entry {
            start: start as u32,
            length: text.len() as u32,
        });
        hashes.push(hash);
        all.push_str(text);
        let known = Known {
            hash: hash as u32,
            code,
        };
        self.table
            .insert_unique(known.spread(), known, Known::spread);
        Ok(code)
    }

    /// The number of a text that has one.
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        match text {
            "" => None,
            text => self.find_hashed(text, hash_text(text)),
        }
    }

    #[inline]
    fn find_hashed(&self, text: &str, hash: u64) -> Option<u32> {
        let wanted = Known {
            hash: hash as u32,
            code: MISSING,
        };
        let is_same =
            |known: &Known| known.hash == wanted.hash && self.dictionary.text(known.code) == text;
        let found = self.table.find(wanted.spread(), is_same);
        found.map(|known| known.code)
    }

    /// Makes room for so many texts more.
    pub(super) fn reserve(&mut self, texts: usize) {
        self.table.reserve(texts, Known::spread);
        self.dictionary.entries.reserve(texts);
        self.dictionary.hashes.reserve(texts);
    }

    pub(super) fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    pub(super) fn finish(self) -> Dictionary {
        self.dictionary
    }
}
