//! `SET` and `RESET`.

use super::referential;
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, only_in_block};
use crate::sql::set::Set;

/// What random numbers follow from: it can be set and is not told, as in PostgreSQL.
const SEED: &str = "seed";

/// Changes a setting of the session.
///
/// # Errors
/// 42704 and 22023 for a setting or value that does not exist; 42501 for a role that is none of who
/// asks; 25001 for a mode of the transaction
/// that can no longer change; those of `SET CONSTRAINTS`.
pub async fn execute(session: &Session, set: &Set) -> Result<Outcome> {
    let tag = match set {
        Set::Value { name, value, .. } if name == SEED => {
            if let Some(value) = value {
                begin_with(session, value)?;
            }
            "SET"
        }
        Set::Reset { name } if name == SEED => "RESET",
        Set::Value { name, value, local } => {
            if *local {
                warn_outside_of_block(session, "SET LOCAL");
            }
            session.set(name, value.as_deref(), *local)?;
            "SET"
        }
        Set::Modes { modes, of_session } => {
            if !of_session {
                warn_outside_of_block(session, "SET TRANSACTION");
            }
            for mode in modes {
                let name = match of_session {
                    true => format!("default_{}", mode.setting),
                    false => mode.setting.to_owned(),
                };
                session.set(&name, Some(&mode.value), !of_session)?;
            }
            "SET"
        }
        Set::Constraints { names, deferred } => {
            return referential::set_constraints(session, names, *deferred).await;
        }
        Set::Reset { name } => {
            session.set(name, None, false)?;
            "RESET"
        }
        Set::Authorization {
            role,
            of_session,
            local,
            resets,
        } => {
            if *local {
                warn_outside_of_block(session, "SET LOCAL");
            }
            session.authorize(role.as_deref(), *of_session, *local)?;
            if *resets { "RESET" } else { "SET" }
        }
        Set::ResetAll => {
            session.reset_all()?;
            "RESET"
        }
    };
    Ok(Outcome::Done(tag.to_owned()))
}

/// Has the random numbers of the session follow from a seed, as `setseed` does.
fn begin_with(session: &Session, value: &str) -> Result<()> {
    let invalid = |message: String| Error::new(SqlState::INVALID_PARAMETER_VALUE, message);
    let Ok(seed) = value.trim().parse::<f64>() else {
        let message = format!("invalid value for parameter \"{SEED}\": \"{value}\"");
        return Err(invalid(message));
    };
    if !(-1.0..=1.0).contains(&seed) {
        let message =
            format!("{seed} is outside the valid range for parameter \"{SEED}\" (-1 .. 1)");
        return Err(invalid(message));
    }
    session.random.begin_with(seed);
    Ok(())
}

/// What ends with the transaction has no effect where each statement is one.
fn warn_outside_of_block(session: &Session, command: &str) {
    if !session.is_in_transaction() {
        session.notice(only_in_block(command));
    }
}
