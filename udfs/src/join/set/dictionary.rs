//! The n-grams of some texts as tokens.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use datafusion::error::Result;

use super::similarity::SetSimilarity;
use crate::join::cancellation::Cancellation;
use crate::join::overlap::{
    Records, Signature, TEXTS_BETWEEN_CHECKS, Token, UNKNOWN, assign_bits, hash,
};
use crate::join::texts::Texts;

/// The token of each n-gram, and the bit of each token.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    tokens: HashMap<u128, Token, BuildHasherDefault<NumberHasher>>,
    bits: Vec<u8>,
}

/// The bytes that a small dictionary takes whatever it holds.
const SMALLEST: usize = 1024;

/// Hashes a number that is spread by nobody on purpose.
#[derive(Debug, Default)]
pub(crate) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u128(u128::from(*byte));
        }
    }

    #[inline]
    fn write_u128(&mut self, number: u128) {
        self.0 = hash(self.0 ^ number as u64 ^ hash((number >> 64) as u64));
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

impl Dictionary {
    /// The n-grams of texts, which are taken in as records.
    pub(crate) fn new(
        similarity: SetSimilarity,
        texts: &Texts,
        records: &mut Records<()>,
        cancellation: &Cancellation,
    ) -> Result<Self> {
        let mut dictionary = Self::default();
        // At first n-grams are numbered as they come.
        let mut frequencies: Vec<u32> = Vec::new();
        let mut grams = Vec::new();
        for id in texts.ids() {
            if (id as usize).is_multiple_of(TEXTS_BETWEEN_CHECKS) {
                cancellation.check()?;
            }
            similarity.grams(texts.get(id), &mut grams);
            for gram in &grams {
                let next = frequencies.len() as Token;
                let number = *dictionary.tokens.entry(*gram).or_insert(next);
                if number == next {
                    frequencies.push(0);
                }
                frequencies[number as usize] += 1;
                records.tokens.push(number);
            }
            records.ends.push(records.tokens.len());
            records.sizes.push(grams.len() as u32);
        }
        let mut order: Vec<u32> = (0..frequencies.len() as u32).collect();
        order.sort_by_key(|number| frequencies[*number as usize]);
        let sorted: Vec<u32> = order
            .iter()
            .map(|number| frequencies[*number as usize])
            .collect();
        dictionary.bits = assign_bits(&sorted);
        // Then by rank.
        let mut ranks = frequencies;
        for (rank, number) in order.iter().enumerate() {
            ranks[*number as usize] = rank as Token + 1;
        }
        dictionary
            .tokens
            .values_mut()
            .for_each(|number| *number = ranks[*number as usize]);
        let mut start = 0;
        for end in &records.ends {
            let tokens = &mut records.tokens[start..*end];
            tokens
                .iter_mut()
                .for_each(|number| *number = ranks[*number as usize]);
            tokens.sort_unstable();
            records.signatures.push(dictionary.signature(tokens));
            start = *end;
        }
        Ok(dictionary)
    }

    /// The bytes of memory that a dictionary of so many n-grams takes at most, while it is made.
    pub(crate) fn size(grams: usize) -> usize {
        // A hash table is at least 7/16 full when it has grown, and the one before is half as large.
        let table = grams * 4 * size_of::<(u128, Token)>();
        // Frequencies and their order grow likewise; the bits come to it.
        table + grams * (6 * size_of::<u32>() + 1) + SMALLEST
    }

    /// The bytes of memory that this takes.
    pub(crate) fn memory(&self) -> usize {
        self.tokens.capacity() * size_of::<(u128, Token)>() + self.bits.capacity()
    }

    /// Takes in a text.
    pub(crate) fn append(&self, similarity: SetSimilarity, text: &str, records: &mut Records<()>) {
        let mut grams = Vec::new();
        similarity.grams(text, &mut grams);
        let start = records.tokens.len();
        let tokens = grams.iter().map(|gram| self.tokens.get(gram).copied());
        records
            .tokens
            .extend(tokens.map(|token| token.unwrap_or(UNKNOWN)));
        let tokens = &mut records.tokens[start..];
        tokens.sort_unstable();
        records.signatures.push(self.signature(tokens));
        records.ends.push(records.tokens.len());
        records.sizes.push(grams.len() as u32);
    }

    fn signature(&self, tokens: &[Token]) -> Signature {
        let mut signature = Signature::default();
        for token in tokens.iter().filter(|token| **token != UNKNOWN) {
            signature.set(self.bits[*token as usize - 1]);
        }
        signature
    }
}
