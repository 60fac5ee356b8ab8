//! `CREATE MATERIALIZED VIEW`: the rows are there when the statement ends, unless `WITH NO DATA`.

use std::sync::Arc;

use super::define::{Creation, creation, object};
use super::refresh::tell_rejected;
use crate::error::{Error, Result};
use crate::models::progress::Rows;
use crate::models::refresh::{refresh, refresh_locked};
use crate::session::{Outcome, Session};
use crate::sql::Statement;
use crate::sql::create_materialized_view::CreateMaterializedView;

/// Creates or replaces a materialized view. Its rows come first, so that a failure, or a kill,
/// leaves the catalog as it was.
///
/// # Errors
/// What its query meets; 42P07 where the name is taken.
pub async fn execute(session: &Session, create: &CreateMaterializedView) -> Result<Outcome> {
    let instance = &session.instance;
    let statement = Statement::CreateMaterializedView(create.clone());
    let fill = |object: crate::catalog::Object| async move {
        refresh(instance, &object, "created", &Arc::new(Rows::default())).await
    };
    match creation(session, statement, create.if_not_exists, create.or_replace).await? {
        Creation::Exists => {}
        Creation::New(mut new) => {
            let oid = instance.catalog.reserve_oid()?;
            new.oid = Some(oid);
            if create.with_data {
                tell_rejected(session, &fill(object(oid, &new)?).await?);
            }
            instance
                .catalog
                .write(|transaction| transaction.create(new))?;
        }
        Creation::Replaces(_, _) if !create.with_data => {
            return Err(
                Error::unsupported("OR REPLACE of a materialized view WITH NO DATA")
                    .with_hint("Leave out WITH NO DATA, or drop it first."),
            );
        }
        Creation::Replaces(old, new) => {
            instance
                .catalog
                .write(|transaction| transaction.check_replace(old.oid, &new))?;
            let guard = instance.refresh_locks.lock(old.oid).await;
            let record = refresh_locked(
                instance,
                &object(old.oid, &new)?,
                "replaced",
                &Arc::default(),
                &guard,
            )
            .await?;
            instance
                .catalog
                .write(|transaction| transaction.replace(old.oid, new))?;
            tell_rejected(session, &record);
        }
    }
    Ok(Outcome::Done("CREATE MATERIALIZED VIEW".to_owned()))
}
