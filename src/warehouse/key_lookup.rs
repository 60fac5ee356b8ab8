//! Finds the rows that a join wants of a table through a key index, as the join runs.
//!
//! A hash join tells the scan of its other side which keys it has, once it knows them all (DataFusion's
//! dynamic filters). Where these are few, and are those of an index, the index is asked for their rows,
//! and the scan reads these alone, as it does where a query names the keys: an index nested loop join,
//! whose loop is one lookup of all keys. So a few rows are joined with a large table, or a few changed
//! keys refreshed from one, without reading all of it. What the join does with the rows is the same.

mod listed;

use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::internal_err;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfig, FileScanConfigBuilder, FileSource as _, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::DynamicFilterPhysicalExpr;
use datafusion::physical_expr::split_conjunction;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan, PhysicalExpr};
use futures::{TryStreamExt as _, stream};
use tokio::sync::OnceCell;

use self::listed::Listed;
use super::page_index::WithPageIndex;
use super::scan::{TableScan, Wanted};
use crate::error::Error;
use crate::unary::{Unary, UnaryExec};

/// What a file that is read tells of its table.
#[derive(Debug)]
pub(super) struct OfScan {
    scan: Arc<TableScan>,
    /// The number of the file in the version.
    number: u32,
}

impl OfScan {
    pub fn new(scan: &Arc<TableScan>, number: u32) -> Self {
        let scan = Arc::clone(scan);
        Self { scan, number }
    }
}

/// Has scans that joins tell keys look these up, where there are indexes by them.
#[derive(Debug)]
pub struct LookUpKeys;

impl LookUpKeys {
    /// So many keys of a join are listed for its scans, at most: to read all rows is not much more work
    /// then.
    pub const MOST: usize = 10_000;
}

impl PhysicalOptimizerRule for LookUpKeys {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_down(|plan| {
            if plan.is::<UnaryExec<KeyLookup>>() {
                return Ok(Transformed::new(plan, false, TreeNodeRecursion::Jump));
            }
            Ok(match KeyLookup::of(plan.as_ref()) {
                None => Transformed::no(plan),
                Some(lookup) => {
                    let lookup: Arc<dyn ExecutionPlan> = Arc::new(UnaryExec::new(plan, lookup));
                    Transformed::new(lookup, true, TreeNodeRecursion::Jump)
                }
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "look_up_keys"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Reads those rows of a scan that have keys which joins tell, or all where these are not known or too
/// many.
#[derive(Clone)]
struct KeyLookup {
    lookup: Arc<Lookup>,
    /// The scan that takes its place, once keys were looked up; none where they were not.
    found: Arc<OnceCell<Option<Arc<dyn ExecutionPlan>>>>,
    metrics: ExecutionPlanMetricsSet,
}

/// What is looked up.
struct Lookup {
    scan: Arc<TableScan>,
    /// What joins tell.
    filters: Vec<Arc<dyn PhysicalExpr>>,
    /// The keys that they may bind.
    keys: Vec<String>,
}

impl KeyLookup {
    /// That for a scan that joins tell keys of an index.
    fn of(plan: &dyn ExecutionPlan) -> Option<Self> {
        let (config, source) = parquet_scan(plan)?;
        let filter = source.filter()?;
        let mut files = config.file_groups.iter().flat_map(FileGroup::iter);
        let scan = Arc::clone(&files.next()?.extension::<OfScan>()?.scan);
        let declared = &scan.snapshot().schema.declared;
        let (mut filters, mut keys) = (Vec::new(), Vec::new());
        for filter in split_conjunction(&filter) {
            if filter.downcast_ref::<DynamicFilterPhysicalExpr>().is_none() {
                continue;
            }
            let told = collect_columns(filter);
            let is_told = |name: &String| {
                let index = declared.index_of(name);
                index.is_ok_and(|index| told.iter().any(|column| column.index() == index))
            };
            let bound = scan.keys.iter().flat_map(|keys| &keys.keys);
            let bound = bound.filter(|key| key.columns.iter().all(is_told));
            let before = keys.len();
            keys.extend(bound.map(|key| format!("({})", key.columns.join(", "))));
            if keys.len() > before {
                filters.push(Arc::clone(filter));
            }
        }
        let lookup = Lookup {
            scan,
            filters,
            keys,
        };
        (!lookup.filters.is_empty()).then(|| Self::new(Arc::new(lookup)))
    }

    fn new(lookup: Arc<Lookup>) -> Self {
        Self {
            lookup,
            found: Arc::default(),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

/// The scan of Parquet files that a plan is.
fn parquet_scan(plan: &dyn ExecutionPlan) -> Option<(&FileScanConfig, &ParquetSource)> {
    let scan = plan.downcast_ref::<DataSourceExec>()?;
    scan.downcast_to_file_source::<ParquetSource>()
}

impl Lookup {
    /// The scan of the rows that have the keys which joins tell, in the place of one of all rows, and how
    /// many keys these are.
    async fn find(&self, input: &Arc<dyn ExecutionPlan>) -> Result<Option<Found>> {
        let Some(keys) = &self.scan.keys else {
            return Ok(None);
        };
        for filter in &self.filters {
            let Some(listed) = Listed::of(filter)? else {
                continue;
            };
            for (number, key) in keys.keys.iter().enumerate() {
                let Some(columns) = listed.key(key, &self.scan.snapshot().schema.declared)? else {
                    continue;
                };
                let Some(wanted) = self.scan.ask_index(keys, number, &columns).await? else {
                    continue;
                };
                let rows = match &wanted {
                    Wanted::Only(places, _) => places.len(),
                    _ => 0,
                };
                let plan = self.only(wanted, input).await?;
                let keys = columns.first().map_or(0, |values| values.len());
                return Ok(plan.map(|plan| Found { plan, keys, rows }));
            }
        }
        Ok(None)
    }

    /// A scan, of the rows that are wanted alone.
    async fn only(
        &self,
        wanted: Wanted,
        input: &Arc<dyn ExecutionPlan>,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some((config, source)) = parquet_scan(input.as_ref()) else {
            return Ok(None);
        };
        let Some(files) = source.parquet_file_reader_factory() else {
            return Ok(None);
        };
        let mut scan = self.scan.again()?;
        scan.wanted = wanted;
        let mut groups = Vec::with_capacity(config.file_groups.len());
        for group in &config.file_groups {
            let mut read = Vec::new();
            for file in group.iter() {
                let number = file.extension::<OfScan>().map(|of| of.number);
                let known = number.and_then(|number| scan.snapshot().files.get(number as usize));
                let (Some(number), Some(known)) = (number, known) else {
                    return internal_err!("a file of another table is read");
                };
                if !scan.wants(number) {
                    continue;
                }
                let mut file = file.clone();
                if let Some(selected) = scan.selected(number, known).await? {
                    file = file.with_extension(ParquetRowSelection::new(selected));
                }
                read.push(file);
            }
            groups.push(FileGroup::new(read));
        }
        let files = Arc::new(WithPageIndex(Arc::clone(files)));
        let source = source.clone().with_parquet_file_reader_factory(files);
        let config = FileScanConfigBuilder::from(config.clone())
            .with_file_groups(groups)
            .with_source(Arc::new(source))
            .build();
        Ok(Some(DataSourceExec::from_data_source(config)))
    }
}

/// What was found.
struct Found {
    /// Reads it.
    plan: Arc<dyn ExecutionPlan>,
    keys: usize,
    rows: u64,
}

impl fmt::Debug for KeyLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.display(DisplayFormatType::Verbose, f)
    }
}

impl Unary for KeyLookup {
    const NAME: &'static str = "KeyLookupExec";

    /// What was found is of the scan that there was.
    fn over(&self, _: &Arc<dyn ExecutionPlan>) -> Result<Self> {
        Ok(Self::new(Arc::clone(&self.lookup)))
    }

    fn display(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyLookupExec: by {}", self.lookup.keys.join(" or "))
    }

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let schema = input.schema();
        let (input, lookup) = (Arc::clone(input), Arc::clone(&self.lookup));
        let found = Arc::clone(&self.found);
        let keys = MetricBuilder::new(&self.metrics).counter("keys", partition);
        let rows = MetricBuilder::new(&self.metrics).counter("rows", partition);
        // When a join asks for the first row, it has told what it has.
        let read = async move {
            let look_up = || async {
                let looked_up = lookup.find(&input).await.unwrap_or_else(|error| {
                    let (table, error) = (lookup.scan.id(), Error::from(error));
                    tracing::warn!(%table, %error, "a key index could not be asked");
                    None
                })?;
                keys.add(looked_up.keys);
                rows.add(usize::try_from(looked_up.rows).unwrap_or(usize::MAX));
                Some(looked_up.plan)
            };
            let found = found.get_or_init(look_up).await;
            found.as_ref().unwrap_or(&input).execute(partition, context)
        };
        let rows = stream::once(read).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
