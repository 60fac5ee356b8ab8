//! The tables beside that of a model's clusters.

use std::collections::BTreeMap;

use crate::catalog::{Object, system};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::models::table_id;
use crate::warehouse::TableId;

/// A table that a model has beside its clusters. The commit of the clusters names the version of
/// each that belongs to them; no other version is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Companion {
    /// The records as they were when they were resolved.
    Records,
    /// The pairs that were kept.
    Pairs,
    /// What became of entities; each refresh adds to it.
    History,
    /// What was learned, in the one row of it.
    Learned,
}

impl Companion {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Records, Self::Pairs, Self::History, Self::Learned];

    /// Its name, in the parameters of the commit too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Pairs => "pairs",
            Self::History => "history",
            Self::Learned => "learned",
        }
    }

    /// The version that belongs to a version of a model's clusters, as the commit of these tells.
    ///
    /// # Errors
    /// What the store says; XX001 where the commit does not name it.
    pub async fn version_beside(
        self,
        instance: &Instance,
        model: &Object,
        clusters: i64,
    ) -> Result<i64> {
        let (_, told) = instance
            .warehouse
            .told_by(&table_id(model), clusters)
            .await?;
        self.told(&told, model, clusters)
    }

    /// The version that the commit of a model's clusters tells.
    ///
    /// # Errors
    /// XX001 where it does not name it.
    pub(super) fn told(
        self,
        parameters: &BTreeMap<String, String>,
        model: &Object,
        clusters: i64,
    ) -> Result<i64> {
        let named = parameters.get(self.name());
        named
            .and_then(|version| version.parse().ok())
            .ok_or_else(|| {
                Error::new(
                    SqlState::DATA_CORRUPTED,
                    format!(
                        "version {clusters} of {} does not tell its {}",
                        model.described(),
                        self.name()
                    ),
                )
                .with_hint("REFRESH MODEL makes a new version.")
            })
    }

    /// The table of a model.
    pub fn table_id(self, model: &Object) -> TableId {
        TableId::new(
            model.oid,
            system::SYSTEM_SCHEMA,
            format!("model_{}", self.name()),
        )
    }
}
