//! The object store below a URL.

use std::sync::Arc;

use object_store::ObjectStore;
use url::Url;

use crate::error::{Error, Result, SqlState};
use crate::storage::{self, StoreKind};

/// Opens the store that holds `url`: the whole file system, or a bucket, of which the URL is a
/// folder. Keys, regions and endpoints come from the environment, as `AWS_REGION` and the like.
///
/// # Errors
/// 22023 for a URL of no store that tables can be written to; what the store says of its
/// configuration.
pub fn open(url: &Url) -> Result<Arc<dyn ObjectStore>> {
    let kind = StoreKind::of_scheme(url.scheme())
        .filter(|kind| *kind != StoreKind::Http)
        .ok_or_else(|| {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("warehouse: tables cannot be kept at {url}"),
            )
            .with_hint(
                "Use the URL of a folder: file:///..., s3://bucket/prefix, gs://bucket/prefix or \
                 az://container/prefix.",
            )
        })?;
    storage::open(kind, url, &[]).map_err(|error| error.within(format!("warehouse {url}")))
}
