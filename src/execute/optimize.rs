//! `OPTIMIZE`.

use crate::error::Result;
use crate::models::maintenance;
use crate::session::{Outcome, Session};
use crate::sql::optimize::Optimize;
use crate::warehouse::CompactionExtent;

/// Compacts a table.
///
/// # Errors
/// 42809 for what has no files; 40001 where it was changed too much meanwhile.
pub async fn execute(session: &Session, optimize: &Optimize) -> Result<Outcome> {
    let object = super::describe_history::stored(session, &optimize.name)?;
    maintenance::compact(&session.instance, &object, CompactionExtent::Full).await?;
    Ok(Outcome::Done("OPTIMIZE".to_owned()))
}
