//! `UPDATE`: all rows change in one commit. A row that several rows of `FROM` match changes once, by
//! one of them.
//!
//! In a table with a `unique_key` a change by hand wins, whatever the version: for the
//! `tombstone_retention` the table knows that the version which the row had is past. The row that was
//! changed, arriving once more, changes nothing, nor does any other one of its key of that version or
//! before; a later one wins. So is the key known that a row had before it got another one. Where there
//! is no `version_column`, what arrives later is later. A row that is marked as deleted goes. In a
//! history (`history = 'scd2'`) nothing is changed by hand (0A000): `INSERT` a row with the key and the
//! version that it is valid from.

use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::scalar::ScalarValue;

use super::modify::{self, Beside, Changing, Found, Layout, Planned, Returning};
use super::target::Change;
use crate::error::Result;
use crate::instance::{Instance, StatementContext};
use crate::session::{Outcome, Session, row_functions};
use crate::sql::delete::{Joined, Listed};
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
    let (target, with) = (&update.target, update.with.as_ref());
    let changing =
        Changing::begin(instance, context, search_path, target, with, Change::Update).await?;
    for assignment in &update.assignments {
        row_functions::refuse(&context.state, &assignment.value, "UPDATE")?;
    }
    row_functions::refuse(&context.state, &update.condition, "WHERE")?;
    let mut select = changing.places();
    for value in changing.values(&update.assignments)? {
        let _ = write!(select, ", {value}");
    }
    let condition = update.condition.as_ref();
    let from = format!("{}{}", changing.from(), Joined(&update.from, condition));
    let beside = match update.from.is_empty() || update.returning.is_empty() {
        true => Beside::default(),
        false => {
            Beside::of(
                context,
                search_path,
                &changing.with,
                &Listed(&update.from).to_string(),
            )
            .await?
        }
    };
    let found = Found { select, from };
    let returning = Returning {
        items: &update.returning,
        beside: &beside,
        of_merge: false,
    };
    let planned = changing
        .change(context, search_path, found, Layout::ALL, returning)
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
    let guard = modify::lock(session, Change::Update, &update.target.table).await?;
    let context = session.statement();
    let path = session.settings().search_path.0;
    let (changing, planned) = plan(&session.instance, &context, &path, update).await?;
    changing
        .run(session, context, planned, parameters, "UPDATE", guard)
        .await
}
