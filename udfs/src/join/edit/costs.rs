//! What it costs to find pairs one way or another.

use super::deletions::ways;
use super::hashed::{Buffers, Segmented};
use super::plan::{Planner, Strategy, Window};
use super::table::Hashes;

/// Costs in nanoseconds, as measured for a million names: what is left of a text, or a choice of
/// segments, put into tables and looked up; an entry found there, whose letters are looked at,
/// and a few of which are compared; a pair that is compared; a pair that a scan looks at.
const LEFT_OVER: f64 = 60.0;
const PLACE: f64 = 20.0;
const ENTRY: f64 = 4.0;
const COMPARED: f64 = 80.0;
const SCANNED: f64 = 1.7;

/// Below how many nanoseconds a text no alternatives are looked at, which takes a sample.
const CHEAP: f64 = 500.0;

/// How many segments are looked for together at most.
const MOST_TOGETHER: u32 = 4;

/// How many different characters there seem to be where texts are so short that it matters how
/// many have the same left over.
const ALPHABET: f64 = 12.0;

/// How many texts of a length are looked at to tell how many share their segments: one of so many,
/// and no more than that.
const SAMPLED: u32 = 32;
const SAMPLE: u32 = 512;

impl Planner<'_> {
    /// What could be done, and what it would cost for each text searched for.
    pub(super) fn options(&self, window: &Window) -> Vec<(Strategy, f64)> {
        let scan = f64::from(window.texts) * SCANNED;
        let hashes = ways(window.longer, window.edits);
        let left = f64::from(window.longer - window.edits);
        let share = (hashes as f64).powi(2) / ALPHABET.powf(left);
        let candidates = 1.0 + f64::from(window.texts) * share.min(1.0);
        let deletions = hashes as f64 * LEFT_OVER + candidates * COMPARED;
        let mut options = vec![(Strategy::Scan, scan), (Strategy::Deletions, deletions)];
        if let Some(forced) = self.forced {
            options = vec![(forced, 0.0), (Strategy::Scan, scan)];
        } else if scan.min(deletions) > CHEAP {
            for together in 1..=MOST_TOGETHER {
                let strategy = Strategy::Segments { together };
                options.extend(
                    self.segments_cost(window, together)
                        .map(|cost| (strategy, cost)),
                );
            }
        }
        options
    }

    /// What it costs to look for segments, by a sample; none where texts are too short.
    fn segments_cost(&self, window: &Window, together: u32) -> Option<f64> {
        let places = self.count_places(window, together)?;
        let own = self
            .cut(window.longer, window.edits, together)?
            .own(together);
        let hashes = (places + own.len()) as f64;
        let ids = self.texts.with_lengths(window.longer..=window.longer);
        let count = ids.end - ids.start;
        let sample = (window.texts / SAMPLED).clamp(1, SAMPLE).min(count);
        let mut buffers = Buffers::default();
        let mut segmented = Segmented {
            texts: self.texts,
            buffers: &mut buffers,
            places: &own,
        };
        let mut signatures = Vec::new();
        for number in 0..sample {
            let place = u64::from(number) * u64::from(count) / u64::from(sample);
            segmented.visit(ids.start + place as u32, |hash| signatures.push(hash));
        }
        signatures.sort_unstable();
        let shared: usize = signatures
            .chunk_by(|a, b| a == b)
            .map(|same| same.len() * (same.len() - 1))
            .sum();
        let partners = f64::from(window.texts) / f64::from(sample.max(1));
        let entries = shared as f64 / f64::from(sample.max(1)) * partners;
        Some(hashes * PLACE + entries * ENTRY)
    }
}
