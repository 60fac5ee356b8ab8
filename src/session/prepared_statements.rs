//! Statements that are prepared under a name, by the protocol or by `PREPARE`: there is one name
//! space for both.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::Prepared;
use crate::error::{Error, Result, SqlState};

/// The most prepared statements of a session; one more is refused with 53400.
pub const MAX_PREPARED_STATEMENTS: usize = 10_000;

/// A statement that waits for its parameters.
#[derive(Clone)]
pub struct PreparedStatement {
    /// The text that it was prepared by.
    pub text: Arc<str>,
    /// The statement; `None` for an empty query string.
    pub prepared: Option<Arc<Prepared>>,
    /// The types of the parameters, as the client was told or told us.
    pub parameter_oids: Vec<u32>,
    /// When it was prepared.
    pub prepared_at: DateTime<Utc>,
    /// Whether `PREPARE` made it, and not the protocol.
    pub from_sql: bool,
}

/// The prepared statements of a session, by name; the protocol's unnamed one has the empty name.
#[derive(Default)]
pub struct PreparedStatements(Mutex<BTreeMap<String, PreparedStatement>>);

impl PreparedStatements {
    /// Adds a statement.
    ///
    /// # Errors
    /// 42P05 for a name that is taken; 53400 where there are `limit` already.
    pub fn insert(&self, name: String, statement: PreparedStatement, limit: usize) -> Result<()> {
        let mut statements = self.0.lock();
        check_free(&statements, &name)?;
        if statements.len() >= limit {
            return Err(Error::new(
                SqlState::CONFIGURATION_LIMIT_EXCEEDED,
                format!("too many prepared statements: a connection may have {limit}"),
            )
            .with_hint("Close those that are no longer needed."));
        }
        statements.insert(name, statement);
        Ok(())
    }

    /// That a name can be given.
    ///
    /// # Errors
    /// 42P05 for one that is taken.
    pub fn check_free(&self, name: &str) -> Result<()> {
        check_free(&self.0.lock(), name)
    }

    /// A statement by name.
    ///
    /// # Errors
    /// 26000 where there is none.
    pub fn get(&self, name: &str) -> Result<PreparedStatement> {
        let found = self.0.lock().get(name).cloned();
        found.ok_or_else(|| missing(name))
    }

    /// Forgets a statement, if there is one; whether there was.
    pub fn remove(&self, name: &str) -> bool {
        self.0.lock().remove(name).is_some()
    }

    /// Forgets a statement.
    ///
    /// # Errors
    /// 26000 where there is none.
    pub fn deallocate(&self, name: &str) -> Result<()> {
        match self.remove(name) {
            true => Ok(()),
            false => Err(missing(name)),
        }
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.0.lock().clear();
    }

    /// Forgets all that have a name.
    pub fn deallocate_all(&self) {
        self.0.lock().retain(|name, _| name.is_empty());
    }

    /// All that have a name, with it.
    pub fn list(&self) -> Vec<(String, PreparedStatement)> {
        let statements = self.0.lock();
        let named = statements.iter().filter(|(name, _)| !name.is_empty());
        named
            .map(|(name, statement)| (name.clone(), statement.clone()))
            .collect()
    }
}

fn check_free(statements: &BTreeMap<String, PreparedStatement>, name: &str) -> Result<()> {
    match statements.contains_key(name) {
        false => Ok(()),
        true => {
            let message = format!("prepared statement \"{name}\" already exists");
            Err(Error::new(SqlState::DUPLICATE_PREPARED_STATEMENT, message))
        }
    }
}

fn missing(name: &str) -> Error {
    let message = if name.is_empty() {
        "unnamed prepared statement does not exist".to_owned()
    } else {
        format!("prepared statement \"{name}\" does not exist")
    };
    Error::new(SqlState::INVALID_SQL_STATEMENT_NAME, message)
}
