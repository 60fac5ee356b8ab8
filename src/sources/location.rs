//! `LOCATION`: a path, folder, glob or URL, the object store it lies in, and the files it names.

use std::fmt;
use std::path::{Component, Path as FilePath, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use futures::TryStreamExt;
use glob::{MatchOptions, Pattern};
use object_store::aws::AmazonS3ConfigKey;
use object_store::azure::AzureConfigKey;
use object_store::gcp::GoogleConfigKey;
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientConfigKey, ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};
use url::Url;

use super::format::FileFormat;
use crate::error::{Error, Result, SqlState};

/// More files than this are a mistake in the pattern.
const MAX_FILES: usize = 1_000_000;

/// The kinds of stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoreKind {
    Local,
    S3,
    Gcs,
    Azure,
    Http,
}

/// Where a table's files lie.
#[derive(Clone, Debug)]
pub(super) struct Location {
    /// As the statement has it.
    text: String,
    kind: StoreKind,
    /// `scheme://authority`; for local files `file:///`.
    root: Url,
    /// What stands before a path of the store in `_file`.
    prefix: FilePrefix,
    target: Target,
}

#[derive(Clone, Debug)]
enum Target {
    /// A file, or all files of the format below a folder.
    FileOrFolder(Path),
    /// All files below the folder that the pattern matches.
    Glob(Path, Box<Pattern>),
}

#[derive(Clone, Debug)]
enum FilePrefix {
    /// Paths below this folder are shown relative to it.
    RelativeTo(Path),
    /// Shown after this text.
    After(String),
}

/// One file of a table.
#[derive(Clone, Debug)]
pub(super) struct SourceFile {
    /// Where it lies in its store, its size and times.
    pub meta: ObjectMeta,
    /// Its name as `_file` and messages give it.
    pub name: String,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Location {
    /// Reads a location; relative paths are below `base`.
    pub fn parse(text: &str, base: &FilePath) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                "the location is empty",
            ));
        }
        match text.split_once("://") {
            Some((scheme, rest)) if !scheme.contains('/') => {
                Self::parse_url(text, scheme, rest, base)
            }
            _ => Self::parse_local(text, text, base),
        }
    }

    fn parse_local(text: &str, path: &str, base: &FilePath) -> Result<Self> {
        let invalid = |reason: String| {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid location \"{text}\": {reason}"),
            )
        };
        let base = without_dots(&std::path::absolute(base)?);
        let full = without_dots(&base.join(path));
        let to_path = |path: &FilePath| {
            Path::from_absolute_path(path).map_err(|error| invalid(error.to_string()))
        };
        let target = if full.exists() || !has_glob(path) {
            Target::FileOrFolder(to_path(&full)?)
        } else {
            let mut folder = PathBuf::new();
            let mut rest = Vec::new();
            for part in full.components() {
                let name = part.as_os_str().to_string_lossy();
                if rest.is_empty() && !has_glob(&name) {
                    folder.push(part);
                } else {
                    rest.push(name.into_owned());
                }
            }
            let pattern =
                Pattern::new(&rest.join("/")).map_err(|error| invalid(error.to_string()))?;
            Target::Glob(to_path(&folder)?, Box::new(pattern))
        };
        let prefix = if FilePath::new(path).is_absolute() {
            FilePrefix::After("/".to_owned())
        } else {
            FilePrefix::RelativeTo(to_path(&base)?)
        };
        Ok(Self {
            text: text.to_owned(),
            kind: StoreKind::Local,
            root: parse_root("file:///")?,
            prefix,
            target,
        })
    }

    fn parse_url(text: &str, scheme: &str, rest: &str, base: &FilePath) -> Result<Self> {
        let invalid = |reason: &str| {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid location \"{text}\": {reason}"),
            )
        };
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "file" => {
                let path = Url::parse(text)
                    .ok()
                    .and_then(|url| url.to_file_path().ok())
                    .ok_or_else(|| invalid("not a file URL"))?;
                let path = path.to_string_lossy().into_owned();
                return Self::parse_local(text, &path, base);
            }
            "s3" | "s3a" => StoreKind::S3,
            "gs" | "gcs" => StoreKind::Gcs,
            "az" | "azure" | "abfs" | "abfss" | "adl" => StoreKind::Azure,
            "http" | "https" => StoreKind::Http,
            _ => {
                return Err(invalid("unknown scheme").with_hint(
                    "A location is a path or begins with file://, s3://, gs://, az://, http:// \
                     or https://.",
                ));
            }
        };
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() {
            return Err(invalid("the bucket or host is missing"));
        }
        let root = parse_root(&format!("{scheme}://{authority}"))?;
        let target = match kind {
            StoreKind::Http => {
                if key.contains('?') {
                    return Err(Error::unsupported(format!(
                        "a query in the location \"{text}\""
                    )));
                }
                Target::FileOrFolder(
                    Path::from_url_path(key).map_err(|error| invalid(&error.to_string()))?,
                )
            }
            _ => {
                let parse = |key: &str| {
                    Path::parse(key.trim_end_matches('/'))
                        .map_err(|error| invalid(&error.to_string()))
                };
                match key.find(is_glob) {
                    None => Target::FileOrFolder(parse(key)?),
                    Some(first) => {
                        let split = key.get(..first).and_then(|head| head.rfind('/'));
                        let (folder, pattern) = match split {
                            Some(slash) => key.split_at(slash),
                            None => ("", key),
                        };
                        let pattern = Pattern::new(pattern.trim_start_matches('/'))
                            .map_err(|error| invalid(&error.to_string()))?;
                        Target::Glob(parse(folder)?, Box::new(pattern))
                    }
                }
            }
        };
        Ok(Self {
            text: text.to_owned(),
            kind,
            prefix: FilePrefix::After(format!("{scheme}://{authority}/")),
            root,
            target,
        })
    }

    /// Whether the store of this location knows the option.
    pub fn is_store_option(&self, key: &str) -> bool {
        match self.kind {
            StoreKind::Local => false,
            StoreKind::S3 => AmazonS3ConfigKey::from_str(key).is_ok(),
            StoreKind::Gcs => GoogleConfigKey::from_str(key).is_ok(),
            StoreKind::Azure => AzureConfigKey::from_str(key).is_ok(),
            StoreKind::Http => ClientConfigKey::from_str(key).is_ok(),
        }
    }

    /// The options of the store that are used most.
    pub fn store_options(&self) -> &'static [&'static str] {
        match self.kind {
            StoreKind::Local => &[],
            StoreKind::S3 => &[
                "aws_access_key_id",
                "aws_secret_access_key",
                "aws_session_token",
                "aws_region",
                "aws_endpoint",
                "aws_allow_http",
                "aws_skip_signature",
                "aws_virtual_hosted_style_request",
            ],
            StoreKind::Gcs => &[
                "google_service_account",
                "google_service_account_key",
                "google_skip_signature",
            ],
            StoreKind::Azure => &[
                "azure_storage_account_name",
                "azure_storage_account_key",
                "azure_storage_sas_key",
                "azure_storage_endpoint",
                "azure_allow_http",
            ],
            StoreKind::Http => &["timeout", "connect_timeout", "user_agent", "proxy_url"],
        }
    }

    /// The store, from the URL, the options and the environment. Stores are kept in the runtime's
    /// registry, one for each bucket and set of options, so that no table reads with the
    /// credentials of another.
    pub fn store(
        &self,
        options: &[(String, String)],
        runtime: &RuntimeEnv,
    ) -> Result<(ObjectStoreUrl, Arc<dyn ObjectStore>)> {
        let url = self.registry_url(options)?;
        if let Ok(store) = runtime.object_store(&url) {
            return Ok((url, store));
        }
        let store = self.build(options).map_err(|error| {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("cannot open the store of \"{self}\": {error}"),
            )
            .with_hint(self.store_hint())
        })?;
        runtime.register_object_store(url.as_ref(), Arc::clone(&store));
        Ok((url, store))
    }

    fn registry_url(&self, options: &[(String, String)]) -> Result<ObjectStoreUrl> {
        let text = if options.is_empty() && self.kind == StoreKind::Local {
            "file://".to_owned()
        } else {
            let mut hash = Sha256::new();
            for (key, value) in options {
                for text in [key, value] {
                    hash.update((text.len() as u64).to_le_bytes());
                    hash.update(text);
                }
            }
            let hash = hex(hash.finalize().get(..8).unwrap_or_default());
            format!(
                "source-{hash}-{}://{}",
                self.root.scheme(),
                self.root.authority()
            )
        };
        Ok(ObjectStoreUrl::parse(text)?)
    }

    fn build(
        &self,
        options: &[(String, String)],
    ) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
        match self.kind {
            StoreKind::Local => Ok(Arc::new(LocalFileSystem::new())),
            StoreKind::Http => {
                let mut client = ClientOptions::new().with_allow_http(self.root.scheme() == "http");
                for (key, value) in options {
                    if let Ok(key) = ClientConfigKey::from_str(key) {
                        client = client.with_config(key, value);
                    }
                }
                let builder = HttpBuilder::new()
                    .with_url(self.root.as_str())
                    .with_client_options(client);
                Ok(Arc::new(builder.build()?))
            }
            StoreKind::S3 | StoreKind::Gcs | StoreKind::Azure => {
                let environment = std::env::vars()
                    .map(|(key, value)| (key.to_ascii_lowercase(), value))
                    .filter(|(key, _)| self.is_environment_option(key));
                let options = environment.chain(options.iter().cloned());
                let (store, _) = object_store::parse_url_opts(&self.root, options)?;
                Ok(Arc::from(store))
            }
        }
    }

    fn is_environment_option(&self, key: &str) -> bool {
        let prefix = match self.kind {
            StoreKind::S3 => "aws_",
            StoreKind::Gcs => "google_",
            StoreKind::Azure => "azure_",
            StoreKind::Local | StoreKind::Http => return false,
        };
        key.starts_with(prefix) && self.is_store_option(key)
    }

    fn store_hint(&self) -> String {
        match self.kind {
            StoreKind::Local => "Check the path and its permissions.".to_owned(),
            StoreKind::Http => "Check the URL, and that the server can be reached.".to_owned(),
            StoreKind::S3 | StoreKind::Gcs | StoreKind::Azure => format!(
                "Check the URL and the credentials: the options {}, or the environment variables \
                 of the same names in upper case.",
                self.store_options().join(", ")
            ),
        }
    }

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
        if !path.as_ref().is_empty() {
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
            return Err(Error::new(
                SqlState::UNDEFINED_FILE,
                format!("the location \"{self}\" does not exist"),
            )
            .with_hint(self.store_hint()));
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
            Err(object_store::Error::NotFound { .. }) => None,
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
        if error.sqlstate() == SqlState::UNDEFINED_FILE {
            return Error::new(
                SqlState::UNDEFINED_FILE,
                format!("the location \"{self}\" does not exist"),
            )
            .with_detail(error.message().to_owned())
            .with_hint(self.store_hint());
        }
        error
            .within(format!("cannot list the location \"{self}\""))
            .with_hint(self.store_hint())
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

/// Takes `.` and `..` out of a path, by its text alone: a glob has no file system to ask.
fn without_dots(path: &FilePath) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

fn parse_root(text: &str) -> Result<Url> {
    Url::parse(text).map_err(|error| {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("invalid URL \"{text}\": {error}"),
        )
    })
}

fn is_glob(c: char) -> bool {
    matches!(c, '*' | '?' | '[')
}

fn has_glob(text: &str) -> bool {
    text.contains(is_glob)
}

/// Names that begin with a dot or an underscore are not data: temporary files, markers, logs.
fn is_visible(name: &str) -> bool {
    name.split('/').all(|part| !part.starts_with(['.', '_']))
}

fn has_extension(name: &str, format: FileFormat) -> bool {
    let lower = name.to_ascii_lowercase();
    let plain = if format.may_be_compressed() {
        COMPRESSIONS
            .iter()
            .find_map(|(ending, _)| lower.strip_suffix(ending))
            .unwrap_or(&lower)
    } else {
        &lower
    };
    plain
        .rsplit_once('.')
        .is_some_and(|(_, extension)| format.extensions().contains(&extension))
}

const COMPRESSIONS: [(&str, FileCompressionType); 4] = [
    (".gz", FileCompressionType::GZIP),
    (".zst", FileCompressionType::ZSTD),
    (".bz2", FileCompressionType::BZIP2),
    (".xz", FileCompressionType::XZ),
];

/// How a file of this name is compressed.
pub(super) fn compression_of(name: &str) -> FileCompressionType {
    let lower = name.to_ascii_lowercase();
    COMPRESSIONS
        .iter()
        .find(|(ending, _)| lower.ends_with(ending))
        .map_or(FileCompressionType::UNCOMPRESSED, |(_, compression)| {
            *compression
        })
}

/// A hash of the files: their names, sizes, times and tags.
pub(super) fn fingerprint(files: &[SourceFile]) -> String {
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
