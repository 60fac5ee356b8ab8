//! The object store that a location lies in, and how it is configured.

use std::str::FromStr;
use std::sync::Arc;

use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use object_store::aws::AmazonS3ConfigKey;
use object_store::azure::AzureConfigKey;
use object_store::gcp::GoogleConfigKey;
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::{ClientConfigKey, ClientOptions, ObjectStore};
use sha2::{Digest, Sha256};

use super::{Location, hex};
use crate::error::{Error, Result, SqlState};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoreKind {
    Local,
    S3,
    Gcs,
    Azure,
    Http,
}

impl Location {
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

    pub(super) fn store_hint(&self) -> String {
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
}
