//! Replacements of objects that have rows: definition and rows change in one step.
//!
//! The step is the commit of the rows, which the catalog takes part in: before it, the replacement
//! is prepared, which is durable and changes nothing that readers see; after it, the replacement is
//! finished. Whoever finds a prepared one left over looks at the table's log: if the commit is
//! there, the replacement happened.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::{Kind, NewObject, Object, Oid, Transaction};
use crate::error::Result;

/// What takes the place of an object if, and only if, a commit of its table is made.
#[derive(Clone, Debug)]
pub struct PreparedReplacement {
    /// The version that the commit makes.
    pub version: i64,
    /// What tells the commit from others.
    pub commit_id: String,
    /// The object as it will be.
    pub new: NewObject,
    /// Views that stand on it, and their columns when it is.
    pub views: Vec<(Oid, SchemaRef)>,
}

impl Transaction<'_> {
    /// Prepares the replacement of an object, in the place of one prepared before, and the columns
    /// that views on it have from then on.
    ///
    /// # Errors
    /// Those of [`Self::replace`].
    pub fn prepare_replace(
        &mut self,
        oid: Oid,
        new: NewObject,
        views: Vec<(Oid, SchemaRef)>,
        version: i64,
        commit_id: &str,
    ) -> Result<()> {
        let (_, _, definition) = self.check_replacement(oid, &new)?;
        let prepared = PreparedReplacement {
            version,
            commit_id: commit_id.to_owned(),
            new: NewObject { definition, ..new },
            views,
        };
        self.put_prepared(oid, prepared);
        Ok(())
    }

    /// Does the replacement that was prepared with the commit of this id; answers whether there was
    /// one. What it was checked for when it was prepared still holds: what it reads could not be
    /// dropped without it.
    pub(super) fn finish_replace(&mut self, oid: Oid, commit_id: &str) -> bool {
        let Some(prepared) = self.abandon_replace(oid, commit_id) else {
            return false;
        };
        let (Some(old), Some(kind)) = (
            self.snapshot().object(oid).cloned(),
            Kind::of(&prepared.new.definition),
        ) else {
            return false;
        };
        let new = prepared.new.clone();
        self.put(Object {
            replaced_in: Some(prepared.version),
            ..new.in_place_of(&old, kind)
        });
        for dependent in self.snapshot().dependents(oid) {
            // One that was replaced meanwhile does not read this object any more.
            let view = prepared
                .views
                .iter()
                .find(|(view, _)| *view == dependent.oid);
            if let Some((_, columns)) = view {
                self.put(dependent.with_columns(Arc::clone(columns)));
            }
        }
        true
    }

    /// Forgets the replacement that was prepared with the commit of this id, and answers it.
    pub fn abandon_replace(
        &mut self,
        oid: Oid,
        commit_id: &str,
    ) -> Option<Arc<PreparedReplacement>> {
        self.snapshot()
            .prepared(oid)
            .filter(|prepared| prepared.commit_id == commit_id)?;
        self.take_prepared(oid)
    }
}

#[cfg(test)]
mod tests;
