//! `DELETE`: the rows go in one commit; old versions of the table still have them.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;

use super::modify::{Changing, Planned};
use crate::error::Result;
use crate::instance::{Instance, StatementContext};
use crate::session::{Outcome, Session};
use crate::sql::delete::{Delete, Joined};

/// Plans which rows go.
///
/// # Errors
/// What planning says.
pub async fn plan(
    instance: &Arc<Instance>,
    context: &StatementContext,
    search_path: &[String],
    delete: &Delete,
) -> Result<(Changing, Planned)> {
    let changing = Changing::begin(instance, context, search_path, &delete.target).await?;
    let answered = changing.answered(&delete.returning)?;
    let found = format!(
        "SELECT {}{answered} FROM {}{}",
        changing.places(),
        changing.from(),
        Joined(&delete.using, delete.condition.as_ref()),
    );
    let planned = changing.find(context, search_path, &found).await?;
    Ok((changing, planned))
}

/// Deletes rows.
///
/// # Errors
/// Those of [`plan`] and of `Changing::run`.
pub async fn execute(
    session: &Session,
    delete: &Delete,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    let guard = super::modify::lock(session, &delete.target.table).await?;
    let context = session.statement();
    let path = session.settings().search_path.0;
    let (changing, planned) = plan(&session.instance, &context, &path, delete).await?;
    changing
        .run(session, context, planned, parameters, "DELETE", guard)
        .await
}
