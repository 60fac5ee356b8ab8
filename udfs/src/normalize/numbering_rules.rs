//! The rules of one region's numbering plan, compiled.

use std::borrow::Cow;

use phonenumber::metadata::Descriptor;
use phonenumber::{Metadata, Type};
use regex::{Regex, RegexBuilder};

/// The kinds of number that make a number valid, the frequent ones first.
pub(super) const KINDS: [Type; 10] = [
    Type::FixedLine,
    Type::Mobile,
    Type::TollFree,
    Type::PremiumRate,
    Type::SharedCost,
    Type::Voip,
    Type::PersonalNumber,
    Type::Pager,
    Type::Uan,
    Type::Voicemail,
];

/// The compiled patterns of one region.
pub(super) struct Rules {
    international_prefix: Option<Prefix>,
    national_prefix: Option<Prefix>,
    general: Regex,
    kinds: Vec<(Lengths, Regex)>,
    possible: Lengths,
    local_only: Lengths,
}

/// What may stand before a number.
enum Prefix {
    /// These digits.
    Digits(String),
    /// What matches this.
    Pattern(Regex),
}

/// A set of numbers of digits, one bit each.
#[derive(Clone, Copy, Default)]
struct Lengths(u32);

impl Rules {
    /// None when a pattern of the metadata does not compile.
    pub(super) fn compile(metadata: &Metadata) -> Option<Self> {
        let descriptors = metadata.descriptors();
        let whole = |descriptor: &Descriptor| {
            compile(&format!("^(?:{})$", descriptor.national_number().as_str()))
        };
        let mut possible = Lengths::default();
        let mut local_only = Lengths::default();
        let mut kinds = Vec::new();
        for kind in KINDS {
            let Some(descriptor) = descriptors.get(kind) else {
                continue;
            };
            let lengths = Lengths::of(descriptor.possible_length());
            possible.0 |= lengths.0;
            local_only.0 |= Lengths::of(descriptor.possible_local_length()).0;
            kinds.push((lengths, whole(descriptor)?));
        }
        local_only.0 &= !possible.0;
        let national_prefix = metadata
            .national_prefix_for_parsing()
            .map(|pattern| pattern.as_str())
            .or(metadata.national_prefix());
        Some(Self {
            international_prefix: match metadata.international_prefix() {
                Some(pattern) => Some(Prefix::compile(pattern.as_str())?),
                None => None,
            },
            national_prefix: match national_prefix {
                Some(pattern) => Some(Prefix::compile(pattern)?),
                None => None,
            },
            general: whole(descriptors.general())?,
            kinds,
            possible,
            local_only,
        })
    }

    /// Whether a number of any kind has these digits, in number and pattern.
    pub(super) fn has(&self, national: &str) -> bool {
        self.is_general(national)
            && self.kinds.iter().any(|(lengths, pattern)| {
                lengths.contain(national.len()) && pattern.is_match(national)
            })
    }

    /// Whether the digits fit the pattern that all numbers of the region fit.
    pub(super) fn is_general(&self, national: &str) -> bool {
        self.general.is_match(national)
    }

    /// The digits after the prefix for calls abroad, where they have one.
    pub(super) fn after_international_prefix<'a>(&self, digits: &'a str) -> Option<&'a str> {
        let rest = self.international_prefix.as_ref()?.strip(digits)?;
        (!rest.starts_with('0')).then_some(rest)
    }

    /// The digits without the national prefix, where they have one and are a number without it.
    pub(super) fn without_national_prefix<'a>(
        &self,
        digits: &'a str,
        transform: Option<&str>,
    ) -> Option<Cow<'a, str>> {
        let stripped = match (self.national_prefix.as_ref()?, transform) {
            (Prefix::Pattern(pattern), Some(transform)) if pattern.captures_len() > 1 => {
                // Most numbers have no prefix, which is told sooner than what it consists of.
                pattern.find(digits)?;
                let captures = pattern.captures(digits)?;
                match captures.get(captures.len() - 1) {
                    Some(_) => pattern.replace(digits, expand(transform)),
                    None => Cow::Borrowed(digits.get(captures.get(0)?.end()..)?),
                }
            }
            (prefix, _) => Cow::Borrowed(prefix.strip(digits)?),
        };
        let lost = self.general.is_match(digits) && !self.general.is_match(&stripped);
        (!lost).then_some(stripped)
    }

    /// Whether a number so long may be dialled from anywhere, or is merely too long.
    pub(super) fn is_plausible(&self, length: usize) -> bool {
        !self.local_only.contain(length)
            && (self.possible.contain(length) || self.is_too_long(length))
    }

    /// Whether every number of the region is shorter.
    pub(super) fn is_too_long(&self, length: usize) -> bool {
        length >= 32 || self.possible.0 >> length == 0
    }
}

impl Prefix {
    fn compile(pattern: &str) -> Option<Self> {
        if pattern.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Digits(pattern.to_owned()));
        }
        compile(&format!("^(?:{pattern})")).map(Self::Pattern)
    }

    /// The digits after the prefix, where they have it.
    fn strip<'a>(&self, digits: &'a str) -> Option<&'a str> {
        match self {
            Self::Digits(prefix) => digits.strip_prefix(prefix.as_str()),
            Self::Pattern(pattern) => digits.get(pattern.find(digits)?.end()..),
        }
    }
}

impl Lengths {
    fn of(lengths: &[u16]) -> Self {
        let bit = |length: &u16| 1_u32.checked_shl(u32::from(*length)).unwrap_or(0);
        Self(lengths.iter().map(bit).fold(0, |all, bit| all | bit))
    }

    fn contain(self, length: usize) -> bool {
        length < 32 && self.0 >> length & 1 == 1
    }
}

/// `$2` of a transform rule as the braced `${2}`: the next character is often a digit.
fn expand(transform: &str) -> String {
    let mut braced = String::with_capacity(transform.len() + 4);
    let mut characters = transform.chars();
    while let Some(character) = characters.next() {
        if character == '$' {
            let group = characters.next().unwrap_or('0');
            braced.push_str("${");
            braced.push(group);
            braced.push('}');
        } else {
            braced.push(character);
        }
    }
    braced
}

/// The patterns of the metadata are written over several lines, of ASCII digits alone.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern)
        .ignore_whitespace(true)
        .unicode(false)
        .build()
        .ok()
}
