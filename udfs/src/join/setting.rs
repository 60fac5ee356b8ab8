//! The setting `tributary.similarity_join`.

use std::any::Any;

use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::common::config_err;
use datafusion::error::Result;

/// What is set with the prefix `tributary`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TributaryOptions {
    /// Whether joins on a similarity are planned as `SimilarityJoinExec`, rather than as a nested
    /// loop.
    pub similarity_join: bool,
}

impl Default for TributaryOptions {
    fn default() -> Self {
        Self {
            similarity_join: true,
        }
    }
}

impl TributaryOptions {
    /// Those of a configuration; the defaults, where it was not told of them.
    pub(super) fn of(config: &ConfigOptions) -> Self {
        config.extensions.get::<Self>().cloned().unwrap_or_default()
    }
}

impl ConfigExtension for TributaryOptions {
    const PREFIX: &'static str = "tributary";
}

impl ExtensionOptions for TributaryOptions {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        if key != "similarity_join" {
            return config_err!("there is no setting tributary.{key}");
        }
        self.similarity_join = match value.to_ascii_lowercase().as_str() {
            "on" | "true" => true,
            "off" | "false" => false,
            _ => return config_err!("tributary.similarity_join is on or off, not {value}"),
        };
        Ok(())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        let value = if self.similarity_join { "on" } else { "off" };
        vec![ConfigEntry {
            key: format!("{}.similarity_join", Self::PREFIX),
            value: Some(value.to_string()),
            description: "Whether joins on a similarity, such as levenshtein(a, b) <= 2, use an index rather than compare every pair",
        }]
    }
}
