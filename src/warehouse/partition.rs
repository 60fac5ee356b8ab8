//! Partitions: files whose rows share the values of some columns, in folders that are named for these.
//!
//! The log tells the values of each file, as Delta's protocol says, and the folders are those of Hive. The
//! columns are in the files too, for which the protocol has a feature that other writers must know: so
//! whatever reads, prunes, merges or copies files here need not know of partitions.
//!
//! <https://github.com/delta-io/delta/blob/master/PROTOCOL.md#partition-value-serialization>

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use arrow::array::{Array as _, ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use arrow::row::{RowConverter, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::schema::TableSchema;
use super::types::UTC;
use crate::error::{Error, Result, SqlState, nearest};

/// The writer's feature of tables whose files have the columns that they are partitioned by.
pub(super) const FEATURE: &str = "materializePartitionColumns";

/// The folder of rows that have no value.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// The longest name of a folder: file systems take 255 bytes.
const LONGEST_FOLDER: usize = 250;

/// What Hive escapes in names of folders, apart from control characters.
const ESCAPED: &str = "\"#%'*/:=?\\{[]^\u{7f}";

/// The values that the rows of a file have in the columns that a table is partitioned by, as the log has
/// them, by the names that files have for the columns.
pub(super) type PartitionValues = BTreeMap<String, Option<String>>;

/// The rows of a partition: of batches, and in these.
pub(super) struct PartitionRows {
    /// What tells the partition from others.
    pub key: Box<[u8]>,
    pub rows: Vec<(usize, usize)>,
}

/// Tells which rows belong to which partition.
pub(super) struct Partitioning {
    /// The columns, in the order of the folders.
    columns: Vec<usize>,
    /// Their names.
    declared: Vec<String>,
    /// Their names in files.
    names: Vec<String>,
    converter: RowConverter,
}

impl Partitioning {
    /// That of a table; none where it is not partitioned.
    pub fn of(schema: &TableSchema) -> Result<Option<Self>> {
        if schema.partitions.is_empty() {
            return Ok(None);
        }
        let stored = &schema.stored;
        let columns = schema.partitions.iter();
        let columns = columns.map(|name| schema.declared.index_of(name));
        let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
        let fields = columns.iter().map(|column| stored.field(*column));
        let types = fields.clone().map(|field| field.data_type().clone());
        Ok(Some(Self {
            declared: schema.partitions.clone(),
            names: fields.map(|field| field.name().clone()).collect(),
            converter: RowConverter::new(types.map(SortField::new).collect())?,
            columns,
        }))
    }

    /// The rows of batches in the types of files, by partition, in the order in which they come.
    pub fn divide(&self, batches: &[RecordBatch]) -> Result<Vec<PartitionRows>> {
        let mut found: Vec<PartitionRows> = Vec::new();
        let mut places: HashMap<Box<[u8]>, usize> = HashMap::new();
        for (number, batch) in batches.iter().enumerate() {
            let columns = self.columns.iter().map(|column| batch.column(*column));
            let columns: Vec<ArrayRef> = columns.cloned().collect();
            let keys = self.converter.convert_columns(&columns)?;
            for (row, key) in keys.iter().enumerate() {
                let place = match places.get(key.as_ref()) {
                    Some(place) => *place,
                    None => {
                        let key: Box<[u8]> = key.as_ref().into();
                        places.insert(key.clone(), found.len());
                        found.push(PartitionRows {
                            key,
                            rows: Vec::new(),
                        });
                        found.len() - 1
                    }
                };
                if let Some(partition) = found.get_mut(place) {
                    partition.rows.push((number, row));
                }
            }
        }
        Ok(found)
    }

    /// The folder of the partition of a row, which ends with a slash, and its values.
    ///
    /// # Errors
    /// 22023 for an empty text, which Delta takes for NULL; 0A000 for moments that Delta has no text for;
    /// 54000 for values that are too long.
    pub fn values(&self, batch: &RecordBatch, row: usize) -> Result<(String, PartitionValues)> {
        let mut folder = String::new();
        let mut values = PartitionValues::new();
        let columns = self.columns.iter().zip(&self.names);
        for ((column, stored), name) in columns.zip(&self.declared) {
            let value = value(batch.column(*column), row, name)?;
            if value.as_deref() == Some("") {
                return Err(Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!(
                        "column \"{name}\" cannot be empty, for the table is partitioned by it"
                    ),
                )
                .with_hint("Other engines would read NULL: use that, or a word."));
            }
            let start = folder.len();
            escape(stored, &mut folder);
            folder.push('=');
            match &value {
                Some(value) => escape(value, &mut folder),
                None => folder.push_str(NO_VALUE),
            }
            if folder.len() - start > LONGEST_FOLDER {
                return Err(Error::new(
                    SqlState::PROGRAM_LIMIT_EXCEEDED,
                    format!("a value of column \"{name}\" is too long for the name of a folder"),
                )
                .with_detail("The table is partitioned by the column."));
            }
            folder.push('/');
            values.insert(stored.clone(), value);
        }
        Ok((folder, values))
    }
}

/// A value as the log has it.
fn value(column: &ArrayRef, row: usize, name: &str) -> Result<Option<String>> {
    if column.is_null(row) {
        return Ok(None);
    }
    let options = FormatOptions::new()
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.6f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.6f"));
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
    match formatter.value(row).try_to_string() {
        Err(_) if column.data_type().is_temporal() => Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!(
                "column \"{name}\" cannot be infinite or after the year 262142, for the table is \
                 partitioned by it"
            ),
        )
        .with_hint("Use NULL, or a day that stands for it, such as 9999-12-31.")),
        written => Ok(Some(written?)),
    }
}

/// Adds a text to the name of a folder, escaped as Hive does.
fn escape(text: &str, folder: &mut String) {
    for character in text.chars() {
        if character.is_ascii_control() || ESCAPED.contains(character) {
            let _ = write!(folder, "%{:02X}", u32::from(character));
        } else {
            folder.push(character);
        }
    }
}

/// A path within a table as the log has it, a relative URI. A file that goes must be called what it was
/// as it came, so this encodes what delta-rs does, by which files are taken out.
pub(super) fn in_log(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        let stays = byte.is_ascii_graphic() && !b"\\{^}%`]\">[<#|*?".contains(&byte);
        if stays {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Checks which columns a table with these is to be partitioned by.
///
/// # Errors
/// 42703 for one that is not there, 42701 for one that is named twice, 42804 for one whose values are no
/// names of folders, 42P16 where no other column is left.
pub(crate) fn check(schema: &Schema, names: &[String]) -> Result<()> {
    for (place, name) in names.iter().enumerate() {
        let Ok(field) = schema.field_with_name(name) else {
            let error = Error::new(
                SqlState::UNDEFINED_COLUMN,
                format!("column \"{name}\" named in option \"partition_by\" does not exist"),
            );
            let columns = schema.fields().iter().map(|field| field.name().as_str());
            return Err(match nearest(name, columns) {
                Some(near) => error.with_hint(format!("Perhaps you meant the column \"{near}\".")),
                None => error,
            });
        };
        if names.iter().take(place).any(|known| known == name) {
            return Err(Error::new(
                SqlState::DUPLICATE_COLUMN,
                format!("column \"{name}\" appears twice in option \"partition_by\""),
            ));
        }
        let fits = match field.data_type() {
            DataType::Boolean
            | DataType::Decimal128(..)
            | DataType::Date32
            | DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View => true,
            DataType::Timestamp(_, zone) => zone
                .as_deref()
                .is_none_or(|zone| zone == UTC || zone == "+00:00"),
            other => other.is_integer(),
        };
        if !fits {
            return Err(Error::new(
                SqlState::DATATYPE_MISMATCH,
                format!("a table cannot be partitioned by column \"{name}\""),
            )
            .with_hint(
                "Name columns of texts, numbers without rounding, dates, timestamps or booleans.",
            ));
        }
    }
    if !names.is_empty() && names.len() == schema.fields().len() {
        return Err(Error::new(
            SqlState::INVALID_TABLE_DEFINITION,
            "a table cannot be partitioned by all of its columns",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use deltalake_core::kernel::{Action, Remove};

    use super::*;

    #[test]
    fn folders_are_escaped_as_hive_does_and_paths_as_uris() {
        let mut folder = String::new();
        escape("a/b=c d%é\n", &mut folder);
        assert_eq!(folder, "a%2Fb%3Dc d%25é%0A");
        assert_eq!(
            in_log(&format!("x={folder}/part-0.parquet")),
            "x=a%252Fb%253Dc%20d%2525%C3%A9%250A/part-0.parquet"
        );
    }

    #[test]
    fn a_file_goes_by_the_path_that_it_came_by() {
        let path: String = (1..=255_u8).map(char::from).collect();
        let remove = Action::Remove(Remove {
            path: path.clone(),
            ..Remove::default()
        });
        let remove = serde_json::to_value(&remove).unwrap();
        assert_eq!(remove["remove"]["path"], in_log(&path));
    }
}
