//! `CREATE SCHEMA`.

use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::create_schema::CreateSchema;

/// Creates a schema.
///
/// # Errors
/// 42P06 where it exists.
pub fn execute(session: &Session, create: &CreateSchema) -> Result<Outcome> {
    session
        .instance
        .catalog
        .write(|transaction| transaction.create_schema(&create.name, create.if_not_exists))?;
    Ok(Outcome::Done("CREATE SCHEMA".to_owned()))
}
