//! `DELETE`: the rows go in one commit; old versions of the table still have them. A keyed table with
//! versions remembers what went: where it has a `deleted_column`, as if a row had told of it, else by
//! the keys and versions of the rows alone.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use tributary_udfs::type_name;

use super::modify::{self, Beside, Changing, Found, Layout, Planned, Returning};
use super::target::Change;
use crate::error::Result;
use crate::instance::{Instance, StatementContext};
use crate::models::keyed;
use crate::session::{Outcome, Session, row_functions};
use crate::sql::delete::{Delete, Joined, Listed};
use crate::sql::name::Quoted;

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
        beside_first: false,
    };
    if let Some(values) = tombstones(&changing)? {
        let select = format!("{}, {values}", changing.places());
        let from = format!(
            "{}{}",
            changing.from(),
            Joined(&delete.using, delete.condition.as_ref())
        );
        let found = Found { select, from };
        let planned = changing
            .change(context, search_path, found, Layout::ALL, returning)
            .await?;
        return Ok((changing, planned));
    }
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

/// What rows become that go from a table which remembers deletions: rows that tell of them, of the
/// same version. So a row of that version or before does not come back.
fn tombstones(changing: &Changing) -> Result<Option<String>> {
    let Some(keyed) = keyed::of(&changing.object)? else {
        return Ok(None);
    };
    let (Some(deleted), [_, ..]) = (&keyed.deleted, keyed.versions.as_slice()) else {
        return Ok(None);
    };
    let fields = changing.columns().fields().iter();
    let values = changing.new_values(&[])?.into_iter().zip(fields);
    let values = values.map(|(value, field)| {
        let value = match field.data_type() {
            _ if field.name() != deleted => value,
            DataType::Boolean => "true".to_owned(),
            data_type => format!("CAST(now() AS {})", type_name(data_type)),
        };
        format!("{value} AS {}", Quoted(field.name()))
    });
    Ok(Some(values.collect::<Vec<_>>().join(", ")))
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
