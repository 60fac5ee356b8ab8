//! `tributary.models`, which asks no more than a query wants to know.
//!
//! How many rows a table has is in its log, and whether a view is stale is told by the logs and the
//! listings of all that it reads. So a scan computes either only where its column is read, and only of
//! the objects that the filters on names and kinds leave. Definitions, which are kept as syntax trees, are
//! written out only where they are read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::Seen;
use crate::boxed::scan_by;
use crate::catalog::system::{SystemTable, SystemView, TableStatistics, name_columns};
use crate::catalog::{Kind, Object, Oid};
use crate::error::Result;
use crate::instance::Instance;
use crate::models::{stale, table_id};
use crate::warehouse::At;

/// The view as a table of DataFusion.
#[derive(Debug)]
pub(super) struct ModelsView {
    view: &'static dyn SystemView,
    seen: Seen,
    schema: SchemaRef,
    /// Its columns that are known of an object at once: schema, name and kind.
    names: SchemaRef,
}

impl ModelsView {
    /// The view over these sources.
    ///
    /// # Errors
    /// A view without the columns that tell names.
    pub(super) fn new(view: &'static dyn SystemView, seen: Seen) -> Result<Self> {
        let schema = view.schema();
        let names = ["schema", "name", "kind"].map(|name| schema.index_of(name));
        let names = names
            .into_iter()
            .collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Self {
            view,
            seen,
            names: Arc::new(schema.project(&names)?),
            schema,
        })
    }

    /// The objects for which filters on names are true; all of them where one cannot be asked.
    fn wanted(&self, state: &dyn Session, filters: &[Expr]) -> Result<Option<BTreeSet<Oid>>> {
        if filters.is_empty() {
            return Ok(None);
        }
        let objects: Vec<&Arc<Object>> = self.seen.snapshot.objects().collect();
        let columns = name_columns(objects.iter().copied());
        let names = RecordBatch::try_new(Arc::clone(&self.names), columns)?;
        let columns = DFSchema::try_from(Arc::clone(&self.names))?;
        let mut wanted: BTreeSet<Oid> = objects.iter().map(|object| object.oid).collect();
        for filter in filters {
            // What fails here fails where the filter is asked of the rows, if at all.
            let value = state
                .create_physical_expr(filter.clone(), &columns)
                .and_then(|filter| filter.evaluate(&names))
                .and_then(|value| value.into_array(objects.len()));
            let Ok(value) = value else { continue };
            let Some(value) = value.as_boolean_opt() else {
                continue;
            };
            for (place, object) in objects.iter().enumerate() {
                if value.is_null(place) || !value.value(place) {
                    wanted.remove(&object.oid);
                }
            }
        }
        Ok(Some(wanted))
    }

    /// Whether a filter is about names and kinds alone.
    fn is_of_names(&self, filter: &Expr) -> bool {
        let columns = filter.column_refs();
        !columns.is_empty()
            && !filter.is_volatile()
            && columns
                .iter()
                .all(|column| self.names.column_with_name(&column.name).is_some())
    }
}

impl TableProvider for ModelsView {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> QueryResult<Vec<TableProviderFilterPushDown>> {
        let filters = filters.iter().map(|filter| match self.is_of_names(filter) {
            true => TableProviderFilterPushDown::Inexact,
            false => TableProviderFilterPushDown::Unsupported,
        });
        Ok(filters.collect())
    }

    scan_by!(ModelsView, scan_models);
}

impl ModelsView {
    async fn scan_models(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> QueryResult<Arc<dyn ExecutionPlan>> {
        let wanted = self.wanted(state, filters)?;
        let reads = |names: &[&str]| {
            let name = |place: &usize| {
                self.schema
                    .fields()
                    .get(*place)
                    .map(|it| it.name().as_str())
            };
            let is_one = |place: &usize| name(place).is_some_and(|name| names.contains(&name));
            projection.is_none_or(|projection| projection.iter().any(is_one))
        };
        let mut seen = self.seen.clone();
        let of: Vec<Arc<Object>> = seen
            .snapshot
            .objects()
            .filter(|it| {
                wanted
                    .as_ref()
                    .is_none_or(|wanted| wanted.contains(&it.oid))
            })
            .cloned()
            .collect();
        if reads(&["rows", "version"]) {
            seen.statistics = statistics(&seen.instance, &of).await?;
        }
        if reads(&["stale"]) {
            seen.stale = staleness(&seen, &of).await?;
        }
        seen.wants_definitions = reads(&["definition"]);
        seen.wanted_objects = wanted.map(Arc::new);
        let table = SystemTable::new(self.view, Arc::new(seen));
        table.scan(state, projection, &[], limit).await
    }
}

/// The current versions of tables.
async fn statistics(
    instance: &Instance,
    objects: &[Arc<Object>],
) -> Result<HashMap<Oid, TableStatistics>> {
    let mut statistics = HashMap::new();
    // What the last refresh of any other object made is in the journal.
    for object in objects.iter().filter(|object| object.kind == Kind::Table) {
        let table = table_id(object);
        if instance.warehouse.exists(&table).await? {
            let size = instance.warehouse.size(&table, At::Latest).await?;
            let known = TableStatistics {
                version: size.version,
                rows: size.rows,
            };
            statistics.insert(object.oid, known);
        }
    }
    Ok(statistics)
}

/// Which materialized views and models are stale, as far as that can be told.
async fn staleness(seen: &Seen, objects: &[Arc<Object>]) -> Result<HashMap<Oid, bool>> {
    let states = seen.instance.journal.model_states()?;
    let refreshed: Vec<&Arc<Object>> = objects
        .iter()
        .filter(|object| object.kind.is_refreshed())
        .collect();
    // What stands on something stale is stale too: it would read other rows if that were refreshed.
    let mut asked = BTreeMap::new();
    for object in &refreshed {
        let read = seen.snapshot.read_by(object);
        let read = read.into_iter().filter(|read| read.kind.is_refreshed());
        asked.extend(read.chain([Arc::clone(object)]).map(|it| (it.oid, it)));
    }
    let mut own = HashMap::new();
    for (oid, object) in &asked {
        // A source that cannot be listed leaves the question open.
        if let Ok(reason) = stale::reason(&seen.instance, object, states.get(oid)).await {
            own.insert(*oid, reason.is_some());
        }
    }
    let mut stale = own.clone();
    for object in refreshed {
        let read = seen.snapshot.read_by(object);
        if read.iter().any(|read| own.get(&read.oid) == Some(&true)) {
            stale.insert(object.oid, true);
        }
    }
    Ok(stale)
}
