//! A transaction that writes: an instance of its own over the one that all share.
//!
//! Its catalog and its warehouse are those of the instance with what the transaction has changed. So
//! statements read and write it as they do outside of a transaction, and nobody else sees it. To
//! commit is to make the changes to the shared ones: see [`InstanceTransaction::commit`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use tributary_udfs::interrupt::Interrupt;

use super::Instance;
use super::asker::Pinned;
use crate::catalog::journal::RefreshRecord;
use crate::catalog::system::SYSTEM_SCHEMA;
use crate::catalog::{Kind, Oid, Snapshot, StagedCatalog};
use crate::error::{Error, Result};
use crate::models::announcement::announce;
use crate::models::{constraints, keyed};
use crate::sql::constraint::Rule;
use crate::warehouse::{
    ChangedTable, DependsOn, Publication, StagingMark, TableId, UnpublishedEntry, Waiting,
    Warehouse,
};

/// A transaction that writes. Dropped without a commit, it is rolled back.
pub struct InstanceTransaction {
    /// The instance as the transaction sees it.
    pub instance: Arc<Instance>,
    shared: Arc<Instance>,
    /// Its number among those that are open.
    number: u64,
    has_ended: AtomicBool,
}

/// How far a transaction had come, to go back to.
pub struct TransactionMark {
    catalog: Option<StagedCatalog>,
    warehouse: StagingMark,
    journal: usize,
    locks: BTreeSet<Oid>,
}

impl InstanceTransaction {
    /// Begins one of a session, which reads by `pinned` where all its statements read what the first one
    /// did; `began` is when its first statement did.
    pub fn begin(
        shared: &Arc<Instance>,
        process: i32,
        pinned: Option<&Pinned>,
        began: DateTime<Utc>,
    ) -> Self {
        let base = match pinned {
            Some(pinned) => Arc::clone(&pinned.snapshot),
            None => shared.catalog.snapshot(),
        };
        let frozen = pinned.into_iter().flat_map(Pinned::tables);
        let instance = Instance {
            configuration: Arc::clone(&shared.configuration),
            catalog: Arc::new(shared.catalog.begin_transaction(base)),
            journal: shared.journal.begin_transaction(),
            warehouse: Arc::new(shared.warehouse.begin_transaction(frozen)),
            sessions: Arc::clone(&shared.sessions),
            notifications: Arc::clone(&shared.notifications),
            standings: Arc::clone(&shared.standings),
            traced_keys: Arc::clone(&shared.traced_keys),
            known_lineage: Arc::clone(&shared.known_lineage),
            refresh_locks: Arc::new(shared.refresh_locks.begin_transaction()),
            open_transactions: Arc::clone(&shared.open_transactions),
            compaction_locks: Arc::clone(&shared.compaction_locks),
            running: Arc::clone(&shared.running),
            indexes: Arc::clone(&shared.indexes),
            shutdown: shared.shutdown.clone(),
            reloading: Arc::clone(&shared.reloading),
            started_at: shared.started_at,
            transactions: Arc::clone(&shared.transactions),
            transaction_began: Some(began),
            runtime: Arc::clone(&shared.runtime),
            template: Arc::clone(&shared.template),
        };
        let number = shared.open_transactions.begin(process, &instance.warehouse);
        Self {
            instance: Arc::new(instance),
            shared: Arc::clone(shared),
            number,
            has_ended: AtomicBool::new(false),
        }
    }

    /// How far it has come.
    pub fn mark(&self) -> TransactionMark {
        TransactionMark {
            catalog: self.instance.catalog.mark(),
            warehouse: self.instance.warehouse.mark(),
            journal: self.instance.journal.mark(),
            locks: self.instance.refresh_locks.held(),
        }
    }

    /// Takes back what it has changed since.
    pub async fn roll_back_to(&self, mark: &TransactionMark) {
        // What a statement has begun that was cancelled.
        self.instance.warehouse.finish_commits().await;
        if let Some(catalog) = &mark.catalog {
            self.instance.catalog.roll_back_to(catalog);
        }
        self.instance.warehouse.roll_back_to(&mark.warehouse);
        self.tell(self.instance.journal.roll_back_to(mark.journal));
        self.instance.refresh_locks.release_but(&mark.locks).await;
        self.shared.open_transactions.taken_back();
    }

    /// Takes back all that it has changed.
    pub async fn roll_back(&self) {
        self.has_ended.store(true, Ordering::Release);
        self.end(None).await;
    }

    async fn end(&self, published: Option<&[UnpublishedEntry]>) {
        let (shared, own) = (&self.shared.warehouse, &self.instance.warehouse);
        own.finish_commits().await;
        if published.is_none() {
            self.instance.catalog.roll_back();
        }
        shared.end_transaction(own, published).await;
        let journal = &self.instance.journal;
        self.tell(match published {
            Some(entries) => journal.commit(|oid| {
                let mut entries = entries.iter();
                let made = entries.find(|it| it.table.oid == oid && !is_of_server(&it.table));
                made.map(|entry| entry.version)
            }),
            None => journal.roll_back_to(0),
        });
        self.instance.refresh_locks.release().await;
        self.shared.open_transactions.end(self.number);
    }

    /// Tells of refreshes that have ended with the transaction.
    fn tell(&self, ended: Vec<RefreshRecord>) {
        let snapshot = self.instance.catalog.snapshot();
        for record in ended {
            // One that was created within what is taken back is not in the catalog any more.
            let object = snapshot.object(record.oid);
            let kind = object.map_or(Kind::MaterializedView, |object| object.kind);
            announce(&self.shared, kind, &record);
        }
    }

    /// Makes its changes to the shared instance, all or none. Once begun it runs to its end, whoever
    /// waits for it.
    ///
    /// The entries that it made for each table's log become one, at the version that is next, and
    /// nobody commits to these tables meanwhile. New tables get theirs at once, since nobody knows
    /// them. The commit is the one write of the catalog that makes its changes and, where there are
    /// entries for other tables, writes these down; then they are published, by the next start where
    /// it comes to that. One entry alone is its own commit.
    ///
    /// # Errors
    /// 40001 where another transaction has changed the same rows or objects; 57014 where the statement
    /// that waits was interrupted before there was anything to take back; those of the disk.
    pub async fn commit(self: Arc<Self>) -> Result<()> {
        let running = self.shared.warehouse.keep_running().await;
        self.has_ended.store(true, Ordering::Release);
        let (waiting, done) = Waiting::new(Interrupt::current());
        tokio::spawn(async move {
            let _running = running;
            self.instance.warehouse.finish_commits().await;
            let committed = self.make(&waiting).await;
            if committed.is_err() {
                waiting.release();
            }
            self.end(committed.as_ref().ok().map(Vec::as_slice)).await;
            waiting.answer(committed.map(drop));
        });
        done.await
            .map_err(|error| Error::internal(format!("a commit was cut off: {error}")))?
    }

    /// Answers the entries that were published.
    async fn make(&self, waiting: &Waiting<()>) -> Result<Vec<UnpublishedEntry>> {
        let (shared, own) = (&self.shared.warehouse, &self.instance.warehouse);
        let changed = own.changed_tables();
        let snapshot = self.instance.catalog.snapshot();
        let depends_on = |table: &TableId| depends_on(&snapshot, table);
        let mut publication = shared.prepare_publication(own, depends_on).await?;
        let all = publication.entries().to_vec();
        let new = publication.split_new();
        let changes_catalog = self.instance.catalog.has_changes();
        waiting.begin()?;
        for entry in &new {
            shared.publish_deciding(entry).await?;
        }
        match publication.entries() {
            [] if !changes_catalog => {}
            [one] if !changes_catalog && new.is_empty() => {
                self.instance.catalog.check_tables(&changed)?;
                shared.publish_deciding(one).await?;
            }
            _ => {
                self.commit_catalog(&changed, &publication)?;
                self.publish(shared, &publication).await;
            }
        }
        Ok(all)
    }

    fn commit_catalog(&self, changed: &[ChangedTable], publication: &Publication) -> Result<()> {
        let entries = publication.entries().to_vec();
        let (shared, own) = (&self.shared.catalog, &self.instance.catalog);
        shared.commit_transaction(own, changed, entries)
    }

    /// What is committed is published; where that fails, whoever reads next does it.
    async fn publish(&self, warehouse: &Warehouse, publication: &Publication) {
        if publication.entries().is_empty() {
            return;
        }
        let published = crate::models::replacement::publish(&self.shared.catalog, warehouse).await;
        if let Err(error) = published {
            tracing::warn!("a commit is not published in all tables yet: {error}");
        }
    }
}

/// What the rows depend on that a transaction has put into a table.
fn depends_on(snapshot: &Snapshot, table: &TableId) -> DependsOn {
    let object = snapshot.object(table.oid);
    let Some(object) = object.filter(|_| !is_of_server(table)) else {
        return DependsOn::Nothing;
    };
    if object.kind == Kind::MaterializedView {
        return DependsOn::AllRows;
    }
    let mut rules = constraints::of(object).iter();
    let is_keyed = !matches!(keyed::of(object), Ok(None))
        || rules.any(|constraint| matches!(constraint.rule, Rule::Unique { .. }));
    match is_keyed {
        true => DependsOn::Keys,
        false => DependsOn::Nothing,
    }
}

/// Whether a table is the server's beside that of an object's rows.
fn is_of_server(table: &TableId) -> bool {
    table.schema == SYSTEM_SCHEMA
}

impl Drop for InstanceTransaction {
    fn drop(&mut self) {
        if self.has_ended.load(Ordering::Acquire) {
            return;
        }
        let abandoned = Self {
            instance: Arc::clone(&self.instance),
            shared: Arc::clone(&self.shared),
            number: self.number,
            has_ended: AtomicBool::new(true),
        };
        // Without a runtime the process ends, and the next start removes what is left.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { abandoned.roll_back().await });
        }
    }
}
