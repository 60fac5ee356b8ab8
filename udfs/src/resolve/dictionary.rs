//! Distinct texts, each under a number. Copies share those that there were when it was told that there will
//! be copies, and copy those alone that have come since.

use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Place;

use super::hashing::hash_text;
use crate::FunctionError;

/// The number of what is missing.
pub(super) const MISSING: u32 = 0;

/// Of how many texts it is looked up at a time what is known of them.
const AT_A_TIME: usize = 64;

/// One in so many texts need not be shared.
const UNSHARED: usize = 8;

/// Where a text lies.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    start: u32,
    length: u32,
}

/// Texts with consecutive numbers.
#[derive(Clone, Debug, Default)]
struct Texts {
    text: String,
    entries: Vec<Entry>,
    hashes: Vec<u64>,
}

impl Texts {
    fn bytes(&self) -> usize {
        self.text.capacity() + self.entries.capacity() * 8 + self.hashes.capacity() * 8
    }
}

/// Distinct texts in order of their first appearance. Number 0 is the empty text: the missing.
#[derive(Clone, Debug)]
pub(super) struct Dictionary {
    /// The first of them, which copies share.
    shared: Arc<Texts>,
    /// Those that have come since.
    own: Texts,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self {
            shared: Arc::default(),
            own: Texts {
                text: String::new(),
                entries: vec![Entry::default()],
                hashes: vec![0],
            },
        }
    }
}

impl Dictionary {
    /// How many numbers there are, that of the missing among them.
    pub(super) fn len(&self) -> usize {
        self.shared.entries.len() + self.own.entries.len()
    }

    /// Where a number is.
    #[inline]
    fn place(&self, code: u32) -> (&Texts, usize) {
        let code = code as usize;
        match code.checked_sub(self.shared.entries.len()) {
            None => (&*self.shared, code),
            Some(at) => (&self.own, at),
        }
    }

    /// The text of a number.
    #[inline]
    pub(super) fn text(&self, code: u32) -> &str {
        let (texts, at) = self.place(code);
        let Entry { start, length, .. } = texts.entries[at];
        &texts.text[start as usize..(start + length) as usize]
    }

    /// The hash of a text, which depends on nothing but the text; 0 for the missing.
    #[inline]
    pub(super) fn hash(&self, code: u32) -> u64 {
        let (texts, at) = self.place(code);
        texts.hashes[at]
    }

    /// Every text but the missing one.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        (1..self.len() as u32).map(|code| self.text(code))
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.shared.bytes() + self.own.bytes()
    }

    /// Whether all texts can lie in one place.
    fn can_share(&self) -> bool {
        self.shared.text.len() + self.own.text.len() <= u32::MAX as usize
    }

    /// Has copies share all texts.
    fn share(&mut self) {
        let own = std::mem::take(&mut self.own);
        if self.shared.entries.is_empty() {
            self.shared = Arc::new(own);
            return;
        }
        let shared = Arc::make_mut(&mut self.shared);
        let end = shared.text.len() as u32;
        shared.text.push_str(&own.text);
        shared.entries.extend(own.entries.iter().map(|entry| Entry {
            start: end + entry.start,
            ..*entry
        }));
        shared.hashes.extend(own.hashes);
    }
}

/// Gives texts their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner {
    /// The numbers of the texts that copies share.
    shared: Arc<HashTable<Known>>,
    /// Those of texts that have come since.
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
    fn new(hash: u64, code: u32) -> Self {
        Self {
            hash: hash as u32,
            code,
        }
    }

    /// What the table goes by: it takes the lowest and the highest bits.
    fn spread(&self) -> u64 {
        u64::from(self.hash) << 32 | u64::from(self.hash)
    }
}

impl Interner {
    /// The number of a text.
    pub(super) fn intern(&mut self, text: &str) -> Result<u32, FunctionError> {
        match text {
            "" => Ok(MISSING),
            text => self.intern_hashed(text, hash_text(text)),
        }
    }

    /// Gives the numbers of texts. What is known of them is looked up for several at a time, which
    /// takes hardly longer than for one: each look is at another place in memory, and none waits for
    /// that of another one.
    pub(super) fn intern_all(
        &mut self,
        texts: &[&str],
        codes: &mut Vec<u32>,
    ) -> Result<(), FunctionError> {
        if !self.shared.is_empty() {
            for text in texts {
                codes.push(self.intern(text)?);
            }
            return Ok(());
        }
        for texts in texts.chunks(AT_A_TIME) {
            let mut hashes = [0; AT_A_TIME];
            let mut likely = [MISSING; AT_A_TIME];
            let mut entries = [Entry::default(); AT_A_TIME];
            for (hash, text) in hashes.iter_mut().zip(texts) {
                *hash = hash_text(text);
            }
            for (likely, hash) in likely.iter_mut().zip(&hashes[..texts.len()]) {
                let wanted = Known::new(*hash, MISSING);
                let found = self
                    .table
                    .find(wanted.spread(), |known| known.hash == wanted.hash);
                *likely = found.map_or(MISSING, |known| known.code);
            }
            for (entry, code) in entries.iter_mut().zip(&likely[..texts.len()]) {
                *entry = self.dictionary.own.entries[*code as usize];
            }
            let all = self.dictionary.own.text.as_bytes();
            let read = entries[..texts.len()].iter().fold(0, |read, entry| {
                read ^ all.get(entry.start as usize).copied().unwrap_or_default()
            });
            std::hint::black_box(read);
            for (at, text) in texts.iter().enumerate() {
                codes.push(match likely[at] {
                    _ if text.is_empty() => MISSING,
                    code if code != MISSING && self.dictionary.text(code) == *text => code,
                    _ => self.intern_hashed(text, hashes[at])?,
                });
            }
        }
        Ok(())
    }

    fn intern_hashed(&mut self, text: &str, hash: u64) -> Result<u32, FunctionError> {
        let dictionary = &self.dictionary;
        let known = Known::new(hash, dictionary.len() as u32);
        let is_same =
            |other: &Known| other.hash == known.hash && dictionary.text(other.code) == text;
        if let Some(shared) = self.shared.find(known.spread(), is_same) {
            return Ok(shared.code);
        }
        let place = match self.table.entry(known.spread(), is_same, Known::spread) {
            Place::Occupied(place) => return Ok(place.get().code),
            Place::Vacant(place) => place,
        };
        let start = dictionary.own.text.len() as u64;
        if start + text.len() as u64 > u64::from(u32::MAX) {
            return Err(FunctionError::limit_exceeded(
                "the distinct values of a column of an entity resolution are more than 4 GiB",
            ));
        }
        place.insert(known);
        let own = &mut self.dictionary.own;
        own.entries.push(Entry {
            start: start as u32,
            length: text.len() as u32,
        });
        own.hashes.push(hash);
        own.text.push_str(text);
        Ok(known.code)
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
        let wanted = Known::new(hash, MISSING);
        let is_same =
            |known: &Known| known.hash == wanted.hash && self.dictionary.text(known.code) == text;
        let found = self.shared.find(wanted.spread(), is_same);
        let found = found.or_else(|| self.table.find(wanted.spread(), is_same));
        found.map(|known| known.code)
    }

    /// Has copies share the texts that there are, where those that are not shared yet are worth the work.
    pub(super) fn share(&mut self) {
        let is_worth_it = self.table.len() > self.shared.len() / UNSHARED;
        if !is_worth_it || !self.dictionary.can_share() {
            return;
        }
        let own = std::mem::take(&mut self.table);
        if self.shared.is_empty() {
            self.shared = Arc::new(own);
        } else {
            let shared = Arc::make_mut(&mut self.shared);
            for known in own {
                shared.insert_unique(known.spread(), known, Known::spread);
            }
        }
        self.dictionary.share();
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.dictionary.bytes() + self.shared.allocation_size() + self.table.allocation_size()
    }

    pub(super) fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    pub(super) fn finish(self) -> Dictionary {
        self.dictionary
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Many texts at a time have the numbers that they have one after the other.
        #[test]
        fn texts_have_the_numbers_that_they_have_one_by_one(texts in proptest::collection::vec("[a-c]{0,3}", 0..200), pieces in 1..100_usize) {
            let (mut one, mut many) = (Interner::default(), Interner::default());
            let expected: Vec<u32> = texts.iter().map(|text| one.intern(text).unwrap()).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let mut codes = Vec::new();
            for texts in texts.chunks(pieces) {
                many.intern_all(texts, &mut codes).unwrap();
            }
            prop_assert_eq!(&codes, &expected);
            for (text, code) in texts.iter().zip(codes) {
                prop_assert_eq!(many.dictionary().text(code), *text);
                prop_assert_eq!(many.find(text), Some(code).filter(|code| *code != MISSING));
            }
        }

        /// Copies have what they shared and what came to each, and nothing that came to others.
        #[test]
        fn copies_that_share_are_each_their_own(texts in proptest::collection::vec("[a-e]{0,3}", 1..300), pieces in 1..60_usize) {
            let (mut one, mut sharing) = (Interner::default(), Interner::default());
            let mut copies = Vec::new();
            for texts in texts.chunks(pieces) {
                for text in texts {
                    let expected = one.intern(text).unwrap();
                    prop_assert_eq!(sharing.intern(text).unwrap(), expected);
                }
                sharing.share();
                copies.push((sharing.clone(), one.clone()));
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                let (mut codes, mut expected) = (Vec::new(), Vec::new());
                sharing.intern_all(&texts, &mut codes).unwrap();
                one.intern_all(&texts, &mut expected).unwrap();
                prop_assert_eq!(codes, expected);
            }
            for (copy, expected) in &mut copies {
                prop_assert_eq!(copy.dictionary().len(), expected.dictionary().len());
                for (code, text) in (1..).zip(expected.dictionary().texts()) {
                    prop_assert_eq!(copy.dictionary().text(code), text);
                    prop_assert_eq!(copy.dictionary().hash(code), expected.dictionary().hash(code));
                }
                for text in &texts {
                    prop_assert_eq!(copy.find(text), expected.find(text));
                }
                let (new, as_new) = (copy.intern("new").unwrap(), expected.intern("new").unwrap());
                prop_assert_eq!(new, as_new);
                prop_assert_eq!(sharing.find("new"), None);
            }
        }
    }
}
