//! A version of a model: its clusters, and what belongs to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::catalog::TableProvider;
use datafusion::execution::SessionState;
use tokio::sync::OnceCell;

use super::Companion;
use super::functions::Taking;
use super::input::Input;
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, Reading};
use crate::models::incremental::Watermark;
use crate::models::table_id;
use crate::sql::Statement;
use crate::sql::create_model::CreateModel;
use crate::warehouse::At;

/// The parameter of a commit by which it is known that empty sources are told as they are.
pub(super) const TELLS_EMPTY_SOURCES: &str = "tells_empty_sources";

/// A version of a model. It never changes.
#[derive(Clone)]
pub struct Resolved {
    /// Where its tables are.
    pub instance: Arc<Instance>,
    /// The model as it was then.
    pub object: Arc<Object>,
    /// The number of the version.
    pub version: i64,
    /// Its clusters.
    pub clusters: Arc<dyn TableProvider>,
    /// How it reads records that are no part of it, once it was asked of some.
    pub(super) taking: Arc<OnceCell<Taking>>,
    companions: BTreeMap<String, String>,
}

impl Resolved {
    /// The version of a model whose clusters these are.
    ///
    /// # Errors
    /// What the store says.
    pub async fn new(
        instance: &Arc<Instance>,
        object: &Arc<Object>,
        (version, clusters): (i64, Arc<dyn TableProvider>),
    ) -> Result<Self> {
        let table = table_id(object);
        // A fold of the clusters is no other version of the model, which is in memory by its number.
        let (version, companions) = instance.warehouse.told_by(&table, version).await?;
        Ok(Self {
            companions,
            instance: Arc::clone(instance),
            object: Arc::clone(object),
            version,
            clusters,
            taking: Arc::default(),
        })
    }

    /// The latest version of a model; `None` where it has learned nothing yet.
    ///
    /// # Errors
    /// What the store says.
    pub async fn latest(instance: &Arc<Instance>, object: &Arc<Object>) -> Result<Option<Self>> {
        let table = table_id(object);
        if !instance.warehouse.exists(&table).await? {
            return Ok(None);
        }
        let clusters = instance
            .warehouse
            .scan_version(&table, At::Latest, &[])
            .await?;
        Self::new(instance, object, clusters).await.map(Some)
    }

    /// The version of a companion that belongs to the clusters.
    ///
    /// # Errors
    /// XX001 where the commit does not name it.
    pub fn version_of(&self, companion: Companion) -> Result<i64> {
        let named = self.companions.get(companion.name());
        named
            .and_then(|version| version.parse().ok())
            .ok_or_else(|| {
                Error::new(
                    SqlState::DATA_CORRUPTED,
                    format!(
                        "version {} of {} does not tell its {}",
                        self.version,
                        self.object.described(),
                        companion.name()
                    ),
                )
                .with_hint("REFRESH MODEL makes a new version.")
            })
    }

    /// Whether its tables tell the empty source of a record as that, and not as NULL, as older programs did.
    pub fn tells_empty_sources(&self) -> bool {
        self.companions.contains_key(TELLS_EMPTY_SOURCES)
    }

    /// How far the inputs of its query were read.
    pub fn read_to(&self) -> Option<Watermark> {
        Watermark::read(&self.companions)
    }

    /// The rows of a companion.
    ///
    /// # Errors
    /// Those of [`Self::version_of`] and of the store.
    pub async fn table(&self, companion: Companion) -> Result<Arc<dyn TableProvider>> {
        let at = At::Version(self.version_of(companion)?);
        let table = companion.table_id(&self.object);
        self.instance.warehouse.scan(&table, at).await
    }

    /// The model's definition, held against the columns of records.
    ///
    /// # Errors
    /// Those of `Input::new`.
    pub fn input(&self, records: &Schema) -> Result<Input> {
        Input::new(&self.state(), self.definition()?, records)
    }

    /// What plans the expressions of the definition.
    pub fn state(&self) -> SessionState {
        let settings = &self.instance.configuration.session;
        self.instance.statement(settings, Reading::Rows).state
    }

    /// The definition of the model.
    ///
    /// # Errors
    /// None for a model.
    pub fn definition(&self) -> Result<&CreateModel> {
        match &self.object.definition {
            Statement::CreateModel(definition) => Ok(definition),
            _ => Err(Error::internal(format!(
                "{} is not defined as a model",
                self.object.name
            ))),
        }
    }
}
