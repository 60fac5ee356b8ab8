//! Numbers with units, as PostgreSQL's settings have them.

use super::PostgresSetting;
use crate::error::{Error, Result, SqlState};

/// A unit of values, in which a setting's numbers are or may be given.
pub(super) struct Unit {
    /// What a value of 1 is, in the smallest unit of its kind.
    size: f64,
    is_memory: bool,
}

/// Each with its size in bytes.
const MEMORY: [(&str, f64); 5] = [
    ("B", 1.0),
    ("kB", 1024.0),
    ("MB", 1_048_576.0),
    ("GB", 1_073_741_824.0),
    ("TB", 1_099_511_627_776.0),
];

/// Each with its size in microseconds.
const TIME: [(&str, f64); 6] = [
    ("us", 1.0),
    ("ms", 1e3),
    ("s", 1e6),
    ("min", 6e7),
    ("h", 3.6e9),
    ("d", 8.64e10),
];

impl Unit {
    pub(super) fn of(setting: &PostgresSetting) -> Option<Self> {
        let unit = setting.unit?;
        let (count, name) = match unit.strip_prefix('8') {
            Some(name) => (8.0, name),
            None => (1.0, unit),
        };
        let size = |units: &[(&str, f64)]| {
            let found = units.iter().find(|(known, _)| *known == name);
            found.map(|(_, size)| size * count)
        };
        let memory = size(&MEMORY).map(|size| Self {
            size,
            is_memory: true,
        });
        memory.or_else(|| {
            Some(Self {
                size: size(&TIME)?,
                is_memory: false,
            })
        })
    }

    fn units(&self) -> &'static [(&'static str, f64)] {
        if self.is_memory { &MEMORY } else { &TIME }
    }

    /// The value in the largest unit of which it is a whole number.
    pub(super) fn shown(&self, value: f64) -> String {
        if value <= 0.0 {
            return value.to_string();
        }
        let size = value * self.size;
        let fits = |(_, unit): &&(&str, f64)| size % unit == 0.0;
        match self.units().iter().rev().find(fits) {
            Some((name, unit)) => format!("{}{name}", size / unit),
            None => value.to_string(),
        }
    }
}

/// A value as `SHOW` has it.
///
/// # Errors
/// Those of [`in_unit`].
pub(super) fn checked(setting: &PostgresSetting, text: &str) -> Result<String> {
    let value = in_unit(setting, text)?;
    Ok(match Unit::of(setting) {
        Some(unit) => unit.shown(value),
        None => value.to_string(),
    })
}

/// A value in the setting's own unit.
///
/// # Errors
/// 22023 for what is no number, no unit of the setting, or out of its range.
pub(super) fn in_unit(setting: &PostgresSetting, text: &str) -> Result<f64> {
    let unit = Unit::of(setting);
    let trimmed = text.trim();
    let is_number = |character: char| character.is_ascii_digit() || "+-.eE".contains(character);
    // An exponent's letter may also begin a unit; none that is known does.
    let end = trimmed.find(|c| !is_number(c)).unwrap_or(trimmed.len());
    let (number, suffix) = trimmed.split_at(end);
    let value: f64 = number.parse().map_err(|_| setting.invalid(text))?;
    let value = match (suffix.trim(), &unit) {
        ("", _) => value,
        (suffix, Some(unit)) => {
            let found = unit.units().iter().find(|(name, _)| *name == suffix);
            let (_, size) = found.ok_or_else(|| {
                let names = match unit.is_memory {
                    true => "\"B\", \"kB\", \"MB\", \"GB\", and \"TB\"",
                    false => "\"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\"",
                };
                let hint = format!("Valid units for this parameter are {names}.");
                setting.invalid(text).with_hint(hint)
            })?;
            value * size / unit.size
        }
        (_, None) => return Err(setting.invalid(text)),
    };
    let value = match setting.kind {
        "integer" => value.round_ties_even(),
        _ => value,
    };
    let bound = |bound: Option<&str>| bound.and_then(|bound| bound.parse::<f64>().ok());
    let (least, greatest) = (bound(setting.least), bound(setting.greatest));
    let is_within = least.is_none_or(|least| value >= least)
        && greatest.is_none_or(|greatest| value <= greatest);
    if !is_within || !value.is_finite() {
        let unit = setting.unit.map(|unit| format!(" {unit}"));
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!(
                "{value}{} is outside the valid range for parameter \"{}\" ({} .. {})",
                unit.unwrap_or_default(),
                setting.name,
                setting.least.unwrap_or_default(),
                setting.greatest.unwrap_or_default(),
            ),
        ));
    }
    Ok(value)
}
