//! The object store that a location lies in.

use std::sync::Arc;

use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use object_store::ObjectStore;
use sha2::{Digest, Sha256};

use super::{Location, hex};
use crate::error::Result;
use crate::storage::{self, StoreKind};

impl Location {
    /// Whether the store of this location knows the option.
    pub fn is_store_option(&self, key: &str) -> bool {
        self.kind.is_option(key)
    }

    /// The options of the store that are used most.
    pub fn store_options(&self) -> &'static [&'static str] {
        self.kind.common_options()
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
        let store = storage::open(self.kind, &self.root, options)
            .map_err(|error| error.within(format!("cannot open the store of \"{self}\"")))?;
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
}
