//! `CREATE SCHEMA`.

use futures::future::BoxFuture;

use super::create_role::existing;
use super::{create_index, create_sequence, create_table, create_view, grant};
use crate::catalog::default_privileges::{ANYWHERE, DefaultsOf};
use crate::error::{Error, Result};
use crate::session::{Outcome, Session, check_privileges};
use crate::sql::Statement;
use crate::sql::create_schema::CreateSchema;
use crate::sql::name::listed;

/// Creates a schema, and what is to be in it, all or nothing.
///
/// # Errors
/// 42P06 where it exists; 42704 for an owner that does not; what its elements say.
pub async fn execute(session: &Session, create: &CreateSchema) -> Result<Outcome> {
    if create.elements.is_empty() {
        create_one(session, create)?;
    } else {
        session
            .together(async |session: &Session| {
                create_one(session, create)?;
                within(session, create).await
            })
            .await?;
    }
    Ok(Outcome::Done("CREATE SCHEMA".to_owned()))
}

fn create_one(session: &Session, create: &CreateSchema) -> Result<()> {
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
    })
}

/// Creates what is to be in a schema, which is the first of the search path meanwhile. What that takes would
/// make the future of any statement large.
fn within<'a>(session: &'a Session, create: &'a CreateSchema) -> BoxFuture<'a, Result<()>> {
    Box::pin(create_elements(session, create))
}

async fn create_elements(session: &Session, create: &CreateSchema) -> Result<()> {
    const PATH: &str = "search_path";
    let before = session.own_settings().search_path.0;
    let schemas: Vec<String> = [&create.name].into_iter().chain(&before).cloned().collect();
    session.set(PATH, Some(&listed(&schemas)), true)?;
    for element in &create.elements {
        check_privileges(session, element)?;
        match element {
            Statement::CreateSequence(create) => create_sequence::execute(session, create)?,
            Statement::CreateTable(create) => create_table::execute(session, create).await?,
            Statement::CreateView(create) => create_view::execute(session, create).await?,
            Statement::CreateIndex(create) => create_index::execute(session, create).await?,
            Statement::Grant(grant) => grant::execute(session, grant)?,
            _ => return Err(Error::internal("an element of a schema is none")),
        };
    }
    // An error ends the transaction, and this with it.
    session.set(PATH, Some(&listed(&before)), true)
}
