//! The object store below a URL.

use std::sync::Arc;

use object_store::ObjectStore;
use url::Url;

use crate::error::{Error, Result, SqlState};

/// The prefixes of the environment variables that object stores are configured by.
const PREFIXES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// Opens the store that holds `url`: the whole file system, or a bucket, of which the URL is a
/// folder. Keys, regions and endpoints come from the environment, as `AWS_REGION` and the like.
///
/// # Errors
/// 22023 for a URL of no known store; what the store says of its configuration.
pub fn open(url: &Url) -> Result<Arc<dyn ObjectStore>> {
    let known = |name: &String| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let options = std::env::vars()
        .filter(|(name, _)| known(name))
        .map(|(name, value)| (name.to_lowercase(), value));
    let (store, _) = object_store::parse_url_opts(url, options).map_err(|error| {
        Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("warehouse {url}: {error}"))
            .with_hint("Use the URL of a folder: file:///..., s3://bucket/prefix, gs://bucket/prefix or az://container/prefix.")
    })?;
    Ok(Arc::from(store))
}
