//! What the server was told at its start: `tributary.toml`, the environment, the flags.

use std::path::{Component, Path, PathBuf};

use super::file::{self, FileSetting};
use super::{Config, Secret, SessionSettings, Setting, unknown_setting};
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
        // What all of them begin with would make any two alike.
        let without_prefix = |name: &'_ str| name[ENVIRONMENT_PREFIX.len()..].to_owned();
        let endings: Vec<String> = known.iter().map(|name| without_prefix(name)).collect();
        names
            .into_iter()
            .filter(|name| name.starts_with(ENVIRONMENT_PREFIX) && !known.contains(name))
            .map(|name| {
                let message = format!("the environment variable {name} is no setting");
                let warning = Error::new(SqlState::WARNING, message);
                let ending = without_prefix(&name);
                match nearest(&ending, endings.iter().map(String::as_str)) {
                    Some(near) => {
                        warning.with_hint(format!("Perhaps you meant {ENVIRONMENT_PREFIX}{near}."))
                    }
                    None => warning,
                }
            })
            .collect()
    }

    fn read_file(&mut self, path: &Path) -> Result<()> {
        for FileSetting { name, value, line } in file::read(path)? {
            self.set(&name, &value).map_err(|error| {
                let told = file::at_line(path, line, error.message());
                match error.hint() {
                    Some(hint) => told.with_hint(hint),
                    None => told,
                }
            })?;
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let is_among = |settings: &[Setting]| {
            let mut names = settings.iter().map(|setting| setting.name);
            names.any(|known| known.eq_ignore_ascii_case(name))
        };
        if is_among(SessionSettings::ALL) {
            self.session.set(name, value)
        } else if is_among(Config::ALL) {
            self.server.set(name, value)
        } else {
            let all = Config::ALL.iter().chain(SessionSettings::ALL);
            Err(unknown_setting(name, all))
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
            let folder = without_parents(&folder);
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

/// A path without `..`, which paths of object stores do not have. As the file system reads it, a link
/// before `..` is followed; what does not exist yet is no link.
fn without_parents(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part != Component::ParentDir {
            plain.push(part);
            continue;
        }
        if let Ok(followed) = plain.canonicalize() {
            plain = followed;
        }
        plain.pop();
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_dir_may_go_up() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(folder.join("far/away")).unwrap();
        std::os::unix::fs::symlink(folder.join("far/away"), folder.join("link")).unwrap();
        for (written, meant) in [
            ("project/../data", "data"),
            ("far/away/../data", "far/data"),
            ("far/away/../../data", "data"),
            ("link/../data", "far/data"),
            ("link/data", "link/data"),
        ] {
            let data_dir = folder.join(written).display().to_string();
            let flags = [("data_dir".to_owned(), data_dir)];
            let loaded = Configuration::load(None, |_| None, flags).unwrap();
            let tables = folder.join(meant).join("tables");
            let url = url::Url::from_directory_path(tables).unwrap();
            assert_eq!(loaded.warehouse_url().unwrap(), url, "{written}");
        }
    }

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
        for (wrong, right) in [
            ("TRIBUTARY_DATADIR", Some("TRIBUTARY_DATA_DIR")),
            ("TRIBUTARY_MEMROY", Some("TRIBUTARY_MEMORY_LIMIT")),
            ("TRIBUTARY_PASWSORD", Some("TRIBUTARY_PASSWORD")),
            ("TRIBUTARY_CONIFG", Some("TRIBUTARY_CONFIG")),
            ("TRIBUTARY_SERVICE_HOST", None),
        ] {
            let names = [wrong, "TRIBUTARY_DATA_DIR", "TRIBUTARY_CONFIG", "PATH"];
            let warnings = Configuration::unknown_variables(names.map(str::to_owned));
            let [warning] = warnings.as_slice() else {
                panic!("{warnings:?}")
            };
            let message = format!("the environment variable {wrong} is no setting");
            assert_eq!(warning.message(), message);
            let hint = right.map(|right| format!("Perhaps you meant {right}."));
            assert_eq!(warning.hint(), hint.as_deref());
        }
    }

    #[test]
    fn a_mistake_in_the_file_names_its_line_and_the_nearest_setting() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tributary.toml");
        for (text, line, message, hint) in [
            (
                "jobs = 1\ndata_dri = 'x'",
                2,
                "unrecognized configuration parameter \"data_dri\"",
                "Perhaps you meant \"data_dir\".",
            ),
            (
                "statement_timeuot = 5",
                1,
                "unrecognized configuration parameter \"statement_timeuot\"",
                "Perhaps you meant \"statement_timeout\".",
            ),
            (
                "data_dir = 5",
                1,
                "data_dir cannot be a number",
                "The value must be text in quotes.",
            ),
            (
                "password = 1234",
                1,
                "password cannot be a number",
                "The value must be text in quotes.",
            ),
            (
                "jobs = true",
                1,
                "jobs cannot be true or false",
                "The value must be a number.",
            ),
            (
                "data_dir = ''",
                1,
                "invalid value for parameter \"data_dir\": \"\"",
                "The value must be a path.",
            ),
            (
                "jobs = 1\n\n[foo]",
                3,
                "there is no table [foo]",
                "Write settings at the top of the file, outside of tables.",
            ),
            (
                "[pg_trmg]\nsimilarity_threshold = 0.5",
                1,
                "there is no table [pg_trmg]",
                "Perhaps you meant [pg_trgm].",
            ),
            (
                "[pg_trgm]\nsimilarity = 0.5",
                2,
                "unrecognized configuration parameter \"pg_trgm.similarity\"",
                "Perhaps you meant \"pg_trgm.similarity_threshold\".",
            ),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = Configuration::load(Some(&file), |_| None, []).unwrap_err();
            assert_eq!(error.sqlstate(), SqlState::CONFIG_FILE_ERROR, "{text}");
            let told = format!("{}: line {line}: {message}", file.display());
            assert_eq!(error.message(), told);
            assert_eq!(error.hint(), Some(hint), "{text}");
        }
    }

    #[test]
    fn a_file_has_values_of_every_type() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tributary.toml");
        let text = "jobs = 1_0\nmemory_limit = '1GB'\nspill_limit = 4096\nsearch_path = ['a', 'b']\n\
                    statement_timeout = 250\n[pg_trgm]\nsimilarity_threshold = 0.5\n\
                    [tributary]\nsimilarity_join = false\n";
        std::fs::write(&file, text).unwrap();
        let loaded = Configuration::load(Some(&file), |_| None, []).unwrap();
        assert_eq!(loaded.server.jobs, 10);
        assert_eq!(loaded.server.spill_limit.0, 4096);
        assert_eq!(loaded.session.search_path.0, ["a", "b"]);
        assert_eq!(loaded.session.statement_timeout.0, 250);
        assert_eq!(loaded.session.similarity_threshold.0, 0.5);
        assert!(!loaded.session.similarity_join.0);
    }

    #[test]
    fn a_folder_cannot_be_empty() {
        for name in ["data_dir", "project"] {
            let flags = [(name.to_owned(), String::new())];
            let error = Configuration::load(None, |_| None, flags).unwrap_err();
            assert_eq!(error.sqlstate(), SqlState::INVALID_PARAMETER_VALUE);
        }
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
