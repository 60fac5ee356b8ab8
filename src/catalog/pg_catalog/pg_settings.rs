//! `pg_settings`: settings, with the session's own values.

use super::table::{Row, Rows, Value, row};
use crate::catalog::system::SystemSources;
use crate::config::PostgresSetting;

/// Settings that nobody can set.
const FIXED: [&str; 9] = [
    "integer_datetimes",
    "is_superuser",
    "lc_collate",
    "lc_ctype",
    "max_identifier_length",
    "server_encoding",
    "server_version",
    "server_version_num",
    "ssl",
];

pub static TABLE: Rows = Rows {
    of: "pg_settings",
    make: |sources| {
        let settings = sources.settings().into_iter();
        let rows = settings.map(|setting| {
            let context = match setting.settable {
                true => "user",
                false => "postmaster",
            };
            let source = match setting.source.as_str() {
                "configuration" => "configuration file",
                source => source,
            };
            let known = PostgresSetting::of_own(&setting.name);
            let value = in_unit(known, setting.value);
            let default = in_unit(known, setting.default);
            row![
                setting.name,
                value,
                known.and_then(|known| known.unit),
                known.map_or("Tributary", |known| known.category),
                match known {
                    Some(known) => known.description.to_owned(),
                    None => setting.description,
                },
                Value::Null,
                context,
                known.map_or("string", |known| known.kind),
                source,
                known.and_then(|known| known.least),
                known.and_then(|known| known.greatest),
                known.map_or(Value::Null, values),
                default.clone(),
                default,
                Value::Null,
                Value::Null,
                false,
            ]
        });
        let fixed = FIXED.iter().map(|name| {
            let value = sources.setting(name);
            let known = PostgresSetting::of_own(name);
            row![
                *name,
                value.clone(),
                Value::Null,
                "Preset Options",
                known.map(|known| known.description),
                Value::Null,
                "internal",
                known.map_or("string", |known| known.kind),
                "default",
                known.and_then(|known| known.least),
                known.and_then(|known| known.greatest),
                Value::Null,
                value.clone(),
                value,
                Value::Null,
                Value::Null,
                false,
            ]
        });
        let others = PostgresSetting::all().iter();
        let others = others.map(|setting| of_postgres(setting, sources));
        Ok(rows.chain(fixed).chain(others).collect())
    },
};

/// A setting of PostgreSQL that nothing here depends on.
fn of_postgres(setting: &PostgresSetting, sources: &dyn SystemSources) -> Row {
    let value = sources.setting(setting.name).unwrap_or_default();
    let value = setting.in_unit(&value);
    let source = match value == setting.default {
        true => "default",
        false => "session",
    };
    row![
        setting.name,
        value,
        setting.unit,
        setting.category,
        setting.description,
        "Has no effect in this server.",
        setting.context,
        setting.kind,
        source,
        setting.least,
        setting.greatest,
        values(setting),
        setting.default,
        setting.default,
        Value::Null,
        Value::Null,
        false,
    ]
}

/// The values that a setting can have, where these are words.
fn values(setting: &PostgresSetting) -> Value {
    let values = setting.values.iter().map(|value| (*value).to_owned());
    match setting.values.is_empty() {
        true => Value::Null,
        false => Value::Texts(values.collect()),
    }
}

/// A value in the unit that PostgreSQL tells of the setting.
fn in_unit(known: Option<&PostgresSetting>, value: Option<String>) -> Option<String> {
    match known {
        Some(known) => value.map(|value| known.in_unit(&value)),
        None => value,
    }
}
