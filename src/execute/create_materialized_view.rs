//! `CREATE MATERIALIZED VIEW`: the rows are there when the statement ends, unless `WITH NO DATA`.

use super::define::{Modifiers, create_refreshed};
use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::Statement;
use crate::sql::create_materialized_view::CreateMaterializedView;

/// Creates or replaces a materialized view.
///
/// # Errors
/// What its query meets; 42P07 where the name is taken.
pub async fn execute(session: &Session, create: &CreateMaterializedView) -> Result<Outcome> {
    let modifiers = Modifiers {
        with_data: create.with_data,
        if_not_exists: create.if_not_exists,
        or_replace: create.or_replace,
    };
    let statement = Statement::CreateMaterializedView(create.clone());
    let filled = create_refreshed(session, statement, modifiers).await?;
    // As in Postgres, who has rows computed is told how many.
    Ok(Outcome::Done(match filled {
        Some(record) => format!("SELECT {}", record.rows_written),
        None => "CREATE MATERIALIZED VIEW".to_owned(),
    }))
}
