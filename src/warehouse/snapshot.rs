//! One version of a table: its schema and its files.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use datafusion::common::Statistics;
use deltalake_core::DeltaTable;
use deltalake_core::kernel::{Action, Add, DeletionVectorDescriptor, LogicalFileView};
use serde_json::Value;

use super::deletion_vector::{self, DeletionVector};
use super::failure::from_delta;
use super::file_stats::FileBounds;
use super::partition::{self, PartitionValues};
use super::patch::{FOLDED, Patch, Patched};
use super::place::Place;
use super::schema::TableSchema;
use super::table_id::TableId;
use super::tombstones;
use super::writer::NewVector;
use crate::error::{Error, Result, SqlState};

/// The table features that files can be read with.
const KNOWN_FEATURES: [&str; 3] = ["columnMapping", deletion_vector::FEATURE, "timestampNtz"];

/// A version of a table, as the log tells it. It never changes.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub version: u64,
    /// When it was committed, in milliseconds of the epoch, where that is known without a look at the
    /// log.
    pub time: Option<i64>,
    /// The id of the table in the log.
    pub id: String,
    /// The table's properties.
    configuration: HashMap<String, String>,
    pub schema: Arc<TableSchema>,
    /// The files, oldest first.
    pub files: Vec<Arc<DataFile>>,
    /// Of the whole table, without regard to the size of rows in memory.
    pub statistics: Statistics,
    /// The table features in the log.
    pub features: Vec<String>,
    /// Whether files hold the columns that they are partitioned by.
    pub is_partitioned: bool,
    /// What patches have changed since other engines know all of the table.
    pub patched: Option<Patched>,
}

/// A data file of a version.
#[derive(Debug)]
pub(super) struct DataFile {
    /// Relative to the table.
    pub path: String,
    /// Its path on the store, once somebody has asked for it.
    location: OnceLock<Arc<str>>,
    pub bytes: u64,
    pub modified: DateTime<Utc>,
    pub bounds: FileBounds,
    pub statistics: Arc<Statistics>,
    /// The statistics as the log has them.
    pub stats: Option<String>,
    /// The rows that are gone, if any.
    pub gone: Option<DeletionVector>,
    /// What its rows share, of a table that is partitioned.
    pub partition: PartitionValues,
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
        let partitions = metadata.partition_columns();
        let of_writers = protocol.writer_features().unwrap_or_default();
        let mut of_writers = of_writers.iter().map(ToString::to_string);
        let is_partitioned = of_writers.any(|feature| feature == partition::FEATURE);
        check_readable(&features, is_partitioned || partitions.is_empty(), id)?;
        // The declared types stand in the configuration.
        let schema = match previous.filter(|previous| {
            previous.schema.delta == *metadata.schema_string()
                && previous.configuration == *metadata.configuration()
                && previous.schema.partitions == *partitions
        }) {
            Some(previous) => Arc::clone(&previous.schema),
            None => Arc::new(
                TableSchema::load(
                    metadata.schema_string(),
                    metadata.configuration(),
                    partitions,
                )
                .map_err(|error| error.within(format!("table {id}")))?,
            ),
        };
        let known: HashMap<&str, &Arc<DataFile>> = previous
            .filter(|previous| Arc::ptr_eq(&previous.schema, &schema))
            .map(Self::by_path)
            .unwrap_or_default();
        let mut files = Vec::new();
        for view in state.log_data().iter() {
            let gone = view.deletion_vector_descriptor();
            let known = known
                .get(view.path().as_ref())
                .filter(|file| file.has_lost(gone.as_ref()));
            files.push(match known {
                Some(file) => Arc::clone(file),
                None => Arc::new(DataFile::read(&view, gone, &schema)),
            });
        }
        files.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
        let of_files = files.iter().map(|file| file.statistics.as_ref());
        let statistics = Statistics::try_merge_iter(of_files, &schema.declared)?;
        Ok(Self {
            version: state.version(),
            time: None,
            id: metadata.id().to_owned(),
            configuration: metadata.configuration().clone(),
            schema,
            files,
            statistics,
            features,
            is_partitioned,
            patched: None,
        })
    }

    /// The version that an entry of the log makes of this one, where that is known without what reads
    /// logs: files come and go.
    pub fn after(&self, version: u64, entry: &[u8], id: &TableId) -> Result<Option<Self>> {
        if let Some(patch) = Patch::read(entry)? {
            return self.patched_by(version, patch, id);
        }
        let (mut removed, mut added, mut time) = (HashSet::new(), Vec::new(), None);
        let mut folded = None;
        let lines = entry.split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(Action::CommitInfo(info)) => {
                    time = info.timestamp;
                    folded = info.info.get(FOLDED).map(names);
                }
                // Escapes of paths are resolved here as where a log is read.
                Ok(Action::Remove(remove)) => {
                    removed.insert(remove.path);
                }
                Ok(Action::Add(add)) => added.push(add),
                _ => return Ok(None),
            }
        }
        if self.patched.is_some() && folded.is_none() {
            return Ok(None);
        }
        let folded = folded.unwrap_or_default();
        let stays = |file: &&Arc<DataFile>| !removed.contains(&file.path);
        let mut files: Vec<_> = self.files.iter().filter(stays).cloned().collect();
        // What patches brought is brought once more.
        if let Some(patched) = &self.patched {
            files.retain(|file| !patched.new.contains(&file.path));
        }
        files.extend(added.into_iter().map(|add| {
            let was = folded.get(&add.path).cloned();
            let mut file = self.added(add);
            if let Some(gone) = &mut file.gone {
                gone.was = was;
            }
            Arc::new(file)
        }));
        Ok(Some(self.with_files(version, time, files, None)?))
    }

    /// A version with these files and all else of this one.
    pub fn with_files(
        &self,
        version: u64,
        time: Option<i64>,
        mut files: Vec<Arc<DataFile>>,
        patched: Option<Patched>,
    ) -> Result<Self> {
        files.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
        let of_files = files.iter().map(|file| file.statistics.as_ref());
        Ok(Self {
            version,
            time,
            id: self.id.clone(),
            configuration: self.configuration.clone(),
            schema: Arc::clone(&self.schema),
            statistics: Statistics::try_merge_iter(of_files, &self.schema.declared)?,
            files,
            features: self.features.clone(),
            is_partitioned: self.is_partitioned,
            patched,
        })
    }

    /// This version, whose deletion vectors are known by what the entry that made it says they were
    /// called before.
    pub fn knowing(mut self, entry: &Value) -> Self {
        let Some(names) = entry.get(FOLDED).map(names) else {
            return self;
        };
        for file in &mut self.files {
            if let Some(name) = names.get(&file.path)
                && let Some(gone) = &file.gone
                && gone.was.as_ref() != Some(name)
            {
                let mut gone = gone.clone();
                gone.was = Some(name.clone());
                *file = Arc::new(file.losing(gone));
            }
        }
        self
    }

    pub fn added(&self, add: Add) -> DataFile {
        let partition = match self.schema.partitions.is_empty() {
            true => PartitionValues::new(),
            false => add.partition_values.into_iter().collect(),
        };
        let file = (add.size, add.modification_time);
        DataFile {
            partition,
            ..DataFile::new(add.path, file, add.stats, add.deletion_vector, &self.schema)
        }
    }

    /// The files by their paths.
    pub fn by_path(&self) -> HashMap<&str, &Arc<DataFile>> {
        let files = self.files.iter();
        files.map(|file| (file.path.as_str(), file)).collect()
    }

    /// The table's properties, but for the one that comes with the first rows that go from files.
    pub fn own_properties(&self) -> BTreeMap<&str, &str> {
        own_properties(&self.configuration)
    }

    /// Tells the rows that files, given by path, have just lost, so that they need not be read.
    pub fn tell(&self, lost: &[(String, NewVector)]) {
        if lost.is_empty() {
            return;
        }
        let files = self.by_path();
        for (path, lost) in lost {
            let file = files.get(path.as_str());
            if let Some(gone) = file.and_then(|file| file.gone.as_ref())
                && gone.descriptor == lost.descriptor
            {
                gone.tell(Arc::clone(&lost.rows));
            }
        }
    }

    /// The paths of the files and of their deletion vectors, relative to the table.
    pub fn paths(&self) -> BTreeSet<String> {
        // What patches have changed is made of what was there before.
        let before = self
            .patched
            .iter()
            .flat_map(|patched| patched.before.values());
        let paths = self.files.iter().chain(before).flat_map(|file| {
            let gone = file.gone.as_ref();
            let gone = gone.and_then(|gone| deletion_vector::path_of(&gone.descriptor));
            std::iter::once(file.path.clone()).chain(gone)
        });
        paths.collect()
    }

    /// The rows, where each file tells.
    pub fn rows(&self) -> Option<u64> {
        self.files.iter().map(|file| file.rows()).sum()
    }

    /// The bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl DataFile {
    fn read(
        view: &LogicalFileView,
        gone: Option<DeletionVectorDescriptor>,
        schema: &TableSchema,
    ) -> Self {
        let partition = match schema.partitions.is_empty() {
            true => PartitionValues::new(),
            false => view.partition_values_map().into_iter().collect(),
        };
        let file = (view.size(), view.modification_time());
        Self {
            partition,
            ..Self::new(view.path().into_owned(), file, view.stats(), gone, schema)
        }
    }

    /// A file of this size that was modified at this time, in milliseconds of the epoch.
    fn new(
        path: String,
        (size, modified): (i64, i64),
        stats: Option<String>,
        gone: Option<DeletionVectorDescriptor>,
        schema: &TableSchema,
    ) -> Self {
        let bounds = FileBounds::from_json(stats.as_deref(), schema);
        let bytes = u64::try_from(size).unwrap_or_default();
        let gone = gone.map(DeletionVector::new);
        Self {
            path,
            location: OnceLock::new(),
            bytes,
            modified: DateTime::from_timestamp_millis(modified).unwrap_or_default(),
            statistics: Arc::new(bounds.statistics(bytes, gone.as_ref().map(DeletionVector::len))),
            bounds,
            stats,
            gone,
            partition: PartitionValues::new(),
        }
    }

    /// Its path on the store of its table, which lies at this place.
    pub fn location(&self, place: &Place) -> &Arc<str> {
        let location = || -> Arc<str> { Arc::from(place.file(&self.path).as_ref()) };
        self.location.get_or_init(location)
    }

    /// The rows that are not gone, where the log tells.
    pub fn rows(&self) -> Option<u64> {
        let gone = self.gone.as_ref().map_or(0, DeletionVector::len);
        self.bounds.rows.map(|rows| rows.saturating_sub(gone))
    }

    /// Whether the file holds tombstones, all of which are gone.
    pub fn is_tombstones(&self) -> bool {
        self.path.starts_with(tombstones::PREFIX)
    }

    /// Whether these rows of the file are gone.
    pub fn has_lost(&self, rows: Option<&DeletionVectorDescriptor>) -> bool {
        match (&self.gone, rows) {
            (None, None) => true,
            (Some(gone), Some(rows)) => gone.is(rows),
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    /// Whether the other one is this file, with the same rows gone.
    pub fn is_as<'a>(&'a self, other: &'a Self) -> bool {
        let gone = |file: &'a Self| file.gone.as_ref().map(|gone| &gone.descriptor);
        self.path == other.path && (self.has_lost(gone(other)) || other.has_lost(gone(self)))
    }

    /// The file, of which these rows are gone.
    pub fn losing(&self, gone: DeletionVector) -> Self {
        Self {
            path: self.path.clone(),
            location: self.location.clone(),
            bytes: self.bytes,
            modified: self.modified,
            statistics: Arc::new(self.bounds.statistics(self.bytes, Some(gone.len()))),
            bounds: self.bounds.clone(),
            stats: self.stats.clone(),
            gone: Some(gone),
            partition: self.partition.clone(),
        }
    }
}

/// Properties of a table, but for the one that comes with the first rows that go from files.
pub(super) fn own_properties(all: &HashMap<String, String>) -> BTreeMap<&str, &str> {
    let all = all
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    all.filter(|(name, _)| *name != deletion_vector::PROPERTY)
        .collect()
}

/// What vectors were called before they were folded, by the paths of their files.
fn names(told: &Value) -> HashMap<String, String> {
    serde_json::from_value(told.clone()).unwrap_or_default()
}

/// Files of other engines lack the columns that they are partitioned by.
fn check_readable(features: &[String], has_columns: bool, id: &TableId) -> Result<()> {
    if let Some(unknown) = features
        .iter()
        .find(|feature| !KNOWN_FEATURES.contains(&feature.as_str()))
    {
        return Err(unreadable(id, &format!("the table feature {unknown}")));
    }
    if !has_columns {
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
