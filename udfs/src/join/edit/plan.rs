//! How pairs are found, for each number of characters that the longer text of a pair may have.

use std::collections::BTreeMap;

use super::super::predicate::Metric;
use super::super::texts::Texts;
use super::deletions::ways;
use super::distances::Distances;
use super::profile::Profiles;
use super::segments::{Cut, Places};
use super::table::Table;

/// How pairs are found of which the longer text has some number of characters.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Strategy {
    /// Every text of a fitting length and with fitting letters is compared.
    Scan,
    /// By what is left after deletions, or after masking for Hamming distance.
    Deletions,
    /// By so many unchanged segments together.
    Segments {
        /// How many.
        together: u32,
    },
}

/// Where the texts of a table are taken from, and how they are hashed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Key {
    /// What is left of all texts that make a pair with one of so many characters, which is the
    /// longer or as long.
    Deletions { longer: u32 },
    /// The segments of texts of one length.
    Segments {
        length: u32,
        edits: u32,
        together: u32,
    },
}

/// What is found how.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// By the characters of the longer text; those that are not here are scanned.
    pub(super) strategies: BTreeMap<u32, Strategy>,
    /// The tables that are needed, each with an upper bound of its entries.
    pub(super) tables: BTreeMap<Key, u64>,
}

/// The most entries of all tables of an index: 2.5 GB with what finds them.
pub(super) const MOST_ENTRIES: u64 = 1 << 29;

/// The most entries of one table, whose places are numbers of 32 bits.
const MOST_TABLE_ENTRIES: u64 = 1 << 31;

/// How many ways there may be to delete from a text, most of which are looked up one by one.
const MOST_LEFT_OVER: u64 = 1 << 16;

/// How many choices of segments are looked up for a text at most.
const MOST_PLACES: usize = 2000;

/// How much longer than all texts another may be for there to be more than a scan for it.
const MOST_BEYOND: u32 = 16;

/// How many characters stand between two segments: see there.
pub(super) fn gap(metric: Metric) -> u32 {
    u32::from(matches!(metric, Metric::Osa | Metric::DamerauLevenshtein))
}

/// Makes a plan.
#[derive(Debug)]
pub(super) struct Planner<'a> {
    pub(super) texts: &'a Texts,
    pub(super) metric: Metric,
    pub(super) distances: Distances,
    pub(super) profiles: &'a Profiles,
    /// The strategy to take wherever it can be.
    pub(super) forced: Option<Strategy>,
    /// How many entries all tables may have.
    pub(super) most_entries: u64,
}

/// Texts that make pairs whose longer text has `longer` characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) longer: u32,
    shortest: u32,
    pub(super) edits: u32,
    pub(super) texts: u32,
}

impl Planner<'_> {
    /// The plan.
    pub(super) fn plan(&self) -> Plan {
        let mut plan = Plan::default();
        let mut entries = 0_u64;
        let mut longer = 0;
        while let Some(window) = self.window(longer) {
            longer = window.longer + 1;
            let mut options = self.options(&window);
            options.sort_by(|a, b| a.1.total_cmp(&b.1));
            for (strategy, _) in options {
                let Some(tables) = self.tables(&window, strategy) else {
                    continue;
                };
                let new = tables
                    .iter()
                    .filter(|(key, _)| !plan.tables.contains_key(key));
                let new = new.map(|(_, count)| *count).fold(0, u64::saturating_add);
                let fits = tables.iter().all(|(_, count)| *count <= MOST_TABLE_ENTRIES);
                if !fits || entries.saturating_add(new) > self.most_entries {
                    continue;
                }
                entries += new;
                if strategy != Strategy::Scan {
                    plan.strategies.insert(window.longer, strategy);
                }
                plan.tables.extend(tables);
                break;
            }
        }
        plan
    }

    /// The next window with texts whose longer texts have `longer` characters or more.
    fn window(&self, longer: u32) -> Option<Window> {
        let mut longer = longer;
        loop {
            let shortest = self.distances.shortest(longer)?;
            let edits = self.distances.most(longer)?;
            let longest = self.texts.longest();
            if shortest > longest || longer > longest + edits.min(MOST_BEYOND) {
                return None;
            }
            let ids = self.texts.with_lengths(shortest..=longer);
            if !ids.is_empty() {
                return Some(Window {
                    longer,
                    shortest,
                    edits,
                    texts: ids.end - ids.start,
                });
            }
            // The next longer text is the next that there can be pairs with.
            if ids.start >= self.texts.len() as u32 {
                return None;
            }
            longer = self.texts.length(ids.start);
        }
    }

    /// How many places a text of the longer length has its segments looked for; none where there
    /// are too many, or texts are too short.
    pub(super) fn count_places(&self, window: &Window, together: u32) -> Option<usize> {
        if ways(window.edits + together, together) > MOST_PLACES as u64 {
            return None;
        }
        let longer = self.cut(window.longer, window.edits, together)?;
        let mut count = 0;
        for length in window.shortest..=window.longer {
            let cut = self.cut(length, window.edits, together)?;
            count += self
                .places(&cut, together, window.longer, MOST_PLACES)
                .len();
            // The longer text may be the one that is looked for as well.
            let other_way = self.places(&longer, together, length, MOST_PLACES).len();
            if count > MOST_PLACES || other_way > MOST_PLACES {
                return None;
            }
        }
        Some(count)
    }

    /// How a text of some length is cut.
    pub(super) fn cut(&self, length: u32, edits: u32, together: u32) -> Option<Cut> {
        let profile = self.profiles.of(length);
        Cut::new(length, edits, together, gap(self.metric), profile)
    }

    /// Where segments are looked for in a text of another length.
    /// It is left at a few more than `most` choices.
    pub(super) fn places(&self, cut: &Cut, together: u32, length: u32, most: usize) -> Places {
        if self.metric == Metric::Hamming {
            cut.own(together)
        } else {
            cut.within(together, length, most)
        }
    }

    /// The tables of a strategy, each with an upper bound of its entries; none where the strategy
    /// cannot be taken.
    fn tables(&self, window: &Window, strategy: Strategy) -> Option<Vec<(Key, u64)>> {
        let lengths = window.shortest..=window.longer;
        let texts = |length| {
            let ids = self.texts.with_lengths(length..=length);
            u64::from(ids.end - ids.start)
        };
        match strategy {
            Strategy::Scan => Some(Vec::new()),
            Strategy::Deletions => {
                if ways(window.longer, window.edits) > MOST_LEFT_OVER {
                    return None;
                }
                let entries = lengths
                    .map(|length| {
                        ways(length, self.deletions(window, length)).saturating_mul(texts(length))
                    })
                    .fold(0, u64::saturating_add);
                let longer = window.longer;
                Some(vec![(Key::Deletions { longer }, entries)])
            }
            Strategy::Segments { together } => {
                self.count_places(window, together)?;
                let edits = window.edits;
                let each = ways(edits + together, together);
                let key = |length| Key::Segments {
                    length,
                    edits,
                    together,
                };
                let tables =
                    lengths.map(|length| (key(length), each.saturating_mul(texts(length))));
                Some(tables.filter(|(_, entries)| *entries > 0).collect())
            }
        }
    }

    /// How many characters a text of some length loses.
    fn deletions(&self, window: &Window, length: u32) -> u32 {
        if self.metric == Metric::Hamming {
            window.edits
        } else {
            length - window.shortest
        }
    }
}

impl Plan {
    /// The bytes that all tables take.
    pub(super) fn size(&self) -> u64 {
        self.tables
            .values()
            .map(|count| Table::size_of_entries(*count))
            .sum()
    }
}
