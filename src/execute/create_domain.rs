//! `CREATE DOMAIN`.

use crate::error::Result;
use crate::models::define::define;
use crate::session::{Outcome, Session, domains};
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
        if create.default.is_none() {
            let over = domains::over(&snapshot, create);
            let over = over.and_then(|object| domains::definition(object));
            create.default = over.and_then(|over| over.default.clone());
        }
    }
    new.owner = Some(session.role_oid(&snapshot));
    catalog.write(|transaction| transaction.create(new.clone()))?;
    Ok(Outcome::Done("CREATE DOMAIN".to_owned()))
}
