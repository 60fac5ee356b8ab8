//! `OPTIMIZE`.

use crate::catalog::Kind;
use crate::error::{Error, Result, SqlState};
use crate::models::maintenance;
use crate::session::{Outcome, Session};
use crate::sql::optimize::Optimize;

/// Compacts a table.
///
/// # Errors
/// 42809 for what has no files, and for a model; 40001 where each attempt was overtaken.
pub async fn execute(session: &Session, optimize: &Optimize) -> Result<Outcome> {
    let object = super::describe_history::stored(session, &optimize.name)?;
    if object.kind == Kind::Model {
        return Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("cannot optimize model \"{}\"", object.name),
        )
        .with_hint("What a model keeps is written anew by each refresh that changes it."));
    }
    maintenance::optimize(&session.instance, &object).await?;
    Ok(Outcome::Done("OPTIMIZE".to_owned()))
}
