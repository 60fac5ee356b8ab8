//! `CREATE EXTENSION`: the extensions that `pg_extension` shows are there, and no others can be.

use crate::catalog::pg_catalog;
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session};
use crate::sql::create_extension::CreateExtension;

/// Extensions of PostgreSQL's whose functions are functions of this server.
const BUILT_IN: [&str; 2] = ["fuzzystrmatch", "pg_trgm"];

/// Sees whether an extension is there.
///
/// # Errors
/// 42710 where it is, unless that is fine; 0A000 for any other.
pub fn execute(session: &Session, create: &CreateExtension) -> Result<Outcome> {
    let name = &create.name;
    if !pg_catalog::is_extension(name) {
        let hint = match BUILT_IN.contains(&name.as_str()) {
            true => "Its functions are there without it.",
            false => "Compute what it would compute by functions in SQL.",
        };
        let message = format!("extension \"{name}\" is not available");
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message)
            .with_detail("This server loads no extensions.")
            .with_hint(hint));
    }
    let message = format!("extension \"{name}\" already exists");
    if !create.if_not_exists {
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, message));
    }
    let notice = format!("{message}, skipping");
    session.notice(Error::new(SqlState::DUPLICATE_OBJECT, notice));
    Ok(Outcome::Done("CREATE EXTENSION".to_owned()))
}
