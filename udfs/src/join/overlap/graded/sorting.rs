//! Sorts the keys of all records, part by part.

use std::ops::Range;

use datafusion::error::Result;

use super::grades::Prefix;
use super::postings::first_bits;
use crate::join::cancellation::Cancellation;
use crate::join::overlap::records::TEXTS_BETWEEN_CHECKS;
use crate::join::overlap::signature::Signature;
use crate::join::threads::in_threads;

/// What postings are made of.
pub(crate) struct Source<'a, F> {
    /// Takes in the keys of the record at a place, if it has as many as it needs.
    pub(crate) keys: F,
    pub(crate) signatures: &'a [Signature],
    /// How many keys there will be, about.
    pub(crate) expected: f64,
    pub(crate) threads: usize,
    pub(crate) cancellation: &'a Cancellation,
}

impl<F: Fn(usize, &mut Prefix) -> bool + Sync> Source<'_, F> {
    /// Visits the keys of records, and the places of those without.
    pub(super) fn visit(
        &self,
        places: Range<usize>,
        mut visit: impl FnMut(u32, Option<u64>),
    ) -> Result<()> {
        let mut prefix = Prefix::default();
        for place in places {
            if place.is_multiple_of(TEXTS_BETWEEN_CHECKS) {
                self.cancellation.check()?;
            }
            if (self.keys)(place, &mut prefix) {
                prefix.keys(|key| visit(place as u32, Some(key)));
            } else {
                visit(place as u32, None);
            }
        }
        Ok(())
    }
}

/// The first bits of a key after those of its part, and the place of a record that has it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keyed {
    key: u32,
    place: u32,
}

/// How many keys of some records belong to each part, and which have none.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) parts: Vec<usize>,
    pub(super) without_keys: Vec<u32>,
}

/// Puts the keys of all records in order of their parts, and those of a part in order of places.
pub(super) fn sort_by_part<F: Fn(usize, &mut Prefix) -> bool + Sync>(
    source: &Source<'_, F>,
    shares: Vec<Range<usize>>,
    counts: &[Counts],
    part_bits: u32,
    keyed: &mut [Keyed],
) -> Result<()> {
    let mut slots: Vec<Vec<&mut [Keyed]>> = shares.iter().map(|_| Vec::new()).collect();
    let mut rest = keyed;
    for part in 0..1 << part_bits {
        for (slots, counts) in slots.iter_mut().zip(counts) {
            let (own, others) = rest.split_at_mut(counts.parts[part]);
            slots.push(own);
            rest = others;
        }
    }
    let tasks = shares.into_iter().zip(slots).collect();
    in_threads(
        tasks,
        source.threads,
        |(places, mut slots): (_, Vec<&mut [Keyed]>)| {
            let mut next = vec![0; slots.len()];
            source.visit(places, |place, key| {
                let Some(key) = key else {
                    return;
                };
                let part = first_bits(key, part_bits);
                slots[part][next[part]] = Keyed {
                    key: (key << part_bits >> 32) as u32,
                    place,
                };
                next[part] += 1;
            })
        },
    )?;
    Ok(())
}

/// A part of the postings.
pub(super) struct Part<'a> {
    pub(super) keyed: &'a [Keyed],
    /// How many postings are before it.
    pub(super) first: u32,
    pub(super) starts: &'a mut [u32],
    pub(super) places: &'a mut [u32],
    pub(super) signatures: &'a mut [u64],
}

impl<'a> Part<'a> {
    /// The first so many postings and buckets, and the others.
    pub(super) fn split(self, postings: usize, buckets: usize) -> (Self, Self) {
        let (keyed, other_keyed) = self.keyed.split_at(postings);
        let (starts, other_starts) = self.starts.split_at_mut(buckets);
        let (places, other_places) = self.places.split_at_mut(postings);
        let (signatures, other_signatures) = self.signatures.split_at_mut(postings);
        let part = Self {
            keyed,
            first: self.first,
            starts,
            places,
            signatures,
        };
        let others = Self {
            keyed: other_keyed,
            first: self.first + postings as u32,
            starts: other_starts,
            places: other_places,
            signatures: other_signatures,
        };
        (part, others)
    }

    /// Sorts the postings by the first bits of their keys.
    pub(super) fn sort(self, bits: u32, signatures: &[Signature]) {
        let bucket = |keyed: &Keyed| first_bits(u64::from(keyed.key) << 32, bits);
        for keyed in self.keyed {
            self.starts[bucket(keyed)] += 1;
        }
        let mut end = 0;
        for start in self.starts.iter_mut() {
            end += std::mem::replace(start, end);
        }
        for keyed in self.keyed {
            let next = &mut self.starts[bucket(keyed)];
            self.places[*next as usize] = keyed.place;
            self.signatures[*next as usize] = signatures[keyed.place as usize].folded();
            *next += 1;
        }
        // Each bucket ends where the next begins.
        self.starts.rotate_right(1);
        self.starts[0] = 0;
        for start in self.starts.iter_mut() {
            *start += self.first;
        }
    }
}
