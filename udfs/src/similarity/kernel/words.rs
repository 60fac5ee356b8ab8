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
    places: Vec<(usize, usize)>,
    /// Words with one blank between each two.
    joined: String,
}

impl Sorted {
    /// Takes in a text in place of the one before.
    pub(crate) fn split(&mut self, text: &str) {
        self.places.clear();
        if text.is_ascii() {
            self.split_ascii(text.as_bytes());
        } else {
            let start = text.as_ptr().addr();
            self.places.extend(text.split_whitespace().map(|word| {
                let begin = word.as_ptr().addr() - start;
                (begin, begin + word.len())
            }));
        }
        self.places
            .sort_unstable_by_key(|(begin, end)| &text[*begin..*end]);
    }

    fn split_ascii(&mut self, text: &[u8]) {
        let mut begin = 0;
        for (place, byte) in text.iter().enumerate() {
            // The white space that Unicode has among ASCII.
            if matches!(byte, b'\t'..=b'\r' | b' ') {
                if begin < place {
                    self.places.push((begin, place));
                }
                begin = place + 1;
            }
        }
        if begin < text.len() {
            self.places.push((begin, text.len()));
        }
    }

    /// Each word of the text that was taken in, and how often it occurs.
    pub(crate) fn counts<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'a str, usize)> {
        let same = |(a, b): &(usize, usize), (c, d): &(usize, usize)| text[*a..*b] == text[*c..*d];
        self.places
            .chunk_by(same)
            .filter_map(|places| Some((places.first()?, places.len())))
            .map(|((begin, end), count)| (&text[*begin..*end], count))
    }

    fn distinct(&mut self, text: &str) {
        self.split(text);
        self.places.dedup_by_key(|(begin, end)| &text[*begin..*end]);
    }

    fn join(&mut self, text: &str) {
        self.joined.clear();
        for (begin, end) in &self.places {
            if !self.joined.is_empty() {
                self.joined.push(' ');
            }
            self.joined.push_str(&text[*begin..*end]);
        }
    }
}

impl Words {
    /// The ratio of both texts with their words sorted.
    pub(crate) fn sorted_ratio(&mut self, left: &str, right: &str) -> f64 {
        self.left.split(left);
        self.left.join(left);
        self.right.split(right);
        self.right.join(right);
        let scratch = &mut self.scratch;
        match self.decoder.decode(&self.left.joined, &self.right.joined) {
            Pair::Ascii(left, right) => scratch.ratio(left, right),
            Pair::Unicode(left, right) => scratch.ratio(left, right),
        }
    }

    /// The highest ratio of any two of: the words of both, those and the rest of the left, those
    /// and the rest of the right. 100 where one text has all words of the other; 0 where either
    /// has none.
    pub(crate) fn set_ratio(&mut self, left: &str, right: &str) -> f64 {
        self.left.distinct(left);
        self.right.distinct(right);
        if self.left.places.is_empty() || self.right.places.is_empty() {
            return 0.0;
        }
        let shared = self.take_shared(left, right);
        if shared > 0 && (self.left.places.is_empty() || self.right.places.is_empty()) {
            return 100.0;
        }
        self.left.join(left);
        self.right.join(right);
        let scratch = &mut self.scratch;
        let (left, right, common) = match self.decoder.decode(&self.left.joined, &self.right.joined)
        {
            Pair::Ascii(left, right) => (left.len(), right.len(), scratch.length(left, right)),
            Pair::Unicode(left, right) => (left.len(), right.len(), scratch.length(left, right)),
        };
        if shared == 0 {
            return ratio(left + right - 2 * common, left + right);
        }
        // The shared words count with a blank behind them, so that the rests follow.
        let whole = 2 * shared + left + right;
        let both = ratio(left + right - 2 * common, whole);
        let to_left = ratio(left + 1, 2 * shared - 1 + left);
        let to_right = ratio(right + 1, 2 * shared - 1 + right);
        both.max(to_left).max(to_right)
    }

    /// Takes the words that both have out of both; how many characters they have, one more for
    /// each.
    fn take_shared(&mut self, left: &str, right: &str) -> usize {
        let (lefts, rights) = (&mut self.left.places, &mut self.right.places);
        let (mut i, mut j, mut shared) = (0, 0, 0);
        // How many words of each are kept, at the beginning.
        let mut kept = (0, 0);
        while i < lefts.len() && j < rights.len() {
            let word = &left[lefts[i].0..lefts[i].1];
            match word.cmp(&right[rights[j].0..rights[j].1]) {
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
                    shared += word.chars().count() + 1;
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
