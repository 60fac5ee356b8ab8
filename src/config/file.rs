//! `tributary.toml`: a line a setting, those with a dot in their names in a table of what stands
//! before it.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{Config, SessionSettings, Setting, unknown_setting};
use crate::error::{Error, Result, SqlState, nearest};

/// A setting of the file.
#[derive(Debug)]
pub(super) struct FileSetting {
    pub name: String,
    /// The value, as a flag would give it.
    pub value: String,
    /// Where it stands, from 1.
    pub line: usize,
}

/// Every setting of a file.
///
/// # Errors
/// F0000 for a file that is not TOML, a setting that does not exist, and a value of another type,
/// with the line; what reading it says.
pub(super) fn read(path: &Path) -> Result<Vec<FileSetting>> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Error::from(error).within(path.display()))?;
    let file = File { path, text: &text };
    let table = DeTable::parse(&text).map_err(|error| {
        // The line itself is not shown: it may hold the password.
        let start = error.span().map_or(0, |span| span.start);
        at_line(path, file.line(start), error.message())
    })?;
    let mut settings = Vec::new();
    for (key, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::Table(inner) => {
                file.check_table(key)?;
                for (last, value) in inner {
                    let name = format!("{}.{}", key.get_ref(), last.get_ref());
                    settings.push(file.setting(name, last, value)?);
                }
            }
            _ => settings.push(file.setting(key.get_ref().to_string(), key, value)?),
        }
    }
    Ok(settings)
}

/// An error in a line of the file.
pub(super) fn at_line(path: &Path, line: usize, message: impl std::fmt::Display) -> Error {
    let message = format!("{}: line {line}: {message}", path.display());
    Error::new(SqlState::CONFIG_FILE_ERROR, message)
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn line(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or_default();
        before.matches('\n').count() + 1
    }

    fn setting(
        &self,
        name: String,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<FileSetting> {
        let line = self.line(key.span().start);
        let setting = all()
            .find(|setting| setting.name.eq_ignore_ascii_case(&name))
            .ok_or_else(|| {
                let unknown = unknown_setting(&name, all());
                let error = at_line(self.path, line, unknown.message());
                match unknown.hint() {
                    Some(hint) => error.with_hint(hint),
                    None => error,
                }
            })?;
        let value = self.value(setting, value).ok_or_else(|| {
            let message = format!("{name} cannot be {}", described(value.get_ref()));
            let wanted = match setting.kind {
                "integer" | "number" => "a number",
                "boolean" | "on" => "true or false",
                "names" => "a list of names",
                _ => "text in quotes",
            };
            at_line(self.path, line, message).with_hint(format!("The value must be {wanted}."))
        })?;
        Ok(FileSetting { name, value, line })
    }

    /// The text of a value whose type can be the setting's.
    fn value(&self, setting: &Setting, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let kinds: &[&str] = match value.get_ref() {
            DeValue::String(text) => return Some(text.to_string()),
            DeValue::Array(items) if setting.kind == "names" => {
                let names: Option<Vec<&str>> =
                    items.iter().map(|item| item.get_ref().as_str()).collect();
                return Some(names?.join(", "));
            }
            DeValue::Integer(_) => &["integer", "number", "size", "size or share", "duration"],
            DeValue::Float(_) => &["number"],
            DeValue::Boolean(_) => &["boolean", "on"],
            _ => &[],
        };
        let written = self.text.get(value.span())?;
        kinds
            .contains(&setting.kind)
            .then(|| written.replace('_', ""))
    }

    fn check_table(&self, key: &Spanned<DeString<'_>>) -> Result<()> {
        let name = key.get_ref();
        let mut tables = all().filter_map(|setting| Some(setting.name.split_once('.')?.0));
        if tables.clone().any(|table| table == name) {
            return Ok(());
        }
        let error = at_line(
            self.path,
            self.line(key.span().start),
            format!("there is no table [{name}]"),
        );
        Err(match nearest(name, &mut tables) {
            Some(near) => error.with_hint(format!("Perhaps you meant [{near}].")),
            None => error.with_hint("Write settings at the top of the file, outside of tables."),
        })
    }
}

fn all() -> impl Iterator<Item = &'static Setting> + Clone {
    Config::ALL.iter().chain(SessionSettings::ALL)
}

fn described(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
