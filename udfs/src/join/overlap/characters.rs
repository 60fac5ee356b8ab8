//! Characters as tokens.
//!
//! The token of a character is that character and how often it stands from there to the end of the
//! text. So two texts share as many tokens as their multisets of characters do, and what follows
//! the beginning of a text has the same tokens without it.

use std::collections::HashMap;

use datafusion::error::Result;

use super::records::TEXTS_BETWEEN_CHECKS;
use super::records::{Detail, LONGEST_PREFIX, Prefix, Records, Token, UNKNOWN};
use super::signature::{Signature, assign_bits};
use crate::join::cancellation::Cancellation;
use crate::join::texts::Texts;
use crate::similarity::kernel::masks::WORD;

/// The longest texts that have tokens, and how many equal characters of longer ones count.
pub(crate) const LONGEST_COUNTED: usize = WORD;

/// A character as a small number; 0 is what no text of the index has.
pub(crate) type Code = u16;

/// The characters of some texts, and how frequent each is.
#[derive(Debug)]
pub(crate) struct Characters {
    ascii: [Code; 128],
    others: HashMap<char, Code>,
    /// The token of each character, once, twice, ...
    tokens: Vec<Token>,
    /// The bit of each token.
    bits: Vec<u8>,
}

/// The characters of texts that are not too long.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    codes: Vec<Code>,
    ends: Vec<usize>,
}

impl Codes {
    /// The characters of a record; none of one that is longer than [`LONGEST_COUNTED`].
    #[inline]
    pub(crate) fn get(&self, record: u32) -> &[Code] {
        let record = record as usize;
        let start = if record == 0 {
            0
        } else {
            self.ends[record - 1]
        };
        &self.codes[start..self.ends[record]]
    }
}

impl Detail for Codes {
    fn reserve(&mut self, texts: usize, tokens: usize) {
        self.codes.reserve_exact(tokens);
        self.ends.reserve_exact(texts);
    }

    fn clear(&mut self) {
        self.codes.clear();
        self.ends.clear();
    }

    fn memory(&self) -> usize {
        self.codes.capacity() * size_of::<Code>() + self.ends.capacity() * size_of::<usize>()
    }
}

impl Characters {
    /// The characters of texts; `None` where there are too many different ones.
    pub(crate) fn new<T: AsRef<str>>(
        texts: impl Iterator<Item = T>,
        cancellation: &Cancellation,
    ) -> Result<Option<Self>> {
        let mut characters = Self {
            ascii: [0; 128],
            others: HashMap::new(),
            tokens: Vec::new(),
            bits: Vec::new(),
        };
        // How many texts have each character at least once, at least twice, ...
        let mut frequencies: Vec<u32> = vec![0; LONGEST_COUNTED];
        let mut counts: Vec<usize> = vec![0];
        let mut codes = Vec::new();
        for (count, text) in texts.enumerate() {
            if count.is_multiple_of(TEXTS_BETWEEN_CHECKS) {
                cancellation.check()?;
            }
            codes.clear();
            for character in text.as_ref().chars() {
                let Some(code) = characters.add(character, &mut frequencies, &mut counts) else {
                    return Ok(None);
                };
                let count = &mut counts[usize::from(code)];
                if *count < LONGEST_COUNTED {
                    frequencies[usize::from(code) * LONGEST_COUNTED + *count] += 1;
                }
                *count += 1;
                codes.push(code);
            }
            codes.iter().for_each(|code| counts[usize::from(*code)] = 0);
        }
        let mut order: Vec<usize> = (0..frequencies.len())
            .filter(|place| frequencies[*place] > 0)
            .collect();
        order.sort_by_key(|place| frequencies[*place]);
        characters.tokens = vec![UNKNOWN; frequencies.len()];
        for (rank, place) in order.iter().enumerate() {
            characters.tokens[*place] = rank as Token + 1;
        }
        let ordered: Vec<u32> = order.iter().map(|place| frequencies[*place]).collect();
        characters.bits = assign_bits(&ordered);
        Ok(Some(characters))
    }

    fn add(
        &mut self,
        character: char,
        frequencies: &mut Vec<u32>,
        counts: &mut Vec<usize>,
    ) -> Option<Code> {
        let code = self.code(character);
        if code != 0 {
            return Some(code);
        }
        let next = Code::try_from(counts.len()).ok()?;
        counts.push(0);
        frequencies.resize(counts.len() * LONGEST_COUNTED, 0);
        match self.ascii.get_mut(character as usize) {
            Some(code) => *code = next,
            None => {
                self.others.insert(character, next);
            }
        }
        Some(next)
    }

    #[inline]
    fn code(&self, character: char) -> Code {
        match self.ascii.get(character as usize) {
            Some(code) => *code,
            None => self.others.get(&character).copied().unwrap_or(0),
        }
    }

    /// How many codes there are, 0 among them.
    pub(crate) fn count(&self) -> usize {
        self.tokens.len() / LONGEST_COUNTED
    }

    /// The bytes of memory that the characters and records of texts take at most.
    pub(crate) fn size(texts: &Texts) -> usize {
        let bytes = texts.buffer().len();
        // Words that are put together have a blank between them, perhaps for another white space.
        let codes = different_characters(texts).min(usize::from(Code::MAX)) + 2;
        // Frequencies, which double as they grow, their order and the tokens made of them.
        codes * LONGEST_COUNTED * 8 * size_of::<Token>()
            + codes * 4 * size_of::<(char, Code)>()
            + Records::<Codes>::most_memory(texts.len(), bytes)
            + bytes * size_of::<Code>()
            + texts.len() * size_of::<usize>()
    }

    /// The bytes of memory that this takes.
    pub(crate) fn memory(&self) -> usize {
        self.tokens.capacity() * size_of::<Token>()
            + self.bits.capacity()
            + self.others.capacity() * size_of::<(char, Code)>()
    }

    /// Takes in a text, with its prefix or without.
    pub(crate) fn append(&self, text: &str, prefix: bool, records: &mut Records<Codes>) {
        let start = records.detail.codes.len();
        records
            .detail
            .codes
            .extend(text.chars().map(|character| self.code(character)));
        let codes = &mut records.detail.codes[start..];
        let mut signature = Signature::default();
        let size = codes.len();
        let mut add = |token: Token| {
            if token != UNKNOWN {
                signature.set(self.bits[token as usize - 1]);
            }
            token
        };
        if size <= LONGEST_COUNTED {
            for (place, code) in codes.iter().enumerate() {
                let later = codes[place + 1..]
                    .iter()
                    .filter(|other| *other == code)
                    .count();
                records.tokens.push(add(self.token(*code, later)));
            }
        } else {
            codes.sort_unstable();
            for same in codes.chunk_by(|left, right| left == right) {
                for later in 0..same.len().min(LONGEST_COUNTED) {
                    add(self.token(same[0], later));
                }
            }
            records.detail.codes.truncate(start);
        }
        records.sizes.push(u32::try_from(size).unwrap_or(u32::MAX));
        if prefix {
            let characters = text.chars().map(Prefix::from).chain(std::iter::repeat(0));
            let characters = characters.take(LONGEST_PREFIX);
            records
                .prefixes
                .push(characters.fold(0, |prefix, character| prefix << 32 | character));
        }
        records.signatures.push(signature);
        records.ends.push(records.tokens.len());
        records.detail.ends.push(records.detail.codes.len());
    }

    #[inline]
    fn token(&self, code: Code, later: usize) -> Token {
        self.tokens[usize::from(code) * LONGEST_COUNTED + later]
    }
}

/// How many different characters texts have; of ASCII no more than there are.
fn different_characters(texts: &Texts) -> usize {
    if texts.is_ascii() {
        return texts.buffer().len().min(128);
    }
    let mut seen = vec![0_u64; (char::MAX as usize + 1) / 64];
    for character in texts.buffer().chars() {
        seen[character as usize / 64] |= 1 << (character as usize % 64);
    }
    seen.iter().map(|seen| seen.count_ones() as usize).sum()
}
