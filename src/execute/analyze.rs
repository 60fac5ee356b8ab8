//! `ANALYZE`.

use super::copy;
use super::describe_history::stored;
use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::analyze::Analyze;

/// Sees whether tables and columns are there, whose statistics are written with each commit.
///
/// # Errors
/// 42P01 and 42703 for what is not there; 42809 for what has no rows of its own.
pub fn execute(session: &Session, analyze: &Analyze) -> Result<Outcome> {
    for table in &analyze.tables {
        let object = stored(session, &table.name)?;
        copy::positions(&object.schema, &table.columns, &object.name.name)?;
    }
    Ok(Outcome::Done("ANALYZE".to_owned()))
}
