//! A word as the rules read it.

/// No rule looks further back or ahead.
const MARGIN: usize = 8;
/// So many blanks follow the word; some rules look for one behind it.
const BLANKS: usize = 5;

/// What stands behind the word.
const BEHIND: [u8; BLANKS + MARGIN] = {
    let mut behind = [0; BLANKS + MARGIN];
    let mut place = 0;
    while place < BLANKS {
        behind[place] = b' ';
        place += 1;
    }
    behind
};

/// How many bytes are read at once.
const CHUNK: usize = 16;

/// The bytes of a word in upper case.
#[derive(Debug, Default)]
pub(super) struct Word {
    /// The word between margins of zeros, with blanks behind it.
    bytes: Vec<u8>,
    length: usize,
}

impl Word {
    /// Takes in a word: so many of the bytes that a buffer begins with.
    pub(super) fn read(&mut self, bytes: &[u8], length: usize) {
        self.length = length;
        let end = MARGIN + length;
        // Room for whole chunks, which are read faster than as many bytes as the word has.
        self.bytes.resize(end + CHUNK + BEHIND.len(), 0);
        let (chunks, _) = self.bytes[MARGIN..].as_chunks_mut::<CHUNK>();
        let (read, _) = bytes.as_chunks::<CHUNK>();
        let count = length.div_ceil(CHUNK);
        if count <= read.len() {
            for (chunk, read) in chunks.iter_mut().zip(&read[..count]) {
                *chunk = read.map(|byte| byte.to_ascii_uppercase());
            }
        } else {
            self.bytes[MARGIN..end].copy_from_slice(&bytes[..length]);
            self.bytes[MARGIN..end].make_ascii_uppercase();
        }
        self.bytes[end..end + BEHIND.len()].copy_from_slice(&BEHIND);
    }

    /// The place of the first letter.
    pub(super) fn start(&self) -> usize {
        MARGIN
    }

    /// The place of the last letter; before the first where there is none.
    pub(super) fn last(&self) -> usize {
        MARGIN + self.length - 1
    }

    /// The place behind the last letter.
    pub(super) fn end(&self) -> usize {
        MARGIN + self.length
    }

    /// The letter at a place.
    #[inline]
    pub(super) fn letter(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Whether one of these stands at a place.
    #[inline]
    pub(super) fn has<const N: usize>(&self, at: usize, options: &[&[u8; N]]) -> bool {
        let found = self
            .bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk::<N>());
        found.is_some_and(|found| options.contains(&found))
    }

    /// Whether the word begins with one of these.
    pub(super) fn begins<const N: usize>(&self, options: &[&[u8; N]]) -> bool {
        self.has(self.start(), options)
    }

    /// Whether a vowel stands at a place.
    #[inline]
    pub(super) fn is_vowel(&self, at: usize) -> bool {
        matches!(self.letter(at), b'A' | b'E' | b'I' | b'O' | b'U' | b'Y')
    }

    /// Whether the word looks Slavic or German.
    pub(super) fn is_slavo_germanic(&self) -> bool {
        let word = &self.bytes[self.start()..self.end()];
        // All of them are looked at, which is sooner done than to stop at one.
        let next = word.get(1..).unwrap_or_default();
        word.iter()
            .fold(false, |any, letter| any | matches!(letter, b'W' | b'K'))
            || word.iter().zip(next).fold(false, |any, (letter, next)| {
                any | ((*letter == b'C') & (*next == b'Z'))
            })
    }

    /// Whether the word is plainly German or Dutch.
    pub(super) fn is_germanic(&self) -> bool {
        self.begins(&[b"VAN ", b"VON "]) || self.begins(&[b"SCH"])
    }
}
