//! A version of a model: its clusters, and what belongs to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::catalog::TableProvider;
use datafusion::execution::SessionState;
use tokio::sync::OnceCell;

use super::Companion;
use super::calls::Functions;
use super::functions::Taking;
use super::input::Input;
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result};
use crate::instance::{Asker, Instance, Reading};
use crate::models::incremental::Watermark;
use crate::models::table_id;
use crate::sql::Statement;
use crate::sql::create_model::CreateModel;
use crate::warehouse::At;

/// The parameter of a commit by which it is known that empty sources are told as they are.
pub(super) const TELLS_EMPTY_SOURCES: &str = "tells_empty_sources";

/// The parameter of a commit that tells the functions of users which the model's options called as it
/// learned.
pub(super) const FUNCTIONS: &str = "functions";

/// The parameter of a commit that only moves clusters: in which version they were found.
const FOUND_IN: &str = "found_in";

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
        // What only moves the clusters makes no other version of the model, which is in memory by its number.
        let (told_by, companions) = instance.warehouse.told_by(&table, version).await?;
        let found_in = companions.get(FOUND_IN);
        let version = found_in.and_then(|version| version.parse().ok());
        let version = version.unwrap_or(told_by);
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
        companion.told(&self.companions, &self.object, self.version)
    }

    /// Whether its tables tell the empty source of a record as that, and not as NULL, as older programs did.
    pub fn tells_empty_sources(&self) -> bool {
        self.companions.contains_key(TELLS_EMPTY_SOURCES)
    }

    /// What its commit tells of the functions of users that its options called as it learned.
    pub fn told_functions(&self) -> Option<&str> {
        self.companions.get(FUNCTIONS).map(String::as_str)
    }

    /// Whether it has learned with functions of which a commit would tell this, in a catalog that may have
    /// given them other names since. With what cannot be read it has not: learning again mends that.
    pub fn has_learned_with(&self, told: Option<&str>, snapshot: &Snapshot) -> bool {
        let then = self.functions(snapshot).and_then(|then| then.told());
        then.is_ok_and(|then| then.as_deref() == told)
    }

    /// The functions of users that its options called as it learned.
    fn functions(&self, snapshot: &Snapshot) -> Result<Functions> {
        Functions::read(self.told_functions(), snapshot)
    }

    /// The latest version of a companion, where that has the rows that belong to the clusters: what came
    /// since, if anything, only moved them.
    ///
    /// # Errors
    /// Those of [`Self::version_of`] and of the store.
    pub async fn latest_of(&self, companion: Companion) -> Result<Option<i64>> {
        let version = self.version_of(companion)?;
        let table = companion.table_id(&self.object);
        let warehouse = &self.instance.warehouse;
        let latest = warehouse.version(&table).await?;
        if latest == version {
            return Ok(Some(latest));
        }
        let found_in = warehouse.data_version(&table).await?;
        let is_moved = latest > version && i64::try_from(found_in) == Ok(version);
        Ok(is_moved.then_some(latest))
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
        let version = match self.latest_of(companion).await? {
            Some(latest) => latest,
            None => self.version_of(companion)?,
        };
        let table = companion.table_id(&self.object);
        let at = At::Version(version);
        self.instance.warehouse.scan(&table, at).await
    }

    /// The model's definition, held against the columns of records.
    ///
    /// # Errors
    /// Those of `Input::new`.
    pub async fn input(&self, records: &Schema) -> Result<Input> {
        Input::new(&self.state()?, self.definition()?, records).await
    }

    /// What plans the expressions of the definition, by the functions that it has learned with.
    ///
    /// # Errors
    /// What reading the functions that it has learned with says.
    pub fn state(&self) -> Result<SessionState> {
        let settings = &self.instance.configuration.session;
        let snapshot = self.instance.catalog.snapshot();
        let functions = self.functions(&snapshot)?;
        let snapshot = functions.put_into(snapshot);
        let asker = Asker::server();
        let context = self
            .instance
            .statement_of(&asker, snapshot, settings, Reading::Rows);
        Ok(context.state)
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

/// What a commit that only moves a model's clusters is to tell: what the one before tells, and which that is.
///
/// # Errors
/// What the store says.
pub async fn told_once_more(
    instance: &Instance,
    model: &Object,
) -> Result<BTreeMap<String, String>> {
    let (table, warehouse) = (table_id(model), &instance.warehouse);
    let latest = warehouse.version(&table).await?;
    let (version, mut told) = warehouse.told_by(&table, latest).await?;
    told.entry(FOUND_IN.to_owned())
        .or_insert_with(|| version.to_string());
    Ok(told)
}
