//! What settings are while a function runs: `SET name = value | TO value | FROM CURRENT` and
//! `RESET name | ALL`.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::set::{SEARCH_PATH, Set, Setting, SettingValue, parse_setting_name};
use crate::config::{Names, SessionSettings, Value as _};
use crate::error::{Error, Result};

/// By which values are read, compared and written here: a function's own would have to change what is
/// computed in the place of its calls.
const READ_BY: [&str; 8] = [
    "bytea_output",
    "datestyle",
    "extra_float_digits",
    "intervalstyle",
    "pg_trgm.similarity_threshold",
    "pg_trgm.strict_word_similarity_threshold",
    "pg_trgm.word_similarity_threshold",
    "timezone",
];

/// What is said of a setting; a function is kept with values alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctionSetting {
    /// `SET name TO value`, the name in lower case.
    To(String, String),
    /// `SET name FROM CURRENT`.
    FromCurrent(String),
    /// `RESET name` and `SET name TO DEFAULT`.
    Reset(String),
    /// `RESET ALL`.
    ResetAll,
}

impl FunctionSetting {
    /// Parses one, if one is next.
    pub(super) fn take(parser: &mut Parser) -> Parsed<Option<Self>> {
        let is_from_current = parser.peek_word(2).as_deref() == Some("FROM")
            && parser.peek_word(3).as_deref() == Some("CURRENT");
        let place = parser.error_here(Error::unsupported("this setting of a function"));
        let set = match parser.peek_word(0).as_deref() {
            Some("SET") if is_from_current => {
                parser.expect_words(&["SET"])?;
                let name = parse_setting_name(parser)?;
                parser.expect_words(&["FROM", "CURRENT"])?;
                return Ok(Some(Self::FromCurrent(name)));
            }
            Some("SET") => Set::parse_set(parser)?,
            Some("RESET") => Set::parse_reset(parser)?,
            _ => return Ok(None),
        };
        match set {
            Set::Value {
                name,
                value: Some(value),
                local: false,
            } => Ok(Some(Self::To(name, value))),
            Set::Value {
                name,
                value: None,
                local: false,
            }
            | Set::Reset { name } => Ok(Some(Self::Reset(name))),
            Set::ResetAll => Ok(Some(Self::ResetAll)),
            _ => Err(place),
        }
    }

    /// The settings of a function once these changes are made to them; `current` are those of who makes them.
    ///
    /// # Errors
    /// 42704 and 22023 for a setting or value that does not exist; 0A000 for a setting by which values are read.
    pub fn changed(
        before: &[Self],
        changes: &[Self],
        current: &SessionSettings,
    ) -> Result<Vec<Self>> {
        let mut settings = before.to_vec();
        for change in changes {
            let (name, value) = match change {
                Self::ResetAll => {
                    settings.clear();
                    continue;
                }
                Self::Reset(name) => {
                    if current.get(name).is_none() {
                        current.clone().set(name, "")?;
                    }
                    settings.retain(|it| !it.is_of(name));
                    continue;
                }
                Self::To(name, value) => (name, value.clone()),
                Self::FromCurrent(name) => match current.get(name) {
                    Some(value) => (name, value),
                    None => {
                        current.clone().set(name, "")?;
                        continue;
                    }
                },
            };
            current.clone().set(name, &value)?;
            let is_of_transaction = name.starts_with("transaction_");
            if is_of_transaction || READ_BY.contains(&name.as_str()) {
                let error = Error::unsupported(format!("a function with its own {name}"));
                return Err(error.with_hint(
                    "Say it where the value is computed, for example by AT TIME ZONE or to_char.",
                ));
            }
            let setting = Self::To(name.clone(), value);
            match settings.iter_mut().find(|it| it.is_of(name)) {
                Some(known) => *known = setting,
                None => settings.push(setting),
            }
        }
        Ok(settings)
    }

    fn is_of(&self, setting: &str) -> bool {
        match self {
            Self::To(name, _) | Self::FromCurrent(name) | Self::Reset(name) => name == setting,
            Self::ResetAll => false,
        }
    }

    /// The name, as `SHOW ALL` has it, and the value.
    pub fn shown(&self) -> Option<(&str, &str)> {
        let Self::To(name, value) = self else {
            return None;
        };
        let mut known = SessionSettings::ALL.iter();
        let known = known.find(|known| known.name.eq_ignore_ascii_case(name));
        Some((
            known.map_or(name.as_str(), |known| known.name),
            value.as_str(),
        ))
    }

    /// The schemas that names are looked up in, where this is that.
    pub fn search_path(&self) -> Option<Vec<String>> {
        match self {
            Self::To(name, value) if name == SEARCH_PATH => {
                Names::read(value).ok().map(|names| names.0)
            }
            _ => None,
        }
    }
}

impl fmt::Display for FunctionSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::To(name, value) => SettingValue(name, value).fmt(f),
            Self::FromCurrent(name) => write!(f, "SET {} FROM CURRENT", Setting(name)),
            Self::Reset(name) => write!(f, "RESET {}", Setting(name)),
            Self::ResetAll => f.write_str("RESET ALL"),
        }
    }
}
