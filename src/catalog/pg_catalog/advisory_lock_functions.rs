//! `pg_advisory_lock` and the like: locks on numbers that mean something to applications alone, of a
//! session or of a transaction.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::function::{Call, CatalogFunction, Wait};
use super::functions::{BIGINT, BOOLEAN, TEXT, text};
use crate::catalog::system::{AdvisoryKey, AdvisoryLock, SystemSources};
use crate::error::Result;

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    const INTEGER: DataType = DataType::Int32;
    let keys: &[&[DataType]] = &[&[BIGINT], &[INTEGER, INTEGER]];
    let wait = |name, call| CatalogFunction::udf(name, keys, TEXT, Call::Wait(call));
    let act = |name, call| CatalogFunction::udf(name, keys, BOOLEAN, Call::Act(call));
    vec![
        wait("pg_advisory_lock", taking::<false, false>()),
        wait("pg_advisory_lock_shared", taking::<true, false>()),
        wait("pg_advisory_xact_lock", taking::<false, true>()),
        wait("pg_advisory_xact_lock_shared", taking::<true, true>()),
        act("pg_try_advisory_lock", trying::<false, false>),
        act("pg_try_advisory_lock_shared", trying::<true, false>),
        act("pg_try_advisory_xact_lock", trying::<false, true>),
        act("pg_try_advisory_xact_lock_shared", trying::<true, true>),
        act("pg_advisory_unlock", freeing::<false>),
        act("pg_advisory_unlock_shared", freeing::<true>),
        CatalogFunction::udf(
            "pg_advisory_unlock_all",
            &[&[]],
            TEXT,
            Call::Act(|sources, _| {
                sources.free_advisory_locks();
                Ok(text(Some("")))
            }),
        ),
    ]
}

fn taking<const SHARED: bool, const OF_TRANSACTION: bool>() -> Wait {
    fn take(
        sources: Arc<dyn SystemSources>,
        lock: Option<AdvisoryLock>,
    ) -> BoxFuture<'static, Result<ScalarValue>> {
        async move {
            let Some(lock) = lock else {
                return Ok(ScalarValue::Utf8(None));
            };
            sources.take_advisory_lock(lock).await?;
            Ok(text(Some("")))
        }
        .boxed()
    }
    |sources, values| take(sources, lock(&values, SHARED, OF_TRANSACTION))
}

fn trying<const SHARED: bool, const OF_TRANSACTION: bool>(
    sources: &dyn SystemSources,
    values: &[ScalarValue],
) -> Result<ScalarValue> {
    let lock = lock(values, SHARED, OF_TRANSACTION);
    let taken = lock.map(|lock| sources.try_advisory_lock(lock));
    Ok(ScalarValue::Boolean(taken.transpose()?))
}

fn freeing<const SHARED: bool>(
    sources: &dyn SystemSources,
    values: &[ScalarValue],
) -> Result<ScalarValue> {
    let lock = lock(values, SHARED, false);
    Ok(ScalarValue::Boolean(
        lock.map(|lock| sources.free_advisory_lock(lock)),
    ))
}

/// The lock that arguments name; none where one is NULL.
fn lock(values: &[ScalarValue], is_shared: bool, of_transaction: bool) -> Option<AdvisoryLock> {
    let key = match values {
        [ScalarValue::Int64(Some(key))] => AdvisoryKey::One(*key),
        [
            ScalarValue::Int32(Some(first)),
            ScalarValue::Int32(Some(second)),
        ] => AdvisoryKey::Two(*first, *second),
        _ => return None,
    };
    Some(AdvisoryLock {
        key,
        is_shared,
        of_transaction,
    })
}
