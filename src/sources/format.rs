//! The file formats.

use std::fmt;

use crate::error::{Error, Result, SqlState, nearest};

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Values between delimiters, a record a line (RFC 4180).
    Csv,
    /// A JSON object a line.
    Json,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow IPC, file or stream.
    Arrow,
    /// Apache Avro object container files.
    Avro,
}

/// The names that `STORED AS` knows.
const NAMES: [(&str, FileFormat); 7] = [
    ("CSV", FileFormat::Csv),
    ("JSON", FileFormat::Json),
    ("NDJSON", FileFormat::Json),
    ("JSONL", FileFormat::Json),
    ("PARQUET", FileFormat::Parquet),
    ("ARROW", FileFormat::Arrow),
    ("AVRO", FileFormat::Avro),
];

impl FileFormat {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Csv,
        Self::Json,
        Self::Parquet,
        Self::Arrow,
        Self::Avro,
    ];

    /// The format that `STORED AS name` means.
    ///
    /// # Errors
    /// 22023 for a name that is none.
    pub fn from_name(name: &str) -> Result<Self> {
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, format)| *format)
            .ok_or_else(|| {
                let names = NAMES.iter().map(|(known, _)| *known);
                let hint = match nearest(name, names.clone()) {
                    Some(known) => format!("Perhaps you meant {known}."),
                    None => format!("The formats are {}.", names.collect::<Vec<_>>().join(", ")),
                };
                Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("unrecognized format \"{name}\""),
                )
                .with_hint(hint)
            })
    }

    /// The endings of its files, by which a folder's files are chosen.
    pub(super) fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Csv => &["csv"],
            Self::Json => &["json", "jsonl", "ndjson"],
            Self::Parquet => &["parquet"],
            Self::Arrow => &["arrow", "arrows", "feather"],
            Self::Avro => &["avro"],
        }
    }

    /// Whether whole files may be compressed; the binary formats compress within.
    pub(super) fn may_be_compressed(self) -> bool {
        matches!(self, Self::Csv | Self::Json)
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Parquet => "PARQUET",
            Self::Arrow => "ARROW",
            Self::Avro => "AVRO",
        })
    }
}
