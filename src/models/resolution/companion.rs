//! The tables beside that of a model's clusters.

use crate::catalog::{Object, system};
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

    /// The table of a model.
    pub fn table_id(self, model: &Object) -> TableId {
        TableId::new(
            model.oid,
            system::SYSTEM_SCHEMA,
            format!("model_{}", self.name()),
        )
    }
}
