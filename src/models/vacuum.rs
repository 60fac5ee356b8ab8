//! Deletes the files that only old versions have: of an object's own table, and of those beside it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::resolution::Companion;
use super::{rejected, table_id};
use crate::catalog::{Kind, Object, Oid};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::warehouse::{DeadFile, Vacuumed};

/// How long versions stay readable where no statement tells.
pub fn retention(instance: &Instance) -> Duration {
    let hours = instance.configuration.server.vacuum_retention_hours as u64;
    Duration::from_secs(hours.saturating_mul(3600))
}

/// Until when commits were made that logs need not tell of any more.
fn log_horizon(instance: &Instance) -> DateTime<Utc> {
    let hours = instance.configuration.server.log_retention_hours as u64;
    let told = Duration::from_secs(hours.saturating_mul(3600));
    horizon(told.max(retention(instance)))
}

/// Deletes the files of an object's tables that no version of the last `retention` has, or only
/// tells which, by their paths in the warehouse.
///
/// # Errors
/// What the store says.
pub async fn vacuum(
    instance: &Instance,
    object: &Object,
    retention: Duration,
    dry_run: bool,
) -> Result<Vacuumed> {
    let horizon = horizon(retention);
    let mut tables = vec![
        (table_id(object), BTreeSet::new()),
        (rejected::table_id(object), BTreeSet::new()),
    ];
    if object.kind == Kind::Model {
        for companion in Companion::ALL {
            let named = named(instance, object, companion, horizon).await?;
            tables.push((companion.table_id(object), named));
        }
    }
    let warehouse = &instance.warehouse;
    let mut all = Vacuumed::default();
    for (table, kept) in tables {
        if !warehouse.exists(&table).await? {
            continue;
        }
        // To read the log may take long, and nobody waits for that.
        let dead = warehouse.find_dead(&table, horizon, &kept).await?;
        let vacuumed = match dry_run {
            true => dead.would_be(),
            false => {
                // A table that is restored meanwhile would want its old files back.
                let _guard = instance.refresh_locks.lock(object.oid).await?;
                // It may have been dropped meanwhile.
                if instance.catalog.snapshot().object(object.oid).is_none() {
                    return Ok(Vacuumed::default());
                }
                let vacuumed = warehouse.delete_dead(&table, dead).await?;
                // What is read now is still told of by its log.
                if !vacuumed.is_held {
                    let oldest = log_horizon(instance);
                    warehouse.shorten_log(&table, oldest, &kept).await?;
                }
                vacuumed
            }
        };
        let [schema, folder] = table.folders();
        all.is_held |= vacuumed.is_held;
        all.dead
            .extend(vacuumed.dead.into_iter().map(|file| DeadFile {
                path: format!("{schema}/{folder}/{}", file.path),
                ..file
            }));
    }
    Ok(all)
}

/// The versions of a companion that the clusters' versions since `horizon` name: they are read
/// together, however old that of the companion is.
async fn named(
    instance: &Instance,
    model: &Object,
    companion: Companion,
    horizon: DateTime<Utc>,
) -> Result<BTreeSet<i64>> {
    let (table, warehouse) = (table_id(model), &instance.warehouse);
    let mut named = BTreeSet::new();
    if !warehouse.exists(&table).await? {
        return Ok(named);
    }
    for version in warehouse.versions_since(&table, horizon).await? {
        let parameters = match warehouse.parameters(&table, version).await {
            Ok(parameters) => parameters,
            // Another engine has cleaned up the log: that version cannot be read any more.
            Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => continue,
            Err(error) => return Err(error),
        };
        let version = parameters.get(companion.name());
        named.extend(version.and_then(|version| version.parse::<i64>().ok()));
    }
    Ok(named)
}

/// Vacuums all that has changed, again and again, for as long as the server runs.
pub async fn run(instance: Arc<Instance>) {
    let every = Duration::from_millis(instance.configuration.server.vacuum_interval.0);
    if every.is_zero() {
        return;
    }
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut settled = Settled::new();
    loop {
        ticks.tick().await;
        let snapshot = instance.catalog.snapshot();
        settled.retain(|oid, _| snapshot.object(*oid).is_some());
        for object in snapshot.objects().filter(|object| object.is_stored()) {
            if let Err(error) = look_at(&instance, object, &mut settled).await {
                told(object, &error);
            }
        }
    }
}

/// The versions of objects' tables beside which no older one has files any more.
type Settled = HashMap<Oid, Vec<i64>>;

async fn look_at(instance: &Instance, object: &Object, settled: &mut Settled) -> Result<()> {
    let warehouse = &instance.warehouse;
    let (mut tables, mut versions) = (Vec::new(), Vec::new());
    for table in super::tables(object) {
        if warehouse.exists(&table).await? {
            versions.push(warehouse.version(&table).await?);
            tables.push(table);
        }
    }
    if settled.get(&object.oid) == Some(&versions) {
        return Ok(());
    }
    let retention = retention(instance);
    let horizon = horizon(retention);
    if vacuum(instance, object, retention, false).await?.is_held {
        return Ok(());
    }
    // What was the latest until now is deleted once that is longer ago than the retention.
    let before = horizon.checked_sub_signed(TimeDelta::milliseconds(1));
    let before = before.unwrap_or(horizon);
    for table in &tables {
        if warehouse.versions_since(table, before).await?.count() > 1 {
            return Ok(());
        }
    }
    settled.insert(object.oid, versions);
    Ok(())
}

/// From when on versions stay.
fn horizon(retention: Duration) -> DateTime<Utc> {
    let retention = TimeDelta::from_std(retention).unwrap_or(TimeDelta::MAX);
    let horizon = Utc::now().checked_sub_signed(retention);
    horizon.unwrap_or(DateTime::<Utc>::MIN_UTC)
}

fn told(object: &Object, error: &Error) {
    tracing::warn!(table = %object.name, %error, "old files could not be deleted");
}
