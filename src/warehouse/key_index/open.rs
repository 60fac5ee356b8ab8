//! Opens an index: finds what is left of it from before.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};

use arrow::datatypes::FieldRef;
use datafusion::execution::memory_pool::MemoryPool;
use parking_lot::{Mutex, RwLock};
use uuid::Uuid;

use super::KeyIndex;
use super::block_cache::{BlockCache, blocks_up_to};
use super::hash::{KeyHasher, plain};
use super::limits::Limits;
use super::manifest::{self, Manifest};
use super::run_file::{RunFile, SUFFIX};
use super::state::{CoveredFiles, State};
use crate::error::{Error, Result, SqlState};

impl KeyIndex {
    /// Opens the index that lies in a folder, or makes one. `key` has the columns of the key, with
    /// names that stay when columns are renamed. What was indexed by other columns or types, or is
    /// damaged, is forgotten, with a warning.
    ///
    /// # Errors
    /// A folder that cannot be made; 53200 without memory for what is kept there of an index.
    pub fn open(folder: &Path, key: &[FieldRef], pool: Arc<dyn MemoryPool>) -> Result<Arc<Self>> {
        Self::open_keeping(folder, key, pool, Arc::new(blocks_up_to(0)))
    }

    /// [`Self::open`], which keeps what single keys are looked up in.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub(in crate::warehouse) fn open_keeping(
        folder: &Path,
        key: &[FieldRef],
        pool: Arc<dyn MemoryPool>,
        blocks: Arc<BlockCache>,
    ) -> Result<Arc<Self>> {
        Self::open_with(folder, key, pool, blocks, Limits::default())
    }

    pub(super) fn open_with(
        folder: &Path,
        key: &[FieldRef],
        pool: Arc<dyn MemoryPool>,
        blocks: Arc<BlockCache>,
        limits: Limits,
    ) -> Result<Arc<Self>> {
        if key.is_empty() {
            return Err(Error::internal("the key of an index has no column"));
        }
        fs::create_dir_all(folder).map_err(|error| Error::from(error).within(folder.display()))?;
        let described = describe(key);
        let known = match load(folder, &described, &pool) {
            Ok(known) => known,
            Err(error) if error.sqlstate() == SqlState::OUT_OF_MEMORY => return Err(error),
            Err(error) => {
                let folder = folder.display();
                tracing::warn!(%folder, %error, "a key index is damaged, and is built anew");
                None
            }
        };
        let known = known.unwrap_or_else(|| Known {
            secret: Uuid::new_v4().as_u64_pair().into(),
            next_file: 0,
            state: State::default(),
        });
        remove_strangers(folder, &known.state);
        Ok(Arc::new(Self {
            folder: folder.to_owned(),
            key: described,
            hasher: KeyHasher::new(key, known.secret),
            pool,
            blocks,
            limits,
            next_file: AtomicU32::new(known.next_file),
            state: RwLock::new(Arc::new(known.state)),
            changing: Mutex::new(()),
            merging: Mutex::new(()),
            lost: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        }))
    }
}

/// What is left of an index.
struct Known {
    secret: [u64; 2],
    next_file: u32,
    state: State,
}

fn load(folder: &Path, key: &str, pool: &Arc<dyn MemoryPool>) -> Result<Option<Known>> {
    let Some(manifest) = Manifest::read(folder)? else {
        return Ok(None);
    };
    if manifest.key != key {
        let folder = folder.display();
        tracing::warn!(%folder, was = manifest.key, is = key, "a key index is of another key, and is built anew");
        return Ok(None);
    }
    let runs = manifest.runs.iter();
    let runs = runs.map(|id| Ok(Arc::new(RunFile::open(folder, *id, pool)?)));
    let runs = runs.collect::<Result<_>>()?;
    let (secret, next_file) = (manifest.secret, manifest.next_file);
    let mut files = CoveredFiles::default();
    for (number, file) in manifest.files() {
        files.insert(number, file);
    }
    Ok(Some(Known {
        secret,
        next_file,
        state: State {
            files: Arc::new(files),
            memory: Vec::new(),
            runs,
        },
    }))
}

fn describe(key: &[FieldRef]) -> String {
    let column = |field: &FieldRef| format!("{} {}", field.name(), plain(field.data_type()));
    key.iter().map(column).collect::<Vec<_>>().join(", ")
}

/// Deletes what a process that was killed has left.
fn remove_strangers(folder: &Path, state: &State) {
    let known = |name: &str| {
        let mut runs = state.runs.iter();
        runs.any(|run| RunFile::path(folder, run.id).ends_with(name))
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            continue;
        };
        let is_strange = (name.ends_with(SUFFIX) && !known(name)) || name == manifest::DRAFT;
        if is_strange && let Err(error) = fs::remove_file(entry.path()) {
            let path = entry.path();
            tracing::debug!(path = %path.display(), %error, "an old run stays behind");
        }
    }
}
