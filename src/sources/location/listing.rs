//! The files that a location names.

use std::path::Path as FilePath;

use futures::TryStreamExt;
use glob::MatchOptions;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};

use super::{FilePrefix, Location, Target, hex};
use crate::error::{Error, Result, SqlState};
use crate::sources::compression::without_compression;
use crate::sources::format::FileFormat;
use crate::storage::StoreKind;

/// More files than this are a mistake in the pattern.
const MAX_FILES: usize = 1_000_000;

/// One file of a table.
#[derive(Clone, Debug)]
pub(in crate::sources) struct SourceFile {
    /// Where it lies in its store, its size and times.
    pub meta: ObjectMeta,
    /// Its name as `_file` and messages give it.
    pub name: String,
}

impl Location {
    /// The files, ordered by name.
    ///
    /// A path that is neither a file nor a folder is an error; a folder or glob without files is
    /// one where files are `required`. An object store has no empty folders: there, a path without
    /// the ending of a file passes for one.
    pub async fn list(
        &self,
        store: &dyn ObjectStore,
        format: FileFormat,
        required: bool,
    ) -> Result<Vec<SourceFile>> {
        let found = match &self.target {
            Target::FileOrFolder(path) => self.list_path(store, path, format, required).await?,
            Target::Glob(folder, pattern) => {
                let options = MatchOptions {
                    case_sensitive: true,
                    require_literal_separator: true,
                    require_literal_leading_dot: true,
                };
                self.list_below(store, folder, |name| pattern.matches_with(name, options))
                    .await?
            }
        };
        if found.is_empty() && required {
            let what = match &self.target {
                Target::Glob(..) => "matches no file".to_owned(),
                Target::FileOrFolder(_) => format!(
                    "holds no file that ends in .{}",
                    format.extensions().join(", .")
                ),
            };
            return Err(Error::new(
                SqlState::UNDEFINED_FILE,
                format!("the location \"{self}\" {what}"),
            )
            .with_hint("Declare the columns to create the table before its files are there."));
        }
        let mut files: Vec<_> = found
            .into_iter()
            .map(|meta| SourceFile {
                name: self.file_name(&meta.location),
                meta,
            })
            .collect();
        files.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(files)
    }

    async fn list_path(
        &self,
        store: &dyn ObjectStore,
        path: &Path,
        format: FileFormat,
        required: bool,
    ) -> Result<Vec<ObjectMeta>> {
        if path.as_ref().is_empty() {
            if self.kind == StoreKind::Http {
                return Err(Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("the location \"{self}\" names no file"),
                )
                .with_hint("A web server does not list its files: give the URL of one."));
            }
        } else {
            match store.head(path).await {
                Ok(meta) => return Ok(vec![meta]),
                Err(object_store::Error::NotFound { .. }) if self.kind != StoreKind::Http => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        let mut any = false;
        let files = self
            .list_below(store, path, |name| {
                any = true;
                is_visible(name) && has_extension(name, format)
            })
            .await?;
        let is_folder =
            any || (self.kind == StoreKind::Local && FilePath::new(&format!("/{path}")).is_dir());
        let is_file = path
            .filename()
            .is_some_and(|name| has_extension(name, format));
        let must_be = required || is_file || self.kind == StoreKind::Local;
        if !is_folder && files.is_empty() && must_be {
            let missing = Error::new(
                SqlState::UNDEFINED_FILE,
                format!("the location \"{self}\" does not exist"),
            );
            // A relative location is below the project's folder, which may not be the current one.
            return Err(match self.kind {
                StoreKind::Local => missing.with_detail(format!("There is nothing at /{path}.")),
                _ => missing,
            }
            .with_hint(self.kind.hint()));
        }
        Ok(files)
    }

    async fn list_below(
        &self,
        store: &dyn ObjectStore,
        folder: &Path,
        mut wanted: impl FnMut(&str) -> bool,
    ) -> Result<Vec<ObjectMeta>> {
        let prefix = Some(folder).filter(|folder| !folder.as_ref().is_empty());
        let mut listing = store.list(prefix);
        let mut files = Vec::new();
        while let Some(meta) = match listing.try_next().await {
            Ok(next) => next,
            // Of a bucket, it is the bucket that is not there: a prefix need not exist.
            Err(object_store::Error::NotFound { .. }) if self.kind == StoreKind::Local => None,
            Err(error) => return Err(self.failed(error)),
        } {
            let below: Vec<_> = match meta.location.prefix_match(folder) {
                Some(parts) => parts.collect(),
                None => continue,
            };
            let name = below
                .iter()
                .map(AsRef::as_ref)
                .collect::<Vec<&str>>()
                .join("/");
            // Zero bytes at a name that ends in a slash mark a folder; the name has no parts left.
            if name.is_empty() || !wanted(&name) {
                continue;
            }
            if files.len() == MAX_FILES {
                return Err(Error::new(
                    SqlState::PROGRAM_LIMIT_EXCEEDED,
                    format!("the location \"{self}\" holds more than {MAX_FILES} files"),
                )
                .with_hint("Narrow the pattern."));
            }
            files.push(meta);
        }
        Ok(files)
    }

    fn failed(&self, error: object_store::Error) -> Error {
        let error = Error::from(error);
        let hint = match self.kind {
            StoreKind::Http if error.sqlstate() == SqlState::UNDEFINED_FILE => {
                "Check the URL. A web server does not list its files: a folder or a pattern \
                 names none."
                    .to_owned()
            }
            kind => kind.hint(),
        };
        if error.sqlstate() == SqlState::UNDEFINED_FILE {
            let missing = Error::new(
                SqlState::UNDEFINED_FILE,
                format!("the location \"{self}\" does not exist"),
            );
            return match error.detail() {
                Some(detail) => missing.with_detail(detail),
                None => missing,
            }
            .with_hint(hint);
        }
        error
            .within(format!("cannot list the location \"{self}\""))
            .with_hint(hint)
    }

    fn file_name(&self, path: &Path) -> String {
        match &self.prefix {
            FilePrefix::After(prefix) => format!("{prefix}{path}"),
            FilePrefix::RelativeTo(base) => match path.prefix_match(base) {
                Some(parts) => parts
                    .map(|part| part.as_ref().to_owned())
                    .collect::<Vec<_>>()
                    .join("/"),
                None => format!("/{path}"),
            },
        }
    }
}

/// Names that begin with a dot or an underscore are not data: temporary files, markers, logs.
fn is_visible(name: &str) -> bool {
    name.split('/').all(|part| !part.starts_with(['.', '_']))
}

fn has_extension(name: &str, format: FileFormat) -> bool {
    let name = if format.may_be_compressed() {
        without_compression(name)
    } else {
        name.to_ascii_lowercase()
    };
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| format.extensions().contains(&extension))
}

/// A hash of the files: their names, sizes, times and tags.
pub(in crate::sources) fn fingerprint(files: &[SourceFile]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        for text in [
            file.name.as_str(),
            &file.meta.size.to_string(),
            &file.meta.last_modified.to_rfc3339(),
            file.meta.e_tag.as_deref().unwrap_or_default(),
            file.meta.version.as_deref().unwrap_or_default(),
        ] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
    }
    hex(&hash.finalize())
}
