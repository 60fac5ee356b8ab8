//! `DELETE`: the rows go in one commit; old versions of the table still have them. Of what went, a keyed
//! table with versions remembers the keys and versions and nothing else, for its `tombstone_retention`:
//! a row of that version or before does not come back.
//!
//! From a history (`history = 'scd2'`) it erases: `DELETE ... WHERE id = 1` takes away all intervals of
//! the key, as a person may ask for whose data they are; from old versions of the table they go with
//! `VACUUM`. The end of an interval is told by a row: `INSERT` one with the key, the version from which
//! there is nothing any more, and the `deleted_column` set.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;

use super::modify::{self, Beside, Changing, Planned, Returning};
use super::target::Change;
use crate::error::Result;
use crate::instance::{Instance, StatementContext};
use crate::session::{Outcome, Session, row_functions};
use crate::sql::delete::{Delete, Joined, Listed};

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
    let (target, with) = (&delete.target, delete.with.as_ref());
    let changing =
        Changing::begin(instance, context, search_path, target, with, Change::Delete).await?;
    row_functions::refuse(&context.state, &delete.condition, "WHERE")?;
    let beside = match delete.using.is_empty() || delete.returning.is_empty() {
        true => Beside::default(),
        false => {
            let using = Listed(&delete.using).to_string();
            Beside::of(context, search_path, &changing.with, &using).await?
        }
    };
    let returning = Returning {
        items: &delete.returning,
        beside: &beside,
        of_merge: false,
    };
    let answered = changing.answered(&context.state, &returning)?;
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
    let guard = modify::lock(session, Change::Delete, &delete.target.table).await?;
    let context = session.statement();
    let path = session.settings().search_path.0;
    let (changing, planned) = plan(&session.instance, &context, &path, delete).await?;
    changing
        .run(session, context, planned, parameters, "DELETE", guard)
        .await
}
