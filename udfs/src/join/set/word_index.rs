//! The texts of which the words that they share with another are most of their own.
//!
//! Each word counts as its characters and one. Of the words of a text, the rarest are taken until
//! what is left is too little: any text that shares enough with it has one of those. This is the
//! prefix filter of set similarity joins with weights (C. Xiao, W. Wang, X. Lin, J. X. Yu, G. Wang,
//! "Efficient similarity joins for near-duplicate detection", ACM TODS 36 (2011)). Since the share
//! is that of one of both texts, whichever has more of its own, it is looked for from either side:
//! the rarest words of the one among all words of the other.

use std::collections::HashMap;
use std::ops::Range;

use datafusion::error::Result;

use crate::join::cancellation::Cancellation;
use crate::join::texts::Texts;

/// A word as its rank, the rarest first.
type Word = u32;

/// After how many texts found for a word it is checked whether the query was cancelled.
const FOUND_BETWEEN_CHECKS: usize = 1 << 16;

/// Lists of numbers, one after the other.
#[derive(Debug, Default)]
struct Lists {
    numbers: Vec<u32>,
    ends: Vec<usize>,
}

impl Lists {
    fn range(&self, list: u32) -> Range<usize> {
        let list = list as usize;
        let start = if list == 0 { 0 } else { self.ends[list - 1] };
        start..self.ends[list]
    }

    fn get(&self, list: u32) -> &[u32] {
        &self.numbers[self.range(list)]
    }

    fn size(&self) -> usize {
        self.numbers.capacity() * size_of::<u32>() + self.ends.capacity() * size_of::<usize>()
    }
}

/// The distinct words of texts, and which texts have each.
#[derive(Debug)]
pub(crate) struct WordIndex {
    words: HashMap<Box<str>, Word>,
    /// What each word counts.
    weights: Vec<u32>,
    /// The words of each text, the rarest first.
    texts: Lists,
    /// What all words of each text count.
    totals: Vec<u32>,
    /// The texts that have each word.
    having: Lists,
    /// The texts that have each word among the rarest that they cannot do without.
    needing: Lists,
}

/// A text that is searched for.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    /// Its words that the index has, the rarest first.
    words: Vec<Word>,
    /// What all of its words count.
    total: u32,
    /// What those count that the index does not have.
    unknown: u32,
}

/// How much of a total has to be shared.
pub(crate) trait Needed {
    /// The least that is enough; `None` where not even all is.
    fn needed(&self, total: u32) -> Option<u32>;
}

impl WordIndex {
    /// An upper bound of the bytes of memory that building takes, and the index afterwards.
    pub(crate) fn build_size(texts: &Texts) -> usize {
        let words: usize = texts.ids().map(|id| count(texts.get(id))).sum();
        // A hash table is at least 7/16 full when it has grown, and the one before is half as
        // large; words, their weights and frequencies, three lists of them.
        let table = words * 4 * size_of::<(Box<str>, Word)>() + texts.buffer().len();
        let lists = 3 * (words * size_of::<u32>() + (words + texts.len()) * size_of::<usize>());
        table + lists + (5 * words + texts.len()) * size_of::<u32>()
    }

    pub(crate) fn new(
        texts: &Texts,
        needed: &impl Needed,
        cancellation: &Cancellation,
    ) -> Result<Self> {
        let mut index = Self {
            words: HashMap::new(),
            weights: Vec::new(),
            texts: Lists::default(),
            totals: Vec::with_capacity(texts.len()),
            having: Lists::default(),
            needing: Lists::default(),
        };
        let mut frequencies = index.number(texts, cancellation)?;
        index.rank(&mut frequencies, cancellation)?;
        let words = frequencies.len();
        index.having = index.invert(words, cancellation, |_, words| words.len())?;
        index.needing = index.invert(words, cancellation, |total, words| {
            index.first(needed, total, 0, words)
        })?;
        Ok(index)
    }

    /// Numbers words as they come. Gives their frequencies.
    fn number(&mut self, texts: &Texts, cancellation: &Cancellation) -> Result<Vec<u32>> {
        let mut frequencies = Vec::new();
        let mut steps = cancellation.steps();
        let mut words = Vec::new();
        for id in texts.ids() {
            let text = texts.get(id);
            steps.step(text.len())?;
            distinct(text, &mut words);
            let mut total = 0;
            for word in &words {
                let number = match self.words.get(*word) {
                    Some(number) => *number,
                    None => {
                        let number = self.weights.len() as Word;
                        self.words.insert((*word).into(), number);
                        self.weights.push(weight(word));
                        frequencies.push(0);
                        number
                    }
                };
                frequencies[number as usize] += 1;
                total += self.weights[number as usize];
                self.texts.numbers.push(number);
            }
            self.texts.ends.push(self.texts.numbers.len());
            self.totals.push(total);
        }
        Ok(frequencies)
    }

    /// Numbers words by frequency, the rarest first.
    fn rank(&mut self, frequencies: &mut Vec<u32>, cancellation: &Cancellation) -> Result<()> {
        let mut order: Vec<Word> = (0..frequencies.len() as Word).collect();
        order.sort_by_key(|word| frequencies[*word as usize]);
        cancellation.check()?;
        let mut ranks = vec![0; order.len()];
        for (rank, word) in order.iter().enumerate() {
            ranks[*word as usize] = rank as Word;
        }
        let by_rank = |numbers: &[u32]| order.iter().map(|word| numbers[*word as usize]).collect();
        self.weights = by_rank(&self.weights);
        *frequencies = by_rank(frequencies);
        self.words
            .values_mut()
            .for_each(|word| *word = ranks[*word as usize]);
        cancellation.check()?;
        let mut steps = cancellation.steps();
        for text in 0..self.totals.len() as u32 {
            let range = self.texts.range(text);
            steps.step(range.len() * size_of::<Word>())?;
            let words = &mut self.texts.numbers[range];
            words
                .iter_mut()
                .for_each(|word| *word = ranks[*word as usize]);
            words.sort_unstable();
        }
        Ok(())
    }

    /// For each word, the texts that have it among their first ones.
    fn invert(
        &self,
        words: usize,
        cancellation: &Cancellation,
        first: impl Fn(u32, &[Word]) -> usize,
    ) -> Result<Lists> {
        let mut steps = cancellation.steps();
        let mut firsts = Vec::with_capacity(self.totals.len());
        let mut ends = vec![0; words];
        for (text, total) in self.totals.iter().enumerate() {
            steps.step(0)?;
            let all = self.texts.get(text as u32);
            let first = first(*total, all);
            firsts.push(first as u32);
            all[..first]
                .iter()
                .for_each(|word| ends[*word as usize] += 1);
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        let mut numbers = vec![0; sum];
        for (text, first) in firsts.into_iter().enumerate() {
            steps.step(0)?;
            for word in &self.texts.get(text as u32)[..first as usize] {
                let end = &mut ends[*word as usize];
                numbers[*end] = text as u32;
                *end += 1;
            }
        }
        Ok(Lists { numbers, ends })
    }

    /// How many of its rarest words a text has at least one of in common with any that shares
    /// enough of it. Those that the index does not have are the rarest of all.
    fn first(&self, needed: &impl Needed, total: u32, unknown: u32, words: &[Word]) -> usize {
        let Some(needed) = needed.needed(total) else {
            return 0;
        };
        let mut left = total - unknown;
        let is_enough = |word: &&Word| {
            let enough = left >= needed;
            left -= self.weights[**word as usize];
            enough
        };
        words.iter().take_while(is_enough).count()
    }

    /// Takes in a text to search for.
    pub(crate) fn prepare(&self, text: &str, probe: &mut Probe) {
        let mut words = Vec::new();
        distinct(text, &mut words);
        probe.words.clear();
        (probe.total, probe.unknown) = (0, 0);
        for word in words {
            let weight = weight(word);
            probe.total += weight;
            match self.words.get(word) {
                Some(word) => probe.words.push(*word),
                None => probe.unknown += weight,
            }
        }
        probe.words.sort_unstable();
    }

    /// Calls `found` with texts, those that share enough of the probe or of their own among them,
    /// and perhaps more than once.
    pub(crate) fn candidates(
        &self,
        probe: &Probe,
        needed: &impl Needed,
        cancellation: &Cancellation,
        mut found: impl FnMut(u32),
    ) -> Result<()> {
        let first = self.first(needed, probe.total, probe.unknown, &probe.words);
        let having = probe.words[..first]
            .iter()
            .map(|word| self.having.get(*word));
        let needing = probe.words.iter().map(|word| self.needing.get(*word));
        for texts in having.chain(needing) {
            for texts in texts.chunks(FOUND_BETWEEN_CHECKS) {
                cancellation.check()?;
                texts.iter().for_each(|text| found(*text));
            }
        }
        Ok(())
    }

    /// Whether a text shares enough with the probe, of one of them.
    pub(crate) fn shares_enough(&self, probe: &Probe, text: u32, needed: &impl Needed) -> bool {
        let (mut left, mut right) = (probe.words.as_slice(), self.texts.get(text));
        let mut shared = 0;
        while let (Some(first), Some(second)) = (left.first(), right.first()) {
            if first == second {
                shared += self.weights[*first as usize];
            }
            let (is_first, is_second) = (first <= second, second <= first);
            left = &left[usize::from(is_first)..];
            right = &right[usize::from(is_second)..];
        }
        let total = self.totals[text as usize];
        [probe.total, total]
            .into_iter()
            .any(|total| needed.needed(total).is_some_and(|needed| shared >= needed))
    }

    /// The bytes of memory that this takes.
    pub(crate) fn size(&self) -> usize {
        let words: usize = self.words.keys().map(|word| word.len()).sum();
        words
            + self.words.capacity() * size_of::<(Box<str>, Word)>()
            + self.texts.size()
            + self.having.size()
            + self.needing.size()
            + (self.weights.capacity() + self.totals.capacity()) * size_of::<u32>()
    }
}

/// What a word counts: its characters, and the blank behind it.
fn weight(word: &str) -> u32 {
    word.chars().count() as u32 + 1
}

fn count(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The distinct words of a text.
pub(crate) fn distinct<'a>(text: &'a str, words: &mut Vec<&'a str>) {
    words.clear();
    words.extend(text.split_whitespace());
    words.sort_unstable();
    words.dedup();
}
