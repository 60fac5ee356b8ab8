//! The relations of a statement, by DataFusion's interfaces.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, SchemaProvider, Session, TableProvider,
};
use datafusion::datasource::ViewTable;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::logical_expr::{Expr, LogicalPlan, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::relations::{Relations, view_text};
use super::state::DATABASE;
use crate::boxed::{scan_by, table_by};
use crate::catalog::{Kind, Object, pg_catalog, system};
use crate::error::Error;
use crate::session::rows_once;
use crate::sql::QualifiedName;

/// A view that the statement has not planned: it is looked at for its columns alone.
#[derive(Debug)]
pub(super) struct UnplannedView {
    name: QualifiedName,
    schema: SchemaRef,
    text: Option<String>,
}

impl UnplannedView {
    pub(super) fn new(object: &Object) -> Self {
        Self {
            name: object.name.clone(),
            schema: Arc::clone(&object.schema),
            text: view_text(object),
        }
    }
}

impl TableProvider for UnplannedView {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.text.as_deref()
    }

    scan_by!(UnplannedView, scan_nothing);
}

impl UnplannedView {
    async fn scan_nothing(
        &self,
        _: &dyn Session,
        _: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Err(Error::internal(format!("view {} was read without its plan", self.name)).into())
    }
}

/// A view whose query is planned. What is computed once in it is so for each place where it is read.
#[derive(Debug)]
pub(super) struct PlannedView(ViewTable);

impl PlannedView {
    pub(super) fn new(plan: LogicalPlan, text: Option<String>) -> Self {
        Self(ViewTable::new(plan, text))
    }
}

impl TableProvider for PlannedView {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.0.get_table_definition()
    }

    fn get_logical_plan(&self) -> Option<Cow<'_, LogicalPlan>> {
        let plan = self.0.logical_plan();
        Some(match rows_once::apart(plan) {
            Ok(Some(apart)) => Cow::Owned(apart),
            Ok(None) | Err(_) => Cow::Borrowed(plan),
        })
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        self.0.supports_filters_pushdown(filters)
    }

    scan_by!(PlannedView, scan_plan);
}

impl PlannedView {
    async fn scan_plan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        self.0.scan(session, projection, filters, limit).await
    }
}

/// The one database, for DataFusion.
pub(super) struct Databases(Arc<Database>);

impl Databases {
    pub(super) fn new(relations: Arc<Relations>) -> Self {
        Self(Arc::new(Database(relations)))
    }
}

impl fmt::Debug for Databases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Databases")
    }
}

impl CatalogProviderList for Databases {
    fn register_catalog(
        &self,
        _: String,
        _: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![DATABASE.to_owned()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        (name == DATABASE).then(|| Arc::clone(&self.0) as _)
    }
}

struct Database(Arc<Relations>);

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DATABASE)
    }
}

impl CatalogProvider for Database {
    fn schema_names(&self) -> Vec<String> {
        self.0
            .snapshot
            .schemas()
            .map(|schema| schema.name.clone())
            .chain([system::SYSTEM_SCHEMA.to_owned()])
            .collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        Some(Arc::new(Schema {
            name: name.to_owned(),
            relations: Arc::clone(&self.0),
        }))
    }
}

struct Schema {
    name: String,
    relations: Arc<Relations>,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl SchemaProvider for Schema {
    fn table_names(&self) -> Vec<String> {
        if let Some(tables) = pg_catalog::schema(&self.name) {
            return tables.all().map(|table| table.name.to_owned()).collect();
        }
        if self.name == system::SYSTEM_SCHEMA {
            return system::names().map(str::to_owned).collect();
        }
        self.relations
            .snapshot
            .relations_in(&self.name)
            .filter(|object| object.kind != Kind::Model)
            .map(|object| object.name.name.clone())
            .collect()
    }

    table_by!(Schema, find);

    fn table_exist(&self, name: &str) -> bool {
        let name = QualifiedName::new(&self.name, name);
        self.name == system::SYSTEM_SCHEMA && system::exists(&name.name)
            || (self.relations.snapshot.relation(&name))
                .is_some_and(|object| object.kind != Kind::Model)
    }
}

impl Schema {
    async fn find(&self, name: &str) -> DataFusionResult<Option<Arc<dyn TableProvider>>> {
        let found = self.relations.find(&self.name, name).await;
        found.map_err(DataFusionError::from)
    }
}
