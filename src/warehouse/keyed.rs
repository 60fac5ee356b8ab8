//! Keyed tables: one row a key, the latest wins.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use super::key_indexes::IndexedKey;
use super::tombstones;
use crate::error::{Error, Result, SqlState, nearest};

/// The table property that keeps it, as JSON.
pub(super) const PROPERTY: &str = "tributary.keyed";

/// What makes a table keyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyed {
    /// The columns whose values no two rows share.
    pub key: Vec<String>,
    /// The columns that tell which of two rows of a key is the later one, compared in order, NULL
    /// first. Without one it is the one that arrives later.
    pub versions: Vec<String>,
    /// The column that tells that a row is deleted.
    pub deleted: Option<String>,
    /// How long it is known that a key was deleted.
    pub tombstone_retention_seconds: u64,
    /// What is kept of the rows of a key.
    #[serde(default)]
    pub merge: Merge,
}

/// The columns of the interval that a row is valid in, where all rows of a key are kept: the last ones.
pub const INTERVAL: [&str; 3] = ["valid_from", "valid_to", "is_current"];

/// What is kept of the rows of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Merge {
    /// The latest of them.
    #[default]
    Row,
    /// Of each column the latest value that is not NULL.
    Column,
    /// All that were valid at some time.
    History,
}

/// The columns of a [`Keyed`] in a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyedColumns {
    pub key: Vec<usize>,
    pub versions: Vec<usize>,
    pub deleted: Option<usize>,
}

impl KeyedColumns {
    /// The columns of a table of so many that belong neither to the key nor to the version.
    pub fn others(&self, width: usize) -> impl Iterator<Item = usize> {
        (0..width).filter(|index| !self.key.contains(index) && !self.versions.contains(index))
    }
}

impl Keyed {
    /// Whether all rows of a key are kept.
    pub fn has_history(&self) -> bool {
        self.merge == Merge::History
    }

    /// Whether of each column the latest value is kept, by versions of its own.
    pub fn merges_by_version(&self) -> bool {
        self.merge == Merge::Column && !self.versions.is_empty()
    }

    /// The columns that no two rows that are shown share the values of.
    pub fn identity(&self) -> Vec<String> {
        let [from, ..] = INTERVAL;
        let from = self.has_history().then(|| from.to_owned());
        self.key.iter().cloned().chain(from).collect()
    }

    /// The columns of a table into which rows with these are put: those of the interval that they are
    /// valid in come behind them.
    ///
    /// # Errors
    /// 42701 for a column of that name; those of [`Self::check`].
    pub fn shown(&self, given: &SchemaRef) -> Result<SchemaRef> {
        if !self.has_history() || has_interval(given) {
            return Ok(Arc::clone(given));
        }
        let Some(version) = self.versions.first() else {
            return Ok(Arc::clone(given));
        };
        let version = given
            .field(find("version_column", version, given)?)
            .data_type();
        if let Some(taken) = INTERVAL.iter().find(|name| given.index_of(name).is_ok()) {
            return Err(Error::new(
                SqlState::DUPLICATE_COLUMN,
                format!("column \"{taken}\" is one that option \"history\" adds"),
            )
            .with_hint("Give the other one another name."));
        }
        let types = [version.clone(), version.clone(), DataType::Boolean];
        let interval = INTERVAL.into_iter().zip(types);
        let interval = interval.map(|(name, of)| Arc::new(Field::new(name, of, true)));
        let fields = given.fields().iter().cloned().chain(interval);
        Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
    }

    /// Checks it against a table's columns.
    ///
    /// # Errors
    /// 42703 for a column that is not there, 42701 for one that is named twice, 42804 for a type
    /// whose values cannot be told apart or put in order, or that does not tell whether a row is
    /// deleted.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        let columns = self.columns(schema)?;
        if self.has_history() && !has_interval(schema) {
            return Err(Error::new(
                SqlState::UNDEFINED_COLUMN,
                format!(
                    "the columns of a history are missing: {}",
                    INTERVAL.join(", ")
                ),
            ));
        }
        for (option, names) in [
            ("unique_key", &self.key),
            ("version_column", &self.versions),
        ] {
            for (place, name) in names.iter().enumerate() {
                if names[..place].contains(name) {
                    return Err(Error::new(
                        SqlState::DUPLICATE_COLUMN,
                        format!("column \"{name}\" appears twice in option \"{option}\""),
                    ));
                }
            }
        }
        for index in &columns.key {
            let field = schema.field(*index);
            if field.data_type().is_nested() || field.data_type().is_floating() {
                return Err(Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!("column \"{}\" cannot be a unique key", field.name()),
                )
                .with_hint(
                    "Keys are texts, numbers without rounding, dates, times and the like.",
                ));
            }
        }
        for index in &columns.versions {
            let field = schema.field(*index);
            if field.data_type().is_nested() {
                return Err(Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!("column \"{}\" cannot tell which row is later", field.name()),
                )
                .with_hint("Versions are times, numbers or texts."));
            }
        }
        let Some(deleted) = columns.deleted.map(|index| schema.field(index)) else {
            return Ok(());
        };
        match deleted.data_type() {
            DataType::Boolean | DataType::Timestamp(..) | DataType::Date32 => Ok(()),
            _ => Err(Error::new(
                SqlState::DATATYPE_MISMATCH,
                format!(
                    "column \"{}\" cannot tell that a row is deleted",
                    deleted.name()
                ),
            )
            .with_hint("It must be boolean, or a date or timestamp that is NULL until then.")),
        }
    }

    /// The index that its rows are looked up in.
    pub fn indexed(&self) -> IndexedKey {
        IndexedKey {
            columns: self.key.clone(),
            versions: self.versions.clone(),
        }
    }

    /// Which rows tell that they are deleted; none where no column can.
    ///
    /// # Errors
    /// 42703 for rows without one of its columns.
    pub fn deletions(&self, rows: &RecordBatch) -> Result<Option<BooleanArray>> {
        let column = self.columns(&rows.schema())?.deleted;
        let told = column.map(|column| tombstones::deleted(rows, column));
        told.transpose()
    }

    /// Where its columns are.
    pub(super) fn columns(&self, schema: &Schema) -> Result<KeyedColumns> {
        let of = |option, names: &[String]| {
            let found = names.iter().map(|name| find(option, name, schema));
            found.collect::<Result<Vec<_>>>()
        };
        let deleted = self.deleted.iter();
        let deleted = deleted.map(|name| find("deleted_column", name, schema));
        Ok(KeyedColumns {
            key: of("unique_key", &self.key)?,
            versions: of("version_column", &self.versions)?,
            deleted: deleted.collect::<Result<Vec<_>>>()?.pop(),
        })
    }
}

/// Whether columns end in those of an interval.
fn has_interval(schema: &Schema) -> bool {
    let names = schema
        .fields()
        .iter()
        .rev()
        .map(|field| field.name().as_str());
    names.take(INTERVAL.len()).eq(INTERVAL.into_iter().rev())
}

fn find(option: &str, name: &str, schema: &Schema) -> Result<usize> {
    schema.index_of(name).map_err(|_| {
        let error = Error::new(
            SqlState::UNDEFINED_COLUMN,
            format!("column \"{name}\" named in option \"{option}\" does not exist"),
        );
        let names = schema.fields().iter().map(|field| field.name().as_str());
        match nearest(name, names) {
            Some(near) => error.with_hint(format!("Perhaps you meant the column \"{near}\".")),
            None => error,
        }
    })
}
