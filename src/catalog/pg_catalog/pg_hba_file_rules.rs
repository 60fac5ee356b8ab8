//! `pg_hba_file_rules` and `pg_ident_file_mappings`: the lines of the files of access rules as they are
//! now, with what is wrong with them.

use std::path::PathBuf;

use super::table::{Row, Rows, Value, row};
use crate::catalog::system::SystemSources;
use crate::config::hba::{self, ShownMapping, ShownRule};

/// The path of a file of rules that a setting names, which is read as it is now; none where it is not set.
fn file(sources: &dyn SystemSources, setting: &str) -> Option<PathBuf> {
    sources.tell_more();
    path(sources, setting)
}

/// The path that a setting names; none where it is not set.
fn path(sources: &dyn SystemSources, setting: &str) -> Option<PathBuf> {
    let path = sources.setting(setting).filter(|path| !path.is_empty());
    path.map(PathBuf::from)
}

fn number(line: usize) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

pub static TABLE: Rows = Rows {
    of: "pg_hba_file_rules",
    make: |sources| {
        let Some(file) = file(sources, "hba_file") else {
            return Ok(Vec::new());
        };
        let has_certificate = path(sources, "tls_certificate").is_some();
        let lines = hba::shown(&file, has_certificate)?;
        Ok(lines.into_iter().map(rule).collect())
    },
};

fn rule(shown: ShownRule) -> Row {
    let Some(rule) = shown.rule else {
        let mut row = row![number(shown.line)];
        row.resize(8, Value::Null);
        row.push(Value::from(shown.error));
        return row;
    };
    let options = Some(rule.options).filter(|options| !options.is_empty());
    row![
        number(shown.line),
        rule.connections,
        Value::Texts(rule.databases),
        Value::Texts(rule.users),
        rule.address,
        rule.netmask,
        rule.method,
        Value::texts(options),
        shown.error,
    ]
}

pub static MAPPINGS: Rows = Rows {
    of: "pg_ident_file_mappings",
    make: |sources| {
        let Some(file) = file(sources, "ident_file") else {
            return Ok(Vec::new());
        };
        let lines = hba::shown_mappings(&file)?;
        Ok(lines.into_iter().map(mapping).collect())
    },
};

fn mapping(shown: ShownMapping) -> Row {
    let [map, name, role] = match shown.mapping {
        Some(texts) => texts.map(Value::from),
        None => [Value::Null, Value::Null, Value::Null],
    };
    row![number(shown.line), map, name, role, shown.error]
}
