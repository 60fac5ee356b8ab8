//! `CREATE EXTERNAL TABLE`.

use super::define::{create as create_object, tell_of_bare_numerics};
use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::Statement;
use crate::sql::create_external_table::CreateExternalTable;

/// Creates or replaces the object.
///
/// # Errors
/// What its definition says; 42P07 or 42710 where the name is taken.
pub async fn execute(session: &Session, create: &CreateExternalTable) -> Result<Outcome> {
    let statement = Statement::CreateExternalTable(create.clone());
    create_object(session, statement, create.if_not_exists, create.or_replace).await?;
    tell_of_bare_numerics(session, &create.columns);
    Ok(Outcome::Done("CREATE EXTERNAL TABLE".to_owned()))
}
