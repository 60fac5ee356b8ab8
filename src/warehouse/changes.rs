//! What commits have changed of a table's rows, read from its log: the rows of files that came and
//! went, and of files that stayed those that deletion vectors gained and lost.
//!
//! A row that was only copied, since the file it lay in was written anew, is among the rows that went
//! and among those that came: who reads a feed takes the one from the other.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use datafusion::catalog::TableProvider;
use deltalake_core::kernel::{Action, Add, DeletionVectorDescriptor};
use futures::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use roaring::RoaringBitmap;

use super::At;
use super::change_scan::{ChangeScan, Part, PartRows};
use super::deletion_vector::{DeletionVector, unique_id};
use super::entry::commit_info;
use super::patch::{Patch, Removed};
use super::schema::TableSchema;
use super::snapshot::Snapshot;
use super::table::{FOLD, Table};
use crate::error::{Error, Result, SqlState};

/// What the commits of some versions have changed.
#[derive(Debug)]
pub struct ChangeFeed {
    /// The last version.
    pub to: i64,
    /// The rows of commits that only brought rows, or only took rows: each is a change.
    pub plain: Arc<dyn TableProvider>,
    /// The rows of commits that did both, among them those that were only copied.
    pub mixed: Arc<dyn TableProvider>,
    /// Whether the two have no rows at all.
    pub is_empty: bool,
    /// Whether rows came alone, each of them in `plain`.
    pub only_came: bool,
}

impl ChangeFeed {
    /// The feed in which nothing has changed.
    fn none(table: &Table, columns: &Arc<TableSchema>, to: u64) -> Result<Self> {
        Ok(Self {
            to: i64::try_from(to).unwrap_or(i64::MAX),
            plain: Arc::new(ChangeScan::new(table, columns, Vec::new())?),
            mixed: Arc::new(ChangeScan::new(table, columns, Vec::new())?),
            is_empty: true,
            only_came: true,
        })
    }
}

/// A file as a version has it.
#[derive(Clone, Debug)]
struct Known {
    bytes: u64,
    modified: DateTime<Utc>,
    rows: Option<u64>,
    gone: Gone,
}

/// The rows that are gone from a file.
#[derive(Clone, Debug)]
enum Gone {
    None,
    These(Arc<RoaringBitmap>),
    /// Their deletion vector is not there any more.
    Lost,
}

/// Reads a feed from the log.
///
/// # Errors
/// 22023 for versions that the table does not have, or no longer; 0A000 where the table got other
/// columns in between; what the store says.
pub(super) async fn changes(table: &Arc<Table>, from: At, to: At) -> Result<ChangeFeed> {
    let latest = table.latest().await?;
    let are_numbers = matches!((from, to), (At::Version(_), At::Version(_)));
    let to = match to {
        At::Latest => latest.version,
        At::Version(version) => existing(table, version, latest.version).await?,
        At::Timestamp(time) if table.is_overtaken(time, &latest).await? => latest.version,
        At::Timestamp(time) => table.version_until(time).await?.ok_or_else(|| {
            invalid(format!("table {} has no version of {time}", table.called()))
                .with_detail("Its first version is a later one.")
        })?,
    };
    let from = match from {
        At::Latest => latest.version,
        // Who has read all there is reads on from here.
        At::Version(version) if u64::try_from(version) == Ok(latest.version + 1) => {
            latest.version + 1
        }
        At::Version(version) => existing(table, version, latest.version).await?,
        At::Timestamp(time) => match table.version_since(time).await? {
            since if since > latest.version => since,
            since => {
                let since = i64::try_from(since).unwrap_or(i64::MAX);
                existing(table, since, latest.version).await?
            }
        },
    };
    if from == to + 1 && (from > latest.version || !are_numbers) {
        return ChangeFeed::none(table, &latest.schema, to);
    }
    if from > to {
        return Err(invalid(format!(
            "changes of table {} from version {from} to version {to} cannot be read",
            table.called()
        ))
        .with_hint("The first version comes first."));
    }
    let number = |version: u64| i64::try_from(version).unwrap_or(i64::MAX);
    let before = match from.checked_sub(1) {
        None => None,
        Some(before) => Some(table.snapshot(At::Version(number(before))).await?),
    };
    let last = table.snapshot(At::Version(number(to))).await?;
    // Columns that came later have no values yet.
    let schema = match last.schema.begins(&latest.schema) {
        true => &latest.schema,
        false => &last.schema,
    };
    let mut reader = Reader::begin(table, before.as_deref(), schema).await?;
    let mut entries = std::pin::pin!(table.read_entries(from..=to));
    while let Some((version, entry)) = entries.try_next().await? {
        reader.read(version, &entry).await?;
    }
    if let Some(version) = reader.replaced_by {
        return Err(Error::unsupported(format!(
            "changes of table {} across versions with other columns",
            table.called()
        ))
        .with_detail(format!(
            "Version {version} has other columns than the one before."
        ))
        .with_hint(format!("Read changes from version {} on.", version + 1)));
    }
    reader.check_there(&latest).await?;
    let is_empty = reader.plain.is_empty() && reader.mixed.is_empty();
    let only_came = reader.mixed.is_empty() && reader.plain.iter().all(|part| part.sign > 0);
    let columns = match reader.is_extended {
        true => schema.nullable(),
        false => schema.as_ref().clone(),
    };
    let columns = Arc::new(columns);
    Ok(ChangeFeed {
        to: number(to),
        plain: Arc::new(ChangeScan::new(table, &columns, reader.plain)?),
        mixed: Arc::new(ChangeScan::new(table, &columns, reader.mixed)?),
        is_empty,
        only_came,
    })
}

/// The number of a version whose changes can be read: that before it is known.
async fn existing(table: &Table, version: i64, latest: u64) -> Result<u64> {
    let entries = table.entries().await?;
    let first = match table.first_version(&entries).await? {
        0 => 0,
        // What the first version that is left changed cannot be told.
        first => first + 1,
    };
    u64::try_from(version)
        .ok()
        .filter(|version| (first..=latest).contains(version))
        .ok_or_else(|| {
            invalid(format!("table {} has no version {version}", table.called())).with_detail(
                format!("Its changes can be read from version {first} to version {latest}."),
            )
        })
}

fn invalid(message: String) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}

/// Follows the log, entry by entry.
struct Reader<'a> {
    table: &'a Arc<Table>,
    schema: &'a Arc<TableSchema>,
    /// Whether the version that was read last has these columns, or the first of them.
    fits: bool,
    /// Whether a version has only the first of them, or may have NULL where the last one has none.
    is_extended: bool,
    /// The last version that has them and follows one that has others.
    replaced_by: Option<u64>,
    /// The last version whose deletion vectors are not there any more.
    lost: Option<u64>,
    files: HashMap<String, Known>,
    plain: Vec<Part>,
    mixed: Vec<Part>,
}

/// What one entry does to a file.
#[derive(Default)]
struct OfFile {
    went: bool,
    came: Option<Came>,
    changes_data: bool,
}

/// The bytes of a file that comes, when it was modified, its rows and its deletion vector.
type Came = (u64, i64, Option<u64>, Option<DeletionVectorDescriptor>);

fn came(add: &Add) -> Came {
    let rows = add.stats.as_deref().and_then(rows_of);
    let bytes = u64::try_from(add.size).unwrap_or_default();
    (
        bytes,
        add.modification_time,
        rows,
        add.deletion_vector.clone(),
    )
}

impl<'a> Reader<'a> {
    async fn begin(
        table: &'a Arc<Table>,
        before: Option<&Snapshot>,
        schema: &'a Arc<TableSchema>,
    ) -> Result<Self> {
        let mut files = HashMap::new();
        if let Some(before) = before {
            for file in &before.files {
                let gone = match &file.gone {
                    Some(gone) => rows_gone(gone, table).await?,
                    None => Gone::None,
                };
                let known = Known {
                    bytes: file.bytes,
                    modified: file.modified,
                    rows: file.bounds.rows,
                    gone,
                };
                files.insert(file.path.clone(), known);
            }
        }
        let fits = before.is_none_or(|before| before.schema.begins(schema));
        let is_extended =
            fits && before.is_some_and(|before| before.schema.declared != schema.declared);
        Ok(Self {
            table,
            schema,
            fits,
            is_extended,
            replaced_by: None,
            lost: None,
            files,
            plain: Vec::new(),
            mixed: Vec::new(),
        })
    }

    async fn read(&mut self, version: u64, entry: &Bytes) -> Result<()> {
        if let Some(patch) = Patch::read(entry)? {
            return self.read_patch(version, patch).await;
        }
        let info = commit_info(entry).unwrap_or_default();
        // What it says has been told by patches.
        if info["operation"] == FOLD {
            return Ok(());
        }
        let time = info["timestamp"].as_i64().unwrap_or_default();
        let mut of_files: Vec<(String, OfFile)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut at = |of_files: &mut Vec<(String, OfFile)>, path: &str| {
            *places.entry(path.to_owned()).or_insert_with(|| {
                of_files.push((path.to_owned(), OfFile::default()));
                of_files.len() - 1
            })
        };
        for line in entry.split(|byte| *byte == b'\n') {
            match serde_json::from_slice::<Action>(line) {
                Ok(Action::Metadata(metadata)) => {
                    let there = TableSchema::load(
                        metadata.schema_string(),
                        metadata.configuration(),
                        metadata.partition_columns(),
                    )
                    .ok();
                    let there = there.filter(|there| there.begins(self.schema));
                    let fits = there.is_some();
                    if fits && !self.fits {
                        self.replaced_by = Some(version);
                    }
                    self.is_extended |=
                        there.is_some_and(|there| there.declared != self.schema.declared);
                    self.fits = fits;
                }
                Ok(Action::Add(add)) => {
                    let place = at(&mut of_files, &add.path);
                    let of_file = &mut of_files[place].1;
                    of_file.changes_data |= add.data_change;
                    of_file.came = Some(came(&add));
                }
                Ok(Action::Remove(remove)) => {
                    let place = at(&mut of_files, &remove.path);
                    let of_file = &mut of_files[place].1;
                    of_file.changes_data |= remove.data_change;
                    of_file.went = true;
                }
                _ => {}
            }
        }
        let mut parts = Vec::new();
        for (path, of_file) in of_files {
            self.take(path, of_file, (version, time), &mut parts)
                .await?;
        }
        self.sort(parts);
        Ok(())
    }

    async fn read_patch(&mut self, version: u64, patch: Patch) -> Result<()> {
        let changes_data = !patch.only_moves;
        let mut parts = Vec::new();
        for Removed { path, .. } in patch.removed {
            let went = OfFile {
                went: true,
                changes_data,
                ..OfFile::default()
            };
            self.take(path, went, (version, patch.time), &mut parts)
                .await?;
        }
        for (path, rows) in patch.lost {
            let Some(mut file) = self.files.remove(&path) else {
                return Err(self.not_there(version, &path));
            };
            let gone = match &file.gone {
                Gone::None => rows.clone(),
                Gone::These(before) => before.as_ref() | &rows,
                Gone::Lost => {
                    self.lost = Some(version);
                    self.files.insert(path, file);
                    continue;
                }
            };
            let total = file.rows.ok_or_else(|| self.untold(&path))?;
            parts.push(Part {
                path: path.clone(),
                bytes: file.bytes,
                modified: file.modified,
                rows: PartRows::Only(rows, total),
                version: i64::try_from(version).unwrap_or(i64::MAX),
                time: patch.time,
                sign: -1,
            });
            file.gone = Gone::These(Arc::new(gone));
            self.files.insert(path, file);
        }
        for add in patch.added {
            let came = OfFile {
                came: Some(came(&add)),
                changes_data,
                ..OfFile::default()
            };
            self.take(add.path, came, (version, patch.time), &mut parts)
                .await?;
        }
        self.sort(parts);
        Ok(())
    }

    fn sort(&mut self, mut parts: Vec<Part>) {
        let one_way = parts.windows(2).all(|two| two[0].sign == two[1].sign);
        match one_way {
            true => self.plain.append(&mut parts),
            false => self.mixed.append(&mut parts),
        }
    }

    async fn take(
        &mut self,
        path: String,
        of_file: OfFile,
        (version, time): (u64, i64),
        parts: &mut Vec<Part>,
    ) -> Result<()> {
        let before = self.files.remove(&path);
        let after = match of_file.came {
            None => None,
            Some((bytes, modified, rows, vector)) => Some(Known {
                bytes,
                modified: DateTime::from_timestamp_millis(modified).unwrap_or_default(),
                rows,
                gone: match vector {
                    Some(vector) => self.rows_of(vector).await?,
                    None => Gone::None,
                },
            }),
        };
        if of_file.went && before.is_none() {
            return Err(self.not_there(version, &path));
        }
        let is_lost = |file: &Option<Known>| {
            let gone = file.as_ref().map(|file| &file.gone);
            matches!(gone, Some(Gone::Lost))
        };
        if of_file.changes_data && (is_lost(&before) || is_lost(&after)) {
            self.lost = Some(version);
        } else if of_file.changes_data {
            let version = i64::try_from(version).unwrap_or(i64::MAX);
            let mut add = |known: &Known, rows: PartRows, sign: i64| {
                parts.push(Part {
                    path: path.clone(),
                    bytes: known.bytes,
                    modified: known.modified,
                    rows,
                    version,
                    time,
                    sign,
                });
            };
            match (&before, &after) {
                (None, None) => {}
                (Some(file), None) => add(file, self.all_of(&path, file)?, -1),
                (None, Some(file)) => add(file, self.all_of(&path, file)?, 1),
                (Some(old), Some(new)) => {
                    let none = RoaringBitmap::new();
                    let was_gone = old.gone.rows().unwrap_or(&none);
                    let is_gone = new.gone.rows().unwrap_or(&none);
                    let total = || new.rows.or(old.rows).ok_or_else(|| self.untold(&path));
                    let (left, back) = (is_gone - was_gone, was_gone - is_gone);
                    if !left.is_empty() {
                        add(old, PartRows::Only(left, total()?), -1);
                    }
                    if !back.is_empty() {
                        add(new, PartRows::Only(back, total()?), 1);
                    }
                }
            }
        }
        if let Some(after) = after {
            self.files.insert(path, after);
        }
        Ok(())
    }

    fn all_of(&self, path: &str, file: &Known) -> Result<PartRows> {
        Ok(match &file.gone {
            Gone::None | Gone::Lost => PartRows::All,
            Gone::These(gone) => {
                let total = file.rows.ok_or_else(|| self.untold(path))?;
                PartRows::AllBut(Arc::clone(gone), total)
            }
        })
    }

    fn not_there(&self, version: u64, path: &str) -> Error {
        Error::new(
            SqlState::DATA_CORRUPTED,
            format!(
                "version {version} of table {} takes out the file {path}, which was not there",
                self.table.called()
            ),
        )
    }

    fn untold(&self, path: &str) -> Error {
        Error::new(
            SqlState::DATA_CORRUPTED,
            format!(
                "the log of table {} does not tell how many rows the file {path} has",
                self.table.called()
            ),
        )
    }

    /// The rows of a deletion vector, read once where a known file has it.
    async fn rows_of(&self, vector: DeletionVectorDescriptor) -> Result<Gone> {
        let latest = self.table.latest().await?;
        let known = latest.files.iter().find_map(|file| {
            let gone = file.gone.as_ref()?;
            (unique_id(&gone.descriptor) == unique_id(&vector)).then_some(gone)
        });
        match known {
            Some(gone) => rows_gone(gone, self.table).await,
            None => rows_gone(&DeletionVector::new(vector), self.table).await,
        }
    }

    /// That the files are there: those that no version of late has may have been deleted.
    async fn check_there(&self, latest: &Snapshot) -> Result<()> {
        let kept = latest.by_path();
        let place = &self.table.place;
        let mut last_lost = self
            .lost
            .map(|version| i64::try_from(version).unwrap_or(i64::MAX));
        let mut looked_at = HashMap::new();
        for part in self.plain.iter().chain(&self.mixed) {
            if kept.contains_key(part.path.as_str()) || last_lost >= Some(part.version) {
                continue;
            }
            let is_there = match looked_at.get(part.path.as_str()) {
                Some(is_there) => *is_there,
                None => match place.store.head(&place.file(&part.path)).await {
                    Ok(_) => true,
                    Err(object_store::Error::NotFound { .. }) => false,
                    Err(error) => return Err(error.into()),
                },
            };
            looked_at.insert(part.path.as_str(), is_there);
            if !is_there {
                last_lost = Some(part.version);
            }
        }
        let Some(lost) = last_lost else {
            return Ok(());
        };
        Err(invalid(format!(
            "what version {lost} of table {} changed is no longer there",
            self.table.called()
        ))
        .with_detail("VACUUM has deleted its files.")
        .with_hint(format!("Changes can be read from version {} on.", lost + 1)))
    }
}

impl Gone {
    fn rows(&self) -> Option<&RoaringBitmap> {
        match self {
            Self::These(rows) => Some(rows),
            Self::None | Self::Lost => None,
        }
    }
}

/// The rows of a deletion vector, unless VACUUM has deleted it.
async fn rows_gone(gone: &DeletionVector, table: &Table) -> Result<Gone> {
    match gone.rows(&table.place).await {
        Ok(rows) => Ok(Gone::These(Arc::clone(rows))),
        Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => Ok(Gone::Lost),
        Err(error) => Err(error),
    }
}

/// How many rows the statistics of a file tell.
fn rows_of(stats: &str) -> Option<u64> {
    let stats: serde_json::Value = serde_json::from_str(stats).ok()?;
    stats["numRecords"].as_u64()
}
