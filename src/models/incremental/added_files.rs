//! Refreshing by the files that were added to sources, where each row of a query is made of one row of
//! one source.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::{LogicalPlan, TableScan};

use super::Analysis;
use super::inputs::Input;
use super::watermark::Watermark;
use crate::catalog::{Kind, Oid};
use crate::error::Result;
use crate::sources::FileTable;

/// The files of a source, each with a fingerprint.
pub type Files = BTreeMap<String, String>;

/// More files than this are not kept in a commit.
const MAX_FILES: usize = 10_000;

/// What files were added to the sources of a query.
#[derive(Debug)]
pub enum Added {
    /// These alone; the query over them.
    Rows(LogicalPlan),
    /// Nothing.
    Nothing,
    /// Something else has changed, which this tells.
    More(String),
}

impl Analysis {
    /// Whether each row of the query is made of one row of one source.
    pub fn is_row_wise(&self) -> bool {
        let reads_files = self.scans.values().any(|scan| match &scan.input {
            Input::Other(object) => object.kind == Kind::ExternalTable,
            _ => false,
        });
        let mut scans = self.scans.values();
        let is_known = scans.all(|scan| !matches!(scan.input, Input::Unknown));
        reads_files && is_known && self.cause.is_none() && is_row_wise(&self.plan)
    }

    /// What was added to the sources of a row-wise query since a watermark, where tables are read at
    /// these versions.
    ///
    /// # Errors
    /// What a source says that cannot be listed.
    pub async fn added(
        &self,
        before: &Watermark,
        now: &Watermark,
        read: &BTreeMap<Oid, i64>,
    ) -> Result<Added> {
        if before.versions != *read {
            return Ok(Added::More("a table that it reads has changed".to_owned()));
        }
        let mut added: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (source, files) in &now.files {
            let Some(known) = before.files.get(source) else {
                return Ok(Added::More(format!("{source} was not read before")));
            };
            if let Some((lost, _)) = known
                .iter()
                .find(|(name, fingerprint)| files.get(*name) != Some(fingerprint))
            {
                return Ok(Added::More(format!(
                    "the file {lost} of {source} has changed, or is gone"
                )));
            }
            let new = files.keys().filter(|name| !known.contains_key(*name));
            added.insert(source.clone(), new.cloned().collect());
        }
        if before.files.len() != now.files.len() || before.others != now.others {
            return Ok(Added::More(
                "its sources are not those of before".to_owned(),
            ));
        }
        if added.values().all(BTreeSet::is_empty) {
            return Ok(Added::Nothing);
        }
        let plan = self.plan.clone().transform_up(|node| {
            let LogicalPlan::TableScan(scan) = &node else {
                return Ok(Transformed::no(node));
            };
            let none = BTreeSet::new();
            let provider = source_as_provider(&scan.source)?;
            let new: Arc<dyn datafusion::catalog::TableProvider> =
                match (provider.as_ref() as &dyn Any).downcast_ref::<FileTable>() {
                    Some(table) => Arc::new(table.only(added.get(table.source()).unwrap_or(&none))),
                    None => {
                        let schema = scan.source.schema();
                        Arc::new(datafusion::datasource::empty::EmptyTable::new(schema))
                    }
                };
            let mut scan = scan.clone();
            scan.source = provider_as_source(new);
            Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
        });
        Ok(Added::Rows(plan.data()?))
    }
}

/// The files of the sources that scans read, as this statement reads them; none of a source that has
/// too many.
///
/// # Errors
/// What a source says that cannot be listed.
pub async fn files_of(scan: &TableScan) -> Result<Option<(String, Files)>> {
    let provider = source_as_provider(&scan.source)?;
    let Some(table) = (provider.as_ref() as &dyn Any).downcast_ref::<FileTable>() else {
        return Ok(None);
    };
    let files = table.files().await?;
    if files.len() > MAX_FILES {
        return Ok(None);
    }
    Ok(Some((
        table.source().to_owned(),
        files.into_iter().collect(),
    )))
}

fn is_row_wise(node: &LogicalPlan) -> bool {
    let fits = match node {
        LogicalPlan::TableScan(scan) => scan.fetch.is_none(),
        LogicalPlan::Sort(sort) => sort.fetch.is_none(),
        LogicalPlan::Filter(_)
        | LogicalPlan::Projection(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Union(_) => true,
        _ => false,
    };
    let has_subquery = || {
        let mut found = false;
        let walked = node.apply_subqueries(|_| {
            found = true;
            Ok(datafusion::common::tree_node::TreeNodeRecursion::Stop)
        });
        found || walked.is_err()
    };
    fits && !has_subquery() && node.inputs().into_iter().all(is_row_wise)
}
