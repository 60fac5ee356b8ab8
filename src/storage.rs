//! Object stores: which there are, how they are configured, and when a request is given up.
//!
//! A store's options come from the environment, as `AWS_REGION` and the like, and from the
//! statement that names it, which wins. What the options are is `object_store`'s to say.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::{BackoffConfig, ClientConfigKey, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use crate::error::{Error, Result, SqlState};

/// How often a request is sent again. With waits that double from a tenth of a second, a server
/// that is away for some seconds is waited for, and one that does not exist is soon told of.
const MAX_RETRIES: usize = 6;

/// No request is sent again after this.
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

/// The kinds of stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// The files of this machine.
    Local,
    /// Amazon S3, and what speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage and Data Lake Storage.
    Azure,
    /// A web server.
    Http,
}

impl StoreKind {
    /// The kind that the scheme of a URL names.
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        Some(match scheme.to_ascii_lowercase().as_str() {
            "file" => Self::Local,
            "s3" | "s3a" => Self::S3,
            "gs" | "gcs" => Self::Gcs,
            "az" | "azure" | "abfs" | "abfss" | "adl" => Self::Azure,
            "http" | "https" => Self::Http,
            _ => return None,
        })
    }

    /// Whether stores of this kind know the option.
    pub fn is_option(self, key: &str) -> bool {
        match self {
            Self::Local => false,
            Self::S3 => AmazonS3ConfigKey::from_str(key).is_ok(),
            Self::Gcs => GoogleConfigKey::from_str(key).is_ok(),
            Self::Azure => AzureConfigKey::from_str(key).is_ok(),
            Self::Http => ClientConfigKey::from_str(key).is_ok(),
        }
    }

    /// The options that are used most.
    pub fn common_options(self) -> &'static [&'static str] {
        match self {
            Self::Local => &[],
            Self::S3 => &[
                "aws_access_key_id",
                "aws_secret_access_key",
                "aws_session_token",
                "aws_region",
                "aws_endpoint_url",
                "aws_skip_signature",
                "aws_virtual_hosted_style_request",
            ],
            Self::Gcs => &[
                "google_service_account",
                "google_service_account_key",
                "google_base_url",
                "google_skip_signature",
            ],
            Self::Azure => &[
                "azure_storage_account_name",
                "azure_storage_account_key",
                "azure_storage_sas_key",
                "azure_storage_endpoint",
                "azure_skip_signature",
            ],
            Self::Http => &["timeout", "connect_timeout", "user_agent", "proxy_url"],
        }
    }

    /// What to look at when the store cannot be used.
    pub fn hint(self) -> String {
        match self {
            Self::Local => "Check the path and its permissions.".to_owned(),
            Self::Http => "Check the URL, and that the server can be reached.".to_owned(),
            Self::S3 | Self::Gcs | Self::Azure => format!(
                "Check the URL and the credentials: the options {}, or the environment variables \
                 of the same names in upper case.",
                self.common_options().join(", ")
            ),
        }
    }

    fn environment_prefix(self) -> Option<&'static str> {
        match self {
            Self::S3 => Some("aws_"),
            Self::Gcs => Some("google_"),
            Self::Azure => Some("azure_"),
            Self::Local | Self::Http => None,
        }
    }

    /// The options that the environment has for stores of this kind.
    fn environment(self) -> Vec<(String, String)> {
        let Some(prefix) = self.environment_prefix() else {
            return Vec::new();
        };
        std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .map(|(key, value)| (key.to_ascii_lowercase(), value))
            .filter(|(key, _)| key.starts_with(prefix) && self.is_option(key))
            .collect()
    }
}

/// Opens the store that holds `url`: the whole file system, bucket, container or server.
///
/// # Errors
/// 22023 for a URL or an option that cannot be.
pub fn open(
    kind: StoreKind,
    url: &Url,
    options: &[(String, String)],
) -> Result<Arc<dyn ObjectStore>> {
    build(kind, url, options).map_err(|error| {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            Error::from(error).message(),
        )
        .with_hint(kind.hint())
    })
}

fn build(
    kind: StoreKind,
    url: &Url,
    options: &[(String, String)],
) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
    let mut all = kind.environment();
    all.extend(options.iter().cloned());
    Ok(match kind {
        StoreKind::Local => Arc::new(LocalFileSystem::new()),
        StoreKind::S3 => {
            let allowed = has_plain_endpoint(&all, |key| {
                use AmazonS3ConfigKey::{Endpoint, S3Endpoint};
                matches!(key.parse(), Ok(Endpoint | S3Endpoint))
            });
            let mut builder = AmazonS3Builder::new()
                .with_url(url.as_str())
                .with_allow_http(allowed)
                .with_retry(retries());
            for (key, value) in all {
                builder = builder.with_config(key.parse()?, value);
            }
            Arc::new(builder.build()?)
        }
        StoreKind::Gcs => {
            let url = url.as_str().replacen("gcs://", "gs://", 1);
            let mut builder = GoogleCloudStorageBuilder::new()
                .with_url(url)
                .with_retry(retries());
            for (key, value) in all {
                builder = builder.with_config(key.parse()?, value);
            }
            Arc::new(builder.build()?)
        }
        StoreKind::Azure => {
            let allowed = has_plain_endpoint(&all, |key| {
                matches!(key.parse(), Ok(AzureConfigKey::Endpoint))
            });
            let mut builder = MicrosoftAzureBuilder::new()
                .with_url(url.as_str())
                .with_allow_http(allowed)
                .with_retry(retries());
            for (key, value) in all {
                builder = builder.with_config(key.parse()?, value);
            }
            Arc::new(builder.build()?)
        }
        StoreKind::Http => {
            // A server without ranges sends a file in one answer, however long that takes; whoever
            // reads it watches that it goes on.
            let mut client = ClientOptions::new()
                .with_timeout_disabled()
                .with_allow_http(url.scheme() == "http");
            for (key, value) in all {
                client = client.with_config(key.parse()?, value);
            }
            let builder = HttpBuilder::new()
                .with_url(&url[..url::Position::BeforePath])
                .with_client_options(client)
                .with_retry(retries());
            Arc::new(builder.build()?)
        }
    })
}

/// Whoever gives an endpoint that begins with `http://` need not say so a second time.
fn has_plain_endpoint(options: &[(String, String)], is_endpoint: impl Fn(&str) -> bool) -> bool {
    options
        .iter()
        .any(|(key, value)| value.starts_with("http://") && is_endpoint(key))
}

fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: MAX_RETRIES,
        retry_timeout: RETRY_TIMEOUT,
    }
}
