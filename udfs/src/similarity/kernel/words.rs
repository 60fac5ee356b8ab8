//! Texts as words: what stands between white space, as Unicode has it.

use std::cmp::Ordering;

use super::characters::{Decoder, Pair};
use super::subsequence::{Scratch, ratio};

/// What is kept between two texts.
#[derive(Debug, Default)]
pub(crate) struct Words {
    left: Sorted,
    right: Sorted,
    decoder: Decoder,
    scratch: Scratch,
}

/// The words of one text by code point, as places within it.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    places: Vec<Word>,
    /// Words with one blank between each two.
    joined: String,
}

/// Where a word stands in its text.
#[derive(Clone, Copy, Debug)]
struct Word {
    begin: usize,
    end: usize,
    /// Its first bytes as a number, zeros behind a short one: the order of these is that of the
    /// words where they differ.
    head: u64,
}

/// How many bytes the head of a word has.
const HEAD: usize = size_of::<u64>();

impl Word {
    #[inline]
    fn new(text: &str, begin: usize, end: usize) -> Self {
        let bytes = &text.as_bytes()[begin..];
        let read = |bytes: &[u8; HEAD]| u64::from_be_bytes(*bytes);
        let head = match (bytes.first_chunk(), text.as_bytes().last_chunk()) {
            (Some(first), _) => read(first),
            (None, Some(last)) => read(last) << (8 * (HEAD - bytes.len())),
            (None, None) => short(bytes).swap_bytes(),
        };
        let behind = u64::MAX.checked_shr(8 * (end - begin) as u32).unwrap_or(0);
        Self {
            begin,
            end,
            head: head & !behind,
        }
    }

    fn of(self, text: &str) -> &str {
        &text[self.begin..self.end]
    }

    fn length(self) -> usize {
        self.end - self.begin
    }

    /// The order of two words of two texts, by code point.
    #[inline]
    fn order(self, text: &str, other: Self, other_text: &str) -> Ordering {
        self.head.cmp(&other.head).then_with(|| {
            if self.length().max(other.length()) <= HEAD {
                return self.length().cmp(&other.length());
            }
            self.of(text).cmp(other.of(other_text))
        })
    }
}

impl Sorted {
    /// Takes in a text in place of the one before.
    pub(crate) fn split(&mut self, text: &str) {
        self.places.clear();
        if text.is_ascii() {
            self.split_ascii(text);
        } else {
            let start = text.as_ptr().addr();
            self.places.extend(text.split_whitespace().map(|word| {
                let begin = word.as_ptr().addr() - start;
                Word::new(text, begin, begin + word.len())
            }));
        }
        self.places
            .sort_unstable_by(|word, other| word.order(text, *other, text));
    }

    fn split_ascii(&mut self, text: &str) {
        let mut begin = None;
        for (number, bytes) in text.as_bytes().chunks(64).enumerate() {
            let words = of_words(bytes);
            // Where a word begins or ends: what differs from the byte before.
            let mut edges = words ^ (words << 1 | u64::from(begin.is_some()));
            while edges != 0 {
                let place = number * 64 + edges.trailing_zeros() as usize;
                match begin.take() {
                    None => begin = Some(place),
                    Some(begin) => self.places.push(Word::new(text, begin, place)),
                }
                edges &= edges - 1;
            }
        }
        if let Some(begin) = begin {
            self.places.push(Word::new(text, begin, text.len()));
        }
    }

    /// Each word of the text that was taken in, and how often it occurs.
    pub(crate) fn counts<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'a str, usize)> {
        self.places
            .chunk_by(|word, next| word.order(text, *next, text).is_eq())
            .filter_map(|places| Some((places.first()?, places.len())))
            .map(|(word, count)| (word.of(text), count))
    }

    fn distinct(&mut self, text: &str) {
        self.split(text);
        self.places
            .dedup_by(|word, before| word.order(text, *before, text).is_eq());
    }

    fn join(&mut self, text: &str) {
        self.joined.clear();
        for word in &self.places {
            if !self.joined.is_empty() {
                self.joined.push(' ');
            }
            self.joined.push_str(word.of(text));
        }
    }
}

/// Which of up to 64 bytes of ASCII belong to words, as bits.
#[inline]
fn of_words(bytes: &[u8]) -> u64 {
    let (eights, rest) = bytes.as_chunks();
    let mut bits = 0;
    for (number, eight) in eights.iter().enumerate() {
        bits |= eight_of_words(*eight) << (8 * number);
    }
    if !rest.is_empty() {
        let of_rest = eight_of_words(short(rest).to_le_bytes()) & ((1 << rest.len()) - 1);
        bits |= of_rest << (8 * eights.len());
    }
    bits
}

/// Up to eight bytes as a number, the first of them lowest.
#[inline]
fn short(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let [first, last] = [first, last].map(|four| u64::from(u32::from_le_bytes(*four)));
        // They overlap where there are fewer than eight.
        return first | last << (8 * (bytes.len() - 4));
    }
    let bytes = bytes.iter().rev();
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// As `of_words`, for eight bytes: each is added to what carries into its high bit where it is no
/// less than a number. The white space that Unicode has among ASCII is from `\t` to `\r`, and the
/// blank.
#[inline]
fn eight_of_words(bytes: [u8; 8]) -> u64 {
    let bytes = u64::from_le_bytes(bytes);
    let all = |byte: u8| u64::from_le_bytes([byte; 8]);
    let is_from = |byte: u8| bytes + all(0x80 - byte);
    let is_not_blank = (bytes ^ all(b' ')) + all(0x7F);
    let is_of_word = is_not_blank & (!is_from(b'\t') | is_from(b'\r' + 1));
    // Gathers the high bits: bit 8 i moves to bit 56 + i.
    let flags = (is_of_word & all(0x80)) >> 7;
    flags.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// What the ratio of two texts as words hangs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Joined {
    /// It is known.
    Known(f64),
    /// On the longest common subsequence of what was joined; both texts have words of so many
    /// characters beside that, one more for each.
    Words { shared: usize },
}

impl Joined {
    /// The ratio of texts that joined have these lengths, with so many characters in common: the
    /// highest of any two of the words of both, those and the rest of the left, those and the rest
    /// of the right.
    pub(crate) fn ratio(self, [left, right]: [usize; 2], common: usize) -> f64 {
        let shared = match self {
            Self::Known(ratio) => return ratio,
            Self::Words { shared: 0 } => {
                return ratio(left + right - 2 * common, left + right);
            }
            Self::Words { shared } => shared,
        };
        // The shared words count with a blank behind them, so that the rests follow.
        let whole = 2 * shared + left + right;
        let both = ratio(left + right - 2 * common, whole);
        let to_left = ratio(left + 1, 2 * shared - 1 + left);
        let to_right = ratio(right + 1, 2 * shared - 1 + right);
        both.max(to_left).max(to_right)
    }
}

impl Words {
    /// The ratio of both texts with their words sorted.
    pub(crate) fn sorted_ratio(&mut self, left: &str, right: &str) -> f64 {
        let joined = self.join_sorted(left, right);
        self.ratio(joined)
    }

    /// The ratio of both texts as sets of words. 100 where one text has all words of the other; 0
    /// where either has none.
    pub(crate) fn set_ratio(&mut self, left: &str, right: &str) -> f64 {
        let joined = self.join_sets(left, right);
        self.ratio(joined)
    }

    /// Joins the words of each text, sorted.
    pub(crate) fn join_sorted(&mut self, left: &str, right: &str) -> Joined {
        self.left.split(left);
        self.left.join(left);
        self.right.split(right);
        self.right.join(right);
        Joined::Words { shared: 0 }
    }

    /// Joins the distinct words that only one of the texts has, sorted.
    pub(crate) fn join_sets(&mut self, left: &str, right: &str) -> Joined {
        self.left.distinct(left);
        self.right.distinct(right);
        if self.left.places.is_empty() || self.right.places.is_empty() {
            return Joined::Known(0.0);
        }
        let shared = self.take_shared(left, right);
        if shared > 0 && (self.left.places.is_empty() || self.right.places.is_empty()) {
            return Joined::Known(100.0);
        }
        self.left.join(left);
        self.right.join(right);
        Joined::Words { shared }
    }

    /// What was joined of both texts.
    pub(crate) fn joined(&self) -> (&str, &str) {
        (&self.left.joined, &self.right.joined)
    }

    /// How many bytes the longer of both has.
    pub(crate) fn longest(&self) -> usize {
        self.left.joined.len().max(self.right.joined.len())
    }

    /// The ratio of the texts that were joined.
    pub(crate) fn ratio(&mut self, joined: Joined) -> f64 {
        if let Joined::Known(ratio) = joined {
            return ratio;
        }
        let scratch = &mut self.scratch;
        let (left, right) = (&self.left.joined, &self.right.joined);
        let (lengths, common) = match self.decoder.decode(left, right) {
            Pair::Ascii(left, right) => ([left.len(), right.len()], scratch.length(left, right)),
            Pair::Unicode(left, right) => ([left.len(), right.len()], scratch.length(left, right)),
        };
        joined.ratio(lengths, common)
    }

    /// Takes the words that both have out of both; how many characters they have, one more for
    /// each.
    fn take_shared(&mut self, left: &str, right: &str) -> usize {
        let (lefts, rights) = (&mut self.left.places, &mut self.right.places);
        let (mut i, mut j, mut shared) = (0, 0, 0);
        // How many words of each are kept, at the beginning.
        let mut kept = (0, 0);
        while i < lefts.len() && j < rights.len() {
            match lefts[i].order(left, rights[j], right) {
                Ordering::Less => {
                    lefts[kept.0] = lefts[i];
                    kept.0 += 1;
                    i += 1;
                }
                Ordering::Greater => {
                    rights[kept.1] = rights[j];
                    kept.1 += 1;
                    j += 1;
                }
                Ordering::Equal => {
                    shared += lefts[i].of(left).chars().count() + 1;
                    i += 1;
                    j += 1;
                }
            }
        }
        lefts.drain(kept.0..i);
        rights.drain(kept.1..j);
        shared
    }
}
