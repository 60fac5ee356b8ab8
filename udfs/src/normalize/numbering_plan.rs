//! The numbering plans of the world: which digits are a telephone number, region by region.
//!
//! The plans are the metadata of Google's libphonenumber as the `phonenumber` crate carries them;
//! the steps are those of `PhoneNumberUtil.parseHelper` and `isValidNumber` of the same library.
//! The crate's own parser is not used: it does not hold its patterns to the end of a number (too
//! many digits are valid to it), strips the national prefix twice (which loses Russian toll-free
//! numbers), and takes a lock for each of its regular expressions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use phonenumber::Metadata;
use phonenumber::metadata::DATABASE;
use regex::Regex;

use super::numbering_rules::{Rules, compile};
use crate::FunctionError;
use crate::wording::quoted;

/// The longest country calling code.
const CALLING_CODE_DIGITS: usize = 3;

/// How many calling codes there may be.
const CALLING_CODES: usize = 10_usize.pow(CALLING_CODE_DIGITS as u32);

/// All plans, by region and by calling code. Patterns are compiled when a region is first met.
pub(super) static PLANS: LazyLock<Plans> = LazyLock::new(Plans::load);

/// The plans of all regions.
pub(super) struct Plans {
    regions: Vec<Region>,
    by_id: HashMap<&'static str, usize>,
    /// The regions that share a calling code, by that, the main one first.
    by_code: Vec<Vec<usize>>,
}

/// One region: its metadata, and its patterns once they were needed.
pub(super) struct Region {
    metadata: &'static Metadata,
    /// Its calling code, as digits.
    code: String,
    leading_digits: OnceLock<Option<Regex>>,
    rules: OnceLock<Option<Rules>>,
}

impl Plans {
    fn load() -> Self {
        let mut plans = Self {
            regions: Vec::new(),
            by_id: HashMap::new(),
            by_code: vec![Vec::new(); CALLING_CODES],
        };
        let mut all: Vec<&'static Metadata> = DATABASE.iter().collect();
        // The main region of a code comes first, the others by name, as in the metadata file.
        all.sort_by_key(|metadata| (!metadata.is_main_country_for_code(), metadata.id()));
        for metadata in all {
            let index = plans.regions.len();
            plans.by_id.insert(metadata.id(), index);
            if let Some(sharing) = plans.by_code.get_mut(usize::from(metadata.country_code())) {
                sharing.push(index);
            }
            plans.regions.push(Region {
                metadata,
                code: metadata.country_code().to_string(),
                leading_digits: OnceLock::new(),
                rules: OnceLock::new(),
            });
        }
        plans
    }

    /// The region of an ISO 3166 alpha-2 code, in any case; `UK` is read as `GB`.
    pub(super) fn region(&self, code: &str) -> Option<&Region> {
        let code = code.trim();
        if code.len() != 2 || !code.is_ascii() {
            return None;
        }
        let code = code.to_ascii_uppercase();
        let id = if code == "UK" { "GB" } else { code.as_str() };
        self.by_id
            .get(id)
            .and_then(|index| self.regions.get(*index))
    }

    fn sharing(&self, code: u16) -> impl Iterator<Item = &Region> {
        let indexes = self.by_code.get(usize::from(code));
        let indexes = indexes.map_or(&[][..], Vec::as_slice);
        indexes.iter().filter_map(|index| self.regions.get(*index))
    }

    /// Reads digits that were dialled in `region` (no plus sign before them) as E.164.
    pub(super) fn national(&self, digits: &str, region: &Region) -> Option<String> {
        let rules = region.rules()?;
        if let Some(rest) = rules.after_international_prefix(digits) {
            return self.international(rest);
        }
        let code = region.metadata.country_code();
        let national = region
            .after_own_calling_code(rules, digits)
            .unwrap_or(Cow::Borrowed(digits));
        self.valid(code, &region.significant(&national)?)
    }

    /// Reads digits that begin with a calling code as E.164.
    pub(super) fn international(&self, digits: &str) -> Option<String> {
        if digits.starts_with('0') {
            return None;
        }
        for length in 1..=CALLING_CODE_DIGITS {
            let (code, national) = digits.split_at_checked(length)?;
            let code: u16 = code.parse().ok()?;
            if let Some(main) = self.sharing(code).next() {
                return self.valid(code, &main.significant(national)?);
            }
        }
        None
    }

    /// `+code national` where some region with this calling code has such a number.
    fn valid(&self, code: u16, national: &str) -> Option<String> {
        let mut sharing = self.sharing(code);
        let first = sharing.next()?;
        let only = sharing.next().is_none();
        let valid = if only {
            first.has(national)
        } else {
            // The first region whose leading digits fit decides; one without them must fit whole.
            self.sharing(code)
                .find_map(|region| match region.leading_digits() {
                    Some(leading) => leading.is_match(national).then(|| region.has(national)),
                    None => region.has(national).then_some(true),
                })
                .unwrap_or(false)
        };
        valid.then(|| ["+", &first.code, national].concat())
    }
}

impl Region {
    fn leading_digits(&self) -> Option<&Regex> {
        self.leading_digits
            .get_or_init(|| {
                let pattern = self.metadata.leading_digits()?;
                compile(&format!("^(?:{})", pattern.as_str()))
            })
            .as_ref()
    }

    fn rules(&self) -> Option<&Rules> {
        self.rules
            .get_or_init(|| Rules::compile(self.metadata))
            .as_ref()
    }

    /// Whether the region has this number, of any kind.
    fn has(&self, national: &str) -> bool {
        self.rules().is_some_and(|rules| rules.has(national))
    }

    /// The number without its national prefix (the 0 of 020 in Britain), as it is dialled from
    /// abroad.
    fn significant<'a>(&self, national: &'a str) -> Option<Cow<'a, str>> {
        let rules = self.rules()?;
        let transform = self.metadata.national_prefix_transform_rule();
        match rules.without_national_prefix(national, transform) {
            Some(stripped) if rules.is_plausible(stripped.len()) => Some(stripped),
            _ => Some(Cow::Borrowed(national)),
        }
    }

    /// The digits after the region's own calling code, where they begin with it and cannot be
    /// read as a national number.
    fn after_own_calling_code<'a>(&self, rules: &Rules, digits: &'a str) -> Option<Cow<'a, str>> {
        let rest = digits.strip_prefix(&self.code)?;
        let transform = self.metadata.national_prefix_transform_rule();
        let stripped = rules
            .without_national_prefix(rest, transform)
            .unwrap_or(Cow::Borrowed(rest));
        let better = !rules.is_general(digits) && rules.is_general(&stripped);
        (better || rules.is_too_long(digits.len())).then_some(Cow::Borrowed(rest))
    }
}

/// The region that a constant argument names; a constant that names none is a typing error.
pub(super) fn constant_region(
    function: &str,
    region: Option<&str>,
) -> Result<Option<&'static Region>, FunctionError> {
    let Some(code) = region else {
        return Ok(None);
    };
    let Some(region) = PLANS.region(code) else {
        return Err(FunctionError::invalid_argument(format!(
            "{function} knows no region {}",
            quoted(code)
        ))
        .with_hint("Give the ISO 3166 alpha-2 code of a country, such as GB, US or DE."));
    };
    Ok(Some(region))
}

#[cfg(test)]
mod tests;
