//! The bytes of a file, as it lies in its store.
//!
//! A file of an object store is read in requests of a bounded size, two of them under way. In one
//! request the whole query would have to read within the time that one request may take, and what
//! broke could only begin anew.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt};

use super::location::SourceFile;
use crate::error::{Error, Result, SqlState};

/// How much one request asks for.
const PART: u64 = 8 << 20;

/// How many requests of a file are under way at once.
const AHEAD: usize = 2;

/// A server without ranges that sends nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(60);

/// The bytes of a file.
pub(super) enum Content {
    /// A file of this machine.
    Local(File),
    /// Whatever comes from elsewhere.
    Remote(BoxStream<'static, Result<Bytes>>),
}

/// Opens a file. Errors do not name it.
pub(super) async fn open(store: &Arc<dyn ObjectStore>, file: &SourceFile) -> Result<Content> {
    let source = Parts {
        store: Arc::clone(store),
        path: file.meta.location.clone(),
        tag: strong_tag(file.meta.e_tag.as_deref()),
    };
    let size = file.meta.size;
    if size == 0 {
        // There is no range of no bytes.
        return Ok(whole(store.get(&source.path).await?, size));
    }
    match source.get(0..size.min(PART)).await {
        Ok(first) => Ok(match first.payload {
            GetResultPayload::File(file, _) => Content::Local(file),
            GetResultPayload::Stream(_) => Content::Remote(source.stream(first, size)),
        }),
        Err(object_store::Error::NotSupported { .. }) => {
            Ok(whole(store.get(&source.path).await?, size))
        }
        Err(error) => Err(error.into()),
    }
}

/// A file that is asked for part by part.
struct Parts {
    store: Arc<dyn ObjectStore>,
    path: Path,
    /// What all parts must be of.
    tag: Option<String>,
}

impl Parts {
    async fn get(&self, range: Range<u64>) -> object_store::Result<GetResult> {
        let mut options = GetOptions::new().with_range(Some(range));
        options.if_match.clone_from(&self.tag);
        self.store.get_opts(&self.path, options).await
    }

    fn stream(self, first: GetResult, size: u64) -> BoxStream<'static, Result<Bytes>> {
        let parts = Arc::new(self);
        let starts = (PART..size).step_by(usize::try_from(PART).unwrap_or(usize::MAX));
        let rest = stream::iter(starts)
            .map(move |start| {
                let parts = Arc::clone(&parts);
                async move {
                    let part = parts.get(start..size.min(start + PART)).await?;
                    Ok(part.bytes().await?)
                }
            })
            .buffered(AHEAD);
        stream::once(async move { Ok(first.bytes().await?) })
            .chain(rest)
            .boxed()
    }
}

/// A file in one answer.
fn whole(answer: GetResult, size: u64) -> Content {
    let bytes = match answer.payload {
        GetResultPayload::File(file, _) => return Content::Local(file),
        GetResultPayload::Stream(bytes) => bytes.map_err(Error::from),
    };
    let watched = stream::try_unfold((bytes, 0), move |(mut bytes, read)| async move {
        let next = tokio::time::timeout(SILENCE, bytes.try_next()).await;
        let next = next.map_err(|_| {
            Error::new(
                SqlState::IO_ERROR,
                format!("the server sent nothing for {} seconds", SILENCE.as_secs()),
            )
        })??;
        match next {
            Some(chunk) => {
                let read = read + chunk.len() as u64;
                Ok(Some((chunk, (bytes, read))))
            }
            None if read < size => Err(Error::new(
                SqlState::IO_ERROR,
                format!("the server ended the file after {read} of {size} bytes"),
            )),
            None => Ok(None),
        }
    });
    Content::Remote(watched.boxed())
}

/// A weak tag is equal to no other (RFC 9110, section 8.8.3.2).
fn strong_tag(tag: Option<&str>) -> Option<String> {
    tag.filter(|tag| !tag.starts_with("W/")).map(str::to_owned)
}
