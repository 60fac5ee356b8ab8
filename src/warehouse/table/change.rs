//! What a commit does to a table, in the words of its entry.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::super::deletion_vector;
use super::super::entry::{Entry, EntryKind};
use super::super::schema::{Protocol, TableSchema};
use super::super::snapshot::{DataFile, Snapshot};
use super::super::writer::{NewFile, NewVector};
use super::Table;
use crate::error::{Error, Result, SqlState};

/// What a commit does to the table.
pub(in crate::warehouse) enum Change {
    /// Makes the table.
    Create(Arc<TableSchema>),
    /// Puts files in the place of all others.
    Replace(Arc<TableSchema>),
    /// Puts files in the place of those of this version, which is the latest.
    Rewrite(Arc<TableSchema>, u64),
    /// Has all files read by this schema.
    Reshape(Arc<TableSchema>),
    /// Adds files, which were written for this schema.
    Append(Arc<TableSchema>),
    /// Takes files out, and adds files, which were written for this schema.
    Modify {
        schema: Arc<TableSchema>,
        removed: Vec<Arc<DataFile>>,
        marked: Vec<Marked>,
    },
    /// The same as a patch.
    Patch {
        schema: Arc<TableSchema>,
        removed: Vec<Arc<DataFile>>,
        /// The rows that files lose.
        lost: Vec<(Arc<DataFile>, Arc<RoaringBitmap>)>,
    },
    /// Puts what a version holds in the place of all.
    Restore {
        version: Arc<Snapshot>,
        /// Whether the table gets the columns of the version, too, where they are others.
        redefines: bool,
    },
    /// Puts copies of files in their place.
    Compact {
        schema: Arc<TableSchema>,
        replaced: Vec<Arc<DataFile>>,
        /// Whether the rows of the copies come in the order of those of the files.
        in_order: bool,
    },
}

impl Change {
    pub(super) fn marked(&self) -> &[Marked] {
        match self {
            Self::Modify { marked, .. } => marked,
            Self::Create(_)
            | Self::Replace(_)
            | Self::Rewrite(..)
            | Self::Reshape(_)
            | Self::Append(_)
            | Self::Patch { .. }
            | Self::Restore { .. }
            | Self::Compact { .. } => &[],
        }
    }

    pub(super) fn kind(&self) -> EntryKind {
        match self {
            Self::Append(_) => EntryKind::Append,
            Self::Compact { .. } => EntryKind::Compaction,
            Self::Create(_)
            | Self::Replace(_)
            | Self::Rewrite(..)
            | Self::Reshape(_)
            | Self::Restore { .. }
            | Self::Patch { .. }
            | Self::Modify { .. } => EntryKind::Change,
        }
    }
}

/// A file that loses some rows, and all rows of it that are gone then.
pub(in crate::warehouse) struct Marked {
    pub file: Arc<DataFile>,
    pub gone: NewVector,
}

impl Table {
    /// Makes the entry a patch, where the change is one, or copies files that other engines do not know
    /// yet; tells whether it is one.
    pub(super) async fn patch(
        &self,
        entry: &mut Entry,
        change: &Change,
        current: &Snapshot,
        files: &[NewFile],
    ) -> Result<bool> {
        let since = current.patched.as_ref().map(|patched| patched.since);
        let (schema, removed, lost) = match (change, since) {
            (
                Change::Patch {
                    schema,
                    removed,
                    lost,
                },
                _,
            ) => (schema, removed.as_slice(), lost.as_slice()),
            (
                Change::Compact {
                    schema, replaced, ..
                },
                Some(_),
            ) => (schema, replaced.as_slice(), &[][..]),
            (Change::Append(schema), Some(_)) => (schema, &[][..], &[][..]),
            _ => return Ok(false),
        };
        let there = current.by_path();
        let losers = lost.iter().map(|(file, _)| file);
        let mut known = removed.iter().chain(losers).map(|file| {
            let there = there.get(file.path.as_str());
            match change {
                // They may have lost rows since: it is their present form that goes.
                Change::Compact { .. } => there.is_some(),
                _ => there.is_some_and(|there| there.is_as(file)),
            }
        });
        if !current.schema.is_stored_as(schema) || !known.all(|it| it) {
            return Err(self.conflict());
        }
        current
            .read_vectors(lost.iter().map(|(file, _)| file.path.as_str()), &self.place)
            .await?;
        entry.patch(
            since.unwrap_or(current.version),
            files,
            removed
                .iter()
                .filter_map(|file| there.get(file.path.as_str()).copied()),
            lost.iter()
                .map(|(file, rows)| (file.path.as_str(), rows.as_ref())),
        )?;
        Ok(true)
    }

    pub(super) fn describe(
        &self,
        entry: &mut Entry,
        change: &Change,
        current: Option<&Snapshot>,
        definition: Option<&String>,
        has_losses: bool,
        vectors: &BTreeMap<String, NewVector>,
    ) -> Result<()> {
        let before = || current.and_then(|current| current.schema.definition.as_ref());
        let defined = |schema: &TableSchema| {
            let definition = definition.or_else(before).cloned();
            schema.clone().defined_as(definition)
        };
        let protocol = |schema: &TableSchema| {
            let mut protocol = schema.protocol();
            let features = current.map(|current| current.features.as_slice());
            keep_features(&mut protocol, features.unwrap_or_default());
            protocol.is_partitioned |= current.is_some_and(|current| current.is_partitioned);
            if has_losses {
                keep_features(&mut protocol, &[deletion_vector::FEATURE.to_owned()]);
            }
            protocol
        };
        match (change, current) {
            (Change::Create(schema) | Change::Replace(schema), None) => {
                entry.set_schema(&defined(schema), &protocol(schema), None)
            }
            (Change::Create(_), Some(_)) => Err(Error::new(
                SqlState::DUPLICATE_TABLE,
                format!("the folder of table {} is not empty", self.called()),
            )),
            (Change::Rewrite(_, version), Some(current)) if current.version != *version => {
                Err(self.conflict())
            }
            (Change::Reshape(schema), Some(current)) => {
                let mut protocol = schema.protocol();
                keep_features(&mut protocol, &current.features);
                protocol.is_partitioned |= current.is_partitioned;
                entry.set_schema(&defined(schema), &protocol, Some(&current.id))
            }
            (Change::Replace(schema) | Change::Rewrite(schema, _), Some(current)) => {
                let schema = defined(schema);
                if !current.schema.is_declared_as(&schema)
                    || (has_losses && !has_deletion_vectors(current))
                {
                    entry.set_schema(&schema, &protocol(&schema), Some(&current.id))?;
                }
                current.files.iter().try_for_each(|file| entry.remove(file))
            }
            (
                Change::Modify {
                    schema,
                    removed,
                    marked,
                },
                Some(current),
            ) if current.schema.is_stored_as(schema) => {
                let there = current.by_path();
                let as_it_is = |file: &Arc<DataFile>| {
                    let there = there.get(file.path.as_str());
                    let there = there.filter(|there| there.is_as(file));
                    there.ok_or_else(|| self.conflict())
                };
                for file in removed {
                    entry.remove(as_it_is(file)?)?;
                }
                for Marked { file, gone } in marked {
                    entry.remove(as_it_is(file)?)?;
                    entry.put_back(file, Some(&gone.descriptor))?;
                }
                Ok(())
            }
            (
                Change::Compact {
                    schema, replaced, ..
                },
                Some(current),
            ) if current.schema.is_stored_as(schema) => {
                // They may have lost rows since: it is their present form that goes.
                let there = current.by_path();
                replaced.iter().try_for_each(|file| {
                    let there = there.get(file.path.as_str());
                    entry.remove(there.ok_or_else(|| self.conflict())?)
                })
            }
            (Change::Restore { version, redefines }, Some(current)) => {
                let is_other = !version.schema.is_declared_as(&current.schema);
                // It was not when it was looked at.
                if is_other && !redefines {
                    return Err(self.conflict());
                }
                if is_other || (has_losses && !has_deletion_vectors(current)) {
                    let protocol = protocol(&version.schema);
                    entry.set_schema(&version.schema, &protocol, Some(&current.id))?;
                }
                let (before, after) = (current.by_path(), version.by_path());
                let has = |files: &HashMap<&str, &Arc<DataFile>>, file: &DataFile| {
                    let found = files.get(file.path.as_str());
                    found.is_some_and(|found| found.is_as(file))
                };
                let leave = current.files.iter().filter(|file| !has(&after, file));
                leave.into_iter().try_for_each(|file| entry.remove(file))?;
                let come = version.files.iter().filter(|file| !has(&before, file));
                come.into_iter()
                    .try_for_each(|file| entry.put_back(file, file.vector(vectors)))
            }
            (Change::Modify { .. } | Change::Patch { .. } | Change::Compact { .. }, Some(_)) => {
                Err(self.conflict())
            }
            (_, None) => Err(Error::new(
                SqlState::UNDEFINED_TABLE,
                format!("table {} has no data folder", self.called()),
            )),
            (Change::Append(schema), Some(current)) => {
                if current.schema.is_stored_as(schema) {
                    Ok(())
                } else {
                    Err(self.conflict())
                }
            }
        }
    }

    /// Lets the table have deletion vectors, unless it may already.
    pub(super) fn enable_deletion_vectors(
        &self,
        entry: &mut Entry,
        current: &Snapshot,
    ) -> Result<()> {
        if has_deletion_vectors(current) {
            return Ok(());
        }
        let mut protocol = current.schema.protocol();
        keep_features(&mut protocol, &current.features);
        protocol.is_partitioned |= current.is_partitioned;
        protocol.features.push(deletion_vector::FEATURE.to_owned());
        entry.set_schema(&current.schema, &protocol, Some(&current.id))
    }
}

/// A table never loses a feature, for older versions may need it.
fn keep_features(protocol: &mut Protocol, features: &[String]) {
    for feature in features {
        if !protocol.features.contains(feature) {
            protocol.features.push(feature.clone());
        }
    }
}

/// Whether rows of a version's files may be gone.
pub(in crate::warehouse) fn has_deletion_vectors(version: &Snapshot) -> bool {
    let mut features = version.features.iter();
    features.any(|has| has == deletion_vector::FEATURE)
}
