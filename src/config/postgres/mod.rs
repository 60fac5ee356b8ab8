//! Settings of PostgreSQL that clients send and that nothing here depends on, such as `work_mem` and
//! `enable_seqscan`, and those that clients make up, such as `my_app.user_id`.
//!
//! A value is checked, kept and shown as PostgreSQL does, and has no effect. Where another value than
//! the default would have to change what statements answer, the default is the only one.

mod number;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::error::{Error, Result, SqlState};
use number::Unit;

/// The settings, a line each: name, default, unit, category, description, context, type, least and
/// greatest value, values. Written by `src/catalog/pg_catalog/data/extract`.
const SETTINGS: &str = include_str!("settings.tsv");

/// Likewise those that are settings of this server, or that nobody can set.
const OWN_SETTINGS: &str = include_str!("own_settings.tsv");

/// Those whose other values would have to change answers.
const ONLY_DEFAULT: [&str; 3] = ["array_nulls", "exit_on_error", "transform_null_equals"];

/// Those that PostgreSQL takes for the sake of its earlier versions, and does not list.
const UNLISTED_SETTINGS: &str = "default_with_oids\toff\t\\N\tVersion and Platform Compatibility / Previous PostgreSQL Versions\tCreate new tables with OIDs by default.\tuser\tbool\t\\N\t\\N\t\\N";

/// So many settings a session may make up.
const MAX_CUSTOM: usize = 1_000;

/// So many bytes the value of one may have.
const MAX_CUSTOM_BYTES: usize = 1 << 20;

/// The first parts of names that clients cannot make up, as these settings are documented.
const RESERVED: [&str; 2] = ["pg_trgm.", "tributary."];

/// What is known of a setting of PostgreSQL.
#[derive(Debug)]
pub struct PostgresSetting {
    /// Its name, as in `SHOW`.
    pub name: &'static str,
    /// Its default, in its unit.
    pub default: &'static str,
    /// The unit of numbers, such as `kB`.
    pub unit: Option<&'static str>,
    /// Where PostgreSQL's documentation has it.
    pub category: &'static str,
    /// What it does in PostgreSQL.
    pub description: &'static str,
    /// Who may change it: `user`, `superuser`, or `internal` for nobody.
    pub context: &'static str,
    /// `bool`, `integer`, `real`, `enum` or `string`.
    pub kind: &'static str,
    /// The least number.
    pub least: Option<&'static str>,
    /// The greatest number.
    pub greatest: Option<&'static str>,
    /// The values of an `enum`.
    pub values: Vec<&'static str>,
}

static KNOWN: LazyLock<Vec<PostgresSetting>> =
    LazyLock::new(|| SETTINGS.lines().filter_map(PostgresSetting::read).collect());

static OWN: LazyLock<Vec<PostgresSetting>> = LazyLock::new(|| {
    OWN_SETTINGS
        .lines()
        .filter_map(PostgresSetting::read)
        .collect()
});

static UNLISTED: LazyLock<Vec<PostgresSetting>> = LazyLock::new(|| {
    UNLISTED_SETTINGS
        .lines()
        .filter_map(PostgresSetting::read)
        .collect()
});

impl PostgresSetting {
    /// What PostgreSQL says of a setting that this server has, too.
    pub fn of_own(name: &str) -> Option<&'static Self> {
        let mut own = OWN.iter();
        own.find(|setting| setting.name.eq_ignore_ascii_case(name))
    }

    /// Every one that is listed, by name.
    pub fn all() -> &'static [Self] {
        &KNOWN
    }

    /// A value that `SHOW` has, in the setting's unit, as `pg_settings` has it.
    pub fn in_unit(&self, shown: &str) -> String {
        let number = self.unit.and_then(|_| number::in_unit(self, shown).ok());
        number.map_or_else(|| shown.to_owned(), |number| number.to_string())
    }

    fn find(name: &str) -> Option<&'static Self> {
        let mut known = KNOWN.iter().chain(UNLISTED.iter());
        known.find(|setting| setting.name.eq_ignore_ascii_case(name))
    }

    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut next = || {
            fields
                .next()
                .map(|field| Some(field).filter(|f| *f != "\\N"))
        };
        let setting = Self {
            name: next()??,
            default: next()?.unwrap_or_default(),
            unit: next()?,
            category: next()??,
            description: next()??,
            context: next()??,
            kind: next()??,
            least: next()?,
            greatest: next()?,
            values: next()?.map_or_else(Vec::new, |values| {
                let values = values.trim_start_matches('{').trim_end_matches('}');
                values
                    .split(',')
                    .map(|value| value.trim_matches('"'))
                    .collect()
            }),
        };
        Some(setting)
    }

    /// The value as `SHOW` has it.
    ///
    /// # Errors
    /// 22023 for a value that the setting cannot have, 0A000 for one that PostgreSQL has no more, 55P02 where
    /// nobody can change it.
    fn checked(&self, value: &str) -> Result<String> {
        if self.context == "internal" {
            return Err(Error::new(
                SqlState::CANT_CHANGE_RUNTIME_PARAM,
                format!("parameter \"{}\" cannot be changed", self.name),
            ));
        }
        let shown = match self.kind {
            "bool" => self.switch(value)?,
            "integer" | "real" => number::checked(self, value)?,
            "enum" => self.choice(value)?,
            _ => value.to_owned(),
        };
        if self.name == "default_with_oids" && shown != self.default {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "tables declared WITH OIDS are not supported",
            ));
        }
        if ONLY_DEFAULT.contains(&self.name) && shown != self.default {
            return Err(self.invalid(value).with_hint(format!(
                "The value must be {}: this server has no other.",
                self.default
            )));
        }
        Ok(shown)
    }

    fn switch(&self, value: &str) -> Result<String> {
        let on = switched(value).ok_or_else(|| {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("parameter \"{}\" requires a Boolean value", self.name),
            )
        })?;
        Ok(if on { "on" } else { "off" }.to_owned())
    }

    fn choice(&self, value: &str) -> Result<String> {
        let same = |known: &&&str| known.eq_ignore_ascii_case(value);
        let found = self.values.iter().find(same).copied().or_else(|| {
            // `true` where `on` is one of several values.
            let on = if switched(value)? { "on" } else { "off" };
            self.values.iter().find(|known| **known == on).copied()
        });
        let hint = || format!("Available values: {}.", self.values.join(", "));
        let found = found.ok_or_else(|| self.invalid(value).with_hint(hint()))?;
        Ok(found.to_owned())
    }

    fn invalid(&self, value: &str) -> Error {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("invalid value for parameter \"{}\": \"{value}\"", self.name),
        )
    }

    /// The default as `SHOW` has it.
    fn shown_default(&self) -> String {
        match (self.kind, Unit::of(self)) {
            ("integer" | "real", Some(unit)) => unit.shown(self.default.parse().unwrap_or(0.0)),
            _ => self.default.to_owned(),
        }
    }
}

/// What a switch's value says, as PostgreSQL reads it: also the beginnings of words.
fn switched(value: &str) -> Option<bool> {
    let value = value.to_ascii_lowercase();
    let begins = |word: &str, least: usize| value.len() >= least && word.starts_with(&value);
    if begins("true", 1) || begins("yes", 1) || begins("on", 2) || value == "1" {
        return Some(true);
    }
    let off = begins("false", 1) || begins("no", 1) || begins("off", 2) || value == "0";
    off.then_some(false)
}

/// The values that a session has given to such settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PostgresSettings(Arc<BTreeMap<String, String>>);

impl PostgresSettings {
    /// The value of a setting, as `SHOW` has it.
    pub fn get(&self, name: &str) -> Option<String> {
        let given = self.0.get(&name.to_ascii_lowercase()).cloned();
        given.or_else(|| Some(PostgresSetting::find(name)?.shown_default()))
    }

    /// Gives a setting a value; tells whether there is such a setting.
    ///
    /// # Errors
    /// 22023 for a value that the setting cannot have, 55P02 where nobody can change it, 42602 for a
    /// name that cannot be made up, 54000 for too much of what is made up.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool> {
        let value = match PostgresSetting::find(name) {
            Some(setting) => setting.checked(value)?,
            None if is_custom(name)? => {
                self.check_room(name, value)?;
                value.to_owned()
            }
            None => return Ok(false),
        };
        Arc::make_mut(&mut self.0).insert(name.to_ascii_lowercase(), value);
        Ok(true)
    }

    fn check_room(&self, name: &str, value: &str) -> Result<()> {
        let custom = self.0.keys().filter(|name| name.contains('.')).count();
        let limit = if value.len() > MAX_CUSTOM_BYTES {
            format!("the value of a parameter may have {MAX_CUSTOM_BYTES} bytes")
        } else if custom >= MAX_CUSTOM && !self.0.contains_key(&name.to_ascii_lowercase()) {
            format!("a session may have {MAX_CUSTOM} parameters of its own")
        } else {
            return Ok(());
        };
        Err(Error::new(
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            format!("parameter \"{name}\" cannot be kept"),
        )
        .with_detail(limit))
    }
}

/// Whether a client may make the name up: it has two or more parts.
fn is_custom(name: &str) -> Result<bool> {
    let lower = name.to_ascii_lowercase();
    if !name.contains('.') || RESERVED.iter().any(|prefix| lower.starts_with(prefix)) {
        return Ok(false);
    }
    let is_first = |character: char| character.is_alphabetic() || character == '_';
    let is_identifier = |part: &str| {
        part.starts_with(is_first)
            && part
                .chars()
                .all(|c| is_first(c) || c.is_ascii_digit() || c == '$')
    };
    if name.split('.').all(is_identifier) {
        return Ok(true);
    }
    Err(Error::new(
        SqlState::INVALID_NAME,
        format!("invalid configuration parameter name \"{name}\""),
    )
    .with_detail(
        "Custom parameter names must be two or more simple identifiers separated by dots.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, value: &str) -> Result<String> {
        let mut settings = PostgresSettings::default();
        assert!(settings.set(name, value)?, "{name}");
        Ok(settings.get(name).unwrap())
    }

    #[test]
    fn every_default_can_be_set_and_shows_as_itself() {
        assert!(PostgresSetting::all().len() > 150);
        for setting in PostgresSetting::all() {
            let shown = setting.shown_default();
            if setting.context != "internal" {
                assert_eq!(
                    set(setting.name, &shown).unwrap(),
                    shown,
                    "{}",
                    setting.name
                );
            }
        }
    }

    #[test]
    fn values_show_as_in_postgresql() {
        for (name, value, shown) in [
            ("work_mem", "3MB", "3MB"),
            ("work_mem", "1.5GB", "1536MB"),
            ("WORK_MEM", "4096", "4MB"),
            ("effective_cache_size", "1", "8kB"),
            ("vacuum_cost_delay", "1.5", "1500us"),
            ("vacuum_cost_delay", "1500us", "1500us"),
            ("deadlock_timeout", "2min", "2min"),
            ("seq_page_cost", "1.0", "1"),
            ("enable_seqscan", "f", "off"),
            ("synchronous_commit", "TRUE", "on"),
            ("xmloption", "Document", "document"),
            ("lc_monetary", "C", "C"),
        ] {
            assert_eq!(set(name, value).unwrap(), shown, "{name} = {value}");
        }
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        for (name, value, message) in [
            (
                "work_mem",
                "1",
                "1 kB is outside the valid range for parameter \"work_mem\" (64 .. 2147483647)",
            ),
            (
                "work_mem",
                "5 XB",
                "invalid value for parameter \"work_mem\": \"5 XB\"",
            ),
            (
                "enable_seqscan",
                "maybe",
                "parameter \"enable_seqscan\" requires a Boolean value",
            ),
            (
                "xmloption",
                "x",
                "invalid value for parameter \"xmloption\": \"x\"",
            ),
            (
                "geqo_threshold",
                "a",
                "invalid value for parameter \"geqo_threshold\": \"a\"",
            ),
            (
                "block_size",
                "1",
                "parameter \"block_size\" cannot be changed",
            ),
            (
                "array_nulls",
                "off",
                "invalid value for parameter \"array_nulls\": \"off\"",
            ),
            ("a.1", "x", "invalid configuration parameter name \"a.1\""),
        ] {
            assert_eq!(set(name, value).unwrap_err().message(), message);
        }
    }

    #[test]
    fn what_clients_make_up_is_kept_within_limits() {
        assert_eq!(set("My_App.user_id", " 7 ").unwrap(), " 7 ");
        let mut settings = PostgresSettings::default();
        assert!(!settings.set("tributary.nonsense", "1").unwrap());
        assert!(!settings.set("nonsense", "1").unwrap());
        assert_eq!(settings.get("my_app.user_id"), None);
        for number in 0..MAX_CUSTOM {
            settings.set(&format!("a.b{number}"), "x").unwrap();
        }
        settings.set("A.B0", "y").unwrap();
        assert_eq!(settings.get("a.b0").as_deref(), Some("y"));
        let error = settings.set("a.c", "x").unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::PROGRAM_LIMIT_EXCEEDED);
    }
}
