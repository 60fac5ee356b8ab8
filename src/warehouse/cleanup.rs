//! Removes what belongs to no table and to no version.

use std::collections::HashSet;
use std::path::Path as FilePath;

use chrono::{DateTime, Utc};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

use super::deletion_vector;
use super::entry::{FileAction, file_actions};
use super::place::{Place, Root, blocking};
use super::table::Table;
use super::table_id::oid_of_folder;
use super::tombstones;
use crate::error::Result;

/// Deletes the folder of a table and all that is in it.
pub(super) async fn remove_table(place: &Place) -> Result<()> {
    match place.local_folder().cloned() {
        Some(folder) => remove_folder(folder).await,
        None => remove_all(place.store.as_ref(), &place.path).await,
    }
}

/// Deletes the folders of tables that are not in `keep`; tells how many there were.
pub(super) async fn remove_unknown(root: &Root, keep: &HashSet<u32>) -> Result<usize> {
    let mut removed = 0;
    let schemas = root.store.list_with_delimiter(Some(&root.path)).await?;
    for schema in schemas.common_prefixes {
        let tables = root.store.list_with_delimiter(Some(&schema)).await?;
        for table in tables.common_prefixes {
            let oid = table.filename().and_then(oid_of_folder);
            if oid.is_none_or(|oid| keep.contains(&oid)) {
                continue;
            }
            match (&root.local, schema.filename(), table.filename()) {
                (Some(local), Some(schema), Some(table)) => {
                    remove_folder(local.join(schema).join(table)).await?;
                }
                _ => remove_all(root.store.as_ref(), &table).await?,
            }
            removed += 1;
        }
    }
    Ok(removed)
}

/// Deletes files of a table that no version has and that are older than `before`, which a write
/// that came to no end has left; tells how many there were.
pub(super) async fn remove_orphans(table: &Table, before: DateTime<Utc>) -> Result<usize> {
    let entries = table.entries().await?;
    // Without the whole log nobody knows which files older versions have.
    if entries.first().is_none_or(|(version, _)| *version != 0) {
        return Ok(0);
    }
    let mut known = HashSet::new();
    let versions = entries.into_iter().map(|(version, _)| version);
    let mut entries = std::pin::pin!(table.read_entries(versions));
    while let Some((_, entry)) = entries.try_next().await? {
        for action in file_actions(&entry)? {
            if let FileAction::Added { path, vector } = action {
                known.extend(std::iter::once(path).chain(vector));
            }
        }
    }
    let place = &table.place;
    let mut listed = place.store.list(Some(&place.path));
    let mut removed = 0;
    while let Some(file) = listed.try_next().await? {
        let path = place.relative(&file.location);
        if path.is_some_and(|path| is_orphan(&path, &known)) && file.last_modified < before {
            place.store.delete(&file.location).await?;
            removed += 1;
        }
    }
    if let Some(folder) = place.local_folder().cloned() {
        let drafts = blocking(move || remove_drafts(&folder, before)).await?;
        removed += drafts?;
    }
    Ok(removed)
}

/// Whether a file, given relative to the table, has a name of ours and is not known.
fn is_orphan(path: &str, known: &HashSet<String>) -> bool {
    let name = path.rsplit('/').next();
    name.is_some_and(is_ours) && !known.contains(path)
}

/// Whether this server gives such names to data files and to deletion vectors.
fn is_ours(name: &str) -> bool {
    let is_data = ["part", tombstones::PREFIX].iter().any(|prefix| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.starts_with('-'))
    });
    (is_data && name.ends_with(".parquet")) || deletion_vector::is_ours(name)
}

/// Deletes half-written files, which the object store does not list: `<name>#<number>` for a data
/// file, `.<name>.tmp` for an entry of the log.
fn remove_drafts(folder: &FilePath, before: DateTime<Utc>) -> std::io::Result<usize> {
    let mut removed = 0;
    // Those of partitions are within each other.
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder)? {
            let file = file?;
            if file.file_type()?.is_dir() {
                folders.push(file.path());
                continue;
            }
            let name = file.file_name();
            let name = name.to_string_lossy();
            let is_draft = match name.rsplit_once('#') {
                Some((_, number)) => number.parse::<u64>().is_ok(),
                None => name.starts_with('.') && name.ends_with(".tmp"),
            };
            let modified = DateTime::<Utc>::from(file.metadata()?.modified()?);
            if is_draft && modified < before {
                std::fs::remove_file(file.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

async fn remove_folder(folder: std::path::PathBuf) -> Result<()> {
    let removed = blocking(move || std::fs::remove_dir_all(folder)).await?;
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

async fn remove_all(store: &dyn ObjectStore, prefix: &Path) -> Result<()> {
    let paths = store
        .list(Some(prefix))
        .map_ok(|file| file.location)
        .boxed();
    store.delete_stream(paths).try_collect::<Vec<_>>().await?;
    Ok(())
}
