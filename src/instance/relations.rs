//! The catalog's objects as DataFusion's relations.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::datasource::ViewTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::{DataFusionError, Result as DataFusionResult};

use super::Instance;
use super::state::DATABASE;
use crate::catalog::{Kind, Object, pg_catalog, system};
use crate::config::SessionSettings;
use crate::error::{Error, Result, SqlState};
use crate::sources::{FileTable, with_hidden_columns};
use crate::sql::time_travel::{self, Version};
use crate::sql::{QualifiedName, Statement, hidden_columns};
use crate::warehouse::At;

/// What a plan is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// To be run: relations answer with their rows, views are put in by their queries.
    Rows,
    /// To be looked at: relations have their columns alone, and views are relations like others.
    Shape,
}

/// The one database, for DataFusion.
pub(super) struct Databases(Arc<Database>);

impl Databases {
    pub(super) fn new(
        instance: Arc<Instance>,
        settings: SessionSettings,
        reading: Reading,
    ) -> Self {
        Self(Arc::new(Database {
            instance,
            settings,
            reading,
        }))
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

#[derive(Clone)]
struct Database {
    instance: Arc<Instance>,
    settings: SessionSettings,
    reading: Reading,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DATABASE)
    }
}

impl CatalogProvider for Database {
    fn schema_names(&self) -> Vec<String> {
        let snapshot = self.instance.catalog.snapshot();
        snapshot
            .schemas()
            .map(|schema| schema.name.clone())
            .chain([system::SYSTEM_SCHEMA.to_owned()])
            .collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        Some(Arc::new(Schema {
            name: name.to_owned(),
            database: self.clone(),
        }))
    }
}

struct Schema {
    name: String,
    database: Database,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[async_trait]
impl SchemaProvider for Schema {
    fn table_names(&self) -> Vec<String> {
        if self.name == pg_catalog::PG_CATALOG {
            return pg_catalog::tables()
                .map(|table| table.name.to_owned())
                .collect();
        }
        if self.name == system::SYSTEM_SCHEMA {
            return system::names().map(str::to_owned).collect();
        }
        let snapshot = self.database.instance.catalog.snapshot();
        snapshot
            .relations_in(&self.name)
            .map(|object| object.name.name.clone())
            .collect()
    }

    async fn table(&self, name: &str) -> DataFusionResult<Option<Arc<dyn TableProvider>>> {
        self.find(name).await.map_err(DataFusionError::from)
    }

    fn table_exist(&self, name: &str) -> bool {
        let name = QualifiedName::new(&self.name, name);
        self.name == system::SYSTEM_SCHEMA && system::exists(&name.name)
            || self
                .database
                .instance
                .catalog
                .snapshot()
                .relation(&name)
                .is_some()
    }
}

impl Schema {
    async fn find(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(name) = hidden_columns::decode(name) {
            return self.find_source(name).await;
        }
        let (name, version) = match time_travel::decode(name) {
            Some((base, version)) => (base, Some(version)),
            None => (name, None),
        };
        let instance = &self.database.instance;
        if self.name == system::SYSTEM_SCHEMA {
            return instance
                .system_view(name, version.is_some(), &self.database.settings)
                .await;
        }
        if self.name == pg_catalog::PG_CATALOG {
            return Ok(pg_catalog::table(name)
                .map(|table| instance.pg_table(table, &self.database.settings)));
        }
        let name = QualifiedName::new(&self.name, name);
        let snapshot = instance.catalog.snapshot();
        let Some(object) = snapshot.relation(&name) else {
            return Ok(None);
        };
        match self.database.reading {
            Reading::Shape => Ok(Some(Arc::new(EmptyTable::new(Arc::clone(&object.schema))))),
            Reading::Rows => instance
                .relation(object, version, &self.database.settings)
                .await
                .map(Some),
        }
    }
}

impl Schema {
    /// A source with its hidden columns; `None` for other relations, which have none.
    async fn find_source(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let instance = &self.database.instance;
        let snapshot = instance.catalog.snapshot();
        let object = snapshot.relation(&QualifiedName::new(&self.name, name));
        let Some(object) = object.filter(|object| object.kind == Kind::ExternalTable) else {
            return Ok(None);
        };
        match self.database.reading {
            Reading::Shape => Ok(Some(Arc::new(EmptyTable::new(Arc::new(
                with_hidden_columns(&object.schema),
            ))))),
            Reading::Rows => {
                let source = instance.source(object, &self.database.settings).await?;
                Ok(Some(Arc::new(source.with_hidden_columns())))
            }
        }
    }
}

impl Instance {
    /// An object's rows, as a relation for DataFusion.
    ///
    /// # Errors
    /// 55000 for a materialized view that was never filled; 42809 for an old version of what keeps
    /// none; what its source or table says.
    pub async fn relation(
        self: &Arc<Self>,
        object: &Object,
        version: Option<Version>,
        settings: &SessionSettings,
    ) -> Result<Arc<dyn TableProvider>> {
        match (object.kind, version) {
            (Kind::Table | Kind::MaterializedView, version) => {
                let at = match version {
                    None => At::Latest,
                    Some(Version::Number(number)) => At::Version(number),
                    Some(Version::Timestamp(time)) => At::Timestamp(time),
                };
                self.stored(object, at).await
            }
            (_, Some(_)) => Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("{} keeps no versions", object.name),
            )
            .with_hint("VERSION AS OF and TIMESTAMP AS OF read tables and materialized views.")),
            (Kind::View, None) => self.view(object, settings).await,
            (Kind::ExternalTable, None) => Ok(Arc::new(self.source(object, settings).await?)),
            (Kind::Check, None) => Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("{} is a check", object.name),
            )),
        }
    }

    async fn stored(&self, object: &Object, at: At) -> Result<Arc<dyn TableProvider>> {
        let table = crate::models::table_id(object);
        if object.kind == Kind::MaterializedView && !self.warehouse.exists(&table).await? {
            return Err(Error::new(
                SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!("materialized view {} has not been populated", object.name),
            )
            .with_hint("Use the REFRESH MATERIALIZED VIEW command, or tributary run."));
        }
        self.warehouse.scan(&table, at).await
    }

    async fn view(
        self: &Arc<Self>,
        object: &Object,
        settings: &SessionSettings,
    ) -> Result<Arc<dyn TableProvider>> {
        let Statement::CreateView(view) = &object.definition else {
            return Err(Error::internal(format!(
                "{} is not defined as a view",
                object.name
            )));
        };
        let state = self.state(settings, Reading::Rows);
        let plan = Box::pin(crate::session::plan::definition(
            &state,
            &view.query,
            &view.columns,
        ))
        .await;
        let plan = plan.map_err(|error| error.within(format!("view {}", object.name)))?;
        Ok(Arc::new(ViewTable::new(plan, Some(view.query.to_string()))))
    }

    async fn source(
        self: &Arc<Self>,
        object: &Object,
        settings: &SessionSettings,
    ) -> Result<FileTable> {
        let Statement::CreateExternalTable(definition) = &object.definition else {
            return Err(Error::internal(format!(
                "{} is not defined as an external table",
                object.name
            )));
        };
        let mut definition = definition.clone();
        if settings.on_error.0 != "source" {
            definition.options.set("on_error", settings.on_error.0);
        }
        let state = self.state(settings, Reading::Shape);
        crate::sources::provider(
            &definition,
            Arc::clone(&object.schema),
            &self.project_folder(),
            &state,
        )
        .await
    }
}
