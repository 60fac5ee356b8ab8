//! How functions change the settings of their session.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use datafusion::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::error::{DataFusionError, Result};

use crate::FunctionError;

type Set = dyn Fn(&str, &str) -> Result<()> + Send + Sync;

/// What gives a setting of the session, by name, a value as `SET` would; for the next statements,
/// since each has its own copy. Give it to a `SessionConfig` with `with_option_extension`; a
/// function that changes settings is an error in a session without it.
#[derive(Clone, Default)]
pub struct SettingsOfSession(Option<Arc<Set>>);

impl SettingsOfSession {
    /// Settings that `set` changes, given a name and a value.
    pub fn new(set: impl Fn(&str, &str) -> Result<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(set)))
    }

    /// Gives a setting a value.
    pub(crate) fn set(&self, name: &str, value: &str) -> Result<()> {
        match &self.0 {
            Some(set) => set(name, value),
            None => Err(FunctionError::unsupported(format!(
                "the setting \"{name}\" cannot be changed by a function here"
            ))
            .with_hint(format!("Take SET {name} = {value}."))
            .into()),
        }
    }
}

impl fmt::Debug for SettingsOfSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SettingsOfSession")
            .field(&self.0.is_some())
            .finish()
    }
}

impl ConfigExtension for SettingsOfSession {
    const PREFIX: &'static str = "settings_of_session";
}

impl ExtensionOptions for SettingsOfSession {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _value: &str) -> Result<()> {
        Err(DataFusionError::Configuration(format!(
            "there is no setting {}.{key}",
            Self::PREFIX
        )))
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}
