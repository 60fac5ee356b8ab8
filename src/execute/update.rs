//! `UPDATE`: all rows change in one commit. A row that several rows of `FROM` match changes once, by
//! one of them.

use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::scalar::ScalarValue;

use super::modify::{self, Changing, Layout, Planned};
use crate::error::Result;
use crate::instance::{Instance, StatementContext};
use crate::session::{Outcome, Session};
use crate::sql::delete::Joined;
use crate::sql::update::Update;

/// Plans which rows change, and what they become.
///
/// # Errors
/// What planning says; 42703 for a column that the table does not have.
pub async fn plan(
    instance: &Arc<Instance>,
    context: &StatementContext,
    search_path: &[String],
    update: &Update,
) -> Result<(Changing, Planned)> {
    let changing = Changing::begin(instance, context, search_path, &update.target).await?;
    let mut found = format!("SELECT {}", changing.places());
    for value in changing.values(&update.assignments)? {
        let _ = write!(found, ", {value}");
    }
    let _ = write!(
        found,
        " FROM {}{}",
        changing.from(),
        Joined(&update.from, update.condition.as_ref())
    );
    let planned = changing
        .change(context, search_path, &found, Layout::ALL, &update.returning)
        .await?;
    Ok((changing, planned))
}

/// Updates rows.
///
/// # Errors
/// Those of [`plan`] and of `Changing::run`.
pub async fn execute(
    session: &Session,
    update: &Update,
    parameters: Vec<ScalarValue>,
) -> Result<Outcome> {
    let guard = modify::lock(session, &update.target.table).await?;
    let context = session.statement();
    let path = session.settings().search_path.0;
    let (changing, planned) = plan(&session.instance, &context, &path, update).await?;
    changing
        .run(session, context, planned, parameters, "UPDATE", guard)
        .await
}
