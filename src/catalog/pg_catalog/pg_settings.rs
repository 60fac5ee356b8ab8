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
            row![
                setting.name,
                setting.value.clone(),
                Value::Null,
                "Tributary",
                setting.description,
                Value::Null,
                context,
                "string",
                source,
                Value::Null,
                Value::Null,
                Value::Null,
                setting.default.clone(),
                setting.default,
                Value::Null,
                Value::Null,
                false,
            ]
        });
        let fixed = FIXED.iter().map(|name| {
            let value = sources.setting(name);
            row![
                *name,
                value.clone(),
                Value::Null,
                "Preset Options",
                Value::Null,
                Value::Null,
                "internal",
                "string",
                "default",
                Value::Null,
                Value::Null,
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
    let values = match setting.values.is_empty() {
        true => Value::Null,
        false => Value::Texts(
            setting
                .values
                .iter()
                .map(|value| (*value).to_owned())
                .collect(),
        ),
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
        values,
        setting.default,
        setting.default,
        Value::Null,
        Value::Null,
        false,
    ]
}
