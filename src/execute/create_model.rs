//! `CREATE MODEL`: it has learned, and the entities of its query's records are there, when the
//! statement ends, unless `WITH NO DATA`. [Models](models.md) tells its options and the functions
//! that read it.

use super::define::{Modifiers, create_refreshed};
use crate::catalog::journal::RefreshRecord;
use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::Statement;
use crate::sql::create_model::CreateModel;

/// Creates or replaces a model. One that is replaced learns anew; its entities keep their numbers.
///
/// # Errors
/// What its query meets; 22023 for an option that it does not have; 42P07 where the name is taken.
pub async fn execute(session: &Session, create: &CreateModel) -> Result<Outcome> {
    run(session, create).await?;
    Ok(Outcome::Done("CREATE MODEL".to_owned()))
}

/// The same. Answers what the journal tells of its learning; nothing where it has not learned.
///
/// # Errors
/// Those of [`execute`].
pub async fn run(session: &Session, create: &CreateModel) -> Result<Option<RefreshRecord>> {
    let modifiers = Modifiers {
        with_data: create.with_data,
        if_not_exists: create.if_not_exists,
        or_replace: create.or_replace,
    };
    let statement = Statement::CreateModel(create.clone());
    create_refreshed(session, statement, modifiers).await
}
