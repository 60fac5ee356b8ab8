//! `CREATE DOMAIN`: a type whose values are those of another one that a `CHECK` is not false of, where they are
//! called `VALUE`. Each value is looked at that is cast to the domain, put into a column of it, or into an array of
//! a column of arrays of it. A column without a default of its own has the domain's. Queries and clients see the
//! values as those of the other type, and the catalog tells the domain.

use crate::error::Result;
use crate::models::define::define;
use crate::models::types;
use crate::session::{Outcome, Session};
use crate::sql::Statement;
use crate::sql::create_domain::CreateDomain;

/// Creates a domain. One over another one without a default of its own takes that of the other, as it is now.
///
/// # Errors
/// 42710 for a name that is taken; 42704 for a type that does not exist; what planning its conditions and its
/// default says.
pub async fn execute(session: &Session, create: &CreateDomain) -> Result<Outcome> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let settings = session.settings();
    let statement = Statement::CreateDomain(Box::new(create.clone()));
    let mut new = define(&session.instance, &snapshot, &settings, &statement).await?;
    if let Statement::CreateDomain(create) = &mut new.definition {
        create.array_oid = catalog.reserve_oid()?;
        types::inherit_default(create, &snapshot);
    }
    new.owner = Some(session.role_oid(&snapshot));
    catalog.write(|transaction| transaction.create(new.clone()))?;
    Ok(Outcome::Done("CREATE DOMAIN".to_owned()))
}
