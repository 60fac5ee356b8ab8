//! `LOCATION`: a path, folder, glob or URL.

mod listing;
mod store;

use std::fmt;
use std::path::{Component, Path as FilePath, PathBuf};

use glob::Pattern;
use object_store::path::Path;
use url::Url;

pub(super) use listing::{SourceFile, fingerprint};

use crate::error::{Error, Result, SqlState};
use crate::storage::StoreKind;

/// Where a table's files lie.
#[derive(Clone, Debug)]
pub(super) struct Location {
    /// As the statement has it, but for a password.
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
            root: Url::from_directory_path("/").map_err(|()| invalid("no root".to_owned()))?,
            prefix,
            target,
        })
    }

    fn parse_url(text: &str, scheme: &str, rest: &str, base: &FilePath) -> Result<Self> {
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        let shown = text.replacen(authority, &without_password(authority), 1);
        let invalid = |reason: &str| {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid location \"{shown}\": {reason}"),
            )
        };
        let kind = StoreKind::of_scheme(scheme).ok_or_else(|| {
            invalid("unknown scheme").with_hint(
                "A location is a path or begins with file://, s3://, gs://, az://, http:// or \
                 https://.",
            )
        })?;
        if kind == StoreKind::Local {
            let path = Url::parse(text)
                .ok()
                .and_then(|url| url.to_file_path().ok())
                .ok_or_else(|| invalid("not a file URL"))?;
            return Self::parse_local(text, &path.to_string_lossy(), base);
        }
        if authority.is_empty() {
            return Err(invalid("the bucket or host is missing"));
        }
        let root = Url::parse(&format!("{scheme}://{authority}"))
            .map_err(|error| invalid(&error.to_string()))?;
        let target = match kind {
            StoreKind::Http => {
                if let Some((path, _)) = shown.split_once('?') {
                    // What follows the question mark may be a signature, which is a secret.
                    return Err(Error::unsupported(format!(
                        "a query in a location, as in \"{path}?...\","
                    )));
                }
                Target::FileOrFolder(
                    Path::from_url_path(key).map_err(|error| invalid(&error.to_string()))?,
                )
            }
            _ => Self::parse_key(key).map_err(|reason| invalid(&reason))?,
        };
        let host = match kind {
            StoreKind::Http => authority
                .rsplit_once('@')
                .map_or(authority, |(_, host)| host),
            _ => authority,
        };
        Ok(Self {
            prefix: FilePrefix::After(format!("{scheme}://{host}/")),
            text: shown,
            kind,
            root,
            target,
        })
    }

    /// The key, folder or glob after the name of a bucket.
    fn parse_key(key: &str) -> Result<Target, String> {
        let parse =
            |key: &str| Path::parse(key.trim_end_matches('/')).map_err(|error| error.to_string());
        let Some(first) = key.find(is_glob) else {
            return Ok(Target::FileOrFolder(parse(key)?));
        };
        let split = key.get(..first).and_then(|head| head.rfind('/'));
        let (folder, pattern) = match split {
            Some(slash) => key.split_at(slash),
            None => ("", key),
        };
        let pattern =
            Pattern::new(pattern.trim_start_matches('/')).map_err(|error| error.to_string())?;
        Ok(Target::Glob(parse(folder)?, Box::new(pattern)))
    }
}

/// `user:password@host` as `user:***@host`.
fn without_password(authority: &str) -> String {
    match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:***@{host}"),
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
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

fn is_glob(c: char) -> bool {
    matches!(c, '*' | '?' | '[')
}

fn has_glob(text: &str) -> bool {
    text.contains(is_glob)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
