//! What of a value two records of one entity are likely to share: the parts that keys of blocks
//! are made of.

use serde::{Deserialize, Serialize};

use super::clean_web::{host_and_path, network};
use super::dictionary::MISSING;
use super::feature::Feature;
use super::feature_kind::FeatureKind;
use super::hashing::{hash_bytes, hash_text, mix};
use super::word_weights::WordCounts;
use crate::phonetic::soundex;

/// The key of what is missing.
pub(super) const NO_KEY: u64 = 0;

/// How many of the rarest words of a text are keys.
pub(super) const RARE_WORDS: usize = 4;

/// A part of a value.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    /// The whole value.
    Whole,
    /// The formal name of a given name.
    Root,
    /// The first letters.
    Prefix(u8),
    /// The last letters.
    Suffix(u8),
    /// How it sounds.
    Soundex,
    /// An e-mail address without its domain.
    Local,
    /// Year and month, month and day, year and day, or the year of a date.
    YearMonth,
    MonthDay,
    YearDay,
    /// The number, or the name, of a house in a street.
    HouseNumber,
    StreetName,
    /// The host of the address of a page.
    Host,
    /// The network of an IP address.
    Network,
    /// Each of the rarest words of a text.
    RareWords,
}

impl Part {
    /// The parts of a kind of feature, the most telling first.
    pub(super) fn of(kind: FeatureKind) -> &'static [Self] {
        use Part::{
            Host, HouseNumber, Local, MonthDay, Network, Prefix, RareWords, Root, Soundex,
            StreetName, Suffix, Whole, YearDay, YearMonth,
        };
        match kind {
            FeatureKind::Given => &[Whole, Root, Soundex, Prefix(3), Prefix(1)],
            FeatureKind::Family => &[Whole, Soundex, Prefix(4), Suffix(4), Prefix(1)],
            FeatureKind::Email => &[Whole, Local, Prefix(6), Prefix(4)],
            FeatureKind::Phone => &[Whole, Prefix(5), Suffix(5)],
            FeatureKind::Date => &[Whole, YearMonth, MonthDay, YearDay, Prefix(4)],
            FeatureKind::Postcode => &[Whole, Prefix(3), Prefix(2)],
            FeatureKind::Street => &[Whole, StreetName, HouseNumber],
            FeatureKind::Place => &[Whole, Soundex, Prefix(4)],
            FeatureKind::Identifier => &[Whole, Prefix(4), Suffix(4)],
            FeatureKind::Url => &[Whole, Host],
            FeatureKind::Ip => &[Whole, Network],
            FeatureKind::Uuid
            | FeatureKind::Number
            | FeatureKind::Category
            | FeatureKind::Levels
            | FeatureKind::Key => &[Whole],
            FeatureKind::Text => &[Whole, RareWords, Prefix(8)],
            FeatureKind::Codes => &[RareWords],
        }
    }

    /// Whether a value has several keys of this part.
    pub(super) fn is_several(self) -> bool {
        self == Self::RareWords
    }

    /// What it is called, of a column.
    pub(super) fn describe(self, column: &str) -> String {
        match self {
            Self::Whole => column.to_owned(),
            Self::Root => format!("formal name of {column}"),
            Self::Prefix(length) => format!("first {length} of {column}"),
            Self::Suffix(length) => format!("last {length} of {column}"),
            Self::Soundex => format!("soundex of {column}"),
            Self::Local => format!("local part of {column}"),
            Self::YearMonth => format!("year and month of {column}"),
            Self::MonthDay => format!("month and day of {column}"),
            Self::YearDay => format!("year and day of {column}"),
            Self::HouseNumber => format!("house number of {column}"),
            Self::StreetName => format!("street of {column}"),
            Self::Host => format!("host of {column}"),
            Self::Network => format!("network of {column}"),
            Self::RareWords => format!("rare words of {column}"),
        }
    }

    /// The keys of a value, of which a text has up to [`RARE_WORDS`]. A whole name has the same
    /// key whichever column it is in, so that swapped names meet.
    pub(super) fn keys(
        self,
        feature: &Feature,
        place: usize,
        words: Option<&WordCounts>,
        code: u32,
    ) -> [u64; RARE_WORDS] {
        let mut keys = [NO_KEY; RARE_WORDS];
        if code == MISSING {
            return keys;
        }
        let dictionary = feature.dictionary();
        let key = match self {
            Self::RareWords => {
                rare_words(feature, place, words, code, &mut keys);
                return keys;
            }
            Self::Whole => dictionary.hash(code),
            Self::Root => feature.root(code),
            _ => self.hash(dictionary.text(code)),
        };
        let is_name = matches!(feature.kind, FeatureKind::Given | FeatureKind::Family);
        keys[0] = match key {
            NO_KEY => NO_KEY,
            key if self == Self::Whole && is_name => key,
            key => mix(key, salt(place, self)).max(1),
        };
        keys
    }

    fn hash(self, text: &str) -> u64 {
        let some = |part: Option<&str>| match part {
            None | Some("") => NO_KEY,
            Some(part) => hash_text(part),
        };
        match self {
            Self::Whole | Self::RareWords => some(Some(text)),
            Self::Root => NO_KEY,
            Self::Prefix(length) => {
                let end = text.char_indices().nth(usize::from(length) - 1);
                some(end.map(|(at, letter)| &text[..at + letter.len_utf8()]))
            }
            Self::Suffix(length) => {
                let start = text.char_indices().nth_back(usize::from(length) - 1);
                some(start.map(|(at, _)| &text[at..]))
            }
            Self::Soundex => match soundex::code(text) {
                [0, ..] => NO_KEY,
                code => hash_bytes(&code),
            },
            Self::Local => some(text.rsplit_once('@').map(|(local, _)| local)),
            Self::YearMonth => some(text.get(..6)),
            Self::MonthDay => some(text.get(4..)),
            Self::YearDay => match (text.get(..4), text.get(6..)) {
                (Some(year), Some(day)) => mix(hash_text(year), hash_text(day)),
                _ => NO_KEY,
            },
            Self::HouseNumber => some(text.split_once('|').map(|(number, _)| number)),
            Self::StreetName => some(text.split_once('|').map(|(_, name)| name)),
            Self::Host => some(Some(host_and_path(text).0)),
            Self::Network => some(Some(&network(text))),
        }
    }
}

/// What tells the keys of parts of features apart.
fn salt(place: usize, part: Part) -> u64 {
    let part = match part {
        Part::Whole => 1,
        Part::Root => 2,
        Part::Soundex => 3,
        Part::Local => 4,
        Part::YearMonth => 5,
        Part::MonthDay => 6,
        Part::YearDay => 7,
        Part::HouseNumber => 8,
        Part::StreetName => 9,
        Part::RareWords => 10,
        Part::Host => 11,
        Part::Network => 12,
        Part::Prefix(length) => 0x100 + u64::from(length),
        Part::Suffix(length) => 0x200 + u64::from(length),
    };
    mix(place as u64 + 1, part)
}

fn rare_words(
    feature: &Feature,
    place: usize,
    counts: Option<&WordCounts>,
    code: u32,
    keys: &mut [u64; RARE_WORDS],
) {
    let mut rarest = [(u32::MAX, 0); RARE_WORDS];
    for word in feature.words(code) {
        let count = counts.map_or(1, |counts| counts.count(*word));
        // A word of one text brings nobody together.
        let mut next = (count, *word);
        if count >= 2 {
            for kept in &mut rarest {
                if next < *kept {
                    std::mem::swap(&mut next, kept);
                }
            }
        }
    }
    let salt = salt(place, Part::RareWords);
    for (key, (count, word)) in keys.iter_mut().zip(rarest) {
        if count != u32::MAX {
            *key = mix(word, salt).max(1);
        }
    }
}
