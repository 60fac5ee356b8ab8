//! The file: one embedded transactional store.

mod copy;

pub use copy::is_in_use;

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use redb::{
    Builder, Database, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition,
    WriteTransaction,
};

use super::privilege::Access;
use super::record::{self, FORMAT_VERSION};
use super::{Oid, Schema, Snapshot, sequences};
use crate::error::{Error, Result, SqlState};
use crate::sql::name::DEFAULT_SCHEMA;

/// What the store keeps of a prepared change, each part encoded.
type PreparedRow<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// Numbers by name: the format version and the counters.
pub const META: TableDefinition<'static, &str, u64> = TableDefinition::new("meta");
/// Schemas by name.
const SCHEMAS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("schemas");
/// Objects by number: the record, and the columns.
const OBJECTS: TableDefinition<'static, Oid, (&[u8], &[u8])> = TableDefinition::new("objects");
/// Replacements that wait for the commit of their rows, by the number of the object replaced: the
/// commit and what takes the object's place, which is a record and columns as in `OBJECTS`.
const PREPARED: TableDefinition<'static, Oid, PreparedRow<'static>> =
    TableDefinition::new("prepared_replacements");
/// What the last refresh made of each materialized view, by its number.
pub const MODEL_STATES: TableDefinition<'static, Oid, &[u8]> = TableDefinition::new("model_states");

/// What the files of external tables were found to have, by the table's number.
pub const SOURCE_FILES: TableDefinition<'static, Oid, &[u8]> = TableDefinition::new("source_files");

/// Entries of tables' logs that are committed and to be published, by the commit.
const PUBLICATIONS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("publications");

const FORMAT: &str = "format_version";
const GENERATION: &str = "generation";
const NEXT_OID: &str = "next_oid";

/// PostgreSQL's FirstNormalObjectId: lower numbers are the system's own.
const FIRST_OID: Oid = 16384;
/// PostgreSQL's number for the schema `public`.
const PUBLIC_OID: Oid = 2200;
/// How many numbers one write sets aside, so that not every object costs one of its own.
const OIDS_RESERVED: Oid = 64;
/// A catalog is small; the store's own default of a gigabyte is not.
const CACHE_BYTES: usize = 8 << 20;

/// The open file.
#[derive(Debug)]
pub struct Store {
    /// None while it is opened again, and after that failed.
    database: RwLock<Option<Database>>,
    /// Set when the disk has failed: the database refuses everything until it is opened again.
    broken: AtomicBool,
    /// How often the file was opened again.
    reopened: AtomicU64,
    path: PathBuf,
    /// How the file is opened, at first and again.
    open: fn(&Path) -> Result<Database>,
    oids: Mutex<OidRange>,
}

/// Numbers set aside on disk and not yet given out: `next..end`.
#[derive(Debug)]
struct OidRange {
    next: Oid,
    end: Oid,
}

/// What a transaction changed.
pub struct Changes<'a> {
    /// The catalog after it.
    pub snapshot: &'a Snapshot,
    /// The objects put or taken out.
    pub objects: &'a BTreeSet<Oid>,
    /// The schemas put or taken out.
    pub schemas: &'a BTreeSet<String>,
}

impl Store {
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder)
                .map_err(|error| Error::from(error).within(folder.display()))?;
        }
        let is_new = !path.exists() || clear_unfinished(path)?;
        let database = open_database(path)?;
        if let Some(folder) = folder
            && is_new
        {
            // The file's name must outlast a power cut too.
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(|error| Error::from(error).within(folder.display()))?;
        }
        Self::with(path, database, open_database)
    }

    /// Opens a copy of the file, or an empty one where there is none. The copy is in memory, and
    /// what is written to it goes with it.
    pub fn copy(path: &Path) -> Result<Self> {
        Self::with(path, copy::copy_database(path)?, copy::copy_database)
    }

    fn with(path: &Path, database: Database, open: fn(&Path) -> Result<Database>) -> Result<Self> {
        let store = Self {
            database: RwLock::new(Some(database)),
            broken: AtomicBool::new(false),
            reopened: AtomicU64::new(0),
            path: path.to_owned(),
            open,
            oids: Mutex::new(OidRange { next: 0, end: 0 }),
        };
        store.initialize()?;
        Ok(store)
    }

    /// Reads the whole catalog.
    pub fn load(&self) -> Result<Snapshot> {
        self.read(|read| self.load_from(read))
    }

    fn load_from(&self, read: &ReadTransaction) -> Result<Snapshot> {
        let mut snapshot = Snapshot::default();
        let meta = read.open_table(META).map_err(self.failed())?;
        snapshot.generation = meta
            .get(GENERATION)
            .map_err(self.failed())?
            .map_or(0, |number| number.value());
        let schemas = read.open_table(SCHEMAS).map_err(self.failed())?;
        for entry in schemas.iter().map_err(self.failed())? {
            let (name, bytes) = entry.map_err(self.failed())?;
            let schema = record::decode_schema(name.value(), bytes.value())?;
            snapshot
                .schemas
                .insert(schema.name.clone(), Arc::new(schema));
        }
        let objects = read.open_table(OBJECTS).map_err(self.failed())?;
        for entry in objects.iter().map_err(self.failed())? {
            let (oid, value) = entry.map_err(self.failed())?;
            let (bytes, columns) = value.value();
            snapshot.put(Arc::new(record::decode_object(
                oid.value(),
                bytes,
                columns,
            )?));
        }
        let prepared = read.open_table(PREPARED).map_err(self.failed())?;
        for entry in prepared.iter().map_err(self.failed())? {
            let (oid, value) = entry.map_err(self.failed())?;
            let (commit, bytes, columns) = value.value();
            let prepared = record::decode_prepared(oid.value(), commit, bytes, columns)?;
            snapshot.put_prepared(oid.value(), Arc::new(prepared));
        }
        let publications = read.open_table(PUBLICATIONS).map_err(self.failed())?;
        for entry in publications.iter().map_err(self.failed())? {
            let (commit, entries) = entry.map_err(self.failed())?;
            let entries = record::from_json(entries.value())?;
            snapshot.publications.add(commit.value(), entries);
        }
        Ok(snapshot)
    }

    /// Writes what a transaction changed, all or nothing; on disk when it returns.
    pub fn save(&self, changes: &Changes<'_>) -> Result<()> {
        self.write(|write| {
            let mut schemas = write.open_table(SCHEMAS).map_err(self.failed())?;
            for name in changes.schemas {
                match changes.snapshot.stored_schema(name) {
                    Some(schema) => schemas
                        .insert(name.as_str(), record::encode_schema(schema)?.as_slice())
                        .map_err(self.failed())?,
                    None => schemas.remove(name.as_str()).map_err(self.failed())?,
                };
            }
            let mut objects = write.open_table(OBJECTS).map_err(self.failed())?;
            let mut states = write.open_table(MODEL_STATES).map_err(self.failed())?;
            let mut source_files = write.open_table(SOURCE_FILES).map_err(self.failed())?;
            let mut prepared = write.open_table(PREPARED).map_err(self.failed())?;
            for oid in changes.objects {
                match changes.snapshot.prepared(*oid) {
                    Some(replacement) => {
                        let [commit, bytes, columns] = record::encode_prepared(*oid, replacement)?;
                        prepared
                            .insert(
                                *oid,
                                (commit.as_slice(), bytes.as_slice(), columns.as_slice()),
                            )
                            .map_err(self.failed())?;
                    }
                    None => {
                        prepared.remove(*oid).map_err(self.failed())?;
                    }
                }
                match changes.snapshot.object(*oid) {
                    Some(object) => {
                        let (bytes, columns) = record::encode_object(object)?;
                        objects
                            .insert(*oid, (bytes.as_slice(), columns.as_slice()))
                            .map_err(self.failed())?;
                    }
                    None => {
                        objects.remove(*oid).map_err(self.failed())?;
                        states.remove(*oid).map_err(self.failed())?;
                        source_files.remove(*oid).map_err(self.failed())?;
                        sequences::forget(self, write, *oid)?;
                    }
                }
            }
            let commit = changes.snapshot.generation;
            if let Some(entries) = changes.snapshot.publications.get(commit) {
                let entries = record::to_json(entries.as_ref())?;
                write
                    .open_table(PUBLICATIONS)
                    .map_err(self.failed())?
                    .insert(commit, entries.as_slice())
                    .map_err(self.failed())?;
            }
            let mut meta = write.open_table(META).map_err(self.failed())?;
            meta.insert(GENERATION, commit).map_err(self.failed())?;
            Ok(())
        })
    }

    /// Forgets the entries of a commit, which are published.
    pub fn forget_publication(&self, commit: u64) -> Result<()> {
        self.write(|write| {
            let mut publications = write.open_table(PUBLICATIONS).map_err(self.failed())?;
            publications.remove(commit).map_err(self.failed())?;
            Ok(())
        })
    }

    /// A number that was never given out before, not even by a process that then crashed.
    pub fn next_oid(&self) -> Result<Oid> {
        let mut range = self.oids.lock();
        if range.next >= range.end {
            *range = self.write(|write| {
                let mut meta = write.open_table(META).map_err(self.failed())?;
                let stored = meta
                    .get(NEXT_OID)
                    .map_err(self.failed())?
                    .map_or(u64::from(FIRST_OID), |number| number.value());
                let next = Oid::try_from(stored).ok();
                let Some((next, end)) =
                    next.and_then(|next| Some((next, next.checked_add(OIDS_RESERVED)?)))
                else {
                    return Err(Error::new(
                        SqlState::PROGRAM_LIMIT_EXCEEDED,
                        "all numbers for objects are used up",
                    ));
                };
                meta.insert(NEXT_OID, u64::from(end))
                    .map_err(self.failed())?;
                Ok(OidRange { next, end })
            })?;
        }
        let oid = range.next;
        range.next += 1;
        Ok(oid)
    }

    /// Runs a change of the file, all or nothing; on disk when it returns.
    pub fn write<T>(&self, change: impl FnOnce(&WriteTransaction) -> Result<T>) -> Result<T> {
        blocking(|| {
            self.mend()?;
            let database = self.database.read();
            let database = database.as_ref().ok_or_else(|| self.closed())?;
            // Dropped without a commit, it rolls back.
            let write = database.begin_write().map_err(self.failed())?;
            let answer = change(&write)?;
            write.commit().map_err(self.failed())?;
            Ok(answer)
        })
    }

    /// Reads the file as it is now.
    pub fn read<T>(&self, query: impl FnOnce(&ReadTransaction) -> Result<T>) -> Result<T> {
        self.mend()?;
        let database = self.database.read();
        let database = database.as_ref().ok_or_else(|| self.closed())?;
        query(&database.begin_read().map_err(self.failed())?)
    }

    /// How often the file was opened again. What a write that failed has made of it is then read
    /// from it, and not remembered.
    pub fn reopened(&self) -> u64 {
        self.reopened.load(Ordering::Acquire)
    }

    /// Opens the file again where the disk has failed: it may have room again.
    pub fn mend(&self) -> Result<()> {
        if !self.broken.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut database = self.database.write();
        if self.broken.load(Ordering::Acquire) {
            // The file is locked until it is closed.
            *database = None;
            *database = Some((self.open)(&self.path)?);
            self.reopened.fetch_add(1, Ordering::AcqRel);
            self.broken.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// As a disk that fails leaves it.
    #[cfg(test)]
    pub fn fail(&self) {
        self.broken.store(true, Ordering::Release);
    }

    fn closed(&self) -> Error {
        failed(&self.path, redb::Error::PreviousIo)
    }

    /// Turns the store's errors into ours.
    pub fn failed<E: Into<redb::Error>>(&self) -> impl Fn(E) -> Error + '_ {
        |error| {
            let error = error.into();
            if matches!(error, redb::Error::Io(_) | redb::Error::PreviousIo) {
                self.broken.store(true, Ordering::Release);
            }
            failed(&self.path, error)
        }
    }

    /// Makes the tables of a new file, and refuses one that a later version wrote.
    fn initialize(&self) -> Result<()> {
        self.write(|write| {
            // Made here too where an earlier version made the file, and could not need it.
            write.open_table(PREPARED).map_err(self.failed())?;
            write.open_table(PUBLICATIONS).map_err(self.failed())?;
            write.open_table(SOURCE_FILES).map_err(self.failed())?;
            write
                .open_table(sequences::SEQUENCES)
                .map_err(self.failed())?;
            let mut meta = write.open_table(META).map_err(self.failed())?;
            let version = meta
                .get(FORMAT)
                .map_err(self.failed())?
                .map(|version| version.value());
            match version {
                None => {
                    meta.insert(FORMAT, FORMAT_VERSION).map_err(self.failed())?;
                    let public = Schema {
                        oid: PUBLIC_OID,
                        name: DEFAULT_SCHEMA.to_owned(),
                        comment: Some("standard public schema".to_owned()),
                        access: Access::default(),
                        default_privileges: Vec::new(),
                    };
                    write
                        .open_table(SCHEMAS)
                        .map_err(self.failed())?
                        .insert(DEFAULT_SCHEMA, record::encode_schema(&public)?.as_slice())
                        .map_err(self.failed())?;
                    write.open_table(OBJECTS).map_err(self.failed())?;
                    write.open_table(MODEL_STATES).map_err(self.failed())?;
                    Ok(())
                }
                Some(FORMAT_VERSION) => Ok(()),
                Some(version) => Err(Error::new(
                    SqlState::DATA_CORRUPTED,
                    format!(
                        "{} has format version {version}, this program knows {FORMAT_VERSION}",
                        self.path.display()
                    ),
                )
                .with_hint("Start the version of tributary that wrote it, or a later one.")),
            }
        })
    }
}

fn open_database(path: &Path) -> Result<Database> {
    builder().create(path).map_err(|error| failed(path, error))
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder
        .set_cache_size(CACHE_BYTES)
        .set_check_integrity_on_open(true);
    builder
}

/// Empties a file whose making was cut short; answers whether it did.
///
/// The store writes its magic number last. A file without it, in which nothing stands past the
/// header, has never held anything; the store itself would refuse it for good.
fn clear_unfinished(path: &Path) -> Result<bool> {
    const NEW_FILE_BYTES: u64 = 16 << 20;
    let clear = || -> std::io::Result<bool> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            // The store will say who has it.
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut bytes = Vec::new();
        if file.metadata()?.len() > NEW_FILE_BYTES {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
        let unfinished = is_unfinished(&bytes);
        if unfinished {
            file.set_len(0)?;
            file.sync_all()?;
        }
        Ok(unfinished)
    };
    clear().map_err(|error| Error::from(error).within(path.display()))
}

/// Whether the making of a file with these bytes was cut short.
fn is_unfinished(bytes: &[u8]) -> bool {
    const HEADER_BYTES: usize = 4096;
    let zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let magic = bytes.get(..9).unwrap_or(bytes);
    let pages = bytes.get(HEADER_BYTES..).unwrap_or_default();
    zero(magic) && zero(pages)
}

fn failed(path: &Path, error: impl Into<redb::Error>) -> Error {
    let place = path.display();
    match error.into() {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
            Error::new(SqlState::OBJECT_IN_USE, format!("{place} is in use"))
                .with_hint("Another tributary process uses this data directory.")
        }
        redb::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            damaged(&place, &error)
        }
        redb::Error::Io(error) => Error::from(error).within(place),
        redb::Error::PreviousIo => Error::new(
            SqlState::IO_ERROR,
            format!("{place}: an earlier write failed"),
        )
        .with_hint("Free or repair the disk, then try again."),
        error @ (redb::Error::Corrupted(_)
        | redb::Error::UpgradeRequired(_)
        | redb::Error::RepairAborted
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableDoesNotExist(_)) => damaged(&place, &error),
        redb::Error::ValueTooLarge(bytes) => Error::new(
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            format!("{place}: a record of {bytes} bytes is too long"),
        ),
        error => Error::internal(format!("{place}: {error}")),
    }
}

fn damaged(place: &dyn std::fmt::Display, error: &dyn std::error::Error) -> Error {
    Error::new(
        SqlState::DATA_CORRUPTED,
        format!("{place} is damaged: {error}"),
    )
    .with_hint("Restore it from a backup, or start with another data directory.")
}

/// Waits for the disk without holding up the other tasks of this thread.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => {
            tokio::task::block_in_place(work)
        }
        _ => work(),
    }
}
