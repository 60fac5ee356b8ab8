//! Which names objects may have.

use super::Snapshot;
use crate::error::{Error, Result, SqlState};

/// PostgreSQL's NAMEDATALEN less its terminator.
const IDENTIFIER_BYTES: usize = 63;

/// Schemas whose content the server makes itself, beside those that begin with `pg_`.
const SYSTEM_SCHEMAS: [&str; 2] = ["information_schema", "tributary"];

/// Whether a schema is the server's own: nobody creates, drops or fills it.
pub fn is_system_schema(name: &str) -> bool {
    name.starts_with("pg_") && !is_temporary_schema(name) || SYSTEM_SCHEMAS.contains(&name)
}

/// What the schemas of sessions' temporary tables begin with.
const TEMPORARY: &str = "pg_temp_";

/// What a session calls the schema of its temporary tables.
pub const OWN_TEMPORARY: &str = "pg_temp";

/// The schema of a session's temporary tables.
pub fn temporary_schema(process: i32) -> String {
    format!("{TEMPORARY}{process}")
}

/// The schema that is meant by a name: `pg_temp` is that of the session's temporary tables, which is
/// in its search path once there is one.
pub fn meant_schema<'a>(name: &'a str, search_path: &'a [String]) -> &'a str {
    let own = || {
        search_path
            .iter()
            .find(|schema| is_temporary_schema(schema))
    };
    match name {
        OWN_TEMPORARY => own().map_or(name, String::as_str),
        other => other,
    }
}

/// A search path in which a session's temporary tables are found: where it names their schema, else before all others.
pub fn with_temporary(mut path: Vec<String>, temporary: String) -> Vec<String> {
    let named = path.iter().position(|schema| schema == OWN_TEMPORARY);
    path.insert(named.unwrap_or_default(), temporary);
    path
}

/// What stands in a search path for the schema of the user's name.
pub const USER_SCHEMA: &str = "$user";

/// The schemas that a search path means to a user: its own is left out where there is none. The server's
/// own schemas are nobody's, whatever the name of a user.
pub fn meant_path(search_path: &[String], user: &str, snapshot: &Snapshot) -> Vec<String> {
    let mut meant: Vec<String> = Vec::with_capacity(search_path.len());
    for name in search_path {
        let schema = match name.as_str() {
            USER_SCHEMA if is_system_schema(user) || snapshot.schema(user).is_none() => continue,
            USER_SCHEMA => user,
            other => other,
        };
        if !meant.iter().any(|before| before == schema) {
            meant.push(schema.to_owned());
        }
    }
    meant
}

/// Whether a schema is that of a session's temporary tables.
pub fn is_temporary_schema(name: &str) -> bool {
    name.starts_with(TEMPORARY)
}

/// Refuses what cannot be the name of a schema or an object.
///
/// PostgreSQL cuts names that are too long; two names that differ at their end would then be one,
/// so here they are an error.
pub fn check_identifier(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "zero-length delimited identifier",
        ));
    }
    if name.len() > IDENTIFIER_BYTES {
        return Err(Error::new(
            SqlState::NAME_TOO_LONG,
            format!("identifier \"{name}\" is too long"),
        )
        .with_hint(format!(
            "Use at most {IDENTIFIER_BYTES} bytes; it has {}.",
            name.len()
        )));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::new(
            SqlState::INVALID_NAME,
            format!("identifier {name:?} has a control character"),
        ));
    }
    Ok(())
}

/// Refuses a name that no user's schema can have.
pub fn check_schema_name(name: &str) -> Result<()> {
    check_identifier(name)?;
    if name.starts_with("pg_") {
        return Err(Error::new(
            SqlState::RESERVED_NAME,
            format!("unacceptable schema name \"{name}\""),
        )
        .with_detail("The prefix \"pg_\" is reserved for system schemas."));
    }
    Ok(())
}

/// Refuses to change a schema of the server's own.
pub fn check_writable(schema: &str, what: impl FnOnce() -> String) -> Result<()> {
    if is_system_schema(schema) {
        return Err(Error::new(
            SqlState::INSUFFICIENT_PRIVILEGE,
            format!("permission denied to {}", what()),
        )
        .with_detail(format!(
            "The schema \"{schema}\" belongs to the server itself."
        )));
    }
    Ok(())
}
