//! `CREATE SCHEMA`.

use super::create_role::existing;
use crate::catalog::default_privileges::{ANYWHERE, DefaultsOf};
use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::create_schema::CreateSchema;

/// Creates a schema.
///
/// # Errors
/// 42P06 where it exists; 42704 for an owner that does not.
pub fn execute(session: &Session, create: &CreateSchema) -> Result<Outcome> {
    session.instance.catalog.write(|transaction| {
        let is_new = transaction.create_schema(&create.name, create.if_not_exists)?;
        let owner = match &create.owner {
            Some(role) => existing(transaction.snapshot(), &session.named_role(role))?,
            None => session.role_oid(transaction.snapshot()),
        };
        let of = Some(DefaultsOf::Schemas);
        let access = transaction.snapshot().access_of_new(owner, of, ANYWHERE);
        match is_new {
            true => transaction.set_schema_access(&create.name, access),
            false => Ok(()),
        }
    })?;
    Ok(Outcome::Done("CREATE SCHEMA".to_owned()))
}
