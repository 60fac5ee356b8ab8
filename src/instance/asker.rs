//! Who a statement is of.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};

use super::{Instance, OWNER, TransactionNumber};
use crate::catalog::{Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::models::{replacement, table_id};
use crate::session::{Cursors, Notifying, PreparedStatements, RandomNumbers, SequenceValues};
use crate::warehouse::{Reader, TableId};

/// Who a statement is of, and what it knows of them.
#[derive(Clone)]
pub struct Asker {
    /// The role by whose rights it is.
    pub user: String,
    /// That role as the setting `role` shows it; none for the server itself.
    pub role: Option<String>,
    /// Whom the session is of.
    pub login: String,
    /// The number of the session; 0 for the server itself.
    pub process: i32,
    /// The session's prepared statements.
    pub statements: Arc<PreparedStatements>,
    /// The session's cursors.
    pub cursors: Arc<Cursors>,
    /// What sequences have given to the session.
    pub sequences: Arc<SequenceValues>,
    /// The session's random numbers.
    pub random: Arc<RandomNumbers>,
    /// What the statement reads by, with the others of its transaction.
    pub pinned: Option<Arc<Pinned>>,
    /// The number of its transaction, once somebody has asked for it.
    pub transaction: Arc<TransactionNumber>,
    /// When it and its transaction began; none for one of the server's own, which begins now, within
    /// the transaction of its instance if that is of one.
    pub began: Option<Beginnings>,
    /// Changes a setting of the session, as `SET` does.
    pub set: Option<Arc<Set>>,
    /// The session's channels.
    pub notifying: Option<Arc<Notifying>>,
}

/// Gives a setting a value, or the one that the session began with; until the end of the transaction
/// where the last argument says so. Answers the value as it is shown.
pub type Set = dyn Fn(&str, Option<&str>, bool) -> Result<String> + Send + Sync;

/// When a statement and its transaction began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginnings {
    /// `now()`.
    pub transaction: DateTime<Utc>,
    /// `statement_timestamp()`.
    pub statement: DateTime<Utc>,
}

impl Beginnings {
    /// Those of what begins now and is a transaction of its own.
    pub fn now() -> Self {
        let now = Utc::now();
        Self {
            transaction: now,
            statement: now,
        }
    }
}

impl Asker {
    /// The server itself.
    pub fn server() -> Self {
        Self {
            user: OWNER.to_owned(),
            role: None,
            login: OWNER.to_owned(),
            process: 0,
            statements: Arc::default(),
            cursors: Arc::default(),
            sequences: Arc::default(),
            random: Arc::default(),
            pinned: None,
            transaction: Arc::default(),
            began: None,
            set: None,
            notifying: None,
        }
    }
}

/// How often the versions of all tables are looked at until none has changed in between.
const ATTEMPTS: usize = 10;

/// How many tables are looked at at once.
const TABLES_AT_ONCE: usize = 16;

/// One moment of the warehouse: the catalog and the version of each table, by which the statements
/// of a transaction read.
pub struct Pinned {
    /// The objects.
    pub snapshot: Arc<Snapshot>,
    versions: BTreeMap<Oid, i64>,
    /// Keeps what a table had when it is dropped, or looked after, meanwhile.
    _readers: Vec<Reader>,
}

impl Pinned {
    /// What is the latest now. Tables commit one by one, so their versions are looked at twice, and
    /// again until both looks are the same: then they were all the latest in between (Afek et al.,
    /// Atomic Snapshots of Shared Memory, 1993: the double collect).
    ///
    /// # Errors
    /// 40001 where tables change faster than they can be looked at; what the store says.
    pub async fn latest(instance: &Instance) -> Result<Self> {
        let (catalog, warehouse) = (&instance.catalog, &instance.warehouse);
        replacement::publish(catalog, warehouse).await?;
        let mut snapshot = catalog.snapshot();
        let mut versions = versions(instance, &snapshot).await?;
        for _ in 0..ATTEMPTS {
            let again = self::versions(instance, &snapshot).await?;
            let now = instance.catalog.snapshot();
            let is_whole = now.unpublished().next().is_none();
            if again == versions && Arc::ptr_eq(&now, &snapshot) && is_whole {
                let pinned = Self {
                    snapshot,
                    versions,
                    _readers: Vec::new(),
                };
                let readers = pinned.tables();
                let readers = readers.map(|(table, version)| warehouse.hold(&table, version));
                return Ok(Self {
                    _readers: readers.collect(),
                    ..pinned
                });
            }
            versions = match Arc::ptr_eq(&now, &snapshot) {
                true => again,
                false => self::versions(instance, &now).await?,
            };
            snapshot = now;
            replacement::publish(catalog, warehouse).await?;
        }
        Err(Error::new(
            SqlState::SERIALIZATION_FAILURE,
            "could not take a snapshot because tables change all the time",
        )
        .with_hint("Begin the transaction again, or take READ COMMITTED."))
    }

    /// The tables that were filled, each with its version.
    pub fn tables(&self) -> impl Iterator<Item = (TableId, i64)> {
        self.versions.iter().filter_map(|(oid, version)| {
            let object = self.snapshot.object(*oid)?;
            Some((object.table(), *version))
        })
    }

    /// The version of a table; none for one that was not filled.
    pub fn version(&self, oid: Oid) -> Option<i64> {
        self.versions.get(&oid).copied()
    }
}

async fn versions(instance: &Instance, snapshot: &Snapshot) -> Result<BTreeMap<Oid, i64>> {
    let stored: Vec<_> = snapshot
        .objects()
        .filter(|object| object.is_stored())
        .cloned()
        .collect();
    let found = futures::stream::iter(stored).map(|object| async move {
        let table = table_id(&object);
        // What is written to a version that others see only in part comes after one that they see.
        instance.warehouse.fold(&table).await?;
        let version = match instance.warehouse.exists(&table).await? {
            true => Some(instance.warehouse.version(&table).await?),
            false => None,
        };
        Ok::<_, Error>((object.oid, version))
    });
    let found: Vec<_> = found.buffer_unordered(TABLES_AT_ONCE).try_collect().await?;
    let known = |(oid, version): (Oid, Option<i64>)| Some((oid, version?));
    Ok(found.into_iter().filter_map(known).collect())
}
