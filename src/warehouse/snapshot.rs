//! One version of a table: its schema and its files.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::common::Statistics;
use deltalake_core::DeltaTable;
use deltalake_core::kernel::LogicalFileView;

use super::failure::from_delta;
use super::file_stats::FileBounds;
use super::schema::TableSchema;
use super::table_id::TableId;
use crate::error::{Error, Result, SqlState};

/// The table features that files can be read with.
const KNOWN_FEATURES: [&str; 2] = ["columnMapping", "timestampNtz"];

/// A version of a table, as the log tells it. It never changes.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub version: u64,
    pub schema: Arc<TableSchema>,
    /// The files, oldest first.
    pub files: Vec<Arc<DataFile>>,
    /// Of the whole table, without regard to the size of rows in memory.
    pub statistics: Statistics,
    /// The table features in the log.
    pub features: Vec<String>,
}

/// A data file of a version.
#[derive(Debug)]
pub(super) struct DataFile {
    /// Relative to the table.
    pub path: String,
    pub bytes: u64,
    pub modified: DateTime<Utc>,
    pub bounds: FileBounds,
    pub statistics: Arc<Statistics>,
}

impl Snapshot {
    /// Reads what the log tells; files that `previous` has too are taken from there.
    pub fn read(table: &DeltaTable, id: &TableId, previous: Option<&Self>) -> Result<Self> {
        let state = table.snapshot().map_err(|error| from_delta(error, id))?;
        let (metadata, protocol) = (state.metadata(), state.protocol());
        let features: Vec<String> = protocol
            .reader_features()
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect();
        check_readable(&features, metadata.partition_columns(), id)?;
        let schema = match previous.filter(|p| p.schema.delta == *metadata.schema_string()) {
            Some(previous) => Arc::clone(&previous.schema),
            None => Arc::new(
                TableSchema::load(metadata.schema_string(), metadata.configuration())
                    .map_err(|error| error.within(format!("table {id}")))?,
            ),
        };
        let known: HashMap<&str, &Arc<DataFile>> = previous
            .filter(|previous| Arc::ptr_eq(&previous.schema, &schema))
            .map(|previous| {
                previous
                    .files
                    .iter()
                    .map(|f| (f.path.as_str(), f))
                    .collect()
            })
            .unwrap_or_default();
        let mut files = Vec::new();
        for view in state.log_data().iter() {
            if view.deletion_vector_descriptor().is_some() {
                return Err(unreadable(id, "deletion vectors"));
            }
            files.push(match known.get(view.path().as_ref()) {
                Some(file) => Arc::clone(file),
                None => Arc::new(DataFile::read(&view, &schema)),
            });
        }
        files.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
        let of_files = files.iter().map(|file| file.statistics.as_ref());
        let statistics = Statistics::try_merge_iter(of_files, &schema.declared)?;
        Ok(Self {
            version: state.version(),
            schema,
            files,
            statistics,
            features,
        })
    }

    /// The rows, where each file tells.
    pub fn rows(&self) -> Option<u64> {
        self.files.iter().map(|file| file.bounds.rows).sum()
    }

    /// The bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl DataFile {
    fn read(view: &LogicalFileView, schema: &TableSchema) -> Self {
        let bounds = FileBounds::from_json(view.stats().as_deref(), schema);
        let bytes = u64::try_from(view.size()).unwrap_or_default();
        Self {
            path: view.path().into_owned(),
            bytes,
            modified: DateTime::from_timestamp_millis(view.modification_time()).unwrap_or_default(),
            statistics: Arc::new(bounds.statistics(bytes)),
            bounds,
        }
    }
}

fn check_readable(features: &[String], partitions: &[String], id: &TableId) -> Result<()> {
    if let Some(unknown) = features
        .iter()
        .find(|feature| !KNOWN_FEATURES.contains(&feature.as_str()))
    {
        return Err(unreadable(id, &format!("the table feature {unknown}")));
    }
    if !partitions.is_empty() {
        return Err(unreadable(id, "partition columns"));
    }
    Ok(())
}

fn unreadable(id: &TableId, what: &str) -> Error {
    Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("table {id} cannot be read: another engine has given it {what}"),
    )
}
