//! What literals of a new definition name is there: `'integer'::regtype`, `'lower(text)'::regprocedure`.

use std::sync::Arc;

use crate::catalog::Snapshot;
use crate::catalog::pg_catalog::{StatementCatalog, check_named};
use crate::config::SessionSettings;
use crate::error::Result;
use crate::instance::{Asker, Instance, Reading};
use crate::sql::Statement;

/// Checks the definition of an object that reads others by a query. One that was accepted before is none.
///
/// # Errors
/// Those of [`check_named`].
pub fn check(
    instance: &Arc<Instance>,
    snapshot: &Arc<Snapshot>,
    settings: &SessionSettings,
    definition: &Statement,
) -> Result<()> {
    let query = match definition {
        Statement::CreateView(create) => create.query.as_ref(),
        Statement::CreateMaterializedView(create) => create.query.as_ref(),
        Statement::CreateModel(create) => create.query.as_ref(),
        Statement::CreateCheck(create) => create.query.as_ref(),
        _ => return Ok(()),
    };
    let snapshot = Arc::clone(snapshot);
    let context = instance.statement_of(&Asker::server(), snapshot, settings, Reading::Shape);
    check_named(query, StatementCatalog::of(context.state.config_options())?)
}
