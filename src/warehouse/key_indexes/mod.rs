//! The key indexes of the warehouse's tables: which there are, where they lie, and how they are kept.
//!
//! An index is made when it is first asked for, and is open once. Its files lie on this machine,
//! wherever the tables do, and may be lost: what it covers is read from the data files again.

mod cover;
mod covered;
mod new_rows;
mod upkeep;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::execution::memory_pool::MemoryPool;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use tributary_udfs::postgres::comparable_type;

pub(super) use covered::KnownFiles;
pub use covered::{Covered, KeyRow};
pub(super) use new_rows::NewRows;

use super::key_index::{BlockCache, KeyIndex};
use super::place::blocking;
use super::row_cache::RowCache;
use super::schema::TableSchema;
use super::settings::WarehouseSettings;
use super::table_id::{TableId, oid_of_folder};
use crate::error::{Error, Result};

/// Which columns of a table an index is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedKey {
    /// The columns of the key.
    pub columns: Vec<String>,
    /// The columns that tell which of two rows of a key is the later one; the index keeps the
    /// beginning of the first one's value. There may be none.
    pub versions: Vec<String>,
}

impl IndexedKey {
    /// The key of these columns, without versions.
    pub fn of(columns: &[String]) -> Self {
        Self {
            columns: columns.to_vec(),
            versions: Vec::new(),
        }
    }
}

/// All indexes of the warehouse.
pub(super) struct KeyIndexes {
    /// The folder that they lie in. Without one there are none.
    folder: Option<PathBuf>,
    pool: Arc<dyn MemoryPool>,
    limit: usize,
    smallest_table: u64,
    rows: Arc<RowCache>,
    handles: Mutex<Handles>,
}

#[derive(Default)]
struct Handles {
    /// Counts the uses.
    clock: u64,
    handles: HashMap<IndexId, Handle>,
}

struct Handle {
    index: Arc<TableIndex>,
    last_used: u64,
}

/// What tells an index from all others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct IndexId {
    table: TableId,
    /// The columns as files name them, which renaming does not change, and their types.
    columns: String,
}

/// One index of a table, which is opened when it is first asked for.
pub(super) struct TableIndex {
    folder: PathBuf,
    pool: Arc<dyn MemoryPool>,
    blocks: Arc<BlockCache>,
    fields: Vec<FieldRef>,
    /// The columns of the key and of its versions, by the names that files have for them: where these
    /// stand changes as other columns go.
    key: Vec<String>,
    versions: Vec<String>,
    index: OnceCell<Arc<KeyIndex>>,
    /// Held by the one who adds files, so that none is read twice.
    covering: tokio::sync::Mutex<()>,
}

impl KeyIndexes {
    pub fn new(settings: &WarehouseSettings) -> Self {
        Self {
            folder: settings.key_indexes.clone(),
            pool: Arc::clone(&settings.memory_pool),
            limit: settings.idle_tables.max(1),
            smallest_table: settings.smallest_indexed_table,
            rows: Arc::clone(&settings.row_cache),
            handles: Mutex::default(),
        }
    }

    /// What is kept of the rows that were found.
    pub fn rows(&self) -> &RowCache {
        &self.rows
    }

    /// The index of a table by a key; none where the table does not have these columns, or no
    /// index may be kept.
    pub fn get(
        &self,
        table: &TableId,
        schema: &TableSchema,
        key: &IndexedKey,
    ) -> Option<Arc<TableIndex>> {
        let folder = self.folder.as_ref()?;
        let positions = |names: &[String]| -> Option<Vec<usize>> {
            let found = names.iter().map(|name| schema.declared.index_of(name).ok());
            found.collect()
        };
        let (columns, versions) = (positions(&key.columns)?, positions(&key.versions)?);
        let id = IndexId {
            table: table.clone(),
            columns: describe(schema, &columns, &versions),
        };
        let in_files = |positions: &[usize]| -> Vec<String> {
            let fields = positions.iter().map(|index| schema.scanned.field(*index));
            fields.map(|field| field.name().clone()).collect()
        };
        let mut handles = self.handles.lock();
        handles.clock += 1;
        if !handles.handles.contains_key(&id) {
            handles.make_room(self.limit);
        }
        let last_used = handles.clock;
        let handle = handles.handles.entry(id).or_insert_with_key(|id| {
            let fields = columns.iter().map(|index| {
                let field = schema.scanned.field(*index);
                let data_type = comparable_type(field.data_type());
                Arc::new(field.clone().with_data_type(data_type))
            });
            let index = TableIndex {
                folder: folder_of(folder, table).join(folder_name(&id.columns)),
                pool: Arc::clone(&self.pool),
                blocks: Arc::clone(self.rows.blocks()),
                fields: fields.collect(),
                key: in_files(&columns),
                versions: in_files(&versions),
                index: OnceCell::new(),
                covering: tokio::sync::Mutex::new(()),
            };
            Handle {
                index: Arc::new(index),
                last_used,
            }
        });
        handle.last_used = last_used;
        Some(Arc::clone(&handle.index))
    }

    /// Deletes the indexes of a table, but for those by these keys.
    pub async fn forget_others(
        &self,
        table: &TableId,
        schema: &TableSchema,
        keys: &[IndexedKey],
    ) -> Result<()> {
        let kept = keys.iter().filter_map(|key| self.get(table, schema, key));
        let kept: HashSet<PathBuf> = kept.map(|index| index.folder.clone()).collect();
        self.forget_all_but(table, kept).await
    }

    /// Deletes the indexes of a table.
    pub async fn forget(&self, table: &TableId) -> Result<()> {
        self.forget_all_but(table, HashSet::new()).await
    }

    async fn forget_all_but(&self, table: &TableId, kept: HashSet<PathBuf>) -> Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        self.handles.lock().handles.retain(|id, handle| {
            let stays = id.table != *table || kept.contains(&handle.index.folder);
            if !stays {
                handle.index.stop();
            }
            stays
        });
        let folder = folder_of(folder, table);
        blocking(move || remove_others(&folder, &kept)).await?
    }

    /// Deletes the indexes of tables whose number is not in `keep`.
    pub async fn clean(&self, keep: &HashSet<u32>) -> Result<()> {
        let (Some(folder), keep) = (self.folder.clone(), keep.clone()) else {
            return Ok(());
        };
        blocking(move || {
            for schema in folders_in(&folder)? {
                for table in folders_in(&schema)? {
                    let name = table.file_name().and_then(|name| name.to_str());
                    if name
                        .and_then(oid_of_folder)
                        .is_some_and(|oid| !keep.contains(&oid))
                    {
                        remove(&table)?;
                    }
                }
            }
            Ok(())
        })
        .await?
    }

    /// Ends what is built and merged, for the process is to end.
    pub fn stop(&self) {
        let handles = self.handles.lock();
        for handle in handles.handles.values() {
            handle.index.stop();
        }
    }
}

impl Handles {
    /// Closes the index that has been unused for the longest, where there are too many.
    fn make_room(&mut self, limit: usize) {
        while self.handles.len() >= limit {
            let idle = self.handles.iter().filter(|(_, handle)| {
                // Handles are given out by this map alone.
                Arc::strong_count(&handle.index) == 1 && handle.index.is_unused()
            });
            let Some((oldest, _)) = idle.min_by_key(|(_, handle)| handle.last_used) else {
                return;
            };
            let oldest = oldest.clone();
            self.handles.remove(&oldest);
        }
    }
}

impl TableIndex {
    /// The index, opened.
    async fn open(&self) -> Result<&Arc<KeyIndex>> {
        let open = || async {
            let (folder, fields) = (self.folder.clone(), self.fields.clone());
            let (pool, blocks) = (Arc::clone(&self.pool), Arc::clone(&self.blocks));
            blocking(move || KeyIndex::open_keeping(&folder, &fields, pool, blocks)).await?
        };
        self.index.get_or_try_init(open).await
    }

    /// Whether there is something of the index already.
    fn exists(&self) -> bool {
        self.index.initialized() || self.folder.exists()
    }

    /// Whether nobody looks into it, or adds to it, at this time.
    fn is_unused(&self) -> bool {
        self.index
            .get()
            .is_none_or(|index| Arc::strong_count(index) == 1)
    }

    fn stop(&self) {
        if let Some(index) = self.index.get() {
            index.stop();
        }
    }
}

fn describe(schema: &TableSchema, key: &[usize], versions: &[usize]) -> String {
    let of = |positions: &[usize]| {
        let fields = positions.iter().map(|index| {
            let field = schema.scanned.field(*index);
            let (name, data_type) = (field.name(), field.data_type());
            match data_type.is_nested() {
                // By the forms of their elements, which older indexes do not know.
                true => format!("{name} {data_type} by form"),
                false => format!("{name} {data_type}"),
            }
        });
        fields.collect::<Vec<_>>().join(", ")
    };
    format!("{}; {}", of(key), of(versions))
}

fn folder_of(root: &Path, table: &TableId) -> PathBuf {
    let [schema, name] = table.folders();
    root.join(schema).join(name)
}

/// The folder of an index within its table's.
fn folder_name(columns: &str) -> String {
    let digest = Sha256::digest(columns.as_bytes());
    let bytes = digest.iter().take(8);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

fn remove_others(folder: &Path, kept: &HashSet<PathBuf>) -> Result<()> {
    for index in folders_in(folder)? {
        if !kept.contains(&index) {
            remove(&index)?;
        }
    }
    if kept.is_empty() {
        remove(folder)?;
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::from(error).within(folder.display()))
        }
        _ => Ok(()),
    }
}

fn folders_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::from(error).within(folder.display())),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}
