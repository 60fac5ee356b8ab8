//! How alike two values are: the level of a comparison, by the kind of its feature.

use super::cell::Cell;
use super::comparison::{Comparison, DIFFERENT, MISSING_LEVEL};
use super::feature::Feature;
use super::feature_kind::FeatureKind;
use super::word_weights::WordWeights;
use crate::similarity::kernel::characters::{Decoder, Pair};
use crate::similarity::kernel::edit;

/// What is kept from one pair to the next.
#[derive(Debug, Default)]
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
pub(super) struct Value<'a> {
    pub(super) feature: &'a Feature,
    pub(super) cell: Cell,
}

impl<'a> Value<'a> {
    pub(super) fn text(self) -> &'a str {
        self.feature.dictionary().text(self.cell.code)
    }

    fn hash(self) -> u64 {
        self.feature.dictionary().hash(self.cell.code)
    }

    /// Whether two values of any features have the same text.
    #[inline]
    pub(super) fn equals(self, other: Self) -> bool {
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

/// The level of two values that are there and not equal, by what their comparison is.
#[inline]
pub(super) fn level(
    comparison: &Comparison,
    left: Value<'_>,
    right: Value<'_>,
    weights: WordWeights<'_>,
    scratch: &mut Scratch,
) -> u8 {
    match comparison.kind {
        FeatureKind::Given => given(left, right, scratch),
        FeatureKind::Family => family(left, right, scratch),
        FeatureKind::Email => email(left, right, scratch),
        FeatureKind::Phone => phone(left, right, scratch),
        FeatureKind::Date => date(left, right, scratch),
        FeatureKind::Postcode => postcode(left, right, scratch),
        FeatureKind::Street => street(left, right, scratch),
        FeatureKind::Place => place(left, right, scratch),
        FeatureKind::Identifier => identifier(left, right, scratch),
        FeatureKind::Number => number(
            left.feature.number(left.cell.code),
            right.feature.number(right.cell.code),
            comparison.spread,
        ),
        FeatureKind::Url => url(left, right, scratch),
        FeatureKind::Ip => {
            let (network, other) = (left.cell.detail(), right.cell.detail());
            DIFFERENT + u8::from(network == other && network != 0)
        }
        FeatureKind::Category | FeatureKind::Uuid => DIFFERENT,
        // Many pairs at a time, see `own_levels`.
        FeatureKind::Levels | FeatureKind::Key => MISSING_LEVEL,
        FeatureKind::Codes => codes(weights.rarest_common(
            left.feature.words(left.cell.code),
            right.feature.words(right.cell.code),
        )),
        FeatureKind::Text => {
            let cosine = weights.cosine(
                left.feature.words(left.cell.code),
                right.feature.words(right.cell.code),
            );
            text(cosine, left, right, scratch)
        }
    }
}

/// Whether two names are one but for a slip: an edit, or two in longer ones.
pub(super) fn alike(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> bool {
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
    let longer = left.cell.length().max(right.cell.length());
    let slip = tolerance(longer);
    // Twice a slip, but less than half of what the longer one has.
    let most = (2 * slip).max(2).min(longer.saturating_sub(1) / 2);
    if left.least_edits(right) > most {
        return 0;
    }
    match scratch.edits(left.text(), right.text()) {
        edits if edits <= slip => 2,
        edits if edits <= most => 1,
        _ => 0,
    }
}

/// Whether the shorter text, of so many bytes at least, is the beginning or the end of the longer.
fn is_part(left: Value<'_>, right: Value<'_>, least: usize) -> bool {
    left.cell.length().min(right.cell.length()) >= least
        && left.cell.may_be_part(right.cell)
        && is_part_of_text(left.text(), right.text())
}

fn is_part_of_text(left: &str, right: &str) -> bool {
    let (short, long) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    long.starts_with(short) || long.ends_with(short)
}

fn given(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    if left.cell.detail() == right.cell.detail() {
        return DIFFERENT + 4;
    }
    match closeness(left, right, scratch) {
        0 => {}
        closeness => return DIFFERENT + 1 + closeness,
    }
    if is_part(left, right, 3) {
        return DIFFERENT + 2;
    }
    let initial = (left.cell.length() == 1 || right.cell.length() == 1)
        && left.text().chars().next() == right.text().chars().next();
    DIFFERENT + u8::from(initial)
}

fn family(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    match closeness(left, right, scratch) {
        0 => DIFFERENT + u8::from(is_part(left, right, 4)),
        closeness => DIFFERENT + closeness,
    }
}

fn phone(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let alike = left.least_edits(right) <= 1 && scratch.edits(left.text(), right.text()) <= 1;
    DIFFERENT + u8::from(alike)
}

fn email(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let (local, domain) = left.cell.details();
    let (other_local, other_domain) = right.cell.details();
    let longer = left.cell.length().max(right.cell.length());
    let most = tolerance(longer) + 1;
    if local == other_local && local != 0 {
        let local = |value: Value<'_>| value.text().rsplit_once('@').map(|(local, _)| local.len());
        let (a, b) = (local(left), local(right));
        if a == b && a.is_some_and(|end| left.text()[..end] == right.text()[..end]) {
            return DIFFERENT + 3;
        }
    }
    if left.least_edits(right) <= most && scratch.edits(left.text(), right.text()) <= most {
        return DIFFERENT + 2;
    }
    DIFFERENT + u8::from(domain == other_domain && domain != 0)
}

fn date(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let parts = |date: u32| (date / 10_000, date / 100 % 100, date % 100);
    let (a, b) = (parts(left.cell.detail()), parts(right.cell.detail()));
    if a.0 == b.0 && a.1 == b.2 && a.2 == b.1 {
        return DIFFERENT + 3;
    }
    if left.least_edits(right) <= 1 && scratch.edits(left.text(), right.text()) <= 1 {
        return DIFFERENT + 3;
    }
    match u8::from(a.0 == b.0) + u8::from(a.1 == b.1) + u8::from(a.2 == b.2) {
        2.. => DIFFERENT + 2,
        _ => DIFFERENT + u8::from(a.0 == b.0),
    }
}

fn postcode(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    if left.least_edits(right) <= 1 && scratch.edits(left.text(), right.text()) <= 1 {
        return DIFFERENT + 2;
    }
    // All but the last two characters are the area: the outward code of Britain and a digit, the
    // first three digits of five.
    let shorter = left.cell.length().min(right.cell.length());
    let area = shorter.saturating_sub(2).max(2);
    let is_same = match area {
        // What most have is in the cells.
        2..=4 => shorter >= area && left.cell.starts_as(right.cell, area),
        _ => left.text().as_bytes().get(..area) == right.text().as_bytes().get(..area),
    };
    DIFFERENT + u8::from(is_same)
}

fn street(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let (number, name) = left.cell.details();
    let (other_number, other_name) = right.cell.details();
    fn split(value: Value<'_>) -> (&str, &str) {
        value.text().split_once('|').unwrap_or(("", value.text()))
    }
    let names = || (split(left).1, split(right).1);
    let some_number = number != 0 && other_number != 0;
    if name == other_name && name != 0 && names().0 == names().1 {
        return if some_number {
            DIFFERENT + 3
        } else {
            DIFFERENT + 4
        };
    }
    let longer = left.cell.length().max(right.cell.length());
    let most = (longer / 4).max(1);
    let alike = longer > 2
        && (left.least_edits(right) <= most && scratch.edits(names().0, names().1) <= most
            || left.cell.length().min(right.cell.length()) >= 6
                && left.cell.may_be_part(right.cell)
                && is_part_of_text(names().0, names().1));
    match (alike, number == other_number) {
        (true, true) => DIFFERENT + 4,
        (true, false) => DIFFERENT + 2,
        (false, same) => DIFFERENT + u8::from(same && some_number),
    }
}

fn place(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    match closeness(left, right, scratch) {
        0 => DIFFERENT + u8::from(is_part(left, right, 5)),
        closeness => DIFFERENT + closeness,
    }
}

fn identifier(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let longer = left.cell.length().max(right.cell.length());
    if longer < 4 || left.least_edits(right) > 2 {
        return DIFFERENT;
    }
    match scratch.edits(left.text(), right.text()) {
        0 | 1 => DIFFERENT + 2,
        2 if longer >= 6 => DIFFERENT + 1,
        _ => DIFFERENT,
    }
}

/// By a slip, which is none where numbers differ: these tell one page from another.
fn url(left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let longer = left.cell.length().max(right.cell.length());
    let slip = tolerance(longer);
    if left.least_edits(right) <= slip {
        let digits = |text: &'_ str| -> Vec<u8> {
            text.bytes().filter(|byte| byte.is_ascii_digit()).collect()
        };
        let (left, right) = (left.text(), right.text());
        if digits(left) == digits(right) && scratch.edits(left, right) <= slip {
            return DIFFERENT + 2;
        }
    }
    let (host, other) = (left.cell.details().0, right.cell.details().0);
    DIFFERENT + u8::from(host == other && host != 0)
}

/// By how far apart they are, as a share of the larger one, or of how far values spread where that is
/// less: all years of birth are within a few hundredths of each other.
fn number(left: f64, right: f64, spread: Option<f64>) -> u8 {
    let larger = left.abs().max(right.abs());
    let whole = spread.map_or(larger, |spread| larger.min(spread));
    let apart = (left - right).abs() / whole.max(f64::MIN_POSITIVE);
    DIFFERENT
        + [0.25, 0.1, 0.02]
            .iter()
            .filter(|step| apart <= **step)
            .count() as u8
}

/// In how many texts a code is, at most, that hardly any other thing has.
const OWN_CODE: u32 = 4;
/// Of how many texts one has a code that is rare.
const RARE_CODE: f64 = 64.0;

/// By the rarest code of both: in how many texts it is, and what share of them that is.
fn codes(rarest: Option<(u32, f64)>) -> u8 {
    match rarest {
        None => DIFFERENT,
        Some((texts, _)) if texts <= OWN_CODE => DIFFERENT + 3,
        Some((_, share)) => DIFFERENT + 1 + u8::from(share * RARE_CODE <= 1.0),
    }
}

/// The longest text, in bytes, whose characters are compared and not its words alone.
const LONGEST_EDITED: usize = 64;
/// From which likeness on a text is of the next level.
const STEPS: [f64; 7] = [0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95];

fn text(cosine: f64, left: Value<'_>, right: Value<'_>, scratch: &mut Scratch) -> u8 {
    let (a, b) = (left.text(), right.text());
    let longer = a.len().max(b.len());
    let mut alike = cosine;
    if longer <= LONGEST_EDITED && left.least_edits(right) <= longer / 3 {
        let edits = scratch.edits(a, b) as f64;
        alike = alike.max(1.0 - 1.5 * edits / longer as f64);
    }
    DIFFERENT + STEPS.iter().filter(|step| alike >= **step).count() as u8
}
