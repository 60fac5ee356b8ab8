//! A value of a record.

use super::clean_web::{host_and_path, network};
use super::dictionary::MISSING;
use super::feature_kind::FeatureKind;
use super::hashing::hash_text;

/// How many characters are told apart.
const CHARACTERS: u32 = 26;
const CHARACTERS_MASK: u32 = (1 << CHARACTERS) - 1;
/// The longest length that is told from longer ones.
const LONGEST: usize = (1 << (32 - CHARACTERS)) - 1;

/// A value of a record: its number, and what decides most comparisons without a look at the text,
/// which is somewhere else in memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) code: u32,
    /// A bit for each character that the text has, and above them its length; of a street, of its
    /// name alone.
    signature: u32,
    /// By the kind of the feature: hashes of the local part and the domain of an e-mail address,
    /// of the number and the name of a street, of the host and the path of a page, of the network of an
    /// IP address, of the formal name of a given name; the number that a date is; the first four bytes
    /// of a postal code.
    detail: u32,
}

impl Cell {
    pub(super) fn new(code: u32, text: &str, kind: FeatureKind, root: u64) -> Self {
        let short = |text: &str| match text {
            "" => 0,
            text => (hash_text(text) as u32 & 0xffff).max(1),
        };
        let two = |parts: Option<(&str, &str)>| {
            let (first, second) = parts.unwrap_or_default();
            short(first) << 16 | short(second)
        };
        let (signed, detail) = match kind {
            FeatureKind::Email => (text, two(text.rsplit_once('@'))),
            FeatureKind::Street => {
                let parts = text.split_once('|');
                (parts.map_or(text, |(_, name)| name), two(parts))
            }
            FeatureKind::Url => (text, two(Some(host_and_path(text)))),
            FeatureKind::Ip if text.is_empty() => (text, 0),
            FeatureKind::Ip => (text, (hash_text(&network(text)) as u32).max(1)),
            FeatureKind::Given => (text, root as u32),
            FeatureKind::Date => (text, text.parse().unwrap_or(0)),
            FeatureKind::Postcode => {
                let mut first = [0; 4];
                first
                    .iter_mut()
                    .zip(text.bytes())
                    .for_each(|(to, byte)| *to = byte);
                (text, u32::from_be_bytes(first))
            }
            _ => (text, 0),
        };
        let characters = signed.bytes().fold(0, |bits, byte| {
            let place = match byte {
                b'0'..=b'9' => byte - b'0',
                letter => letter.wrapping_sub(b'a') % CHARACTERS as u8,
            };
            bits | 1 << place
        });
        let length = signed.len().min(LONGEST) as u32;
        Self {
            code,
            signature: characters | length << CHARACTERS,
            detail,
        }
    }

    pub(super) fn is_missing(self) -> bool {
        self.code == MISSING
    }

    /// How many bytes the text has, if they are not too many to be told.
    #[inline]
    pub(super) fn length(self) -> usize {
        (self.signature >> CHARACTERS) as usize
    }

    /// See the field of this name.
    #[inline]
    pub(super) fn detail(self) -> u32 {
        self.detail
    }

    /// Whether two postal codes have the same first bytes, four at most.
    #[inline]
    pub(super) fn starts_as(self, other: Self, bytes: usize) -> bool {
        (self.detail ^ other.detail) >> (8 * (4 - bytes)) == 0
    }

    /// The two halves of the detail.
    #[inline]
    pub(super) fn details(self) -> (u32, u32) {
        (self.detail >> 16, self.detail & 0xffff)
    }

    /// The fewest edits that turn one text into another, as far as can be told: what one has and
    /// the other has not takes an edit each, and so does each character that it is longer. (Of a
    /// character of several bytes each counts.)
    #[inline]
    pub(super) fn least_edits(self, other: Self) -> usize {
        let missing = (self.signature & !other.signature & CHARACTERS_MASK).count_ones();
        let added = (other.signature & !self.signature & CHARACTERS_MASK).count_ones();
        let longer = (self.signature >> CHARACTERS).abs_diff(other.signature >> CHARACTERS);
        missing.max(added).max(longer) as usize
    }

    /// Whether one text may be part of the other: it has no other characters.
    #[inline]
    pub(super) fn may_be_part(self, other: Self) -> bool {
        let (left, right) = (
            self.signature & CHARACTERS_MASK,
            other.signature & CHARACTERS_MASK,
        );
        left & !right == 0 || right & !left == 0
    }
}
