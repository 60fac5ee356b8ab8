//! Columns that a materialized view gets behind those that it has, though its rows stay.
//!
//! `SELECT *` has another column when a table has got one by `ALTER TABLE`, and in rows that have not
//! changed since, that is NULL. So where the query gives what it gave in the columns of before, the view
//! gets the column, and a refresh by the keys that have changed goes on from there.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};

use super::incremental::{Analysis, Watermark};
use super::replacement::{Replacement, same_columns};
use super::replan::Author;
use super::{keyed, schema_change, table_id};
use crate::catalog::{NewObject, Object};
use crate::error::Result;
use crate::instance::{Instance, StatementContext};
use crate::warehouse::{CommitInfo, WATERMARK};

/// A refresh of a materialized view.
pub struct Refreshed<'a> {
    /// Where it is.
    pub instance: &'a Arc<Instance>,
    /// What the refresh sees.
    pub context: &'a StatementContext,
    /// The view.
    pub object: &'a Object,
    /// What its query's plan says.
    pub analysis: &'a Analysis,
    /// How far its inputs are read.
    pub watermark: &'a Watermark,
    /// The columns that it is to have.
    pub columns: &'a SchemaRef,
}

impl Refreshed<'_> {
    /// What has become of columns that the view keeps though its query has them no more, since it was
    /// refreshed last.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn absence(&self) -> Result<Option<String>> {
        let (warehouse, table) = (&self.instance.warehouse, table_id(self.object));
        if !warehouse.exists(&table).await? {
            return Ok(None);
        }
        let last = warehouse.last_refresh(&table).await?;
        let before = last.as_ref().and_then(Watermark::read).unwrap_or_default();
        let now = &self.watermark.absent;
        Ok(schema_change::described_absence(&before.absent, now))
    }

    /// Whether the view only gets columns behind those that it has, in which rows that were made as this
    /// watermark tells have no values as long as their inputs do not change.
    ///
    /// # Errors
    /// What the optimizer says.
    pub fn only_appends(&self, before: &Watermark) -> Result<bool> {
        let had = &self.object.schema;
        if !has_more(had, self.columns) {
            return Ok(false);
        }
        let width = had.fields().len();
        let definition =
            self.analysis
                .definition(self.instance, self.context, self.object, width)?;
        Ok(definition == before.definition)
    }

    /// Gives the view its columns where it [only gets more](Self::only_appends), and answers it as it is
    /// then. The commit tells how far the inputs of the rows were read, as the one before it did.
    ///
    /// # Errors
    /// Those of the catalog and of the store; 40001 where others have changed either meanwhile.
    pub async fn append(&self) -> Result<Option<Object>> {
        let (warehouse, table) = (&self.instance.warehouse, table_id(self.object));
        if !has_more(&self.object.schema, self.columns)
            || !warehouse.exists(&table).await?
            || !warehouse.can_reshape(&table, self.columns).await?
        {
            return Ok(None);
        }
        let Some(mut parameters) = warehouse.last_refresh(&table).await? else {
            return Ok(None);
        };
        let Some(mut before) = Watermark::read(&parameters) else {
            return Ok(None);
        };
        // Where a full refresh follows, that gives the view its columns.
        if !self.only_appends(&before)? {
            return Ok(None);
        }
        before.definition.clone_from(&self.watermark.definition);
        before.write(&mut parameters);
        let mut new = NewObject::from(self.object.clone());
        new.schema = Arc::clone(self.columns);
        let info = CommitInfo {
            parameters,
            ..CommitInfo::new(WATERMARK)
        };
        let replacement = Arc::new(Replacement {
            instance: Arc::clone(self.instance),
            oid: self.object.oid,
            new,
            author: Author::Project,
            keeps_rows: true,
        });
        let keyed = keyed::of(self.object)?;
        warehouse
            .reshape(&table, self.columns, keyed, info, replacement)
            .await?;
        let snapshot = self.instance.catalog.snapshot();
        Ok(snapshot.object(self.object.oid).map(|it| Object::clone(it)))
    }
}

/// Whether columns are those of before, and others behind them.
fn has_more(before: &Schema, now: &SchemaRef) -> bool {
    let width = before.fields().len();
    if now.fields().len() <= width {
        return false;
    }
    let first = now.project(&(0..width).collect::<Vec<_>>());
    first.is_ok_and(|first| same_columns(&first, before))
}
