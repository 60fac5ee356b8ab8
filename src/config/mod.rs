//! All that a user can set, in one place: the server's configuration and a session's settings.
//!
//! The doc comment of a setting is its documentation: the reference page, `--help`, the comments of
//! `SHOW ALL` and the view `tributary.settings` are made of it. A server setting is given, first
//! wins, as a flag (`--data-dir`), in the environment (`TRIBUTARY_DATA_DIR`) or in `tributary.toml`
//! (`data_dir = "..."`). A session setting is given with `SET`, and its default in the same three
//! places.

mod choices;
mod client_encoding;
mod configuration;
mod file;
pub mod hba;
mod postgres;
mod values;

pub use client_encoding::ClientEncoding;
pub use configuration::{Configuration, FILE_VARIABLE};
pub use postgres::{PostgresSetting, PostgresSettings};
pub use values::{
    ByteSize, DateStyle, Fraction, MemoryLimit, Milliseconds, Names, Secret, Switch, TimeZone,
};

use std::net::SocketAddr;
use std::path::PathBuf;

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
        let name = name.to_uppercase().replace('.', "_");
        format!("{}{name}", configuration::ENVIRONMENT_PREFIX)
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

    /// Reads a value that takes the place of this one, where a text may leave a part of it as it is.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn changed(&self, text: &str) -> Result<Self, String> {
        Self::read(text)
    }

    /// The value as text.
    fn show(&self) -> String;
}

macro_rules! settings {
    (
        $(#[doc = $struct_doc:literal])*
        $struct:ident {
            $( $(#[doc = $doc:literal])* $field:ident $(as $name:literal)? : $type:ty = $default:literal, )*
        }
        $(else $(#[doc = $others_doc:literal])* $others:ident : $others_type:ty)?
    ) => {
        $(#[doc = $struct_doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $struct {
            $( $(#[doc = $doc])* pub $field: $type, )*
            $( $(#[doc = $others_doc])* pub $others: $others_type, )?
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
                Ok(Self {
                    $( $field: read(settings!(@name $field $($name)?), $default, $default)?, )*
                    $( $others: <$others_type>::default(), )?
                })
            }

            /// The value of a setting, as text.
            pub fn get(&self, name: &str) -> Option<String> {
                $( if name.eq_ignore_ascii_case(settings!(@name $field $($name)?)) { return Some(self.$field.show()); } )*
                $( if let Some(value) = self.$others.get(name) { return Some(value); } )?
                None
            }

            /// Gives a setting a value.
            ///
            /// # Errors
            /// 42704 for a setting that does not exist, naming the nearest; 22023 for a value it cannot have.
            pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
                $( if name.eq_ignore_ascii_case(settings!(@name $field $($name)?)) {
                    self.$field = change(Some(&self.$field), settings!(@name $field $($name)?), value, $default)?;
                    return Ok(());
                } )*
                $( if self.$others.set(name, value)? { return Ok(()); } )?
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
        /// The address that the server listens on. Port 0 takes any free port, which is printed. An address that others can reach needs a `password`, or rules in `hba_file`.
        listen: SocketAddr = "127.0.0.1:7432",
        /// The role that clients connect as once there is a password. Without one, any name does.
        user: String = "tributary",
        /// The password of `user`. With it, every client must authenticate, by SCRAM-SHA-256, or over TLS by SCRAM-SHA-256-PLUS, which binds the exchange to the certificate; without, only this machine may connect. Never shown; as a flag, other users of the machine could see it.
        password: Secret = "",
        /// A file that holds the password, such as `/run/secrets/tributary`. Blanks and line ends around the password are left out.
        password_file: PathBuf = "",
        /// The file of the server's TLS certificate, and those that lead to its authority, in PEM. With it, clients of other machines must use TLS.
        tls_certificate: PathBuf = "",
        /// The file of the key of `tls_certificate`, in PEM.
        tls_key: PathBuf = "",
        /// The file of rules that say who may connect, from where, and by what proof, in the form of PostgreSQL's `pg_hba.conf`. The first rule that is of a client decides; who no rule is of is refused. Without it, all must know their password where there is one. Read again at SIGHUP and by `pg_reload_conf()`, as the files of certificates are.
        hba_file: PathBuf = "",
        /// The file of maps that say which roles the name in a certificate may be, in the form of PostgreSQL's `pg_ident.conf`. Rules name a map by `map=`.
        ident_file: PathBuf = "",
        /// The file of the authorities whose certificates clients may show, in PEM. With it, each client is asked for its certificate, and one of another authority is refused; whether there must be one is for the rules of `hba_file` to say.
        ssl_ca_file: PathBuf = "",
        /// The file of the lists of certificates that the authorities of `ssl_ca_file` have revoked, in PEM. With it, there must be a list of every authority, and none may be over.
        ssl_crl_file: PathBuf = "",
        /// How long a client may take from connecting to being ready for queries.
        authentication_timeout: Milliseconds = "1min",
        /// How much memory queries may use before they spill to disk. A size such as `4GB`, or a share of the machine such as `50%`.
        memory_limit: MemoryLimit = "50%",
        /// How much disk spilled data may use. A query that needs more ends with an error.
        spill_limit: ByteSize = "100GB",
        /// How much memory is for rows that queries have read by a key, so that they and those around them are at hand, and for what indexes tell of where they are. It counts towards `memory_limit`, and is given up when queries need it.
        row_cache: ByteSize = "128MB",
        /// How many clients may be connected at once.
        max_connections: usize = "100",
        /// How many of these connections are kept for superusers, so that they can look when all others are taken.
        superuser_reserved_connections: usize = "3",
        /// How many models are built at once; 0 for one a core.
        jobs: usize = "0",
        /// Whether the files of tables are compacted in the background; `OPTIMIZE` does it in any case. A compaction is a version of its table, with the same rows.
        background_compaction: Switch = "on",
        /// How long what changes in large tables may stay unseen by other engines that read the same files. Where few of many rows change, commits tell this server alone which ones; after so long, and with `OPTIMIZE`, one commit tells all engines. Until then these read an older version, which is a whole one; by the number of a version in between they read that one too. 0 has them see each commit at once, for which much more is written.
        fold_lag: Milliseconds = "5s",
        /// How long the files of old versions stay, in hours: so far back `VERSION AS OF` can read. `VACUUM` may say otherwise.
        vacuum_retention_hours: usize = "168",
        /// How long logs of tables tell of commits, in hours, at least as long as `vacuum_retention_hours`: so far back `DESCRIBE HISTORY` and `table_changes` go. What `VACUUM` then deletes of a log stands in a checkpoint.
        log_retention_hours: usize = "720",
        /// How often the server looks for files of old versions that are to be deleted by `vacuum_retention_hours`; 0 for never. `VACUUM` does it in any case.
        vacuum_interval: Milliseconds = "1h",
        /// Whether the server refreshes materialized views and models by their options `target_lag` and `schedule`. `tributary run` does not in any case.
        scheduler: Switch = "on",
        /// How many refreshes the scheduler runs at once.
        scheduler_jobs: usize = "2",
        /// How often the scheduler repeats a refresh that fails, waiting twice as long each time, from a second to an hour. After that, one with a schedule waits for its next run, and one with a target lag an hour each time, or a minute once a table that it reads has changed. One that succeeds, by hand too, and another definition end the wait. A refresh that a kill of the server has cut off counts as one that fails.
        scheduler_retries: usize = "5",
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
        /// How bytes are written as text: `hex`, or `escape` for the older form, in which bytes that are printed stand for themselves.
        bytea_output: choices::ByteaOutput = "hex",
        /// The encoding of text between client and server: UTF8, or one of PostgreSQL's that have a byte for each character. What it does not have is an error (22P05). Within binary values, such as arrays of text, there is UTF8 alone.
        client_encoding: ClientEncoding = "UTF8",
        /// How dates are written, `ISO`, `SQL`, `Postgres` or `German`, and in which order day, month and year are read where a text leaves it open: `MDY`, `DMY` or `YMD`.
        date_style as "DateStyle": DateStyle = "ISO, MDY",
        /// How many digits a float is written with. Any value above 0 writes the shortest text that reads back the same; 0 and less write 15 digits of a `double precision`, and 6 of a `real`, and so many less.
        extra_float_digits: values::ExtraFloatDigits = "1",
        /// How intervals are written: `postgres`, `postgres_verbose`, `sql_standard` or `iso_8601`.
        interval_style as "IntervalStyle": choices::IntervalStyle = "postgres",
        /// The schemas that unqualified names are looked up in, in order. New objects go to the first. `"$user"` is the schema of the user's name, if there is one; the default is without it, since the user `tributary` has a schema of its name that is the server's.
        search_path: Names = "public",
        /// How long a statement may run. In milliseconds, or with a unit such as `30s` or `5min`; 0 for as long as it takes.
        statement_timeout: Milliseconds = "0",
        /// How long a statement may wait for a table that another transaction changes. In milliseconds, or with a unit; 0 for as long as it takes.
        lock_timeout: Milliseconds = "0",
        /// How long a client may leave a session alone outside a transaction block, before its connection is ended. In milliseconds, or with a unit such as `30s` or `5min`; 0 for as long as it likes.
        idle_session_timeout: Milliseconds = "0",
        /// How long a client may leave a transaction block alone, before its connection is ended. In milliseconds, or with a unit; 0 for as long as it likes.
        idle_in_transaction_session_timeout: Milliseconds = "0",
        /// Whether backslashes in ordinary string literals are literal, which is always so.
        standard_conforming_strings: choices::AlwaysOn = "on",
        /// The isolation level of the transaction. Each statement reads one version of each table; with `repeatable read` and `serializable`, all statements of a transaction read the same. `serializable` is snapshot isolation here, as `repeatable read` is: who changes rows of a table that others have changed since the snapshot gets 40001, but nothing tells of two transactions that each read what the other one changes (write skew), as where both read two tables, and one changes the first and the other the second. Where that matters, all of them lock the tables before they read them, by `SELECT ... FOR UPDATE` or `LOCK TABLE`: the later one then waits, and gets 40001, or, with `read committed`, reads what the earlier one has made.
        transaction_isolation: choices::Isolation = "read committed",
        /// Whether the transaction refuses to write.
        transaction_read_only: Switch = "off",
        /// Whether the transaction may wait for its snapshot, which none here has to.
        transaction_deferrable: Switch = "off",
        /// The isolation level that transactions begin with.
        default_transaction_isolation: choices::Isolation = "read committed",
        /// Whether transactions refuse to write unless they say otherwise. A statement outside of a block is a transaction of its own.
        default_transaction_read_only: Switch = "off",
        /// Whether transactions may wait for their snapshot, which none here has to.
        default_transaction_deferrable: Switch = "off",
        /// The time zone that timestamps with time zone are shown in, and that their days and hours, dates as moments, and texts that name no zone are of.
        time_zone as "TimeZone": TimeZone = "UTC",
        /// How many partitions a query is worked on in parallel; 0 for one a core.
        target_partitions: usize = "0",
        /// How many rows a batch has that operators pass on.
        batch_size: usize = "8192",
        /// What a bad row of a source does in this session, whatever the source's own `on_error` says. `source` for what the source says, `fail`, or `quarantine`.
        on_error: choices::OnError = "source",
        /// From which similarity on `%` takes two texts as alike. From 0 to 1.
        similarity_threshold as "pg_trgm.similarity_threshold": Fraction = "0.3",
        /// From which similarity on `<%` and `%>` find a pattern in a text. From 0 to 1.
        word_similarity_threshold as "pg_trgm.word_similarity_threshold": Fraction = "0.6",
        /// From which similarity on `<<%` and `%>>` find a pattern's words in a text. From 0 to 1.
        strict_word_similarity_threshold as "pg_trgm.strict_word_similarity_threshold": Fraction = "0.5",
        /// Whether joins on a similarity, such as `levenshtein(a, b) <= 2`, use an index rather than compare every pair.
        similarity_join as "tributary.similarity_join": Switch = "on",
        /// The least important messages that are sent to the client: with `warning` no notices, and with `error` no warnings either.
        client_min_messages: choices::MessageLevel = "notice",
    }
    else
    /// Settings of PostgreSQL that have no effect here, and those that clients make up.
    postgres: PostgresSettings
}

fn read<T: Value>(name: &str, text: &str, default: &str) -> Result<T> {
    change(None, name, text, default)
}

fn change<T: Value>(current: Option<&T>, name: &str, text: &str, default: &str) -> Result<T> {
    let trimmed = text.trim();
    // An empty path would be the current folder, which nobody means by it.
    let is_missing = trimmed.is_empty() && !default.is_empty() && T::KIND == PathBuf::KIND;
    let value = match is_missing {
        true => Err("a path".to_owned()),
        false => match current {
            Some(current) => current.changed(trimmed),
            None => T::read(trimmed),
        },
    };
    value.map_err(|wanted| {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("invalid value for parameter \"{name}\": \"{text}\""),
        )
        .with_hint(format!("The value must be {wanted}."))
    })
}

/// The error of a setting that does not exist.
pub fn unknown_setting<'a>(name: &str, known: impl IntoIterator<Item = &'a Setting>) -> Error {
    let error = Error::new(
        SqlState::UNDEFINED_OBJECT,
        format!("unrecognized configuration parameter \"{name}\""),
    );
    match nearest(name, known.into_iter().map(|setting| setting.name)) {
        Some(near) => error.with_hint(format!("Perhaps you meant \"{near}\".")),
        None => error,
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
    fn an_unknown_setting_names_the_nearest() {
        let error = Config::defaults()
            .unwrap()
            .set("data_dri", "x")
            .unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::UNDEFINED_OBJECT);
        assert_eq!(error.hint(), Some("Perhaps you meant \"data_dir\"."));
    }
}
