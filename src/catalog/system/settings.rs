//! `tributary.settings`.

use arrow::array::ArrayRef;

use super::column::{Column, ColumnType, boolean, text};
use super::{SystemSources, SystemView};
use crate::error::Result;

/// The settings.
#[derive(Debug)]
pub struct Settings;

/// A setting, as a session sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingInfo {
    /// Its name.
    pub name: String,
    /// Its value in this session; `None` where it has none.
    pub value: Option<String>,
    /// Its value where nobody sets it.
    pub default: Option<String>,
    /// Where the value comes from: `default`, `configuration` or `session`.
    pub source: String,
    /// Whether `SET` can change it.
    pub settable: bool,
    /// What it does.
    pub description: String,
}

static COLUMNS: [Column; 6] = [
    Column::new("name", ColumnType::Text, "The setting's name."),
    Column::new("value", ColumnType::Text, "Its value in this session.").nullable(),
    Column::new(
        "default_value",
        ColumnType::Text,
        "Its value where nobody sets it.",
    )
    .nullable(),
    Column::new(
        "source",
        ColumnType::Text,
        "Where the value comes from: `default`, `configuration` or `session`.",
    ),
    Column::new(
        "settable",
        ColumnType::Boolean,
        "Whether `SET` can change it.",
    ),
    Column::new("description", ColumnType::Text, "What it does."),
];

impl SystemView for Settings {
    fn name(&self) -> &'static str {
        "settings"
    }

    fn description(&self) -> &'static str {
        "The settings with their values in this session."
    }

    fn columns(&self) -> &'static [Column] {
        &COLUMNS
    }

    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>> {
        let all = sources.settings();
        let settings = || all.iter();
        Ok(vec![
            text(settings().map(|setting| Some(&setting.name))),
            text(settings().map(|setting| setting.value.as_ref())),
            text(settings().map(|setting| setting.default.as_ref())),
            text(settings().map(|setting| Some(&setting.source))),
            boolean(settings().map(|setting| Some(setting.settable))),
            text(settings().map(|setting| Some(&setting.description))),
        ])
    }
}
