//! `CREATE MATERIALIZED VIEW`: the rows are there when the statement ends, unless `WITH NO DATA`.

use std::sync::Arc;

use super::define::{Creation, create_filled, creation, object};
use super::refresh::tell_rejected;
use crate::error::{Error, Result};
use crate::models::refresh::{Catalogued, refresh, refresh_locked};
use crate::models::replan::{self, Author};
use crate::session::{Outcome, Session};
use crate::sql::Statement;
use crate::sql::create_materialized_view::CreateMaterializedView;

/// Creates or replaces a materialized view. The rows of a new one come first, so that a failure, or
/// a kill, leaves the catalog as it was; those of one that is replaced come in the same step as its
/// definition.
///
/// # Errors
/// What its query meets; 42P07 where the name is taken.
pub async fn execute(session: &Session, create: &CreateMaterializedView) -> Result<Outcome> {
    let instance = &session.instance;
    let statement = Statement::CreateMaterializedView(create.clone());
    let snapshot = instance.catalog.snapshot();
    match creation(
        session,
        &snapshot,
        statement,
        create.if_not_exists,
        create.or_replace,
    )
    .await?
    {
        Creation::Exists => {}
        Creation::New(mut new) => {
            let oid = instance.catalog.reserve_oid()?;
            new.oid = Some(oid);
            let object = object(oid, &new)?;
            if create.with_data {
                let rows = Arc::default();
                let created = Catalogued::Nothing;
                let record = refresh(instance, &object, created, "created", &rows).await?;
                tell_rejected(session, &record);
            }
            create_filled(instance, new, object).await?;
        }
        Creation::Replaces(_, _) if !create.with_data => {
            return Err(
                Error::unsupported("OR REPLACE of a materialized view WITH NO DATA")
                    .with_hint("Leave out WITH NO DATA, or drop it first."),
            );
        }
        Creation::Replaces(old, new) => {
            replan::check(instance, old.oid, &new, Author::Statement).await?;
            let guard = instance.refresh_locks.lock(old.oid).await;
            let object = object(old.oid, &new)?;
            let record = refresh_locked(
                instance,
                &object,
                Catalogued::Replaced(Box::new(new), Author::Statement),
                "replaced",
                &Arc::default(),
                &guard,
            )
            .await?;
            tell_rejected(session, &record);
        }
    }
    Ok(Outcome::Done("CREATE MATERIALIZED VIEW".to_owned()))
}
