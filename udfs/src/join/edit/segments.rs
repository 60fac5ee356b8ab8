//! Parts of a text of which some are left as they are by few edits.
//!
//! G. Li, D. Deng, J. Wang, J. Feng, "Pass-Join: a partition-based method for similarity joins",
//! PVLDB 5 (2011): of `k + 1` segments of one text, at least one stands unchanged in a text within
//! `k` edits, moved by no more than there are edits before it and after it. Their selection of
//! where to look is the least: with `i` segments before it, one is unchanged before which there
//! are exactly `i` edits.
//!
//! One segment says little where many texts share a first name or a surname. Here, of `k + c`
//! segments, `c` are unchanged, and all `c` together are looked up. The selection carries over: let
//! `f(i)` be the edits before segment `i`, less `i`. It starts at 0, ends at `-c` or below, and
//! falls by at most one a segment, which it does where the segment is unchanged. So it reaches
//! each of `-1, ..., -c` for the first time after an unchanged segment: `c` segments, and there
//! are exactly as many edits before each, and hence between any two, as there are segments left
//! out; no more than that after the last.
//!
//! All this holds wherever the text is cut: see [`super::profile`].
//!
//! A swap of two neighbours may touch two segments. So where swaps count as one edit, segments
//! stand one character apart, and a swap touches one at most. A swap of characters further apart,
//! with `n` characters from the first to the last, is `n - 1` edits or more and touches no more
//! than `n / 2` segments, rounded up, which is not more.

use super::hash::{BASE, mix, value};
use super::profile::Profile;
use crate::similarity::kernel::characters::Character;

/// How a text of some length is cut.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Cut {
    /// The characters of the text.
    length: u32,
    /// Where each segment starts and how long it is.
    segments: Vec<(u32, u32)>,
}

/// Unchanged segments, and where to look for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// How many segments are looked for together.
    together: usize,
    /// For each choice of segments, one after the other: the number of each, its place and length.
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    segment: u32,
    start: u32,
    end: u32,
    /// The base of the hashes to the power of the length.
    power: u64,
}

impl Cut {
    /// Cuts a text so that `together` segments stay unchanged by `edits`, with `gap` characters left
    /// out between each two; none where the text is too short for that. Where there is a profile, the
    /// segments have about as much information each, else about as many characters.
    pub(super) fn new(
        length: u32,
        edits: u32,
        together: u32,
        gap: u32,
        profile: Option<&Profile>,
    ) -> Option<Self> {
        let count = edits + together;
        let left_out = gap * (count - 1);
        if length < left_out + count {
            return None;
        }
        let mut segments = Vec::with_capacity(count as usize);
        let mut start = 0;
        for number in 1..=count {
            let share = f64::from(number) / f64::from(count);
            let end = match profile {
                Some(profile) => profile.place(share),
                None => f64::from(length) * share,
            };
            // Each has at least one character, and leaves one for each of the others.
            let others = (count - number) * (gap + 1);
            let end = if others == 0 {
                length
            } else {
                (end.round() as u32).clamp(start + 1, length - others)
            };
            segments.push((start, end - start));
            start = end + gap;
        }
        Some(Self { length, segments })
    }

    /// All choices of segments of the text itself.
    pub(super) fn own(&self, together: u32) -> Places {
        self.places(together, self.length, usize::MAX, |_| 0)
    }

    /// Where the segments of the text may stand in a text of another length; it is left at a few
    /// more than `most` choices.
    pub(super) fn within(&self, together: u32, length: u32, most: usize) -> Places {
        self.places(together, length, most, i64::from)
    }

    /// The places of segments that move by at most `most_moved` of the number of segments left out
    /// before or between them.
    fn places(
        &self,
        together: u32,
        length: u32,
        most: usize,
        most_moved: impl Fn(u32) -> i64,
    ) -> Places {
        let mut search = PlaceSearch {
            cut: self,
            length,
            most,
            most_moved,
            chosen: Vec::new(),
            places: Places {
                together: together as usize,
                parts: Vec::new(),
            },
        };
        search.choose(0, 0);
        search.places
    }
}

struct PlaceSearch<'a, F> {
    cut: &'a Cut,
    length: u32,
    most: usize,
    most_moved: F,
    chosen: Vec<Part>,
    places: Places,
}

impl<F: Fn(u32) -> i64> PlaceSearch<'_, F> {
    /// Chooses the next segment, from `from` on, the last chosen having moved by `moved`.
    fn choose(&mut self, from: u32, moved: i64) {
        if self.places.len() > self.most {
            return;
        }
        let missing = self.places.together - self.chosen.len();
        if missing == 0 {
            let left_out = self.cut.segments.len() as u32 - from;
            let shift = i64::from(self.length) - i64::from(self.cut.length);
            if (shift - moved).abs() <= (self.most_moved)(left_out) {
                self.places.parts.extend_from_slice(&self.chosen);
            }
            return;
        }
        for segment in from..=(self.cut.segments.len() - missing) as u32 {
            let (start, length) = self.cut.segments[segment as usize];
            let most = (self.most_moved)(segment - from);
            for moved in moved - most..=moved + most {
                let place = i64::from(start) + moved;
                if place < 0 || place + i64::from(length) > i64::from(self.length) {
                    continue;
                }
                self.chosen.push(Part {
                    segment,
                    start: place as u32,
                    end: place as u32 + length,
                    power: BASE.wrapping_pow(length),
                });
                self.choose(segment + 1, moved);
                self.chosen.pop();
            }
        }
    }
}

impl Places {
    /// How many choices there are.
    pub(super) fn len(&self) -> usize {
        self.parts.len() / self.together
    }
}

/// The hashes of parts of a text.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The hash of each beginning of the text.
    beginnings: Vec<u64>,
}

impl Parts {
    /// Takes in a text.
    pub(super) fn of<C: Character>(&mut self, text: &[C]) {
        self.beginnings.clear();
        self.beginnings.push(0);
        let mut hash = 0_u64;
        for character in text {
            hash = hash.wrapping_mul(BASE).wrapping_add(value(*character));
            self.beginnings.push(hash);
        }
    }

    /// Visits the hash of each choice of segments, which tells as well which segments they are.
    #[inline]
    pub(super) fn signatures(&self, places: &Places, mut visit: impl FnMut(u64)) {
        for parts in places.parts.chunks_exact(places.together) {
            let mut hash = 0;
            for part in parts {
                let before = self.beginnings[part.start as usize];
                let end = self.beginnings[part.end as usize];
                let own = end.wrapping_sub(before.wrapping_mul(part.power));
                hash = mix(hash ^ u64::from(part.segment)).wrapping_add(own);
            }
            visit(mix(hash));
        }
    }
}
