//! The catalog's objects as DataFusion's relations.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch};
use arrow::datatypes::Schema;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::logical_expr::LogicalPlan;
use parking_lot::Mutex;

use super::Instance;
use super::asker::{Asker, Pinned};
use super::change_feed;
use super::earlier_enums;
use super::providers::{PlannedView, UnplannedView};
use crate::catalog::{Kind, Object, Oid, Snapshot, pg_catalog, system};
use crate::config::SessionSettings;
use crate::error::{Error, Result, SqlState};
use crate::models::resolution::{self, Asked, Resolved};
use crate::models::{constraints, replacement};
use crate::sources::{FileTable, RejectedRows, with_hidden_columns};
use crate::sql::create_sequence;
use crate::sql::model_functions::{self, Argument, Call};
use crate::sql::options::Literal;
use crate::sql::time_travel::{self, Version};
use crate::sql::{QualifiedName, Statement, hidden_columns, table_changes};
use crate::warehouse::At;

/// How often a relation may be replaced while it is looked up.
const ATTEMPTS: usize = 10;

/// What a plan is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// To be run: relations answer with their rows, views are put in by their queries.
    Rows,
    /// To be planned as if it were run: views are put in by their queries, and other relations have
    /// their columns alone.
    Plan,
    /// To be looked at: relations have their columns alone, and views are relations like others.
    Shape,
}

/// The relations that one statement reads: the catalog as it was when the statement began, and one
/// version of each table, however often and through whatever views it is read.
pub(super) struct Relations {
    pub(super) instance: Arc<Instance>,
    pub(super) snapshot: Arc<Snapshot>,
    settings: SessionSettings,
    pub(super) reading: Reading,
    asker: Asker,
    /// What was opened, by the schema and the name it was asked by.
    opened: Mutex<HashMap<(String, String), Arc<dyn TableProvider>>>,
    /// The external tables among them: one listing of the files serves a source with and without
    /// its hidden columns.
    sources: Mutex<HashMap<Oid, FileTable>>,
    /// The views that have their plans.
    planned: Mutex<HashSet<Oid>>,
    /// The versions of the tables that were read as they are now.
    versions: Mutex<HashMap<Oid, i64>>,
    /// The models that were read.
    models: Mutex<HashMap<Oid, Arc<Resolved>>>,
    /// What is told of what is found as they are read.
    told_to: OnceLock<Arc<RejectedRows>>,
}

impl Relations {
    pub(super) fn new(
        instance: Arc<Instance>,
        snapshot: Arc<Snapshot>,
        settings: SessionSettings,
        reading: Reading,
        asker: Asker,
    ) -> Self {
        Self {
            instance,
            snapshot,
            settings,
            reading,
            asker,
            opened: Mutex::default(),
            sources: Mutex::default(),
            planned: Mutex::default(),
            versions: Mutex::default(),
            models: Mutex::default(),
            told_to: OnceLock::new(),
        }
    }

    /// Has what is found as relations are read told to this.
    pub(super) fn tell_to(&self, rejected: &Arc<RejectedRows>) {
        // A statement has one.
        let _ = self.told_to.set(Arc::clone(rejected));
    }

    /// Whether a view has its plan.
    pub(super) fn is_planned(&self, view: Oid) -> bool {
        self.planned.lock().contains(&view)
    }

    /// The version of a table that the statement reads, where it does not name one.
    pub(super) fn version_read(&self, table: Oid) -> Option<i64> {
        self.versions.lock().get(&table).copied()
    }

    /// Gives a view its plan.
    pub(super) fn add_view(&self, object: &Object, plan: LogicalPlan) {
        let view = PlannedView::new(plan, view_text(object));
        let key = (object.name.schema.clone(), object.name.name.clone());
        self.opened.lock().insert(key, Arc::new(view));
        self.planned.lock().insert(object.oid);
    }

    /// Answers for a name with this from now on.
    pub(super) fn show(&self, name: &QualifiedName, provider: Arc<dyn TableProvider>) {
        let key = (name.schema.clone(), name.name.clone());
        self.opened.lock().insert(key, provider);
    }

    pub(super) async fn find(
        &self,
        schema: &str,
        name: &str,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        let key = (schema.to_owned(), name.to_owned());
        if let Some(opened) = self.opened.lock().get(&key) {
            return Ok(Some(Arc::clone(opened)));
        }
        let Some(found) = self.open(schema, name).await? else {
            return Ok(None);
        };
        // Who was first gives the version that all see.
        let mut opened = self.opened.lock();
        Ok(Some(Arc::clone(opened.entry(key).or_insert(found))))
    }

    async fn open(&self, schema: &str, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(call) = model_functions::decode(name) {
            return self.open_call(schema, &call).await;
        }
        if let Some(call) = table_changes::decode(name) {
            return self.open_changes(schema, &call).await;
        }
        if let Some(name) = hidden_columns::decode(name) {
            return self.open_with_hidden_columns(schema, name);
        }
        let (name, version) = match time_travel::decode(name) {
            Some((base, version)) => (base, Some(version)),
            None => (name, None),
        };
        if schema == system::SYSTEM_SCHEMA {
            return self
                .instance
                .system_view(
                    &self.snapshot,
                    name,
                    version.is_some(),
                    &self.settings,
                    &self.asker,
                )
                .await;
        }
        if let Some(tables) = pg_catalog::schema(schema) {
            if version.is_some() {
                return Err(no_versions(QualifiedName::new(schema, name)));
            }
            return Ok(tables.get(name).map(|table| {
                self.instance
                    .pg_table(&self.snapshot, table, &self.settings, &self.asker)
            }));
        }
        let name = QualifiedName::new(schema, name);
        let Some(object) = self.snapshot.relation(&name) else {
            let identity = constraints::identity_sequence(&self.snapshot, &name);
            return match (identity, version) {
                (None, _) => Ok(None),
                (Some(_), Some(_)) => Err(no_versions(&name)),
                (Some((table, column)), None) => self.sequence(&table, &column).map(Some),
            };
        };
        if object.kind == Kind::Model {
            return Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("cannot read {} as a relation", object.described()),
            )
            .with_hint(format!(
                "Read it with a function: SELECT * FROM entity_clusters({}).",
                Literal(&object.name.to_string())
            )));
        }
        match self.reading {
            Reading::Shape => Ok(Some(self.shape(object, version).await)),
            Reading::Plan => self.open_columns(object, version).await.map(Some),
            Reading::Rows => self.open_object(object, version).await.map(Some),
        }
    }

    /// What a function on a model answers; `None` where there is no such model.
    ///
    /// # Errors
    /// 42809 where it is no model; 55000 for a model that has learned nothing yet.
    async fn open_call(
        &self,
        schema: &str,
        call: &Call<'_>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        let object = self
            .snapshot
            .relation(&QualifiedName::new(schema, call.model));
        let Some(object) = object else {
            return Ok(None);
        };
        if object.kind != Kind::Model {
            return Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("\"{}\" is not a model", object.name),
            )
            .with_detail(format!("It is {}.", object.kind.with_article()))
            .with_hint(format!(
                "{} reads what CREATE MODEL makes.",
                call.function.name()
            )));
        }
        if self.reading != Reading::Rows {
            if self.reading == Reading::Plan && object.project_file.is_none() {
                self.check_populated(object).await?;
            }
            let columns = resolution::columns_of(object, call.function);
            return Ok(Some(Arc::new(EmptyTable::new(columns))));
        }
        let model = self.resolved(object).await?;
        let asked = Asked {
            model,
            snapshot: Arc::clone(&self.snapshot),
            settings: self.settings.clone(),
            relation: self.relation_of(call).await?,
            told_to: self.told_to.get().cloned(),
        };
        asked.call(call).await.map(Some)
    }

    /// What commits have changed of a table; `None` where there is none.
    ///
    /// # Errors
    /// 42809 for what keeps no versions; those of the feed.
    async fn open_changes(
        &self,
        schema: &str,
        call: &table_changes::Call<'_>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        let name = QualifiedName::new(schema, call.table);
        let Some(object) = self.snapshot.relation(&name) else {
            return match self.is_no_object(&name) {
                true => Err(no_versions(&name)),
                false => Ok(None),
            };
        };
        if !object.is_stored() {
            return Err(no_versions(&object.name));
        }
        let columns = change_feed::columns(object)?;
        if self.reading != Reading::Rows {
            return Ok(Some(Arc::new(EmptyTable::new(columns))));
        }
        let latest = self.latest(object).await?.0;
        let to = call.to.map_or(At::Version(latest), at);
        let table = crate::models::table_id(object);
        let warehouse = &self.instance.warehouse;
        let feed = warehouse.changes(&table, at(call.from), to).await?;
        let there = warehouse.schema(&table, At::Version(feed.to)).await?;
        // Columns that came later have no values yet.
        let known = object.schema.fields().iter().take(there.fields().len());
        let known = Arc::new(Schema::new(known.cloned().collect::<Vec<_>>()));
        if !replacement::same_columns(&there, &known) {
            return Err(Error::unsupported(format!(
                "table_changes of {} up to version {}, which has other columns than now,",
                object.described(),
                feed.to
            ))
            .with_hint("Read the rows of its versions with VERSION AS OF, and compare those."));
        }
        change_feed::relation(&self.snapshot, object, &feed).map(Some)
    }

    /// Whether there is a relation of this name that is no object of the catalog.
    fn is_no_object(&self, name: &QualifiedName) -> bool {
        if name.schema == system::SYSTEM_SCHEMA {
            return system::exists(&name.name);
        }
        match pg_catalog::schema(&name.schema) {
            Some(tables) => tables.get(&name.name).is_some(),
            None => constraints::identity_sequence(&self.snapshot, name).is_some(),
        }
    }

    /// The relation that a call names beside the model, as the statement sees it.
    async fn relation_of(&self, call: &Call<'_>) -> Result<Option<Arc<dyn TableProvider>>> {
        let arguments = call.function.arguments().iter().skip(1);
        let named = arguments
            .zip(&call.arguments)
            .find_map(|(argument, text)| matches!(argument, Argument::Relation(_)).then_some(text));
        let Some(name) = named.and_then(|text| model_functions::named_by(text)) else {
            return Ok(None);
        };
        let name = name?;
        let schema = name.schema.unwrap_or_default();
        // A relation may itself read a model.
        Box::pin(self.find(&schema, &name.name)).await
    }

    /// The version of a model that the statement sees, through whatever functions it reads it.
    async fn resolved(&self, object: &Arc<Object>) -> Result<Arc<Resolved>> {
        if let Some(model) = self.models.lock().get(&object.oid) {
            return Ok(Arc::clone(model));
        }
        let clusters = self.read(object).await?;
        let model = Resolved::new(&self.instance, object, clusters).await?;
        let mut models = self.models.lock();
        let first = models.entry(object.oid).or_insert_with(|| Arc::new(model));
        Ok(Arc::clone(first))
    }

    /// A source with its hidden columns; `None` for other relations, which have none.
    fn open_with_hidden_columns(
        &self,
        schema: &str,
        name: &str,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        let object = self.snapshot.relation(&QualifiedName::new(schema, name));
        let Some(object) = object.filter(|object| object.kind == Kind::ExternalTable) else {
            return Ok(None);
        };
        match self.reading {
            Reading::Shape | Reading::Plan => Ok(Some(Arc::new(EmptyTable::new(Arc::new(
                with_hidden_columns(&object.schema),
            ))))),
            Reading::Rows => Ok(Some(Arc::new(self.source(object)?.with_hidden_columns()))),
        }
    }

    /// The columns of an object that a run could read: what the project builds counts as built.
    ///
    /// # Errors
    /// Those of [`Self::open_object`] that do not depend on its rows.
    async fn open_columns(
        &self,
        object: &Arc<Object>,
        version: Option<Version>,
    ) -> Result<Arc<dyn TableProvider>> {
        match (object.kind, version) {
            (Kind::View, None) => Ok(Arc::new(UnplannedView::new(object))),
            (Kind::View | Kind::ExternalTable, Some(_)) => Err(no_versions(&object.name)),
            (Kind::MaterializedView, _) if object.project_file.is_none() => {
                self.check_populated(object).await?;
                Ok(self.shape(object, version).await)
            }
            _ => Ok(self.shape(object, version).await),
        }
    }

    /// The columns that an object has, or had in a version of its rows. Whether there is such a version is
    /// told by who reads it: what the project builds may have none yet.
    async fn shape(&self, object: &Object, version: Option<Version>) -> Arc<dyn TableProvider> {
        if let Some(version) = version.filter(|_| object.is_stored()) {
            let (table, at) = (crate::models::table_id(object), at(version));
            if let Ok(columns) = self.instance.warehouse.schema(&table, at).await {
                let columns = earlier_enums::columns(&self.snapshot, &columns);
                return Arc::new(EmptyTable::new(columns));
            }
        }
        columns_alone(object)
    }

    async fn check_populated(&self, object: &Object) -> Result<()> {
        let table = crate::models::table_id(object);
        let is_refreshed = object.kind.is_refreshed();
        if is_refreshed && (object.is_emptied || !self.instance.warehouse.exists(&table).await?) {
            return Err(unpopulated(object));
        }
        Ok(())
    }

    /// An object's rows.
    ///
    /// # Errors
    /// 55000 for a materialized view that was never filled; 42809 for an old version of what keeps
    /// none; what its source or table says.
    async fn open_object(
        &self,
        object: &Arc<Object>,
        version: Option<Version>,
    ) -> Result<Arc<dyn TableProvider>> {
        match (object.kind, version) {
            (Kind::Table | Kind::MaterializedView, None) => Ok(self.read(object).await?.1),
            (Kind::Table | Kind::MaterializedView, Some(version)) => {
                self.old(object, version).await
            }
            (_, Some(_)) => Err(no_versions(&object.name)),
            (Kind::View, None) => Ok(Arc::new(UnplannedView::new(object))),
            (Kind::ExternalTable, None) => Ok(Arc::new(self.source(object)?)),
            (Kind::Sequence, None) => self.sequence(object, ""),
            (Kind::Model | Kind::Check | Kind::Role | Kind::Function | Kind::Type, None) => {
                Err(Error::new(
                    SqlState::WRONG_OBJECT_TYPE,
                    format!("{} is {}", object.name, object.kind.with_article()),
                ))
            }
        }
    }

    /// The one row of a sequence, or of that of an identity column.
    fn sequence(&self, object: &Arc<Object>, column: &str) -> Result<Arc<dyn TableProvider>> {
        let (last, is_called) = self.instance.sequence_state(object, column)?;
        let schema = Arc::new(create_sequence::columns());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![last])),
            Arc::new(Int64Array::from(vec![0])),
            Arc::new(BooleanArray::from(vec![is_called])),
        ];
        let row = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let table = MemTable::try_new(schema, vec![vec![row]])?;
        Ok(Arc::new(table))
    }

    /// [`Self::latest`], noting down the version. Who was first gives the one that all see.
    async fn read(&self, object: &Arc<Object>) -> Result<(i64, Arc<dyn TableProvider>)> {
        let latest = self.latest(object).await?;
        let first = *self.versions.lock().entry(object.oid).or_insert(latest.0);
        match first == latest.0 {
            true => Ok(latest),
            false => self.stored(object, At::Version(first)).await,
        }
    }

    /// The latest rows of a table, materialized view or model, with their version, and no others than those of its definition
    /// in the statement's catalog: where it was replaced since, the rows before that.
    async fn latest(&self, object: &Arc<Object>) -> Result<(i64, Arc<dyn TableProvider>)> {
        let (catalog, warehouse) = (&self.instance.catalog, &self.instance.warehouse);
        let table = object.table();
        // What the transaction has written is nobody else's.
        if warehouse.has_staged(&table) {
            return self.stored(object, At::Latest).await;
        }
        if let Some(pinned) = &self.asker.pinned {
            return self.pinned(pinned, object).await;
        }
        // So do the statements of the server's own within the transaction.
        if warehouse.has_frozen(&table) {
            return self.stored(object, At::Latest).await;
        }
        let began = self.snapshot.generation();
        // What the transaction says of it, such as another name, is not in the catalog that all share.
        let found = &catalog.as_found(object);
        for _ in 0..ATTEMPTS {
            replacement::settle(catalog, warehouse, object.oid).await?;
            let now = catalog.committed();
            if let Some(version) = now.published_since(began, &table)? {
                return self.stored(object, At::Version(version - 1)).await;
            }
            let at = match (now.object(object.oid), now.prepared(object.oid)) {
                (Some(now), None) if is_same(now, found) => At::Latest,
                // Its commit is not there, but may come.
                (Some(now), Some(prepared)) if is_same(now, found) => {
                    At::Version(prepared.version - 1)
                }
                (Some(now), _) => match now.replaced_in {
                    Some(version) => At::Version(version - 1),
                    None => At::Latest,
                },
                (None, _) => At::Latest,
            };
            let rows = self.stored(object, at).await?;
            let now = catalog.committed();
            if at == At::Latest && !is_untouched(&now, found)
                || now.published_since(began, &table)?.is_some()
            {
                continue;
            }
            if replacement::same_columns(&rows.1.schema(), &object.schema) {
                return Ok(rows);
            }
        }
        Err(replaced_meanwhile(object).with_hint("Run the statement again."))
    }

    /// The rows that a table had when the transaction began to read.
    async fn pinned(
        &self,
        pinned: &Pinned,
        object: &Object,
    ) -> Result<(i64, Arc<dyn TableProvider>)> {
        let Some(version) = pinned.version(object.oid) else {
            return Err(unpopulated(object));
        };
        let rows = self.stored(object, At::Version(version)).await?;
        if replacement::same_columns(&rows.1.schema(), &object.schema) {
            return Ok(rows);
        }
        Err(replaced_meanwhile(object).with_hint("Run the transaction again."))
    }

    /// The rows of an old version. A time names none that came after the snapshot of the transaction,
    /// but for what the transaction has written itself.
    async fn old(&self, object: &Object, version: Version) -> Result<Arc<dyn TableProvider>> {
        let (found, rows) = self.stored(object, at(version)).await?;
        let pinned = self.asker.pinned.as_ref();
        let last = pinned.and_then(|pinned| pinned.version(object.oid));
        let (found, rows) = match (last, version) {
            (Some(last), Version::Timestamp(_) | Version::FromNow(_))
                if found > last && !self.instance.warehouse.has_staged(&object.table()) =>
            {
                self.stored(object, At::Version(last)).await?
            }
            _ => (found, rows),
        };
        earlier_enums::of_version(&self.snapshot, object, version, found, rows)
    }

    async fn stored(&self, object: &Object, at: At) -> Result<(i64, Arc<dyn TableProvider>)> {
        self.check_populated(object).await?;
        let table = crate::models::table_id(object);
        let keys = constraints::indexed(&self.instance.traced_keys, object);
        self.instance
            .warehouse
            .scan_version(&table, at, &keys)
            .await
    }

    fn source(&self, object: &Object) -> Result<FileTable> {
        let Statement::CreateExternalTable(definition) = &object.definition else {
            return Err(Error::internal(format!(
                "{} is not defined as an external table",
                object.name
            )));
        };
        let mut sources = self.sources.lock();
        if let Some(source) = sources.get(&object.oid) {
            return Ok(source.clone());
        }
        let mut definition = definition.clone();
        if self.settings.on_error.0 != "source" {
            definition.options.set("on_error", self.settings.on_error.0);
        }
        let source = crate::sources::provider(
            &definition,
            Arc::clone(&object.schema),
            &self.instance.project_folder(),
            self.instance.runtime(),
        )?;
        sources.insert(object.oid, source.clone());
        Ok(source)
    }
}

/// The error of a materialized view or model that has no rows yet.
fn unpopulated(object: &Object) -> Error {
    let (lacks, command) = match object.kind {
        Kind::Model => ("has not been trained", "REFRESH MODEL"),
        _ => ("has not been populated", "REFRESH MATERIALIZED VIEW"),
    };
    Error::new(
        SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("{} {lacks}", object.described()),
    )
    .with_hint(format!("Use the {command} command, or tributary run."))
}

fn replaced_meanwhile(object: &Object) -> Error {
    Error::new(
        SqlState::SERIALIZATION_FAILURE,
        format!(
            "could not read {} because it was replaced meanwhile",
            object.name
        ),
    )
}

fn at(version: Version) -> At {
    match version {
        Version::Number(number) => At::Version(number),
        Version::Timestamp(time) | Version::FromNow(time) => At::Timestamp(time),
    }
}

fn columns_alone(object: &Object) -> Arc<dyn TableProvider> {
    Arc::new(EmptyTable::new(Arc::clone(&object.schema)))
}

/// Whether an object has the rows that it had when the statement began: it has the definition of then, or
/// another one for the same rows, as when it, or what it reads, was renamed.
fn is_same(now: &Arc<Object>, object: &Arc<Object>) -> bool {
    let has_its_rows = || now.replaced_in == object.replaced_in && now.table() == object.table();
    Arc::ptr_eq(now, object)
        || now.schema == object.schema && (now.definition == object.definition || has_its_rows())
}

/// Whether nothing has replaced an object, or is about to; one that was dropped stays as it was.
fn is_untouched(now: &Snapshot, object: &Arc<Object>) -> bool {
    now.prepared(object.oid).is_none()
        && now
            .object(object.oid)
            .is_none_or(|now| is_same(now, object))
}

/// The error of an old version of what keeps none.
pub(super) fn no_versions(relation: impl fmt::Display) -> Error {
    Error::new(
        SqlState::WRONG_OBJECT_TYPE,
        format!("{relation} keeps no versions"),
    )
    .with_hint("VERSION AS OF and TIMESTAMP AS OF read tables and materialized views.")
}

/// The text of a view's query.
pub(super) fn view_text(object: &Object) -> Option<String> {
    match &object.definition {
        Statement::CreateView(view) => Some(view.query.to_string()),
        _ => None,
    }
}
