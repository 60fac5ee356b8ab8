//! `CREATE VIEW`.

use super::define::create as create_object;
use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::Statement;
use crate::sql::create_view::CreateView;

/// Creates or replaces the object.
///
/// # Errors
/// What its definition says; 42P07 or 42710 where the name is taken.
pub async fn execute(session: &Session, create: &CreateView) -> Result<Outcome> {
    let statement = Statement::CreateView(create.clone());
    create_object(session, statement, create.if_not_exists, create.or_replace).await?;
    Ok(Outcome::Done("CREATE VIEW".to_owned()))
}
