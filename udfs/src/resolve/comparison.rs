//! Which comparisons there are, and their levels.

use serde::{Deserialize, Serialize};

use super::feature::Feature;
use super::feature_kind::FeatureKind;
use super::mixture::round;
use super::own_levels::OwnLevels;
use super::rarity::{Band, Equality};

/// How many comparisons a model has at most: the levels of all of them are packed into 64 bits.
pub(super) const MOST: usize = 16;

/// The level of two values of which one is missing.
pub(super) const MISSING_LEVEL: u8 = 0;

/// The level of two values that differ.
pub(super) const DIFFERENT: u8 = 1;

/// How rare a value is, as minus the binary logarithm of its share: agreeing on one of a higher
/// band says more. Each band is a level of its own (Winkler 1989, "Frequency-based matching in the
/// Fellegi-Sunter model of record linkage").
const BANDS: [f64; 4] = [4.0, 7.0, 10.0, 13.0];

/// A comparison of one feature of two records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Comparison {
    /// The place of the feature among those of the records.
    pub(super) feature: usize,
    pub(super) kind: FeatureKind,
    pub(super) name: String,
    /// How many levels it has, with that of missing values.
    pub(super) levels: usize,
    /// The band of each value that is not of the rarest, or not as rare as these are, and by how many steps
    /// it says more than others of its band; by the value, ascending.
    bands: Vec<(String, u8, i8)>,
    /// By how many steps each of the rarest values says more than all of its band.
    rest: i8,
    /// From which rarity on each band is, as minus the binary logarithm of the share.
    edges: Vec<f64>,
    /// How far numbers spread, where they are compared and do.
    pub(super) spread: Option<f64>,
    /// Its levels, where it has levels of its own.
    pub(super) own: Option<Own>,
}

/// The levels of a comparison that has its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Own {
    /// Its place among those that have.
    pub(super) place: usize,
    /// What the levels above that of values that differ are called, the least alike first.
    labels: Vec<String>,
}

impl Comparison {
    /// The comparison of a feature, with bands of values by their frequencies.
    pub(super) fn new(
        place: usize,
        feature: &Feature,
        column: &str,
        several: bool,
        term_frequency: bool,
    ) -> Self {
        let name = match (several, feature.kind) {
            (true, FeatureKind::Given) => format!("{column} (given name)"),
            (true, FeatureKind::Family) => format!("{column} (family name)"),
            (true, FeatureKind::Codes) => format!("{column} (codes)"),
            _ => column.to_owned(),
        };
        let mut comparison = Self {
            feature: place,
            kind: feature.kind,
            name,
            levels: labels(feature.kind).len() + 2,
            bands: Vec::new(),
            rest: 0,
            edges: Vec::new(),
            spread: match feature.kind {
                FeatureKind::Number => spread(feature),
                _ => None,
            },
            own: None,
        };
        if !term_frequency {
            return comparison;
        }
        let present: u64 = feature.counts[1..]
            .iter()
            .map(|count| u64::from(*count))
            .sum();
        // Up to how many records a value of each band has: the rarity is a binary logarithm.
        let most = BANDS.map(|edge| present as f64 / edge.exp2());
        let band = |count: u32| {
            let rarer = most.iter().filter(|most| f64::from(count) <= **most);
            rarer.count() as u8
        };
        let codes = 1..feature.counts.len() as u32;
        let count = |code: &u32| feature.counts[*code as usize];
        // Bands without a value are no levels.
        let mut has_value = [false; BANDS.len() + 1];
        for code in codes.clone().filter(|code| count(code) > 0) {
            has_value[usize::from(band(count(&code)))] = true;
        }
        let used: Vec<u8> = (0..has_value.len() as u8)
            .filter(|band| has_value[usize::from(*band)])
            .collect();
        let level = |code: &u32| used.binary_search(&band(count(code))).unwrap_or(0) as u8;
        comparison.edges = used
            .iter()
            .map(|band| match band {
                0 => 0.0,
                band => BANDS[usize::from(*band) - 1],
            })
            .collect();
        let rarest = used.len().saturating_sub(1) as u8;
        comparison.levels += usize::from(rarest);
        comparison.bands = codes
            .filter(|code| count(code) > 0 && level(code) < rarest)
            .map(|code| (feature.dictionary().text(code).to_owned(), level(&code), 0))
            .collect();
        comparison.bands.sort_unstable();
        comparison
    }

    /// The comparison of a feature by levels of its own, of this place among such comparisons.
    pub(super) fn own(feature: usize, place: usize, own: &OwnLevels) -> Self {
        Self {
            feature,
            kind: FeatureKind::Levels,
            name: own.column.clone(),
            levels: own.labels.len() + 2,
            bands: Vec::new(),
            rest: 0,
            edges: Vec::new(),
            spread: None,
            own: Some(Own {
                place,
                labels: own.labels.clone(),
            }),
        }
    }

    /// The first of the levels of equal values, that of the most frequent; of levels of its own, the
    /// most alike.
    pub(super) fn first_exact(&self) -> u8 {
        match &self.own {
            Some(_) => self.levels as u8 - 1,
            None => labels(self.kind).len() as u8 + 1,
        }
    }

    /// What equal values are told by, for each value of a feature.
    pub(super) fn equalities(&self, feature: &Feature) -> Vec<Equality> {
        let dictionary = feature.dictionary();
        let mut equalities = vec![self.equality_of_rest(); dictionary.len()];
        if dictionary.len() < self.bands.len() {
            for code in 1..dictionary.len() as u32 {
                equalities[code as usize] = self.equality_of(dictionary.text(code));
            }
            return equalities;
        }
        for banded in &self.bands {
            if let Some(code) = feature.find(&banded.0) {
                equalities[code as usize] = self.equality_of_banded(banded);
            }
        }
        equalities
    }

    /// The same, where those of the first values are known.
    pub(super) fn add_equalities(&self, feature: &Feature, known: &mut Vec<Equality>) {
        if known.is_empty() {
            *known = self.equalities(feature);
            return;
        }
        let dictionary = feature.dictionary();
        let new = known.len() as u32..dictionary.len() as u32;
        known.extend(new.map(|code| self.equality_of(dictionary.text(code))));
    }

    /// What an equal value is told by.
    fn equality_of(&self, text: &str) -> Equality {
        let found = self
            .bands
            .binary_search_by(|(known, ..)| known.as_str().cmp(text));
        found.map_or_else(
            |_| self.equality_of_rest(),
            |at| self.equality_of_banded(&self.bands[at]),
        )
    }

    fn equality_of_banded(&self, (_, band, step): &(String, u8, i8)) -> Equality {
        Equality::new(self.first_exact() + band, *step)
    }

    /// What values are told by that are in no band.
    fn equality_of_rest(&self) -> Equality {
        Equality::new(self.levels as u8 - 1, self.rest)
    }

    /// Tells the values of each band apart by how frequent they are. `by_chance` is, for each level, the
    /// share of the pairs on it that are there by chance.
    pub(super) fn tell_rarities(&mut self, feature: &Feature, by_chance: &[f64]) {
        let (first, rarest) = (self.first_exact(), self.levels as u8 - 1);
        if self.edges.is_empty() {
            return;
        }
        let levels: Vec<u8> = self
            .equalities(feature)
            .iter()
            .map(|of| of.level())
            .collect();
        let present = feature.counts[1..]
            .iter()
            .map(|count| u64::from(*count))
            .sum();
        let bands: Vec<Band> = (first..=rarest)
            .map(|level| {
                let codes = (1..levels.len()).filter(|code| levels[*code] == level);
                let counts = codes.map(|code| feature.counts[code]);
                Band::of(counts, present, by_chance[usize::from(level)])
            })
            .collect();
        self.rest = bands[usize::from(rarest - first)].step_of_rest();
        self.bands.clear();
        for code in 1..levels.len() as u32 {
            let (level, count) = (levels[code as usize], feature.counts[code as usize]);
            let step = bands[usize::from(level - first)].step(count);
            if count > 0 && (level < rarest || step != self.rest) {
                let text = feature.dictionary().text(code).to_owned();
                self.bands.push((text, level - first, step));
            }
        }
        self.bands.sort_unstable();
    }

    /// What a level is called.
    pub(super) fn label(&self, level: u8) -> String {
        let labels = labels(self.kind);
        if let (Some(own), Some(at)) = (&self.own, usize::from(level).checked_sub(2)) {
            return own.labels.get(at).cloned().unwrap_or_default();
        }
        match level {
            MISSING_LEVEL => "missing".to_owned(),
            level if level < self.first_exact() => labels[usize::from(level) - 1].to_owned(),
            _ if self.levels == labels.len() + 2 => "equal".to_owned(),
            level => {
                let band = usize::from(level - self.first_exact());
                let times = |edge: f64| 1 << edge as u32;
                match (self.edges.get(band), self.edges.get(band + 1)) {
                    (Some(from), Some(to)) => {
                        format!("equal, of 1 in {} to {}", times(*from), times(*to))
                    }
                    (Some(from), None) => format!("equal, rarer than 1 in {}", times(*from)),
                    _ => "equal".to_owned(),
                }
            }
        }
    }
}

/// The share of records below, and above, those whose numbers tell how far all of them spread.
const TAIL: f64 = 0.05;

/// How far apart the numbers of most records are; none where most have the same.
fn spread(feature: &Feature) -> Option<f64> {
    let codes = 1..feature.counts.len() as u32;
    let mut numbers: Vec<(f64, u64)> = codes
        .map(|code| {
            (
                feature.number(code),
                u64::from(feature.counts[code as usize]),
            )
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    numbers.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    let present: u64 = numbers.iter().map(|(_, count)| count).sum();
    let mut below = 0;
    let tail = TAIL * present as f64;
    let (mut first, mut last) = (None, None);
    for (number, count) in numbers {
        below += count;
        if below as f64 >= tail {
            first.get_or_insert(number);
        }
        if below as f64 >= present as f64 - tail {
            last.get_or_insert(number);
        }
    }
    let spread = round(last? - first?);
    (spread > 0.0 && spread.is_finite()).then_some(spread)
}

/// The levels of a kind of comparison below equality, the least alike first.
pub(super) fn labels(kind: FeatureKind) -> &'static [&'static str] {
    match kind {
        FeatureKind::Given => &["different", "initial", "alike", "almost equal", "nickname"],
        FeatureKind::Family => &[
            "different",
            "alike",
            "almost equal",
            "swapped with given name",
        ],
        FeatureKind::Email => &["different", "same rare domain", "alike", "same local part"],
        FeatureKind::Phone => &["different", "almost equal"],
        FeatureKind::Date => &["different", "same year", "two parts equal", "almost equal"],
        FeatureKind::Postcode => &["different", "same area", "almost equal"],
        FeatureKind::Street => &[
            "different",
            "same number",
            "street alike",
            "same street",
            "number and street alike",
        ],
        FeatureKind::Place => &["different", "alike", "almost equal"],
        FeatureKind::Identifier => &["different", "alike", "almost equal"],
        FeatureKind::Number => &[
            "different",
            "within a quarter",
            "within a tenth",
            "within 2 %",
        ],
        FeatureKind::Url => &["different", "same host", "almost equal"],
        FeatureKind::Ip => &["different", "same network"],
        FeatureKind::Uuid | FeatureKind::Category | FeatureKind::Levels | FeatureKind::Key => {
            &["different"]
        }
        FeatureKind::Codes => &[
            "none in common",
            "a frequent one in common",
            "a rare one in common",
            "one in common that hardly any other has",
        ],
        FeatureKind::Text => &[
            "different",
            "10 % alike",
            "20 % alike",
            "35 % alike",
            "50 % alike",
            "65 % alike",
            "80 % alike",
            "95 % alike",
        ],
    }
}
