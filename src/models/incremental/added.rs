//! Refreshing by what was added to inputs, where each row of a query is made of one row of one input:
//! by the files that were added to sources, and the rows that were added to tables.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, TableScan};

use super::Analysis;
use super::attempt::Planned;
use super::changed::{self, Held, Side};
use super::delta::{LeafKey, leaf_key};
use super::inputs::Input;
use super::measured::Measured;
use super::watermark::Watermark;
use crate::catalog::Kind;
use crate::error::Result;
use crate::sources::FileTable;
use crate::warehouse::ChangeFeed;

/// The files of a source, each with a fingerprint.
pub type Files = BTreeMap<String, String>;

/// More files than this are not kept in a commit.
const MAX_FILES: usize = 10_000;

/// What was added to the inputs of a query.
#[derive(Debug)]
pub enum Added {
    /// These rows alone; the query over them.
    Rows(Rows),
    /// Nothing.
    Nothing,
    /// Rows have changed or gone; the query over those that were there.
    Gone(Rows),
    /// Something else has changed, which this tells.
    More(String),
}

/// A query over changed rows of tables, and those of files.
#[derive(Debug)]
pub struct Rows {
    /// The query.
    pub plan: LogicalPlan,
    _held: Vec<ChangedRows>,
}

/// The changed rows of a table that a query is over.
#[derive(Debug)]
enum ChangedRows {
    /// Those of the columns that its scan reads.
    Held(Held),
    /// All that the feed has, with all columns.
    Feed(ChangeFeed),
}

impl ChangedRows {
    /// A scan of these rows, in the place of one of the table.
    fn scan(&self, table: &TableScan) -> Result<LogicalPlan> {
        let name = table.table_name.clone();
        let rows = match self {
            Self::Held(held) => {
                LogicalPlanBuilder::scan(name, provider_as_source(Arc::clone(&held.rows)), None)?
            }
            Self::Feed(feed) => {
                let columns = feed.plain.schema();
                let wanted = table.projected_schema.fields().iter();
                let wanted = wanted.map(|field| columns.index_of(field.name()));
                let wanted = wanted.collect::<std::result::Result<_, _>>()?;
                let source = provider_as_source(Arc::clone(&feed.plain));
                LogicalPlanBuilder::scan(name, source, Some(wanted))?
            }
        };
        Ok(rows.build()?)
    }
}

impl Analysis {
    /// Whether each row of the query is made of one row of one input.
    pub fn is_row_wise(&self) -> bool {
        let mut scans = self.scans.values();
        let is_known = scans.all(|scan| match &scan.input {
            Input::Table(_) | Input::Companion(..) | Input::Fixed => true,
            Input::Other(object) => object.kind == Kind::ExternalTable,
            Input::Unknown => false,
        });
        is_known && self.cause.is_none() && is_row_wise(&self.plan)
    }

    /// Whether the query reads files of others.
    pub fn reads_files(&self) -> bool {
        self.scans.values().any(|scan| match &scan.input {
            Input::Other(object) => object.kind == Kind::ExternalTable,
            _ => false,
        })
    }

    /// The query over these rows of tables and these files of sources, and over nothing else.
    fn over(
        &self,
        mut changed: HashMap<LeafKey, ChangedRows>,
        files: &BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Rows> {
        let plan = self.plan.clone().transform_up(|node| {
            let LogicalPlan::TableScan(scan) = &node else {
                return Ok(Transformed::no(node));
            };
            if let Some(changed) = changed.get(&leaf_key(scan)) {
                return Ok(Transformed::yes(changed.scan(scan)?));
            }
            let none = BTreeSet::new();
            let provider = source_as_provider(&scan.source)?;
            let new: Arc<dyn TableProvider> =
                match (provider.as_ref() as &dyn Any).downcast_ref::<FileTable>() {
                    Some(table) => Arc::new(table.only(files.get(table.source()).unwrap_or(&none))),
                    None => Arc::new(EmptyTable::new(scan.source.schema())),
                };
            let mut scan = scan.clone();
            scan.source = provider_as_source(new);
            Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
        });
        Ok(Rows {
            plan: plan.data()?,
            _held: changed.drain().map(|(_, changed)| changed).collect(),
        })
    }
}

impl Planned<'_> {
    /// What was added to the inputs of a row-wise query since a watermark. `by_key` says whether equal
    /// rows are one, and `keeps_all` whether rows stay that their inputs do not have any more.
    ///
    /// # Errors
    /// What a source says that cannot be listed; what reading changes says.
    pub(super) async fn added(
        &self,
        before: &Watermark,
        by_key: bool,
        keeps_all: bool,
        measured: &mut Measured,
    ) -> Result<Added> {
        let files = match added_files(before, self.watermark) {
            Ok(files) => files,
            Err(reason) => return Ok(Added::More(reason)),
        };
        let (mut came, mut went) = (HashMap::new(), HashMap::new());
        for (leaf, scan) in &self.analysis.scans {
            if let Input::Other(input) = &scan.input
                && !self.watermark.files.contains_key(&input.name.to_string())
                && !self.tracing().is_same(before, input)
            {
                let reason = format!("{} has changed, and does not tell how", input.name);
                return Ok(Added::More(reason));
            }
            let Some((input, companion)) = scan.input.fed() else {
                continue;
            };
            let feed = match self.tracing().feed(before, input, companion).await? {
                Ok(None) => continue,
                Ok(Some(feed)) => feed,
                Err(reason) => return Ok(Added::More(reason)),
            };
            if !feed.only_came && !by_key {
                let reason = format!("rows of {} have changed or are gone", input.name);
                return Ok(Added::More(reason));
            }
            if feed.only_came {
                came.insert(leaf.clone(), ChangedRows::Feed(feed));
                continue;
            }
            let state = &self.context.state;
            if !keeps_all {
                let side = Side::Went;
                let held = changed::of_scan(state, &scan.scan, &feed, side, measured).await?;
                if held.count > 0 {
                    went.insert(leaf.clone(), ChangedRows::Held(held));
                    continue;
                }
            }
            let held = changed::of_scan(state, &scan.scan, &feed, Side::Came, measured).await?;
            if held.count > 0 {
                came.insert(leaf.clone(), ChangedRows::Held(held));
            }
        }
        if !went.is_empty() {
            let rows = self.analysis.over(went, &BTreeMap::new())?;
            return Ok(Added::Gone(rows));
        }
        if came.is_empty() && files.values().all(BTreeSet::is_empty) {
            return Ok(Added::Nothing);
        }
        Ok(Added::Rows(self.analysis.over(came, &files)?))
    }
}

/// The files that were added to each source, if nothing else has become of the sources; else what has.
pub(super) fn added_files(
    before: &Watermark,
    now: &Watermark,
) -> std::result::Result<BTreeMap<String, BTreeSet<String>>, String> {
    let mut added = BTreeMap::new();
    for (source, files) in &now.files {
        let Some(known) = before.files.get(source) else {
            return Err(format!("{source} was not read before"));
        };
        let mut lost = known.iter();
        if let Some((lost, _)) =
            lost.find(|(name, fingerprint)| files.get(*name) != Some(fingerprint))
        {
            return Err(format!(
                "the file {lost} of {source} has changed, or is gone"
            ));
        }
        let new = files.keys().filter(|name| !known.contains_key(*name));
        added.insert(source.clone(), new.cloned().collect());
    }
    match before.files.len() == now.files.len() && before.others == now.others {
        true => Ok(added),
        false => Err("its sources are not those of before".to_owned()),
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
