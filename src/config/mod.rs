//! All that a user can set, in one place: the server's configuration and a session's settings.
//!
//! The doc comment of a setting is its documentation: the reference page, `--help`, the comments of
//! `SHOW ALL` and the view `tributary.settings` are made of it. A server setting is given, first
//! wins, as a flag (`--data-dir`), in the environment (`TRIBUTARY_DATA_DIR`) or in `tributary.toml`
//! (`data_dir = "..."`). A session setting is given with `SET`, and its default in the same three
//! places.

mod values;

pub use values::{ByteSize, Fraction, MemoryLimit, Milliseconds, Names, Secret, Switch, TimeZone};

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result, SqlState, nearest};

/// What is known of a setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name, as in `SHOW`.
    pub name: &'static str,
    /// What it does; the first sentence is the summary.
    pub description: &'static str,
    /// Its default, as text.
    pub default: &'static str,
    /// What values look like.
    pub kind: &'static str,
}

impl Setting {
    /// The description's first sentence.
    pub fn summary(&self) -> &'static str {
        self.description
            .split_once(". ")
            .map_or(self.description.trim_end_matches('.'), |(first, _)| first)
    }

    /// The environment variable.
    pub fn environment(&self) -> String {
        let name = self.name.strip_prefix("tributary.").unwrap_or(self.name);
        format!("TRIBUTARY_{}", name.to_uppercase().replace('.', "_"))
    }

    /// The flag, without its dashes.
    pub fn flag(&self) -> String {
        self.name.to_lowercase().replace('_', "-")
    }
}

/// A type whose values are settings.
pub trait Value: Sized {
    /// What values look like, for the reference.
    const KIND: &'static str;

    /// Reads a value.
    ///
    /// # Errors
    /// What a value of this type must be, as the end of a sentence.
    fn read(text: &str) -> Result<Self, String>;

    /// The value as text.
    fn show(&self) -> String;
}

macro_rules! settings {
    (
        $(#[doc = $struct_doc:literal])*
        $struct:ident {
            $( $(#[doc = $doc:literal])* $field:ident $(as $name:literal)? : $type:ty = $default:literal, )*
        }
    ) => {
        $(#[doc = $struct_doc])*
        #[derive(Clone, Debug)]
        pub struct $struct {
            $( $(#[doc = $doc])* pub $field: $type, )*
        }

        impl $struct {
            /// Every setting, in the order of the reference.
            pub const ALL: &'static [Setting] = &[
                $( Setting {
                    name: settings!(@name $field $($name)?),
                    description: concat!($($doc, "\n"),*).trim_ascii(),
                    default: $default,
                    kind: <$type as Value>::KIND,
                }, )*
            ];

            /// The settings at their defaults.
            ///
            /// # Errors
            /// None, as a test holds every default against its type.
            pub fn defaults() -> Result<Self> {
                Ok(Self { $( $field: read(settings!(@name $field $($name)?), $default)?, )* })
            }

            /// The value of a setting, as text.
            pub fn get(&self, name: &str) -> Option<String> {
                $( if name.eq_ignore_ascii_case(settings!(@name $field $($name)?)) { return Some(self.$field.show()); } )*
                None
            }

            /// Gives a setting a value.
            ///
            /// # Errors
            /// 42704 for a setting that does not exist, naming the nearest; 22023 for a value it cannot have.
            pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
                $( if name.eq_ignore_ascii_case(settings!(@name $field $($name)?)) {
                    self.$field = read(settings!(@name $field $($name)?), value)?;
                    return Ok(());
                } )*
                Err(unknown_setting(name, Self::ALL))
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
}

settings! {
    /// The server's configuration.
    Config {
        /// The folder of SQL that is the project. A model is a file `<schema>/<name>.sql` in it.
        project: PathBuf = "sql",
        /// The folder that holds the catalog and, unless `warehouse` says otherwise, the tables.
        data_dir: PathBuf = ".tributary",
        /// Where the tables are kept. A URL of a folder: `file:///...`, `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`; empty for the folder `tables` in `data_dir`.
        warehouse: String = "",
        /// The address that the server listens on. Port 0 takes any free port, which is printed. An address that others can reach needs a `password`.
        listen: SocketAddr = "127.0.0.1:7432",
        /// The role that clients connect as once there is a password. Without one, any name does.
        user: String = "tributary",
        /// The password of `user`. With it, every client must authenticate, by SCRAM-SHA-256; without, only this machine may connect. Never shown; as a flag, other users of the machine could see it.
        password: Secret = "",
        /// A file that holds the password, such as `/run/secrets/tributary`. Blanks and line ends around the password are left out.
        password_file: PathBuf = "",
        /// How much memory queries may use before they spill to disk. A size such as `4GB`, or a share of the machine such as `50%`.
        memory_limit: MemoryLimit = "50%",
        /// How much disk spilled data may use. A query that needs more ends with an error.
        spill_limit: ByteSize = "100GB",
        /// How many clients may be connected at once.
        max_connections: usize = "100",
        /// How many models are built at once; 0 for one a core.
        jobs: usize = "0",
        /// How many records of each journal (refreshes, check results) are kept.
        journal_size: usize = "10000",
        /// How much is logged to standard error: `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `tributary=debug`.
        log: String = "warn",
    }
}

settings! {
    /// A session's settings, at their defaults until `SET` changes them.
    SessionSettings {
        /// A name for the client, shown in `tributary.sessions`.
        application_name: String = "",
        /// The encoding of text between client and server, which is always UTF-8.
        client_encoding: values::ClientEncoding = "UTF8",
        /// How dates are written. Always ISO; the second part orders day and month in input and is MDY.
        date_style as "DateStyle": values::DateStyle = "ISO, MDY",
        /// How many digits a float is written with. Any value above 0 writes the shortest text that reads back the same.
        extra_float_digits: values::ExtraFloatDigits = "1",
        /// How intervals are written.
        interval_style as "IntervalStyle": values::IntervalStyle = "postgres",
        /// The schemas that unqualified names are looked up in, in order. New objects go to the first.
        search_path: Names = "public",
        /// How long a statement may run. In milliseconds, or with a unit such as `30s` or `5min`; 0 for as long as it takes.
        statement_timeout: Milliseconds = "0",
        /// Whether backslashes in ordinary string literals are literal, which is always so.
        standard_conforming_strings: values::AlwaysOn = "on",
        /// The isolation level that clients ask for. Whatever it is, each statement reads one version of each table.
        transaction_isolation: values::Isolation = "read committed",
        /// The isolation level that transactions begin with.
        default_transaction_isolation: values::Isolation = "read committed",
        /// Whether clients ask for transactions that only read.
        default_transaction_read_only: Switch = "off",
        /// The time zone that timestamps with time zone are shown in. Text without a zone is read as UTC.
        time_zone as "TimeZone": TimeZone = "UTC",
        /// How many partitions a query is worked on in parallel; 0 for one a core.
        target_partitions: usize = "0",
        /// How many rows a batch has that operators pass on.
        batch_size: usize = "8192",
        /// What a bad row of a source does in this session, whatever the source's own `on_error` says. `source` for what the source says, `fail`, or `quarantine`.
        on_error: values::OnError = "source",
        /// From which similarity on `%` takes two texts as alike. From 0 to 1.
        similarity_threshold as "pg_trgm.similarity_threshold": Fraction = "0.3",
        /// From which similarity on `<%` and `%>` find a pattern in a text. From 0 to 1.
        word_similarity_threshold as "pg_trgm.word_similarity_threshold": Fraction = "0.6",
        /// From which similarity on `<<%` and `%>>` find a pattern's words in a text. From 0 to 1.
        strict_word_similarity_threshold as "pg_trgm.strict_word_similarity_threshold": Fraction = "0.5",
        /// Whether joins on a similarity, such as `levenshtein(a, b) <= 2`, use an index rather than compare every pair.
        similarity_join as "tributary.similarity_join": Switch = "on",
        /// The least important messages that are sent to the client.
        client_min_messages: String = "notice",
    }
}

fn read<T: Value>(name: &str, text: &str) -> Result<T> {
    T::read(text.trim()).map_err(|wanted| {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("invalid value for parameter \"{name}\": \"{text}\""),
        )
        .with_hint(format!("The value must be {wanted}."))
    })
}

/// The error of a setting that does not exist.
pub fn unknown_setting(name: &str, known: &[Setting]) -> Error {
    let error = Error::new(
        SqlState::UNDEFINED_OBJECT,
        format!("unrecognized configuration parameter \"{name}\""),
    );
    match nearest(name, known.iter().map(|setting| setting.name)) {
        Some(near) => error.with_hint(format!("Perhaps you meant \"{near}\".")),
        None => error,
    }
}

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
    fn every_default_reads_and_shows_as_itself() {
        let config = Config::defaults().unwrap();
        for setting in Config::ALL {
            assert_eq!(
                config.get(setting.name).unwrap(),
                setting.default,
                "{}",
                setting.name
            );
        }
        let session = SessionSettings::defaults().unwrap();
        for setting in SessionSettings::ALL {
            assert_eq!(
                session.get(setting.name).unwrap(),
                setting.default,
                "{}",
                setting.name
            );
            assert!(!setting.description.is_empty());
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

    #[test]
    fn an_unknown_setting_names_the_nearest() {
        let error = Config::defaults()
            .unwrap()
            .set("data_dri", "x")
            .unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::UNDEFINED_OBJECT);
        assert_eq!(error.hint(), Some("Perhaps you meant \"data_dir\"."));
    }
}
