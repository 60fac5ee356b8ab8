//! The settings of a session.

use super::Session;
use crate::catalog::{meant_path, temporary_schema, with_temporary};
use crate::config::SessionSettings;
use crate::error::Result;

impl Session {
    pub(super) fn tell_application_name(&self) {
        let name = self.state.lock().settings().application_name.clone();
        self.instance.sessions.update(self.client.process, |entry| {
            entry.application_name = name;
        });
    }

    /// Takes the settings that changed since the last call and that clients are told of
    /// (ParameterStatus).
    pub fn take_parameter_changes(&self) -> Vec<(String, String)> {
        self.state.lock().take_changed()
    }

    /// A setting's value as text.
    pub fn setting(&self, name: &str) -> Option<String> {
        let value = self.state.lock().settings().get(name);
        value.or_else(|| match name {
            "is_superuser" => self.shown_authorization(name),
            _ => None,
        })
    }

    /// The settings as they were set.
    pub fn own_settings(&self) -> SessionSettings {
        self.state.lock().settings().clone()
    }

    /// The settings as they are now, by which names are looked up.
    pub fn settings(&self) -> SessionSettings {
        let mut settings = self.state.lock().settings().clone();
        let snapshot = self.instance.catalog.snapshot();
        let path = &mut settings.search_path.0;
        *path = meant_path(path, &self.role(), &snapshot);
        let temporary = temporary_schema(self.client.process);
        if snapshot.schema(&temporary).is_some() {
            *path = with_temporary(std::mem::take(path), temporary);
        }
        settings
    }

    /// A number that is another one once a setting has changed; never 0.
    pub fn settings_number(&self) -> u64 {
        self.state.lock().settings_number()
    }

    /// Whether these are its [settings](Self::settings).
    pub fn has_settings(&self, known: &SessionSettings) -> bool {
        self.settings() == *known
    }

    /// Gives a setting a value, or with `None` the one the session began with; `local` is until the
    /// end of the transaction.
    ///
    /// # Errors
    /// 42704 and 22023 for a setting or value that does not exist; 25001 for a mode of the
    /// transaction that can no longer change; 42501 for a role that is none of who asks.
    pub fn set(&self, name: &str, value: Option<&str>, local: bool) -> Result<()> {
        self.setter()(name, value, local)?;
        self.tell_application_name();
        Ok(())
    }

    /// Gives every setting the value that the session began with.
    ///
    /// # Errors
    /// None that the session's start has not met.
    pub fn reset_all(&self) -> Result<()> {
        // The modes of a transaction are no setting of the session.
        SessionSettings::ALL
            .iter()
            .filter(|setting| !setting.name.starts_with("transaction_"))
            .try_for_each(|setting| self.set(setting.name, None, false))
    }
}
