//! What the server was told at its start: `tributary.toml`, the environment, the flags.

use std::path::Path;

use super::{Config, Secret, SessionSettings};
use crate::error::{Error, Result, SqlState, nearest};

/// What the names of environment variables begin with that are settings.
pub(super) const ENVIRONMENT_PREFIX: &str = "TRIBUTARY_";

/// The environment variable that names the configuration file.
pub const FILE_VARIABLE: &str = "TRIBUTARY_CONFIG";

/// Everything the server was told at its start.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The server's own settings.
    pub server: Config,
    /// What sessions begin with.
    pub session: SessionSettings,
}

impl Configuration {
    /// The defaults, overlaid with the file, then the environment, then the flags.
    ///
    /// `file` is `tributary.toml`; it may be absent unless it was asked for by name.
    ///
    /// # Errors
    /// F0000 for a file that is not TOML; 42704 and 22023 for a setting or value that does not exist.
    pub fn load(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
        flags: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self> {
        let mut configuration = Self {
            server: Config::defaults()?,
            session: SessionSettings::defaults()?,
        };
        if let Some(path) = file {
            configuration.read_file(path)?;
        }
        for setting in Config::ALL.iter().chain(SessionSettings::ALL) {
            if let Some(value) = environment(&setting.environment()) {
                configuration
                    .set(setting.name, &value)
                    .map_err(|error| error.within(setting.environment()))?;
            }
        }
        for (name, value) in flags {
            configuration.set(&name, &value)?;
        }
        Ok(configuration)
    }

    /// Warns of environment variables that are named as settings are, and are none. They may be
    /// another program's, such as those that Kubernetes makes of a service's name.
    pub fn unknown_variables(names: impl IntoIterator<Item = String>) -> Vec<Error> {
        let settings = Config::ALL.iter().chain(SessionSettings::ALL);
        let known: Vec<String> = settings
            .map(|setting| setting.environment())
            .chain([FILE_VARIABLE.to_owned()])
            .collect();
        names
            .into_iter()
            .filter(|name| name.starts_with(ENVIRONMENT_PREFIX) && !known.contains(name))
            .map(|name| {
                let message = format!("the environment variable {name} is no setting");
                let warning = Error::new(SqlState::WARNING, message);
                match nearest(&name, known.iter().map(String::as_str)) {
                    Some(near) => warning.with_hint(format!("Perhaps you meant {near}.")),
                    None => warning,
                }
            })
            .collect()
    }

    fn read_file(&mut self, path: &Path) -> Result<()> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::from(error).within(shown.to_string()))?;
        let table: toml::Table = toml::from_str(&text).map_err(|error| {
            // The line itself is not shown: it may hold the password.
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            Error::new(
                SqlState::CONFIG_FILE_ERROR,
                format!("{shown}: line {line}: {}", error.message()),
            )
        })?;
        let settings = table.into_iter().flat_map(|(name, value)| match value {
            // A name with a dot in it, as in SET.
            toml::Value::Table(inner) => inner
                .into_iter()
                .map(|(last, value)| (format!("{name}.{last}"), value))
                .collect(),
            value => vec![(name, value)],
        });
        for (name, value) in settings {
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Array(items) => items
                    .iter()
                    .map(|item| {
                        item.as_str()
                            .map_or_else(|| item.to_string(), str::to_owned)
                    })
                    .collect::<Vec<_>>()
                    .join(", "),
                other => other.to_string(),
            };
            self.set(&name, &value)
                .map_err(|error| error.within(shown.to_string()))?;
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if SessionSettings::ALL
            .iter()
            .any(|setting| setting.name.eq_ignore_ascii_case(name))
        {
            self.session.set(name, value)
        } else {
            self.server.set(name, value)
        }
    }

    /// The password that clients need, from `password` or `password_file`; `None` where there is none.
    ///
    /// # Errors
    /// F0000 where both are set, or the file is empty; what reading it says.
    pub fn password(&self) -> Result<Option<Secret>> {
        let Config {
            password,
            password_file,
            ..
        } = &self.server;
        if password_file.as_os_str().is_empty() {
            return Ok(Some(password.clone()).filter(|password| !password.is_empty()));
        }
        if !password.is_empty() {
            return Err(Error::new(
                SqlState::CONFIG_FILE_ERROR,
                "password and password_file are both set",
            )
            .with_hint("Set one of them."));
        }
        let shown = format!("password_file: {}", password_file.display());
        let text = std::fs::read_to_string(password_file)
            .map_err(|error| Error::from(error).within(&shown))?;
        match text.trim() {
            "" => Err(Error::new(
                SqlState::CONFIG_FILE_ERROR,
                format!("{shown}: the file is empty"),
            )),
            password => Ok(Some(Secret::new(password))),
        }
    }

    /// The folder of the tables, as a URL.
    ///
    /// # Errors
    /// 22023 where the setting is no URL.
    pub fn warehouse_url(&self) -> Result<url::Url> {
        if self.server.warehouse.is_empty() {
            let folder = std::path::absolute(self.server.data_dir.join("tables"))?;
            return url::Url::from_directory_path(&folder).map_err(|()| {
                Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("data_dir: {} is no path", folder.display()),
                )
            });
        }
        let mut text = self.server.warehouse.clone();
        if !text.ends_with('/') {
            text.push('/');
        }
        url::Url::parse(&text).map_err(|error| {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("warehouse: {text} is no URL: {error}"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_environment_over_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tributary.toml");
        std::fs::write(&file, "project = 'from_file'\ndata_dir = 'from_file'\njobs = 3\nlisten = '127.0.0.1:1'\nstatement_timeout = '5s'\n").unwrap();
        let environment = |name: &str| match name {
            "TRIBUTARY_DATA_DIR" => Some("from_environment".to_owned()),
            "TRIBUTARY_LISTEN" => Some("127.0.0.1:2".to_owned()),
            "TRIBUTARY_SIMILARITY_JOIN" => Some("off".to_owned()),
            _ => None,
        };
        let flags = [("listen".to_owned(), "127.0.0.1:3".to_owned())];
        let loaded = Configuration::load(Some(&file), environment, flags).unwrap();
        assert_eq!(loaded.server.project, Path::new("from_file"));
        assert_eq!(loaded.server.data_dir, Path::new("from_environment"));
        assert_eq!(loaded.server.listen.port(), 3);
        assert_eq!(loaded.server.jobs, 3);
        assert_eq!(loaded.session.statement_timeout.0, 5000);
        assert!(!loaded.session.similarity_join.0);
    }

    #[test]
    fn a_mistyped_variable_is_told() {
        let names = [
            "TRIBUTARY_DATADIR",
            "TRIBUTARY_DATA_DIR",
            "TRIBUTARY_CONFIG",
            "PATH",
        ];
        let warnings = Configuration::unknown_variables(names.map(str::to_owned));
        let [warning] = warnings.as_slice() else {
            panic!("{warnings:?}")
        };
        assert_eq!(
            warning.message(),
            "the environment variable TRIBUTARY_DATADIR is no setting"
        );
        assert_eq!(
            warning.hint(),
            Some("Perhaps you meant TRIBUTARY_DATA_DIR.")
        );
    }

    #[test]
    fn the_password_comes_from_its_setting_or_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, " pencil\n").unwrap();
        let load = |name: &str, value: &str| {
            let flags = [(name.to_owned(), value.to_owned())];
            Configuration::load(None, |_| None, flags).unwrap()
        };
        let revealed = |configuration: &Configuration| {
            configuration
                .password()
                .unwrap()
                .map(|password| password.reveal().to_owned())
        };
        assert_eq!(revealed(&load("jobs", "1")), None);
        let mut set = load("password", "pencil");
        assert_eq!(revealed(&set).as_deref(), Some("pencil"));
        assert_eq!(set.server.get("password").as_deref(), Some("********"));
        assert!(!format!("{set:?}").contains("pencil"));
        set.server.password_file.clone_from(&file);
        assert_eq!(
            set.password().unwrap_err().sqlstate(),
            SqlState::CONFIG_FILE_ERROR
        );
        let from_file = load("password_file", &file.display().to_string());
        assert_eq!(revealed(&from_file).as_deref(), Some("pencil"));
        std::fs::write(&file, "\n").unwrap();
        assert!(from_file.password().is_err());
    }

    #[test]
    fn a_mistake_in_the_file_is_told_by_its_line_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tributary.toml");
        std::fs::write(&file, "jobs = 1\npassword = pencil\n").unwrap();
        let error = Configuration::load(Some(&file), |_| None, []).unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::CONFIG_FILE_ERROR);
        assert!(
            error.message().contains("tributary.toml: line 2: "),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("pencil"), "{error:?}");
    }
}
