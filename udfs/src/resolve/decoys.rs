//! How alike texts are by chance, told by decoys.
//!
//! A decoy is made of the words of two texts that have as many, some of one and some of the other: so it is
//! written as the texts are, and is none of them. How often decoys are as alike to the texts that there are as a
//! level says is how often texts are so by chance, as in J. E. Elias and S. P. Gygi, "Target-decoy search
//! strategy", Nature Methods 4 (2007). Where one of the two texts is as alike itself, the decoy has it of that one,
//! which may be a match: such pairs are not counted, and as many more stand for them as are kept of texts that
//! are as alike.

use datafusion::error::Result;
use hashbrown::HashMap;

use super::choice::sample_of;
use super::comparison::{Comparison, DIFFERENT};
use super::dictionary::MISSING;
use super::feature::Feature;
use super::hashing::mix;
use super::levels::{Scratch, Value, level};
use super::options::ResolveOptions;
use super::records::Records;
use super::threads;
use super::word_weights::WordWeights;

/// How many decoys are made at most, and how many texts each is compared to.
const DECOYS: usize = 1000;
const ASKED: usize = 1500;
/// How many are compared by one task.
const CHUNK: usize = 50;
/// Of fewer records, or of fewer of them with several words, nothing is said.
const LEAST_RECORDS: usize = 50;
const SEVERAL_WORDS: f64 = 0.8;
/// Which share of what is alike decoys keep, at most, for the rest to tell.
const MOST_KEPT: f64 = 0.9;
/// As how many pairs a level counts at least.
const LEAST_PAIRS: f64 = 0.5;

/// A text of the words of two records.
struct Decoy {
    code: u32,
    parts: [u32; 2],
}

/// How often decoys are alike to texts.
struct Likeness {
    compared: f64,
    /// By level: as none of their parts is.
    made: Vec<f64>,
    /// By the level of the more alike of their parts, and their own.
    kept: Vec<Vec<f64>>,
}

impl Likeness {
    fn new(levels: usize) -> Self {
        Self {
            compared: 0.0,
            made: vec![0.0; levels],
            kept: vec![vec![0.0; levels]; levels],
        }
    }

    fn add(&mut self, other: &Self) {
        self.compared += other.compared;
        let all = self.made.iter_mut().chain(self.kept.iter_mut().flatten());
        let added = other.made.iter().chain(other.kept.iter().flatten());
        all.zip(added).for_each(|(all, added)| *all += added);
    }

    /// How many pairs of each level are there by chance, of `pairs` that there are; none of the levels of which
    /// nothing is known.
    fn by_chance(&self, pairs: &[f64]) -> Vec<Option<f64>> {
        let equal = self.made.len() - 1;
        let mut seen = pairs[..equal].to_vec();
        seen.push(pairs[equal..].iter().sum());
        let scale = self.compared / f64::max(seen[1..].iter().sum(), 1.0);
        if scale == 0.0 {
            return Vec::new();
        }
        let lowest = usize::from(DIFFERENT) + 1;
        let mut chance = vec![0.0; equal + 1];
        for level in (lowest..=equal).rev() {
            // The share of the pairs of a level that decoys bring to this one.
            let kept = |of: usize| match seen[of] > 0.0 {
                true => (self.kept[of][level] / (seen[of] * scale)).min(1.0),
                false => 0.0,
            };
            let of_above: f64 = (level + 1..=equal).map(|of| chance[of] * kept(of)).sum();
            let all = (self.made[level] / scale + of_above) / (1.0 - kept(level).min(MOST_KEPT));
            chance[level] = all.min(seen[level]);
        }
        // Matches are the more, the more alike they are; texts that differ in the order of words alone aside.
        let mut most = f64::INFINITY;
        for level in (lowest..equal - 1).rev() {
            let matches = (seen[level] - chance[level]).min(most);
            chance[level] = seen[level] - matches;
            most = matches;
        }
        let least = LEAST_PAIRS / scale.min(1.0);
        let told = |level: usize| (level >= lowest).then(|| f64::max(chance[level], least));
        (0..equal).map(told).collect()
    }
}

/// How many pairs of the levels below that of equal texts are there by chance, of `pairs` that have each level,
/// where that is told.
pub(super) fn by_chance(
    records: &Records,
    comparison: &Comparison,
    weights: WordWeights<'_>,
    pairs: &[f64],
    options: &ResolveOptions,
) -> Result<Vec<Option<f64>>> {
    let feature = &records.features()[comparison.feature];
    let cell = |record: u32| records.row(record)[comparison.feature];
    let present = (0..records.len() as u32).filter(|record| cell(*record).code != MISSING);
    let present = sample_of(records, present, usize::MAX, options.seed);
    let text = |record: u32| feature.dictionary().text(cell(record).code);
    let mut decoys = Feature::new(feature.column, feature.kind);
    let made = make(records, &present, text, &mut decoys)?;
    decoys.derive();
    let asked = &present[..present.len().min(ASKED)];
    let first = comparison.first_exact();
    let found = threads::map(
        options.workers(),
        made.len().div_ceil(CHUNK),
        Scratch::default,
        |scratch, task| {
            let mut likeness = Likeness::new(usize::from(first) + 1);
            let mut alike = |left: Value<'_>, right: Value<'_>| match left.equals(right) {
                true => usize::from(first),
                false => usize::from(level(comparison, left, right, weights, scratch)),
            };
            let real = |record: u32| Value {
                feature,
                cell: cell(record),
            };
            for decoy in &made[task * CHUNK..made.len().min((task + 1) * CHUNK)] {
                let value = Value {
                    feature: &decoys,
                    cell: decoys.cell(decoy.code),
                };
                for record in asked.iter().filter(|it| !decoy.parts.contains(it)) {
                    likeness.compared += 1.0;
                    let level = alike(value, real(*record));
                    if level <= usize::from(DIFFERENT) {
                        continue;
                    }
                    let [one, other] = decoy.parts.map(|part| alike(real(part), real(*record)));
                    let of_part = one.max(other);
                    match of_part >= level {
                        true => likeness.kept[of_part][level] += 1.0,
                        false => likeness.made[level] += 1.0,
                    }
                }
            }
            Ok(likeness)
        },
    )?;
    let mut all = Likeness::new(usize::from(first) + 1);
    found.iter().for_each(|likeness| all.add(likeness));
    Ok(all.by_chance(pairs))
}

/// Makes decoys of some records; none where there are few, or most have a word alone.
fn make<'a>(
    records: &Records,
    present: &[u32],
    text: impl Fn(u32) -> &'a str,
    decoys: &mut Feature,
) -> Result<Vec<Decoy>> {
    let mut made = Vec::new();
    let words = |record: u32| text(record).split(' ');
    let mut of_words: HashMap<usize, Vec<u32>> = HashMap::new();
    for record in present {
        of_words
            .entry(words(*record).count())
            .or_default()
            .push(*record);
    }
    let alone = of_words.get(&1).map_or(0, Vec::len);
    let several = (present.len() - alone) as f64;
    if present.len() < LEAST_RECORDS || several < SEVERAL_WORDS * present.len() as f64 {
        return Ok(made);
    }
    let mut places: HashMap<usize, usize> = HashMap::new();
    for record in present {
        let number = words(*record).count();
        let place = places.entry(number).or_default();
        *place += 1;
        let same = &of_words[&number];
        let other = same[*place % same.len()];
        if number < 2 || text(*record) == text(other) {
            continue;
        }
        // One word of each at least, the others of either.
        let hash = mix(records.hash(*record), records.hash(other));
        let first = hash as usize % number;
        let second = (first + 1 + (hash >> 32) as usize % (number - 1)) % number;
        let is_of_other = |at: usize| match at {
            at if at == first => false,
            at if at == second => true,
            at => (hash >> (at % 64)) & 1 == 1,
        };
        let both = words(*record).zip(words(other)).enumerate();
        let words = both.map(|(at, (word, of_other))| match is_of_other(at) {
            true => of_other,
            false => word,
        });
        let words: Vec<&str> = words.collect();
        made.push(Decoy {
            code: decoys.intern(&words.join(" "))?,
            parts: [*record, other],
        });
        if made.len() == DECOYS {
            break;
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a thousand pairs of decoys and texts, of 1000 pairs of texts.
    fn likeness() -> Likeness {
        Likeness {
            compared: 1000.0,
            ..Likeness::new(6)
        }
    }

    #[test]
    fn what_decoys_are_texts_are_by_chance() {
        let mut likeness = likeness();
        likeness.made[3] = 40.0;
        likeness.made[4] = 1.0;
        let pairs = [0.0, 850.0, 0.0, 40.0, 60.0, 30.0, 20.0];
        let told = likeness.by_chance(&pairs);
        assert_eq!(told, [None, None, Some(0.5), Some(40.0), Some(1.0)]);
    }

    #[test]
    fn what_they_have_of_one_text_is_not_by_chance() {
        let mut likeness = likeness();
        likeness.made[3] = 20.0;
        // Half of what is so alike is kept, and of texts that are equal, some.
        likeness.kept[3][3] = 20.0;
        likeness.kept[5][3] = 10.0;
        let pairs = [0.0, 900.0, 0.0, 40.0, 40.0, 20.0, 0.0];
        assert_eq!(likeness.by_chance(&pairs)[3], Some(40.0));
    }

    #[test]
    fn matches_are_no_fewer_where_texts_are_more_alike() {
        let mut likeness = likeness();
        likeness.made[2] = 100.0;
        likeness.made[3] = 10.0;
        let pairs = [0.0, 700.0, 200.0, 30.0, 0.0, 70.0];
        // 20 of those of the level above match, so that no more do of these.
        assert_eq!(likeness.by_chance(&pairs)[2], Some(180.0));
    }

    #[test]
    fn without_decoys_nothing_is_told() {
        let pairs = [0.0, 700.0, 200.0, 30.0, 0.0, 70.0];
        assert!(Likeness::new(6).by_chance(&pairs).is_empty());
    }
}
