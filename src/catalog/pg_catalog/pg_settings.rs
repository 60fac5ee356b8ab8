//! `pg_settings`: settings, with the session's own values.

use super::table::{Rows, Value, row};

/// Settings that nobody can set.
const FIXED: [&str; 6] = [
    "integer_datetimes",
    "is_superuser",
    "max_identifier_length",
    "server_encoding",
    "server_version",
    "server_version_num",
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
        Ok(rows.chain(fixed).collect())
    },
};
