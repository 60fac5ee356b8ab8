//! The catalog's part in the commits of tables: definition and rows change in one step.
//!
//! The log of a table decides, see [`Participant`]. A replacement is prepared in the catalog, then
//! the rows are committed, then the catalog finishes it; all of that runs in the commit's own task,
//! which a cancelled statement does not stop. What a crash or an unreachable store leaves prepared
//! is ended by the next start, or by the next who reads the object.

use std::sync::Arc;

use arrow::datatypes::Schema;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::replan::{self, Author};
use super::table_id;
use crate::catalog::{Catalog, NewObject, Object, Oid};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::sources::is_same;
use crate::warehouse::{CommitMark, CommitOutcome, Participant, Warehouse};

/// Gives an object another definition together with the commit of its rows.
pub struct Replacement {
    /// Where the catalog is.
    pub instance: Arc<Instance>,
    /// The object that is replaced.
    pub oid: Oid,
    /// What takes its place.
    pub new: NewObject,
    /// Who replaces it.
    pub author: Author,
    /// Whether its rows stay, if with other columns: other tables may refer to them.
    pub keeps_rows: bool,
}

impl Participant for Replacement {
    fn prepare<'a>(&'a self, mark: &'a CommitMark) -> BoxFuture<'a, Result<()>> {
        async move {
            let Self {
                instance,
                oid,
                new,
                author,
                keeps_rows,
            } = self;
            replan::prepare(instance, *oid, new, *author, *keeps_rows, mark).await
        }
        .boxed()
    }

    fn committed(&self, mark: &CommitMark) {
        if let Err(error) = self.instance.catalog.finish_replace(self.oid, &mark.id) {
            tracing::warn!(
                "the replacement of {} is done, and is to be written again: {error}",
                self.new.name
            );
        }
    }

    fn aborted(&self, mark: &CommitMark) {
        let abandoned = self.instance.catalog.write(|transaction| {
            transaction.abandon_replace(self.oid, &mark.id);
            Ok(())
        });
        if let Err(error) = abandoned {
            tracing::warn!(
                "the replacement of {} did not happen, and is not forgotten yet: {error}",
                self.new.name
            );
        }
    }
}

/// Lets rows in only while their object has the definition that they were made for.
pub struct Unchanged {
    /// Where the catalog is.
    pub instance: Arc<Instance>,
    /// The object as it was when its rows were begun.
    pub object: Arc<Object>,
}

impl Participant for Unchanged {
    fn prepare<'a>(&'a self, _: &'a CommitMark) -> BoxFuture<'a, Result<()>> {
        async move {
            self.instance.catalog.fill(&self.object);
            let snapshot = self.instance.catalog.snapshot();
            match snapshot.object(self.object.oid) {
                Some(now)
                    if now.schema == self.object.schema
                        && now.definition == self.object.definition =>
                {
                    Ok(())
                }
                Some(_) => Err(replaced_meanwhile(&self.object)),
                None => Err(Error::new(
                    SqlState::UNDEFINED_TABLE,
                    format!("{} was dropped meanwhile", self.object.described()),
                )),
            }
        }
        .boxed()
    }
}

/// The error of rows that were made for an object which is another one now.
pub fn replaced_meanwhile(object: &Object) -> Error {
    Error::new(
        SqlState::SERIALIZATION_FAILURE,
        format!(
            "could not write to {} because it was replaced meanwhile",
            object.described()
        ),
    )
    .with_hint("Run the statement again.")
}

/// Whether rows of the one columns are rows of the other: NOT NULL, which a query may prove at one
/// time and not at another, says nothing of the rows that are there.
pub fn same_columns(left: &Schema, right: &Schema) -> bool {
    let pairs = left.fields().iter().zip(right.fields());
    left.fields().len() == right.fields().len()
        && pairs.into_iter().all(|(left, right)| {
            left.name() == right.name() && is_same(left.data_type(), right.data_type())
        })
}

/// Ends what is committed and not done yet: publishes what commits of several tables have left to be
/// published, and ends the replacement of an object that may be in doubt, after the commit that runs.
/// One whose commit can still come stays. In a transaction nothing of others is ended.
///
/// # Errors
/// Those of the tables' store and of the catalog's.
pub async fn settle(catalog: &Catalog, warehouse: &Warehouse, oid: Oid) -> Result<()> {
    if catalog.is_staged() {
        return Ok(());
    }
    publish(catalog, warehouse).await?;
    end(catalog, warehouse, oid, false).await
}

/// Publishes what commits of several tables have left to be published.
///
/// # Errors
/// Those of the tables' store and of the catalog's.
pub async fn publish(catalog: &Catalog, warehouse: &Warehouse) -> Result<()> {
    let snapshot = catalog.snapshot();
    for (commit, entries) in snapshot.unpublished() {
        for entry in entries.iter() {
            warehouse.publish_committed(entry).await?;
        }
        catalog.finish_publication(commit)?;
    }
    Ok(())
}

/// Ends what the last process left: commits that are not published in all logs, and replacements in
/// doubt. Nobody is left to make a commit that is not in the log.
///
/// # Errors
/// Those of the tables' store and of the catalog's.
pub async fn recover(catalog: &Catalog, warehouse: &Warehouse) -> Result<()> {
    publish(catalog, warehouse).await?;
    let snapshot = catalog.snapshot();
    for (oid, _) in snapshot.all_prepared() {
        end(catalog, warehouse, oid, true).await?;
    }
    Ok(())
}

async fn end(catalog: &Catalog, warehouse: &Warehouse, oid: Oid, is_last: bool) -> Result<()> {
    let snapshot = catalog.snapshot();
    let (Some(object), Some(prepared)) = (snapshot.object(oid), snapshot.prepared(oid)) else {
        return Ok(());
    };
    let mark = CommitMark {
        version: prepared.version,
        id: prepared.commit_id.clone(),
    };
    match warehouse.outcome(&table_id(object), &mark).await? {
        CommitOutcome::Committed => {
            tracing::info!("finished the replacement of {}", object.described());
            catalog.finish_replace(oid, &mark.id)
        }
        CommitOutcome::Open if !is_last => Ok(()),
        CommitOutcome::Open | CommitOutcome::Aborted => catalog.write(|transaction| {
            transaction.abandon_replace(oid, &mark.id);
            Ok(())
        }),
    }
}

#[cfg(test)]
mod tests;
