//! Replacements of objects that have rows: definition and rows change in one step.
//!
//! The step is the commit of the rows, which the catalog takes part in: before it, the replacement
//! is prepared, which is durable and changes nothing that readers see; after it, the replacement is
//! finished. Whoever finds a prepared one left over looks at the table's log: if the commit is
//! there, the replacement happened.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::object::indexes_on;
use super::part_comments::PartComments;
use super::privilege::Access;
use super::transaction::{NewObject, Transaction};
use super::{Kind, Object, Oid, time};
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

impl NewObject {
    /// The object that this would be, were it in the catalog; none where its definition makes none.
    pub fn object(&self, oid: Oid) -> Option<Object> {
        Some(Object {
            oid,
            name: self.name.clone(),
            kind: Kind::of(&self.definition)?,
            definition: self.definition.clone(),
            schema: Arc::clone(&self.schema),
            depends_on: self.depends_on.clone(),
            comment: self.comment.clone(),
            column_comments: self.column_comments.clone(),
            part_comments: PartComments::default(),
            sequences: self.sequences.clone(),
            indexes: self.indexes.clone(),
            project_file: self.project_file.clone(),
            kept_literals: self.kept_literals.clone(),
            created_as: None,
            replaced_in: None,
            suspended: false,
            is_emptied: false,
            access: self.owner.map(Access::owned_by).unwrap_or_default(),
            created_at: time::now(),
        })
    }

    /// The object that this would be in the place of another one, whose table it has.
    pub fn object_in_place_of(&self, old: &Object) -> Option<Object> {
        let created_as = old.created_as.clone();
        self.object(old.oid).map(|object| Object {
            created_as,
            ..object
        })
    }

    /// An object that takes the place of another one: its number stays, those that its columns give
    /// go on, and comments stay if wanted.
    pub(super) fn in_place_of(self, old: &Object, kind: Kind) -> Object {
        let (mut comment, mut column_comments) = (self.comment, self.column_comments);
        let mut indexes = match self.indexes.is_empty() {
            true => indexes_on(&self.schema, &old.schema, &old.indexes),
            false => self.indexes,
        };
        // What the query said of the rows of a view, another one may not say.
        if self.definition != old.definition {
            indexes.retain(|index| !index.is_unique);
        }
        if self.keeps_comments {
            comment = comment.or_else(|| old.comment.clone());
            for (column, comment) in &old.column_comments {
                if self.schema.column_with_name(column).is_some()
                    && !column_comments.contains_key(column)
                {
                    column_comments.insert(column.clone(), comment.clone());
                }
            }
        }
        let mut sequences = self.sequences;
        for (column, key) in &old.sequences {
            if self.schema.column_with_name(column).is_some() {
                sequences
                    .entry(column.clone())
                    .or_insert_with(|| key.clone());
            }
        }
        let mut object = Object {
            oid: old.oid,
            name: self.name,
            kind,
            definition: self.definition,
            schema: self.schema,
            depends_on: self.depends_on,
            comment,
            column_comments,
            part_comments: match self.keeps_comments {
                true => old.part_comments.clone(),
                false => PartComments::default(),
            },
            sequences,
            indexes,
            project_file: self.project_file,
            kept_literals: self.kept_literals,
            created_as: old.created_as.clone(),
            replaced_in: old.replaced_in,
            suspended: old.suspended,
            is_emptied: old.is_emptied,
            access: old.access.clone(),
            created_at: old.created_at,
        };
        object.drop_part_comments();
        object
    }
}

impl From<Object> for NewObject {
    fn from(object: Object) -> Self {
        Self {
            oid: None,
            name: object.name,
            definition: object.definition,
            schema: object.schema,
            depends_on: object.depends_on,
            comment: object.comment,
            column_comments: object.column_comments,
            sequences: object.sequences,
            indexes: object.indexes,
            keeps_comments: true,
            project_file: object.project_file,
            kept_literals: object.kept_literals,
            owner: object.access.owner,
        }
    }
}

#[cfg(test)]
mod tests;
