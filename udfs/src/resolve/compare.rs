//! Compares two records: the level of each comparison.

use super::cell::Cell;
use super::clean::FeatureKind;
use super::comparison::{Comparison, DIFFERENT, MISSING_LEVEL};
use super::feature::Feature;
use super::records::Records;
use super::word_weights::WordWeights;
use crate::similarity::kernel::characters::{Decoder, Pair};
use crate::similarity::kernel::edit;

/// The levels of all comparisons of two records: four bits each.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Pattern(pub(super) u64);

impl Pattern {
    #[inline]
    pub(super) fn level(self, comparison: usize) -> u8 {
        (self.0 >> (4 * comparison)) as u8 & 15
    }

    #[inline]
    pub(super) fn with(self, comparison: usize, level: u8) -> Self {
        Self(self.0 | u64::from(level) << (4 * comparison))
    }
}

/// What is kept from one pair to the next.
#[derive(Default)]
pub(super) struct Scratch {
    decoder: Decoder,
    edit: edit::Scratch<true>,
}

impl Scratch {
    /// The number of edits between two texts, a swap of neighbours being one.
    fn edits(&mut self, left: &str, right: &str) -> usize {
        match self.decoder.decode(left, right) {
            Pair::Ascii(left, right) => self.edit.distance(left, right),
            Pair::Unicode(left, right) => self.edit.distance(left, right),
        }
    }
}

/// A value of one of the two records.
#[derive(Clone, Copy)]
struct Value<'a> {
    feature: &'a Feature,
    cell: Cell,
}

impl<'a> Value<'a> {
    fn text(self) -> &'a str {
        self.feature.dictionary().text(self.cell.code)
    }

    fn hash(self) -> u64 {
        self.feature.dictionary().hash(self.cell.code)
    }

    /// Whether two values of any features have the same text.
    #[inline]
    fn equals(self, other: Self) -> bool {
        if std::ptr::eq(self.feature, other.feature) {
            return self.cell.code == other.cell.code;
        }
        self.hash() == other.hash() && !self.cell.is_missing()
    }

    /// The fewest edits between two values, as far as their characters tell.
    #[inline]
    fn least_edits(self, other: Self) -> usize {
        self.cell.least_edits(other.cell)
    }
}

/// Compares records of two sets, which may be one and the same.
pub(super) struct Comparer<'a> {
    left: &'a Records,
    right: &'a Records,
    comparisons: &'a [Comparison],
    /// For each comparison, the level of equality of each value on the left.
    exact: Vec<Vec<u8>>,
    weights: Vec<WordWeights<'a>>,
    /// The comparisons of given and family name, which may be swapped.
    names: Option<(usize, usize)>,
}

impl<'a> Comparer<'a> {
    pub(super) fn new(
        left: &'a Records,
        right: &'a Records,
        comparisons: &'a [Comparison],
        weights: Vec<WordWeights<'a>>,
    ) -> Self {
        let only = |kind: FeatureKind| {
            let mut found = (0..comparisons.len()).filter(|at| comparisons[*at].kind == kind);
            found.next().filter(|_| found.next().is_none())
        };
        let names = only(FeatureKind::Given).zip(only(FeatureKind::Family));
        let exact = |records: &Records, at: usize| {
            comparisons[at].exact_levels(&records.features()[comparisons[at].feature])
        };
        Self {
            left,
            right,
            comparisons,
            exact: (0..comparisons.len()).map(|at| exact(left, at)).collect(),
            weights,
            names,
        }
    }

    /// The levels of two records.
    pub(super) fn pattern(&self, left: u32, right: u32, scratch: &mut Scratch) -> Pattern {
        let (left, right) = (self.left.row(left), self.right.row(right));
        let swapped = self.swapped(left, right, scratch);
        (0..self.comparisons.len()).fold(Pattern::default(), |pattern, at| {
            let level = self.level(at, left, right, swapped, scratch);
            pattern.with(at, level)
        })
    }

    /// Whether given and family name of one record are those of the other, swapped.
    pub(super) fn swapped(&self, left: &[Cell], right: &[Cell], scratch: &mut Scratch) -> bool {
        let Some((given, family)) = self.names else {
            return false;
        };
        let left = (self.left_value(given, left), self.left_value(family, left));
        let right = (
            self.right_value(given, right),
            self.right_value(family, right),
        );
        if [left.0, left.1, right.0, right.1]
            .iter()
            .any(|value| value.cell.is_missing())
        {
            return false;
        }
        if left.0.equals(right.0) || left.1.equals(right.1) {
            return false;
        }
        alike(left.0, right.1, scratch) && alike(left.1, right.0, scratch)
    }

    fn left_value(&self, at: usize, row: &[Cell]) -> Value<'_> {
        let feature = self.comparisons[at].feature;
        Value {
            feature: &self.left.features()[feature],
            cell: row[feature],
        }
    }

    fn right_value(&self, at: usize, row: &[Cell]) -> Value<'_> {
        let feature = self.comparisons[at].feature;
        Value {
            feature: &self.right.features()[feature],
            cell: row[feature],
        }
    }

    /// The level of one comparison.
    #[inline]
    pub(super) fn level(
        &self,
        at: usize,
        left_row: &[Cell],
        right_row: &[Cell],
        swapped: bool,
        scratch: &mut Scratch,
    ) -> u8 {
        let comparison = &self.comparisons[at];
        let (left, right) = (
            self.left_value(at, left_row),
            self.right_value(at, right_row),
        );
        if left.cell.is_missing() || right.cell.is_missing() {
            return MISSING_LEVEL;
        }
        if left.equals(right) {
            return self.exact[at][left.cell.code as usize];
        }
        if swapped && let Some((given, family)) = self.names {
            if at == family {
                return comparison.first_exact() - 1;
            }
            if at == given {
                // The family names say it all.
                return MISSING_LEVEL;
            }
        }
        match comparison.kind {
            FeatureKind::Given => given(left, right, scratch),
            FeatureKind::Family => family(left, right, scratch),
            FeatureKind::Email => email(left, right, scratch),
            FeatureKind::Phone => match left.least_edits(right) <= 1
                && scratch.edits(left.text(), right.text()) <= 1
            {
                true => DIFFERENT + 1,
                false => DIFFERENT,
            },
            FeatureKind::Date => date(left, right, scratch),
            FeatureKind::Postcode => postcode(left, right, scratch),
            FeatureKind::Street => street(left.text(), right.text(), scratch),
            FeatureKind::Place => place(left, right, scratch),
            FeatureKind::Identifier => identifier(left, right, scratch),
            FeatureKind::Number => number(
                left.feature.number(left.cell.code),
                right.feature.number(right.cell.code),
            ),
            FeatureKind::Category => DIFFERENT,
            FeatureKind::Text => {
                let cosine = self.weights[at].cosine(
                    left.feature.words(left.cell.code),
                    right.feature.words(right.cell.code),
                );
                text(cosine, left, right, scratch)
            }
        }
    }
}

/// Whether two names are one but for a slip: an edit, or two in longer ones.
fn alike(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> bool {
    if left.least_edits(right) > tolerance(usize::MAX) {
        return false;
    }
    let (left, right) = (left.text(), right.text());
    left == right || scratch.edits(left, right) <= tolerance(left.len().max(right.len()))
}

/// How many edits are a slip in a text of this length.
fn tolerance(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3..=7 => 1,
        _ => 2,
    }
}

/// 0 for texts that differ, 1 for alike, 2 for almost equal.
fn closeness(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let (a, b) = (left.text(), right.text());
    let longer = a.len().max(b.len());
    let slip = tolerance(longer);
    // Twice a slip, but less than half of what the shorter one has.
    let most = (2 * slip).max(2).min(longer.saturating_sub(1) / 2);
    if left.least_edits(right) > most {
        return 0;
    }
    let edits = scratch.edits(a, b);
    match edits {
        _ if edits <= slip => 2,
        _ if edits <= most => 1,
        _ => 0,
    }
}

/// Whether the shorter text is the beginning or the end of the longer one.
fn is_part(left: &str, right: &str, least: usize) -> bool {
    let (short, long) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    short.len() >= least && (long.starts_with(short) || long.ends_with(short))
}

fn given(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let (a, b) = (left.text(), right.text());
    let root = left.feature.root(left.cell.code);
    if root != 0 && root == right.feature.root(right.cell.code) {
        return DIFFERENT + 4;
    }
    match closeness(left, right, scratch) {
        2 => return DIFFERENT + 3,
        1 => return DIFFERENT + 2,
        _ => {}
    }
    if is_part(a, b, 3) {
        return DIFFERENT + 2;
    }
    let initial = (a.len() == 1 || b.len() == 1) && a.chars().next() == b.chars().next();
    DIFFERENT + u8::from(initial)
}

fn family(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    match closeness(left, right, scratch) {
        0 if is_part(left.text(), right.text(), 4) => DIFFERENT + 1,
        closeness => DIFFERENT + closeness,
    }
}

fn email(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let least = left.least_edits(right);
    let (left, right) = (left.text(), right.text());
    let (Some((left_local, left_domain)), Some((right_local, right_domain))) =
        (left.rsplit_once('@'), right.rsplit_once('@'))
    else {
        return DIFFERENT;
    };
    if left_local == right_local {
        return DIFFERENT + 3;
    }
    let longer = left_local.len().max(right_local.len());
    let most = tolerance(longer) + 1;
    if longer >= 4 && least <= most && scratch.edits(left, right) <= most {
        return DIFFERENT + 2;
    }
    DIFFERENT + u8::from(left_domain == right_domain)
}

fn date(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let least = left.least_edits(right);
    let (left, right) = (left.text(), right.text());
    fn parts(text: &str) -> (Option<&str>, Option<&str>, Option<&str>) {
        (text.get(0..4), text.get(4..6), text.get(6..8))
    }
    let (a, b) = (parts(left), parts(right));
    if a.0 == b.0 && a.1 == b.2 && a.2 == b.1 {
        return DIFFERENT + 3;
    }
    if least <= 1 && scratch.edits(left, right) <= 1 {
        return DIFFERENT + 3;
    }
    let same = u8::from(a.0 == b.0) + u8::from(a.1 == b.1) + u8::from(a.2 == b.2);
    match same {
        2.. => DIFFERENT + 2,
        _ if a.0 == b.0 => DIFFERENT + 1,
        _ => DIFFERENT,
    }
}

fn postcode(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let (a, b) = (left.text(), right.text());
    if left.least_edits(right) <= 1 && scratch.edits(a, b) <= 1 {
        return DIFFERENT + 2;
    }
    // The outward code of Britain is what is left without the last three; elsewhere the first
    // three characters are the area.
    let area = a.len().min(b.len()).saturating_sub(2).max(2);
    let same = a
        .get(..area)
        .is_some_and(|area_of_a| Some(area_of_a) == b.get(..area));
    DIFFERENT + u8::from(same)
}

fn street(a: &str, b: &str, scratch: &mut Scratch) -> u8 {
    let (a_number, a_name) = a.split_once('|').unwrap_or(("", a));
    let (b_number, b_name) = b.split_once('|').unwrap_or(("", b));
    let longer = a_name.len().max(b_name.len());
    let same_number = a_number == b_number && !a_number.is_empty();
    if a_name == b_name && longer > 0 {
        return match a_number.is_empty() || b_number.is_empty() {
            true => DIFFERENT + 4,
            false => DIFFERENT + 3,
        };
    }
    let least = a_name.len().abs_diff(b_name.len());
    let most = (longer / 4).max(1);
    let alike = longer > 2
        && (least <= most && scratch.edits(a_name, b_name) <= most || is_part(a_name, b_name, 6));
    match (alike, same_number || a_number == b_number) {
        (true, true) => DIFFERENT + 4,
        (true, false) => DIFFERENT + 2,
        (false, _) => DIFFERENT + u8::from(same_number),
    }
}

fn place(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    match closeness(left, right, scratch) {
        0 if is_part(left.text(), right.text(), 5) => DIFFERENT + 1,
        closeness => DIFFERENT + closeness,
    }
}

fn identifier(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let longer = left.text().len().max(right.text().len());
    if longer < 4 || left.least_edits(right) > 2 {
        return DIFFERENT;
    }
    match scratch.edits(left.text(), right.text()) {
        0 | 1 => DIFFERENT + 2,
        2 if longer >= 6 => DIFFERENT + 1,
        _ => DIFFERENT,
    }
}

fn number(left: f64, right: f64) -> u8 {
    let larger = left.abs().max(right.abs());
    let apart = (left - right).abs() / larger.max(f64::MIN_POSITIVE);
    match apart {
        _ if apart <= 0.02 => DIFFERENT + 3,
        _ if apart <= 0.1 => DIFFERENT + 2,
        _ if apart <= 0.25 => DIFFERENT + 1,
        _ => DIFFERENT,
    }
}

/// The longest text, in bytes, whose characters are compared and not its words alone.
const LONGEST_EDITED: usize = 64;

fn text(cosine: f64, left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let (a, b) = (left.text(), right.text());
    let longer = a.len().max(b.len());
    let mut alike = cosine;
    if longer <= LONGEST_EDITED && left.least_edits(right) <= longer / 3 {
        let edits = scratch.edits(a, b) as f64;
        alike = alike.max(1.0 - 1.5 * edits / longer as f64);
    }
    const STEPS: [f64; 7] = [0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95];
    DIFFERENT + STEPS.iter().filter(|step| alike >= **step).count() as u8
}
