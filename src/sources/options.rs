//! The options of `CREATE EXTERNAL TABLE`: which there are, what they mean and how they are read.

use datafusion::datasource::file_format::file_compression_type::FileCompressionType;

use super::format::FileFormat;
use crate::error::{Error, Result, SqlState, nearest};
use crate::sql::Options;

/// What is known of one option; the reference pages are made of these.
#[derive(Clone, Copy, Debug)]
pub struct OptionDoc {
    /// The key, as written in `OPTIONS (key 'value')`.
    pub name: &'static str,
    /// The value where the statement says nothing.
    pub default: &'static str,
    /// What it does.
    pub description: &'static str,
    /// The formats that know it.
    pub formats: &'static [FileFormat],
}

use FileFormat::{Arrow, Avro, Csv, Json, Parquet};

/// Every option of a file, in the order of the reference.
pub const FILE_OPTIONS: &[OptionDoc] = &[
    OptionDoc {
        name: "header",
        default: "true",
        description: "Whether the first record of each file names its columns. Columns are then \
            matched by name, file by file; otherwise by position, named column_1, column_2, ... \
            unless they are declared.",
        formats: &[Csv],
    },
    OptionDoc {
        name: "delimiter",
        default: ",",
        description: "The one-byte character between values; \\t is a tab.",
        formats: &[Csv],
    },
    OptionDoc {
        name: "quote",
        default: "\"",
        description: "The one-byte character that encloses values; it quotes only at the start \
            of a value. Empty: nothing is quoted.",
        formats: &[Csv],
    },
    OptionDoc {
        name: "escape",
        default: "the quote",
        description: "The one-byte character that lets a quote, or itself, stand within a quoted \
            value. A doubled quote always stands for one quote.",
        formats: &[Csv],
    },
    OptionDoc {
        name: "null_value",
        default: "",
        description: "The text that means NULL where it is not quoted. As in COPY, an unquoted \
            empty value is NULL by default and a quoted one is an empty string.",
        formats: &[Csv],
    },
    OptionDoc {
        name: "force_null",
        default: "false",
        description: "Whether the text of null_value means NULL also where it is quoted.",
        formats: &[Csv],
    },
    OptionDoc {
        name: "comment",
        default: "none",
        description: "The one-byte character that makes a line a comment where it begins the line.",
        formats: &[Csv],
    },
    OptionDoc {
        name: "trim",
        default: "false",
        description: "Whether white space around values is removed. Around the names of a header \
            it always is.",
        formats: &[Csv],
    },
    OptionDoc {
        name: "on_extra_columns",
        default: "add without declared columns, else fail",
        description: "What a column that a file has and the table lacks means. add: the table gets \
            it at the next REFRESH of what reads it, tributary run or ALTER EXTERNAL TABLE ... \
            REFRESH; until then queries leave it out with a warning, and what stores rows fails. \
            fail: the file fails, and of JSON a row that has it is a bad row. ignore: it is left \
            out, with a warning. The same goes for fields of records within columns. Columns of CSV \
            without a header are not added.",
        formats: FileFormat::ALL,
    },
    OptionDoc {
        name: "on_missing_columns",
        default: "fail for CSV unless columns are added, else warn",
        description: "What a column that the table has and a file lacks means: warn (it is NULL in \
            the file's rows, and the statement says so unless a later file has it), null (it is NULL) or fail. One that is \
            declared NOT NULL must be there. Of JSON, a key that a row lacks is NULL.",
        formats: &[Csv, Parquet, Arrow, Avro],
    },
    OptionDoc {
        name: "sample_rows",
        default: "10000",
        description: "How many rows are read to infer the columns' types.",
        formats: &[Csv, Json],
    },
    OptionDoc {
        name: "on_error",
        default: "fail",
        description: "What a bad row means: fail (the query ends, naming file, line, column and \
            value) or quarantine (the row goes to tributary.rejected_rows and the rest is read). \
            Where a file's column has another type than the table's, a row is bad whose value the \
            table's type does not have: 10.75 is no bigint, and 10.0 is. \
            A damaged file, one without a column it must have, and one whose column has a type that \
            cannot be read as the table's, always fail.",
        formats: FileFormat::ALL,
    },
    OptionDoc {
        name: "compression",
        default: "auto",
        description: "How the files are compressed: auto (by the endings .gz, .zst, .bz2, .xz), \
            none, gzip, zstd, bzip2 or xz.",
        formats: &[Csv, Json],
    },
];

/// What a bad row means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The query fails.
    Fail,
    /// The row is set aside.
    Quarantine,
}

/// What a column means that a file has and the table lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ExtraColumns {
    /// The table is to get it.
    Add,
    /// The file, or a row of JSON, is bad.
    Fail,
    /// It is left out.
    Ignore,
}

/// What a column means that the table has and a file lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissingColumns {
    /// It is NULL, and the statement says so.
    Warn,
    /// It is NULL.
    Null,
    /// The file is bad.
    Fail,
}

/// How the bytes of a CSV file are taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CsvOptions {
    pub header: bool,
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub escape: Option<u8>,
    pub null_value: String,
    pub force_null: bool,
    pub comment: Option<u8>,
    pub trim: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            header: true,
            delimiter: b',',
            quote: Some(b'"'),
            escape: None,
            null_value: String::new(),
            force_null: false,
            comment: None,
            trim: false,
        }
    }
}

/// The options of a file table, read and checked.
#[derive(Clone, Debug)]
pub(super) struct FileOptions {
    pub csv: CsvOptions,
    pub on_error: OnError,
    /// `None`: as [`Self::extra`] says.
    pub on_extra_columns: Option<ExtraColumns>,
    /// `None`: as [`Self::missing`] says.
    pub on_missing_columns: Option<MissingColumns>,
    pub sample_rows: usize,
    /// `None`: by the file's ending.
    pub compression: Option<FileCompressionType>,
    /// What is left for the object store.
    pub store: Vec<(String, String)>,
}

impl FileOptions {
    /// Reads the options of a table in `format`; `is_store_option` knows those of its store, and
    /// `store_options` are the usual ones among them.
    pub fn read(
        options: &Options,
        format: FileFormat,
        is_store_option: impl Fn(&str) -> bool,
        store_options: &[&'static str],
    ) -> Result<Self> {
        let mut read = Self {
            csv: CsvOptions::default(),
            on_error: OnError::Fail,
            on_extra_columns: None,
            on_missing_columns: None,
            sample_rows: 10_000,
            compression: None,
            store: Vec::new(),
        };
        for (key, value) in &options.0 {
            let known = FILE_OPTIONS
                .iter()
                .any(|option| option.name == key && option.formats.contains(&format));
            if known {
                read.set(key, value)?;
            } else if is_store_option(key) {
                read.store.push((key.clone(), value.clone()));
            } else {
                return Err(unknown(key, format, store_options));
            }
        }
        read.csv.check()?;
        Ok(read)
    }

    /// What a column means that a file has and the table lacks.
    pub fn extra(&self, are_declared: bool) -> ExtraColumns {
        match self.on_extra_columns {
            // There is no name to add it by.
            Some(ExtraColumns::Add) | None if !self.csv.header => ExtraColumns::Fail,
            Some(said) => said,
            None if are_declared => ExtraColumns::Fail,
            None => ExtraColumns::Add,
        }
    }

    /// What a column means that the table has and a file lacks.
    pub fn missing(&self, are_declared: bool, format: FileFormat) -> MissingColumns {
        match self.on_missing_columns {
            Some(said) => said,
            // Where columns are added, files from before lack them.
            None if format == Csv && self.extra(are_declared) != ExtraColumns::Add => {
                MissingColumns::Fail
            }
            None => MissingColumns::Warn,
        }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            "header" => self.csv.header = boolean(key, value)?,
            "delimiter" => {
                self.csv.delimiter = byte(key, value)?.ok_or_else(|| {
                    invalid(key, value).with_hint("A delimiter is one character, such as , or ;.")
                })?;
            }
            "quote" => self.csv.quote = byte(key, value)?,
            "escape" => self.csv.escape = byte(key, value)?,
            "null_value" => value.clone_into(&mut self.csv.null_value),
            "force_null" => self.csv.force_null = boolean(key, value)?,
            "comment" => self.csv.comment = byte(key, value)?,
            "trim" => self.csv.trim = boolean(key, value)?,
            "on_extra_columns" => {
                self.on_extra_columns = Some(choice(
                    key,
                    value,
                    &[
                        ("add", ExtraColumns::Add),
                        ("fail", ExtraColumns::Fail),
                        ("ignore", ExtraColumns::Ignore),
                    ],
                )?);
            }
            "on_missing_columns" => {
                self.on_missing_columns = Some(choice(
                    key,
                    value,
                    &[
                        ("warn", MissingColumns::Warn),
                        ("null", MissingColumns::Null),
                        ("fail", MissingColumns::Fail),
                    ],
                )?);
            }
            "sample_rows" => {
                self.sample_rows = value
                    .parse()
                    .ok()
                    .filter(|rows| (1..=10_000_000).contains(rows))
                    .ok_or_else(|| {
                        invalid(key, value).with_hint("Give a number from 1 to 10000000.")
                    })?;
            }
            "on_error" => {
                self.on_error = choice(
                    key,
                    value,
                    &[("fail", OnError::Fail), ("quarantine", OnError::Quarantine)],
                )?;
            }
            "compression" => {
                self.compression = choice(
                    key,
                    value,
                    &[
                        ("auto", None),
                        ("none", Some(FileCompressionType::UNCOMPRESSED)),
                        ("gzip", Some(FileCompressionType::GZIP)),
                        ("zstd", Some(FileCompressionType::ZSTD)),
                        ("bzip2", Some(FileCompressionType::BZIP2)),
                        ("xz", Some(FileCompressionType::XZ)),
                    ],
                )?;
            }
            _ => {
                return Err(Error::internal(format!(
                    "option {key} is listed but not read"
                )));
            }
        }
        Ok(())
    }
}

impl CsvOptions {
    /// No byte can mean two things.
    fn check(&self) -> Result<()> {
        let clash = |what: &str, other: &str| {
            Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("{what} and {other} cannot be the same character"),
            ))
        };
        if self.quote == Some(self.delimiter) {
            return clash("delimiter", "quote");
        }
        if self.escape == Some(self.delimiter) {
            return clash("delimiter", "escape");
        }
        if self.comment == Some(self.delimiter) {
            return clash("delimiter", "comment");
        }
        if self.comment.is_some() && self.comment == self.quote {
            return clash("quote", "comment");
        }
        Ok(())
    }
}

fn invalid(key: &str, value: &str) -> Error {
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("invalid value for option \"{key}\": \"{value}\""),
    )
}

fn unknown(key: &str, format: FileFormat, store_options: &[&'static str]) -> Error {
    let names: Vec<&str> = FILE_OPTIONS
        .iter()
        .filter(|option| option.formats.contains(&format))
        .map(|option| option.name)
        .chain(store_options.iter().copied())
        .collect();
    let error = Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("unrecognized option \"{key}\" of an external table stored as {format}"),
    );
    let meant = match key {
        "separator" | "seperator" | "sep" | "delim" | "field_delimiter" => Some("delimiter"),
        "null" | "nullstr" | "na_values" => Some("null_value"),
        "ignore_errors" | "mode" => Some("on_error"),
        _ => nearest(key, names.iter().copied()),
    };
    match meant.filter(|name| names.contains(name)) {
        Some(name) => error.with_hint(format!("Perhaps you meant the option \"{name}\".")),
        None => error.with_hint(format!("The options are {}.", names.join(", "))),
    }
}

fn boolean(key: &str, value: &str) -> Result<bool> {
    parse_boolean(value).ok_or_else(|| invalid(key, value).with_hint("The value is true or false."))
}

fn choice<T: Copy>(key: &str, value: &str, choices: &[(&'static str, T)]) -> Result<T> {
    choices
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(value))
        .map(|(_, choice)| *choice)
        .ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let hint = match nearest(value, names.iter().copied()) {
                Some(name) => format!("Perhaps you meant \"{name}\"."),
                None => format!("The value is one of {}.", names.join(", ")),
            };
            invalid(key, value).with_hint(hint)
        })
}

fn byte(key: &str, value: &str) -> Result<Option<u8>> {
    match value.as_bytes() {
        [] => Ok(None),
        b"\\t" => Ok(Some(b'\t')),
        [b'\n' | b'\r'] => Err(invalid(key, "a line break")),
        [byte] if byte.is_ascii() => Ok(Some(*byte)),
        _ => Err(invalid(key, value).with_hint("It is one ASCII character.")),
    }
}

/// Reads a boolean as Postgres does.
pub(super) fn parse_boolean(value: &str) -> Option<bool> {
    const WORDS: [(&str, bool); 12] = [
        ("true", true),
        ("t", true),
        ("yes", true),
        ("y", true),
        ("on", true),
        ("1", true),
        ("false", false),
        ("f", false),
        ("no", false),
        ("n", false),
        ("off", false),
        ("0", false),
    ];
    WORDS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(value))
        .map(|(_, boolean)| *boolean)
}
