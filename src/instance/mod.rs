//! What all sessions share: the catalog, the warehouse, the runtime with its memory, the settings.

mod advisory_locks;
mod alias_columns;
mod asker;
pub mod change_feed;
mod earlier_enums;
mod given_rows;
mod guarded_rules;
mod hidden_constants;
mod in_lists;
mod integer_literals;
mod join_keys;
mod known_lineage;
mod lock_list;
pub mod machine;
mod moment_operands;
mod nested_arrays;
mod nested_loops;
mod notifications;
mod object_locks;
mod open_transactions;
mod order_once;
mod pacing;
mod plain_items;
mod providers;
mod recursive_unions;
mod relations;
mod releasing_pool;
mod reloading;
mod restored_partitions;
mod restored_sorts;
mod row_hash;
mod rows_once;
mod secret;
mod seen_sorts;
mod sessions;
mod state;
mod statement;
mod system;
mod traced_keys;
mod transaction;
mod types;
mod unique_names;
mod unknown_literals;
mod waiting_filters;
mod waiting_in_order;
mod window_columns;
mod window_memory;
mod yielding;

pub use advisory_locks::{AdvisoryLocks, AdvisoryOwner, TransactionNumber};
pub use asker::{Asker, Beginnings, Pinned, Set};
pub use earlier_enums::{earlier_labels, is_renamed_since};
pub use known_lineage::KnownLineage;
pub use notifications::{Mailbox, Notification, Notifications, full as queue_full};
pub use object_locks::{LockGuard, LockMode, ObjectLocks, with_lock_timeout};
pub use open_transactions::OpenTransactions;
pub use relations::Reading;
pub use reloading::Reloading;
pub use row_hash::{RowHash, any_of, has_equals};
pub use sessions::{Canceller, SessionEncryption, SessionEntry, Sessions};
pub use state::DATABASE;
pub use state::reading_within;
#[cfg(test)]
pub use state::template as session_template;
pub use statement::StatementContext;
pub use system::OWNER;
pub use traced_keys::TracedKeys;
pub use transaction::{InstanceTransaction, TransactionMark};

use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use chrono::{DateTime, Utc};
use datafusion::execution::SessionState;
use datafusion::execution::runtime_env::RuntimeEnv;
use tokio_util::sync::CancellationToken;

use crate::catalog::{Catalog, Journal, is_in_use, is_temporary_schema};
use crate::config::Configuration;
use crate::error::{Error, Result};
use crate::models;
use crate::models::progress::Running;
use crate::models::resolution::Indexes;
use crate::models::schedule::Standings;
use crate::warehouse::{RowCache, Warehouse};

/// The number of the first transaction; PostgreSQL keeps those below for itself.
const FIRST_TRANSACTION: i64 = 3;

/// The file of the catalog.
fn catalog_file(configuration: &Configuration) -> PathBuf {
    configuration.server.data_dir.join("catalog.redb")
}

/// Drops the temporary tables of sessions that have ended with the last process.
fn drop_temporary(catalog: &Catalog) -> Result<()> {
    let snapshot = catalog.snapshot();
    let schemas = snapshot.schemas().map(|schema| schema.name.clone());
    let temporary: Vec<String> = schemas.filter(|name| is_temporary_schema(name)).collect();
    catalog.write(|transaction| {
        for schema in &temporary {
            transaction.drop_schema(schema, true)?;
        }
        Ok(())
    })
}

/// A running warehouse, without its wire.
pub struct Instance {
    /// What the server was told at its start.
    pub configuration: Arc<Configuration>,
    /// The objects.
    pub catalog: Arc<Catalog>,
    /// What refreshes and checks have done.
    pub journal: Journal,
    /// The tables.
    pub warehouse: Arc<Warehouse>,
    /// Who is connected.
    pub sessions: Arc<Sessions>,
    /// What sessions tell each other.
    pub notifications: Arc<Notifications>,
    /// One change of an object's rows at a time.
    pub refresh_locks: Arc<ObjectLocks>,
    /// The transactions that write and have not ended.
    pub open_transactions: Arc<OpenTransactions>,
    /// One compaction of a table at a time.
    pub compaction_locks: Arc<ObjectLocks>,
    /// Where the objects stand that the scheduler looks after.
    pub standings: Arc<Standings>,
    /// By which columns refreshes look for rows of views.
    pub traced_keys: Arc<TracedKeys>,
    /// Which columns those of views come from.
    pub known_lineage: Arc<KnownLineage>,
    /// How far refreshes of models are.
    pub running: Arc<Running>,
    /// Models in memory.
    pub indexes: Arc<Indexes>,
    /// Set when the server stops: refreshes end, nothing new begins.
    pub shutdown: CancellationToken,
    /// Reads again what can be another one while the server runs.
    pub reloading: Arc<Reloading>,
    /// When the server started.
    pub started_at: DateTime<Utc>,
    /// The number of the next transaction that asks for one.
    pub transactions: Arc<AtomicI64>,
    /// When the transaction began that this is the instance of; none for the one that all share.
    transaction_began: Option<DateTime<Utc>>,
    /// Memory, disk and object stores.
    runtime: Arc<RuntimeEnv>,
    /// What every session's state is copied from.
    template: Arc<SessionState>,
}

impl Instance {
    /// Opens the data directory, creating it at the first start, and removes what a kill has left.
    ///
    /// # Errors
    /// 55006 where another process uses the directory; XX001 where it is damaged; 58030 and 53100
    /// where the disk fails.
    pub async fn open(configuration: Configuration) -> Result<Arc<Self>> {
        tributary_udfs::interrupt::hand_on_to_spawned();
        let folder = &configuration.server.data_dir;
        // The catalog holds what statements hold, secrets included: no other user reads it.
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(folder).map_err(|error| {
            Error::from(error)
                .within(format!("data_dir {}", folder.display()))
                .with_hint("Set data_dir to a folder that can be written.")
        })?;
        let catalog = Catalog::open(&catalog_file(&configuration))?;
        let indexes = Arc::default();
        let rows = state::row_cache(&configuration);
        let runtime = state::runtime(&configuration, &indexes, &rows)?;
        let keys = configuration.server.data_dir.join("keys");
        let instance =
            Self::over(configuration, catalog, runtime, indexes, rows, Some(keys)).await?;
        let snapshot = instance.catalog.snapshot();
        let known = snapshot.objects().map(|object| object.oid).collect();
        instance.warehouse.clean(&known).await?;
        Ok(instance)
    }

    /// Opens a copy of the data directory's catalog, empty where there is none, to find out what
    /// could be done: nothing is created, locked or changed on disk. Its tables are the real ones,
    /// to be looked at alone.
    ///
    /// # Errors
    /// XX001 where the directory is damaged; what reading it says.
    pub async fn open_copy(configuration: Configuration) -> Result<Arc<Self>> {
        let catalog = Catalog::copy(&catalog_file(&configuration))?;
        let indexes = Arc::default();
        let rows = state::row_cache(&configuration);
        let runtime = state::runtime_for_plans(&configuration, &indexes, &rows)?;
        Self::over(configuration, catalog, runtime, indexes, rows, None).await
    }

    /// Whether another process has opened the data directory.
    pub fn is_in_use(configuration: &Configuration) -> bool {
        is_in_use(&catalog_file(configuration))
    }

    async fn over(
        configuration: Configuration,
        catalog: Catalog,
        runtime: Arc<RuntimeEnv>,
        indexes: Arc<Indexes>,
        rows: Arc<RowCache>,
        keys: Option<PathBuf>,
    ) -> Result<Arc<Self>> {
        let journal = catalog.journal(configuration.server.journal_size as u64)?;
        let warehouse = state::open_warehouse(&configuration, &runtime, keys, rows)?;
        models::replacement::recover(&catalog, &warehouse).await?;
        drop_temporary(&catalog)?;
        Ok(Arc::new(Self {
            template: Arc::new(state::template(&configuration, Arc::clone(&runtime))?),
            runtime,
            catalog: Arc::new(catalog),
            journal,
            warehouse: Arc::new(warehouse),
            sessions: Arc::default(),
            notifications: Arc::default(),
            refresh_locks: Arc::default(),
            open_transactions: Arc::default(),
            compaction_locks: Arc::default(),
            standings: Arc::default(),
            traced_keys: Arc::default(),
            known_lineage: Arc::default(),
            running: Arc::default(),
            indexes,
            shutdown: CancellationToken::new(),
            reloading: Arc::default(),
            started_at: Utc::now(),
            transactions: Arc::new(AtomicI64::new(FIRST_TRANSACTION)),
            transaction_began: None,
            configuration: Arc::new(configuration),
        }))
    }

    /// The secret of the data directory, which is made at its first start.
    ///
    /// # Errors
    /// Those of the disk; XX000 where the machine has no random numbers.
    pub fn secret(&self) -> Result<Vec<u8>> {
        secret::of(&self.configuration.server.data_dir)
    }

    /// Waits for the commits that have begun, and for what reads the logs of tables: both would be
    /// cut off where the runtime goes down. Who takes too long is left behind.
    pub async fn rest(&self) {
        const PATIENCE: Duration = Duration::from_secs(30);
        if tokio::time::timeout(PATIENCE, self.warehouse.rest())
            .await
            .is_err()
        {
            tracing::warn!("commits still run after {PATIENCE:?}, and are cut off");
        }
    }

    /// The folder that relative locations of external tables begin at.
    pub fn project_folder(&self) -> PathBuf {
        self.configuration.server.project.clone()
    }

    /// Memory, disk and object stores.
    pub fn runtime(&self) -> &Arc<RuntimeEnv> {
        &self.runtime
    }

    /// How many models are built at once.
    pub fn jobs(&self) -> usize {
        match self.configuration.server.jobs {
            0 => machine::cores(),
            jobs => jobs,
        }
    }

    /// Removes the files of writes that a kill has cut off. What fails is logged: nobody waits for it.
    pub async fn remove_orphans(&self) {
        let snapshot = self.catalog.snapshot();
        for object in snapshot.objects().filter(|object| object.is_stored()) {
            for table in models::tables(object) {
                let removed = match self.warehouse.exists(&table).await {
                    Ok(true) => self.warehouse.remove_orphans(&table).await,
                    other => other.map(|_| 0),
                };
                match removed {
                    Ok(0) => {}
                    Ok(files) => {
                        tracing::info!("removed {files} files of {table} that no version has")
                    }
                    Err(error) => tracing::warn!(
                        "{table}: files that no version has could not be removed: {error}"
                    ),
                }
            }
        }
    }
}
